"""Secrets: random ones for refresh tokens, and the one that signs access tokens."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from domain.errors import InvalidConfig

#: bytes of randomness in a secret, and the least length of a signing secret in characters
SECRET_BYTES = 32


class TokenSecrets:
    """Opaque tokens of 256 bits. They are random already, so a plain digest is enough to store them by."""

    def new(self) -> str:
        return secrets.token_urlsafe(SECRET_BYTES)

    def digest(self, secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class SecretFile:
    """The signing secret of an installation, made once and readable by its owner alone."""

    path: Path

    def read(self) -> str:
        """The secret, made now if there is none. Of several processes that start at once, all get the same.

        Raises `InvalidConfig` for a file that is too short or that others may read.
        """
        if not self.path.exists():
            self._make()
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            raise InvalidConfig(f"Others may read {self.path}. Run chmod 600 on it, or delete it to get a new secret.")
        secret = self.path.read_text(encoding="utf-8", errors="replace").strip()
        if len(secret) < SECRET_BYTES:
            raise InvalidConfig(f"The secret in {self.path} is too short. Delete the file to get a new one.")
        return secret

    def _make(self) -> None:
        """Write a whole file aside and link it into place: linking fails for all but the first, who wins."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, self.path)
            except FileExistsError:
                return
        finally:
            draft.unlink()
