"""Entry point of the `marquee` command."""

import sys
from functools import cache
from typing import Any

from pydantic import ValidationError

import presentation.cli.experiments  # adds its commands
import presentation.cli.measuring  # adds its commands
import presentation.cli.models  # adds its commands
import presentation.cli.up  # noqa: F401  (adds its command)
from presentation.cli.app import app
from presentation.cli.context import errors


@cache
def _provide(name: str) -> Any:
    """The part that the container provides under `name`; the container is made at the first call."""
    return _container().providers[name]()


@cache
def _container() -> Any:
    from main.container import build_container
    from main.settings import Settings

    try:
        return build_container(Settings())
    except ValidationError as wrong:
        errors.print("[bold red]Error[/]: the settings are not valid.")
        for problem in wrong.errors():
            where = ".".join(map(str, problem["loc"])) or "settings"
            errors.print(f"  {where}: {problem['msg']}", markup=False, highlight=False)
        sys.exit(1)


def run() -> None:
    """Parse the command line and run the command."""
    app(obj=_provide)
