"""The entries of bank statements on their way in, and to the invoices that they pay (`models.rules.matching`)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from jobs.exchange import cells
from jobs.exchange.batch import ID, Batch, Column, Table, day, must
from jobs.exchange.work import Work
from models import bank
from models.bank import BankEntry, EntryState
from models.invoices import Invoice
from models.rules.matching import Owed, known_as, match, names_in
from models.types import AnyRow, Changed


def _keep(batch: Batch, _work: Work) -> None:
    """What was read before stays as it is: staff work with it. Another sum under the same name is no repetition."""
    for index in batch.good():
        if row := batch.existing[index]:
            if batch.fields["cents"][index] != row.cents:
                batch.refuse(index, "amount", f"{row.cents / 100:.2f}, as this entry had before")
            for field, values in batch.fields.items():
                values[index] = getattr(row, field)


def _match(_batch: Batch, work: Work) -> set[int]:
    """Match whatever waits and nobody has decided about: an invoice may have come after its money."""
    waiting = bank.unmatched(work.connection)
    owed, payers = _candidates(work, waiting) if waiting else ([], {})
    places: dict[object, set[int]] = {}  # in `owed`, by name and by customer
    for place, one in enumerate(owed):
        for key in (one.customer_id, *one.names):
            places.setdefault(key, set()).add(place)
    for row in waiting:
        whose = payers.get(row.payer_iban, set())
        said = names_in(row.reference) | names_in(row.text) | whose
        near = sorted({place for name in said for place in places.get(name, ())})
        if parts := dict(match(row.cents, row.reference, row.text, whose, [owed[place] for place in near])):
            with suppress(Changed):  # staff were faster
                bank.assign(work.session, row, parts)
            for place in near:
                owed[place] = replace(owed[place], left=owed[place].left - parts.get(owed[place].id, 0))
    return set()


def _candidates(work: Work, waiting: Sequence[AnyRow]) -> tuple[list[Owed], dict[str, set[int]]]:
    """The invoices that the texts name and those of whom the payers have paid for; the latter by account."""
    payers: dict[str, set[int]] = {}
    known = bank.PAID_BY.where(work.among(col(BankEntry.payer_iban), {row.payer_iban for row in waiting} - {""}))
    for iban, customer_id in work.connection.execute(known):
        payers.setdefault(iban, set()).add(customer_id)
    said = {name for row in waiting for text in (row.reference, row.text) for name in (text, *names_in(text))}
    whose = {customer_id for known in payers.values() for customer_id in known}
    places: list[Any] = [work.among(col(Invoice.number), said), work.among(col(Invoice.reference), said)]
    rows = work.connection.execute(bank.OWED.where(sa.or_(*places, work.among(col(Invoice.customer_id), whose))))
    return [
        Owed(row.id, row.customer_id, known_as(row.number, row.reference), max(0, row.left), row.brought_forward)
        for row in rows
    ], payers


BANK_ENTRIES = Table(
    "bank_entries", BankEntry, (
        ID, Column("account", default=""), day("date", "booked_on", True), must("amount", cells.money, "cents"),
        Column("payer", default=""), Column("payer_iban", default=""), Column("reference", default=""),
        Column("text", default=""),
    ), new={"state": EntryState.OPEN, "reason": ""}, check=_keep, after=_match,
)  # fmt: skip
