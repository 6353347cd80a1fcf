"""E-invoices on their way in: UBL 2.1 as PEPPOL BIS Billing 3.0 has it, one document after the other.

A document that is wrong anywhere is left out whole, each wrong element told by its path (docs/integration.md).
"""

from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

import sqlalchemy as sa

from jobs.exchange import cells
from jobs.exchange.batch import Batch, Table, must
from jobs.exchange.cells import Convert, Refused
from jobs.exchange.given import Rows
from jobs.exchange.report import Problem, shown
from jobs.exchange.source import read_whole
from jobs.exchange.work import Work, db
from jobs.exchange.xml import MAX_XML, tree
from models.invoices import Invoice
from models.rules import ubl

FOLDER = "einvoices/"
MOST_LINES = 10_000
_YES = cells.word({"true": 1, "1": 1, "false": -1, "0": -1}, "true or false")
_EURO = cells.word({"eur": "EUR"}, "EUR")
_NUMBER, _CUSTOMER = "ID", "AccountingCustomerParty/Party/PartyIdentification/ID"
_PREMISES, _SUMS, _PART = "Delivery/DeliveryLocation/ID", "LegalMonetaryTotal/", "TaxTotal/TaxSubtotal"
_NET, _VAT, _TOTAL = f"{_SUMS}TaxExclusiveAmount", "TaxTotal/TaxAmount", f"{_SUMS}TaxInclusiveAmount"
_PAYABLE, _ACCOUNT = f"{_SUMS}PayableAmount", "PaymentMeans/PayeeFinancialAccount/"
_UNITS = {code: unit for unit, code in ubl.UNITS.items()} | {ubl.ONE: "", ubl.OTHER: ""}
_MADE = ("external_id", "customer_id", "premises_id", "brought_forward", "ubl_hash")
_SAID: dict[str, tuple[str, Convert]] = {
    "number": (_NUMBER, cells.text(60)), "issued_on": ("IssueDate", cells.day), "due_on": ("DueDate", cells.day),
    "period_start": ("InvoicePeriod/StartDate", cells.day), "period_end": ("InvoicePeriod/EndDate", cells.day),
    "net": (_NET, cells.money), "vat": (_VAT, cells.money), "total": (_TOTAL, cells.money),
    "payable": (_PAYABLE, cells.money), "payee_iban": (f"{_ACCOUNT}ID", cells.iban),
}  # fmt: skip
_SAME = ("customer_id", "premises_id", "issued_on", "net", "vat", "total", "payable")


class OneFile(Rows):
    """A document that lies in the folder."""

    format = "xml", "UBL 2.1"


def _kept(places: int, most: int) -> Convert:
    """A number in its smallest units; None where it has more places than we keep: its line is shown without."""

    def convert(text: str) -> int | None:
        try:
            found = Decimal(text).scaleb(places)
            return int(found) if abs(found) <= most and found == found.to_integral_value() else None
        except ArithmeticError:
            raise Refused("a number") from None

    return convert


