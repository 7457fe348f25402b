"""Settings: read from `MARQUEE_…` variables and `.env`, checked once at the start."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.events import LIKED_FROM, RATING_MAX, RATING_MIN
from domain.lineup import AUTO

#: shortest signing secret that is taken, in characters
SECRET_LENGTH = 32


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _split(values: object, name: str) -> object:
    """The values, with the text under this name taken apart at its commas."""
    if not isinstance(values, dict) or not isinstance(values.get(name), str):
        return values
    return {**values, name: tuple(part.strip() for part in values[name].split(",") if part.strip())}


def _require_engine(engine: str, *others: str) -> None:
    """Raise `ValueError` for a name that no engine has."""
    # Only who asks for an engine by name waits for the libraries that the engines need.
    from infrastructure.learning.lineup import ENGINES

    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}; there are {', '.join((*others, *ENGINES))}")


class DatabaseSettings(_Part):
    url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL; without one, SQLite in the data folder. "
        "PostgreSQL: `postgresql+psycopg://user:password@host/database`.",
    )
    pool_size: int = Field(10, ge=1, le=200, description="Connections that a process keeps (PostgreSQL).")
    timeout_s: float = Field(2.0, gt=0, le=60, description="Seconds to wait for a connection or a lock.")


class AuthSettings(_Part):
    secret: SecretStr | None = Field(
        None,
        description="Signs access tokens; at least 32 characters. Made once and kept in the data folder in "
        "development, demanded in production.",
    )
    previous_secret: SecretStr | None = Field(
        None, description="The secret before the present one: its tokens stay good until they expire."
    )
    issuer: str = Field("marquee", min_length=1, description="`iss` of access tokens.")
    audience: str = Field("marquee", min_length=1, description="`aud` of access tokens.")
    access_minutes: int = Field(15, ge=1, le=15, description="Life of an access token, in minutes.")
    refresh_days: int = Field(30, ge=1, le=365, description="How long a session may rest unused, in days.")
    sign_in_failures: int = Field(
        5, ge=1, description="Failed sign-ins to one account from one address in five minutes before it must wait."
    )
    sign_in_failures_per_address: int = Field(
        50,
        ge=1,
        description="Failed sign-ins from one address in five minutes, to whatever account, before it must wait.",
    )


class ServingSettings(_Part):
    liked_from: float = Field(
        LIKED_FROM, ge=RATING_MIN, le=RATING_MAX, description="Ratings from here on count as liked."
    )
    min_interactions: int = Field(5, ge=1, description="Ratings from which `auto` uses the trained engines.")
    default_engine: str = Field(AUTO, description="Engine of a request that names none.")
    exploration: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Share of the places of a user's list that go to titles drawn from the least rated ones.",
    )
    stranger_requests: int = Field(
        120, ge=1, description="Cold-start and onboarding requests that one address may make in a minute."
    )

    @model_validator(mode="after")
    def _engine_exists(self) -> "ServingSettings":
        if self.default_engine != AUTO:
            _require_engine(self.default_engine, AUTO)
        return self


class BanditSettings(_Part):
    policy: Literal["off", "epsilon_greedy", "thompson"] = Field(
        "off", description="How `auto` lets engines compete for lists, by what their lists have earned."
    )
    epsilon: float = Field(0.1, ge=0, le=1, description="Share of lists for which `epsilon_greedy` draws any engine.")
    engines: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Engines that compete, comma-separated; without any, all trained ones."
    )
    update_seconds: float = Field(
        0.0, ge=0, le=86_400, description="How often servers count what lists have earned, in seconds; 0 is never."
    )

    @model_validator(mode="before")
    @classmethod
    def _split_engines(cls, values: object) -> object:
        return _split(values, "engines")

    @model_validator(mode="after")
    def _engines_exist(self) -> "BanditSettings":
        for engine in self.engines:
            _require_engine(engine)
        return self


class IndexSettings(_Part):
    kind: Literal["auto", "exact", "annoy", "faiss"] = Field(
        "auto",
        description="How similar items are found; `auto` chooses by size and measured recall. `faiss` needs the extra "
        "of that name.",
    )
    recall: float = Field(
        0.95, gt=0, le=1, description="Share of the true neighbours that an index must find for `auto` to take it."
    )
    exact_up_to: int = Field(20_000, ge=0, description="Up to so many items `auto` compares with every one.")

    @model_validator(mode="after")
    def _library_is_there(self) -> "IndexSettings":
        if self.kind == "faiss" and find_spec("faiss") is None:
            raise ValueError("'faiss' needs a library that is not installed: pip install 'marquee[faiss]'")
        return self


class HttpSettings(_Part):
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose pages may call the API, comma-separated."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body, in bytes.")
    max_bulk_bytes: int = Field(16_777_216, ge=1024, description="Largest body of `POST /events/bulk`, in bytes.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: object) -> object:
        return _split(values, "cors_origins")


class ModelSettings(_Part):
    keep: int = Field(
        10,
        ge=1,
        le=1000,
        description="Newest model versions that stay; what an alias names, or can be gone back to, always does.",
    )


class GateSettings(_Part):
    margin: float = Field(
        0.1, ge=0, le=1, description="Share of the champion's NDCG@10 that a new model must be shown not to lose."
    )
    group_margin: float = Field(0.2, ge=0, le=1, description="The share that no group of users may be shown to lose.")
    least_users: int = Field(30, ge=1, description="A group with fewer users is not judged.")
    genres: int = Field(5, ge=0, le=100, description="So many of the commonest genres are groups of their own.")
    new_title_ratings: int = Field(20, ge=0, description="A title with at most so many ratings is new.")
    coverage: float = Field(0.8, ge=0, le=10, description="Least coverage, as a multiple of the champion's.")
    popularity: float = Field(
        1.25, ge=0, le=100, description="Greatest mean popularity of what is shown, as a multiple of the champion's."
    )
    latency_ms: float = Field(100.0, gt=0, description="Most milliseconds of a processor that a list may take.")
    size_mb: float = Field(4096.0, gt=0, description="Most megabytes that a model's files may have.")


class EventSettings(_Part):
    window_days: int = Field(
        30, ge=1, le=365, description="Days after a list was shown in which something done with it still counts."
    )
    skew_seconds: int = Field(300, ge=0, le=86_400, description="How far a client's clock may differ from ours.")


class LogSettings(_Part):
    format: Literal["console", "json"] = Field("console", description="Lines for people or for machines.")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is written.")


class Settings(BaseSettings):
    """All settings. A nested one is named with two underscores: `MARQUEE_DATABASE__URL`."""

    model_config = SettingsConfigDict(
        env_prefix="MARQUEE_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
    )

    home: Path = Field(Path("./var"), description="The data folder: database, models, caches, secret.")
    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="`development` or `production`; production refuses to start half-configured.",
    )
    datasets: Path | None = Field(None, description="A folder of data-set zips to take before downloading.")
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    auth: AuthSettings = Field(default_factory=AuthSettings)
    serving: ServingSettings = Field(default_factory=ServingSettings)
    bandit: BanditSettings = Field(default_factory=BanditSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    gates: GateSettings = Field(default_factory=GateSettings)
    events: EventSettings = Field(default_factory=EventSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @model_validator(mode="after")
    def _secrets_hold(self) -> "Settings":
        for name, secret in (("secret", self.auth.secret), ("previous_secret", self.auth.previous_secret)):
            if secret is not None and len(secret.get_secret_value()) < SECRET_LENGTH:
                raise ValueError(f"auth.{name} must have at least {SECRET_LENGTH} characters")
        if self.auth.previous_secret is not None and self.auth.secret is None:
            raise ValueError("auth.previous_secret needs auth.secret: tokens are signed with the present one")
        if self.environment is Environment.PRODUCTION and self.auth.secret is None:
            raise ValueError("auth.secret must be set in production (MARQUEE_AUTH__SECRET)")
        return self

    @property
    def database_url(self) -> str:
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.home.resolve() / 'marquee.db'}"
