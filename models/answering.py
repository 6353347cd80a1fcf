"""What becomes of a conversation: each act with its audit row (G01, G04; decisions.md 26)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models import drafts, outbox, preferences, search
from models.audit import Actor, record
from models.customers import CustomerUser
from models.database import Database
from models.mandates import HOLDS, Mandate, MandatePremises
from models.mentions import Mention
from models.people import User
from models.rules.mandates import Lent
from models.rules.threads import ThreadState, after
from models.threads import Message, MessageFile, Thread, ThreadNote

_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_BATCH = 100
COMMAND = Actor(None, "command")
_SINCE: sa.BindParameter[Any] = sa.bindparam("since", type_=_TABLE.c.changed_at.type)
_OVER = sa.select(Thread).where(col(Thread.state) == ThreadState.RESOLVED, col(Thread.changed_at) < _SINCE)
# Who has written in a conversation and may read its answer: helpers as long as their mandate holds.
_MAY_STILL = sa.exists().where(
    col(Mandate.delegate_id) == col(Message.actor_user_id), col(MandatePremises.mandate_id) == col(Mandate.id),
    col(MandatePremises.premises_id) == sa.bindparam("premises_id"), HOLDS,
    col(MandatePremises.customer_id) == sa.bindparam("customer_id"), col(Mandate.rights).contains(Lent.MESSAGES.value),
)  # fmt: skip
_WRITERS = sa.select(col(Message.actor_user_id)).where(
    col(Message.thread_id) == sa.bindparam("thread_id"), ~col(Message.from_staff),
    col(Message.mandate_version).is_(None) | _MAY_STILL
)
_THEIRS = sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id) == sa.bindparam("customer_id"))


class Newer(Exception):
    """Something was written since the page was opened that an answer comes from."""


def begin(session: Session, actor: Actor, thread: Thread, message: Message) -> None:
    """A new conversation with its first message. Raises `IntegrityError` where its form was sent before."""
    session.add(thread)
    session.flush()
    _write(session, actor, thread, message)
    _note(session, actor, thread, "thread.asked", topic=thread.topic)


def reply(session: Session, actor: Actor, number: int, message: Message, due: datetime) -> Thread:
    """A resident writes again: staff answer by `due`. What is closed stays so, and another one goes on from it.

    What goes on in another one is written there. Returns the one that the message is in. Raises `IntegrityError`
    where its form was sent before.
    """
    thread = session.get_one(Thread, number, with_for_update=True)
    if thread.merged_into:
        thread = session.get_one(Thread, thread.merged_into, with_for_update=True)
    if state := after(thread.state, "reply"):
        _write(session, actor, thread, message)
        _set(thread, state, message.sent_at, due)
        _note(session, actor, thread, "thread.replied")
        return thread
    same = ("customer_id", "premises_id", "topic", "subject", "about", "about_name", "shared", "began_on")
    new = Thread(
        user_id=actor.user_id, mandate_version=actor.mandate_version, language=thread.language, due_at=due,
        changed_at=message.sent_at, follows=thread.public_id,
        **{name: getattr(thread, name) for name in same},
    )  # fmt: skip
    begin(session, actor, new, message)
    return new


def log(session: Session, actor: Actor, thread: Thread, said: Message, answer: str) -> None:
    """What somebody said by `thread.via`, and what she was answered, if anything: then nothing is left to do (H08).

    Its `user_id` is who reads it; None: staff alone. Raises `IntegrityError` where its form was sent before.
    """
    thread.unread, thread.changed_at = bool(thread.user_id), said.sent_at
    if answer:
        thread.state, thread.due_at = ThreadState.RESOLVED, None
    session.add(thread)
    session.flush()
    answers = [Message(author=said.author, body=answer, sent_at=said.sent_at)] if answer else []
    for message in (said, *answers):
        message.from_staff = True
        _write(session, replace(actor, principal_customer_id=thread.customer_id), thread, message)
    _note(session, actor, thread, "thread.logged", via=thread.via)


def _write(session: Session, actor: Actor, thread: Thread, message: Message) -> None:
    message.thread_id = thread.id or 0
    message.actor_user_id, message.principal_customer_id = actor.user_id, actor.principal_customer_id
    message.mandate_version, message.session_method = actor.mandate_version, actor.session_method
    session.add(message)
    session.flush()
    if actor.user_id:
        drafts.send(session, actor.user_id, message.public_id, message.id or 0)
    thread.latest_id = message.id or 0
    search.keep(session, thread.id or 0)


def _set(thread: Thread, state: ThreadState, now: datetime, due: datetime | None = None) -> None:
    thread.state, thread.changed_at, thread.due_at, thread.snoozed_until = state, now, due, None


def touch(thread: Thread, by: str) -> None:
    """Somebody of the staff has changed it: who had opened it before is asked again."""
    thread.version, thread.touched_by = thread.version + 1, by


def settle(session: Session, actor: Actor, number: int, act: str, now: datetime, due: datetime) -> bool:
    """A resident says "solved" or "unsolved", which opens it again; False where that changes nothing."""
    thread = session.get_one(Thread, number, with_for_update=True)
    state = after(thread.state, act)
    if state is None:
        return False
    _set(thread, state, now, due if state is ThreadState.OPEN else None)
    _note(session, actor, thread, f"thread.{act}")
    return True


def answer(
    session: Session, number: int, message: Message, files: Sequence[dict[str, Any]], today: date, *, resolve: bool,
    actor: Actor, seen: int | None = None,
) -> bool:  # fmt: skip
    """Staff answer; `files` as `drafts.store` gives them. Who wrote gets a letter. False for what is closed,
    and for a call or a visit that was logged for colleagues alone.

    `actor`: who of the staff; the files of her form go with it. `seen`: the last message that she has read, where
    `Newer` is to be raised for one that came after it. Raises `IntegrityError` where its form was sent before. Who
    answers first has it from then on.
    """
    thread = session.get_one(Thread, number, with_for_update=True)
    if seen is not None and (thread.merged_into or thread.latest_id != seen):
        raise Newer
    state = after(thread.state, "resolve" if resolve else "answer")
    if state is None or (thread.via and thread.user_id is None):  # the latter she does not see
        return False
    message.from_staff = thread.unread = True
    _write(session, replace(actor, principal_customer_id=thread.customer_id), thread, message)
    for one in files:
        drafts.hold(session, one)
        session.add(MessageFile(message_id=message.id or 0, **drafts.columns(one)))
    _set(thread, state, message.sent_at)
    touch(thread, message.author)
    thread.assignee_id = thread.assignee_id or actor.user_id
    _note_by_staff(session, actor, thread, "thread.answered", by=message.author)
    for user in _readers(session, thread, today):
        outbox.write_to(session, user, user.email, "answer", number=thread.id, tid=thread.public_id)
    return True


def _readers(session: Session, thread: Thread, today: date) -> Sequence[User]:
    """Who is told of an answer: who has written, as long as they may read it; else who is the customer."""
    about = {"thread_id": thread.id, "today": today}
    about |= {"premises_id": thread.premises_id, "customer_id": thread.customer_id}
    told = (col(User.disabled_at).is_(None), ~preferences.unwanted(col(User.id), "answers"))
    wrote = [number for number in session.scalars(_WRITERS, about) if number]
    numbers = wrote or session.scalars(_THEIRS, {"customer_id": thread.customer_id}).all()
    return session.scalars(sa.select(User).where(col(User.id).in_(numbers), *told).order_by(col(User.id))).all()


def note(session: Session, number: int, by: str, body: str, actor: Actor, named: Iterable[int] = ()) -> None:
    """Staff write something down for each other; who is `named` finds it until she has opened it."""
    session.get_one(Thread, number, with_for_update=True)
    row = ThreadNote(thread_id=number, author=by, body=body)
    session.add(row)
    session.flush()
    session.add_all([Mention(note_id=row.id or 0, user_id=each) for each in named])
    search.keep(session, number)
    about: dict[str, Any] = {"object_type": "thread", "object_id": number, "detail": {"by": by}}
    record(session, actor, "thread.noted", **about)


def close_due(database: Database, days: int, now: datetime) -> None:
    """Close what has been solved for so many days. Several workers share what is due between them."""
    done = _BATCH
    while done == _BATCH:
        with database.write() as session:
            over = _OVER.limit(_BATCH).with_for_update(skip_locked=True)
            due = session.scalars(over, {"since": now - timedelta(days=days)}).all()
            for thread in due:
                _set(thread, ThreadState.CLOSED, now)
                _note_by_staff(session, COMMAND, thread, "thread.closed")
            done = len(due)


def mark_read(database: Database, number: int) -> None:
    """The answer was opened."""
    with database.write() as session:
        session.execute(sa.update(_TABLE).where(_TABLE.c.id == number).values(unread=False))


def _note(session: Session, actor: Actor, thread: Thread, action: str, **detail: str) -> None:
    """The audit row."""
    actor = replace(actor, principal_customer_id=thread.customer_id)
    about: dict[str, Any] = {"object_type": "thread", "object_id": thread.id, "detail": detail}
    record(session, actor, action, premises_id=thread.premises_id, **about)


def _note_by_staff(session: Session, actor: Actor, thread: Thread, action: str, **detail: str) -> None:
    """The same of what staff do; about who is no customer it stands with the user."""
    actor, told = replace(actor, principal_customer_id=thread.customer_id), detail | {"category": "messages"}
    about: dict[str, Any] = {"object_type": "thread", "object_id": thread.id}
    if thread.customer_id is None and thread.user_id:
        about = {"object_type": "user", "object_id": thread.user_id}
    record(session, actor, action, premises_id=thread.premises_id, detail=told, **about)
