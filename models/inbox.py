"""What staff see of conversations: the views of the queue, and one with what stands beside it (H01, H04, H06, H08)."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.canned import TEXTS, CannedReply
from models.customers import Customer, CustomerUser
from models.invoices import Invoice
from models.mentions import Mention
from models.meters import Meter, Register
from models.people import User
from models.premises import Premises
from models.readings import Reading
from models.rules.threads import ThreadState
from models.substitutes import StaffAway
from models.tenures import Tenure, during
from models.threads import NEWEST, Message, MessageFile, Thread, ThreadNote
from models.types import AnyRow, AnySelect

MOST = 999  # more than so many are not counted
_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_ME, _TODAY = (sa.bindparam(name, type_=kind) for name, kind in (("me", sa.Integer()), ("today", sa.Date())))
_IS_NOW = sa.and_(col(StaffAway.starts_on) <= _TODAY, col(StaffAway.ends_on) >= _TODAY)
_REPLACED = sa.select(col(StaffAway.staff_id)).where(col(StaffAway.substitute_id) == _ME, _IS_NOW)
_HERS = _TABLE.c.assignee_id.in_(sa.union_all(sa.select(_ME), _REPLACED))
_OPEN = _TABLE.c.state == ThreadState.OPEN
_SEEN_NOW = sa.and_(_OPEN, sa.or_(_TABLE.c.snoozed_until.is_(None), _TABLE.c.snoozed_until <= _TODAY))
# What waits for staff, first what is due first; the rest has the latest first.
WAITING = {
    "waiting": _SEEN_NOW,
    "unassigned": sa.and_(_SEEN_NOW, _TABLE.c.assignee_id.is_(None)),
    "mine": sa.and_(_SEEN_NOW, _HERS),
    "snoozed": sa.and_(_OPEN, _TABLE.c.snoozed_until > _TODAY),
}
_ANSWERED = _TABLE.c.state == ThreadState.ANSWERED
_LATER = {"answered": _ANSWERED, "closed": _TABLE.c.state == ThreadState.CLOSED, "all": sa.true()}
VIEWS = ("waiting", "unassigned", "mine", "answered", "snoozed", "closed", "all")
_COUNTED = {**WAITING, "answered": _ANSWERED}
_LATEST = sa.orm.aliased(Message, name="latest")
_COLLEAGUE, _OTHER = (sa.orm.aliased(User, name=name) for name in ("colleague", "other"))
_ROWS = (
    sa.select(_TABLE, col(User.name).label("writer"), col(Customer.name).label("customer"), col(Customer.code))
    .add_columns(col(Premises.address), col(_LATEST.sent_at), sa.func.substr(col(_LATEST.body), 1, 200).label("line"))
    .add_columns(col(_COLLEAGUE.name).label("assignee"))
    .join(_LATEST, col(_LATEST.id) == _TABLE.c.latest_id)
    .outerjoin(User, col(User.id) == _TABLE.c.user_id)
    .outerjoin(Customer, col(Customer.id) == _TABLE.c.customer_id)
    .outerjoin(Premises, col(Premises.id) == _TABLE.c.premises_id)
    .outerjoin(_COLLEAGUE, col(_COLLEAGUE.id) == _TABLE.c.assignee_id)
)
_AFTER = sa.tuple_(_TABLE.c.due_at, _TABLE.c.id) > sa.tuple_(
    sa.bindparam("due", type_=_TABLE.c.due_at.type), sa.bindparam("number", type_=sa.Integer())
)
# Said of both, for PostgreSQL does not see that what is joined ends there too.
_OLDER = sa.and_(*(entry < sa.bindparam("number") for entry in (_TABLE.c.latest_id, col(_LATEST.id))))
_PAGES = {
    name: _ROWS.where(which, _AFTER).order_by(_TABLE.c.due_at, _TABLE.c.id) for name, which in WAITING.items()
} | {
    name: _ROWS.where(which, _OLDER).order_by(_TABLE.c.latest_id.desc()) for name, which in _LATER.items()
}
_ONE = _ROWS.add_columns(
    col(User.phone), col(User.email), col(Customer.phone).label("customer_phone")
).where(_TABLE.c.id == sa.bindparam("number"))  # fmt: skip
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_KEY = re.compile(r"([0-9]{1,16})-([0-9]{1,9})")
_SOME = _ROWS.where(_TABLE.c.id.in_(sa.bindparam("numbers", expanding=True)))
_THEIRS = sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id) == sa.bindparam("customer_id"))
_IDS = sa.select(_TABLE.c.id)
_FOR_HER = _IDS.where(_TABLE.c.customer_id == sa.bindparam("customer_id"))
_BY_THEM = _IDS.where(_TABLE.c.user_id.in_(_THEIRS), _TABLE.c.customer_id.is_(None))
_OF_CUSTOMER = _ROWS.where(_TABLE.c.id.in_(sa.union(_FOR_HER, _BY_THEM))).order_by(_TABLE.c.latest_id.desc())
_FILE: AnySelect = (
    sa.select(MessageFile.__table__, col(Message.thread_id))  # type: ignore[attr-defined]
    .join(Message, col(Message.id) == col(MessageFile.message_id))
    .where(col(MessageFile.public_id) == sa.bindparam("public_id"))
)


def _few(which: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    some = sa.select(_TABLE.c.id).where(which).limit(sa.literal_column(f"{MOST + 1}")).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


_DESK: AnySelect = (
    sa.select(col(User.id), col(User.name), col(StaffAway.ends_on).label("away_until"))
    .add_columns(col(_OTHER.name).label("substitute"), *(_few(which).label(name) for name, which in _COUNTED.items()))
    .outerjoin(StaffAway, sa.and_(col(StaffAway.staff_id) == col(User.id), _IS_NOW))
    .outerjoin(_OTHER, col(_OTHER.id) == col(StaffAway.substitute_id))
    .where(col(User.role).in_(sa.bindparam("roles", expanding=True)), col(User.disabled_at).is_(None))
    .order_by(col(User.name), col(User.id))
)


def listed(connection: Connection, view: str, me: int, today: date, most: int, after: str = "") -> Sequence[AnyRow]:
    """No more than `most` of one of `VIEWS` as the member of staff with the number `me` sees it today.

    `after`: what `key` gave of the row before the first one; whatever else it is, they begin at the beginning.
    """
    found = _KEY.fullmatch(after)
    due, number = (int(found[1]), int(found[2])) if found else (0, 0)
    if view in _LATER:
        number = number or NEWEST
    page = _PAGES[view].limit(sa.literal_column(f"{most}"))
    values = {"me": me, "today": today, "due": _EPOCH + due * _TICK, "number": number}
    return connection.execute(page, values).fetchall()


def key(view: str, row: AnyRow) -> str:
    """Where a row stands in a view."""
    return f"{(row.due_at - _EPOCH) // _TICK}-{row.id}" if view in WAITING else f"0-{row.latest_id}"


def desk(connection: Connection, me: int, today: date, roles: Sequence[str]) -> tuple[Sequence[AnyRow], dict[str, int]]:
    """Those of the staff with these roles who can get in, by name; and how many stand in each view, in one statement.

    `substitute`, `away_until`: of who is away today. What is counted ends at `MOST` + 1.
    """
    found = connection.execute(_DESK, {"me": me, "today": today, "roles": roles}).fetchall()
    return found, {name: getattr(found[0], name) for name in _COUNTED} if found else {}


def one(connection: Connection, number: int) -> AnyRow | None:
    """A conversation, with who writes, for which customer and where."""
    return connection.execute(_ONE, {"number": number}).first()


def some(connection: Connection, numbers: Sequence[int]) -> Sequence[AnyRow]:
    """These conversations, in no order."""
    return connection.execute(_SOME, {"numbers": [*numbers]}).fetchall()


_KINDS = ("note", "place", "invoice", "reading", "thread", "reply")
_NOTHING: dict[str, Any] = {
    "number": sa.Integer(), "name": sa.String(), "also": sa.String(), "day": sa.Date(), "at": _TABLE.c.changed_at.type,
    "figure": sa.BigInteger(),
}  # fmt: skip


def _text(column: Any) -> sa.Cast[str]:
    return sa.cast(column, sa.String())


def _part(kind: str, most: int, **columns: Any) -> sa.Select[Any]:
    """Columns of one kind of thing that stands beside a conversation, the rest of them empty."""
    typed = (columns.get(name, sa.cast(sa.null(), empty)).label(name) for name, empty in _NOTHING.items())
    return sa.select(sa.literal(kind, sa.String()).label("kind"), *typed).limit(sa.literal_column(f"{most}"))


_NUMBER, _CUSTOMER, _PERSON, _AT = (
    sa.bindparam(name, type_=sa.Integer()) for name in ("number", "customer_id", "user_id", "premises_id")
)
_NOTE, _BILL, _VALUE, _REPLY = (sa.inspect(kind).local_table.c for kind in (ThreadNote, Invoice, Reading, CannedReply))
_NAMED = sa.select(col(Mention.user_id)).where(col(Mention.note_id) == _NOTE.id, col(Mention.user_id) == _ME)
_SAYS = sa.case({language: _REPLY[language] for language in TEXTS}, value=sa.bindparam("language"), else_="")
_BESIDE = sa.union_all(*(sa.select(part.subquery()) for part in (
    _part("note", 500, number=_NOTE.id, name=_NOTE.author, also=_NOTE.body, at=_NOTE.noted_at,
          figure=_NAMED.scalar_subquery())
    .where(_NOTE.thread_id == _NUMBER).order_by(_NOTE.id),
    _part("place", 5, number=col(Premises.id), name=col(Premises.address), also=_text(Tenure.role))
    .join(Tenure, col(Tenure.premises_id) == col(Premises.id))
    .where(col(Tenure.customer_id) == _CUSTOMER, during(_TODAY)).order_by(col(Premises.id)),
    _part("invoice", 3, number=_BILL.id, name=_BILL.number, day=_BILL.issued_on, figure=_BILL.payable)
    .where(_BILL.customer_id == _CUSTOMER).order_by(_BILL.issued_on.desc(), _BILL.id.desc()),
    _part("reading", 3, name=col(Meter.serial), also=_text(Meter.kind), day=_VALUE.read_on, figure=_VALUE.value)
    .join(Register, col(Register.id) == _VALUE.register_id).join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(col(Meter.premises_id) == _AT, _VALUE.superseded_at.is_(None))
    .order_by(_VALUE.read_on.desc(), _VALUE.id.desc()),
    _part("thread", 3, number=_TABLE.c.id, name=_TABLE.c.subject, also=_TABLE.c.topic)
    .where(_TABLE.c.user_id == _PERSON, _TABLE.c.id != _NUMBER).order_by(_TABLE.c.id.desc()),
    _part("reply", 500, number=_REPLY.id, name=_REPLY.title)
    .where(_REPLY.user_id.is_(None) | (_REPLY.user_id == _ME), _SAYS != "")
    .where(_REPLY.topic.in_(("", sa.bindparam("topic"))))
    .order_by(_REPLY.uses.desc(), _REPLY.title, _REPLY.id),
)))  # fmt: skip


def beside(connection: Connection, thread: AnyRow, me: int, today: date) -> dict[str, list[AnyRow]]:
    """What stands beside a conversation for the member of staff `me`, in one statement, by kind.

    "note": of staff, the oldest first, with a `figure` where it names me and I have not opened it; "place": where its
    customer stands today; "invoice" and "reading": the last three of her and of its premises; "thread": the last three
    others of its writer; "reply": those prepared for its topic in its language, what is used most first.
    """
    values = {"number": thread.id, "customer_id": thread.customer_id, "user_id": thread.user_id}
    found: dict[str, list[AnyRow]] = {kind: [] for kind in _KINDS}
    values |= {"premises_id": thread.premises_id, "topic": thread.topic, "language": thread.language, "me": me}
    for row in connection.execute(_BESIDE, values | {"today": today}):
        found[row.kind].append(row)
    return found


def file(connection: Connection, public_id: str) -> AnyRow | None:
    """A file of any message, with the number of its conversation."""
    return connection.execute(_FILE, {"public_id": public_id}).first()


def of_customer(connection: Connection, customer_id: int, most: int) -> Sequence[AnyRow]:
    """The latest conversations for this customer, and those about no property of who signs in as her."""
    latest_first = _OF_CUSTOMER.limit(sa.literal_column(f"{most}"))
    return connection.execute(latest_first, {"customer_id": customer_id}).fetchall()
