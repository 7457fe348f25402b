"""The hot path's own way to JSON: from the domain's list straight to bytes, without a model in between.

A test holds what comes out against `RecommendationListOut`, which is what the OpenAPI document promises.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from application.group_lists import GroupList
from application.home import Shelf
from domain.items import Item
from domain.recommendation import ListMetadata, Reason, Recommendation, RecommendationList


def render(shown: RecommendationList) -> bytes:
    """A `RecommendationListOut` as JSON. A title removed since the list was made is left out."""
    return orjson.dumps(_whole(shown))


def render_home(shelves: Sequence[Shelf]) -> bytes:
    """A `HomeOut` as JSON."""
    return orjson.dumps(
        {"shelves": [{"name": shelf.name, "title": shelf.title, **_whole(shelf.shown)} for shelf in shelves]}
    )


def render_group(group: GroupList) -> bytes:
    """A `GroupListOut` as JSON."""
    whole = _whole(group.shown)
    for place in whole["items"]:
        place["voices"] = [
            {"user_id": voice.user_id, "satisfaction": voice.satisfaction, **_reason(voice.reason)}
            for voice in group.voices[place["item"]["id"]]
        ]
    return orjson.dumps(whole)


def _whole(shown: RecommendationList) -> dict[str, Any]:
    return {
        "impression_id": shown.impression_id,
        "user_id": shown.user_id,
        "engine": shown.engine,
        "model_version": shown.model_version,
        "fallback_used": shown.fallback_used,
        "applied_events": shown.applied_events,
        "items": [_place(one, shown.items[one.item_id]) for one in shown.recommendations if one.item_id in shown.items],
        "metadata": _metadata(shown.metadata),
    }


def _metadata(about: ListMetadata) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "k": about.k,
        "requested_engine": about.requested_engine,
        "generators": about.generators,
        "weights": about.weights,
    }
    if about.session_length is not None:
        metadata |= {"availability": about.availability, "session_length": about.session_length}
    if about.experiment is not None:
        metadata |= {"experiment": about.experiment, "variant": about.variant}
    return metadata


def _reason(reason: Reason | None) -> dict[str, Any]:
    if reason is None:
        return {}
    return {"reason": {"kind": reason.kind, "text": reason.text, "because_of": reason.because_of}}


def _place(one: Recommendation, item: Item) -> dict[str, Any]:
    place: dict[str, Any] = {"rank": one.rank, "item": _item(item), "score": one.score, "source": one.source}
    place |= _reason(one.reason)
    if one.parts is not None:
        place["parts"] = one.parts
    return place


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "external_id": item.external_id,
        "kind": item.kind.value,
        "title": item.title,
        "year": item.year,
        "genres": item.genres,
        "tags": item.tags,
        "creators": item.creators,
        "description": item.description,
        "language": item.language,
        "rating_count": item.rating_count,
        "rating_mean": item.rating_mean,
        "poster_url": item.poster_url,
    }
