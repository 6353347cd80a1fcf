"""Payments that people start here, and which invoices they are for."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_STATES = sa.Enum(
    "pending", "paid", "failed", "cancelled", "expired", "refunded", "review",
    name="paymentstate", native_enum=False, length=16,
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "online_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("hook", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("premises_id", sa.Integer(), nullable=False),
        sa.Column("provider", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("provider_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("status", _STATES, nullable=False),
        sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("settled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("booked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("look_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_online_payment_premises_id")),
        sa.ForeignKeyConstraint(["started_by"], ["user_account.id"], name=op.f("fk_online_payment_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_payment")),
        sa.UniqueConstraint("hook", name=op.f("uq_online_payment_hook")),
        sa.UniqueConstraint("provider", "provider_id", name=op.f("uq_online_payment_provider")),
        sa.UniqueConstraint("public_id", name=op.f("uq_online_payment_public_id")),
    )
    op.create_index("ix_online_payment_look_at", "online_payment", ["look_at"])
    op.create_index("ix_online_payment_premises_id", "online_payment", ["premises_id"])
    op.create_index("ix_online_payment_started_by", "online_payment", ["started_by"])
    op.create_table(
        "online_payment_invoice",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_online_payment_invoice_invoice_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["online_payment.id"], name=op.f("fk_online_payment_invoice_payment_id")),
        sa.PrimaryKeyConstraint("payment_id", "invoice_id", name=op.f("pk_online_payment_invoice")),
    )
    op.create_index("ix_online_payment_invoice_invoice_id", "online_payment_invoice", ["invoice_id"])


def downgrade() -> None:
    op.drop_table("online_payment_invoice")
    op.drop_table("online_payment")
