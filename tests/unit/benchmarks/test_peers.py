from dataclasses import replace

import numpy as np
import pytest

from benchmarks.peers.environments import HERE, Environment, PeerUnavailable, last_words, pins
from benchmarks.peers.lineup import PEERS, Peer, grid
from benchmarks.peers.page import UNKNOWN, PeersRun, cells, published, section
from benchmarks.peers.running import Answer, PeerFigures, measure
from benchmarks.peers.splits import PROTOCOLS
from tests.unit.benchmarks.peers_samples import split
from tests.unit.docs.pages import read

RIGHT, WRONG = np.array([[5, 4], [1, 4]]), np.array([[2, -1], [4, -1]])
PEER = Peer("iALS", "irspack", "q1", "irspack_models.py", {"factors": 2}, "a paper", grid(weight=[0.1, 0.5, 0.9]))
FIGURES = PeerFigures("EASE", "recbole", "1.2.1", "2026-11-21", "a paper", {"reg": 1.0})
RUN = PeersRun("q1", "python -m benchmarks.peers", "Python", 6, 2, 8, 2, [FIGURES])


class FakeAdapter:
    """Answers the validation lists of one set of parameters rightly, and keeps what it was asked."""

    def __init__(self, best=0.5, test=RIGHT, fails=None):
        self.best, self.test, self.fails = best, test, fails
        self.asked = []

    def __call__(self, peer, parameters, asked_for):
        self.asked.append((parameters["weight"], asked_for))
        if self.fails == asked_for:
            raise PeerUnavailable("no wheel for this machine")
        if asked_for == "test":
            return Answer(self.test, 12.0, "3 epochs")
        right = parameters["weight"] == self.best
        return Answer(np.array([[3], [0]]) if right else np.array([[5], [5]]), 1.0, "")


def silent(message):
    del message


def test_validation_chooses_and_only_the_chosen_is_asked_for_the_test():
    adapter = FakeAdapter(best=0.5)
    figures = measure(PEER, split(), adapter, silent)
    assert figures.parameters == {"factors": 2, "weight": 0.5}
    assert (figures.validation, figures.tried, figures.seconds, figures.note) == (1.0, 3, 12.0, "3 epochs")
    assert adapter.asked == [(0.1, "validation"), (0.5, "validation"), (0.9, "validation"), (0.5, "test")]
    assert figures.figures["ndcg@10"] == 1.0


def test_without_a_grid_the_recommended_parameters_are_taken():
    adapter = FakeAdapter()
    figures = measure(replace(PEER, grid=(), parameters={"weight": 0.3}), split(), adapter, silent)
    assert adapter.asked == [(0.3, "test")]
    assert (figures.validation, figures.tried) == (None, 0)


@pytest.mark.parametrize("when", ["validation", "test"])
def test_a_peer_that_cannot_be_run_is_told_of_without_figures(when):
    said = []
    figures = measure(PEER, split(), FakeAdapter(fails=when), said.append)
    assert figures.problem == "no wheel for this machine"
    assert (figures.figures, figures.interval) == ({}, ())
    assert "no wheel for this machine" in said[-1]


def test_lists_that_break_the_rules_give_no_figures():
    owned = np.array([[0, 4], [1, 4]])
    figures = measure(PEER, split(), FakeAdapter(test=owned), silent)
    assert (figures.figures, figures.problem) == ({}, "a list names an item that the user has had")


def test_the_interval_is_around_the_mean():
    figures = measure(PEER, split(), FakeAdapter(test=WRONG), silent)
    assert (figures.figures["ndcg@10"], tuple(figures.interval)) == (0.0, (0.0, 0.0))


def test_a_grid_has_every_combination():
    assert grid(a=[1, 2], b=[3, 4]) == [{"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4}]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"{peer.protocol} {peer.library} {peer.name}")
def test_every_peer_of_the_lineup_can_be_asked(peer):
    assert peer.protocol in PROTOCOLS
    assert (HERE / "adapters" / peer.adapter).is_file()
    assert Environment(peer.library).version
    assert not (peer.slow and peer.grid)


def test_pins_are_read_without_comments():
    assert pins("# all of it\nNumPy==2.4.6\n\nscipy==1.17.1  # newest\n") == {"numpy": "2.4.6", "scipy": "1.17.1"}


@pytest.mark.parametrize("line", ["numpy>=2", "numpy", "-e .", "numpy==2.*", "numpy==1\nNumPy==2"])
def test_anything_but_one_exact_pin_is_refused(line):
    with pytest.raises(ValueError, match="not one exact pin"):
        pins(line)


@pytest.mark.parametrize("library", sorted({peer.library for peer in PEERS}))
def test_peers_have_the_torch_that_marquee_has(library):
    own = pins("\n".join(line for line in read("constraints.txt").splitlines() if line.startswith("torch==")))
    theirs = pins(Environment(library).requirements.read_text(encoding="utf-8"))
    assert theirs.get("torch", own["torch"]) == own["torch"]


def test_the_last_line_tells_why():
    assert last_words("Traceback\n  ValueError: too small\n\n") == "ValueError: too small"
    assert last_words("\n") == "it said nothing"


def test_a_later_run_keeps_the_peers_that_it_did_not_run():
    again = replace(FIGURES, date="2026-12-01")
    other = replace(FIGURES, peer="ADMM-SLIM")
    run = replace(RUN, peers=[again]).over(replace(RUN, peers=[FIGURES, other]))
    assert [(figures.peer, figures.date) for figures in run.peers] == [
        ("ADMM-SLIM", "2026-11-21"),
        ("EASE", "2026-12-01"),
    ]
    assert replace(RUN, peers=[again]).over(None).peers == [again]


def test_a_row_without_figures_says_why():
    row = cells(replace(FIGURES, problem="cannot be installed: no wheel"), ["hr@10"])
    assert row == ["EASE", UNKNOWN, UNKNOWN, UNKNOWN, "recbole 1.2.1, 2026-11-21; cannot be installed: no wheel"]


def test_a_row_has_its_figures_interval_and_training():
    measured = replace(FIGURES, figures={"hr@10": 0.25}, interval=(0.1, 0.2), seconds=61.4, note="9 epochs")
    assert cells(measured, ["hr@10", "ndcg@10"]) == [
        "EASE",
        "0.2500",
        UNKNOWN,
        "0.1000 to 0.2000",
        "61 s",
        "recbole 1.2.1, 2026-11-21; 9 epochs",
    ]


def test_published_figures_are_complete():
    for known in published().values():
        for other in known["published"]:
            assert {"method", "source", *known["figures"]} <= set(other)
            assert all(0 < other[name] < 1 for name in known["figures"])


def test_the_section_names_every_published_figure_and_no_measured_one_where_nothing_was_kept(tmp_path):
    lines = list(section(tmp_path))
    rows = [line for line in lines if "| published: " in line]
    assert len(rows) == sum(len(known["published"]) for known in published().values())
    assert not any("Hyper-parameters" in line for line in lines)
