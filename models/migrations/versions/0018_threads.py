"""Conversations with residents, their files, drafts of these, and notes of staff."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
_STATES = sa.Enum("open", "answered", "resolved", "closed", name="threadstate", native_enum=False, length=16)


def upgrade() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", _TEXT(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("premises_id", sa.Integer(), nullable=True),
        sa.Column("mandate_version", sa.Integer(), nullable=True),
        sa.Column("topic", _TEXT(length=32), nullable=False),
        sa.Column("subject", _TEXT(length=120), nullable=False),
        sa.Column("about", _TEXT(length=24), nullable=False),
        sa.Column("about_name", _TEXT(length=64), nullable=False),
        sa.Column("language", _TEXT(length=2), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("state", _STATES, nullable=False),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("latest_id", sa.Integer(), nullable=False),
        sa.Column("follows", _TEXT(length=16), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("changed_at", _MOMENT(), nullable=False),
        sa.Column("due_at", _MOMENT(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_thread_user_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_thread_customer_id")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_thread_premises_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("public_id", name=op.f("uq_thread_public_id")),
    )
    with op.batch_alter_table("thread", schema=None) as batch_op:
        for column in ("user_id", "customer_id", "premises_id", "latest_id"):
            batch_op.create_index(batch_op.f(f"ix_thread_{column}"), [column], unique=False)
        batch_op.create_index("ix_thread_state", ["state", "due_at"], unique=False)
        fresh = sa.text("unread AND mandate_version IS NULL")
        batch_op.create_index("ix_thread_unread", ["user_id"], unique=False, sqlite_where=fresh, postgresql_where=fresh)
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", _TEXT(length=16), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("from_staff", sa.Boolean(), nullable=False),
        sa.Column("author", _TEXT(length=100), nullable=False),
        sa.Column("body", _TEXT(length=5000), nullable=False),
        sa.Column("sent_at", _MOMENT(), nullable=False),
        sa.Column("actor_user_id", sa.Integer(), nullable=True),
        sa.Column("principal_customer_id", sa.Integer(), nullable=True),
        sa.Column("mandate_version", sa.Integer(), nullable=True),
        sa.Column("session_method", _TEXT(length=16), nullable=True),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_message_thread_id")),
        sa.ForeignKeyConstraint(["actor_user_id"], ["user_account.id"], name=op.f("fk_message_actor_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    op.create_table(
        "message_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", _TEXT(length=16), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(length=120), nullable=False),
        sa.Column("file_hash", _TEXT(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_file_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_file_public_id")),
    )
    op.create_table(
        "thread_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("author", _TEXT(length=100), nullable=False),
        sa.Column("body", _TEXT(length=5000), nullable=False),
        sa.Column("noted_at", _MOMENT(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_thread_note_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_note")),
    )
    op.create_table(
        "message_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("once", _TEXT(length=16), nullable=False),
        sa.Column("name", _TEXT(length=120), nullable=False),
        sa.Column("file_hash", _TEXT(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_message_draft_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_draft")),
    )
    for table, column in (
        ("message", "thread_id"), ("message", "actor_user_id"), ("message_file", "message_id"),
        ("thread_note", "thread_id"), ("message_draft", "user_id"),
    ):  # fmt: skip
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def downgrade() -> None:
    for table in ("message_draft", "thread_note", "message_file", "message", "thread"):
        op.drop_table(table)
