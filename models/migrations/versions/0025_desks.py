"""What the desks of staff need: who has checked a power of attorney first or a reading, and ways to what waits."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
_FLAGGED = sa.text("flag IS NOT NULL AND superseded_at IS NULL AND reviewed_at IS NULL")
_BY_STAFF = sa.text("source IN ('staff', 'slip') AND superseded_at IS NULL")


def upgrade() -> None:
    op.add_column("power_of_attorney", sa.Column("checked", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_handover_state"), "handover", ["state"])
    op.create_index(op.f("ix_absence_ends_on"), "absence", ["ends_on"])
    op.create_index(op.f("ix_house_address"), "house", ["address"])
    op.add_column("reading", sa.Column("reviewed_at", _MOMENT(), nullable=True))
    op.create_index("ix_reading_flagged", "reading", ["id"], sqlite_where=_FLAGGED, postgresql_where=_FLAGGED)
    op.create_index("ix_reading_by_staff", "reading", ["id"], sqlite_where=_BY_STAFF, postgresql_where=_BY_STAFF)


def downgrade() -> None:
    op.drop_index("ix_reading_by_staff", table_name="reading")
    op.drop_index("ix_reading_flagged", table_name="reading")
    op.drop_column("reading", "reviewed_at")
    op.drop_index(op.f("ix_house_address"), table_name="house")
    op.drop_index(op.f("ix_absence_ends_on"), table_name="absence")
    op.drop_index(op.f("ix_handover_state"), table_name="handover")
    op.drop_column("power_of_attorney", "checked")
