"""Copies of what is held about a person, which she has asked for."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waits = sa.text("file_hash IS NULL")
    op.create_table(
        "data_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
        sa.Column("asked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("file_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_data_copy_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_copy")),
        sa.UniqueConstraint("public_id", name=op.f("uq_data_copy_public_id")),
    )
    with op.batch_alter_table("data_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_data_copy_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "ix_data_copy_waiting", ["due_at"], unique=False, sqlite_where=waits, postgresql_where=waits
        )


def downgrade() -> None:
    op.drop_table("data_copy")
