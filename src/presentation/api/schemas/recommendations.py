"""Recommendations and onboarding."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AliasChoices, Field

from application.continuing import Session
from application.recommending import Stranger
from domain.events import History
from domain.items import ItemFilter, Kind
from domain.onboarding import Answer as Said
from domain.onboarding import OnboardingAnswer
from domain.recommendation import RecommendationRequest
from domain.users import Demographics
from presentation.api.schemas.accounts import Age, Gender
from presentation.api.schemas.common import Answer, Body, Id, Name, Names, QueryIds, QueryNames, Year, example
from presentation.api.schemas.items import STAR_WARS, ItemOut
from presentation.api.schemas.ratings import Stars

K = Annotated[int, Field(ge=1, le=100)]
StrictK = Annotated[int, Field(strict=True, ge=1, le=100)]

Row = TypeVar("Row", "StrangerRatingIn", "OnboardingAnswerIn")

LIST = {
    "impression_id": "01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d",
    "user_id": 944,
    "engine": "ncf",
    "model_version": "20260131T120000Z-1f3a",
    "fallback_used": False,
    "applied_events": 12,
    "items": [
        {
            "rank": 1,
            "item": STAR_WARS,
            "score": 0.93,
            "source": "item_neighbours",
            "reason": {"kind": "history", "text": "Because you liked *Empire Strikes Back, The*", "because_of": [172]},
        }
    ],
    "metadata": {"k": 10, "requested_engine": "auto", "generators": {"item_neighbours": 300}, "weights": {}},
}


class RecommendationQuery(Body):
    """What a list may be asked to be."""

    k: K = Field(10, description="Length of the list.")
    engine: Name | None = Field(None, description="`auto` unless the installation says otherwise.")
    kind: Kind = Kind.MOVIE
    genres: QueryNames = Field([], description="Any of these; repeated or comma-separated.")
    tags: QueryNames = Field([], description="Any of these; repeated or comma-separated.")
    year_from: Year | None = None
    explain: bool = Field(True, description="Say why each title is recommended.")
    diversity: float = Field(0.0, ge=0, le=1, allow_inf_nan=False, description="0: by score; 1: as varied as can be.")
    exclude: QueryIds = Field([], description="Ids to leave out; repeated or comma-separated.")
    platform: Name | None = Field(None, description="Where the list is shown; kept with the impression.")

    def request(self, default_engine: str) -> RecommendationRequest:
        wanted = ItemFilter(
            kind=self.kind,
            genres=frozenset(self.genres),
            tags=frozenset(self.tags),
            year_from=self.year_from,
            exclude=frozenset(self.exclude),
        )
        return RecommendationRequest(
            k=self.k,
            engine=self.engine or default_engine,
            wanted=wanted,
            diversity=self.diversity,
            explain=self.explain,
            platform=self.platform,
        )


#: parameters that may be repeated
LIST_PARAMETERS = frozenset({"genres", "tags", "exclude"})


class SimilarQuery(Body):
    k: K = Field(10, description="Length of the list.")
    use_cf: bool = Field(True, description="By who rated them.")
    use_cb: bool = Field(True, description="By what they are.")


class OnboardingTitlesQuery(Body):
    num_movies: Annotated[int, Field(ge=1, le=50)] = Field(5, description="Titles of each genre.")


class StrangerRatingIn(Body):
    item_id: Id
    rating: Stars


class OnboardingAnswerIn(Body):
    item_id: Id
    answer: Said


def distinct(rows: list[Row]) -> list[Row]:
    """Refuse two rows about one item: nobody can tell which of them counts."""
    if len({row.item_id for row in rows}) < len(rows):
        raise ValueError("must not name an item twice")
    return rows


class StrangerIn(Body):
    ratings: Annotated[list[StrangerRatingIn], Field(max_length=1000), AfterValidator(distinct)] = Field(
        [], description="In the order in which they were given, the oldest first."
    )
    genres: Names = Field([], description="Genres this person likes.")
    age: Age | None = None
    gender: Gender | None = None
    occupation: Name | None = None
    num_recommendations: StrictK = 10
    kind: Kind = Kind.MOVIE

    model_config = example(
        {"ratings": [{"item_id": 50, "rating": 5}], "genres": ["Sci-Fi"], "age": 36, "num_recommendations": 10}
    )

    def stranger(self) -> Stranger:
        return Stranger(
            history=History.of([row.item_id for row in self.ratings], [row.rating for row in self.ratings]),
            favourite_genres=frozenset(self.genres),
            demographics=Demographics(self.age, self.gender, self.occupation),
        )

    def request(self, default_engine: str) -> RecommendationRequest:
        wanted = ItemFilter(kind=self.kind)
        return RecommendationRequest(k=self.num_recommendations, engine=default_engine, wanted=wanted)


class SequenceIn(Body):
    item_sequence: Annotated[list[Id], Field(min_length=1, max_length=1000)] = Field(
        description="In the order in which they were taken up, the newest last."
    )

    model_config = example({"item_sequence": [50, 172]})

    def session(self) -> Session:
        return Session(tuple(self.item_sequence))


class SessionIn(SequenceIn):
    k: StrictK = 10
    genre_filter: Names = Field([], description="Any of these genres.")
    mood_filter: Names = Field([], description="Any of these moods, which are tags.")
    fusion_method: Literal["weighted_sum", "max", "rank_fusion"] = Field(
        "weighted_sum", description="How the encoder's scores and content's become one."
    )
    encoder: Literal["linear", "mean", "gru", "lstm", "transformer"] | None = Field(
        None, description="How the session is read; the best that is trained, if not said."
    )
    kind: Kind | None = Field(None, description="That of the last item, if not said.")

    model_config = example({"item_sequence": [50, 172], "k": 5, "genre_filter": ["Sci-Fi"], "encoder": "mean"})

    def session(self) -> Session:
        return Session(tuple(self.item_sequence), self.encoder, self.fusion_method, self.kind)

    def request(self) -> RecommendationRequest:
        wanted = ItemFilter(genres=frozenset(self.genre_filter), tags=frozenset(self.mood_filter))
        return RecommendationRequest(k=self.k, wanted=wanted)


class AnswersIn(Body):
    answers: Annotated[list[OnboardingAnswerIn], Field(max_length=200), AfterValidator(distinct)] = Field([])
    size: Annotated[int, Field(strict=True, ge=1, le=24)] = Field(6, description="Titles to ask about next.")
    kind: Kind = Kind.MOVIE

    model_config = example(
        {"answers": [{"item_id": 50, "answer": "like"}, {"item_id": 1, "answer": "unseen"}], "size": 6}
    )

    def as_answers(self) -> list[OnboardingAnswer]:
        return [OnboardingAnswer(row.item_id, row.answer) for row in self.answers]


class ReasonOut(Answer):
    kind: str
    text: str
    because_of: list[int]


class RecommendationOut(Answer):
    rank: int
    item: ItemOut
    score: float
    source: str = Field(description="The generator that placed it highest.")
    reason: ReasonOut | None = Field(None, description="Left out where there is none.")
    parts: dict[str, float] | None = Field(
        None,
        description="What the score is made up of, before the `weights` of the metadata, which say how much each part "
        "counts. Left out where the engine cannot tell, and with `explain=false`.",
    )


class ListMetadataOut(Answer):
    k: int
    requested_engine: str
    generators: dict[str, int] = Field(description="How many candidates each gave; -1 where it failed.")
    weights: dict[str, float]
    availability: dict[str, bool] | None = Field(
        None, description="Of a session: which encoders can serve now. Left out elsewhere."
    )
    session_length: int | None = Field(None, description="Items of the session. Left out elsewhere.")
    experiment: str | None = Field(None, description="The experiment that the list is part of. Left out elsewhere.")
    variant: str | None = Field(None, description="Which of its variants. Left out elsewhere.")


class RecommendationListOut(Answer):
    """A list, in the log before it was sent."""

    impression_id: str
    user_id: int | None
    engine: str
    model_version: str | None
    fallback_used: bool
    applied_events: int
    items: list[RecommendationOut]
    metadata: ListMetadataOut

    model_config = example(LIST)


class EngineOut(Answer):
    name: str
    ready: bool
    model_version: str | None
    metrics: dict[str, float] = Field(
        description="What it reached on each user's last event, when its model was published."
    )


class EnginesOut(Answer):
    engines: list[EngineOut]

    model_config = example(
        {
            "engines": [
                {
                    "name": "ncf",
                    "ready": True,
                    "model_version": "20260131T120000Z-1f3a",
                    "metrics": {"hr@10": 0.158, "ndcg@10": 0.081, "coverage@10": 0.41, "miscalibration@10": 0.57},
                }
            ]
        }
    )


class EngineReadinessOut(Answer):
    name: str
    ready: bool
    model_version: str | None


class EnginesReadinessOut(Answer):
    status: Literal["ok"] = "ok"
    engines: list[EngineReadinessOut]

    model_config = example({"status": "ok", "engines": [{"name": "popularity", "ready": True, "model_version": None}]})


class OnboardingTitleOut(Answer):
    movie_id: int = Field(validation_alias=AliasChoices("id", "movie_id"))
    title: str
    genres: list[str]
    year: int | None


class OnboardingTitlesOut(Answer):
    recommendations: dict[str, list[OnboardingTitleOut]] = Field(description="By genre, the most rated first.")

    model_config = example(
        {"recommendations": {"Sci-Fi": [{"movie_id": 50, "title": "Star Wars", "genres": ["Sci-Fi"], "year": 1977}]}}
    )


class NextScreenOut(Answer):
    ask: list[ItemOut] = Field(description="What to ask about next.")
    asked: int
    confidence: float = Field(description="0 to 1: how well the answers so far tell this person's taste.")
    done: bool
    preview: list[ItemOut] = Field(description="What the answers so far lead to.")
    impression_id: str = Field(description="The preview in the log: a list that was shown like any other.")

    model_config = example(
        {
            "ask": [STAR_WARS],
            "asked": 2,
            "confidence": 0.31,
            "done": False,
            "preview": [STAR_WARS],
            "impression_id": LIST["impression_id"],
        }
    )
