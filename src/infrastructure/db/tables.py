"""The tables. Constraint names follow one convention, so that errors and migrations can rely on them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
)

from domain.engagements import Action, FeedbackKind
from domain.items import Kind
from domain.users import Role
from infrastructure.db.types import BigId, FoldedText, Strings, UtcDateTime, names_of

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("email", Text),
    Column("email_key", FoldedText, unique=True),
    Column("username", Text, nullable=False),
    Column("username_key", FoldedText, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("role", names_of(Role), nullable=False, index=True),
    Column("age", Integer),
    Column("gender", Text),
    Column("occupation", Text),
    Column("zip_code", Text),
    Column("consent", Boolean, nullable=False),
    Column("origin", Text),
    Column("created_at", UtcDateTime, nullable=False),
    # The id of an erased user is never given to somebody else.
    sqlite_autoincrement=True,
)

items = Table(
    "items",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", names_of(Kind), nullable=False),
    Column("external_id", Text),
    Column("title", Text, nullable=False),
    # What searching and sorting by title go by; `title_key` adds kind and year, and keeps them unique.
    Column("title_folded", FoldedText, nullable=False, index=True),
    Column("title_key", FoldedText, nullable=False, unique=True),
    Column("year", Integer),
    Column("genres", Strings, nullable=False),
    Column("tags", Strings, nullable=False),
    Column("creators", Strings, nullable=False),
    Column("description", Text),
    Column("language", Text),
    Column("poster_url", Text),
    Column("rating_count", Integer, nullable=False),
    Column("rating_sum", Double, nullable=False),
    Column("origin", Text),
    UniqueConstraint("kind", "external_id"),
    sqlite_autoincrement=True,
)

#: genres and tags by their folded names, to find items by
item_labels = Table(
    "item_labels",
    metadata,
    Column("field", String(16), primary_key=True),
    Column("label", FoldedText, primary_key=True),
    Column("item_id", BigId, ForeignKey(items.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

ratings = Table(
    "ratings",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("item_id", BigId, ForeignKey(items.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("value", Double, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    UniqueConstraint("user_id", "item_id"),
    # One user's history, oldest first.
    Index(None, "user_id", "timestamp", "id"),
    sqlite_autoincrement=True,
)

impressions = Table(
    "impressions",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE")),
    Column("surface", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("model_version", Text),
    Column("shown_at", UtcDateTime, nullable=False, index=True),
    Column("platform", Text),
    Column("k", Integer, nullable=False),
    Column("fallback_used", Boolean, nullable=False),
    Column("applied_events", Integer, nullable=False),
    Column("items", JSON, nullable=False),
    Column("experiment_id", Uuid(as_uuid=False)),
    Column("variant", Text),
    Column("engine_probability", Double, nullable=False, server_default="1"),
    Column("generators", JSON(none_as_null=True)),
    # The reward that the bandit has counted for this list so far; nothing while it has not been looked at.
    Column("credited", Double),
    Index(None, "user_id", "shown_at"),
)
# Most lists are part of no experiment, and these are not in the index.
_of_experiments = impressions.c.experiment_id.is_not(None)
Index(None, impressions.c.experiment_id, sqlite_where=_of_experiments, postgresql_where=_of_experiments)

#: what was done with items of impressions; `shown_at`, `engine` and `model_version` are those of the impression
engagements = Table(
    "engagements",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("impression_id", Uuid(as_uuid=False), ForeignKey(impressions.c.id, ondelete="CASCADE"), nullable=False),
    Column("item_id", BigId, nullable=False),
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE")),
    Column("action", names_of(Action), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False, index=True),
    Column("rank", Integer, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False, index=True),
    Column("engine", Text, nullable=False),
    Column("model_version", Text),
    Column("platform", Text),
    Index(None, "impression_id"),
    Index(None, "item_id", "shown_at"),
    Index(None, "user_id", "occurred_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("item_id", BigId, nullable=False),
    Column("feedback", names_of(FeedbackKind), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("value", Double),
    Column("session_id", Text),
    Index(None, "item_id", "occurred_at"),
    Index(None, "user_id", "occurred_at"),
)

#: ratings that actions imply, one for each user and item; they count where the user has given no rating
signals = Table(
    "signals",
    metadata,
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("item_id", BigId, primary_key=True, autoincrement=False, index=True),
    Column("value", Double, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(128), primary_key=True),
    Column("family", String(64), nullable=False, index=True),
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used", Boolean, nullable=False, server_default=false()),
    Column("revoked", Boolean, nullable=False, server_default=false()),
)

taste_settings = Table(
    "taste_settings",
    metadata,
    Column("user_id", BigId, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("muted_genres", Strings, nullable=False),
    Column("boosted_genres", Strings, nullable=False),
)

#: what each engine's lists have earned, by class of history; the sums of what impressions have been credited with
bandit_arms = Table(
    "bandit_arms",
    metadata,
    Column("context", String(16), primary_key=True),
    Column("engine", String(64), primary_key=True),
    Column("pulls", BigInteger, nullable=False),
    Column("reward_sum", Double, nullable=False),
    Column("square_sum", Double, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

#: variants and guard rails as JSON: they are read and written with their experiment, and never change
experiments = Table(
    "experiments",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("variants", JSON, nullable=False),
    Column("success_metric", Text, nullable=False),
    Column("guard_rails", JSON, nullable=False),
    Column("duration_days", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("started_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
)

#: turns that processes take: whoever has one has it until then
leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
)

#: the lists of a day: with the event `list`, how many there were of the length that `rank` holds; with an action, at
#: how many places of that rank it was done. What has no model version or platform has an empty one
daily_lists = Table(
    "daily_lists",
    metadata,
    Column("day", Date, primary_key=True),
    Column("engine", Text, primary_key=True),
    Column("model_version", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("surface", Text, primary_key=True),
    Column("event", String(16), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: the items of a day: with the event `shown`, how often each was, by what had proposed it; with an action, at how many
#: places it was done, by nothing
daily_items = Table(
    "daily_items",
    metadata,
    Column("day", Date, primary_key=True),
    Column("item_id", BigId, primary_key=True, autoincrement=False),
    Column("event", String(16), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("rank_sum", BigInteger, nullable=False),
    Index(None, "item_id", "day"),
    sqlite_with_rowid=False,
)

#: how many lists of a day had so many hits among so many places, by what was asked; dropped when more is reported of it
daily_hits = Table(
    "daily_hits",
    metadata,
    Column("question", String(64), primary_key=True),
    Column("day", Date, primary_key=True, index=True),
    Column("hits", Integer, primary_key=True, autoincrement=False),
    Column("places", Integer, primary_key=True, autoincrement=False),
    Column("lists", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: up to when the lists of a day are in the tables above, and when they were counted; actions are, once the day is over
rolled_days = Table(
    "rolled_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

dataset_loads = Table(
    "dataset_loads",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("ratings_done", BigInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
)
