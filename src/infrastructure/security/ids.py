"""Ids for impressions, sessions and whatever else needs one that nobody else can have."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from domain.ports.services import Clock

_RANDOM_BITS = 74
_LOW_BITS = 62


@dataclass(frozen=True)
class RandomIds:
    """UUIDs of version 7 (RFC 9562, 5.7): milliseconds first, then 74 random bits.

    Ids made one after another stand side by side in an index, so an append touches one page and not the whole tree.
    """

    clock: Clock

    def new(self) -> str:
        milliseconds = int(self.clock.now().timestamp() * 1000) & 0xFFFF_FFFF_FFFF
        high, low = divmod(secrets.randbits(_RANDOM_BITS), 1 << _LOW_BITS)
        return str(UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low))
