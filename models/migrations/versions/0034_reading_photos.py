"""Photos of meters that came with readings."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("file_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_reading_photo_reading_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_photo")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reading_photo_public_id")),
        sa.UniqueConstraint("reading_id", name=op.f("uq_reading_photo_reading_id")),
    )
    op.create_index("ix_reading_photo_created_at", "reading_photo", ["created_at"])


def downgrade() -> None:
    op.drop_table("reading_photo")
