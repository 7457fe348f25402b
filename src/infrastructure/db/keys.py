"""Keys by which text is compared: in any case, and in any way of composing its characters."""

import unicodedata

from domain.items import Item

#: ids that both databases can hold
ID_MIN, ID_MAX = -(2**63), 2**63 - 1


def fold(text: str) -> str:
    """The text as it is compared. Databases fold ASCII alone or by their locale, so it is done here for both."""
    return unicodedata.normalize("NFKC", text).casefold()


def title_key(item: Item) -> str:
    """Equal for two items of one kind with the same title and year."""
    return f"{item.kind}|{fold(item.title)}|{item.year or ''}"


def can_be_id(number: int) -> bool:
    """Whether a database can hold the number. One that it cannot hold is nobody's id."""
    return ID_MIN <= number <= ID_MAX
