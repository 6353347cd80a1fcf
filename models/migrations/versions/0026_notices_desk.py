"""Notices that staff write on a page, works with their time, confirmations; documents withdrawn."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TIME, _TEXT = sqlmodel.sql.sqltypes.UTCDateTime, sqlmodel.sql.sqltypes.AutoString
_EMERGENCY = {"sqlite_where": sa.text("emergency = 1"), "postgresql_where": sa.text("emergency")}


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("published_at", existing_type=_TIME(), nullable=True)
        batch_op.alter_column("published_on", existing_type=sa.Date(), nullable=True)
        batch_op.add_column(sa.Column("works_at", _TIME(), nullable=True))
        batch_op.add_column(sa.Column("confirm", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("reason", _TEXT(length=500), nullable=True))
        batch_op.add_column(sa.Column("edited_at", _TIME(), nullable=True))
        works_end = batch_op.f("ck_notice_works_end")
        batch_op.create_check_constraint(works_end, "valid_until IS NOT NULL OR works_at IS NULL")
        batch_op.drop_index("ix_notice_emergency", **_EMERGENCY)
        for column in ("valid_until", "published_at"):
            batch_op.create_index(batch_op.f(f"ix_notice_{column}"), [column])
    with op.batch_alter_table("notice_receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", _TIME(), nullable=True))
        batch_op.create_index(batch_op.f("ix_notice_receipt_notice_id"), ["notice_id"])
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notice_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_mail_notice_id"), "notice", ["notice_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_mail_notice_id"), ["notice_id"])
    mail = sa.table("mail", sa.column("kind"), sa.column("detail", sa.JSON), sa.column("notice_id"))
    op.execute(sa.update(mail).where(mail.c.kind == "notice").values(notice_id=mail.c.detail["notice"].as_integer()))
    op.create_index(op.f("ix_premises_address"), "premises", ["address"])
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", _TIME(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_at")
    op.drop_index(op.f("ix_premises_address"), table_name="premises")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_notice_id"))
        batch_op.drop_constraint(batch_op.f("fk_mail_notice_id"), type_="foreignkey")
        batch_op.drop_column("notice_id")
    with op.batch_alter_table("notice_receipt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_receipt_notice_id"))
        batch_op.drop_column("confirmed_at")
    for part in ("notice_text", "notice_audience", "notice_file"):  # of drafts, which there were none before
        op.execute(f"DELETE FROM {part} WHERE notice_id IN (SELECT id FROM notice WHERE published_at IS NULL)")  # noqa: S608
    op.execute("DELETE FROM notice WHERE published_at IS NULL")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        for column in ("valid_until", "published_at"):
            batch_op.drop_index(batch_op.f(f"ix_notice_{column}"))
        batch_op.drop_constraint(batch_op.f("ck_notice_works_end"), type_="check")
        batch_op.create_index("ix_notice_emergency", ["valid_until"], unique=False, **_EMERGENCY)
        for column in ("edited_at", "reason", "confirm", "works_at"):
            batch_op.drop_column(column)
        batch_op.alter_column("published_on", existing_type=sa.Date(), nullable=False)
        batch_op.alter_column("published_at", existing_type=_TIME(), nullable=False)
