"""The whole catalogue as columns."""

from dataclasses import fields
from typing import cast

from sqlalchemy import Engine, func, select

from domain.catalogue import Catalogue
from domain.items import Item
from infrastructure.db.counts import catalogue_revision
from infrastructure.db.dialect import lift_time_limit
from infrastructure.db.engine import transaction
from infrastructure.db.tables import items

#: an item by its attributes, `rating_mean` among them
_ITEM = (
    *(items.c[field.name] for field in fields(Item)),
    (items.c.rating_sum / func.nullif(items.c.rating_count, 0)).label("rating_mean"),
)


class SqlCatalogues:
    """Reads the catalogue through Core rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> Catalogue:
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            # The revision comes first: items that change in between belong to a later one, and are read again then.
            revision = int(connection.scalars(select(catalogue_revision)).one())
            rows = connection.execute(select(*_ITEM).order_by(items.c.id)).all()
        # A row has every attribute of the entity, and takes half the time to make.
        return Catalogue.of(cast(list[Item], rows), revision)
