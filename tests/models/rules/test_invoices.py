"""The states of an invoice: what was paid when, what is left, how many days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.invoices import Status, invoice_status

DUE = date(2026, 11, 30)
BEFORE, AFTER = DUE - timedelta(days=5), DUE + timedelta(days=3)
OPEN = {"unpaid", "overdue", "part_paid", "part_paid_overdue"}

days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
payments = st.lists(st.tuples(days, st.integers(-20_000, 20_000)), max_size=6)


@pytest.mark.parametrize(
    ("payable", "paid", "today", "status"),
    [
        (-420, [], AFTER, Status("credit")),
        (-420, [(BEFORE, 1000)], AFTER, Status("credit")),
        (0, [], AFTER, Status("nothing_due")),
        (8743, [], BEFORE, Status("unpaid", 8743, 5)),
        (8743, [], DUE, Status("unpaid", 8743, 0)),
        (8743, [], AFTER, Status("overdue", 8743, 3)),
        (8743, [(BEFORE, 8743)], AFTER, Status("paid", paid_on=BEFORE)),
        (8743, [(DUE, 8743)], AFTER, Status("paid", paid_on=DUE)),
        (8743, [(AFTER, 8743)], AFTER, Status("paid_late", 0, 3, AFTER)),
        (8743, [(BEFORE, 9000)], BEFORE, Status("paid", paid_on=BEFORE)),
        (8743, [(BEFORE, 8742)], DUE, Status("part_paid", 1, 0)),
        (8743, [(BEFORE, 8742)], AFTER, Status("part_paid_overdue", 1, 3)),
        (8743, [(AFTER, 43), (BEFORE, 8700)], AFTER, Status("paid_late", 0, 3, AFTER)),
        (8743, [(BEFORE, 8743), (DUE, 100)], AFTER, Status("paid", paid_on=BEFORE)),
        (8743, [(BEFORE, 8743), (DUE, -8743)], AFTER, Status("overdue", 8743, 3)),
        (8743, [(BEFORE, 8743), (BEFORE, -1), (AFTER, 1)], AFTER, Status("paid_late", 0, 3, AFTER)),
        (8743, [(BEFORE, -500)], DUE, Status("unpaid", 9243, 0)),
    ],
)
def test_an_invoice_is_called_what_its_payments_make_it(payable, paid, today, status):
    assert invoice_status(payable, DUE, paid, today) == status


@given(st.integers(-20_000, 20_000), days, payments, days)
def test_the_state_agrees_with_the_sums_whatever_was_paid(payable, due_on, paid, today):
    status = invoice_status(payable, due_on, paid, today)
    left = payable - sum(cents for _, cents in paid)
    assert status.outstanding == (left if payable > 0 and left > 0 else 0)
    assert (status.code in OPEN) == (status.outstanding > 0)
    assert status.code.endswith("overdue") == (status.outstanding > 0 and today > due_on)
    assert status.code.startswith("part_paid") == (0 < status.outstanding < payable)
    assert (status.paid_on is not None) == status.code.startswith("paid")
    assert status.days >= 0


@given(st.integers(1, 20_000), days, st.lists(st.tuples(days, st.integers(1, 9_000)), max_size=6), days)
def test_the_paid_day_is_the_first_on_which_the_whole_was_there(payable, due_on, paid, today):
    status = invoice_status(payable, due_on, paid, today)
    enough = [day for day, _ in paid if sum(cents for other, cents in paid if other <= day) >= payable]
    assert status.paid_on == min(enough, default=None)
    assert (status.code == "paid_late") == (bool(enough) and min(enough) > due_on)


@given(st.integers(-20_000, 20_000), days, payments, days)
def test_the_order_in_which_payments_are_given_does_not_matter_on_different_days(payable, due_on, paid, today):
    paid = list(dict(paid).items())
    assert invoice_status(payable, due_on, paid, today) == invoice_status(payable, due_on, paid[::-1], today)
