"""Notices with their texts, audience, files and receipts; what people want to be written about; ranks of letters."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
    sa.Column('external_id', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('for_all', sa.Boolean(), nullable=False),
    sa.Column('emergency', sa.Boolean(), nullable=False),
    sa.Column('published_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('valid_until', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('withdrawn_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('announced_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.CheckConstraint('valid_until IS NOT NULL OR NOT emergency', name=op.f('ck_notice_emergencies_end')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('external_id', name=op.f('uq_notice_external_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_notice_public_id'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_emergency', ['valid_until'], unique=False, sqlite_where=sa.text('emergency = 1'), postgresql_where=sa.text('emergency'))
        batch_op.create_index('ix_notice_for_all', ['published_at'], unique=False, sqlite_where=sa.text('for_all = 1'), postgresql_where=sa.text('for_all'))
        batch_op.create_index('ix_notice_unannounced', ['published_at'], unique=False, sqlite_where=sa.text('announced_at IS NULL'), postgresql_where=sa.text('announced_at IS NULL'))

    op.create_table('notice_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('file_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_notice_file_notice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_file')),
    sa.UniqueConstraint('public_id', name=op.f('uq_notice_file_public_id'))
    )
    with op.batch_alter_table('notice_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_file_notice_id'), ['notice_id'], unique=False)

    op.create_table('notice_receipt',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('read_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_notice_receipt_notice_id')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_notice_receipt_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'notice_id', name=op.f('pk_notice_receipt'))
    )
    op.create_table('notice_text',
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('language', sqlmodel.sql.sqltypes.AutoString(length=2), nullable=False),
    sa.Column('title', sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
    sa.Column('body', sqlmodel.sql.sqltypes.AutoString(length=10000), nullable=False),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_notice_text_notice_id')),
    sa.PrimaryKeyConstraint('notice_id', 'language', name=op.f('pk_notice_text'))
    )
    op.create_table('preference',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
    sa.Column('wanted', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_preference_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'kind', name=op.f('pk_preference'))
    )
    op.create_table('notice_audience',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('house_id', sa.Integer(), nullable=True),
    sa.Column('entrance_id', sa.Integer(), nullable=True),
    sa.Column('premises_id', sa.Integer(), nullable=True),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('CASE WHEN house_id IS NULL THEN 0 ELSE 1 END + CASE WHEN entrance_id IS NULL THEN 0 ELSE 1 END + CASE WHEN premises_id IS NULL THEN 0 ELSE 1 END + CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END = 1', name=op.f('ck_notice_audience_one')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_notice_audience_customer_id')),
    sa.ForeignKeyConstraint(['entrance_id'], ['entrance.id'], name=op.f('fk_notice_audience_entrance_id')),
    sa.ForeignKeyConstraint(['house_id'], ['house.id'], name=op.f('fk_notice_audience_house_id')),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_notice_audience_notice_id')),
    sa.ForeignKeyConstraint(['premises_id'], ['premises.id'], name=op.f('fk_notice_audience_premises_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_audience'))
    )
    with op.batch_alter_table('notice_audience', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_audience_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_audience_entrance_id'), ['entrance_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_audience_house_id'), ['house_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_audience_notice_id'), ['notice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_audience_premises_id'), ['premises_id'], unique=False)

    op.drop_index('ix_mail_waiting', 'mail')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rank', sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.alter_column('rank', server_default=None)
    op.create_index('ix_mail_waiting', 'mail', ['rank', 'due_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND parked_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND parked_at IS NULL'))


def downgrade() -> None:
    op.drop_index('ix_mail_waiting', 'mail')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.drop_column('rank')
    op.create_index('ix_mail_waiting', 'mail', ['due_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND parked_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND parked_at IS NULL'))

    with op.batch_alter_table('notice_audience', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notice_audience_premises_id'))
        batch_op.drop_index(batch_op.f('ix_notice_audience_notice_id'))
        batch_op.drop_index(batch_op.f('ix_notice_audience_house_id'))
        batch_op.drop_index(batch_op.f('ix_notice_audience_entrance_id'))
        batch_op.drop_index(batch_op.f('ix_notice_audience_customer_id'))

    op.drop_table('notice_audience')
    op.drop_table('preference')
    op.drop_table('notice_text')
    op.drop_table('notice_receipt')
    with op.batch_alter_table('notice_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notice_file_notice_id'))

    op.drop_table('notice_file')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_unannounced', sqlite_where=sa.text('announced_at IS NULL'), postgresql_where=sa.text('announced_at IS NULL'))
        batch_op.drop_index('ix_notice_for_all', sqlite_where=sa.text('for_all = 1'), postgresql_where=sa.text('for_all'))
        batch_op.drop_index('ix_notice_emergency', sqlite_where=sa.text('emergency = 1'), postgresql_where=sa.text('emergency'))

    op.drop_table('notice')