class Document:
    """What one document says, by column of the database, and what is wrong with it: path, value and expected."""

    def __init__(self, data: bytes, payee: str) -> None:
        """Raises `Refused` where it is no invoice of UBL."""
        self.root, self.wrong, self.less, self.more = tree(data), list[tuple[str, str, str]](), 0, 0
        if self.root.tag != "Invoice":
            raise Refused("an Invoice of UBL 2.1 (a CreditNote comes as a row of invoices.csv, its sums below zero)")
        self._take("DocumentCurrencyCode", _EURO)
        other = next((one for one in self.root.iter() if one.get("currencyID", "EUR") != "EUR"), None)
        if other is not None:
            self.wrong.append((f"{other.tag}/@currencyID", other.get("currencyID", ""), "EUR"))
        self.fields = said = {name: self._take(*how) for name, how in _SAID.items()} | dict.fromkeys(_MADE)
        self.code = self._take(_CUSTOMER, cells.text(32))
        self.place = self._take(_PREMISES, cells.text(64), needed=False)
        said["payee_name"] = self._take(f"{_ACCOUNT}Name", cells.text(70), needed=False) or payee
        said["reference"] = self._take("PaymentMeans/PaymentID", cells.text(140), needed=False) or said["number"]
        self.lines = self._lines()
        if not self.wrong:
            if said["period_start"] > said["period_end"]:
                self.wrong.append(("InvoicePeriod/EndDate", f"{said['period_end']}", "a day not before StartDate"))
            said |= {"external_id": f"UBL-{said['number']}", "brought_forward": said["payable"] - said["total"]}
            self._add_up()

    def _take(
        self, path: str, convert: Convert, at: Element | None = None, before: str = "", *, needed: bool = True
    ) -> Any:
        """What stands there, of the whole document or of its part `at`, whose path is `before`."""
        text = (self.root if at is None else at).findtext(path) or ""
        try:
            text = cells.clean(text)
            if not text and needed:
                raise Refused("a value")
            return convert(text) if text else None
        except Refused as refused:
            self.wrong.append((before + path, text, refused.expected))
            return None

    def _money(self, path: str, at: Element | None = None, before: str = "") -> int:
        return self._take(path, cells.money, at, before, needed=at is not None) or 0

    def _rate(self, at: Element, before: str, path: str = "TaxCategory/Percent") -> int | None:
        rate: int | None = self._take(path, _kept(2, 10_000), at, before, needed=False)
        return rate

    def _lines(self) -> list[dict[str, Any]]:
        """Its lines, then what was taken off or added for all of it."""
        found = self.root.findall("InvoiceLine")
        if not 0 < len(found) <= MOST_LINES:
            raise Refused(f"1 to {MOST_LINES} elements InvoiceLine")
        lines = [self._line(line, f"InvoiceLine[{place}]/") for place, line in enumerate(found, 1)]
        for place, one in enumerate(self.root.findall("AllowanceCharge"), 1):
            at = f"AllowanceCharge[{place}]/"
            amount = self._money("Amount", one, at) * (self._take("ChargeIndicator", _YES, one, at) or 0)
            self.less, self.more = self.less - min(0, amount), self.more + max(0, amount)
            name = one.findtext("AllowanceChargeReason") or one.findtext("AllowanceChargeReasonCode") or "–"
            only = {"service": cells.clean(name)[:200], "quantity": None, "price": None, "unit": ""}
            lines.append(only | {"amount": amount, "vat_rate": self._rate(one, at)})
        return [line | {"position": place} for place, line in enumerate(lines, 1)]

    def _line(self, line: Element, at: str) -> dict[str, Any]:
        counted = line.find("InvoicedQuantity")
        unit = "" if counted is None else counted.get("unitCode", "")
        quantity = self._take("InvoicedQuantity", _kept(3, 10**12), line, at)
        price = self._take("Price/PriceAmount", _kept(4, 10**9), line, at)
        if (unit == ubl.ONE and quantity == 1_000) or line.findtext("Price/BaseQuantity", "1").strip() != "1":
            quantity = price = None  # a lump sum, or a price that is not of one unit
        return {
            "service": self._take("Item/Name", lambda name: name[:200], line, at), "quantity": quantity, "price": price,
            "unit": _UNITS.get(unit, unit[:16]), "amount": self._money("LineExtensionAmount", line, at),
            "vat_rate": self._rate(line, at, "Item/ClassifiedTaxCategory/Percent"),
        }  # fmt: skip

    def _add_up(self) -> None:
        """Its sums are those of EN 16931."""
        said, vat, base = self.fields, 0, 0
        for place, one in enumerate(self.root.findall(_PART), 1):
            at = f"{_PART}[{place}]/"
            taxable, taxed = self._money("TaxableAmount", one, at), self._money("TaxAmount", one, at)
            self._must(f"{at}TaxAmount", taxed, ubl.tax(taxable, self._rate(one, at) or 0), "BR-CO-17")
            vat, base = vat + taxed, base + taxable
        net = sum(line["amount"] for line in self.lines)
        owed = said["total"] - self._money(f"{_SUMS}PrepaidAmount") + self._money(f"{_SUMS}PayableRoundingAmount")
        for rule, path, wanted in (
            ("BR-CO-10", f"{_SUMS}LineExtensionAmount", net + self.less - self.more),
            ("BR-CO-11", f"{_SUMS}AllowanceTotalAmount", self.less),
            ("BR-CO-12", f"{_SUMS}ChargeTotalAmount", self.more), ("BR-CO-13", _NET, net), ("BR-CO-14", _VAT, vat),
            ("BR-CO-15", _TOTAL, said["net"] + said["vat"]), ("BR-CO-16", _PAYABLE, owed),
        ):  # fmt: skip
            self._must(path, self._money(path), wanted, rule)
        self._must(f"{_PART}/TaxableAmount", base, net, "all of them together")

    def _must(self, path: str, cents: int, wanted: int, rule: str) -> None:
        if cents != wanted:
            self.wrong.append((path, f"{cents / 100:.2f}", f"{wanted / 100:.2f} ({rule})"))


