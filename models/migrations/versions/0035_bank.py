"""Money that came to the bank: what statements told of it, and which payments it is."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_STATES = sa.Enum("open", "matched", "aside", name="entrystate", native_enum=False, length=16)


def upgrade() -> None:
    op.create_table(
        "bank_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(length=34), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("payer", sqlmodel.sql.sqltypes.AutoString(length=140), nullable=False),
        sa.Column("payer_iban", sqlmodel.sql.sqltypes.AutoString(length=34), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(length=140), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("state", _STATES, nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_entry")),
        sa.UniqueConstraint("external_id", name=op.f("uq_bank_entry_external_id")),
    )
    op.create_index("ix_bank_entry_payer_iban", "bank_entry", ["payer_iban"])
    op.create_index("ix_bank_entry_state", "bank_entry", ["state"])
    with op.batch_alter_table("online_payment") as table:
        table.add_column(sa.Column("bank_entry_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True))
        table.create_foreign_key("fk_online_payment_bank_entry_id", "bank_entry", ["bank_entry_id"], ["id"])
        table.create_index("ix_online_payment_bank_entry_id", ["bank_entry_id"])
        table.create_index("ix_online_payment_reason", ["reason"])
        table.create_index("ix_online_payment_status", ["status"])
    op.create_index("ix_invoice_reference", "invoice", ["reference"])


def downgrade() -> None:
    op.drop_index("ix_invoice_reference", table_name="invoice")
    with op.batch_alter_table("online_payment") as table:
        table.drop_index("ix_online_payment_status")
        table.drop_index("ix_online_payment_reason")
        table.drop_index("ix_online_payment_bank_entry_id")
        table.drop_constraint("fk_online_payment_bank_entry_id", type_="foreignkey")
        table.drop_column("reason")
        table.drop_column("bank_entry_id")
    op.drop_table("bank_entry")
