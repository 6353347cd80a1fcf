"""Money that came to the operator's accounts by the statements of banks, and which payments it is (`models.payments`).

What is matched becomes a payment "received, being booked", as one that was begun here; the billing system books it.
What a person has to settle, of this and of what was begun here, is named by its kind, "b" or "o", and its number.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.customers import Customer
from models.invoices import RECEIVED, Invoice, Payment
from models.payments import NEWEST, OnlinePayment, PaidInvoice, settle
from models.premises import Premises
from models.rules.payments import CANCELLED, FAILED, PAID, REFUNDED, REVIEW
from models.types import AnyRow, Changed, Imported, choice, utc_now

BANK = "bank"  # the provider of payments that nobody began here
MOST = 200  # in a list
_ITSELF = Actor(None, "import")


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


_BANK: sa.Table = BankEntry.__table__  # type: ignore[attr-defined]  # SQLModel does not tell of it
_ONLINE: sa.Table = OnlinePayment.__table__  # type: ignore[attr-defined]  # as above
_LINES: sa.Table = PaidInvoice.__table__  # type: ignore[attr-defined]  # as above
_OF_INVOICE: sa.Table = Invoice.__table__  # type: ignore[attr-defined]  # as above
_WITH_LINES = _LINES.join(_ONLINE, _ONLINE.c.id == _LINES.c.payment_id)
_TABLES = {"b": _BANK, "o": _ONLINE}
_ROWS = {
    "b": sa.select(sa.literal("b").label("kind"), *_BANK.c),
    "o": sa.select(sa.literal("o").label("kind"), *_ONLINE.c, col(Premises.address).label("at")).join(Premises),
}
_WAITS = {"b": _BANK.c.state == EntryState.OPEN, "o": _ONLINE.c.status == REVIEW}
_DONE = {"b": _BANK.c.state != EntryState.OPEN, "o": _ONLINE.c.reason.is_not(None)}
# Nor is undone what billing has booked or the provider has paid back since.
_UNDONE = {"b": _DONE["b"], "o": sa.and_(_DONE["o"], sa.or_(
    _ONLINE.c.reason != "", sa.and_(_ONLINE.c.booked_at.is_(None), _ONLINE.c.status != REFUNDED)
))}  # fmt: skip
# What closes one: for the kind that it is of, what then is true of it.
_CLOSES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "aside": ("b", {"state": EntryState.ASIDE}), "booked": ("o", {"status": PAID}),
    "failed": ("o", {"status": FAILED}), "refunded": ("o", {"status": REFUNDED}),
}  # fmt: skip
_SAID = _BANK.c.payer + " " + _BANK.c.payer_iban + " " + _BANK.c.reference + " " + _BANK.c.text
_COMING = sa.select(sa.func.sum(_LINES.c.cents)).select_from(_WITH_LINES).where(
    _LINES.c.invoice_id == col(Invoice.id), _ONLINE.c.status == PAID, _ONLINE.c.booked_at.is_(None)
)  # fmt: skip
_LEFT = col(Invoice.payable) - sa.func.coalesce(RECEIVED, 0) - sa.func.coalesce(_COMING.scalar_subquery(), 0)
OWED = sa.select(_OF_INVOICE, _LEFT.label("left")).order_by(col(Invoice.issued_on), col(Invoice.id))
_NAME = sa.select(col(Customer.name)).where(col(Customer.id) == col(Invoice.customer_id)).scalar_subquery()
_AT = sa.select(col(Premises.address)).where(col(Premises.id) == col(Invoice.premises_id)).scalar_subquery()
_MAY_BE = OWED.add_columns(_NAME.label("name"), _AT.label("address")).order_by(None).order_by(
    sa.literal_column("name"), col(Invoice.issued_on).desc()
)  # fmt: skip
PAID_BY = sa.select(_BANK.c.payer_iban, col(Invoice.customer_id)).distinct().select_from(
    _WITH_LINES.join(_BANK, _ONLINE.c.bank_entry_id == _BANK.c.id).join(Invoice)
)  # fmt: skip
_PARTS = sa.select(_LINES.c.cents, col(Invoice.id), col(Invoice.number), col(Customer.name)).select_from(
    _WITH_LINES.join(Invoice).join(Customer)
).order_by(col(Invoice.id))  # fmt: skip


def unmatched(connection: Connection) -> Sequence[AnyRow]:
    """What came in, and nobody has decided about yet."""
    waits = _ROWS["b"].where(_WAITS["b"], _BANK.c.decided_at.is_(None), _BANK.c.cents > 0)
    return connection.execute(waits.order_by(_BANK.c.id)).fetchall()


def found(connection: Connection, kind: str, text: str, *, is_done: bool) -> Sequence[AnyRow]:
    """What waits, oldest first, or what was settled last; `text`: of the payer's, at the bank."""
    number, said = _TABLES[kind].c.id, [_SAID.icontains(text, autoescape=True)] if text and kind == "b" else []
    rows = _ROWS[kind].where((_DONE if is_done else _WAITS)[kind], *said)
    ordered = rows.order_by(number.desc() if is_done else number)
    return connection.execute(ordered.limit(sa.literal_column(f"{MOST}"))).fetchall()


