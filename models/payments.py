"""Payments that people start here (C05; DD-04, LG-12): what they were shown and asked for, and what became of it.

They tell what is on its way. What was received, and so the balance, says the billing system (`models.invoices`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models import invoices
from models.audit import Actor, record
from models.database import Database
from models.invoices import Bill, Invoice, Payment
from models.places import Place
from models.premises import Premises
from models.rules.payments import LOOKS, PaymentState, after, pause
from models.tills import Till, Told
from models.types import Addressed, AnyRow, Changed, choice

_BOOKED_AGAIN = timedelta(minutes=10)  # between two looks at what the billing system has received
_LATE = timedelta(days=30)  # without which a person has to look
_ITSELF = Actor(None, "web")


class OnlinePayment(Addressed, table=True):
    """One payment; its id is that of the form that began it, so that a form sent twice begins one."""

    __tablename__ = "online_payment"
    __table_args__ = (sa.UniqueConstraint("provider", "provider_id"),)

    # In the address where its provider calls: nobody else learns it, the browser neither.
    hook: str = Field(default_factory=lambda: secrets.token_urlsafe(24), unique=True, max_length=32)
    started_by: int | None = Field(foreign_key="user_account.id", index=True)  # None: her account is closed
    premises_id: int = Field(foreign_key="premises.id", index=True)
    provider: str = Field(max_length=16)
    provider_id: str | None = Field(default=None, max_length=64)
    address: str | None = Field(default=None, max_length=500)  # where it is paid
    cents: int
    status: PaymentState = choice(PaymentState, default=PaymentState.PENDING, index=True)
    started_at: datetime
    settled_at: datetime | None = None  # when it was last told to be something else
    booked_at: datetime | None = None  # when the billing system had received as much
    seen: int = 0  # the newest payment that the billing system had told of when this began
    looks: int = 0
    look_at: datetime | None = Field(default=None, index=True)  # when to ask again; None: never
    bank_entry_id: int | None = Field(default=None, foreign_key="bank_entry.id", index=True)  # with its money
    reason: str | None = Field(default=None, max_length=500, index=True)  # why somebody of the staff decided so


class PaidInvoice(SQLModel, table=True):
    """What of a payment is for which invoice."""

    __tablename__ = "online_payment_invoice"

    payment_id: int = Field(foreign_key="online_payment.id", primary_key=True)
    invoice_id: int = Field(foreign_key="invoice.id", primary_key=True, index=True)
    cents: int


@dataclass(frozen=True)
class PaymentView:
    """A payment and the place that it is for."""

    row: AnyRow
    place: Place


class OpenAlready(Exception):
    """Another payment for the same premises is on its way."""


_TABLE: sa.Table = OnlinePayment.__table__  # type: ignore[attr-defined]
_LINES: sa.Table = PaidInvoice.__table__  # type: ignore[attr-defined]
_OPEN = sa.or_(
    _TABLE.c.status.in_([PaymentState.PENDING, PaymentState.REVIEW]),
    sa.and_(_TABLE.c.status == PaymentState.PAID, _TABLE.c.booked_at.is_(None)),
)
_ONE = sa.select(_TABLE).where(_TABLE.c.public_id == sa.bindparam("public_id"))
_BY_HOOK = sa.select(_TABLE).where(_TABLE.c.hook == sa.bindparam("hook"))
_UNDER_WAY = (
    sa.select(_TABLE, _LINES.c.invoice_id).join(_LINES, _LINES.c.payment_id == _TABLE.c.id)
    .where(_TABLE.c.premises_id == sa.bindparam("premises_id"), _OPEN).order_by(_TABLE.c.id.desc())
)  # fmt: skip
_ITS_INVOICES = (
    sa.select(Invoice.__table__, _LINES.c.cents).join(_LINES, _LINES.c.invoice_id == col(Invoice.id))  # type: ignore[attr-defined]
    .where(_LINES.c.payment_id == sa.bindparam("payment_id")).order_by(col(Invoice.issued_on), col(Invoice.id))
)  # fmt: skip
_DUE = sa.select(_TABLE).where(_TABLE.c.look_at <= sa.bindparam("now")).order_by(_TABLE.c.look_at)
NEWEST = sa.select(sa.func.coalesce(sa.func.max(col(Payment.id)), 0))
_THEIRS = sa.select(col(Invoice.customer_id)).join(_LINES, _LINES.c.invoice_id == col(Invoice.id))
# Money that billing has put to an invoice of other premises is not this. By a name of its own, else the invoices
# of the payment, which are asked for within, would be taken for it.
_AT = sa.orm.aliased(Invoice)
_RECEIVED = (
    sa.select(col(Payment.id), col(Payment.amount))
    .outerjoin(_AT, col(_AT.id) == col(Payment.invoice_id))
    .where(col(Payment.id) > sa.bindparam("seen"),
           col(Payment.customer_id).in_(_THEIRS.where(_LINES.c.payment_id == sa.bindparam("payment_id"))),
           sa.or_(col(_AT.id).is_(None), col(_AT.premises_id) == sa.bindparam("premises_id")))
    .order_by(col(Payment.id))
)  # fmt: skip


def one(connection: Connection, places: Sequence[Place], public_id: str) -> PaymentView | None:
    """A payment for one of these places, of invoices to its customers; None for anybody else's."""
    row = connection.execute(_ONE, {"public_id": public_id}).first()
    place = next((place for place in places if row and place.id == row.premises_id), None)
    if row is None or place is None:
        return None
    seen = all(invoice.customer_id in place.customer_ids for invoice in its_invoices(connection, row.id))
    return PaymentView(row, place) if seen else None


