"""The catalogue: one router, made for each kind of item."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from application.items import AddItem, GetItem, ListItems, RemoveItem, UpdateItem
from domain.errors import ExternalIdTaken, ItemIdTaken, ItemNotFound, TitleTaken
from domain.items import Item, Kind
from domain.paging import Page
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.schemas.common import DeletedOut, PageOut, PathId
from presentation.api.schemas.items import ItemChangeIn, ItemIn, ItemOut, ItemQuery


def catalogue_router(kind: Kind) -> APIRouter:
    """The routes of one kind, under its plural."""
    router = APIRouter(prefix=f"/{kind}s", tags=[f"{kind}s".capitalize()], generate_unique_id_function=named)
    missing = ItemNotFound(42, kind)

    @router.get("/", name=f"list_{kind}s", summary=f"List {kind}s", response_model=PageOut[ItemOut])
    def list_page(
        query: Annotated[ItemQuery, Query()], list_items: Annotated[ListItems, provided("list_items")]
    ) -> Page[Item]:
        """A page of the titles that match every given parameter."""
        return list_items(query.search(kind), query.request())

    @router.post(
        "/",
        name=f"create_{kind}",
        summary=f"Add a {kind}",
        status_code=201,
        dependencies=[Depends(admin)],
        response_model=ItemOut,
        responses=fails(NOT_ADMIN, ItemIdTaken(42), TitleTaken(), ExternalIdTaken()),
    )
    def create(body: ItemIn, add_item: Annotated[AddItem, provided("add_item")]) -> Item:
        """Add a title; for admins. A given id is kept."""
        return add_item(body.as_item(kind))

    @router.get(
        "/{item_id}",
        name=f"get_{kind}",
        summary=f"Show a {kind}",
        response_model=ItemOut,
        responses=fails(missing),
    )
    def get(item_id: PathId, get_item: Annotated[GetItem, provided("get_item")]) -> Item:
        """One title."""
        return get_item(kind, item_id)

    @router.put(
        "/{item_id}",
        name=f"update_{kind}",
        summary=f"Change a {kind}",
        dependencies=[Depends(admin)],
        response_model=ItemOut,
        responses=fails(NOT_ADMIN, missing, TitleTaken(), ExternalIdTaken()),
    )
    def update(
        item_id: PathId, body: ItemChangeIn, update_item: Annotated[UpdateItem, provided("update_item")]
    ) -> Item:
        """Change the given fields of a title; for admins. What is left out stays as it is."""
        return update_item(kind, item_id, body.changes())

    @router.delete(
        "/{item_id}",
        name=f"delete_{kind}",
        summary=f"Remove a {kind}",
        dependencies=[Depends(admin)],
        responses=fails(NOT_ADMIN, missing),
    )
    def delete(item_id: PathId, remove_item: Annotated[RemoveItem, provided("remove_item")]) -> DeletedOut:
        """Remove a title and its ratings; for admins. No list shows it from then on."""
        remove_item(kind, item_id)
        return DeletedOut(message=f"{kind.capitalize()} {item_id} was deleted.", id=item_id)

    return router
