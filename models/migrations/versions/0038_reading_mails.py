"""E-mails with readings that wait for staff."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_reading_mail_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_mail")),
        sa.UniqueConstraint("message_hash", name=op.f("uq_reading_mail_message_hash")),
    )
    op.create_index("ix_reading_mail_decided_at", "reading_mail", ["decided_at"])


def downgrade() -> None:
    op.drop_table("reading_mail")
