"""Gates: what a new model must show before it takes the champion's place.

Both models are asked the same questions, and what counts is the difference on each: what is easy or hard to guess falls
out of it (paired bootstrap; Efron, 1979; Sakai, "Evaluating evaluation metrics based on the bootstrap", SIGIR 2006).
Over all users the burden of proof is the new model's, as in a test of non-inferiority (Schuirmann, 1987): its loss must
be shown to be smaller than a margin. Groups of users are many and small, and could seldom show that much, so a group
counts against the model only where it is shown to lose more than the group's margin.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.metrics import bootstrap_interval

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: the name of the group that everybody is in
ALL = "all users"
NEWCOMERS, HEAVY, NEW_TITLES = "newcomers", "heavy users", "new titles"
#: each end of an interval holds in so many of a hundred cases: 95
CONFIDENCE = 0.9
#: share of the users that counts as newcomers, and as heavy users
TAIL = 0.2
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class GateRules:
    """How much a new model may lose, and may cost.

    Margins are shares of the champion's NDCG@10, `coverage` and `popularity` multiples of the champion's figures. A
    group with fewer than `least_users` is not judged. A title is new up to `new_title_ratings` ratings.
    """

    margin: float = 0.1
    group_margin: float = 0.2
    least_users: int = 30
    genres: int = 5
    new_title_ratings: int = 20
    coverage: float = 0.8
    popularity: float = 1.25
    latency_ms: float = 100.0
    size_mb: float = 4096.0


@dataclass(frozen=True)
class Gate:
    """One rule and what came of it. `value` is held against `bound`; None where there is nothing to hold against it."""

    name: str
    passed: bool
    value: float | None
    bound: float | None
    reason: str


@dataclass(frozen=True)
class GateReport:
    """All gates of one model, and the champion that it was compared with."""

    champion: str | None
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if not gate.passed)


@dataclass(frozen=True, eq=False)
class Judged:
    """One model on the test questions: the NDCG@10 [u] of each, and its figures by name."""

    ndcg: Values
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Costs:
    """What a model costs: milliseconds of processor time a list, and bytes on disk."""

    milliseconds: float
    size: int


@dataclass(frozen=True)
class Paired:
    """Two models on the same questions. `low` and `high` bound the mean of other - base, each with 95 % confidence."""

    group: str
    users: int
    base: float
    other: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.other - self.base

    @classmethod
    def of(cls, group: str, base: Values, other: Values, random: np.random.Generator) -> "Paired":
        """From the values [u] of both models."""
        if not len(base):
            return cls(group, 0, 0.0, 0.0, 0.0, 0.0)
        low, high = bootstrap_interval(other - base, random, CONFIDENCE)
        return cls(group, len(base), float(base.mean()), float(other.mean()), low, high)


def groups(
    lengths: NDArray[np.int64], genres: Mask, genre_names: Sequence[str], counts: NDArray[np.int64], rules: GateRules
) -> dict[str, Mask]:
    """The groups [u] that are looked at on their own, by name.

    `lengths` [u] are those of the histories; of each question's target `genres` [u, G] and `counts` [u], the number of
    its ratings. Newcomers are the fifth with the shortest histories, heavy users that with the longest.
    """
    if not len(lengths):
        return {}
    found = {
        NEWCOMERS: lengths <= np.quantile(lengths, TAIL),
        HEAVY: lengths >= np.quantile(lengths, 1.0 - TAIL),
        NEW_TITLES: counts <= rules.new_title_ratings,
    }
    asked = genres.sum(axis=0)
    commonest = np.argsort(-asked, kind="stable")[: rules.genres].tolist()
    return {**found, **{f"genre {genre_names[g]}": genres[:, g] for g in commonest if asked[g]}}


def compare(base: Values, other: Values, of_groups: Mapping[str, Mask], seed: int = 0) -> list[Paired]:
    """Two models by their values [u], over all users first and then by group."""
    random = np.random.default_rng(seed)
    masks = {ALL: np.ones(len(base), dtype=np.bool_), **of_groups}
    return [Paired.of(name, base[mask], other[mask], random) for name, mask in masks.items()]


def judge(
    new: Judged, champion: Judged | str, of_groups: Mapping[str, Mask], costs: Costs, rules: GateRules, seed: int = 0
) -> tuple[Gate, ...]:
    """Every gate. Where `champion` is a sentence that says why there is none, those that compare are passed with it."""
    if isinstance(champion, str):
        compared = list(_unopposed(new, of_groups, champion))
    else:
        everybody, *parts = compare(champion.ndcg, new.ndcg, of_groups, seed)
        compared = [_overall(everybody, rules), *(_in_group(part, rules) for part in parts)]
        compared += list(_made_of(new.figures, champion.figures, rules))
    return (*compared, *_affordable(costs, rules))


def _unopposed(new: Judged, of_groups: Mapping[str, Mask], reason: str) -> Iterator[Gate]:
    yield Gate("ndcg@10", True, float(new.ndcg.mean()) if len(new.ndcg) else 0.0, None, reason)
    for name, mask in of_groups.items():
        yield Gate(f"ndcg@10, {name}", True, float(new.ndcg[mask].mean()) if mask.any() else None, None, reason)
    for name in ("coverage@10", "arp@10"):
        yield Gate(name, True, new.figures[name], None, reason)


def _overall(pair: Paired, rules: GateRules) -> Gate:
    bound = -rules.margin * pair.base
    told = _told(pair)
    if pair.low >= bound:
        return Gate("ndcg@10", True, pair.low, bound, f"{told}: no loss of more than {rules.margin:.0%}.")
    return Gate("ndcg@10", False, pair.low, bound, f"{told}: a loss of more than {rules.margin:.0%} is not ruled out.")


def _in_group(pair: Paired, rules: GateRules) -> Gate:
    name, bound = f"ndcg@10, {pair.group}", -rules.group_margin * pair.base
    if pair.users < rules.least_users:
        few = f"{pair.users} users are too few to judge by; {rules.least_users} are asked for."
        return Gate(name, True, None, None, few)
    told = _told(pair)
    if pair.high >= bound:
        return Gate(name, True, pair.high, bound, f"{told}: no loss of more than {rules.group_margin:.0%} is shown.")
    return Gate(name, False, pair.high, bound, f"{told}: the loss is more than {rules.group_margin:.0%}.")


def _told(pair: Paired) -> str:
    span = f"between {pair.low:+.4f} and {pair.high:+.4f}"
    return f"{pair.other:.4f} against {pair.base:.4f} on {pair.users:,} users, a difference {span}"


def _made_of(new: Mapping[str, float], champion: Mapping[str, float], rules: GateRules) -> Iterator[Gate]:
    name, least = "coverage@10", rules.coverage * champion["coverage@10"]
    told = f"{new[name]:.3f} of the catalogue is shown; at least {least:.3f} is asked for."
    yield Gate(name, new[name] >= least, new[name], least, told)
    name, most = "arp@10", rules.popularity * champion["arp@10"]
    told = f"What is shown has {new[name]:.1f} ratings on average; at most {most:.1f} are allowed."
    yield Gate(name, new[name] <= most, new[name], most, told)


def _affordable(costs: Costs, rules: GateRules) -> Iterator[Gate]:
    spent, most = costs.milliseconds, rules.latency_ms
    told = f"A list takes {spent:.1f} ms of a processor; at most {most:g} ms are allowed."
    yield Gate("latency_ms", spent <= most, spent, most, told)
    megabytes, most = costs.size / MEGABYTE, rules.size_mb
    told = f"The files have {megabytes:.1f} MB; at most {most:g} MB are allowed."
    yield Gate("size_mb", megabytes <= most, megabytes, most, told)
