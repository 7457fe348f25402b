"""The API on fakes: every provider is there, and each use case answers what the test tells it to."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.testclient import TestClient

from application.recommending import ServingRules
from domain.errors import InvalidToken, TooManyRequests
from domain.items import Item, Kind
from domain.model_versions import Aliases, ModelVersion
from domain.recommendation import ListMetadata, Reason, Recommendation, RecommendationList
from domain.users import Principal, Role, User
from presentation.api.app import ApiOptions, create_app
from presentation.api.dependencies import Provided

NOW = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)


# Made anew for each test: an entity that was there before the database layer mapped its class is of no use to it.


def ada() -> User:
    return User("ada", NOW, id=7, email="ada@example.com", password_hash="$argon2id$secret", age=36)


def star_wars() -> Item:
    return Item(Kind.MOVIE, "Star Wars", id=50, year=1977, genres=("Action", "Sci-Fi"), rating_count=2, rating_sum=9.0)


def alien() -> Item:
    return Item(Kind.MOVIE, "Alien", id=183, year=1979, genres=("Horror",), tags=("space",), creators=("Ridley Scott",))


def shown_list() -> RecommendationList:
    """A list of two titles, the first with a reason and the second without."""
    return RecommendationList(
        impression_id="01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d",
        user_id=7,
        engine="ncf",
        model_version="20260131T120000Z-1f3a",
        fallback_used=False,
        applied_events=3,
        recommendations=(
            Recommendation(
                1, 50, 0.93, "item_neighbours", reason=Reason("history", "Because you liked *Alien*", (183,))
            ),
            Recommendation(2, 183, 0.5, "popularity", parts={"popularity": 1.0, "mean_rating": 0.25}),
        ),
        items={50: star_wars(), 183: alien()},
        metadata=ListMetadata(2, "auto", {"item_neighbours": 300, "content": -1}, {"popularity": 0.5}),
    )


class FakeUseCase:
    """Answers with `answer`, or raises it where it is an error, and remembers what it was called with."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.rules = ServingRules()
        self.calls: list[tuple[object, ...]] = []

    def __call__(self, *arguments: object, **named: object) -> object:
        self.calls.append((*arguments, *named.values()))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class FakeClock:
    def now(self) -> datetime:
        return NOW


class FakeAccessTokens:
    """Takes `user-7` and `admin-1` for tokens."""

    lifetime = 900

    def verify(self, token: str, now: datetime) -> Principal:
        role, _, user_id = token.partition("-")
        if role not in set(Role) or not user_id.isdecimal() or now != NOW:
            raise InvalidToken
        return Principal(int(user_id), Role(role))


class FakeThrottle:
    """Has nothing left for the addresses in `tired`."""

    def __init__(self) -> None:
        self.tired: set[str] = set()
        self.recorded: list[tuple[str, ...]] = []

    def check(self, purpose: str, *keys: str) -> None:
        if self.tired.intersection(keys):
            raise TooManyRequests("Too many attempts. Try again in 12 s.", 12)

    def record(self, purpose: str, *keys: str) -> None:
        self.recorded.append((purpose, *keys))


class FakeModelRegistry:
    def __init__(self) -> None:
        self.versions = [
            ModelVersion("v2", ("ncf",), NOW, {"seed": 0}, "abc", {"ncf.ndcg@10": 0.08}, ((0, "ncf"),), "v1")
        ]

    def find_champion(self) -> ModelVersion | None:
        return self.versions[0] if self.versions else None

    def aliases(self) -> Aliases:
        return Aliases(3, "v2", None, ("v1",))

    def list_versions(self) -> Sequence[ModelVersion]:
        return self.versions


class FakeParts(dict[str, object]):
    """What the providers give, by name; use cases are fakes that a test sets up before it calls."""

    def __init__(self) -> None:
        super().__init__({name: FakeUseCase() for name in Provided.names})
        self.update(
            clock=FakeClock(),
            access_tokens=FakeAccessTokens(),
            throttle=FakeThrottle(),
            model_registry=FakeModelRegistry(),
        )


def client_of(parts: FakeParts, **options: object) -> TestClient:
    """A client of the API on these parts. Errors of ours come back as answers, as they would over the network."""
    providers = {name: lambda part=part: part for name, part in parts.items()}
    return TestClient(create_app(ApiOptions("0.0", **options), providers), raise_server_exceptions=False)


USER = {"Authorization": "Bearer user-7"}
ADMIN = {"Authorization": "Bearer admin-1"}
