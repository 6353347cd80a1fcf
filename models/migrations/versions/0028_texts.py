"""When staff have changed a help article; and a way to the texts that hold on a day."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("article", sa.Column("edited_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.create_index("ix_text_override_days", "text_override", ["key", "valid_from", "valid_until"])


def downgrade() -> None:
    op.drop_index("ix_text_override_days", table_name="text_override")
    op.drop_column("article", "edited_at")
