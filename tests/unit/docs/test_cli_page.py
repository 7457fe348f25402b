"""docs/reference/cli.md has a section for every command, which names all its options."""

import re
from collections.abc import Iterator

import pytest
import typer

from presentation.cli.app import app
from presentation.cli.experiments import experiments
from presentation.cli.measuring import roll_up
from presentation.cli.models import models
from presentation.cli.up import up
from tests.unit.docs.pages import read

assert up in [command.callback for command in app.registered_commands], "importing `up` registers it"
assert roll_up in [command.callback for command in app.registered_commands], "importing `measuring` registers it"
assert experiments in [group.typer_instance for group in app.registered_groups], "and so does importing `experiments`"
assert models in [group.typer_instance for group in app.registered_groups], "nor `models`"


def commands(group, path: str = "marquee") -> Iterator[tuple[str, object]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


ALL = dict(commands(typer.main.get_command(app)))


def sections() -> dict[str, str]:
    """The text under each heading, by the words of the command that the heading names."""
    parts = re.split(r"^## `(.+?)`$", read("docs/reference/cli.md"), flags=re.MULTILINE)
    by_heading = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {re.sub(r" [\[A-Z].*", "", heading): text for heading, text in by_heading.items()}


@pytest.mark.parametrize("command", ALL)
def test_the_command_has_a_section_that_names_its_options(command):
    text = sections()[command]
    options = [param.opts[-1] for param in ALL[command].params if param.opts[0].startswith("-")]
    assert [option for option in options if f"`{option}`" not in text] == []


def test_the_page_names_no_command_that_is_gone():
    assert set(sections()) == set(ALL)
