"""Invoices, their lines, and payments received. All money in cents."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, col

from models.customers import Customer
from models.places import Place
from models.premises import Premises
from models.rules.invoices import Status, invoice_status
from models.rules.payments import asked, shares
from models.types import ONE, Addressed, AnyRow, AnySelect, Imported, Numbered

_UNTOLD = sa.text("announced_at IS NULL")


class Invoice(Imported, Addressed, table=True):
    """One invoice of one customer for one premises and period, with the account it is to be paid to."""

    __table_args__ = (
        sa.Index("ix_invoice_premises_day", "premises_id", "customer_id", "issued_on"),
        sa.Index("ix_invoice_untold", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    customer_id: int = Field(foreign_key="customer.id", index=True)
    premises_id: int = Field(foreign_key="premises.id")
    number: str = Field(index=True, max_length=64)
    period_start: date
    period_end: date
    issued_on: date
    due_on: date
    net: int  # this invoice without VAT
    vat: int
    total: int  # this invoice with VAT
    brought_forward: int = 0  # above zero a debt, below an overpayment
    payable: int  # total + brought_forward: what is to be paid; zero or below: nothing
    payee_name: str = Field(max_length=70)
    payee_iban: str = Field(max_length=34)
    reference: str = Field(index=True, max_length=140)  # what the payer writes as payment reference
    file_hash: str | None = Field(default=None, max_length=64)  # the operator's own PDF
    ubl_hash: str | None = Field(default=None, max_length=64)  # the UBL document that it came as
    announced_at: datetime | None = None  # when its letters were written, or that none were to be


class InvoiceLine(Numbered, table=True):
    """One service on an invoice."""

    __tablename__ = "invoice_line"
    __table_args__ = (sa.UniqueConstraint("invoice_id", "position"),)

    invoice_id: int = Field(foreign_key="invoice.id")
    position: int
    service: str = Field(max_length=200)
    quantity: int | None = Field(default=None, sa_type=sa.BigInteger)  # thousandths of the unit
    unit: str = Field(default="", max_length=16)
    price: int | None = None  # ten-thousandths of a euro
    amount: int  # without VAT
    vat_rate: int | None = None  # hundredths of a percent


class Payment(Imported, table=True):
    """Money received. `invoice_id` None means it went to the customer's balance."""

    customer_id: int = Field(foreign_key="customer.id", index=True)
    invoice_id: int | None = Field(default=None, foreign_key="invoice.id", index=True)
    paid_on: date
    amount: int


@dataclass(frozen=True)
class Bill:
    """An invoice as a resident sees it: the row, the place it is for, and what has been paid."""

    row: AnyRow
    place: Place
    paid: int  # cents received for it
    paid_on: date | None  # when it was paid in full, else when the last of them came

    def status(self, today: date) -> Status:
        """In words: unpaid, overdue, part-paid, paid late … (C08)."""
        payments = [(self.paid_on, self.paid)] if self.paid_on else []
        return invoice_status(self.row.payable, self.row.due_on, payments, today)


