"""Which entity stands for which row. Importing this module maps them.

`Rating` is left out on purpose: an instrumented constructor costs fifteen times a plain one, and ratings are read and
loaded by the million. They go through Core statements.
"""

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapper, registry
from sqlalchemy.orm.attributes import set_attribute

from domain.items import Item
from domain.users import User
from infrastructure.db.keys import fold, title_key
from infrastructure.db.tables import items, metadata, users

mappers = registry(metadata=metadata)

mappers.map_imperatively(
    User, users, properties={"_email_key": users.c.email_key, "_username_key": users.c.username_key}
)
mappers.map_imperatively(
    Item,
    items,
    properties={"_title_folded": items.c.title_folded, "_title_key": items.c.title_key},
    exclude_properties={"origin"},
)


@event.listens_for(User, "before_insert")
@event.listens_for(User, "before_update")
def _derive_user_keys(mapper: Mapper[User], connection: Connection, user: User) -> None:
    set_attribute(user, "_email_key", fold(user.email) if user.email is not None else None)
    set_attribute(user, "_username_key", fold(user.username))


@event.listens_for(Item, "before_insert")
@event.listens_for(Item, "before_update")
def _derive_item_keys(mapper: Mapper[Item], connection: Connection, item: Item) -> None:
    attributes = inspect(item).attrs
    # A true duplicate of a data set keeps the key that its loader gave it until its title changes.
    if any(attributes[name].history.has_changes() for name in ("kind", "title", "year")):
        set_attribute(item, "_title_folded", fold(item.title))
        set_attribute(item, "_title_key", title_key(item))
