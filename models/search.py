"""Search of conversations by staff (H05; docs/decisions/0025): which suit, and why; and the searches that are kept.

A conversation stands in the index by the id of its last message, which is the order of its list: so both databases stop
at the page, however many suit. What is written goes in with the unit of work that writes it.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models import inbox
from models.audit import Actor, record
from models.rules import search as rules
from models.rules.search import LETTERS, Term
from models.threads import NEWEST, Message, Thread, ThreadNote
from models.types import AnyRow, AnySelect, Numbered

PAGE = 50
_MOST = PAGE + 1
_LATEST = 2000  # rows that PostgreSQL looks through before it asks its index for all
MOST_SAVED, SAVED_NAME = 20, 60  # searches of one person, and characters of the name of one
_FIELDS = ("subject", "about_name", "address", "writer", "code", "customer")  # of two that are the same the last
_ALL = f"id <= {NEWEST}"  # said, so that PostgreSQL goes by this key
Reasons = dict[str, str]  # what was found → one of these fields, "message" or "note"


class ThreadText(SQLModel, table=True):
    """The words of one conversation, folded."""

    __tablename__ = "thread_text"

    latest_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # its last message
    thread_id: int = Field(foreign_key="thread.id", ondelete="CASCADE", unique=True)
    folded: str


class SavedSearch(Numbered, table=True):
    """A search that a member of staff keeps under a name; of two with the same one the later stays."""

    __tablename__ = "saved_search"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)

    user_id: int = Field(foreign_key="user_account.id")
    name: str = Field(max_length=SAVED_NAME)
    text: str = Field(max_length=rules.LONGEST)


# The latest: of one conversation they are found, of a page they are looked through for a reason.
_SAID: Any = sa.union_all(*(
    sa.select(col(table.thread_id), col(table.body), at.label("at"), sa.literal_column(noted).label("noted"))
    .where(col(table.thread_id).in_(sa.bindparam("numbers", expanding=True)))
    for table, at, noted in ((Message, col(Message.sent_at), "0"), (ThreadNote, col(ThreadNote.noted_at), "1"))
)).order_by(sa.text("at DESC")).limit(sa.literal_column("500"))  # fmt: skip
_KEEP = sa.text(
    "INSERT INTO thread_text (latest_id, thread_id, folded)"
    " SELECT latest_id, id, :folded FROM thread WHERE id = :number AND latest_id > 0"
    " ON CONFLICT (thread_id) DO UPDATE SET latest_id = excluded.latest_id, folded = excluded.folded"
)
_SAVED: AnySelect = (
    sa.select(SavedSearch.__table__)  # type: ignore[attr-defined]
    .where(col(SavedSearch.user_id) == sa.bindparam("user_id")).order_by(col(SavedSearch.name))
)  # fmt: skip
_SAVE = sa.text(
    "INSERT INTO saved_search (user_id, name, text) VALUES (:user_id, :name, :text)"
    " ON CONFLICT (user_id, name) DO UPDATE SET text = excluded.text"
)


def part(dialect: str, name: str, table: str, most: int, key: str = "id", below: str = _ALL) -> str:
    """A part of a WITH: as `id` the latest rows of a table, by its key, that have the words of `rules.asked`."""
    if dialect == "sqlite":
        index, below = f"words_{table.partition('_')[0]}", below.replace(key, "rowid")
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
        f" @@ CAST(:query AS tsquery) AND ' ' || folded || ' ' LIKE ALL (CAST(:rest AS text[]))"
        f" AND (SELECT count(*) FROM {name}_1) < {most}),"
        f" {name} AS MATERIALIZED (SELECT id FROM {name}_1 UNION SELECT {key} FROM {name}_2 WHERE {below}"
        f" ORDER BY id DESC LIMIT {most})"
    )


_FOUND = {
    dialect: sa.text(
        f"WITH {part(dialect, 'page', 'thread_text', _MOST, 'latest_id', 'latest_id < :before')}"  # noqa: S608  # as above
        " SELECT kept.thread_id, kept.latest_id FROM page JOIN thread_text AS kept ON kept.latest_id = page.id"
        " ORDER BY kept.latest_id DESC"
    )
    for dialect in ("sqlite", "postgresql")
}


def keep(session: Session, number: int) -> None:
    """Put a conversation into the index as it is now. Whoever calls holds its row: of two the second reads both."""
    session.flush()
    row = inbox.one(session.connection(), number)
    said = (one.body for one in session.execute(_SAID, {"numbers": [number]}))
    folded = rules.kept((*(getattr(row, name, "") for name in _FIELDS), *said), LETTERS)
    session.execute(_KEEP, {"number": number, "folded": folded})


def rename(session: Session, user_id: int) -> None:
    """This person is called otherwise: the same for all that she began."""
    for number in session.scalars(sa.select(col(Thread.id)).where(col(Thread.user_id) == user_id)).all():
        keep(session, number or 0)


def find(connection: Connection, wanted: Sequence[Term], before: int) -> list[tuple[int, AnyRow]]:
    """The first `PAGE` conversations, and one more where there are more, that have all of these terms.

    Their last message is below the id `before`; the latest first, each with that id. Two statements.
    """
    values = rules.asked(connection.dialect.name, wanted, LETTERS) | {"before": before}
    found = connection.execute(_FOUND[connection.dialect.name], values).fetchall()
    rows = {row.id: row for row in inbox.some(connection, [hit.thread_id for hit in found])} if found else {}
    return [(hit.latest_id, rows[hit.thread_id]) for hit in found if hit.thread_id in rows]


def reasons(connection: Connection, rows: Sequence[AnyRow], wanted: Collection[Term]) -> dict[int, Reasons]:
    """Why each of these was found, by its number. One statement at most."""
    told: dict[int, Reasons] = {}
    for row in rows:
        found = ((name, getattr(row, name) or "") for name in _FIELDS)
        told[row.id] = {text: name for name, text in found if rules.covered(text, wanted)}
    left = {number: {*wanted} - rules.covered(" ".join(found), wanted) for number, found in told.items()}
    missing = [number for number, terms in left.items() if terms]
    for text in connection.execute(_SAID, {"numbers": missing}) if missing else ():
        if left[text.thread_id] and (piece := rules.excerpt(text.body, left[text.thread_id])):
            told[text.thread_id][piece] = "note" if text.noted else "message"
            left[text.thread_id] = set()
    return told


def saved(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """The searches that she keeps, by name."""
    return connection.execute(_SAVED, {"user_id": user_id}).fetchall()


def save(session: Session, actor: Actor, name: str, text: str) -> bool:
    """Keep a search; False where she has `MOST_SAVED` of other names."""
    user_id = actor.user_id or 0
    if len({row.name for row in saved(session.connection(), user_id)} - {name}) >= MOST_SAVED:
        return False
    session.execute(_SAVE, {"user_id": user_id, "name": name, "text": text})
    record(session, actor, "search.kept")
    return True


def drop(session: Session, actor: Actor, number: int) -> None:
    """Delete one of hers."""
    mine = (col(SavedSearch.user_id) == actor.user_id, col(SavedSearch.id) == number)
    session.execute(sa.delete(SavedSearch).where(*mine))
    record(session, actor, "search.dropped")
