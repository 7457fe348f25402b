"""Counts of each day's lists and items.

Revision 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "daily_lists",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "engine", "model_version", "platform", "surface", "event", "rank", name="pk_daily_lists"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily_items",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", ID, nullable=False, autoincrement=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("rank_sum", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "item_id", "event", "source", name="pk_daily_items"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_daily_items_item_id_day", "daily_items", ["item_id", "day"])
    op.create_table(
        "rolled_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_rolled_days"),
    )


def downgrade():
    for table in ("rolled_days", "daily_items", "daily_lists"):
        op.drop_table(table)
