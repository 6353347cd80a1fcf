"""What staff are writing: drafts, which conversations they have open, prepared replies, mentions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "composing",
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", _MOMENT(), nullable=False),
        sa.Column("since", _MOMENT(), nullable=True),
        sa.Column("is_note", sa.Boolean(), nullable=False),
        sa.Column("body", _TEXT(length=5000), nullable=False),
        sa.Column("once", _TEXT(length=16), nullable=False),
        sa.Column("resolve", sa.Boolean(), nullable=False),
        sa.Column("due_at", _MOMENT(), nullable=True),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_composing_thread_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_composing_user_id")),
        sa.PrimaryKeyConstraint("thread_id", "user_id", name=op.f("pk_composing")),
    )
    op.create_table(
        "canned_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", _TEXT(length=80), nullable=False),
        sa.Column("topic", _TEXT(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("lv", _TEXT(length=3000), nullable=False),
        sa.Column("en", _TEXT(length=3000), nullable=False),
        sa.Column("ru", _TEXT(length=3000), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_canned_reply_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
    )
    op.create_table(
        "mention",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["thread_note.id"], name=op.f("fk_mention_note_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mention_user_id")),
        sa.PrimaryKeyConstraint("note_id", "user_id", name=op.f("pk_mention")),
    )
    for table, column in (
        ("composing", "user_id"), ("composing", "seen_at"), ("composing", "due_at"), ("canned_reply", "user_id"),
        ("mention", "user_id"),
    ):  # fmt: skip
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def downgrade() -> None:
    op.drop_table("mention")
    op.drop_table("canned_reply")
    op.drop_table("composing")
