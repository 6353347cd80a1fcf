"""What the life of an account needs: first steps, a wanted address, a telephone, an invitation, an end."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email_wanted', sqlmodel.sql.sqltypes.AutoString(length=254), nullable=True))
        batch_op.add_column(sa.Column('phone', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True))
        batch_op.add_column(sa.Column('password_issued', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('terms_version', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('invited_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('closed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.alter_column('username', existing_type=sa.VARCHAR(length=100), type_=sqlmodel.sql.sqltypes.AutoString(length=254), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_column('closed_at')
        batch_op.drop_column('invited_at')
        batch_op.drop_column('terms_version')
        batch_op.drop_column('password_issued')
        batch_op.drop_column('phone')
        batch_op.drop_column('email_wanted')
