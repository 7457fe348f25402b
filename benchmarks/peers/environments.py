"""An environment for each peer's library, made from its pins, apart from Marquee's own."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: git ignores it
CACHE = HERE.parents[1] / ".cache" / "peers"
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)")
#: what pip says last is enough to tell why
LAST_WORDS = 300


class PeerUnavailable(Exception):
    """A peer could not be installed or run; the message says why in one line."""


def pins(text: str) -> Mapping[str, str]:
    """Version by lower-case name of a requirements file that holds nothing but exact pins.

    Raises `ValueError` for any other line, and for a name that is pinned twice.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not (wanted := line.partition("#")[0].strip()):
            continue
        match = PIN.fullmatch(wanted)
        if match is None or match["name"].lower() in found:
            raise ValueError(f"not one exact pin: {line!r}")
        found[match["name"].lower()] = match["version"]
    return found


@dataclass(frozen=True)
class Environment:
    """A virtual environment with one library and what it needs."""

    library: str
    cache: Path = CACHE

    @property
    def requirements(self) -> Path:
        return HERE / "requirements" / f"{self.library}.txt"

    @property
    def version(self) -> str:
        return pins(self.requirements.read_text(encoding="utf-8"))[self.library]

    @property
    def python(self) -> Path:
        return self.cache / self.library / ("Scripts" if os.name == "nt" else "bin") / "python"

    def prepare(self) -> None:
        """Make it, unless it was made from the same pins before. Raises `PeerUnavailable`."""
        stamp = self.cache / self.library / "pins.sha256"
        wanted = hashlib.sha256(self.requirements.read_bytes()).hexdigest()
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        self._call([sys.executable, "-m", "venv", "--clear", str(self.cache / self.library)])
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(self.requirements)]
        self._call([str(self.python), *install])
        stamp.write_text(wanted, encoding="utf-8")

    def _call(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerUnavailable(f"cannot be installed: {last_words(done.stderr)}")


def last_words(output: str) -> str:
    """The last line that says anything, cut to a length that fits a table."""
    said = [line.strip() for line in output.splitlines() if line.strip()]
    return said[-1][:LAST_WORDS] if said else "it said nothing"
