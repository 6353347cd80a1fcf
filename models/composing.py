"""What staff are writing in a conversation: drafts, who else is there, and what is new (H02, H09; ux.md §6.3, §6.4).

One row for each member of staff in each conversation. Nothing is locked: a row only tells the others; what protects
an answer is the check of what its writer has read (`models.answering`). An answer waits here for the moments in which
it can be taken back, and is sent by the worker, also after a crash.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.people import User
from models.threads import MessageDraft
from models.types import AnyRow, AnySelect

LIVE = timedelta(seconds=60)  # for which who was seen is still there


class Composing(SQLModel, table=True):
    """One of the staff in one conversation: here now, with a draft, or both."""

    __tablename__ = "composing"

    thread_id: int = Field(foreign_key="thread.id", primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", primary_key=True, index=True)
    seen_at: datetime = Field(index=True)  # her browser has it open
    since: datetime | None = None  # when she began to write; None: she reads
    is_note: bool = False
    body: str = Field(default="", max_length=5000)  # "": there is no draft
    once: str = Field(default="", max_length=16)  # the id of its form: of its files


_TABLE: sa.Table = Composing.__table__  # type: ignore[attr-defined]
_MOMENT = _TABLE.c.seen_at.type
# Of a conversation that there is. She writes since she began, unless she was away meanwhile.
_SEEN = sa.text("""INSERT INTO composing (thread_id, user_id, seen_at, since, is_note, body, once)
    SELECT id, :user_id, :now, :since, false, '', '' FROM thread WHERE id = :thread_id
    ON CONFLICT (thread_id, user_id) DO UPDATE SET seen_at = excluded.seen_at, since = CASE WHEN excluded.since IS NULL
    THEN NULL ELSE coalesce(CASE WHEN composing.seen_at > :live THEN composing.since END, excluded.since) END
""").bindparams(*(sa.bindparam(name, type_=_MOMENT) for name in ("now", "since", "live")))
_KEPT = sa.text("UPDATE composing SET is_note = :is_note, body = :body, once = :once WHERE thread_id = :thread_id"
                " AND user_id = :user_id")  # fmt: skip
_OF: AnySelect = (
    sa.select(_TABLE, col(User.name)).join(User, col(User.id) == _TABLE.c.user_id)
    .where(_TABLE.c.thread_id == sa.bindparam("number")).order_by(_TABLE.c.user_id)
)  # fmt: skip
_INSIDE: AnySelect = (
    sa.select(_TABLE.c.thread_id, _TABLE.c.since, col(User.name)).join(User, col(User.id) == _TABLE.c.user_id)
    .where(_TABLE.c.seen_at > sa.bindparam("live"), _TABLE.c.user_id != sa.bindparam("me")).order_by(_TABLE.c.since)
)  # fmt: skip
# All that a poll asks, in one statement: it comes from every open tab every 20 s.
_NEWS = sa.text("""SELECT news.*, composing.user_id, composing.since AS began, user_account.name FROM (SELECT
        (SELECT coalesce(max(id), 0) FROM message) AS latest,
        (SELECT count(*) FROM (SELECT 1 FROM thread WHERE state = 'open' LIMIT 1000) AS found) AS waiting,
        (SELECT count(*) FROM (SELECT 1 FROM message WHERE id > :since AND NOT from_staff LIMIT 100) AS found) AS fresh
    ) AS news
    LEFT JOIN composing ON composing.thread_id = :number AND composing.seen_at > :live AND composing.user_id <> :me
    LEFT JOIN user_account ON user_account.id = composing.user_id ORDER BY composing.user_id
""").bindparams(sa.bindparam("live", type_=_MOMENT)).columns(began=_MOMENT)  # fmt: skip


def seen(session: Session, number: int, user_id: int, now: datetime, *, writes: bool) -> None:
    """She has the conversation open, and reads or `writes`; nothing where there is none of this number."""
    about = {"thread_id": number, "user_id": user_id, "now": now, "live": now - LIVE}
    session.execute(_SEEN, about | {"since": now if writes else None})


def keep(session: Session, number: int, user_id: int, now: datetime, draft: dict[str, Any]) -> None:
    """Keep what she has typed (`body`, `is_note`, `once`) as her draft; an empty text is none."""
    seen(session, number, user_id, now, writes=True)
    session.execute(_KEPT, {"thread_id": number, "user_id": user_id} | draft)


def take(session: Session, number: int, whose: int, user_id: int, once: str) -> str | None:
    """Take over a colleague's draft with its files into the form `once`; its text, None where it is gone."""
    theirs = (_TABLE.c.thread_id == number, _TABLE.c.user_id == whose, _TABLE.c.body != "")
    row = session.execute(sa.select(_TABLE).where(*theirs).with_for_update()).first()
    if row is None:
        return None
    files = sa.update(MessageDraft).where(col(MessageDraft.user_id) == whose, col(MessageDraft.once) == row.once)
    session.execute(files.values(user_id=user_id, once=once))
    drop(session, number, whose)
    return str(row.body)


def drop(session: Session, number: int, user_id: int) -> None:
    """Her draft was sent, taken over or thrown away."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.thread_id == number, _TABLE.c.user_id == user_id))


def of(connection: Connection, number: int) -> Sequence[AnyRow]:
    """Everybody's rows in a conversation, with names."""
    return connection.execute(_OF, {"number": number}).fetchall()


def inside(connection: Connection, me: int, now: datetime) -> dict[int, AnyRow]:
    """Which conversations others have open now: by number who that is, before all one who writes."""
    rows = connection.execute(_INSIDE, {"me": me, "live": now - LIVE}).fetchall()
    return {row.thread_id: row for row in sorted(rows, key=lambda row: row.since is not None)}


def news(connection: Connection, number: int, me: int, now: datetime, since: int) -> Sequence[AnyRow]:
    """What is new, in one statement: the latest message's id, how many wait (at most 1000), and how many messages of
    residents came after the id `since` (at most 100). In each row one of the others who have it, `number`, open.
    """
    return connection.execute(_NEWS, {"number": number, "me": me, "live": now - LIVE, "since": since}).fetchall()
