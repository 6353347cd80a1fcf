"""Whose a conversation is, until when it waits, what it goes on in; who of the staff is away."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("snoozed_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("touched_by", _TEXT(length=100), nullable=False, server_default=""))
        batch_op.create_foreign_key(batch_op.f("fk_thread_assignee_id"), "user_account", ["assignee_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_thread_merged_into"), ["merged_into"], unique=False)
        batch_op.create_index("ix_thread_assignee", ["state", "assignee_id", "due_at"], unique=False)
        batch_op.create_index("ix_thread_latest", ["state", "latest_id"], unique=False)
    op.create_index(op.f("ix_user_account_role"), "user_account", ["role"])
    op.create_table(
        "staff_away",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["user_account.id"], name=op.f("fk_staff_away_staff_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["user_account.id"], name=op.f("fk_staff_away_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_away")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_staff_away_staff_id")),
    )
    op.create_index(op.f("ix_staff_away_substitute_id"), "staff_away", ["substitute_id"])


def downgrade() -> None:
    op.drop_table("staff_away")
    op.drop_index(op.f("ix_user_account_role"), table_name="user_account")
    with op.batch_alter_table("thread", schema=None) as batch_op:
        for name in ("ix_thread_latest", "ix_thread_assignee", "ix_thread_merged_into"):
            batch_op.drop_index(name)
        batch_op.drop_constraint(batch_op.f("fk_thread_assignee_id"), type_="foreignkey")
        for name in ("touched_by", "version", "merged_into", "snoozed_until", "assignee_id"):
            batch_op.drop_column(name)
