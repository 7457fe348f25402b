"""Experiments, and the way to their lists.

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
#: most lists are part of no experiment, and these are not in the index
OF_EXPERIMENTS = sa.text("experiment_id IS NOT NULL")


def upgrade():
    op.create_table(
        "experiments",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("success_metric", sa.Text(), nullable=False),
        sa.Column("guard_rails", sa.JSON(), nullable=False),
        sa.Column("duration_days", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("stopped_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
    )
    op.create_index("ix_experiments_created_at", "experiments", ["created_at"])
    op.create_index(
        "ix_impressions_experiment_id",
        "impressions",
        ["experiment_id"],
        sqlite_where=OF_EXPERIMENTS,
        postgresql_where=OF_EXPERIMENTS,
    )


def downgrade():
    op.drop_index("ix_impressions_experiment_id", "impressions")
    op.drop_table("experiments")
