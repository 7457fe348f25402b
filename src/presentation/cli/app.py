"""The commands. Each one takes its use case from the container by name, runs it, and shows what came of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from application.accounts import NewAccount, SignUp
from application.evaluating import EvaluateModel
from application.exporting import ExportInteractions
from application.indexing import RebuildIndex
from application.learning_online import HOURS, MIN_INTERACTIONS, ShowBandit, UpdateBandit
from application.loading import LoadDataset, LoadReport
from application.measuring import RollUpDays
from application.promoting import require_passed
from application.recommending import Recommend
from application.simulating import RemoveSimulation, Simulate, SimulationPlan
from application.training import TrainingReport, TrainModel
from domain.lineup import AUTO
from domain.model_versions import TrainingConfig
from domain.ports.learning import ModelRegistry
from domain.recommendation import RecommendationRequest
from domain.users import Principal, Role
from presentation.cli.context import console, told_plainly, use
from presentation.cli.model_tables import gates_table
from presentation.cli.tables import (
    bandit_table,
    evaluation_tables,
    index_line,
    recommendations_table,
    simulation_table,
    timed,
    training_bar,
)

app = typer.Typer(
    name="marquee",
    help="Marquee: a self-hosted recommendation service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="Data sets: fetch, load, export.", no_args_is_help=True)
users = typer.Typer(help="Accounts.", no_args_is_help=True)
config = typer.Typer(help="Settings.", invoke_without_command=True)
app.add_typer(data, name="data")
app.add_typer(users, name="users")
app.add_typer(config, name="config")

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
DatasetName = Annotated[str, typer.Argument(help="ml-100k, ml-1m, or a path to a zip or a folder.")]
ConfigFile = Annotated[
    Path | None, typer.Argument(help="A TOML file of hyper-parameters; without one, the published config of the data.")
]


@app.command()
def serve(context: typer.Context, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API with uvicorn."""
    with told_plainly():
        context.obj("migrate")()
        context.obj("serve")(host, port)


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the newest schema."""
    with told_plainly(), timed("Database migrated"):
        context.obj("migrate")()


@app.command()
def train(
    context: typer.Context,
    file: ConfigFile = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Let it serve at once if it passes the gates; status 1 if it does not.")
    ] = False,
) -> None:
    """Train a model, publish, evaluate and judge it, and make it the challenger; the champion if there is none."""
    with told_plainly():
        context.obj("migrate")()
        report = run_training(context, context.obj("training_config")(file), promote)
        console.print(evaluation_tables(report.evaluation))
        console.print(gates_table(report.version))
        if promote and not report.serves:
            require_passed(report.version)


@app.command()
def evaluate(context: typer.Context) -> None:
    """Judge the engines, with the model that serves, by every user's last rating."""
    with told_plainly():
        context.obj("migrate")()
        registry: ModelRegistry = context.obj("model_registry")
        champion = registry.find_champion()
        reports = use(context, "evaluate_model", EvaluateModel)(champion.version if champion else None)
        console.print(evaluation_tables(reports))


@app.command()
def reindex(context: typer.Context) -> None:
    """Rebuild the item index of the model that serves, with the titles added since its training."""
    with told_plainly():
        context.obj("migrate")()
        with timed("Index rebuilt"):
            version = use(context, "rebuild_index", RebuildIndex)()
        console.print(index_line(version), highlight=False)


@app.command()
def recommend(
    context: typer.Context,
    user: Annotated[int, typer.Argument(help="The user's id.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Length of the list.")] = 10,
    engine: Annotated[str, typer.Option(help="Which engine answers.")] = AUTO,
) -> None:
    """Show what a user would be recommended now."""
    with told_plainly():
        context.obj("migrate")()
        caller = Principal(user, Role.USER)
        request = RecommendationRequest(k=k, engine=engine, platform="cli")
        console.print(recommendations_table(use(context, "recommend", Recommend)(caller, request)))


@app.command("online-update")
def online_update(
    context: typer.Context,
    hours: Annotated[int, typer.Option(min=1, max=8760, help="Lists shown in so many last hours are counted.")] = HOURS,
    min_interactions: Annotated[
        int, typer.Option(min=0, help="Engagements that must be found there; with fewer, nothing is counted.")
    ] = MIN_INTERACTIONS,
) -> None:
    """Count what the engines' lists have earned, each once, and show how the engines stand."""
    with told_plainly():
        context.obj("migrate")()
        report = use(context, "update_bandit", UpdateBandit)(hours, min_interactions)
        found = f"{report.engagements:,} engagements in the last {hours} hours"
        console.print(
            f"{found}, {report.lists:,} lists counted"
            if report.enough
            else f"{found}: fewer than {min_interactions:,}, so nothing was counted",
            highlight=False,
        )
        console.print(bandit_table(use(context, "show_bandit", ShowBandit)()))


