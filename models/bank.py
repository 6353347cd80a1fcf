"""Money that came to the operator's accounts by its banks' statements, and which payments it is (models.payments).

What is matched becomes a payment "received, being booked" as one that was begun here; the billing system books it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.invoices import Invoice, Payment
from models.payments import NEWEST, OnlinePayment, PaidInvoice, settle
from models.rules.payments import PaymentState
from models.types import AnyRow, Imported, choice, utc_now

BANK = "bank"  # the provider of payments that nobody began here
ITSELF = Actor(None, "import")
_SAME = timedelta(days=10)  # from the beginning of a payment here to its money at the bank


class EntryState(StrEnum):
    """What has become of money."""

    OPEN = "open"
    MATCHED = "matched"
    ASIDE = "aside"  # it is for no invoice


class BankEntry(Imported, table=True):
    """One of a statement; below zero: money of a payer that went back."""

    __tablename__ = "bank_entry"

    account: str = Field(default="", max_length=34)
    booked_on: date
    cents: int
    payer: str = Field(default="", max_length=140)
    payer_iban: str = Field(default="", max_length=34, index=True)
    reference: str = Field(default="", max_length=140)
    text: str = Field(default="", max_length=500)
    state: EntryState = choice(EntryState, default=EntryState.OPEN, index=True)
    reason: str = Field(default="", max_length=500)  # why it was put aside
    decided_at: datetime | None = None  # by somebody: from then on nothing is matched by itself


_TABLE: sa.Table = BankEntry.__table__  # type: ignore[attr-defined]
_ONLINE: sa.Table = OnlinePayment.__table__  # type: ignore[attr-defined]
_LINES: sa.Table = PaidInvoice.__table__  # type: ignore[attr-defined]
_WAITING = sa.select(_TABLE).where(_TABLE.c.state == EntryState.OPEN, _TABLE.c.decided_at.is_(None), _TABLE.c.cents > 0)
_ITS = _LINES.c.invoice_id == col(Invoice.id)
_PAID = sa.select(sa.func.sum(col(Payment.amount))).where(col(Payment.invoice_id) == col(Invoice.id)).scalar_subquery()
_COMING = (
    sa.select(sa.func.sum(_LINES.c.cents)).join(_ONLINE, _ONLINE.c.id == _LINES.c.payment_id)
    .where(_ITS, _ONLINE.c.status == PaymentState.PAID, _ONLINE.c.booked_at.is_(None)).scalar_subquery()
)  # fmt: skip
_LEFT = col(Invoice.payable) - sa.func.coalesce(_PAID, 0) - sa.func.coalesce(_COMING, 0)
OWED = sa.select(
    *(col(getattr(Invoice, name)) for name in ("id", "customer_id", "number", "reference", "brought_forward"))
).add_columns(_LEFT.label("left")).order_by(col(Invoice.issued_on), col(Invoice.id))  # fmt: skip
PAID_BY = (
    sa.select(_TABLE.c.payer_iban, col(Invoice.customer_id)).distinct()
    .join(_ONLINE, _ONLINE.c.bank_entry_id == _TABLE.c.id).join(_LINES, _LINES.c.payment_id == _ONLINE.c.id)
    .join(Invoice, _ITS)
)  # fmt: skip
_INVOICES = sa.select(Invoice.__table__).order_by(col(Invoice.premises_id), col(Invoice.id))  # type: ignore[attr-defined]


def waiting(connection: Connection) -> Sequence[AnyRow]:
    """What came in and is matched by nobody yet."""
    return connection.execute(_WAITING.order_by(_TABLE.c.id)).fetchall()


def assign(session: Session, actor: Actor, entry: AnyRow, cents: Mapping[int, int]) -> None:
    """The money of an entry is for these invoices, by id, so much for each: a payment at each premises."""
    rows = session.execute(_INVOICES.where(col(Invoice.id).in_(cents))).fetchall()
    for premises_id, some in groupby(rows, lambda row: row.premises_id):
        _pay(session, entry, premises_id, {row.id: cents[row.id] for row in some})
    values = {"state": EntryState.MATCHED, "decided_at": utc_now() if actor.user_id else None}
    session.execute(sa.update(_TABLE).where(_TABLE.c.id == entry.id).values(values))
    detail = {"cents": entry.cents, "invoices": {row.number: cents[row.id] for row in rows}}
    record(session, actor, "bank.matched", object_type="bank_entry", object_id=entry.id, detail=detail)


def _pay(session: Session, entry: AnyRow, premises_id: int, cents: Mapping[int, int]) -> None:
    """It is the money of a payment that was begun here with the same sum, or else a payment of its own."""
    total, now = sum(cents.values()), utc_now()
    begun = datetime.combine(entry.booked_on, time(12), UTC) - _SAME
    same = sa.select(_ONLINE.c.id).join(_LINES, _LINES.c.payment_id == _ONLINE.c.id).where(
        _LINES.c.invoice_id.in_(cents), _ONLINE.c.cents == total, _ONLINE.c.bank_entry_id.is_(None),
        _ONLINE.c.status != PaymentState.REFUNDED, _ONLINE.c.started_at > begun,
    ).order_by(_ONLINE.c.id)  # fmt: skip
    number = session.execute(same).scalar()
    if number is None:
        row = OnlinePayment(
            started_by=None, premises_id=premises_id, provider=BANK, cents=total, status=PaymentState.PAID,
            started_at=now, settled_at=now, look_at=now, seen=_seen(session, entry, cents), bank_entry_id=entry.id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add_all(PaidInvoice(payment_id=row.id or 0, invoice_id=one, cents=part) for one, part in cents.items())
    else:
        session.execute(sa.update(_ONLINE).where(_ONLINE.c.id == number).values(bank_entry_id=entry.id))
        settle(session, number, PaymentState.PAID, now)


def _seen(session: Session, entry: AnyRow, cents: Mapping[int, int]) -> int:
    """The newest payment that the billing system told of before this money came: it may have this one, too, by now."""
    theirs = sa.select(col(Invoice.customer_id)).where(col(Invoice.id).in_(cents))
    since = (col(Payment.customer_id).in_(theirs), col(Payment.paid_on) >= entry.booked_on)
    first = session.execute(sa.select(sa.func.min(col(Payment.id))).where(*since)).scalar()
    return first - 1 if first else session.execute(NEWEST).scalar() or 0
