"""Onboarding: which titles to show a newcomer, and what to ask next."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.recommending import RecommendToStranger, Stranger
from domain.items import Item, ItemFilter, Kind
from domain.onboarding import OnboardingAnswer, as_history, next_questions, titles_by_genre
from domain.ports.learning import Lineups
from domain.ports.storage import ItemReader, UserStates
from domain.recommendation import RecommendationList, RecommendationRequest

PREVIEW = 10


@dataclass(frozen=True)
class ListOnboardingTitles:
    """The most rated titles of every genre, `count` of each."""

    states: UserStates
    lineups: Lineups
    items: ItemReader

    def __call__(self, count: int, kind: Kind = Kind.MOVIE) -> dict[str, list[Item]]:
        catalogue = self.lineups.current(self.states.catalogue_revision()).catalogue
        by_genre = titles_by_genre(catalogue, catalogue.matching(ItemFilter(kind=kind)), count)
        ids = {genre: [int(i) for i in catalogue.ids[positions]] for genre, positions in by_genre.items()}
        items = self.items.read(sorted({i for some in ids.values() for i in some}), catalogue.revision)
        return {genre: [items[i] for i in some if i in items] for genre, some in ids.items()}


@dataclass(frozen=True)
class NextScreen:
    """What to ask next, how well the answers tell the newcomer's taste (0 to 1), and what they lead to so far."""

    ask: tuple[Item, ...]
    asked: int
    confidence: float
    done: bool
    preview: RecommendationList


@dataclass(frozen=True)
class AskNext:
    """The next screen of titles, chosen from the answers so far. Raises `ItemNotFound`."""

    states: UserStates
    lineups: Lineups
    items: ItemReader
    recommend: RecommendToStranger

    def __call__(self, answers: Sequence[OnboardingAnswer], size: int, kind: Kind = Kind.MOVIE) -> NextScreen:
        history = as_history(answers)
        answered = frozenset(answer.item_id for answer in answers)
        request = RecommendationRequest(k=PREVIEW, wanted=ItemFilter(kind=kind))
        preview = self.recommend(Stranger(history=history), request, surface="onboarding")
        lineup = self.lineups.current(self.states.catalogue_revision())
        askable = lineup.catalogue.matching(ItemFilter(kind=kind, exclude=answered))
        questions = next_questions(lineup.catalogue, lineup.vectors, askable, answers, size)
        ids = [int(i) for i in lineup.catalogue.ids[questions.positions]]
        items = self.items.read(ids, lineup.catalogue.revision)
        return NextScreen(
            ask=tuple(items[i] for i in ids if i in items),
            asked=len(answers),
            confidence=round(questions.confidence, 4),
            done=questions.done,
            preview=preview,
        )