_HERE = col(Payment.invoice_id) == col(Invoice.id)
RECEIVED = sa.select(sa.func.sum(col(Payment.amount))).where(_HERE).scalar_subquery()  # for an invoice, cents
_LAST_PAID_ON = (sa.select(sa.func.max(col(Payment.paid_on))).where(_HERE).scalar_subquery())
_EARLIER = sa.orm.aliased(Payment)
_SO_FAR = (
    sa.select(sa.func.sum(col(_EARLIER.amount)))
    .where(col(_EARLIER.invoice_id) == col(Payment.invoice_id), col(_EARLIER.paid_on) <= col(Payment.paid_on))
    .scalar_subquery()
)
# Who pays in time, and something more later, is not late.
_IN_FULL_ON = (
    sa.select(sa.func.min(col(Payment.paid_on)))
    .where(_HERE, col(Invoice.payable) <= _SO_FAR)
    .scalar_subquery()
)
BILLS = sa.select(
    Invoice.__table__,  # type: ignore[attr-defined]
    RECEIVED.label("paid"),
    sa.func.coalesce(_IN_FULL_ON, _LAST_PAID_ON).label("paid_on"),
)
# To the user's own customers only: the previous owner's invoices carry another customer (B04).
_AT_PLACE = BILLS.where(col(Invoice.premises_id) == sa.bindparam("premises_id")).order_by(
    col(Invoice.issued_on).desc(), col(Invoice.id).desc()
)
_HERS = col(Invoice.customer_id).in_(sa.bindparam("customer_ids", expanding=True))
_OF_PLACE = _AT_PLACE.where(_HERS)
_OF_CUSTOMER = BILLS.where(col(Invoice.customer_id) == sa.bindparam("customer_id")).order_by(
    col(Invoice.issued_on).desc(), col(Invoice.id).desc()
)
_DUE = BILLS.where(
    col(Invoice.premises_id).in_(sa.bindparam("premises_ids", expanding=True)),
    col(Invoice.due_on).between(sa.bindparam("first"), sa.bindparam("last")),
).order_by(col(Invoice.due_on), col(Invoice.id))
# Whether to ask `models.payments`, which has all the rest: home has no statement to spare.
_COMING: sa.ColumnElement[int] = sa.literal_column(
    "(SELECT max(payment_id) FROM online_payment_invoice JOIN online_payment ON online_payment.id = payment_id"
    " WHERE invoice_id = invoice.id AND booked_at IS NULL AND status IN ('pending', 'paid', 'review'))"
).label("coming")
_NEWEST = _AT_PLACE.add_columns(_COMING).limit(ONE)
_NEWEST_OF_MANY = _NEWEST.where(_HERS)
_NEWEST_OF_ONE = _NEWEST.where(col(Invoice.customer_id) == sa.bindparam("customer_ids"))  # a list costs more to send
_ABOUT: tuple[Any, ...] = (  # of whom it is for, as an e-invoice says it
    col(Customer.is_company), col(Customer.identifier_encrypted), col(Customer.name).label("buyer"), col(Customer.code),
    col(Premises.external_id).label("place"), col(Premises.address),
)  # fmt: skip
_ONE = BILLS.add_columns(*_ABOUT).join(Customer).join(Premises).where(
    col(Invoice.public_id) == sa.bindparam("public_id"),
    col(Invoice.premises_id).in_(sa.bindparam("premises_ids", expanding=True)),
)  # fmt: skip
_EARLIER_ONES = sa.tuple_(col(Invoice.issued_on), col(Invoice.id)) < sa.tuple_(
    sa.bindparam("day", type_=sa.Date), sa.bindparam("number")
)
_BEFORE = (
    sa.select(Invoice.__table__)  # type: ignore[attr-defined]
    .where(col(Invoice.premises_id) == sa.bindparam("premises_id"), _EARLIER_ONES)
    .where(col(Invoice.customer_id) == sa.bindparam("customer_id"))
    .order_by(col(Invoice.issued_on).desc(), col(Invoice.id).desc())
    .limit(ONE)
)
_NUMBERS: sa.BindParameter[int] = sa.bindparam("numbers", expanding=True)
_LINES = (
    sa.select(InvoiceLine.__table__)  # type: ignore[attr-defined]
    .where(col(InvoiceLine.invoice_id).in_(_NUMBERS))
    .order_by(col(InvoiceLine.invoice_id), col(InvoiceLine.position))
)
_PAYMENTS = (
    sa.select(col(Payment.invoice_id), col(Payment.paid_on), col(Payment.amount))
    .where(col(Payment.invoice_id).in_(_NUMBERS))
    .order_by(col(Payment.paid_on), col(Payment.id))
)


def newest(connection: Connection, place: Place) -> Bill | None:
    """The newest invoice of a place (C01; LU-20), None before the first."""
    whose, *more = place.customer_ids
    statement, ids = (_NEWEST_OF_MANY, place.customer_ids) if more else (_NEWEST_OF_ONE, whose)
    found = _bills(connection, statement, [place], premises_id=place.id, customer_ids=ids)
    return found[0] if found else None


def all_of(connection: Connection, place: Place) -> list[Bill]:
    """Every invoice of a place, newest first (C02; LU-22): a few a year, so all years at once."""
    return _bills(connection, _OF_PLACE, [place], premises_id=place.id, customer_ids=place.customer_ids)