def one(connection: Connection, key: str) -> AnyRow | None:
    """One of them, waiting or settled."""
    kind, number = key[:1], key[1:]
    if kind not in _ROWS or not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    is_ours = (_TABLES[kind].c.id == int(number), sa.or_(_WAITS[kind], _DONE[kind]))
    return connection.execute(_ROWS[kind].where(*is_ours)).first()


def parts(connection: Connection, row: AnyRow) -> Sequence[AnyRow]:
    """The invoices that it is for, and what of it."""
    mine = _ONLINE.c.bank_entry_id if row.kind == "b" else _ONLINE.c.id
    return connection.execute(_PARTS.where(mine == row.id)).fetchall()


def may_be(connection: Connection, customers: Collection[int], invoices: Collection[int]) -> Sequence[AnyRow]:
    """The invoices of these customers, and these, each with what is left to pay of it."""
    wanted = sa.or_(col(Invoice.customer_id).in_(customers), col(Invoice.id).in_(invoices))
    return connection.execute(_MAY_BE.where(wanted).limit(sa.literal_column(f"{MOST}"))).fetchall()


def closes(row: AnyRow) -> list[str]:
    """By which acts one of this kind needs nothing more."""
    return [act for act, (kind, _) in _CLOSES.items() if kind == row.kind]


def decide(
    session: Session, actor: Actor, row: AnyRow, act: str, cents: Mapping[int, int], why: str,
    sent: Mapping[str, str],
) -> None:  # fmt: skip
    """It is for invoices ("assign": `cents` by their ids), is closed, or waits again ("undo"). Raises `Changed`.

    `sent`: what is kept of the form, its `once` and `content_hash`.
    """
    now = utc_now()
    if act == "assign" and row.kind == "b":
        assign(session, row, cents, actor, sent)
    elif act == "assign":  # it was over what they make together
        then = {"status": PAID, "cents": sum(cents.values()), "settled_at": now, "look_at": now, "reason": ""}
        _settle(session, actor, row, "assigned", sent, then, cents)
        session.execute(sa.delete(_LINES).where(_LINES.c.payment_id == row.id))
        _add_lines(session, row.id, cents)
    elif act == "undo" and row.kind == "b":
        _settle(session, actor, row, "undone", sent, {"state": EntryState.OPEN, "reason": "", "decided_at": now})
        _part(session, row)
    else:
        booked = now if act == "booked" else None
        then = {"decided_at": now} if row.kind == "b" else {"look_at": None, "booked_at": booked}
        then |= {"status": REVIEW, "reason": None} if act == "undo" else {"reason": why, **_CLOSES[act][1]}
        _settle(session, actor, row, "undone" if act == "undo" else act, sent, then)


