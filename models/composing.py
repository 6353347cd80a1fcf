"""What staff are writing in a conversation: drafts, who else is there, and what is new (H02, H09; ux.md §6.3, §6.4).

One row for each member of staff in each conversation. Nothing is locked: a row only tells the others; what protects
an answer is the check of what its writer has read (`models.answering`). An answer waits here for the moments in which
it can be taken back, and is sent by the worker, also after a crash.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col

from models import answering
from models.audit import Actor
from models.clock import Clock
from models.database import Database
from models.people import User
from models.rules.threads import after
from models.threads import Message, MessageDraft, Thread
from models.types import AnyRow, AnySelect, new_public_id, utc_now

LIVE = timedelta(seconds=90)  # for which who was seen is still there
RENEWED = timedelta(seconds=45)  # after which it is noted again that she is: at every third poll


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
    resolve: bool = False  # nothing is left to ask
    due_at: datetime | None = Field(default=None, index=True)  # when it is sent, until then she can take it back


_TABLE: sa.Table = Composing.__table__  # type: ignore[attr-defined]
_MOMENT = _TABLE.c.seen_at.type
# Of a conversation that there is. She writes since she began, unless she was away meanwhile.
_SEEN = sa.text("""INSERT INTO composing (thread_id, user_id, seen_at, since, is_note, body, once, resolve)
    SELECT id, :user_id, :now, :since, false, '', '', false FROM thread WHERE id = :thread_id
    ON CONFLICT (thread_id, user_id) DO UPDATE SET seen_at = excluded.seen_at, since = CASE WHEN excluded.since IS NULL
    THEN NULL ELSE coalesce(CASE WHEN composing.seen_at > :live THEN composing.since END, excluded.since) END
""").bindparams(*(sa.bindparam(name, type_=_MOMENT) for name in ("now", "since", "live")))
_KEPT = sa.text("UPDATE composing SET is_note = :is_note, body = :body, once = :once WHERE thread_id = :thread_id"
                " AND user_id = :user_id AND due_at IS NULL")  # fmt: skip
_NAMED: AnySelect = sa.select(_TABLE, col(User.name)).join(User, col(User.id) == _TABLE.c.user_id)
_NAMED = _NAMED.order_by(_TABLE.c.since.is_not(None), _TABLE.c.user_id)  # last who writes
_AROUND = _NAMED.where((_TABLE.c.thread_id == sa.bindparam("number")) | (_TABLE.c.seen_at > sa.bindparam("live")))
_HELD = sa.select(_TABLE).where(_TABLE.c.due_at.is_not(None))
# All that a poll asks, in one statement: it comes from every open tab every 20 s.
_NEWS = sa.text("""SELECT news.*, composing.user_id, composing.seen_at, composing.since AS began, user_account.name
    FROM (SELECT
        (SELECT coalesce(max(id), 0) FROM message) AS latest,
        (SELECT count(*) FROM (SELECT 1 FROM thread WHERE state = 'open'
            AND (snoozed_until IS NULL OR snoozed_until <= :today) LIMIT 1000) AS found) AS waiting,
        (SELECT count(*) FROM (SELECT 1 FROM message WHERE id > :since AND NOT from_staff LIMIT 100) AS found) AS fresh
    ) AS news
    LEFT JOIN composing ON composing.thread_id = :number AND composing.seen_at > :live
    LEFT JOIN user_account ON user_account.id = composing.user_id ORDER BY composing.user_id
""").bindparams(sa.bindparam("live", type_=_MOMENT), sa.bindparam("today", type_=sa.Date)).columns(
    began=_MOMENT, seen_at=_MOMENT
)  # fmt: skip


def seen(session: Connection | Session, number: int, user_id: int, now: datetime, *, writes: bool) -> None:
    """She has the conversation open, and reads or `writes`; nothing where there is none of this number."""
    about = {"thread_id": number, "user_id": user_id, "now": now, "live": now - LIVE}
    session.execute(_SEEN, about | {"since": now if writes else None})


def keep(session: Session, number: int, user_id: int, now: datetime, draft: dict[str, Any]) -> None:
    """Keep what she has typed (`body`, `is_note`, `once`) as her draft; an empty text is none."""
    seen(session, number, user_id, now, writes=True)
    session.execute(_KEPT, {"thread_id": number, "user_id": user_id} | draft)


def take(session: Session, number: int, whose: int, user_id: int, once: str) -> str | None:
    """Take over a colleague's draft with its files into the form `once`; its text, None where it is gone."""
    theirs = (*_hers(number, whose), _TABLE.c.body != "", _TABLE.c.due_at.is_(None))
    row = session.execute(sa.delete(_TABLE).where(*theirs).returning(_TABLE.c.body, _TABLE.c.once)).first()
    if row is None:
        return None
    files = sa.update(MessageDraft).where(col(MessageDraft.user_id) == whose, col(MessageDraft.once) == row.once)
    session.execute(files.values(user_id=user_id, once=once))
    return str(row.body)


