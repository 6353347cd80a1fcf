"""Search of conversations by staff (H05): which suit, the latest first, and why (docs/decisions/0025).

A conversation stands in the index by the id of its last message, which is the order of its list: so both databases stop
at the page, however many suit. What is written goes in with the unit of work that writes it.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models import inbox
from models.customers import Customer
from models.database import Database
from models.people import User
from models.premises import Premises
from models.rules import search as rules
from models.rules.search import LETTERS, Term
from models.threads import NEWEST, Message, Thread, ThreadNote
from models.types import AnyRow, AnySelect

PAGE = 50
_MOST = PAGE + 1
_LATEST = 2000  # rows that PostgreSQL looks through before it asks its index for all
_BATCH = 100  # conversations of a unit of work
_READ = 500  # messages and notes of one conversation that are found, the newest
_SHOWN = 400  # of a page that are looked through for an excerpt
_FIELDS = ("customer", "code", "writer", "address", "about_name", "subject")
_ALL = f"id <= {NEWEST}"  # said, so that PostgreSQL goes by this key
Reason = tuple[str, str]  # one of these fields, "message" or "note"; and what stands there


class ThreadText(SQLModel, table=True):
    """The words of one conversation, folded."""

    __tablename__ = "thread_text"

    latest_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # its last message
    thread_id: int = Field(foreign_key="thread.id", ondelete="CASCADE", unique=True)
    folded: str


_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_HEAD: AnySelect = (
    sa.select(_TABLE.c.latest_id, _TABLE.c.subject, _TABLE.c.about_name, col(User.name), col(Customer.name))
    .add_columns(col(Customer.code), col(Premises.address))
    .outerjoin(User, col(User.id) == _TABLE.c.user_id)
    .outerjoin(Customer, col(Customer.id) == _TABLE.c.customer_id)
    .outerjoin(Premises, col(Premises.id) == _TABLE.c.premises_id)
    .where(_TABLE.c.id == sa.bindparam("number"))
    .with_for_update(of=_TABLE)  # of two who write at once the second reads what the first has written
)
_NUMBERS: sa.BindParameter[object] = sa.bindparam("numbers", expanding=True)
_SAID: Any = sa.union_all(*(
    sa.select(col(table.thread_id), col(table.body), at.label("at"), sa.literal_column(noted).label("noted"))
    .where(col(table.thread_id).in_(_NUMBERS))
    for table, at, noted in ((Message, col(Message.sent_at), "0"), (ThreadNote, col(ThreadNote.noted_at), "1"))
)).order_by(sa.text("at DESC"))  # fmt: skip
_KEEP = sa.text(
    "INSERT INTO thread_text (latest_id, thread_id, folded) VALUES (:latest_id, :thread_id, :folded)"
    " ON CONFLICT (thread_id) DO UPDATE SET latest_id = excluded.latest_id, folded = excluded.folded"
)
_MISSING = sa.select(_TABLE.c.id).where(
    ~sa.exists().where(col(ThreadText.thread_id) == _TABLE.c.id),
    sa.exists().where(col(Message.thread_id) == _TABLE.c.id),
)


def part(dialect: str, name: str, table: str, key: str = "id", below: str = _ALL, most: int = _MOST) -> str:
    """A part of a WITH, of that name: as `id` the latest rows of a table by its key that have the words of `asked`."""
    if dialect == "sqlite":
        index = f"words_{table.partition('_')[0]}"
        below = below.replace(key, "rowid")
        return (
            f"{name} AS MATERIALIZED (SELECT rowid AS id FROM {index} WHERE {index} MATCH :query AND {below}"  # noqa: S608  # our own
            f" ORDER BY rowid DESC LIMIT {most})"
        )
    # PostgreSQL's index knows no order. So common words are looked for among the latest rows, and rare ones, which are
    # few, in the index: it is asked only where the others have not filled the page.
    return (
        f"{name}_1 AS MATERIALIZED (SELECT {key} AS id FROM"  # noqa: S608  # our own names
        f" (SELECT {key}, folded FROM {table} WHERE {below} ORDER BY {key} DESC LIMIT {_LATEST}) AS latest"
        f" WHERE ' ' || folded || ' ' LIKE ALL (CAST(:likes AS text[])) ORDER BY {key} DESC LIMIT {most}),"
        f" {name}_2 AS MATERIALIZED (SELECT {key} FROM {table} WHERE array_to_tsvector(string_to_array(folded, ' '))"
        f" @@ CAST(:query AS tsquery) AND (SELECT count(*) FROM {name}_1) < {most}),"
        f" {name} AS MATERIALIZED (SELECT id FROM {name}_1 UNION SELECT {key} FROM {name}_2 WHERE {below}"
        f" ORDER BY id DESC LIMIT {most})"
    )


def asked(dialect: str, wanted: Sequence[Term], letters: int) -> dict[str, object]:
    """The values of `part`; of a text whose words count by so many letters."""
    if dialect == "sqlite":
        return {"query": rules.for_sqlite(wanted, letters)}
    return {"query": rules.for_postgres(wanted, letters), "likes": rules.likes(wanted, letters)}


_FOUND = {
    dialect: sa.text(
        f"WITH {part(dialect, 'page', 'thread_text', 'latest_id', 'latest_id < :before')}"  # noqa: S608  # as above
        " SELECT kept.thread_id, kept.latest_id FROM page JOIN thread_text AS kept ON kept.latest_id = page.id"
        " ORDER BY kept.latest_id DESC"
    )
    for dialect in ("sqlite", "postgresql")
}


def keep(session: Session, number: int, latest: int | None = None) -> None:
    """Put a conversation into the index as it is now; `latest`: the id of its last message, where that is new."""
    head = session.execute(_HEAD, {"number": number}).one()
    said = session.execute(_SAID.limit(sa.literal_column(f"{_READ}")), {"numbers": [number]})
    folded = rules.kept((*head[1:], *(row.body for row in said)), LETTERS)
    session.execute(_KEEP, {"latest_id": latest or head.latest_id, "thread_id": number, "folded": folded})


def forget(session: Session, user_id: int) -> None:
    """Take what this person began out of the index, until `fill` puts it back as it is then."""
    theirs = sa.select(_TABLE.c.id).where(_TABLE.c.user_id == user_id)
    session.execute(sa.delete(ThreadText).where(col(ThreadText.thread_id).in_(theirs)))


def fill(database: Database) -> None:
    """Put into the index what is not in it."""
    done = _BATCH
    while done == _BATCH:
        with database.write() as session:
            numbers = session.scalars(_MISSING.limit(_BATCH)).all()
            for number in numbers:
                keep(session, number)
            done = len(numbers)


def find(connection: Connection, wanted: Sequence[Term], before: int) -> list[tuple[int, AnyRow]]:
    """The first `PAGE` conversations, and one more where there are more, that have all of these terms.

    Their last message is below the id `before`; the latest first, each with that id. Two statements.
    """
    dialect = connection.dialect.name
    values = asked(dialect, wanted, LETTERS) | {"before": before}
    found = connection.execute(_FOUND[dialect], values).fetchall()
    rows = {row.id: row for row in inbox.some(connection, [hit.thread_id for hit in found])} if found else {}
    return [(hit.latest_id, rows[hit.thread_id]) for hit in found if hit.thread_id in rows]


def reasons(connection: Connection, rows: Sequence[AnyRow], wanted: Collection[Term]) -> dict[int, list[Reason]]:
    """Why each of these was found. One statement at most."""
    told: dict[int, list[Reason]] = {}
    left: dict[int, set[Term]] = {}
    for row in rows:
        left[row.id], told[row.id] = {*wanted}, []
        for name in _FIELDS:
            if hits := rules.covered(getattr(row, name), left[row.id]):
                told[row.id].append((name, getattr(row, name)))
                left[row.id] -= hits
    missing = [number for number, terms in left.items() if terms]
    said = _SAID.limit(sa.literal_column(f"{_SHOWN}"))
    for text in connection.execute(said, {"numbers": missing}) if missing else ():
        if left[text.thread_id] and (piece := rules.excerpt(text.body, left[text.thread_id])):
            told[text.thread_id].append(("note" if text.noted else "message", piece))
            left[text.thread_id] = set()
    return told