def _settle(
    session: Session, actor: Actor, row: AnyRow, act: str, sent: Mapping[str, str], then: Mapping[str, Any],
    cents: Mapping[int, int] | None = None,
) -> None:  # fmt: skip
    """Raises `Changed` where it is not as it has to be for that."""
    table, when = _TABLES[row.kind], (_UNDONE if act == "undone" else _WAITS)[row.kind]
    changed: Any = session.execute(sa.update(table).where(table.c.id == row.id, when).values(then))
    if not changed.rowcount:
        raise Changed
    about = {"object_type": "bank_entry" if row.kind == "b" else "payment", "object_id": row.id, **sent}
    detail = {"cents": row.cents, "reason": then.get("reason"), "invoices": [*(cents or {}).items()]}
    record(session, actor, f"bank.{act}", detail=detail, **about)


def assign(
    session: Session, row: AnyRow, cents: Mapping[int, int], actor: Actor = _ITSELF, sent: Mapping[str, str] = {}
) -> None:  # fmt: skip
    """The money of an entry is for these invoices, by id, so much for each: a payment at each premises."""
    decided = utc_now() if actor.user_id else None
    _settle(session, actor, row, "assigned", sent, {"state": EntryState.MATCHED, "decided_at": decided}, cents)
    rows = session.execute(OWED.where(col(Invoice.id).in_(cents)).order_by(None).order_by(col(Invoice.premises_id)))
    for premises_id, some in groupby(rows.fetchall(), lambda one: one.premises_id):
        _pay(session, row, premises_id, {one.id: cents[one.id] for one in some})


def _pay(session: Session, entry: AnyRow, premises_id: int, cents: Mapping[int, int]) -> None:
    """It is the money of a payment that was begun here with the same sum, or else a payment of its own."""
    total, now = sum(cents.values()), utc_now()
    same = sa.select(_ONLINE.c.id).select_from(_WITH_LINES).where(
        _LINES.c.invoice_id.in_(cents), _ONLINE.c.cents == total, _ONLINE.c.bank_entry_id.is_(None),
        _ONLINE.c.status.not_in((REFUNDED, FAILED, CANCELLED)),
        _ONLINE.c.started_at > datetime.combine(entry.booked_on, time(12), UTC) - timedelta(days=10),
    ).order_by(_ONLINE.c.id)  # fmt: skip
    if number := session.execute(same).scalar():
        free = sa.update(_ONLINE).where(_ONLINE.c.id == number, _ONLINE.c.bank_entry_id.is_(None))
        taken: Any = session.execute(free.values(bank_entry_id=entry.id))
        if taken.rowcount:  # no colleague was faster
            settle(session, number, PAID, now)
            return
    row = OnlinePayment(
        started_by=None, premises_id=premises_id, provider=BANK, cents=total, status=PAID, started_at=now,
        settled_at=now, look_at=now, seen=_seen(session, entry, cents), bank_entry_id=entry.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _add_lines(session, row.id or 0, cents)


def _add_lines(session: Session, number: int, cents: Mapping[int, int]) -> None:
    session.add_all(PaidInvoice(payment_id=number, invoice_id=one, cents=part) for one, part in cents.items())


def _seen(session: Session, entry: AnyRow, cents: Mapping[int, int]) -> int:
    """The newest payment that the billing system told of before this money came: it may have this one, too, by now."""
    theirs = sa.select(col(Invoice.customer_id)).where(col(Invoice.id).in_(cents))
    since = (col(Payment.customer_id).in_(theirs), col(Payment.paid_on) >= entry.booked_on)
    first = session.execute(sa.select(sa.func.min(col(Payment.id))).where(*since)).scalar()
    return first - 1 if first else session.execute(NEWEST).scalar() or 0


def _part(session: Session, entry: AnyRow) -> None:
    """Its payments are none any more, or what they were before. Raises `Changed` where one of them is booked."""
    its, own = _ONLINE.c.bank_entry_id == entry.id, _ONLINE.c.provider == BANK
    if session.execute(sa.select(_ONLINE.c.id).where(its, _ONLINE.c.booked_at.is_not(None))).first():
        raise Changed
    session.execute(sa.delete(_LINES).where(_LINES.c.payment_id.in_(sa.select(_ONLINE.c.id).where(its, own))))
    session.execute(sa.delete(_ONLINE).where(its, own))
    session.execute(sa.update(_ONLINE).where(its).values(bank_entry_id=None, status=REVIEW, look_at=None))
