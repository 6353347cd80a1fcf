"""The worker asks about payments of which nobody tells, and sees when the billing system has booked them."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.payments import pay_due
from models.invoices import Invoice, Payment
from models.payments import OnlinePayment
from models.premises import Premises
from models.rules.payments import LOOKS
from models.types import utc_now
from tests import tills
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.tills import begin, pending, rows

till, klix = tills.till, tills.klix


@pytest.fixture
def look(app: Flask) -> Callable[[], Any]:
    """The time has come for all of them; the oldest payment afterwards."""

    def look() -> Any:
        change(app, sa.update(OnlinePayment).where(OnlinePayment.look_at.is_not(None)).values(look_at=utc_now() - timedelta(seconds=1)))
        while pay_due(app.extensions["ekabinets"]):
            pass
        return rows(app)[0]

    return look


def received(app: Flask, cast: Cast, *amounts: int) -> None:
    """The billing system tells of this money of Anna's, which it has booked to her balance."""
    customer = fetch(app, sa.select(Invoice.customer_id).where(Invoice.public_id == cast.invoice))[0].customer_id
    for amount in amounts:
        change(app, sa.insert(Payment.__table__).values(external_id=f"B{amount}", customer_id=customer, paid_on=TODAY, amount=amount))


def test_what_nobody_told_is_asked(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    row = pending(app, anna, cast)
    assert look().status == "pending"
    till.set(row.provider_id, state="paid")
    assert look().status == "paid"


def test_not_before_its_time_and_then_ever_later(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    pending(app, anna, cast)
    assert not pay_due(app.extensions["ekabinets"]) and len(till.asked) == 1
    waits = [look().look_at - utc_now() for _ in range(4)]
    assert all(later > 1.5 * wait for wait, later in itertools.pairwise(waits))


def test_after_three_days_it_is_over_but_money_that_comes_is_taken(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    row = pending(app, anna, cast)
    change(app, sa.update(OnlinePayment).values(looks=LOOKS))
    assert look().status == "expired" and rows(app)[0].look_at is None
    till.set(row.provider_id, state="paid")
    tills.tell(app, row, till.webhook(row.provider_id))
    assert rows(app)[0].status == "paid"


def test_while_the_provider_is_away_it_waits(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    pending(app, anna, cast)
    till.status = 500
    row = look()
    assert row.status == "pending" and row.looks == 1 and row.look_at > utc_now()


def test_one_that_was_never_taken_is_given_up(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    pending(app, anna, cast)
    change(app, sa.update(OnlinePayment).values(provider_id=None, address=None))
    assert look().status == "failed"


def test_it_is_booked_when_the_billing_system_has_as_much(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state="paid")
    received(app, cast, 8742)
    assert look().booked_at is None
    received(app, cast, 1)
    assert look().booked_at and look().look_at is None
    assert "Received and booked" in main(anna.get(f"/payments/{row.public_id}"))
    assert "being booked" not in main(anna.get(f"/invoices/{cast.invoice}"))


def test_one_receipt_books_one_payment(anna: Browser, app: Flask, cast: Cast, klix: Any, look: Callable[[], Any]):
    pending(app, anna, cast)
    begin(anna, cast.flat, cast.invoice, again="1")
    for row in rows(app):
        klix.set(row.provider_id, state="paid")
    look()
    received(app, cast, 8743)
    look()
    assert sorted(bool(row.booked_at) for row in rows(app)) == [False, True]


def test_a_receipt_for_one_flat_books_no_payment_of_another(anna: Browser, app: Flask, cast: Cast, klix: Any, look: Callable[[], Any]):
    row = pending(app, anna, cast)
    klix.set(row.provider_id, state="paid")
    bill = fetch(app, sa.select(Invoice.__table__).where(Invoice.public_id == cast.invoice))[0]
    second = fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.second))[0].id
    change(app, sa.insert(Invoice.__table__).values(bill._asdict() | {"id": 9999, "public_id": "of-the-garage", "external_id": "G", "number": "G", "premises_id": second}))
    change(app, sa.insert(Payment.__table__).values(external_id="garage", customer_id=bill.customer_id, invoice_id=9999, paid_on=TODAY, amount=8743))
    assert look().booked_at is None
    received(app, cast, 8743)
    assert look().booked_at


def test_what_is_not_booked_for_a_month_is_for_a_person_to_look_at(anna: Browser, app: Flask, cast: Cast, till: Any, look: Callable[[], Any]):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state="paid")
    look()
    change(app, sa.update(OnlinePayment).values(settled_at=utc_now() - timedelta(days=31)))
    assert look().status == "review" and rows(app)[0].look_at is None
