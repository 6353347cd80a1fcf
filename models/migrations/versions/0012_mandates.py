"""Mandates, with the premises that each is for, and links about one of several things."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live = sa.text("ended_at IS NULL")
    text = sqlmodel.sql.sqltypes.AutoString
    moment = sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "mandate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", text(length=32), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("delegate_id", sa.Integer(), nullable=True),
        sa.Column("address", text(length=254), nullable=False),
        sa.Column("name", text(length=100), nullable=False),
        sa.Column("language", text(length=2), nullable=False),
        sa.Column("rights", text(length=100), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("invited_at", moment, nullable=False),
        sa.Column("accepted_at", moment, nullable=True),
        sa.Column("suspended_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["delegate_id"], ["user_account.id"], name=op.f("fk_mandate_delegate_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["user_account.id"], name=op.f("fk_mandate_granted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mandate_public_id")),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_granted_by"), ["granted_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandate_delegate_id"), ["delegate_id"], unique=False)
        batch_op.create_index(
            "ux_mandate_live", ["granted_by", "address"], unique=True, sqlite_where=live, postgresql_where=live
        )
    op.create_table(
        "mandate_premises",
        sa.Column("mandate_id", sa.Integer(), nullable=False),
        sa.Column("premises_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_mandate_premises_customer_id")),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_mandate_premises_mandate_id")),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_mandate_premises_premises_id")),
        sa.PrimaryKeyConstraint("mandate_id", "premises_id", name=op.f("pk_mandate_premises")),
    )
    with op.batch_alter_table("mandate_premises", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_premises_customer_id"), ["customer_id"], unique=False)
    with op.batch_alter_table("mail_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("mail_token", schema=None) as batch_op:
        batch_op.drop_column("about")
    op.drop_table("mandate_premises")
    op.drop_table("mandate")
