"""By what way a conversation came that staff have logged for somebody."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    via = sa.Column("via", sqlmodel.sql.sqltypes.AutoString(length=8), server_default="", nullable=False)
    op.add_column("thread", via)


def downgrade() -> None:
    op.drop_column("thread", "via")
