"""Reminders: one row for each person, kind and date; links to readings that somebody stopped."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("about", sa.Date(), nullable=False),
        sa.Column("written_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_reminder_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", "about", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_about", "reminder", ["about"])
    op.create_table(
        "reading_link_stop",
        sa.Column("premises_id", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_reading_link_stop_premises_id")),
        sa.PrimaryKeyConstraint("premises_id", "opens", name=op.f("pk_reading_link_stop")),
    )
    op.create_index("ix_reading_link_stop_opens", "reading_link_stop", ["opens"])
    # To find whose date is near among all meters.
    op.create_index("ix_meter_valid_until", "meter", ["valid_until"])


def downgrade() -> None:
    op.drop_index("ix_meter_valid_until", table_name="meter")
    op.drop_table("reading_link_stop")
    op.drop_table("reminder")
