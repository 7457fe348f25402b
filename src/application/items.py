"""The catalogue: kept by admins, read by everybody."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.items import Item, ItemSearch, Kind
from domain.paging import Page, PageRequest
from domain.ports.storage import UnitOfWorkFactory

#: parts of an item that may be changed
CHANGEABLE = frozenset(
    {"external_id", "title", "year", "genres", "tags", "creators", "description", "language", "poster_url"}
)


@dataclass(frozen=True)
class AddItem:
    """Add a title; a given id is kept. Raises `ItemIdTaken`, `TitleTaken`, `ExternalIdTaken`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, item: Item) -> Item:
        with self.unit_of_work() as work:
            stored = work.items.add(item)
            work.commit()
        return stored


@dataclass(frozen=True)
class UpdateItem:
    """Change the given parts of a title. Raises `ItemNotFound`, `TitleTaken`, `ExternalIdTaken`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, kind: Kind, item_id: int, changes: Mapping[str, object]) -> Item:
        with self.unit_of_work() as work:
            item = work.items.get(item_id, kind)
            for name, value in changes.items():
                if name not in CHANGEABLE:
                    raise ValueError(f"{name} cannot be changed")
                setattr(item, name, value)
            work.items.save(item)
            work.commit()
        return item


@dataclass(frozen=True)
class RemoveItem:
    """Remove a title and its ratings; no list shows it from then on. Raises `ItemNotFound`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, kind: Kind, item_id: int) -> None:
        with self.unit_of_work() as work:
            work.items.remove(item_id, kind)
            work.commit()


@dataclass(frozen=True)
class GetItem:
    """One title. Raises `ItemNotFound`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, kind: Kind, item_id: int) -> Item:
        with self.unit_of_work() as work:
            return work.items.get(item_id, kind)


@dataclass(frozen=True)
class ListItems:
    """A page of the titles that match."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, search: ItemSearch, page: PageRequest) -> Page[Item]:
        with self.unit_of_work() as work:
            return work.items.list_page(search, page)
