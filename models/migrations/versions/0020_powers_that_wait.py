"""What waits among powers of attorney is found without reading those that were decided."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_power_of_attorney_decided_at"), "power_of_attorney", ["decided_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_power_of_attorney_decided_at"), table_name="power_of_attorney")
