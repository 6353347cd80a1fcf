"""A payment on its way: what may become of it, and how invoices that are paid together share the sum (C05)."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import timedelta
from enum import StrEnum

LOOKS = 80  # about three days, after which we ask no more what became of one that is still pending
_FIRST, _MOST = timedelta(seconds=10), timedelta(hours=1)  # between two questions


class PaymentState(StrEnum):
    """Where a payment stands; `REVIEW`: a person has to look."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    REVIEW = "review"


PENDING, PAID, FAILED, CANCELLED, EXPIRED, REFUNDED, REVIEW = PaymentState
UNPAID = frozenset({FAILED, CANCELLED, EXPIRED})


def after(state: PaymentState, told: PaymentState) -> PaymentState:
    """What a payment is, once its provider told this of it. Nothing told twice, or late, turns it back."""
    if state is PENDING:
        return told
    if state is PAID and told in UNPAID:
        return REVIEW  # money that was there is said never to have come
    if told in (REFUNDED, REVIEW) or (told is PAID and state in UNPAID):
        return REFUNDED if state is REFUNDED else told
    return state


def pause(looks: int) -> timedelta:
    """How long to wait before the next question, after so many."""
    return min(_FIRST * (1 << min(looks, 10)), _MOST)


def asked(bills: Iterable[tuple[int, int, int]]) -> list[int]:
    """What is still to be asked for each invoice of one customer at one place, in cents.

    `bills`, oldest first: what its own payments have left of it, the older debt in it, and what older ones received
    since it was issued. What was paid of a debt at either invoice is not asked for at the other.
    """
    found, newer, brought_on = list[int](), 0, 0
    for left, brought, late in reversed([*bills]):
        left -= min(left, max(0, brought), late)
        newer, brought_on = min(left, max(0, left - brought_on) + newer) if found else left, max(0, brought)
        found.append(newer)
    return found[::-1]


def shares(owed: Iterable[tuple[Hashable, int, int]]) -> list[int]:
    """What is paid of each invoice when they are paid together, in cents.

    `owed`, oldest first: whose it is, what is left to pay of it, and what of that is an older debt. A debt that a newer
    invoice brings forward is paid once.
    """
    so_far: defaultdict[Hashable, int] = defaultdict(int)
    found = []
    for whose, left, brought in owed:
        share = max(0, left - min(so_far[whose], max(0, brought)))
        so_far[whose] += share
        found.append(share)
    return found
