"""MovieLens 100K out of a wheel, for a machine that reaches a package registry and nothing else."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.ports.services import Progress
from infrastructure.datasets.files import put_in_place
from infrastructure.datasets.published import RECBOLE_WHEEL, PassedOver, Published, digests

REQUIREMENT = "recbole==1.2.1"
SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
TIME_LIMIT = 180.0


@dataclass(frozen=True)
class RegistryWheel:
    """Downloads the wheel of recbole into the cache, to be read as a zip. It is never installed and never imported.

    `pip` is the command to run; `time_limit` is in seconds.
    """

    cache: Path
    progress: Progress
    pip: Sequence[str] = (sys.executable, "-m", "pip")
    sha256: str = SHA256
    time_limit: float = TIME_LIMIT
    label: str = "the package registry"

    def find(self, wanted: Published) -> Path:
        """The wheel, just downloaded and checked. Raises `PassedOver`."""
        if RECBOLE_WHEEL not in wanted.copies:
            raise PassedOver(f"has no copy of {wanted.title}")
        self.cache.mkdir(parents=True, exist_ok=True)
        self.progress.say(f"{wanted.name}: {self.label}: downloading {REQUIREMENT}, which carries a copy")
        with TemporaryDirectory(dir=self.cache) as folder:
            self._download(folder)
            wheel = Path(folder) / RECBOLE_WHEEL
            if not wheel.is_file():
                raise PassedOver(f"gave no {RECBOLE_WHEEL}")
            if digests(wheel)[1] != self.sha256:
                raise PassedOver(f"gave a {RECBOLE_WHEEL} with another checksum than the known one")
            return put_in_place(wheel, self.cache / RECBOLE_WHEEL)

    def _download(self, folder: str) -> None:
        # Binary only: to download a source distribution, pip would run its build.
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        command = [*self.pip, "download", *options, "--dest", folder, REQUIREMENT]
        try:
            done = subprocess.run(  # noqa: S603  (a fixed command of our own)
                command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=self.time_limit
            )
        except subprocess.TimeoutExpired as error:
            raise PassedOver(f"pip took longer than {self.time_limit:g} s") from error
        if done.returncode:
            raise PassedOver(f"pip could not download {REQUIREMENT} (exit status {done.returncode})")