def drop(session: Session, number: int, user_id: int) -> None:
    """Her draft was noted, taken over or thrown away."""
    session.execute(sa.delete(_TABLE).where(*_hers(number, user_id), _TABLE.c.due_at.is_(None)))


def _hers(number: int, user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return _TABLE.c.thread_id == number, _TABLE.c.user_id == user_id


def hold(session: Session, number: int, user_id: int, seen_id: int, draft: dict[str, Any], **how: Any) -> bool:
    """Her answer goes out later (`deliver`); `how`: due_at, resolve. False for what is closed.

    Raises `answering.Newer` where something was written after the message `seen_id`, also what is not sent yet.
    """
    thread = session.get_one(Thread, number, with_for_update=True)
    waits = session.execute(_HELD.where(_TABLE.c.thread_id == number)).first()
    if waits and (waits.user_id, waits.once) == (user_id, draft["once"]):
        return True
    if thread.latest_id != seen_id or waits:
        raise answering.Newer
    if after(thread.state, "answer") is None or (thread.via and thread.user_id is None):
        return False
    keep(session, number, user_id, utc_now(), draft)
    session.execute(sa.update(_TABLE).where(*_hers(number, user_id)).values(how))
    return True


def undo(session: Session, number: int, user_id: int, now: datetime) -> bool:
    """Take her answer back: it is her draft again. False where it was sent."""
    hers = sa.update(_TABLE).where(*_hers(number, user_id), _TABLE.c.due_at > now)
    return bool(session.execute(hers.values(due_at=None)).rowcount)  # type: ignore[attr-defined]


def deliver(session: Session, number: int, user_id: int, now: datetime, clock: Clock) -> None:
    """Send her answer if its time has come; in a conversation that was closed meanwhile it is a draft again.

    Raises `IntegrityError` where its form was sent before.
    """
    due = sa.update(_TABLE).where(*_hers(number, user_id), _TABLE.c.due_at <= now).values(due_at=None)
    row = session.execute(due.returning(*_TABLE.c)).first()
    if row is None:
        return
    author, actor = session.get_one(User, user_id).name[:100], Actor(user_id, "web", session_method="password")
    message = Message(public_id=row.once, author=author, body=row.body, sent_at=clock.now())
    if answering.answer(session, number, message, (), clock.today(), resolve=row.resolve, actor=actor):
        drop(session, number, user_id)


def held(connection: Connection) -> Sequence[AnyRow]:
    """Answers that are not sent yet."""
    return connection.execute(_HELD).fetchall()


def send_due(database: Database, clock: Clock) -> None:
    """Send what can be taken back no more. Several workers share it between them."""
    with database.read() as connection:
        due = [row for row in held(connection) if row.due_at <= utc_now()]
    for row in due:
        try:
            with database.write() as session:
                deliver(session, row.thread_id, row.user_id, utc_now(), clock)
        except IntegrityError:  # of a form that is not ours: it is a draft again, with an id of its own
            with database.write() as session:
                again = sa.update(_TABLE).where(*_hers(row.thread_id, row.user_id))
                session.execute(again.values(due_at=None, once=new_public_id()))


def around(connection: Connection, number: int, now: datetime) -> Sequence[AnyRow]:
    """Everybody's rows in the conversation `number`, and in others that somebody has open now; with names."""
    return connection.execute(_AROUND, {"number": number, "live": now - LIVE}).fetchall()


def news(connection: Connection, number: int, now: datetime, today: date, since: int) -> Sequence[AnyRow]:
    """What is new, in one statement: the latest message's id, how many wait (at most 1000), and how many messages of
    residents came after the id `since` (at most 100). In each row one of those who have conversation `number` open.
    """
    return connection.execute(_NEWS, {"number": number, "live": now - LIVE, "today": today, "since": since}).fetchall()
