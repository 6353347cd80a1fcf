"""What staff do with conversations apart from writing: whose each is, until when it waits, where it goes on (H01)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models import search
from models.answering import touch
from models.audit import Actor, record, record_each
from models.rules.threads import ThreadState, after, hindrance
from models.search import ThreadText
from models.threads import Message, Thread, ThreadNote
from models.types import AnySelect

_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_ACTIONS = {
    "assign": "thread.assigned", "snooze": "thread.snoozed", "wake": "thread.woken", "close": "thread.closed",
    "wait": "thread.waits",
}  # fmt: skip
_TOLD = sa.exists().where(col(Message.thread_id) == _TABLE.c.id, col(Message.from_staff))  # what her answer is


# What the trail says each is about: of who is no customer it stands with the user.
_OF_USER = sa.and_(_TABLE.c.customer_id.is_(None), _TABLE.c.user_id.is_not(None))
_ABOUT: AnySelect = sa.select(
    sa.case((_OF_USER, "user"), else_="thread").label("object_type"),
    sa.case((_OF_USER, _TABLE.c.user_id), else_=_TABLE.c.id).label("object_id"),
    _TABLE.c.customer_id.label("principal_customer_id"), _TABLE.c.premises_id,
)  # fmt: skip


class Changed(Exception):
    """Somebody else has changed the conversation since the page was opened that an act comes from."""


@dataclass(frozen=True)
class Wish:
    """What is to be done: "assign" (`to` whom, None: to nobody), "snooze" (`until` a day), "wake", "wait", "close"."""

    act: str
    to: int | None = None
    until: date | None = None

    def values(self, by: str, now: datetime) -> dict[str, Any]:
        """What stands in the row afterwards."""
        new: dict[str, Any] = {"version": _TABLE.c.version + 1, "touched_by": by}
        if self.act == "assign":
            return new | {"assignee_id": self.to}
        if self.act in ("snooze", "wake"):
            return new | {"snoozed_until": self.until}
        state = ThreadState.ANSWERED if self.act == "wait" else ThreadState.CLOSED
        return new | {"state": state, "changed_at": now, "due_at": None, "snoozed_until": None}


def change(
    session: Session, actor: Actor, by: str, numbers: Sequence[int], wish: Wish, now: datetime, seen: int | None = None
) -> int:
    """Do it to these conversations; to how many it was done: not to those whose state has no such act (any more).

    `by`: the name of who does it. `seen`: the version that she has seen, where `Changed` is to be raised for another
    one. As many statements for all as for one.
    """
    wanted = sa.select(_TABLE).where(_TABLE.c.id.in_({*numbers})).order_by(_TABLE.c.id).with_for_update()
    if wish.act == "wait":
        wanted = wanted.where(_TOLD)
    rows = [row for row in session.execute(wanted) if after(row.state, wish.act) is not None]
    if seen is not None and any(row.version != seen for row in rows):
        raise Changed
    new = sa.update(_TABLE).where(_TABLE.c.id.in_([row.id for row in rows]))
    session.execute(new.values(wish.values(by, now)))
    details: dict[str, dict[str, Any]] = {"assign": {"to": wish.to}, "snooze": {"until": str(wish.until)}}
    detail = {"category": "messages", "by": by} | details.get(wish.act, {})
    about = _ABOUT.where(_TABLE.c.id.in_([row.id for row in rows])).order_by(_TABLE.c.id)
    record_each(session, actor, _ACTIONS[wish.act], [], about, detail)
    return len(rows)


def merge(session: Session, actor: Actor, by: str, source_id: int, target_id: int, seen: int, now: datetime) -> str:
    """Let one conversation go on in another: its messages and notes move there. "" or `hindrance`'s word.

    Also "unknown": nothing has that number. Raises `Changed` as `change` does.
    """
    wanted = sa.select(Thread).where(_TABLE.c.id.in_({source_id, target_id})).order_by(_TABLE.c.id).with_for_update()
    found = {row.id: row for row in session.scalars(wanted)}
    source, target = found[source_id], found.get(target_id)
    wrong = hindrance(source, target) if target else "unknown"
    if wrong or target is None:
        return wrong
    if source.version != seen:
        raise Changed
    for table in (Message, ThreadNote):
        session.execute(sa.update(table).where(col(table.thread_id) == source_id).values(thread_id=target_id))
    earlier = sa.update(_TABLE).where(_TABLE.c.merged_into == source_id)
    session.execute(earlier.values(merged_into=target_id))
    _take_in(source, target, now)
    session.execute(sa.delete(ThreadText).where(col(ThreadText.thread_id).in_((source_id, target_id))))
    for row in (source, target):
        touch(row, by)
        search.keep(session, row.id or 0)
    detail = {"into": target_id, "by": by}
    record(session, actor, "thread.merged", object_type="thread", object_id=source_id, detail=detail)
    return ""


def _take_in(source: Thread, target: Thread, now: datetime) -> None:
    """What was true of the one that ends is true of the one that goes on. Lists are ordered by the last message: each
    keeps one of its own."""
    source.latest_id, target.latest_id = sorted((source.latest_id, target.latest_id))
    target.began_on, target.unread = min(source.began_on, target.began_on), source.unread or target.unread
    target.assignee_id = target.assignee_id or source.assignee_id
    if source.state is ThreadState.OPEN:
        due = [one for one in (source.due_at, target.due_at) if one]
        target.state, target.changed_at, target.due_at = source.state, now, min(due, default=None)
        target.snoozed_until = source.snoozed_until and target.snoozed_until
    source.state, source.changed_at, source.due_at, source.snoozed_until = ThreadState.CLOSED, now, None, None
    source.unread, source.merged_into = False, target.id
