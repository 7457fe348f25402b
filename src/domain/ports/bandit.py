"""Ports of learning online: what the engines' lists have earned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.bandit import Arm, ArmKey


class ArmReader(Protocol):
    def read(self) -> Mapping[ArmKey, Arm]:
        """The arms that have been pulled, by context and engine; perhaps as of a second ago."""
        ...


class BanditStore(Protocol):
    """The arms, and the lists that they are learnt from.

    Lists count that were recommended to a user who consents to be learned from, outside of experiments: a variant may
    change more about a list than its engine, and what it earns must not reach the other variants.
    """

    def read(self) -> Mapping[ArmKey, Arm]:
        """The arms as they are now, by context and engine."""
        ...

    def engagements_since(self, since: datetime) -> int:
        """How many engagements there are with lists that count and were shown at `since` or later."""
        ...

    def uncounted(self, since: datetime) -> Sequence[str]:
        """Ids of the lists shown at `since` or later that earned something else than what the arms hold of them."""
        ...

    def count(self, ids: Sequence[str], at: datetime) -> int:
        """Bring the arms up to date with what these lists have earned by now, in one transaction.

        Each list remembers what was counted for it, so that neither a second call nor one at the same time counts
        anything twice. A list that another transaction is changing is left for the next time. Returns how many changed.
        """
        ...


class Leases(Protocol):
    """Turns taken among processes."""

    def claim(self, name: str, now: datetime, until: datetime) -> bool:
        """Take the named turn until the given time, unless somebody has it. Whether it was taken."""
        ...
