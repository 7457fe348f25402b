"""Team-draft interleaving: two engines make one list between them, and what is taken up from it tells which is better.

Everybody compares the two by themselves, so that far fewer users are needed than when each sees one engine alone
(Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?", CIKM 2008; Chapelle, Joachims,
Radlinski and Yue, "Large-scale validation and analysis of interleaved search evaluation", ACM TOIS 30, 2012).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.comparing import CONFIDENCE, Interval, quantile
from domain.pipeline import Ranking
from domain.sequential import always_valid_sign_p_value

#: ways in which a draft may have gone that are followed at once. So many there are at most in a list of twenty
MOST_PATHS = 1024
#: the engine of a list that two have made between them
INTERLEAVED = "interleaved"
#: stands between an engine and the generator in the source of a place
TEAM_MARK = ":"


@dataclass(frozen=True, eq=False)
class Draft:
    """A list that two rankings have made between them.

    `teams` says which of the two chose each place, `ranks` where the place stood in that one's ranking, from 0.
    `probabilities` are each place's chance of having been in the list.
    """

    members: NDArray[np.int64]  # [k']
    teams: NDArray[np.int64]  # [k'], 0 or 1
    ranks: NDArray[np.int64]  # [k']
    probabilities: NDArray[np.float64]  # [k']

    def __len__(self) -> int:
        return len(self.members)


def team_draft(first: NDArray[np.int64], second: NDArray[np.int64], k: int, random: np.random.Generator) -> Draft:
    """At most `k` members of two rankings without repeats, best first.

    In each round a coin decides which of the two chooses first; each takes the best that is left of its ranking. One
    that has nothing left passes. So neither is ever more than one choice ahead, and both have stood first equally
    often.

    The probabilities are exact for lists of up to twenty. Of longer ones, should there be too many ways in which the
    draft may have gone, they are those given the rounds up to that point.
    """
    members, (one, two) = _numbered(first, second)
    game = _Game((one, two), len(members), min(k, len(members)))
    while not game.over:
        game.play(int(random.integers(2)))
    picked = np.array([place for place, _, _ in game.picks], dtype=np.int64)
    return Draft(
        members=members[picked],
        teams=np.array([team for _, team, _ in game.picks], dtype=np.int64),
        ranks=np.array([rank for _, _, rank in game.picks], dtype=np.int64),
        probabilities=game.chances[picked],
    )


def interleaved(
    teams: tuple[str, str], rankings: tuple[Ranking, Ranking], k: int, random: np.random.Generator
) -> Ranking:
    """The list of `k` places that two engines draft from their rankings; the source of each place names its team.

    Scores are on the scale of the engine that chose the place, so they need not fall.
    """
    draft = team_draft(rankings[0].positions, rankings[1].positions, k, random)
    chosen = list(zip(draft.teams.tolist(), draft.ranks.tolist(), strict=True))
    return Ranking(
        engine=INTERLEAVED,
        positions=draft.members,
        scores=np.array([rankings[team].scores[rank] for team, rank in chosen], dtype=np.float64),
        sources=tuple(source_of_team(teams[team], rankings[team].sources[rank]) for team, rank in chosen),
        reasons=tuple(rankings[team].reasons[rank] for team, rank in chosen),
        generators={
            source_of_team(team, name): count
            for team, ranking in zip(teams, rankings, strict=True)
            for name, count in ranking.generators.items()
        },
        fallback_used=any(ranking.fallback_used for ranking in rankings),
        degraded=any(ranking.degraded for ranking in rankings),
        probabilities=draft.probabilities,
        model_version=rankings[0].model_version or rankings[1].model_version,
    )


@dataclass
class _Path:
    """One way in which a draft may have gone: what is taken, as bits, and how far down each ranking has been read."""

    taken: int = 0
    read: tuple[int, int] = (0, 0)
    probability: float = 1.0


@dataclass
class _Game:
    """A draft in progress, and beside it all the ways in which it might have gone."""

    rankings: tuple[list[int], list[int]]
    size: int
    places: int
    own: _Path = field(default_factory=_Path)
    picks: list[tuple[int, int, int]] = field(default_factory=list)
    paths: list[_Path] = field(default_factory=lambda: [_Path()])

    def __post_init__(self) -> None:
        self.chances = np.zeros(self.size)

    @property
    def over(self) -> bool:
        return all(path.taken.bit_count() >= self.places for path in (self.own, *self.paths))

    def play(self, starts: int) -> None:
        """One round, in which the team `starts` chooses first."""
        self._follow_all()
        self.own, chosen = self._round(self.own, starts)
        self.picks += chosen
        if len(self.paths) > MOST_PATHS:
            self._settle()

    def _follow_all(self) -> None:
        """Let every path play the round with either order; paths that have taken the same are one."""
        reached: dict[int, _Path] = {}
        for path in self.paths:
            for starts in (0, 1):
                after, chosen = self._round(path, starts)
                after.probability = path.probability / 2.0
                for member, _, _ in chosen:
                    self.chances[member] += after.probability
                if after.taken in reached:
                    reached[after.taken].probability += after.probability
                else:
                    reached[after.taken] = after
        self.paths = list(reached.values())

    def _round(self, path: _Path, starts: int) -> tuple[_Path, list[tuple[int, int, int]]]:
        """The path after a round, and what was chosen in it: member, team and rank of each."""
        taken, read, chosen = path.taken, list(path.read), []
        for team in (starts, 1 - starts):
            ranking = self.rankings[team]
            while read[team] < len(ranking) and taken >> ranking[read[team]] & 1:
                read[team] += 1
            if read[team] < len(ranking) and taken.bit_count() < self.places:
                member = ranking[read[team]]
                taken |= 1 << member
                chosen.append((member, team, read[team]))
        return _Path(taken, (read[0], read[1])), chosen

    def _settle(self) -> None:
        """Take the way that the draft has gone so far for certain, so that few paths are left to follow."""
        self.chances *= [self.own.taken >> member & 1 for member in range(self.size)]
        self.paths = [_Path(self.own.taken, self.own.read)]


def _numbered(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[list[int], list[int]]]:
    """All members once, and both rankings in terms of their places among these."""
    members, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    return members, (places[: len(first)].tolist(), places[len(first) :].tolist())


@dataclass(frozen=True)
class Preference:
    """How many users took up more from the second engine (`wins`), more from the first (`losses`), as much from both.

    `share` is the second's share of those who prefer one, with its interval (Wilson, 1927). `p_value` is that of the
    exact sign test, for one look that was planned; `always_valid_p_value` holds at every look, taking each user's
    present preference for one draw.
    """

    wins: int
    losses: int
    ties: int

    @property
    def share(self) -> float | None:
        decided = self.wins + self.losses
        return self.wins / decided if decided else None

    @property
    def p_value(self) -> float:
        return sign_p_value(self.wins, self.losses)

    @property
    def always_valid_p_value(self) -> float:
        return always_valid_sign_p_value(self.wins, self.losses)

    def interval(self, confidence: float = CONFIDENCE) -> Interval | None:
        """Where the true share lies, at one look that was planned."""
        decided = self.wins + self.losses
        if not decided:
            return None
        z2, share = quantile(confidence) ** 2, self.wins / decided
        centre = (share + z2 / (2 * decided)) / (1 + z2 / decided)
        reach = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * decided)) / decided) / (1 + z2 / decided)
        return Interval(centre - reach, centre + reach)


def preference(credits: NDArray[np.float64]) -> Preference:
    """What users prefer, from how much each took up from either engine: `credits` [u, 2]."""
    lead = credits[:, 1] - credits[:, 0]
    return Preference(int((lead > 0).sum()), int((lead < 0).sum()), int((lead == 0).sum()))


def sign_p_value(wins: int, losses: int) -> float:
    """How likely even odds are to give a result at least as uneven: the exact, two-sided sign test."""
    played, fewer = wins + losses, min(wins, losses)
    counts = np.arange(fewer + 1)
    logs = _log_factorials(played)
    tail = np.exp(logs[played] - logs[counts] - logs[played - counts] - played * math.log(2.0)).sum()
    return min(1.0, 2.0 * float(tail))


def _log_factorials(most: int) -> NDArray[np.float64]:
    """[most + 1] the logs of 0!, 1!, 2! and so on."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def source_of_team(team: str, source: str) -> str:
    """The source of a place that an engine chose, which found it by a generator."""
    return f"{team}{TEAM_MARK}{source}"


def team_of_source(source: str, teams: Sequence[str]) -> int | None:
    """Which of the engines chose the place with this source; None where it was neither."""
    team = source.partition(TEAM_MARK)[0]
    return teams.index(team) if team in teams else None
