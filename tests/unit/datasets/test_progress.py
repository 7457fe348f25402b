from io import StringIO
from itertools import pairwise

import pytest
from rich.console import Console

from infrastructure.observability.progress import RichProgress, SilentProgress


class FakeTime:
    """A clock that goes on by `step` seconds with every look at it."""

    def __init__(self, step: float) -> None:
        self.time, self.step = 0.0, step

    def __call__(self) -> float:
        self.time += self.step
        return self.time


def in_a_log(step=0.0):
    output = StringIO()
    return RichProgress(Console(file=output, width=60), FakeTime(step)), output


def on_a_terminal():
    output = StringIO()
    return RichProgress(Console(file=output, force_terminal=True, width=100)), output


def test_a_log_gets_one_line_for_fast_work():
    progress, output = in_a_log()
    assert list(progress.track(range(1000), "Loading", 1000)) == list(range(1000))
    assert output.getvalue() == "Loading: 1,000 in 0.0 s\n"


def test_a_log_gets_a_line_for_every_tenth_of_slow_work():
    progress, output = in_a_log(step=0.5)
    list(progress.track(range(100), "Loading", 100))
    lines = output.getvalue().splitlines()
    assert lines[0] == "Loading: 10 of 100 (10%)"
    assert len(lines) == 11


def test_a_log_never_waits_longer_than_ten_seconds_for_a_line():
    progress, output = in_a_log(step=4.0)
    list(progress.track(range(100), "Loading", 100))
    counts = [int(line.split()[1]) for line in output.getvalue().splitlines()[:-1]]
    assert counts[:2] == [3, 6]
    assert max(later - earlier for earlier, later in pairwise(counts)) == 3


def test_a_log_gets_at_most_a_line_a_second():
    progress, output = in_a_log(step=0.03)
    list(progress.track(range(100), "Loading", 100))
    assert len(output.getvalue().splitlines()) == 3


def test_work_of_unknown_length_is_counted():
    progress, output = in_a_log(step=6.0)
    list(progress.track(iter(range(4)), "Reading"))
    assert output.getvalue().splitlines() == ["Reading: 2", "Reading: 4", "Reading: 4 in 30.0 s"]


def test_a_long_message_stays_on_one_line_and_is_taken_word_for_word():
    progress, output = in_a_log()
    message = "[bold]not markup[/bold] " + "x" * 200
    progress.say(message)
    assert output.getvalue() == message + "\n"


def test_work_that_is_given_up_is_not_reported_as_done():
    progress, output = in_a_log()
    entries = progress.track(range(10), "Loading", 10)
    next(entries)
    entries.close()
    assert output.getvalue() == ""


def test_a_terminal_gets_a_bar():
    progress, output = on_a_terminal()
    assert list(progress.track(range(30), "Loading", 30)) == list(range(30))
    assert "Loading" in output.getvalue()
    assert "30/30" in output.getvalue()


def test_a_terminal_shows_work_within_work_and_a_message_above_it():
    progress, output = on_a_terminal()
    seen = []
    for outer in progress.track("ab", "Outer", 2):
        progress.say("a message")
        seen.extend(outer + str(inner) for inner in progress.track(range(2), "Inner", 2))
    assert seen == ["a0", "a1", "b0", "b1"]
    assert "a message" in output.getvalue()
    assert list(progress.track("c", "Again", 1)) == ["c"]


@pytest.mark.parametrize("made", [in_a_log, on_a_terminal])
def test_a_failure_of_the_work_comes_through(made):
    progress, _ = made()

    def entries():
        yield 1
        raise KeyError("lost")

    with pytest.raises(KeyError):
        list(progress.track(entries(), "Loading", 2))
    assert list(progress.track([1], "Again", 1)) == [1]


def test_silence_passes_everything_through(capsys):
    progress = SilentProgress()
    progress.say("nobody hears this")
    assert list(progress.track([1, 2], "Loading", 2)) == [1, 2]
    assert capsys.readouterr() == ("", "")
