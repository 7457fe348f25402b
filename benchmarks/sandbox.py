"""Settings of a measurement: a data folder of its own, and nothing of the service that may be configured here."""

import os
from pathlib import Path

from main.settings import Settings

#: variables that say where things are, not how they behave
KEPT = ("MARQUEE_DATASETS", "MARQUEE_HOME")


def settings_in(home: Path) -> Settings:
    """The defaults, in the given data folder. A `.env` file and a configured database belong to the service.

    Data sets are looked for in `MARQUEE_DATASETS`, else where the service keeps what it has downloaded.
    """
    given = os.environ.get("MARQUEE_DATASETS")
    downloaded = Path(os.environ.get("MARQUEE_HOME", "var")) / "datasets"
    for name in [name for name in os.environ if name.startswith("MARQUEE_") and name not in KEPT]:
        del os.environ[name]
    zips = Path(given) if given else downloaded if downloaded.is_dir() else None
    return Settings(_env_file=None, home=home, datasets=zips)
