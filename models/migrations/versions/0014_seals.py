"""The seals of the audit trail, and a way to find what was done about one person."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# As those of the trail itself (0001), with the same words.
SQLITE = """
CREATE TRIGGER audit_seal_{verb} BEFORE {verb} ON audit_seal
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END
"""
POSTGRES = """
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
"""


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("audit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_seal")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb=verb))
    else:
        op.execute(POSTGRES)
    about = sa.text("object_type = 'user'")
    op.create_index("ix_audit_about_user", "audit", ["object_id"], sqlite_where=about, postgresql_where=about)


def downgrade() -> None:
    op.drop_index("ix_audit_about_user", table_name="audit")
    op.drop_table("audit_seal")
