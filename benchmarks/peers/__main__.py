"""Train other libraries' recommenders on our split and judge their lists: `python -m benchmarks.peers`."""

import argparse
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.circumstances import circumstances
from benchmarks.peers import page
from benchmarks.peers.lineup import PEERS, Peer
from benchmarks.peers.page import PeersRun
from benchmarks.peers.running import Subprocesses, measure
from benchmarks.peers.splits import PROTOCOLS, PeerSplit, columns, peer_split
from benchmarks.sandbox import settings_in
from domain.errors import DatasetUnavailable
from domain.events import Interactions
from main.container import build_container

DATASET = "ml-1m"
#: without a choice, every peer that is done in minutes
QUICK = tuple(peer for peer in PEERS if not peer.slow)

#: wide enough for the table where there is no terminal to ask
console = Console(width=None if sys.stdout.isatty() else 160)


def main() -> None:
    arguments = parsed()
    wanted = [peer for peer in (PEERS if arguments.slow else QUICK) if chosen(peer, arguments)]
    if not wanted:
        sys.exit("No peer is left: see --protocols, --peers and --slow.")
    with TemporaryDirectory(prefix="marquee-peers-") as folder:
        try:
            interactions = load(Path(folder))
        except DatasetUnavailable as error:
            sys.exit(error.message)
        for protocol in dict.fromkeys(peer.protocol for peer in wanted):
            ours = [peer for peer in wanted if peer.protocol == protocol]
            for run in measured(peer_split(protocol, interactions), ours, arguments, Path(folder)):
                # After each peer, so that a run that is broken off keeps what it has.
                page.save(run.over(page.saved(protocol, arguments.results)), arguments.results)
            if (kept := page.saved(protocol, arguments.results)) is not None:
                console.print(page.table(kept))
    console.print("python -m benchmarks.scoreboard --datasets writes the page anew.", highlight=False)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--peers", nargs="+", help="names or libraries, such as EASE or recbole; all by default")
    parser.add_argument("--slow", action="store_true", help="also those that train until the time is up")
    parser.add_argument("--minutes", type=float, default=20.0, help="of training, for each of the slow ones")
    parser.add_argument("--threads", type=int, default=1, help="for linear algebra; more may change the last digits")
    parser.add_argument("--results", type=Path, default=page.RESULTS, help="where the figures are kept")
    return parser.parse_args()


def chosen(peer: Peer, arguments: argparse.Namespace) -> bool:
    named = arguments.peers is None or bool({peer.name, peer.library} & set(arguments.peers))
    return named and peer.protocol in arguments.protocols


def load(folder: Path) -> Interactions:
    """MovieLens 1M, from wherever Marquee finds it. Raises `DatasetUnavailable`."""
    container = build_container(settings_in(folder / "home"))
    return columns(container.dataset_source().fetch(DATASET).ratings())


def measured(
    split: PeerSplit, peers: Iterable[Peer], arguments: argparse.Namespace, folder: Path
) -> Iterator[PeersRun]:
    """Each peer's figures as soon as there are some, as a run of that peer alone."""
    say(f"{split.protocol.upper()}: {len(split.item_ids):,} items, {len(split.user_ids):,} users")
    ask = Subprocesses(folder, split, arguments.minutes, arguments.threads)
    for peer in peers:
        yield PeersRun(
            protocol=split.protocol,
            command=shlex.join(["python", "-m", "benchmarks.peers", *sys.argv[1:]]),
            circumstances=circumstances(),
            users=len(split.user_ids),
            items=len(split.item_ids),
            events=sum(len(part) for part in (split.split.train, split.split.validation, split.split.test)),
            asked=len(split.asked("test")),
            peers=[measure(peer, split, ask, say)],
        )


def say(message: str) -> None:
    console.print(message, highlight=False)


if __name__ == "__main__":
    main()
