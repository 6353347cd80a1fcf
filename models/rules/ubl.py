"""An invoice as a UBL 2.1 document of PEPPOL BIS Billing 3.0 (EN 16931), and what its reader shares with it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

# Where a document says what, for who writes it and who reads it.
TO, PLACE, LINE = "AccountingCustomerParty/Party", "Delivery/DeliveryLocation", "InvoiceLine"
ACCOUNT, PART, SUMS = "PaymentMeans/PayeeFinancialAccount", "TaxTotal/TaxSubtotal", "LegalMonetaryTotal"
CODE, FACTOR, BASE = f"{TO}/PartyIdentification/ID", "Item/ClassifiedTaxCategory/Percent", "LineExtensionAmount"
UNITS = {"m3": "MTQ", "m2": "MTK", "mwh": "MWH", "kwh": "KWH", "pcs": "H87", "month": "MON"}  # UN/ECE rec. 20
ONE, OTHER = "C62", "ZZ"  # a lump sum; a unit that the list does not have
_NAMES = "urn:oasis:names:specification:ubl:schema:xsd:"
_SPACES = {"xmlns": "Invoice-2", "xmlns:cac": "CommonAggregateComponents-2", "xmlns:cbc": "CommonBasicComponents-2"}
_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing"
_REGISTER = "@schemeID=0218"  # the Latvian register of enterprises
_SLACK = 200_000  # two cents: so far a line may be from quantity × price (PEPPOL-EN16931-R120)
_FROM = "AccountingSupplierParty/Party"
_Facts = Iterator[tuple[str, str]]


def tax(base: int, rate: int) -> int:
    """VAT in cents on `base` cents at `rate` hundredths of a percent, rounded half up (BR-CO-17)."""
    cents = (abs(base) * rate + 5_000) // 10_000
    return cents if base >= 0 else -cents


def written(row: Any, lines: Sequence[Any], site: Any, number: str) -> bytes:
    """The document; nothing where something is missing that it has to have, or the sums are not of its kind.

    `row`, `lines`: as `models.invoices.one` and `lines` give them; `number`: the buyer's in the register. A rate of
    zero counts as missing: it needs a reason, which nobody tells us. A debt that was brought forward is left out: it
    is of other invoices.
    """
    bases = Counter[int]()
    for line in lines:
        bases[line.vat_rate or 0] += line.amount
    taxes = {rate: tax(base, rate) for rate, base in bases.items()}
    sums = (sum(bases.values()), sum(taxes.values()), row.net + row.vat) == (row.net, row.vat, row.total)
    known = all(re.fullmatch("[4-9][0-9]{10}", one) for one in (number, site.registration_number))
    desk = next((contact.address for contact in site.contacts if contact.address), "")
    if not (bases and all(bases) and sums and known and site.vat_number and desk):
        return b""
    root = Element("Invoice", {name: _NAMES + kind for name, kind in _SPACES.items()})
    seller = (_FROM, site.legal_name, site.registration_number, desk, site.vat_number)
    facts = (_head(row), _party(*seller), _party(TO, row.buyer, number, code=row.code), _sums(row, bases, taxes))
    for path, said in chain(*facts, *(_line(place, line) for place, line in enumerate(lines, 1))):
        if said:
            _grow(root, path, said)
    return bytes(tostring(root, "UTF-8"))


def _grow(root: Element, path: str, said: str) -> None:
    """Add a text at its path, in the elements that came last; one with "+" before its name begins anew."""
    at, (*above, name) = root, path.split("/")
    for parent in above:
        tag = f"cac:{parent.lstrip('+')}"
        at = at[-1] if len(at) and at[-1].tag == tag and parent[0] != "+" else SubElement(at, tag)
    name, _, attribute = (f"{name}@currencyID=EUR" if name.endswith("Amount") else name).partition("@")
    SubElement(at, f"cbc:{name}", dict([attribute.split("=")]) if attribute else {}).text = said


def _decimal(value: int, places: int = 2) -> str:
    return f"{Decimal(value).scaleb(-places):f}"


def _head(row: Any) -> _Facts:
    yield from (
        ("CustomizationID", f"urn:cen.eu:en16931:2017#compliant#{_PROFILE}:3.0"), ("ProfileID", f"{_PROFILE}:01:1.0"),
        ("ID", row.number), ("IssueDate", f"{row.issued_on}"), ("DueDate", f"{row.due_on}"),
        ("InvoiceTypeCode", "380"), ("DocumentCurrencyCode", "EUR"), ("BuyerReference", row.code),
        ("InvoicePeriod/StartDate", f"{row.period_start}"), ("InvoicePeriod/EndDate", f"{row.period_end}"),
    )  # fmt: skip


def _party(at: str, name: str, number: str, address: str = "", vat: str = "", code: str = "") -> _Facts:
    yield from (
        (f"{at}/EndpointID{_REGISTER}", number), (f"{at}/PartyIdentification/ID", code),
        (f"{at}/PostalAddress/StreetName", address), (f"{at}/PostalAddress/Country/IdentificationCode", "LV"),
        (f"{at}/PartyTaxScheme/CompanyID", vat), (f"{at}/PartyTaxScheme/TaxScheme/ID", vat and "VAT"),
        (f"{at}/PartyLegalEntity/RegistrationName", name), (f"{at}/PartyLegalEntity/CompanyID{_REGISTER}", number),
    )  # fmt: skip


def _category(at: str, rate: int) -> _Facts:
    yield from ((f"{at}/ID", "S"), (f"{at}/Percent", _decimal(rate)), (f"{at}/TaxScheme/ID", "VAT"))


def _sums(row: Any, bases: dict[int, int], taxes: dict[int, int]) -> _Facts:
    paid = -min(0, row.brought_forward)
    yield from (
        (f"{PLACE}/ID", row.place), (f"{PLACE}/Address/StreetName", row.address),
        (f"{PLACE}/Address/Country/IdentificationCode", "LV"), ("PaymentMeans/PaymentMeansCode", "30"),
        ("PaymentMeans/PaymentID", row.reference), (f"{ACCOUNT}/ID", row.payee_iban),
        (f"{ACCOUNT}/Name", row.payee_name), ("TaxTotal/TaxAmount", _decimal(row.vat)),
    )  # fmt: skip
    for rate, base in sorted(bases.items()):
        yield "TaxTotal/+TaxSubtotal/TaxableAmount", _decimal(base)
        yield f"{PART}/TaxAmount", _decimal(taxes[rate])
        yield from _category(f"{PART}/TaxCategory", rate)
    amounts = {BASE: row.net, "TaxExclusiveAmount": row.net, "TaxInclusiveAmount": row.total, "PrepaidAmount": paid}
    for name, cents in (amounts | {"PayableAmount": row.total - paid}).items():
        yield f"{SUMS}/{name}", _decimal(cents)


def _line(place: int, line: Any) -> _Facts:
    """Where quantity and price do not make the amount, it is one lump sum. Prices are never below zero (BR-27)."""
    quantity, price, unit = line.quantity or 0, line.price, UNITS.get(line.unit, OTHER if line.unit else ONE)
    if not quantity or price is None or abs(quantity * price - line.amount * 100_000) > _SLACK:
        quantity, price, unit = 1_000, line.amount * 100, ONE
    if price < 0:
        quantity, price = -quantity, -price
    yield from ((f"+{LINE}/ID", f"{place}"), (f"{LINE}/InvoicedQuantity@unitCode={unit}", _decimal(quantity, 3)))
    yield from ((f"{LINE}/{BASE}", _decimal(line.amount)), (f"{LINE}/Item/Name", line.service))
    yield from _category(f"{LINE}/Item/ClassifiedTaxCategory", line.vat_rate)
    yield f"{LINE}/Price/PriceAmount", _decimal(price, 4)