def _read(batch: Batch, work: Work) -> None:
    """Read the documents and keep those that are right, byte by byte."""
    read = batch.values["read"] = [_document(batch, work, index) for index in range(len(batch.rows))]
    for field in (*_SAID, *_MADE, "payee_name", "reference"):
        batch.fields[field] = [one and one.fields[field] for one in read]
    batch.values["external_id"] = batch.fields["external_id"]


def _document(batch: Batch, work: Work, index: int) -> Document | None:
    if not batch.ok[index]:
        return None
    try:
        name = f"{FOLDER}{batch.values['file'][index]}"
        data = read_whole(work.source, name, MAX_XML, f"a file of at most {MAX_XML // 10**6} MB")
        one = Document(data, work.site.payee.name)
    except Refused as refused:
        _refuse(batch, index, ("file", "", refused.expected))
        return None
    _refuse(batch, index, *one.wrong)
    if one.wrong:
        return None
    one.fields["ubl_hash"] = work.storage.put(data)
    return one


def _refuse(batch: Batch, index: int, *wrong: tuple[str, str, str]) -> None:
    row = 0 if batch.file.endswith(".xml") else batch.rows[index]
    batch.problems += [Problem(batch.file, row, path, shown(value), expected) for path, value, expected in wrong]
    batch.ok[index] = batch.ok[index] and not wrong


def _check(batch: Batch, work: Work) -> None:
    """Whose it is; and a number that was here before is the same invoice, which stays as it is."""
    read, fields = batch.values["read"], batch.fields
    places = _places(work, {read[index].code for index in batch.good()})
    for index in batch.good():
        one, row = read[index], batch.existing[index]
        hers = places.get(one.code, {})
        found = hers.get(one.place or next(iter(hers), "")) if one.place or len(hers) == 1 else None
        if found is None:
            no_place = (_PREMISES, one.place or "", "the external_id of one of this customer's premises")
            _refuse(batch, index, no_place if hers else (_CUSTOMER, one.code, "the code of a customer with premises"))
            continue
        fields["customer_id"][index], fields["premises_id"][index] = found
        if row is None:
            continue
        same = all(getattr(row, name) == fields[name][index] for name in _SAME)
        if not same or row.ubl_hash not in (None, fields["ubl_hash"][index]):
            _refuse(batch, index, (_NUMBER, row.number, "a number that no other invoice has"))
        for name in fields.keys() - {"ubl_hash"}:
            fields[name][index] = getattr(row, name)


def _places(work: Work, codes: set[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """By code of the customer her premises, by their external_id: the ids of both."""
    customer, tenure, premises = (db(name) for name in ("customer", "tenure", "premises"))
    joined = customer.join(tenure, tenure.c.customer_id == customer.c.id)
    joined = joined.join(premises, premises.c.id == tenure.c.premises_id)
    wanted = sa.select(customer.c.code, premises.c.external_id, customer.c.id, premises.c.id).select_from(joined)
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for code, name, *ids in work.connection.execute(wanted.where(work.among(customer.c.code, codes))):
        found.setdefault(code, {})[name] = (ids[0], ids[1])
    return found


def _add_lines(batch: Batch, work: Work) -> set[int]:
    """In the same unit of work; an invoice that was there keeps its own."""
    at, read = batch.stored(work), batch.values["read"]
    new = [index for index in at if batch.existing[index] is None]
    lines = [line | {"invoice_id": at[index]} for index in new for line in read[index].lines]
    work.insert(db("invoice_line"), {name: [line[name] for line in lines] for name in (lines or [{}])[0]})
    return set()


EINVOICES = Table(
    "einvoices", Invoice, (must("file", cells.file_name, "number"),), key=("number",),
    derived=(*_SAID, *_MADE, "payee_name", "reference"), before=_read, check=_check, after=_add_lines,
)  # fmt: skip
