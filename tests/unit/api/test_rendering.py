"""The fast way to JSON says what the schema promises, so that the two cannot drift."""

import dataclasses
from collections.abc import Callable

import orjson
import pytest

from domain.recommendation import RecommendationList
from presentation.api.rendering import render
from presentation.api.schemas.recommendations import LIST, RecommendationListOut
from tests.unit.api.fakes import shown_list


def by_the_schema(shown: RecommendationList) -> object:
    """The same list as the framework would have sent it."""
    items = [
        {
            "rank": one.rank,
            "item": shown.items[one.item_id],
            "score": one.score,
            "source": one.source,
            "reason": one.reason,
            "parts": one.parts,
        }
        for one in shown.recommendations
    ]
    whole = {field.name: getattr(shown, field.name) for field in dataclasses.fields(shown)} | {"items": items}
    return orjson.loads(RecommendationListOut.model_validate(whole).model_dump_json())


def without_what_is_absent(answer: object) -> object:
    for place in answer["items"]:
        for name in ("reason", "parts"):
            if place[name] is None:
                del place[name]
    for name in ("availability", "session_length", "experiment", "variant"):
        if answer["metadata"][name] is None:
            del answer["metadata"][name]
    return answer


def of_a_session(shown: RecommendationList) -> RecommendationList:
    about = dataclasses.replace(shown.metadata, availability={"mean": True, "gru": False}, session_length=3)
    return dataclasses.replace(shown, metadata=about)


def of_an_experiment(shown: RecommendationList) -> RecommendationList:
    about = dataclasses.replace(shown.metadata, experiment="01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d", variant="treatment")
    return dataclasses.replace(shown, metadata=about)


KINDS = {"list": lambda shown: shown, "session": of_a_session, "experiment": of_an_experiment}


@pytest.mark.parametrize("of_kind", KINDS.values(), ids=KINDS)
def test_the_bytes_are_those_of_the_schema(of_kind: Callable[[RecommendationList], RecommendationList]):
    shown = of_kind(shown_list())
    assert orjson.loads(render(shown)) == without_what_is_absent(by_the_schema(shown))


def test_only_a_session_tells_its_length_and_the_encoders():
    assert not {"availability", "session_length"} & orjson.loads(render(shown_list()))["metadata"].keys()
    told = orjson.loads(render(of_a_session(shown_list())))["metadata"]
    assert (told["availability"], told["session_length"]) == ({"mean": True, "gru": False}, 3)


def test_only_a_list_of_an_experiment_names_it_and_the_variant():
    assert not {"experiment", "variant"} & orjson.loads(render(shown_list()))["metadata"].keys()
    assert orjson.loads(render(of_an_experiment(shown_list())))["metadata"]["variant"] == "treatment"


def test_the_bytes_pass_the_schema_strictly():
    RecommendationListOut.model_validate_json(render(shown_list()), strict=True, extra="forbid")


def test_the_documented_example_passes_the_schema():
    RecommendationListOut.model_validate_json(orjson.dumps(LIST), strict=True, extra="forbid")


def test_a_place_without_a_reason_has_none():
    first, second = orjson.loads(render(shown_list()))["items"]
    assert first["reason"] == {"kind": "history", "text": "Because you liked *Alien*", "because_of": [183]}
    assert "reason" not in second


def test_a_place_tells_its_parts_where_the_engine_can():
    first, second = orjson.loads(render(shown_list()))["items"]
    assert "parts" not in first
    assert second["parts"] == {"popularity": 1.0, "mean_rating": 0.25}


def test_a_title_that_is_gone_leaves_the_others_standing():
    shown = shown_list()
    del shown.items[50]
    assert [place["item"]["id"] for place in orjson.loads(render(shown))["items"]] == [183]
