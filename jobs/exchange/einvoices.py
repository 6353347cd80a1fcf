"""E-invoices on their way in: UBL 2.1 as PEPPOL BIS Billing 3.0 has it, one document after the other.

A document that is wrong anywhere is left out whole, each wrong element told by its path (docs/integration.md).
"""

import re
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Table, must
from jobs.exchange.cells import Convert, Refused, clean, day, file_name, iban, money, text, word
from jobs.exchange.given import Rows
from jobs.exchange.report import Problem, shown
from jobs.exchange.source import read_whole
from jobs.exchange.work import Work, db
from jobs.exchange.xml import MAX_XML, tree
from models.invoices import Invoice
from models.rules.ubl import ACCOUNT, BASE, CODE, FACTOR, LINE, ONE, OTHER, PART, PLACE, SUMS, UNITS, tax

FOLDER = "einvoices/"
_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,30}\.?[0-9]{0,30}")
_UNITS = {code: unit for unit, code in UNITS.items()} | {ONE: "", OTHER: ""}


def _kept(places: int, most: int) -> Convert:
    """A number in its smallest units; None where it has more places than we keep: its line is shown without."""

    def convert(text: str) -> int | None:
        if not _NUMBER.fullmatch(text):
            raise Refused("a number")
        found = Decimal(text).scaleb(places)
        return int(found) if abs(found) <= most and found == found.to_integral_value() else None

    return convert


_RATE = _kept(2, 10_000)
_What = dict[str, tuple[str, Convert]]  # by our name of it: its path, with "?" where it may lack, and what it may be
_SUMS: _What = {
    "of_lines": (f"{SUMS}/{BASE}", money), "less": (f"?{SUMS}/AllowanceTotalAmount", money),
    "more": (f"?{SUMS}/ChargeTotalAmount", money), "paid": (f"?{SUMS}/PrepaidAmount", money),
    "rounded": (f"?{SUMS}/PayableRoundingAmount", money), "currency": ("DocumentCurrencyCode", word({"eur": 0}, "EUR")),
}  # fmt: skip
_SAID: _What = {
    "number": ("ID", text(60)), "issued_on": ("IssueDate", day), "due_on": ("DueDate", day),
    "period_start": ("InvoicePeriod/StartDate", day), "period_end": ("InvoicePeriod/EndDate", day),
    "net": (f"{SUMS}/TaxExclusiveAmount", money), "vat": ("TaxTotal/TaxAmount", money),
    "total": (f"{SUMS}/TaxInclusiveAmount", money), "payable": (f"{SUMS}/PayableAmount", money),
    "customer_id": (CODE, text(32)), "premises_id": (f"?{PLACE}/ID", text(64)), "payee_iban": (f"{ACCOUNT}/ID", iban),
    "payee_name": (f"?{ACCOUNT}/Name", text(70)), "reference": ("?PaymentMeans/PaymentID", text(140)),
}  # fmt: skip
_OF_LINE: _What = {
    "service": ("Item/Name", lambda name: name[:200]), "amount": (BASE, money), "vat_rate": (f"?{FACTOR}", _RATE),
    "quantity": ("InvoicedQuantity", _kept(3, 10**12)), "price": ("Price/PriceAmount", _kept(4, 10**9)),
    "each": ("?Price/BaseQuantity", _kept(3, 10**12)),
}  # fmt: skip
_OF_PART: _What = {
    "base": ("TaxableAmount", money), "vat": ("TaxAmount", money), "rate": ("?TaxCategory/Percent", _RATE),
}  # fmt: skip
_MADE = ("external_id", "brought_forward", "ubl_hash")
_SAME = ("customer_id", "premises_id", "issued_on", "net", "vat", "total", "payable")


class OneFile(Rows):
    """A document that lies in the folder."""

    format = "xml", "UBL 2.1"


