"""Tokens of programs, what they were answered, and how far the events that a billing system is told have come."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_TEXT, _MOMENT = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("token_hash", _TEXT(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT(), nullable=False),
        sa.Column("expires_at", _MOMENT(), nullable=False),
        sa.Column("used_at", _MOMENT(), nullable=True),
        sa.Column("revoked_at", _MOMENT(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "api_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("once", _TEXT(length=64), nullable=False),
        sa.Column("content_hash", _TEXT(length=64), nullable=False),
        sa.Column("created_at", _MOMENT(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_api_receipt_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_receipt")),
        sa.UniqueConstraint("once", "token_id", name=op.f("uq_api_receipt_once")),
    )
    op.create_index("ix_api_receipt_created_at", "api_receipt", ["created_at"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("told_to", sa.Integer(), nullable=False),
        sa.Column("leased_until", _MOMENT(), nullable=True),
        sa.Column("due_at", _MOMENT(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", _TEXT(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )


def downgrade() -> None:
    op.drop_table("webhook")
    op.drop_table("api_receipt")
    op.drop_table("api_token")
