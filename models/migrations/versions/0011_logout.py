"""What a provider has told of a session, so that it can end here and there."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("id_token IS NOT NULL")
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_by", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True))
        batch_op.add_column(sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True))
        batch_op.add_column(sa.Column("sid", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True))
        batch_op.add_column(sa.Column("id_token", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index("ix_web_session_sid", ["told_by", "sid"], unique=False)
        batch_op.create_index("ix_web_session_subject", ["told_by", "subject"], unique=False)
        batch_op.create_index(
            "ix_web_session_id_token", ["expires_at"], unique=False, sqlite_where=held, postgresql_where=held
        )


def downgrade() -> None:
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index("ix_web_session_id_token")
        batch_op.drop_index("ix_web_session_subject")
        batch_op.drop_index("ix_web_session_sid")
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        for column in ("id_token", "sid", "subject", "told_by"):
            batch_op.drop_column(column)
