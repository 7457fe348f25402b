"""What commands share: the way to their use cases, the console, and how an error is told."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console

from domain.errors import MarqueeError

T = TypeVar("T")

#: where there is no terminal to ask, a line has room for every table
WIDTH = None if sys.stdout.isatty() else 120

console = Console(soft_wrap=True, width=WIDTH)
errors = Console(stderr=True, soft_wrap=True)


def use(context: typer.Context, name: str, kind: type[T]) -> T:
    """The part that the container provides under `name`."""
    resolve: Callable[[str], Any] = context.obj
    part = resolve(name)
    if not isinstance(part, kind):
        raise TypeError(f"the provider {name} gives a {type(part).__name__}, not a {kind.__name__}")
    return part


@contextmanager
def told_plainly() -> Iterator[None]:
    """Show a Marquee error as a sentence with its details and leave with status 1; never a stack trace."""
    try:
        yield
    except MarqueeError as error:
        errors.print(f"[bold red]Error[/] ({error.code}): ", end="")
        errors.print(error.message, markup=False, highlight=False)
        for detail in error.details:
            errors.print(f"  {detail.where}: {detail.problem}", markup=False, highlight=False)
        sys.exit(1)