def due(connection: Connection, places: Sequence[Place], first: date, last: date) -> list[Bill]:
    """What is due at these places in these days and not paid yet."""
    found = _bills(connection, _DUE, places, premises_ids={place.id for place in places}, first=first, last=last)
    return [bill for bill in found if bill.row.customer_id in bill.place.customer_ids and bill.paid < bill.row.payable]


def of_customer(connection: Connection, customer_id: int, today: date, most: int) -> list[tuple[AnyRow, Status]]:
    """The newest invoices of a customer wherever she stands, each with its state in words, for staff."""
    rows = connection.execute(_OF_CUSTOMER.limit(sa.literal_column(f"{most}")), {"customer_id": customer_id})
    paid = ((row, [(row.paid_on, row.paid)] if row.paid_on else []) for row in rows)
    return [(row, invoice_status(row.payable, row.due_on, got, today)) for row, got in paid]


def one(connection: Connection, places: Sequence[Place], public_id: str) -> Bill | None:
    """One invoice of these places; None for anybody else's."""
    found = _bills(connection, _ONE, places, public_id=public_id, premises_ids={place.id for place in places})
    return next((bill for bill in found if bill.row.customer_id in bill.place.customer_ids), None)


def _bills(connection: Connection, statement: AnySelect, places: Sequence[Place], **values: object) -> list[Bill]:
    by_id = {place.id: place for place in places}
    rows = connection.execute(statement, {key: list(value) if isinstance(value, (set, tuple)) else value
                                          for key, value in values.items()})  # fmt: skip
    return [Bill(row, by_id[row.premises_id], row.paid or 0, row.paid_on) for row in rows]


def before(connection: Connection, bill: Bill) -> AnyRow | None:
    """The invoice before this one, to the same customer for the same premises."""
    of = bill.row
    values = {"premises_id": of.premises_id, "customer_id": of.customer_id, "day": of.issued_on, "number": of.id}
    return connection.execute(_BEFORE, values).first()


def lines(connection: Connection, rows: Iterable[AnyRow]) -> dict[int, list[AnyRow]]:
    """What each of these invoices is made of, in its order; amounts without VAT. One statement."""
    return _by_invoice(connection.execute(_LINES, {"numbers": [row.id for row in rows]}))


def payments(connection: Connection, rows: Iterable[AnyRow]) -> dict[int, list[AnyRow]]:
    """What was received for each of these invoices, oldest first (C06). One statement."""
    return _by_invoice(connection.execute(_PAYMENTS, {"numbers": [row.id for row in rows]}))


def to_pay(connection: Connection, place: Place, wanted: Collection[str], today: date) -> list[tuple[Bill, int]]:
    """Of these invoices, by public id, those of which something is to be paid, oldest first, with what."""
    bills, left = all_of(connection, place)[::-1], dict[int, int]()
    received = payments(connection, [bill.row for bill in bills])
    for customer_id in {bill.row.customer_id for bill in bills}:
        left |= _left([bill for bill in bills if bill.row.customer_id == customer_id], received, today)
    chosen = [bill for bill in bills if bill.row.public_id in wanted]
    owed = [(bill.row.customer_id, left[bill.row.id], bill.row.brought_forward) for bill in chosen]
    return [(bill, cents) for bill, cents in zip(chosen, shares(owed), strict=True) if cents]


def _left(bills: Sequence[Bill], received: Mapping[int, Sequence[AnyRow]], today: date) -> dict[int, int]:
    """What is still to be asked for each invoice of one customer, oldest first, by id."""
    owed = list[tuple[int, int, int]]()
    for number, bill in enumerate(bills):
        before = [one for older in bills[:number] for one in received.get(older.row.id, ())]
        late = sum(one.amount for one in before if one.paid_on >= bill.row.issued_on)
        owed.append((bill.status(today).outstanding, bill.row.brought_forward, late))
    return {bill.row.id: cents for bill, cents in zip(bills, asked(owed), strict=True)}


def _by_invoice(rows: Iterable[AnyRow]) -> dict[int, list[AnyRow]]:
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(row)
    return found
