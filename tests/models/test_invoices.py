"""Invoices as they are read: each with its own payments and lines, to its own customer, for its own premises."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from models import invoices
from models.invoices import Invoice, InvoiceLine, Payment
from models.people import User
from models.places import Place, places_of
from tests.cast import TODAY, Cast
from tests.standing import change, fetch


@pytest.fixture
def connection(app: Flask, cast: Cast) -> Iterator[Connection]:
    """With an invoice for Anna's second flat beside those of the first, newer than them all and paid long since."""
    first = dict(fetch(app, sa.select(Invoice.__table__).where(Invoice.public_id == cast.invoice))[0]._mapping)
    second = fetch(app, sa.text(f"SELECT id FROM premises WHERE public_id = '{cast.second}'"))[0].id
    new = {"id": None, "public_id": "second", "external_id": "second", "premises_id": second, "issued_on": TODAY + timedelta(days=1)}
    change(app, sa.insert(Invoice).values({name: value for name, value in (first | new).items() if value is not None}))
    number = fetch(app, sa.select(Invoice.id).where(Invoice.public_id == "second"))[0].id
    paid = {"external_id": "second", "customer_id": first["customer_id"], "invoice_id": number, "paid_on": TODAY - timedelta(days=900), "amount": 10**7}
    change(app, sa.insert(Payment).values(paid))
    with app.extensions["ekabinets"].database.read() as connection:
        yield connection


def places(app: Flask, connection: Connection, cast: Cast) -> list[Place]:
    anna = fetch(app, sa.select(User.id).where(User.username == "anna"))[0].id
    return sorted(places_of(connection, anna, TODAY), key=lambda place: place.public_id != cast.flat)


def test_a_place_has_its_own_invoices_alone(app: Flask, cast: Cast, connection: Connection):
    flat, second = places(app, connection, cast)
    assert [bill.row.public_id for bill in invoices.all_of(connection, second)] == ["second"]
    assert "second" not in {bill.row.public_id for bill in invoices.all_of(connection, flat)}
    assert invoices.newest(connection, flat).row.public_id == cast.invoice


def test_what_was_paid_is_what_was_paid_for_this_invoice(app: Flask, cast: Cast, connection: Connection):
    paid = {row.invoice_id: row for row in fetch(app, sa.select(Payment.invoice_id, sa.func.sum(Payment.amount).label("sum"), sa.func.max(Payment.paid_on).label("day")).group_by(Payment.invoice_id))}
    bills = [bill for place in places(app, connection, cast) for bill in invoices.all_of(connection, place)]
    assert {bool(bill.paid) for bill in bills} == {True, False}
    for bill in bills:
        own = paid.get(bill.row.id)
        assert bill.paid == (own.sum if own else 0) and (bill.paid_on is None) == (own is None)
        assert not own or bill.paid_on <= own.day
        assert sum(row.amount for row in invoices.payments(connection, [bill.row])[bill.row.id]) == bill.paid


def test_an_invoice_has_its_own_lines_in_their_order(app: Flask, cast: Cast, connection: Connection):
    for bill in invoices.all_of(connection, places(app, connection, cast)[0]):
        expected = fetch(app, sa.select(InvoiceLine.id).where(InvoiceLine.invoice_id == bill.row.id).order_by(InvoiceLine.position))
        assert [row.id for row in invoices.lines(connection, [bill.row])[bill.row.id]] == [row.id for row in expected]


def test_an_invoice_is_found_only_through_the_place_and_customer_it_is_for(app: Flask, cast: Cast, connection: Connection):
    flat, second = places(app, connection, cast)
    assert invoices.one(connection, [flat, second], cast.invoice).place == flat
    assert invoices.one(connection, [second], cast.invoice) is None
    for nobodys in (cast.stranger_invoice, cast.former_invoice, "", "x"):
        assert invoices.one(connection, [flat, second], nobodys) is None
