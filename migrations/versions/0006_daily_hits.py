"""Hits of each day's lists, by question.

Revision 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "daily_hits",
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("places", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("lists", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("question", "day", "hits", "places", name="pk_daily_hits"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_daily_hits_day", "daily_hits", ["day"])


def downgrade():
    op.drop_table("daily_hits")