@app.command()
def simulate(
    context: typer.Context,
    people: Annotated[int, typer.Option("--users", min=1, max=100_000, help="How many people come.")] = 300,
    days: Annotated[int, typer.Option(min=1, max=365, help="On how many days, up to now.")] = 7,
    visits: Annotated[
        float, typer.Option(min=0.01, max=50, help="Mean number of lists of one of them in a day.")
    ] = 1.0,
    engine: Annotated[str, typer.Option(help="Which engine they ask for.")] = AUTO,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")] = 0,
    remove: Annotated[bool, typer.Option("--remove", help="Erase everybody who was simulated instead.")] = False,
) -> None:
    """Let made-up people with known tastes sign up, rate, ask for lists and click, so that there is much to see."""
    with told_plainly():
        context.obj("migrate")()
        if remove:
            erased = use(context, "remove_simulation", RemoveSimulation)()
            use(context, "roll_up_days", RollUpDays)(anew=True)
            console.print(f"{erased:,} simulated accounts were erased.", highlight=False)
            return
        with timed("Simulated"):
            report = use(context, "simulate", Simulate)(SimulationPlan(people, days, visits, seed, engine))
            # Days that may have been counted have other lists now.
            use(context, "roll_up_days", RollUpDays)(anew=True)
        console.print(simulation_table(report))


@data.command()
def fetch(context: typer.Context, dataset: DatasetName) -> None:
    """Find a data set, download it if need be, and check it."""
    with told_plainly(), timed(f"{dataset} is here and whole"):
        use(context, "load_dataset", LoadDataset).fetch(dataset)


@data.command()
def load(
    context: typer.Context,
    dataset: DatasetName,
    reset: Annotated[bool, typer.Option("--reset", help="First remove all items, ratings and data-set users.")] = False,
) -> None:
    """Load a data set. Loading twice changes nothing; a load that was interrupted goes on where it stopped."""
    with told_plainly():
        context.obj("migrate")()
        run_load(context, dataset, reset)


@data.command()
def export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Where to: a .csv or .parquet file.")],
) -> None:
    """Write all ratings to a file, as training data for other tools."""
    with told_plainly():
        context.obj("migrate")()
        rows = use(context, "export_interactions", ExportInteractions)(path)
        console.print(f"{rows:,} ratings written to {path}", highlight=False)


@users.command("create-admin")
def create_admin(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The admin's email address.")],
    username: Annotated[str | None, typer.Option(help="User name; from the address if not given.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Make an account with the admin role."""
    password = (
        sys.stdin.readline().rstrip("\r\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    with told_plainly():
        context.obj("migrate")()
        account = NewAccount(email, username or email.partition("@")[0], password)
        admin = use(context, "sign_up", SignUp)(account, role=Role.ADMIN)
        console.print(f"Admin {admin.email} has id {admin.id}.", highlight=False)


@config.callback()
def show_config_unless_told_otherwise(context: typer.Context) -> None:
    """Settings: shows them unless a command follows."""
    if context.invoked_subcommand is None:
        show_config(context)


@config.command("show")
def show_config(context: typer.Context) -> None:
    """Show every setting with its value; secrets are masked."""
    for name, value in context.obj("shown_settings"):
        console.print(f"{name} = {value}", markup=False, highlight=False)


def run_load(context: typer.Context, dataset: str, reset: bool = False) -> LoadReport:
    """Load a data set and say what came of it."""
    report = use(context, "load_dataset", LoadDataset)(dataset, reset=reset)
    if not report.skipped:
        counts = f"{report.items:,} items, {report.users:,} users, {report.ratings:,} ratings"
        console.print(f"[green]✓[/] {report.dataset} loaded from {report.source}: {counts}", highlight=False)
    return report


def run_training(context: typer.Context, hyper_parameters: TrainingConfig, promote: bool = False) -> TrainingReport:
    """Train with a bar and say which version came of it, and what it is now."""
    train_model = use(context, "train_model", TrainModel)
    with timed("Trained, indexed, evaluated and judged"), training_bar(hyper_parameters) as on_epoch:
        report = train_model(hyper_parameters, on_epoch, promote)
    part = "serves now" if report.serves else "is the challenger now"
    console.print(f"Model {report.version.version} {part}.", highlight=False)
    return report
