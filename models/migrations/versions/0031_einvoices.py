"""E-invoices: who gets which by e-mail; which invoices were told."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

UNTOLD = sa.text("announced_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "einvoice",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("attached", sa.Boolean(), nullable=False),
        sa.Column("paper_off", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_einvoice_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_einvoice_user_id")),
        sa.PrimaryKeyConstraint("user_id", "customer_id", name=op.f("pk_einvoice")),
    )
    op.create_index(op.f("ix_einvoice_customer_id"), "einvoice", ["customer_id"])
    op.add_column("invoice", sa.Column("announced_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute("UPDATE invoice SET announced_at = CURRENT_TIMESTAMP")  # nobody is written to about what was there
    op.create_index("ix_invoice_untold", "invoice", ["id"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)


def downgrade() -> None:
    op.drop_index("ix_invoice_untold", table_name="invoice")
    op.drop_column("invoice", "announced_at")
    op.drop_table("einvoice")
