"""Builders of the adapters.

What a builder returns is declared as the port, so this is where mypy holds every adapter against its port. Each imports
what it builds inside itself: the command line starts fast, and a process that only serves never imports torch.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import InvalidConfig
from domain.model_versions import TrainingConfig
from domain.ports.datasets import DatasetSource, InteractionWriter
from domain.ports.learning import Canary, ItemIndexer, Lineups, ModelRegistry, Trainer
from domain.ports.recommending import RankingCache
from domain.ports.services import (
    AccessTokens,
    Clock,
    IdSource,
    PasswordHasher,
    PasswordPolicy,
    Progress,
    SecretSource,
    Throttle,
)
from domain.ports.storage import (
    BulkStore,
    Catalogues,
    EventLog,
    InteractionStore,
    ItemReader,
    ShownLists,
    UnitOfWorkFactory,
    UserStates,
)
from main.settings import Settings

if TYPE_CHECKING:
    from numpy.random import Generator
    from sqlalchemy import Engine

    from infrastructure.learning.registry import FileModelRegistry
    from infrastructure.retrieval.choosing import IndexWish


def build_engine(settings: Settings) -> "Engine":
    from infrastructure.db.engine import make_engine

    return make_engine(
        settings.database_url, pool_size=settings.database.pool_size, timeout_s=settings.database.timeout_s
    )


def build_migrate(engine: "Engine") -> Callable[[], None]:
    from infrastructure.db.migrating import migrate

    return lambda: migrate(engine)


def build_unit_of_work(engine: "Engine") -> UnitOfWorkFactory:
    from infrastructure.db.unit_of_work import SqlUnitsOfWork

    return SqlUnitsOfWork(engine)


def build_user_states(engine: "Engine") -> UserStates:
    from infrastructure.db.user_states import SqlUserStates

    return SqlUserStates(engine)


def build_catalogues(engine: "Engine") -> Catalogues:
    from infrastructure.db.catalogues import SqlCatalogues

    return SqlCatalogues(engine)


def build_event_log(engine: "Engine") -> Iterator[EventLog]:
    from infrastructure.db.event_log import GroupCommitEventLog

    log = GroupCommitEventLog(engine)
    yield log
    log.close()


def build_bulk_store(engine: "Engine") -> BulkStore:
    from infrastructure.db.bulk import SqlBulkStore

    return SqlBulkStore(engine)


def build_interaction_store(engine: "Engine") -> InteractionStore:
    from infrastructure.db.interactions import SqlInteractionStore

    return SqlInteractionStore(engine)


def build_item_reader(unit_of_work: UnitOfWorkFactory) -> ItemReader:
    from infrastructure.caching.item_reader import CachedItemReader

    return CachedItemReader(unit_of_work)


def build_shown_lists(unit_of_work: UnitOfWorkFactory) -> ShownLists:
    from infrastructure.caching.shown_lists import CachedShownLists

    return CachedShownLists(unit_of_work)


def build_ranking_cache() -> RankingCache:
    from infrastructure.caching.rankings import LruRankings

    return LruRankings()


def build_random() -> "Generator":
    from numpy.random import default_rng

    return default_rng()


def build_clock() -> Clock:
    from infrastructure.security.clock import SystemClock

    return SystemClock()


def build_ids(clock: Clock) -> IdSource:
    from infrastructure.security.ids import RandomIds

    return RandomIds(clock)


def build_hasher() -> PasswordHasher:
    from infrastructure.security.passwords import Argon2Hasher

    return Argon2Hasher()


def build_password_policy() -> PasswordPolicy:
    from infrastructure.security.password_policy import CommonPasswordPolicy

    return CommonPasswordPolicy()


def build_secrets() -> SecretSource:
    from infrastructure.security.secrets import TokenSecrets

    return TokenSecrets()


def build_access_tokens(settings: Settings) -> AccessTokens:
    from infrastructure.security.access_tokens import JwtAccessTokens

    return JwtAccessTokens(
        keys=signing_keys(settings),
        issuer=settings.auth.issuer,
        audience=settings.auth.audience,
        lifetime=timedelta(minutes=settings.auth.access_minutes),
    )


def signing_keys(settings: Settings) -> Sequence[str]:
    """The configured secrets, or in development the one that is made once and kept in the data folder."""
    from infrastructure.security.secrets import SecretFile

    given = [secret.get_secret_value() for secret in (settings.auth.secret, settings.auth.previous_secret) if secret]
    return given or [SecretFile(settings.home / "secret").read()]


def build_throttle(settings: Settings) -> Throttle:
    from infrastructure.security.throttle import WindowThrottle

    auth, serving = settings.auth, settings.serving
    return WindowThrottle(
        {
            "sign-in": [
                f"{auth.sign_in_failures} per 5 minutes",
                f"{auth.sign_in_failures_per_address} per 5 minutes",
            ],
            "stranger": [f"{serving.stranger_requests} per 1 minute"],
        }
    )


def build_progress() -> Progress:
    from infrastructure.observability.progress import RichProgress

    return RichProgress()


def build_dataset_source(settings: Settings, progress: Progress) -> DatasetSource:
    from infrastructure.datasets.download import PublisherDownload
    from infrastructure.datasets.registry_wheel import RegistryWheel
    from infrastructure.datasets.sources import DatasetCache, DatasetFolder, MovieLensSource

    cache = settings.home / "datasets"
    places = (
        DatasetCache(cache),
        DatasetFolder(settings.datasets),
        PublisherDownload(cache, progress),
        RegistryWheel(cache, progress),
    )
    return MovieLensSource(places, progress)


def build_table_files() -> InteractionWriter:
    from infrastructure.datasets.table_files import TableFiles

    return TableFiles()


def build_model_registry(settings: Settings) -> ModelRegistry:
    from infrastructure.learning.registry import FileModelRegistry

    return FileModelRegistry(settings.home / "models")


def build_canary(settings: Settings) -> Canary:
    from infrastructure.learning.canary import SubprocessCanary

    serving = settings.serving
    return SubprocessCanary(settings.home / "models", serving.liked_from, serving.min_interactions)


def build_lineups(registry: "FileModelRegistry", catalogues: Catalogues) -> Lineups:
    from threadpoolctl import threadpool_limits

    from infrastructure.learning.live_lineups import LiveLineups

    # A list multiplies small matrices: handing them to more threads takes ten times as long as multiplying them.
    threadpool_limits(limits=1, user_api="blas")
    return LiveLineups(registry, catalogues)


def build_index_wish(settings: Settings) -> "IndexWish":
    from infrastructure.retrieval.choosing import IndexWish

    return IndexWish(settings.index.kind, settings.index.recall, settings.index.exact_up_to)


def build_trainer(index_wish: "IndexWish") -> Trainer:
    from infrastructure.learning.trainer import RecipeTrainer

    return RecipeTrainer(wish=index_wish)


def build_item_indexer(registry: "FileModelRegistry", index_wish: "IndexWish") -> ItemIndexer:
    from infrastructure.learning.indexer import CatalogueIndexer

    return CatalogueIndexer(registry, index_wish)


def read_training_config(path: Path | None = None, dataset: str | None = None) -> TrainingConfig:
    """The given file; without one, the config of the data set if it has its own, or the default."""
    from infrastructure.learning.config import read_config

    if path is not None:
        return read_config(path)
    folder = configs_folder()
    own = folder / f"{dataset}.toml"
    return read_config(own if dataset is not None and own.is_file() else folder / "default.toml")


def configs_folder() -> Path:
    """`configs/` of the checkout, or the copy that a wheel carries."""
    here = Path(__file__).resolve().parent
    for folder in (here / "configs", here.parents[1] / "configs"):
        if folder.is_dir():
            return folder
    raise InvalidConfig("The folder of published configs is missing from this installation.")


def build_serve(settings: Settings) -> Callable[[str, int], None]:
    """Run uvicorn in this process (one worker) or under its supervisor (several), until it is told to stop."""

    def serve(host: str, port: int) -> None:
        import uvicorn

        # A worker process reads its settings anew and must find the same data folder, wherever it starts.
        os.environ["MARQUEE_HOME"] = str(settings.home.resolve())
        uvicorn.run(
            "main.asgi:app",
            factory=True,
            host=host,
            port=port,
            workers=settings.http.workers if settings.http.workers > 1 else None,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )

    return serve


def shown_settings(settings: Settings) -> list[tuple[str, str]]:
    """Every setting by its dotted name; secrets show only whether they are set."""
    rows: list[tuple[str, str]] = []

    def walk(values: dict[str, object], prefix: str) -> None:
        for name, value in values.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{name}.")
            else:
                rows.append((f"{prefix}{name}", str(value)))

    walk(settings.model_dump(), "")
    return rows
