"""Engagements, feedback, what they imply, and how an impression's engine was chosen.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UUID = sa.Uuid(as_uuid=False)
TIME = sa.DateTime(timezone=True)

ADDED = ("experiment_id", "variant", "engine_probability", "generators", "credited")


def upgrade():
    op.add_column("impressions", sa.Column("experiment_id", UUID))
    op.add_column("impressions", sa.Column("variant", sa.Text()))
    op.add_column("impressions", sa.Column("engine_probability", sa.Double(), nullable=False, server_default="1"))
    op.add_column("impressions", sa.Column("generators", sa.JSON()))
    op.add_column("impressions", sa.Column("credited", sa.Double()))
    create_engagements()
    create_feedback()
    create_signals()


def create_engagements():
    op.create_table(
        "engagements",
        sa.Column("id", UUID, nullable=False),
        sa.Column("impression_id", UUID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("shown_at", TIME, nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text()),
        sa.Column("platform", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_engagements"),
        sa.ForeignKeyConstraint(
            ["impression_id"], ["impressions.id"], name="fk_engagements_impression_id_impressions", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_engagements_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_engagements_impression_id", "engagements", ["impression_id"])
    op.create_index("ix_engagements_item_id_shown_at", "engagements", ["item_id", "shown_at"])
    op.create_index("ix_engagements_recorded_at", "engagements", ["recorded_at"])
    op.create_index("ix_engagements_shown_at", "engagements", ["shown_at"])
    op.create_index("ix_engagements_user_id_occurred_at", "engagements", ["user_id", "occurred_at"])


def create_feedback():
    op.create_table(
        "feedback",
        sa.Column("id", UUID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("feedback", sa.String(16), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("session_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_feedback_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_feedback_item_id_occurred_at", "feedback", ["item_id", "occurred_at"])
    op.create_index("ix_feedback_user_id_occurred_at", "feedback", ["user_id", "occurred_at"])


def create_signals():
    op.create_table(
        "signals",
        sa.Column("user_id", ID, nullable=False, autoincrement=False),
        sa.Column("item_id", ID, nullable=False, autoincrement=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "item_id", name="pk_signals"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_signals_user_id_users", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signals_item_id", "signals", ["item_id"])


def downgrade():
    for table in ("signals", "feedback", "engagements"):
        op.drop_table(table)
    with op.batch_alter_table("impressions") as impressions:
        for name in ADDED:
            impressions.drop_column(name)
