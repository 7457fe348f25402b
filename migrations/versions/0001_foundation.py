"""Accounts, items, ratings, impressions, and what keeps them.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The types as they were at this revision, whatever the application calls them later.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade():
    create_users()
    create_items()
    create_ratings()
    create_impressions()
    create_sessions()
    create_bookkeeping()


def create_users():
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("email_key", FOLDED),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_key", FOLDED, nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("age", sa.Integer()),
        sa.Column("gender", sa.Text()),
        sa.Column("occupation", sa.Text()),
        sa.Column("zip_code", sa.Text()),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_users_role", "users", ["role"])
    op.create_table(
        "taste_settings",
        sa.Column("user_id", ID, nullable=False, autoincrement=False),
        sa.Column("muted_genres", sa.JSON(), nullable=False),
        sa.Column("boosted_genres", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_taste_settings"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_taste_settings_user_id_users", ondelete="CASCADE"),
    )


def create_items():
    op.create_table(
        "items",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_folded", FOLDED, nullable=False),
        sa.Column("title_key", FOLDED, nullable=False),
        sa.Column("year", sa.Integer()),
        sa.Column("genres", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("creators", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("poster_url", sa.Text()),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("rating_sum", sa.Double(), nullable=False),
        sa.Column("origin", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("kind", "external_id", name="uq_items_kind_external_id"),
        sa.UniqueConstraint("title_key", name="uq_items_title_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_items_title_folded", "items", ["title_folded"])
    op.create_table(
        "item_labels",
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("label", FOLDED, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("field", "label", "item_id", name="pk_item_labels"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_labels_item_id_items", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_item_labels_item_id", "item_labels", ["item_id"])


def create_ratings():
    op.create_table(
        "ratings",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ratings"),
        sa.UniqueConstraint("user_id", "item_id", name="uq_ratings_user_id_item_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_ratings_user_id_users", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_ratings_item_id_items", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ratings_item_id", "ratings", ["item_id"])
    op.create_index("ix_ratings_user_id_timestamp_id", "ratings", ["user_id", "timestamp", "id"])


def create_impressions():
    op.create_table(
        "impressions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", ID),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text()),
        sa.Column("shown_at", TIME, nullable=False),
        sa.Column("platform", sa.Text()),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("fallback_used", sa.Boolean(), nullable=False),
        sa.Column("applied_events", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_impressions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_impressions_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_impressions_shown_at", "impressions", ["shown_at"])
    op.create_index("ix_impressions_user_id_shown_at", "impressions", ["user_id", "shown_at"])


def create_sessions():
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("family", sa.String(64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("revoked", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_refresh_tokens_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_index("ix_refresh_tokens_user_id", "refresh_tokens", ["user_id"])


def create_bookkeeping():
    op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "dataset_loads",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("ratings_done", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name="pk_dataset_loads"),
    )


def downgrade():
    for table in (
        "dataset_loads",
        "counters",
        "refresh_tokens",
        "impressions",
        "ratings",
        "item_labels",
        "items",
        "taste_settings",
        "users",
    ):
        op.drop_table(table)
