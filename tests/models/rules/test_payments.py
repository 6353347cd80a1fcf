"""What becomes of a payment, when it is asked about, and how invoices share a sum."""

from datetime import timedelta

import pytest

from models.rules.payments import LOOKS, UNPAID, PaymentState, after, asked, pause, shares

PENDING, PAID, FAILED, CANCELLED, EXPIRED, REFUNDED, REVIEW = PaymentState


@pytest.mark.parametrize("told", PaymentState)
def test_while_it_is_pending_anything_may_come(told: PaymentState):
    assert after(PENDING, told) is told


@pytest.mark.parametrize("state", PaymentState)
def test_told_again_or_told_that_it_is_pending_it_stays(state: PaymentState):
    assert after(state, state) is state and after(state, PENDING) is state


def test_money_that_came_late_has_come():
    assert {after(state, PAID) for state in UNPAID} == {PAID}


def test_money_that_came_is_not_unpaid_by_a_word():
    assert {after(PAID, told) for told in UNPAID} == {REVIEW} and after(PAID, REFUNDED) is REFUNDED


@pytest.mark.parametrize("told", PaymentState)
def test_a_refund_is_the_end(told: PaymentState):
    assert after(REFUNDED, told) is REFUNDED


def test_what_a_person_is_to_look_at_ends_only_with_a_refund():
    assert {told for told in PaymentState if after(REVIEW, told) is not REVIEW} == {REFUNDED}


def test_it_is_asked_ever_less_often_for_three_days():
    waits = [pause(looks) for looks in range(LOOKS)]
    assert waits == sorted(waits) and waits[0] == timedelta(seconds=10) and waits[-1] == timedelta(hours=1)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)


@pytest.mark.parametrize(("owed", "expected"), [
    ([], []), ([("a", 100, 0)], [100]), ([("a", 100, 0), ("a", 200, 0)], [100, 200]), ([("a", 100, 0), ("a", 200, 100)], [100, 100]),
    ([("a", 100, 0), ("a", 80, 100)], [100, 0]), ([("a", 100, 0), ("b", 200, 100)], [100, 200]), ([("a", 100, 0), ("a", 200, -50)], [100, 200]),
    ([("a", 100, 0), ("a", 250, 100), ("a", 400, 250)], [100, 150, 150]),
])  # fmt: skip
def test_a_debt_that_is_brought_forward_is_paid_once(owed: list[tuple[str, int, int]], expected: list[int]):
    assert shares(owed) == expected


@pytest.mark.parametrize(("bills", "expected"), [
    ([], []), ([(50, 0, 0)], [50]), ([(50, 0, 0), (90, 50, 0)], [50, 90]), ([(0, 0, 0), (90, 50, 50)], [0, 40]), ([(0, 0, 0), (90, 50, 0)], [0, 90]),
    ([(50, 0, 0), (0, 50, 0)], [0, 0]), ([(50, 0, 0), (0, 20, 0)], [30, 0]), ([(50, 0, 0), (30, 50, 0)], [30, 30]), ([(20, 0, 0), (60, 50, 30)], [20, 30]),
    ([(50, 0, 0), (90, 50, 0), (130, 90, 0)], [50, 90, 130]), ([(50, 0, 0), (90, 50, 0), (0, 90, 0)], [0, 0, 0]), ([(0, 0, 0), (90, 50, 50), (130, 90, 50)], [0, 40, 80]),
    ([(50, 0, 0), (90, -10, 0)], [50, 90]),
])  # fmt: skip
def test_what_was_paid_of_a_debt_at_one_invoice_is_not_asked_for_at_the_other(bills: list[tuple[int, int, int]], expected: list[int]):
    assert asked(bills) == expected
