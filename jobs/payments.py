"""Payments that are on their way: their providers are asked, again and again, should none tell by itself (C05)."""

import logging

from auth.state import State
from models import payments
from models.remote import ProviderAway
from models.rules.payments import PaymentState
from models.types import AnyRow, utc_now

log = logging.getLogger("ekabinets.worker")


def pay_due(held: State) -> int:
    """Look at one payment whose time has come; how many there were: 0 or 1."""
    with held.database.read() as connection:
        row = payments.due(connection, utc_now())
    if row is None:
        return 0
    if row.status is PaymentState.PAID:
        payments.book(held.database, row.id, utc_now())
        return 1
    told, why = _told(held, row)
    with held.database.write() as session:
        payments.settle(session, row.id, told, utc_now(), why)
    return 1


def _told(held: State, row: AnyRow) -> tuple[PaymentState, str]:
    """What its provider says; that it is pending where nobody can be asked."""
    if row.provider_id is None:
        return PaymentState.FAILED, "not taken"  # we ended before it was
    try:
        if held.till and held.till.name == row.provider:
            return payments.answer(held.till, row)
    except ProviderAway as away:
        log.warning("payment %s: its provider is away: %s", row.id, away)
    return PaymentState.PENDING, ""
