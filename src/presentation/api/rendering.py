"""The hot path's own way to JSON: from the domain's list straight to bytes, without a model in between.

A test holds what comes out against `RecommendationListOut`, which is what the OpenAPI document promises.
"""

from typing import Any

import orjson

from domain.items import Item
from domain.recommendation import ListMetadata, Recommendation, RecommendationList


def render(shown: RecommendationList) -> bytes:
    """A `RecommendationListOut` as JSON. A title removed since the list was made is left out."""
    return orjson.dumps(
        {
            "impression_id": shown.impression_id,
            "user_id": shown.user_id,
            "engine": shown.engine,
            "model_version": shown.model_version,
            "fallback_used": shown.fallback_used,
            "applied_events": shown.applied_events,
            "items": [
                _place(one, shown.items[one.item_id]) for one in shown.recommendations if one.item_id in shown.items
            ],
            "metadata": _metadata(shown.metadata),
        }
    )


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


def _place(one: Recommendation, item: Item) -> dict[str, Any]:
    place: dict[str, Any] = {"rank": one.rank, "item": _item(item), "score": one.score, "source": one.source}
    if one.reason is not None:
        place["reason"] = {"kind": one.reason.kind, "text": one.reason.text, "because_of": one.reason.because_of}
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
