"""What is taken and what is refused, field by field."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from domain.items import Kind
from presentation.api.schemas.accounts import AccountChangeIn, AccountIn
from presentation.api.schemas.common import MAX_ID, EventTime, Time
from presentation.api.schemas.items import ItemChangeIn, ItemIn
from presentation.api.schemas.ratings import RatingIn, RatingOut
from presentation.api.schemas.recommendations import AnswersIn, RecommendationQuery, StrangerIn
from presentation.api.schemas.sessions import SignInForm
from presentation.api.schemas.taste import TasteIn

GOOD: dict[type[BaseModel], dict[str, object]] = {
    AccountIn: {"email": "ada@example.com", "username": "ada", "password": "correct horse"},
    AccountChangeIn: {},
    ItemIn: {"title": "Alien"},
    ItemChangeIn: {},
    RatingIn: {"item_id": 1, "rating": 4},
    StrangerIn: {},
    AnswersIn: {},
    TasteIn: {},
    SignInForm: {"username": "ada@example.com", "password": "x"},
}


@pytest.mark.parametrize("schema", GOOD, ids=lambda schema: schema.__name__)
def test_the_good_bodies_of_these_tests_are_good(schema: type[BaseModel]):
    schema.model_validate(GOOD[schema])


@pytest.mark.parametrize(
    "schema", [schema for schema in GOOD if schema is not SignInForm], ids=lambda schema: schema.__name__
)
def test_unknown_fields_are_refused(schema: type[BaseModel]):
    with pytest.raises(ValidationError, match="Extra inputs"):
        schema.model_validate({**GOOD[schema], "user_id": 1})


@pytest.mark.parametrize(
    ("schema", "field", "value"),
    [
        (AccountIn, "email", "nobody"),
        (AccountIn, "email", "a@b@c.org"),
        (AccountIn, "email", "Ada <ada@example.com>"),
        (AccountIn, "email", "a" * 250 + "@b.org"),
        (AccountIn, "email", None),
        (AccountIn, "username", ""),
        (AccountIn, "username", "   "),
        (AccountIn, "username", "a" * 65),
        (AccountIn, "username", "a\0b"),
        (AccountIn, "username", "\ud800"),
        (AccountIn, "username", 7),
        (AccountIn, "password", "seven77"),
        (AccountIn, "password", "x" * 1025),
        (AccountIn, "password", "correct\0horse"),
        (AccountIn, "password", "correct horse \udfff"),
        (AccountIn, "age", 0),
        (AccountIn, "age", 121),
        (AccountIn, "age", 36.0),
        (AccountIn, "age", "36"),
        (AccountIn, "age", True),
        (AccountIn, "gender", "x" * 33),
        (AccountIn, "zip_code", "x" * 17),
        (AccountIn, "consent", 1),
        (AccountIn, "consent", "yes"),
        (AccountIn, "consent", None),
        (AccountChangeIn, "email", None),
        (AccountChangeIn, "username", None),
        (AccountChangeIn, "password", None),
        (AccountChangeIn, "consent", None),
        (ItemIn, "id", 0),
        (ItemIn, "id", 2**53),
        (ItemIn, "id", "1"),
        (ItemIn, "id", True),
        (ItemIn, "title", " "),
        (ItemIn, "title", "x" * 301),
        (ItemIn, "title", None),
        (ItemIn, "year", 999),
        (ItemIn, "year", 3000),
        (ItemIn, "year", 1979.0),
        (ItemIn, "year", "1979"),
        (ItemIn, "genres", "Horror"),
        (ItemIn, "genres", ["x" * 65]),
        (ItemIn, "genres", [""]),
        (ItemIn, "genres", [None]),
        (ItemIn, "genres", [str(i) for i in range(101)]),
        (ItemIn, "creators", ["x" * 201]),
        (ItemIn, "description", "x" * 10_001),
        (ItemIn, "poster_url", "javascript:alert(1)"),
        (ItemIn, "poster_url", "//cdn.example/x.png"),
        (ItemIn, "poster_url", "https://" + "x" * 2048),
        (ItemIn, "rating_count", 5),
        (ItemIn, "kind", "track"),
        (ItemChangeIn, "title", None),
        (ItemChangeIn, "genres", None),
        (ItemChangeIn, "id", 7),
        (RatingIn, "item_id", 0),
        (RatingIn, "item_id", MAX_ID + 1),
        (RatingIn, "item_id", 1.0),
        (RatingIn, "rating", "4"),
        (RatingIn, "rating", True),
        (RatingIn, "rating", None),
        (RatingIn, "rating", float("nan")),
        (RatingIn, "rating", float("inf")),
        (RatingIn, "timestamp", True),
        (RatingIn, "timestamp", "yesterday"),
        (RatingIn, "timestamp", float("inf")),
        (RatingIn, "timestamp", [1]),
        (StrangerIn, "ratings", [{"item_id": 1, "rating": 5.5}]),
        (StrangerIn, "ratings", [{"item_id": 1, "rating": 0.4}]),
        (StrangerIn, "ratings", [{"item_id": 1, "rating": 5}, {"item_id": 1, "rating": 4}]),
        (StrangerIn, "ratings", [{"item_id": i, "rating": 5} for i in range(1, 1002)]),
        (StrangerIn, "num_recommendations", 0),
        (StrangerIn, "num_recommendations", 101),
        (StrangerIn, "kind", "book"),
        (AnswersIn, "answers", [{"item_id": 1, "answer": "maybe"}]),
        (AnswersIn, "answers", [{"item_id": 1, "answer": "like"}, {"item_id": 1, "answer": "dislike"}]),
        (AnswersIn, "answers", [{"item_id": i, "answer": "like"} for i in range(1, 202)]),
        (AnswersIn, "size", 25),
        (TasteIn, "muted_genres", "Horror"),
        (TasteIn, "reset", "true"),
        (SignInForm, "username", ""),
        (SignInForm, "password", "x" * 1025),
        (SignInForm, "password", "\ud800"),
    ],
)
def test_a_value_outside_what_is_promised_is_refused(schema: type[BaseModel], field: str, value: object):
    with pytest.raises(ValidationError) as refused:
        schema.model_validate({**GOOD[schema], field: value})
    assert {error["loc"][0] for error in refused.value.errors()} == {field}


@pytest.mark.parametrize(
    ("schema", "field", "value"),
    [
        (AccountIn, "email", "ada@localhost.test"),
        (AccountIn, "email", "zoë@example.com"),
        (AccountIn, "username", "Ada Lovelace"),
        (AccountIn, "password", "пароль-из-слов"),
        (AccountIn, "age", None),
        (ItemIn, "id", 2**53 - 1),
        (ItemIn, "title", "x" * 300),
        (ItemIn, "year", 1979),
        (ItemIn, "poster_url", "https://cdn.example/alien.jpg"),
        (RatingIn, "item_id", MAX_ID),
        (RatingIn, "rating", 4),
        (RatingIn, "rating", 9.5),  # the use case names every rating off the scale at once
        (StrangerIn, "ratings", [{"item_id": 1, "rating": 0.5}, {"item_id": 2, "rating": 5}]),
    ],
)
def test_a_value_within_what_is_promised_is_taken(schema: type[BaseModel], field: str, value: object):
    assert getattr(schema.model_validate({**GOOD[schema], field: value}), field) is not None or value is None


def test_a_sign_in_may_carry_what_else_clients_of_oauth2_send():
    form = SignInForm.model_validate({**GOOD[SignInForm], "grant_type": "password", "client_id": "", "audience": "x"})
    assert form.username == "ada@example.com"


def test_spaces_around_names_go_and_those_of_passwords_stay():
    account = AccountIn.model_validate(
        {"email": " ada@Example.COM ", "username": "  ada ", "password": " correct horse "}
    )
    assert (account.email, account.username, account.password) == ("ada@example.com", "ada", " correct horse ")


def test_repeated_genres_count_once_and_keep_their_order():
    item = ItemIn.model_validate({"title": "Alien", "genres": ["Sci-Fi", "Horror", " Sci-Fi "]})
    assert item.genres == ["Sci-Fi", "Horror"]


def test_an_item_takes_the_kind_of_its_route():
    item = ItemIn.model_validate({"title": "So What", "year": 1959}).as_item(Kind.TRACK)
    assert (item.kind, item.title, item.year, item.rating_count) == (Kind.TRACK, "So What", 1959, 0)


def test_a_change_holds_what_was_sent_and_nothing_else():
    assert AccountChangeIn.model_validate({"age": None, "username": "ada"}).changes() == {
        "age": None,
        "username": "ada",
    }
    assert AccountChangeIn.model_validate({"password": "correct horse"}).changes() == {}
    assert ItemChangeIn.model_validate({"year": None, "tags": []}).changes() == {"year": None, "tags": []}


class Timed(BaseModel):
    timestamp: EventTime


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("2026-01-31T12:00:00Z", 1769860800),
        ("2026-01-31T12:00:00", 1769860800),
        ("2026-01-31T13:00:00+01:00", 1769860800),
        ("2026-01-31T12:00:00.999Z", 1769860800),
        ("2026-01-31", 1769817600),
        (1769860800, 1769860800),
        (1769860800.75, 1769860800),
        (0, 0),
    ],
)
def test_a_time_may_be_sent_in_several_forms(sent: object, seconds: int):
    assert Timed.model_validate({"timestamp": sent}).timestamp == seconds


class Told(BaseModel):
    time: Time


def test_times_are_told_in_utc_to_the_second():
    time = datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC)
    assert json.loads(Told(time=time).model_dump_json()) == {"time": "2026-01-31T12:00:00Z"}


def test_a_stored_rating_is_told_with_its_time():
    stored = RatingOut.model_validate({"id": 1, "user_id": 7, "item_id": 50, "value": 4.5, "timestamp": 1769860800})
    assert json.loads(stored.model_dump_json()) == {
        "id": 1, "user_id": 7, "item_id": 50, "rating": 4.5, "timestamp": "2026-01-31T12:00:00Z",
    }  # fmt: skip


def test_parameters_may_be_repeated_or_hold_commas():
    query = RecommendationQuery.model_validate({"genres": ["Sci-Fi, Horror", "Drama"], "exclude": ["1,2", "3", ""]})
    assert query.genres == ["Sci-Fi", "Horror", "Drama"]
    assert query.exclude == [1, 2, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"k": "0"},
        {"k": "101"},
        {"k": "ten"},
        {"kind": "book"},
        {"year_from": "99999"},
        {"diversity": "-0.1"},
        {"diversity": "1.1"},
        {"diversity": "inf"},
        {"explain": "perhaps"},
        {"engine": "x" * 65},
        {"platform": "a\0b"},
        {"exclude": ["1,x"]},
        {"exclude": ["0"]},
        {"exclude": [str(MAX_ID + 1)]},
        {"exclude": [",".join(map(str, range(1, 102)))]},
        {"genres": [f"genre {i}" for i in range(101)]},
        {"genre": ["Drama"]},
    ],
)
def test_parameters_outside_what_is_promised_are_refused(values: dict[str, object]):
    with pytest.raises(ValidationError):
        RecommendationQuery.model_validate(values)


def test_a_query_becomes_what_the_use_case_asks_for():
    query = RecommendationQuery.model_validate(
        {"k": "5", "kind": "track", "genres": ["Jazz"], "exclude": ["7"], "explain": "false", "diversity": "0.5"}
    )
    request = query.request("popularity")
    assert (request.k, request.engine, request.explain, request.diversity) == (5, "popularity", False, 0.5)
    assert request.wanted.kind is Kind.TRACK
    assert (request.wanted.genres, request.wanted.exclude) == ({"Jazz"}, {7})
    assert RecommendationQuery.model_validate({"engine": "ncf"}).request("popularity").engine == "ncf"


def test_a_stranger_becomes_a_history_in_the_order_sent():
    stranger = StrangerIn.model_validate(
        {"ratings": [{"item_id": 9, "rating": 5}, {"item_id": 3, "rating": 1}], "genres": ["Drama"], "age": 20}
    ).stranger()
    assert stranger.history.item_ids.tolist() == [9, 3] and stranger.history.ratings.tolist() == [5.0, 1.0]
    assert stranger.favourite_genres == {"Drama"} and stranger.demographics.age == 20
