"""Documents of a customer, and how a person likes the pages to look."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

TWO = "(premises_id IS NULL) <> (house_id IS NULL)"
THREE = (
    "(CASE WHEN premises_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN house_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.add_column(sa.Column('customer_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_document_customer_id'), ['customer_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_document_customer_id'), 'customer', ['customer_id'], ['id'])
        batch_op.drop_constraint(batch_op.f('ck_document_one_place'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_document_one_place'), THREE)

    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('theme', sqlmodel.sql.sqltypes.AutoString(length=5), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_column('theme')

    op.execute("DELETE FROM document WHERE customer_id IS NOT NULL")  # it has no place without its customer
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_document_one_place'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_document_one_place'), TWO)
        batch_op.drop_constraint(batch_op.f('fk_document_customer_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_document_customer_id'))
        batch_op.drop_column('customer_id')
