"""Measure how good the engines are, and write docs/scoreboard.md: `python -m benchmarks.scoreboard`."""

import argparse
import shlex
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import scoreboard_page
from benchmarks.quality import measure
from domain.errors import DatasetUnavailable

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
DATASETS_HELP = "names or paths; none at all writes the page anew from the figures that were kept"

#: wide enough for the table where there is no terminal to ask
console = Console(width=None if sys.stdout.isatty() else 140)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--datasets", nargs="*", default=["ml-100k", "ml-1m"], help=DATASETS_HELP)
    parser.add_argument("--seeds", type=int, default=3, help="training runs per data set")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="where scoreboard.md goes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error("--seeds must be at least 1")
    for dataset in arguments.datasets:
        # What reproduces this section; where the page went does not matter for that.
        command = f"python -m benchmarks.scoreboard --datasets {shlex.quote(dataset)} --seeds {arguments.seeds}"
        try:
            quality = measure(dataset, range(arguments.seeds), command, say)
        except DatasetUnavailable as error:
            console.print(f"[yellow]{dataset} is left out:[/] {error.message}", highlight=False)
            continue
        scoreboard_page.save(quality, arguments.results)
        console.print(scoreboard_page.tables(quality))
    kept = scoreboard_page.saved(arguments.results)
    if not kept:
        sys.exit("Nothing was measured, now or before: there is no page to write.")
    scoreboard_page.write(kept, arguments.out)
    console.print(f"Wrote {arguments.out / 'scoreboard.md'}", highlight=False)


def say(message: str) -> None:
    console.print(message, highlight=False)


if __name__ == "__main__":
    main()
