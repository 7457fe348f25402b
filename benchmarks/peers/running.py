"""Runs one peer: its adapter in its environment, its grid on validation, its lists of the test under our measures."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environments import HERE, Environment, PeerUnavailable, last_words
from benchmarks.peers.lineup import Parameters, Peer
from benchmarks.peers.lists import UnsoundLists, judge
from benchmarks.peers.splits import PeerSplit
from domain import metrics

#: a run that is bounded by time stops on its own, and has this much longer to install, score and write
GRACE = 600
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class PeerFigures:
    """What came of one peer. `problem` says why there are no figures; `validation` is NDCG@10, where a grid was tried.

    `seconds` of processor time went into training the run behind the test lists; `interval` of the mean NDCG@10, 95 %
    bootstrap.
    """

    peer: str
    library: str
    version: str
    date: str
    source: str
    parameters: Mapping[str, Any]
    problem: str = ""
    note: str = ""
    tried: int = 0
    validation: float | None = None
    seconds: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)
    interval: Sequence[float] = ()


@dataclass(frozen=True, eq=False)
class Answer:
    """What an adapter wrote: item rows [a, 100], processor seconds of training, and whatever else is worth saying."""

    lists: NDArray[np.int64]
    seconds: float
    note: str


#: makes the answer of a peer with these parameters, asked for "validation" or "test"; raises `PeerUnavailable`
Ask = Callable[[Peer, Parameters, str], Answer]


@dataclass(frozen=True)
class Subprocesses:
    """Asks adapters in their environments. Files go through `folder`; `minutes` bound each slow training."""

    folder: Path
    split: PeerSplit
    minutes: float
    threads: int = 1

    def __call__(self, peer: Peer, parameters: Parameters, asked_for: str) -> Answer:
        environment = Environment(peer.library)
        environment.prepare()
        source = self.folder / f"{self.split.protocol}-{asked_for}.npz"
        if not source.exists():
            self.split.export(asked_for, source)
        target = self.folder / "lists.npz"
        target.unlink(missing_ok=True)
        given = {**parameters, "minutes": self.minutes} if peer.slow else parameters
        adapter = HERE / "adapters" / peer.adapter
        command = [str(environment.python), str(adapter), str(source), str(target), json.dumps(given)]
        self._call(command)
        with np.load(target) as written:
            return Answer(written["items"], float(written["seconds"]), str(written["note"]))

    def _call(self, command: list[str]) -> None:
        threads = dict.fromkeys(THREADS, str(self.threads))
        limit = 60 * self.minutes + GRACE
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=limit,
                cwd=self.folder,  # where a library leaves its logs
                env={**os.environ, **threads},
            )
        except subprocess.TimeoutExpired as late:
            raise PeerUnavailable(f"did not finish in {limit / 60:.0f} minutes") from late
        if done.returncode:
            raise PeerUnavailable(f"failed: {last_words(done.stderr)}")


def measure(peer: Peer, split: PeerSplit, ask: Ask, say: Callable[[str], None]) -> PeerFigures:
    """Choose on validation, ask for the test lists, judge them. A peer that cannot be run is told of, not raised."""
    blank = PeerFigures(
        peer=peer.name,
        library=peer.library,
        version=Environment(peer.library).version,
        date=datetime.now(UTC).date().isoformat(),
        source=peer.source,
        parameters=peer.parameters,
    )
    try:
        parameters, validation = choose(peer, split, ask, say)
        answer = ask(peer, parameters, "test")
        judged = judge(split, "test", answer.lists)
    except (PeerUnavailable, UnsoundLists) as reason:
        say(f"  {peer.library} {peer.name}: {reason}")
        return replace(blank, problem=str(reason))
    say(f"  {peer.library} {peer.name}: NDCG@10 {judged.figures['ndcg@10']:.4f}, {answer.seconds:.0f} s")
    return replace(
        blank,
        parameters=parameters,
        note=answer.note,
        tried=len(peer.grid),
        validation=validation,
        seconds=answer.seconds,
        figures=judged.figures,
        interval=metrics.bootstrap_interval(judged.ndcg, np.random.default_rng(0)),
    )


def choose(peer: Peer, split: PeerSplit, ask: Ask, say: Callable[[str], None]) -> tuple[Parameters, float | None]:
    """The parameters with the best validation NDCG@10, and that; without a grid the recommended ones."""
    if not peer.grid:
        return peer.parameters, None
    tried: list[tuple[Parameters, float]] = []
    for parameters in peer.tried():
        answer = ask(peer, parameters, "validation")
        tried.append((parameters, judge(split, "validation", answer.lists).figures["ndcg@10"]))
        say(f"  {peer.library} {peer.name} {parameters}: validation NDCG@10 {tried[-1][1]:.4f}, {answer.seconds:.0f} s")
    return max(tried, key=lambda point: point[1])
