"""The UBL document that an invoice came as, and the rate of VAT of its lines."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice", sa.Column("ubl_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("invoice_line", sa.Column("vat_rate", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoice_line", "vat_rate")
    op.drop_column("invoice", "ubl_hash")
