"""Progress of long work: a bar on a terminal, a few plain lines in a log, or nothing at all."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")

#: seconds between two looks of a bar
BAR_SECONDS = 0.1
#: a line for every tenth of the work, no sooner than the first and no later than the second number of seconds
LINE_SECONDS = (1.0, 10.0)


class SilentProgress:
    """Shows nothing."""

    def track(self, entries: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Pass the entries through."""
        yield from entries

    def say(self, message: str) -> None:
        """Keep it to ourselves."""


class RichProgress:
    """Bars on a terminal, plain lines anywhere else. `now` gives seconds on a clock that never goes back."""

    def __init__(self, console: Console | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._now = now
        self._bars: Progress | None = None
        self._open = 0

    def say(self, message: str) -> None:
        """Print the message on a line of its own, above any bar."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def track(self, entries: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Pass the entries through, counting them."""
        if self._console.is_terminal:
            return self._with_bar(entries, label, total)
        return self._with_lines(entries, label, total)

    def _with_bar(self, entries: Iterable[T], label: str, total: int | None) -> Iterator[T]:
        bars = self._open_bars()
        task = bars.add_task(label, total=total)
        done, shown_at = 0, self._now()
        try:
            for entry in entries:
                yield entry
                done += 1
                if (at := self._now()) - shown_at >= BAR_SECONDS:
                    bars.update(task, completed=done)
                    shown_at = at
        finally:
            bars.update(task, completed=done)
            self._close_bars(bars)

    def _with_lines(self, entries: Iterable[T], label: str, total: int | None) -> Iterator[T]:
        soonest, latest = LINE_SECONDS
        started = said_at = self._now()
        done = tenths = 0
        for entry in entries:
            yield entry
            done += 1
            passed = (at := self._now()) - said_at
            reached = done * 10 // total if total else 0
            if passed >= latest or (passed >= soonest and reached > tenths):
                self.say(f"{label}: {done:,}" + (f" of {total:,} ({done / total:.0%})" if total else ""))
                said_at, tenths = at, reached
        self.say(f"{label}: {done:,} in {self._now() - started:.1f} s")

    def _open_bars(self) -> Progress:
        # A terminal has room for one live display, so work within work adds its bar to the one that is open.
        if self._bars is None:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bars.start()
        self._open += 1
        return self._bars

    def _close_bars(self, bars: Progress) -> None:
        self._open -= 1
        if not self._open:
            bars.stop()
            self._bars = None
