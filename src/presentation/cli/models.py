"""`marquee models`: which versions there are, how they compare, and which of them serves."""

from typing import Annotated

import typer

from application.promoting import CompareModels, PromoteModel, RollBack
from domain.model_versions import Aliases
from domain.ports.learning import ModelRegistry
from presentation.cli.app import app
from presentation.cli.context import console, told_plainly, use
from presentation.cli.model_tables import (
    aliases_table,
    comparison_tables,
    gates_table,
    version_table,
    versions_table,
)

models = typer.Typer(help="Model versions.", no_args_is_help=True)
app.add_typer(models, name="models")

Version = Annotated[str, typer.Argument(help="The version's name.")]
Generation = Annotated[
    int | None,
    typer.Option(min=0, help="Only if the aliases are still of this generation; without it, of whichever."),
]


@models.command("list")
def list_models(context: typer.Context) -> None:
    """List the versions, newest first, with their aliases."""
    with told_plainly():
        registry: ModelRegistry = context.obj("model_registry")
        console.print(versions_table(registry.list_versions(), registry.aliases()))


@models.command("show")
def show_model(context: typer.Context, version: Version) -> None:
    """Show what a version is, what it reaches, and what came of its gates."""
    with told_plainly():
        registry: ModelRegistry = context.obj("model_registry")
        known = registry.get_version(version)
        console.print(version_table(known, registry.aliases()))
        console.print(gates_table(known))


@models.command("compare")
def compare_models(
    context: typer.Context,
    base: Annotated[str, typer.Argument(metavar="A", help="A version.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The version that is held against it.")],
) -> None:
    """Ask two versions the same questions, and show what they differ in."""
    with told_plainly():
        context.obj("migrate")()
        for table in comparison_tables(use(context, "compare_models", CompareModels)(base, other)):
            console.print(table)


@models.command("promote")
def promote_model(
    context: typer.Context,
    version: Version,
    force: Annotated[bool, typer.Option("--force", help="Whatever the gates say.")] = False,
    generation: Generation = None,
) -> None:
    """Let a version serve, if it has passed the gates against the present champion."""
    with told_plainly():
        context.obj("migrate")()
        _tell(use(context, "promote_model", PromoteModel)(version, generation, force))


@models.command("rollback")
def roll_back(context: typer.Context, generation: Generation = None) -> None:
    """Let the champion before this one serve again."""
    with told_plainly():
        context.obj("migrate")()
        _tell(use(context, "roll_back", RollBack)(generation))


def _tell(aliases: Aliases) -> None:
    console.print(f"Model {aliases.champion} serves now.", highlight=False)
    console.print(aliases_table(aliases))
