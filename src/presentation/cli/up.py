"""`marquee up`: from nothing to a serving system; each step is skipped when it has been done before."""

from typing import Annotated

import typer
from rich.panel import Panel

from application.accounts import CreateFirstAdmin
from domain.ports.learning import ModelRegistry
from presentation.cli.app import Host, Port, app, run_load, run_training
from presentation.cli.context import console, told_plainly, use
from presentation.cli.tables import evaluation_tables, timed

ADMIN_EMAIL = "admin@marquee.example"
ADMIN_NAME = "admin"


@app.command()
def up(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="ml-100k, ml-1m, or a path to a zip or a folder.")] = "ml-100k",
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Migrate, load a data set, train, evaluate, make the first admin, and serve."""
    with told_plainly():
        with timed("Database ready"):
            context.obj("migrate")()
        report = run_load(context, dataset)
        registry: ModelRegistry = context.obj("model_registry")
        champion = registry.find_champion()
        if champion is None:
            training = run_training(context, context.obj("training_config")(None, report.dataset))
            console.print(evaluation_tables(training.evaluation))
        else:
            console.print(f"[green]✓[/] Model {champion.version} is trained already", highlight=False)
        _greet_admin(context)
        console.print(f"Marquee serves on [bold]http://{host}:{port}[/], its API is told at /docs", highlight=False)
        context.obj("serve")(host, port)


def _greet_admin(context: typer.Context) -> None:
    password = use(context, "create_first_admin", CreateFirstAdmin)(ADMIN_EMAIL, ADMIN_NAME)
    if password is None:
        return
    console.print(
        Panel.fit(
            f"email     {ADMIN_EMAIL}\npassword  {password}",
            title="The first admin. This is shown once: keep it, or change it.",
        ),
        highlight=False,
    )