class Document:
    """What one document says, by column of the database, and what is wrong with it: path, value and expected.

    Customer and premises are named as the document does; `_check` finds them.
    """

    def __init__(self, data: bytes) -> None:
        """Raises `Refused` where it is no invoice of UBL."""
        self.root, self.wrong = tree(data), list[tuple[str, str, str]]()
        if self.root.tag != "Invoice":
            raise Refused("an Invoice of UBL 2.1 (a CreditNote comes as a row of invoices.csv, its sums below zero)")
        if self.root.find(LINE) is None or self.root.find("AllowanceCharge") is not None:
            raise Refused(f"each {LINE}, and none of its sums in an AllowanceCharge of all of it")
        for one in [one for one in self.root.iter() if one.get("currencyID", "EUR") != "EUR"][:1]:
            self.wrong.append((f"{one.tag}/@currencyID", one.get("currencyID", ""), "EUR"))
        self.fields, sums = self._said(_SAID, self.root), self._said(_SUMS, self.root)
        self.lines, parts = self._each(LINE, _OF_LINE), self._each(PART, _OF_PART)
        if not self.wrong:
            self._make()
            self._add_up({name: cents or 0 for name, cents in sums.items()} | self.fields, parts)
        del self.root  # many of them are held at once

    def _each(self, name: str, what: _What) -> list[dict[str, Any]]:
        return [self._said(what, one, f"{name}[{place}]/") for place, one in enumerate(self.root.iterfind(name), 1)]

    def _said(self, what: _What, at: Element, before: str = "") -> dict[str, Any]:
        """What stands in the element `at`, whose path is `before`."""
        found = dict[str, Any].fromkeys(what)
        for name, (path, convert) in what.items():
            said = at.findtext(path.lstrip("?")) or ""
            try:
                said = clean(said)
                if not said and path[0] != "?":
                    raise Refused("a value")
                found[name] = convert(said) if said else None
            except Refused as refused:
                self.wrong.append((before + path.lstrip("?"), said, refused.expected))
        return found

    def _make(self) -> None:
        """What it does not say itself."""
        said = self.fields
        said |= {"external_id": f"UBL-{said['number']}", "brought_forward": said["payable"] - said["total"]}
        if said["period_start"] > said["period_end"]:
            self.wrong.append((_SAID["period_end"][0], f"{said['period_end']}", "a day not before StartDate"))
        if said["issued_on"] > said["due_on"]:
            self.wrong.append((_SAID["due_on"][0], f"{said['due_on']}", "a day not before IssueDate"))
        units = [one.get("unitCode", "") for one in self.root.iterfind(f"{LINE}/InvoicedQuantity")]
        for place, (line, unit) in enumerate(zip(self.lines, units, strict=False), 1):
            if line.pop("each") not in (None, 1_000) or (unit == ONE and line["quantity"] == 1_000):
                line |= {"quantity": None, "price": None}  # a price that is not of one unit, or a lump sum
            line |= {"position": place, "unit": _UNITS.get(unit, unit[:16])}

    def _add_up(self, said: dict[str, Any], parts: list[dict[str, Any]]) -> None:
        """Its sums are those of EN 16931."""
        net, paths = sum(line["amount"] for line in self.lines), _SAID | _SUMS
        wanted = (
            ("BR-CO-10", "of_lines", net), ("BR-CO-11", "less", 0), ("BR-CO-12", "more", 0), ("BR-CO-13", "net", net),
            ("BR-CO-14", "vat", sum(one["vat"] for one in parts)), ("BR-CO-15", "total", said["net"] + said["vat"]),
            ("BR-CO-16", "payable", said["total"] - said["paid"] + said["rounded"]),
        )  # fmt: skip
        found = [(rule, paths[name][0].lstrip("?"), said[name], cents) for rule, name, cents in wanted]
        for place, one in enumerate(parts, 1):
            found += [("BR-CO-17", f"{PART}[{place}]/TaxAmount", one["vat"], tax(one["base"], one["rate"] or 0))]
        found += [("all of them together", f"{PART}/TaxableAmount", sum(one["base"] for one in parts), net)]
        for rule, path, cents, right in found:
            if cents != right:
                self.wrong.append((path, f"{cents / 100:.2f}", f"{right / 100:.2f} ({rule})"))


def _read(batch: Batch, work: Work) -> None:
    """Read the documents and keep those that are right, byte by byte."""
    read = batch.values["read"] = list[Any]([None] * len(batch.rows))
    for index in batch.good():
        try:
            name, too_big = f"{FOLDER}{batch.values['file'][index]}", f"a file of at most {MAX_XML // 10**6} MB"
            one = Document(data := read_whole(work.source, name, MAX_XML, too_big))
        except Refused as refused:
            _refuse(batch, index, ("file", "", refused.expected))
            continue
        if one.wrong:
            _refuse(batch, index, *one.wrong)
        else:
            read[index], one.fields["ubl_hash"] = one, work.storage.put(data)
    for field in (*_SAID, *_MADE):
        batch.fields[field] = [one and one.fields[field] for one in read]
    batch.values["external_id"] = batch.fields["external_id"]


