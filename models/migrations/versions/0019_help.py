"""Help articles, and searches without a hit."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", text(length=60), nullable=False),
        sa.Column("topic", sa.Enum("access", "readings", "invoices", "house", "people", "data", name="topic", native_enum=False, length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", text(length=2), nullable=False),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("slug", name=op.f("uq_article_slug")),
    )
    op.create_table(
        "article_text",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("language", text(length=2), nullable=False),
        sa.Column("title", text(length=120), nullable=False),
        sa.Column("body", text(length=20000), nullable=False),
        sa.Column("folded", text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_text_article_id")),
        sa.PrimaryKeyConstraint("article_id", "language", name=op.f("pk_article_text")),
    )
    op.create_table(
        "search_miss",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("language", text(length=2), nullable=False),
        sa.Column("text", text(length=60), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "language", "text", name=op.f("pk_search_miss")),
    )


def downgrade() -> None:
    op.drop_table("search_miss")
    op.drop_table("article_text")
    op.drop_table("article")
