"""Statements: what was charged and what was received, day by day, with the balance after each (C07; LG-13, LG-14).

Payments belong to a customer, not to premises, so her own statement has everything of hers wherever she stands; who
reads it by a mandate sees the invoices of the premises that were lent, and what was paid for these.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.customers import Customer
from models.invoices import BILLS, Invoice, Payment
from models.places import Place
from models.premises import Premises
from models.rules.invoices import Status, invoice_status
from models.types import AnyRow, Settlement


@dataclass(frozen=True)
class Entry:
    """An invoice or a payment. `invoice`: its row, of a payment that of the invoice it was for, if any."""

    day: date
    cents: int  # above zero charged, below received
    balance: int  # after it: above zero a debt
    invoice: AnyRow | None
    status: Status | None = None  # of an invoice
    changed: bool = False  # over another sum than the one before it for the same premises
    unexplained: bool = False  # it brings forward something else than what is listed


@dataclass(frozen=True)
class Statement:
    """One year of it; `years` has all of them. The balance is `opening` before the first of `entries`."""

    settlement: Settlement
    years: list[int]
    year: int
    opening: int
    entries: list[Entry]
    newest: Entry | None  # the newest invoice of all
    many: bool  # whether it is about several premises

    @property
    def charged(self) -> int:
        """Of the year's invoices."""
        return sum(entry.cents for entry in self.entries if entry.status)

    @property
    def received(self) -> int:
        """Of the year's payments."""
        return -sum(entry.cents for entry in self.entries if not entry.status)

    @property
    def closing(self) -> int:
        """The balance after the year."""
        return self.entries[-1].balance if self.entries else self.opening


_HERS: sa.BindParameter[int] = sa.bindparam("customer_ids", expanding=True)
_THERE = col(Invoice.premises_id) == sa.bindparam("premises_id")
_INVOICES = (
    BILLS.add_columns(col(Premises.address)).join(Premises, col(Premises.id) == col(Invoice.premises_id))
    .where(col(Invoice.customer_id).in_(_HERS)).order_by(col(Invoice.issued_on), col(Invoice.id))
)  # fmt: skip
_PAYMENTS = (
    sa.select(col(Payment.paid_on), col(Payment.amount), col(Payment.invoice_id))
    .where(col(Payment.customer_id).in_(_HERS)).order_by(col(Payment.paid_on), col(Payment.id))
)  # fmt: skip
_OF_LENT = _PAYMENTS.join(Invoice, col(Invoice.id) == col(Payment.invoice_id)).where(_THERE)
_SETTLEMENT = sa.select(col(Customer.settlement)).where(col(Customer.id) == sa.bindparam("customer_id"))


def statement(connection: Connection, place: Place, today: date, year: int | None) -> Statement:
    """What a visitor may read of it through this place: a year, the newest where it has none such."""
    values = {"customer_ids": place.customer_ids} | ({"premises_id": place.id} if place.lent else {})
    bills = connection.execute(_INVOICES.where(_THERE) if place.lent else _INVOICES, values).fetchall()
    paid = connection.execute(_OF_LENT if place.lent else _PAYMENTS, values).fetchall()
    settlement = connection.execute(_SETTLEMENT, {"customer_id": place.customer_ids[0]}).scalar_one()
    every = [*_entries(bills, paid, today)]
    years = sorted({entry.day.year for entry in every}, reverse=True)
    shown = year if year is not None else max(years, default=today.year)
    before = [entry for entry in every if entry.day.year < shown]
    return Statement(
        settlement, years, shown, before[-1].balance if before else _opening(bills),
        [entry for entry in every if entry.day.year == shown],
        next((entry for entry in reversed(every) if entry.status), None), len({row.premises_id for row in bills}) > 1,
    )  # fmt: skip


def _opening(bills: Sequence[AnyRow]) -> int:
    """What the first invoice for each of the premises has brought from before."""
    return sum({row.premises_id: row.brought_forward for row in reversed(bills)}.values())


def _entries(bills: Sequence[AnyRow], payments: Iterable[AnyRow], today: date) -> Iterator[Entry]:
    """By day, of one day invoices first. What was paid before the first invoice, for none, is in what that brings."""
    by_id, last = {row.id: row for row in bills}, {row.premises_id: row.total for row in reversed(bills)}
    paid = [row for row in payments if row.invoice_id or not bills or row.paid_on >= bills[0].issued_on]
    moves: list[tuple[date, int, AnyRow | None, bool]] = [(row.issued_on, row.total, row, True) for row in bills]
    moves += [(row.paid_on, -row.amount, by_id.get(row.invoice_id), False) for row in paid]
    balance, alone = _opening(bills), len(last) == 1
    for day, cents, invoice, is_invoice in sorted(moves, key=lambda move: (move[0], not move[3])):
        if is_invoice and invoice:
            got = [(invoice.paid_on, invoice.paid)] if invoice.paid_on else []
            status = invoice_status(invoice.payable, invoice.due_on, got, today)
            strange = alone and invoice.brought_forward not in (0, balance)
            changed, last[invoice.premises_id] = last[invoice.premises_id] != cents, cents
            yield Entry(day, cents, balance + cents, invoice, status, changed, strange)
        else:
            yield Entry(day, cents, balance + cents, invoice)
        balance += cents
