"""An invoice as a UBL 2.1 document of PEPPOL BIS Billing 3.0 (EN 16931), and what its reader shares with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, tostring

UNITS = {"m3": "MTQ", "m2": "MTK", "mwh": "MWH", "kwh": "KWH", "pcs": "H87", "month": "MON"}  # UN/ECE rec. 20
ONE, OTHER = "C62", "ZZ"  # a lump sum; a unit that the list does not have
_NAME = "urn:oasis:names:specification:ubl:schema:xsd:"
_SPACES = {"xmlns": "Invoice-2", "xmlns:cac": "CommonAggregateComponents-2", "xmlns:cbc": "CommonBasicComponents-2"}
_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing"
_SCHEME = {"schemeID": "0218"}  # numbers of the Latvian register of enterprises
_SLACK = 200_000  # two cents: so far a line may be from quantity × price (PEPPOL-EN16931-R120)


@dataclass(frozen=True)
class Party:
    """Seller or buyer. `number`: in the register of enterprises; `vat`: the seller's; `code`: the buyer's, with us."""

    name: str
    number: str
    vat: str = ""
    code: str = ""
    address: str = ""


def tax(base: int, rate: int) -> int:
    """VAT in cents on `base` cents at `rate` hundredths of a percent, rounded half up (BR-CO-17)."""
    cents = (abs(base) * rate + 5_000) // 10_000
    return cents if base >= 0 else -cents


def written(row: Any, lines: Sequence[Any], seller: Party, buyer: Party, where: tuple[str, str]) -> bytes:
    """The document; nothing where something is missing that it has to have, or the sums are not of its kind.

    `row` and `lines` as `models.invoices` has them; `where`: name and address of the premises. A rate of zero is
    missing, too: it needs a reason, which nobody tells us. What was brought forward as a debt is of other invoices.
    """
    bases = dict[int, int]()
    for line in lines:
        bases[line.vat_rate or 0] = bases.get(line.vat_rate or 0, 0) + line.amount
    taxes = {rate: tax(base, rate) for rate, base in bases.items()}
    sums = (sum(bases.values()), sum(taxes.values()), row.net + row.vat) == (row.net, row.vat, row.total)
    known = all(re.fullmatch("[4-9][0-9]{10}", party.number) for party in (seller, buyer))
    if not (bases and all(bases) and sums and known and seller.vat and seller.address):
        return b""
    root = _node(
        "Invoice",
        _node("CustomizationID", f"urn:cen.eu:en16931:2017#compliant#{_PROFILE}:3.0"),
        _node("ProfileID", f"{_PROFILE}:01:1.0"), _node("ID", row.number), _node("IssueDate", f"{row.issued_on}"),
        _node("DueDate", f"{row.due_on}"), _node("InvoiceTypeCode", "380"),
        _node("DocumentCurrencyCode", "EUR"), _node("BuyerReference", buyer.code),
        _node("InvoicePeriod", _node("StartDate", f"{row.period_start}"), _node("EndDate", f"{row.period_end}")),
        _node("AccountingSupplierParty", _party(seller)), _node("AccountingCustomerParty", _party(buyer)),
        _node("Delivery", _node("DeliveryLocation", _node("ID", where[0]), _address("Address", where[1]))),
        _account(row), _taxes(bases, taxes), _totals(row),
        *(_line(number, line) for number, line in enumerate(lines, 1)),
    )  # fmt: skip
    root.tag = "Invoice"
    root.attrib |= {name: _NAME + kind for name, kind in _SPACES.items()}
    return bytes(tostring(root, "UTF-8"))


def _node(name: str, *content: Any, **attributes: str) -> Element:
    """An element with its parts or its text; parts that are nothing are left out."""
    made = Element(f"cac:{name}", attributes)
    for part in content:
        if isinstance(part, Element):
            made.append(part)
        elif part:
            made.tag, made.text = f"cbc:{name}", part
    return made


def _decimal(value: int, places: int) -> str:
    return f"{Decimal(value).scaleb(-places):f}"


def _sum(name: str, cents: int) -> Element:
    return _node(name, _decimal(cents, 2), currencyID="EUR")


def _scheme() -> Element:
    return _node("TaxScheme", _node("ID", "VAT"))


def _address(name: str, street: str) -> Element:
    line = _node("StreetName", street) if street else None
    return _node(name, line, _node("Country", _node("IdentificationCode", "LV")))


def _party(party: Party) -> Element:
    return _node(
        "Party", _node("EndpointID", party.number, **_SCHEME),
        _node("PartyIdentification", _node("ID", party.code)) if party.code else None,
        _address("PostalAddress", party.address),
        _node("PartyTaxScheme", _node("CompanyID", party.vat), _scheme()) if party.vat else None,
        _node("PartyLegalEntity", _node("RegistrationName", party.name), _node("CompanyID", party.number, **_SCHEME)),
    )  # fmt: skip


def _account(row: Any) -> Element:
    account = _node("PayeeFinancialAccount", _node("ID", row.payee_iban), _node("Name", row.payee_name))
    return _node("PaymentMeans", _node("PaymentMeansCode", "30"), _node("PaymentID", row.reference), account)


def _category(name: str, rate: int) -> Element:
    return _node(name, _node("ID", "S"), _node("Percent", _decimal(rate, 2)), _scheme())


def _taxes(bases: dict[int, int], taxes: dict[int, int]) -> Element:
    def part(rate: int) -> Element:
        sums = _sum("TaxableAmount", bases[rate]), _sum("TaxAmount", taxes[rate])
        return _node("TaxSubtotal", *sums, _category("TaxCategory", rate))

    return _node("TaxTotal", _sum("TaxAmount", sum(taxes.values())), *map(part, sorted(bases)))


def _totals(row: Any) -> Element:
    paid = -min(0, row.brought_forward)
    return _node(
        "LegalMonetaryTotal", _sum("LineExtensionAmount", row.net), _sum("TaxExclusiveAmount", row.net),
        _sum("TaxInclusiveAmount", row.total), _sum("PrepaidAmount", paid), _sum("PayableAmount", row.total - paid),
    )  # fmt: skip


def _line(number: int, line: Any) -> Element:
    """Where quantity and price do not make the amount, it is one lump sum. Prices are never below zero (BR-27)."""
    quantity, price, unit = line.quantity or 0, line.price, UNITS.get(line.unit, OTHER if line.unit else ONE)
    if not quantity or price is None or abs(quantity * price - line.amount * 100_000) > _SLACK:
        quantity, price, unit = 1_000, line.amount * 100, ONE
    if price < 0:
        quantity, price = -quantity, -price
    return _node(
        "InvoiceLine", _node("ID", f"{number}"), _node("InvoicedQuantity", _decimal(quantity, 3), unitCode=unit),
        _sum("LineExtensionAmount", line.amount),
        _node("Item", _node("Name", line.service), _category("ClassifiedTaxCategory", line.vat_rate)),
        _node("Price", _node("PriceAmount", _decimal(price, 4), currencyID="EUR")),
    )  # fmt: skip
