"""Password hashes: argon2id by way of libpass."""

from passlib.hash import argon2

# libpass loads its backend on first use, and two threads that do so at once can fail.
argon2.set_backend()

#: OWASP's least for argon2id: 19 MiB, two passes, one lane
_SCHEME = argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1)


class Argon2Hasher:
    """Hashes and checks passwords; a check takes as long for an account that does not exist."""

    def __init__(self) -> None:
        self._nobody = self.hash("nobody's password")

    def hash(self, password: str) -> str:
        return str(_SCHEME.hash(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password matches the stored hash; False after the same work when there is none."""
        matches = bool(_SCHEME.verify(password, stored or self._nobody))
        return matches and stored is not None