def take_over(batch: Batch, work: Work) -> None:
    """A new row of invoices.csv with number, customer and sums of an invoice that came as UBL is that invoice."""
    invoice, customer = db("invoice").c, db("customer").c
    whose = sa.select(customer.external_id).where(customer.id == invoice.customer_id).scalar_subquery()
    own, came = batch.values["external_id"], [f"UBL-{number}" for number in batch.values["number"]]
    sums = ("net", "vat", "total", "payable")
    known = work.find(invoice.external_id, [*own, *came], invoice.id, whose, *(invoice[name] for name in sums))
    taken = []
    for index in batch.good():
        if own[index] not in known and (row := known.pop(came[index], None)):
            if tuple(row)[2:] == tuple(batch.values[name][index] for name in ("customer", *sums)):
                taken.append({"row_id": row.id, "external_id": own[index]})
            else:
                what = f"{row.external_id.removeprefix('UBL-')} came as UBL, for another customer or other sums"
                batch.refuse(index, "number", f"a number that no other invoice has; {what}")
    work.update(batch.table.db, taken)


def _refuse(batch: Batch, index: int, *wrong: tuple[str, str, str]) -> None:
    row = 0 if batch.file.endswith(".xml") else batch.rows[index]
    batch.problems += [Problem(batch.file, row, path, shown(value), expected) for path, value, expected in wrong]
    batch.ok[index] = False


def _check(batch: Batch, work: Work) -> None:
    """Whose it is; and a number that was here before is the same invoice, which stays as it is."""
    fields, places = batch.fields, _places(batch, work)
    for index in batch.good():
        row, code, place = batch.existing[index], fields["customer_id"][index], fields["premises_id"][index]
        hers = places.get(code, {})
        if not hers:
            _refuse(batch, index, (CODE, code, "the code of a customer with premises"))
        elif place not in hers and (place or len(hers) > 1):
            _refuse(batch, index, (f"{PLACE}/ID", place or "", "the external_id of one of this customer's premises"))
        else:
            fields["customer_id"][index], fields["premises_id"][index] = hers[place or next(iter(hers))]
            fields["payee_name"][index] = fields["payee_name"][index] or work.site.payee.name
            fields["reference"][index] = fields["reference"][index] or fields["number"][index]
            same = row and all(getattr(row, name) == fields[name][index] for name in _SAME)
            if row and not (same and row.ubl_hash in (None, fields["ubl_hash"][index])):
                _refuse(batch, index, ("ID", row.number, "a number that no other invoice has"))
            for name in fields.keys() - {"ubl_hash"} if row else ():
                fields[name][index] = getattr(row, name)


def _places(batch: Batch, work: Work) -> dict[str, dict[str, tuple[int, int]]]:
    """By code of the customer her premises, by their external_id: the ids of both."""
    customer, tenure, premises = (db(name).c for name in ("customer", "tenure", "premises"))
    wanted = sa.select(customer.code, premises.external_id, customer.id, premises.id.label("place")).where(
        tenure.customer_id == customer.id, tenure.premises_id == premises.id,
        work.among(customer.code, {batch.fields["customer_id"][index] for index in batch.good()}),
    )  # fmt: skip
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in work.connection.execute(wanted):
        found.setdefault(row.code, {})[row.external_id] = (row.id, row.place)
    return found


def _add_lines(batch: Batch, work: Work) -> set[int]:
    """In the same unit of work; an invoice that was there keeps its own."""
    new = [(index, number) for index, number in batch.stored(work).items() if batch.existing[index] is None]
    lines = [line | {"invoice_id": number} for index, number in new for line in batch.values["read"][index].lines]
    work.insert(db("invoice_line"), {name: [line[name] for line in lines] for name in (lines or [{}])[0]})
    return set()


EINVOICES = Table(
    "einvoices", Invoice, (must("file", file_name, "number"),), key=("number",),
    derived=(*_SAID, *_MADE), before=_read, check=_check, after=_add_lines,
)  # fmt: skip
