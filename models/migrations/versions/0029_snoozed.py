"""Conversations that are put off are counted without reading all that are open."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_thread_snoozed", "thread", ["state", "snoozed_until"])
    op.drop_index("ix_thread_assignee", table_name="thread")
    op.create_index("ix_thread_assignee", "thread", ["state", "assignee_id", "due_at", "snoozed_until"])


def downgrade() -> None:
    op.drop_index("ix_thread_assignee", table_name="thread")
    op.create_index("ix_thread_assignee", "thread", ["state", "assignee_id", "due_at"])
    op.drop_index("ix_thread_snoozed", table_name="thread")
