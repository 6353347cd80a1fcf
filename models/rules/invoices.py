"""What an invoice's state is called: paid or not, late or not, and how much is left (C08)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Literal

Code = Literal["credit", "nothing_due", "paid", "paid_late", "part_paid", "part_paid_overdue", "unpaid", "overdue"]


@dataclass(frozen=True)
class Status:
    """A state, the cents still to pay (never below zero) and its days.

    `days`: until the due day while it is not past, past it when overdue, the delay when `paid_late`; else 0.
    `paid_on`: the day on which nothing was left to pay.
    """

    code: Code
    outstanding: int = 0
    days: int = 0
    paid_on: date | None = None


def invoice_status(payable: int, due_on: date, payments: Iterable[tuple[date, int]], today: date) -> Status:
    """The state on `today` of an invoice over `payable` cents (ux.md §2.4, §2.6).

    `payments` are (local day, cents) in any order, below zero for money that went back; all of them count.
    Below zero payable is a credit, zero is nothing due. The due day itself is in time.
    """
    if payable <= 0:
        return Status("credit" if payable < 0 else "nothing_due")
    received, paid_on = 0, None
    for day, cents in sorted(payments, key=itemgetter(0)):
        received += cents
        paid_on = None if received < payable else paid_on or day
    if paid_on:
        late = (paid_on - due_on).days
        return Status("paid_late", 0, late, paid_on) if late > 0 else Status("paid", paid_on=paid_on)
    left = (due_on - today).days
    code: Code = "unpaid" if left >= 0 else "overdue"
    if received > 0:
        code = "part_paid" if left >= 0 else "part_paid_overdue"
    return Status(code, payable - received, abs(left))
