"""Conversations and customers are searched by their words (docs/decisions/0025)."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from models.rules.search import kept, of_customer

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_LISTS = {"thread_text": "latest_id", "customer": "id", "premises": "id"}  # table → the number of a row
_FOUND = {"meter": "serial", "invoice": "number", "user_account": "phone"}
_FOLDED = {"customer": ("code", "name", "email", "phone"), "premises": ("address",)}


def _name(table: str) -> str:
    return f"words_{table.partition('_')[0]}"


def _converse() -> None:
    """The words of the conversations that are there."""
    bind = op.get_bind()
    heads = bind.execute(sa.text(
        "SELECT thread.id, thread.latest_id, subject, about_name, user_account.name, customer.name, customer.code, address"
        " FROM thread LEFT JOIN user_account ON user_account.id = user_id LEFT JOIN customer ON customer.id = customer_id"
        " LEFT JOIN premises ON premises.id = premises_id WHERE EXISTS (SELECT 1 FROM message WHERE thread_id = thread.id)"
    )).fetchall()  # fmt: skip
    said = sa.text(
        "SELECT body FROM message WHERE thread_id = :number UNION ALL"
        " SELECT body FROM thread_note WHERE thread_id = :number"
    )
    put = sa.text("INSERT INTO thread_text (latest_id, thread_id, folded) VALUES (:latest_id, :number, :folded)")
    for number, latest_id, *texts in heads:
        bodies = bind.execute(said, {"number": number}).scalars().all()
        bind.execute(put, {"latest_id": latest_id, "number": number, "folded": kept([*texts, *bodies], 6)})


def _index(table: str, key: str) -> None:
    """Words that begin with three to five letters are found as fast as whole ones."""
    if op.get_bind().dialect.name == "postgresql":
        words = "array_to_tsvector(string_to_array(folded, ' '))"
        op.execute(f"CREATE INDEX {_name(table)} ON {table} USING gin ({words}) WITH (fastupdate = off)")
        return
    name = _name(table)
    op.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5(folded, content='{table}', content_rowid='{key}', detail='none',"
        " prefix='3 4 5', tokenize='ascii')"
    )
    take = f"INSERT INTO {name} ({name}, rowid, folded) VALUES ('delete', old.{key}, old.folded);"
    put = f"INSERT INTO {name} (rowid, folded) VALUES (new.{key}, new.folded);"
    op.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
    op.execute(f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {put} END")
    op.execute(f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {take} END")
    op.execute(f"CREATE TRIGGER {name}_update AFTER UPDATE OF folded, {key} ON {table} BEGIN {take} {put} END")


def _fold(table: str, columns: tuple[str, ...]) -> None:
    """What the importer writes for a new row, for those that are there."""
    op.add_column(table, sa.Column("folded", _TEXT(), nullable=False, server_default=""))
    bind, fold = op.get_bind(), of_customer if table == "customer" else lambda *texts: kept(texts)
    rows = bind.execute(sa.text(f"SELECT id, {', '.join(columns)} FROM {table}")).fetchall()
    if rows:
        values = [{"number": number, "folded": fold(*texts)} for number, *texts in rows]
        bind.execute(sa.text(f"UPDATE {table} SET folded = :folded WHERE id = :number"), values)


def _queue(*columns: str) -> None:
    """Conversations that are due at the same moment have an order, too."""
    op.drop_index("ix_thread_state", table_name="thread")
    op.create_index("ix_thread_state", "thread", [*columns])


def upgrade() -> None:
    op.create_table(
        "thread_text",
        sa.Column("latest_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("folded", _TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_thread_text_thread_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("latest_id", name=op.f("pk_thread_text")),
        sa.UniqueConstraint("thread_id", name=op.f("uq_thread_text_thread_id")),
    )
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(length=60), nullable=False),
        sa.Column("text", _TEXT(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_search_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_search_user_id")),
    )
    _queue("state", "due_at", "id")
    _converse()
    for table, columns in _FOLDED.items():
        _fold(table, columns)
    for table, column in _FOUND.items():
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for table, key in _LISTS.items():
        _index(table, key)


def downgrade() -> None:
    _queue("state", "due_at")
    for table in _LISTS:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP INDEX {_name(table)}")
            continue
        for act in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER {_name(table)}_{act}")
        op.execute(f"DROP TABLE {_name(table)}")
    for table, column in _FOUND.items():
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in _FOLDED:
        op.drop_column(table, "folded")
    for table in ("saved_search", "thread_text"):
        op.drop_table(table)
