"""Applications to act by a power of attorney, and requests for access to a flat."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    moment = sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "power_of_attorney",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", text(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code", text(length=32), nullable=False),
        sa.Column("about", text(length=300), nullable=False),
        sa.Column("file_hash", text(length=64), nullable=False),
        sa.Column("file_name", text(length=120), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("reason", text(length=500), nullable=False),
        sa.Column("mandate_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_power_of_attorney_mandate_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_power_of_attorney_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_power_of_attorney")),
        sa.UniqueConstraint("public_id", name=op.f("uq_power_of_attorney_public_id")),
    )
    with op.batch_alter_table("power_of_attorney", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_power_of_attorney_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_power_of_attorney_mandate_id"), ["mandate_id"], unique=False)
    op.create_table(
        "access_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("wanted", text(length=240), nullable=False),
        sa.Column("who", text(length=200), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("looked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_access_request_owner_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_access_request_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_request_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_request_owner_id"), ["owner_id"], unique=False)


def downgrade() -> None:
    op.drop_table("access_request")
    op.drop_table("power_of_attorney")
