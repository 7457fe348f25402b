"""Impressions in SQL. They are written by the event log and read here."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from domain.impressions import Impression, ShownItem
from domain.paging import Page, PageRequest
from infrastructure.db.counts import chunks
from infrastructure.db.paging import count_of, window
from infrastructure.db.tables import impressions

#: fields of an impression that are columns of their own
_PLAIN = (
    "id",
    "user_id",
    "surface",
    "engine",
    "model_version",
    "shown_at",
    "k",
    "fallback_used",
    "applied_events",
    "platform",
    "experiment_id",
    "variant",
    "engine_probability",
    "generators",
)


class SqlImpressions:
    """Impressions of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, ids: Sequence[str]) -> dict[str, Impression]:
        found: dict[str, Impression] = {}
        for part in chunks(set(ids)):
            rows = self._session.execute(select(impressions).where(impressions.c.id.in_(part))).mappings()
            found.update((row["id"], _from_row(row)) for row in rows)
        return found

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Impression]:
        statement = select(impressions)
        if user_id is not None:
            statement = statement.where(impressions.c.user_id == user_id)
        newest_first = statement.order_by(impressions.c.shown_at.desc(), impressions.c.id.desc())
        rows = self._session.execute(window(newest_first, page)).mappings()
        return Page([_from_row(row) for row in rows], page.page, page.size, count_of(self._session, statement))


def to_row(impression: Impression) -> Mapping[str, Any]:
    """The columns of an impression. The places of its list are arrays without field names, for they are many."""
    places = [[place.item_id, place.rank, place.score, place.source, place.probability] for place in impression.items]
    return {name: getattr(impression, name) for name in _PLAIN} | {"items": places}


def _from_row(row: RowMapping) -> Impression:
    return Impression(items=tuple(ShownItem(*place) for place in row["items"]), **{name: row[name] for name in _PLAIN})
