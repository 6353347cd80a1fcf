"""How far the billing system was told what happened; the audit trail itself is the queue (decision 10).

Only what is sealed is told, because nothing can still appear before it (`models.seals`). What cannot be told is tried
again with longer and longer waits, and nothing after it is told before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.outbox import LEASE, WAITS
from models.people import User
from models.seals import AuditSeal
from models.types import AnyRow, AnySelect, Numbered, utc_now

BATCH = 100
_FAR = 1000  # audit rows of other kinds; then it moves on over them
# What is told, by the act in the audit trail.
EVENTS = {
    "reading.submitted": "reading.submitted", "thread.asked": "message.received", "thread.replied": "message.received",
    "phone.changed": "contact.changed", "email.changed": "contact.changed",
}  # fmt: skip


class Webhook(Numbered, table=True):
    """The one row, number 1."""

    told_to: int  # the audit row up to which it was told
    leased_until: datetime | None = None
    due_at: datetime = Field(default_factory=utc_now)
    attempts: int = 0
    error: str = Field(default="", max_length=200)


_TABLE: sa.Table = Webhook.__table__  # type: ignore[attr-defined]
_TOP = sa.select(sa.func.coalesce(sa.func.max(col(AuditSeal.audit_id)), 0))
_BEGIN = sa.text(
    "INSERT INTO webhook (id, told_to, due_at, attempts, error)"
    " SELECT 1, coalesce(max(audit_id), 0), :now, 0, '' FROM audit_seal WHERE true ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("now", type_=_TABLE.c.due_at.type))
_FREE = (
    _TABLE.c.due_at <= sa.bindparam("now"),
    sa.or_(_TABLE.c.leased_until.is_(None), _TABLE.c.leased_until <= sa.bindparam("now")),
)
_DUE = sa.select(_TABLE.c.told_to, _TOP.scalar_subquery().label("top")).where(*_FREE)
_EVENTS = (
    sa.select(col(AuditRow.id), col(AuditRow.at), col(AuditRow.action), col(AuditRow.actor_user_id))
    .join(AuditSeal, col(AuditSeal.audit_id) == col(AuditRow.id))
    .where(col(AuditRow.id) > sa.bindparam("after"), col(AuditRow.action).in_(EVENTS))
    .order_by(col(AuditRow.id))
    .limit(BATCH)
)
_CONTACTS: AnySelect = (
    sa.select(col(User.id), col(User.email), col(User.phone), col(Customer.external_id).label("customer"))
    .join(CustomerUser, col(CustomerUser.user_id) == col(User.id))
    .join(Customer, col(Customer.id) == col(CustomerUser.customer_id))
    .where(col(User.id).in_(sa.bindparam("users", expanding=True)))
    .order_by(col(Customer.external_id))
)


def begin(session: Session) -> None:
    """From now on: what happened before is not told."""
    session.execute(_BEGIN, {"now": utc_now()})


def claim(session: Session, now: datetime) -> Sequence[AnyRow]:
    """The oldest events that were not told, for `LEASE`; none while another worker tells some, or it is too early."""
    due = session.execute(_DUE, {"now": now}).first()
    events = session.execute(_EVENTS, {"after": due.told_to}).fetchall() if due else []
    if due and not events and due.top - due.told_to > _FAR:
        session.execute(sa.update(_TABLE).values(told_to=due.top))
    if not events:
        return []
    values = {"leased_until": now + LEASE, "attempts": _TABLE.c.attempts + 1}
    taken: Any = session.execute(sa.update(_TABLE).where(*_FREE).values(values), {"now": now})
    return events if taken.rowcount else []


def contacts(connection: Connection, events: Sequence[AnyRow]) -> dict[int, dict[str, Any]]:
    """Of those whose contacts changed: what these are now, and whose they are in the billing system."""
    users = [row.actor_user_id for row in events if EVENTS[row.action] == "contact.changed"]
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(_CONTACTS, {"users": users}) if users else ():
        own = found.setdefault(row.id, {"email": row.email, "phone": row.phone, "customers": []})
        own["customers"].append(row.customer)
    return found


def told(session: Session, last: int) -> None:
    """Up to this one they were told."""
    session.execute(sa.update(_TABLE).values(told_to=last, leased_until=None, attempts=0, error=""))


def failed(session: Session, now: datetime, error: str) -> None:
    """Again later."""
    attempts = session.execute(sa.select(_TABLE.c.attempts)).scalar() or 1
    due = now + WAITS[min(attempts, len(WAITS)) - 1]
    session.execute(sa.update(_TABLE).values(due_at=due, leased_until=None, error=error[:200]))