def its_invoices(connection: Connection, payment_id: int) -> Sequence[AnyRow]:
    """The invoices of a payment, oldest first, each with its `cents`."""
    return connection.execute(_ITS_INVOICES, {"payment_id": payment_id}).fetchall()


def by_hook(connection: Connection, hook: str) -> AnyRow | None:
    """The payment at whose address a provider calls."""
    return connection.execute(_BY_HOOK, {"hook": hook}).first()


def under_way(connection: Connection, place: Place) -> dict[int, AnyRow]:
    """Of each invoice of a place the newest payment that is on its way, or that the billing system has yet to book."""
    rows = connection.execute(_UNDER_WAY, {"premises_id": place.id}).fetchall()
    return {row.invoice_id: row for row in reversed(rows)}


def start(
    session: Session, actor: Actor, row: OnlinePayment, place: Place, parts: Sequence[tuple[Bill, int]], again: bool
) -> None:
    """Note a payment before anything is asked of anybody. Raises `Changed`, or `OpenAlready` where not `again`.

    `parts` are what she was shown; what was received or sent since then is looked at under a lock of the premises.
    """
    session.get_one(Premises, place.id, with_for_update=True)
    connection = session.connection()
    now = {bill.row.id: bill for bill in invoices.all_of(connection, place)}
    if any(bill.row.id not in now or now[bill.row.id] != bill for bill, _ in parts):
        raise Changed
    # Any invoice of hers there: a newer one may bring the same debt forward.
    if not again and {*now} & {*under_way(connection, place)}:
        raise OpenAlready
    row.seen = connection.execute(NEWEST).scalar_one() or 0
    session.add(row)
    session.flush()
    session.add_all(PaidInvoice(payment_id=row.id, invoice_id=bill.row.id, cents=cents) for bill, cents in parts)  # type: ignore[arg-type]  # flushed
    _record(session, actor, "payment.started", row, {"invoices": [bill.row.number for bill, _ in parts]})


def opened(session: Session, payment_id: int, provider_id: str, address: str, now: datetime) -> None:
    """Its provider has taken it; `address`: where it is paid."""
    told = {"provider_id": provider_id, "address": address, "look_at": now + pause(0)}
    session.execute(sa.update(_TABLE).where(_TABLE.c.id == payment_id).values(told))


def refused(session: Session, row: AnyRow, why: str) -> None:
    """Something was told of it that was not true of it, or not by its provider: nothing changes."""
    _record(session, _ITSELF, "payment.refused", row, {"why": why})


def wrong(row: AnyRow, told: Told, owner: str) -> str:
    """What in an answer is not as in this payment; empty where all is."""
    right = {"id": (told.id, row.provider_id), "reference": (told.reference, row.public_id),
             "amount": (told.cents, row.cents), "currency": (told.currency, "EUR"),
             "owner": (told.owner, owner)}  # fmt: skip
    return next((name for name, (theirs, ours) in right.items() if theirs != ours), "")


def answer(till: Till, row: AnyRow) -> tuple[PaymentState, str]:
    """What its provider says now that it is, and what in that is not as in this payment. Raises `ProviderAway`.

    Money that is not what was asked for is for a person to look at; anything else that is not right tells nothing.
    """
    told = till.look(row.provider_id)
    why = wrong(row, told, till.gateway.client_id)
    if not why:
        return told.state, ""
    return (PaymentState.REVIEW if told.state is PaymentState.PAID else row.status), why


def settle(session: Session, payment_id: int, told: PaymentState, now: datetime, why: str = "") -> PaymentState:
    """What it is now, by what its own provider answered to our question; once more it is asked later."""
    row = session.get_one(OnlinePayment, payment_id, with_for_update=True)
    if told is PaymentState.PENDING and row.looks >= LOOKS:
        told = PaymentState.EXPIRED
    state = after(row.status, told)
    row.looks += 1
    if state is not row.status:
        row.status, row.settled_at, row.looks = state, now, 0
        kept = {"state": state.value} | ({"why": why} if why else {})
        _record(session, _ITSELF, "payment.paid" if state is PaymentState.PAID else "payment.ended", row, kept)
    waits = {PaymentState.PENDING: pause(row.looks), PaymentState.PAID: _BOOKED_AGAIN}
    row.look_at = now + waits[state] if state in waits and not row.booked_at else None
    session.add(row)
    return state


def due(connection: Connection, now: datetime) -> AnyRow | None:
    """One that is to be looked at, the longest overdue."""
    return connection.execute(_DUE.limit(sa.literal_column("1")), {"now": now}).first()


def book(database: Database, payment_id: int, now: datetime) -> bool:
    """Whether the billing system has received as much since it began; what it has counts for one payment."""
    with database.write() as session:
        row, received = session.get_one(OnlinePayment, payment_id, with_for_update=True), 0
        row.look_at = now + _BOOKED_AGAIN
        session.add(row)
        values = {"seen": row.seen, "payment_id": payment_id, "premises_id": row.premises_id}
        for number, amount in session.execute(_RECEIVED, values).all():
            received += amount
            if received >= row.cents:
                row.booked_at, row.look_at = now, None
                later = (_TABLE.c.premises_id == row.premises_id, _TABLE.c.id != payment_id, _TABLE.c.seen < number)
                session.execute(sa.update(_TABLE).where(*later).values(seen=number))
                return True
        if now - (row.settled_at or now) > _LATE:
            settle(session, payment_id, PaymentState.REVIEW, now, "not booked")
    return False


def _record(session: Session, actor: Actor, action: str, row: AnyRow | OnlinePayment, more: dict[str, Any]) -> None:
    detail = {"cents": row.cents, "provider": row.provider, **more}
    about: dict[str, Any] = {"premises_id": row.premises_id, "object_type": "payment", "object_id": row.id}
    record(session, actor, action, detail=detail, **about)
