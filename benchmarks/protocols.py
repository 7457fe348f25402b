"""The protocols that published figures on MovieLens 1M were made with: what is learnt from, and what is asked.

Nothing here trains. A protocol gives the interactions in three parts and the questions about the test part;
`EvaluateEngines.ask` answers them with a line-up that was trained on the first two.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from application.evaluating import (
    LIST_LENGTH,
    EvaluateEngines,
    Question,
    known_before_test,
    questions,
    questions_in_turn,
)
from domain import metrics
from domain.events import Interactions
from domain.items import ItemFilter
from domain.lineup import Lineup
from domain.recommendation import Context
from domain.splitting import Split, by_global_time, in_random_parts, k_core, leave_last_out, sampled_candidates
from domain.users import Demographics

People = Mapping[int, Demographics]

#: the random parts and the candidates are drawn with this seed
SEED = 2020
#: a target and 99 others
CANDIDATES = 100
#: SHA-256 of the order of events that the published SASRec family uses, `order_digest` of the 5-core
REFERENCE_ORDER = "340594f9c18997e5f0a9c7dc753ec93264ef056a06976c355bfc467a3ac8fbd2"


@dataclass(frozen=True)
class Sizes:
    """Users, items and events of a protocol, and the events of each part."""

    users: int
    items: int
    train: int
    validation: int
    test: int

    @classmethod
    def of(cls, split: Split) -> "Sizes":
        whole = split.train.joined(split.validation).joined(split.test)
        users, items = len(np.unique(whole.user_ids)), len(np.unique(whole.item_ids))
        return cls(users, items, len(split.train), len(split.validation), len(split.test))


@dataclass(frozen=True, eq=False)
class Protocol:
    """One way to hold out and to ask. `candidates` [u, c] of item ids, where not the full catalogue is ranked.

    Each row of them belongs to the event of the same row of `split.test`, whose item comes first. Where a protocol
    `tells_when`, an engine may know the time of the request, which is that of the event asked about.
    """

    name: str
    split: Split
    ask: Callable[[Split, People], Sequence[Question]]
    candidates: NDArray[np.int64] | None = None
    tells_when: bool = False

    def questions(self, people: People) -> Sequence[Question]:
        """What is asked, with the time of the request only where the protocol tells it."""
        asked = self.ask(self.split, people)
        return asked if self.tells_when else [replace(question, asked_at=None) for question in asked]


def about_the_last(split: Split, people: People) -> Sequence[Question]:
    """One question a user: their last test event, with everything known that came before it."""
    asked = about_each_in_turn(split, people)
    users = [question.state.user_id for question in asked]
    return [question for question, user, later in zip(asked, users, [*users[1:], None], strict=True) if user != later]


def about_each_in_turn(split: Split, people: People) -> Sequence[Question]:
    """One question for each test event, with everything known that came before it."""
    return questions_in_turn(known_before_test(split), split.test, people)


def about_all_at_once(split: Split, people: People) -> Sequence[Question]:
    """One question a user, whose targets are all their test events.

    As in RecBole, the training events are the history, and the validation events are merely left out of the lists.
    """
    held = split.validation
    asked = questions(split.train, split.test, people)
    users = np.unique(split.test.user_ids)
    starts, ends = np.searchsorted(held.user_ids, users, "left"), np.searchsorted(held.user_ids, users, "right")
    return [
        replace(question, left_out=frozenset(held.item_ids[start:end].tolist()))
        for question, start, end in zip(asked, starts, ends, strict=True)
    ]


def protocols(ratings: Interactions) -> Iterator[Protocol]:
    """Each protocol on any ratings, in the order in which they were stored.

    - `leave-last-out`: 5-core, each user's last event (Kang & McAuley, 2018);
    - `global-time-last`, `global-time-in-turn`: 5-core, one cut at 90 % of the events (Gusak et al., 2025);
    - `random-parts`: ratings from 3 on, 10-core, each user's events in parts of 8:1:1 (RecBole, Zhao et al., 2021);
    - `sampled-candidates`: as the first, among 100 candidates (He et al., 2017);
    - `leave-last-out-told-when`: as the first, with the time of the request (Zhai et al., 2024).
    """
    core = k_core(ratings)
    last_out, by_time = leave_last_out(core), by_global_time(core)
    yield Protocol("leave-last-out", last_out, about_the_last)
    yield Protocol("global-time-last", by_time, about_the_last)
    yield Protocol("global-time-in-turn", by_time, about_each_in_turn)
    liked = k_core(ratings.take(ratings.ratings >= 3), users=10, items=10)
    yield Protocol("random-parts", in_random_parts(liked, np.random.default_rng(SEED)), about_all_at_once)
    drawn = sampled_candidates(last_out.test, core, CANDIDATES, np.random.default_rng(SEED))
    yield Protocol("sampled-candidates", last_out, about_the_last, drawn)
    yield Protocol("leave-last-out-told-when", last_out, about_the_last, tells_when=True)


LAST_OUT = Sizes(6_040, 3_416, 987_531, 6_040, 6_040)
BY_TIME = Sizes(6_040, 3_416, 809_685, 89_965, 99_961)
#: what the protocols come to on MovieLens 1M
ML_1M: Mapping[str, Sizes] = {
    "leave-last-out": LAST_OUT,
    "global-time-last": BY_TIME,
    "global-time-in-turn": BY_TIME,
    "random-parts": Sizes(6_033, 3_123, 673_059, 80_695, 80_695),
    "sampled-candidates": LAST_OUT,
    "leave-last-out-told-when": LAST_OUT,
}


def protocols_of_ml_1m(ratings: Interactions) -> Iterator[Protocol]:
    """The same, of MovieLens 1M alone. Raises `ValueError` where a count or the order of events is another."""
    digest = order_digest(k_core(ratings))
    if digest != REFERENCE_ORDER:
        raise ValueError(f"the order of events has the digest {digest}, not {REFERENCE_ORDER}")
    for protocol in protocols(ratings):
        sizes = Sizes.of(protocol.split)
        if sizes != ML_1M[protocol.name]:
            raise ValueError(f"{protocol.name} has {sizes}, not {ML_1M[protocol.name]}")
        yield protocol


def order_digest(interactions: Interactions) -> str:
    """SHA-256 over a line `user item` for each event, by user, then time, ties in the stored order."""
    ordered = interactions.in_user_time_order()
    lines = "".join(f"{user} {item}\n" for user, item in zip(ordered.user_ids, ordered.item_ids, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def among_candidates(
    protocol: Protocol, lineup: Lineup, engine: str, people: People, evaluate: EvaluateEngines
) -> Mapping[str, float]:
    """HR@10 and MRR of one engine where each user's target stands among the protocol's candidates.

    The engine's own scores order the candidates; equal scores count against the target.
    """
    if protocol.candidates is None:
        raise ValueError(f"{protocol.name} samples no candidates")
    asked = protocol.questions(people)
    scores = np.empty(protocol.candidates.shape)
    for row, question, item_ids in zip(scores, asked, protocol.candidates, strict=True):
        pipeline = lineup.choose(engine, question.state, evaluate.min_interactions)
        context = Context.of(lineup.catalogue, question.state, ItemFilter(kind=None), evaluate.liked_from)
        row[:] = pipeline.ranker.score(context, lineup.catalogue.positions(item_ids))
    ranks = metrics.rank_of_first(scores)
    return {
        f"hr@{LIST_LENGTH}": float(metrics.hit(ranks, LIST_LENGTH).mean()),
        "mrr": float(metrics.reciprocal_rank(ranks).mean()),
    }
