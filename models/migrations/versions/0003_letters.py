"""Letters that wait to be sent, and the links in them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mail',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('address', sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
    sa.Column('language', sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('due_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('leased_until', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('sent_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('parked_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('error', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_mail_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail'))
    )
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_user_id'), ['user_id'], unique=False)
        batch_op.create_index('ix_mail_waiting', ['due_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND parked_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND parked_at IS NULL'))

    op.create_table('mail_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('purpose', sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('created_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('expires_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('used_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_mail_token_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_token')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_mail_token_token_hash'))
    )
    with op.batch_alter_table('mail_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_token_user_id'), ['user_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('mail_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_token_user_id'))

    op.drop_table('mail_token')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.drop_index('ix_mail_waiting', sqlite_where=sa.text('sent_at IS NULL AND parked_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND parked_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_mail_user_id'))

    op.drop_table('mail')
