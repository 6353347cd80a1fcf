"""E-invoices as a billing system writes them: UBL 2.1 of PEPPOL BIS Billing 3.0, for the customers of `jobs/exchanges.py`."""

from decimal import Decimal

OURS = "LV44DEMO0000000000001"
SPACES = {"": "Invoice-2", ":cac": "CommonAggregateComponents-2", ":cbc": "CommonBasicComponents-2"}
WATER = ("Aukstais ūdens", "3.125", "MTQ", "1.0512", "3.29", "21")
CARE = ("Apsaimniekošana", "1", "C62", "6.71", "6.71", "21")
TAX = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def item(number: int, name: str, quantity: str, unit: str, price: str, amount: str, rate: str) -> str:
    """One line."""
    category = f"<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>{TAX}</cac:ClassifiedTaxCategory>"
    return f"""<cac:InvoiceLine><cbc:ID>{number}</cbc:ID><cbc:InvoicedQuantity unitCode="{unit}">{quantity}</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount><cac:Item><cbc:Name>{name}</cbc:Name>{category}</cac:Item><cac:Price><cbc:PriceAmount currencyID="EUR">{price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>"""


def party(kind: str, number: str, name: str, more: str = "", tax: str = "") -> str:
    address = "<cac:PostalAddress><cac:Country><cbc:IdentificationCode>LV</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
    legal = f"<cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity>"
    return f'<cac:{kind}><cac:Party><cbc:EndpointID schemeID="0218">{number}</cbc:EndpointID>{more}{address}{tax}{legal}</cac:Party></cac:{kind}>'


def sums(**amounts: str) -> str:
    return "".join(f'<cbc:{name} currencyID="EUR">{amount}</cbc:{name}>' for name, amount in amounts.items())


def document(*lines: tuple[str, ...], number: str = "2026-9", code: str = "20418", place: str = "F35", prepaid: str = "0.00", encoding: str = "UTF-8", head: str = "") -> bytes:
    """A whole invoice that adds up: VAT of 21 %."""
    lines = lines or (WATER, CARE)
    net = sum((Decimal(line[4]) for line in lines), Decimal(0))
    vat = round(net * Decimal("0.21") + Decimal("0.000001"), 2)
    customer = f"<cac:PartyIdentification><cbc:ID>{code}</cbc:ID></cac:PartyIdentification>"
    seller = f"<cac:PartyTaxScheme><cbc:CompanyID>LV40000000016</cbc:CompanyID>{TAX}</cac:PartyTaxScheme>"
    where = f"<cac:Delivery><cac:DeliveryLocation><cbc:ID>{place}</cbc:ID></cac:DeliveryLocation></cac:Delivery>" if place else ""
    category = f"<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent>{TAX}</cac:TaxCategory>"
    text = f"""<?xml version="1.0" encoding="{encoding}"?>{head}
<Invoice {" ".join(f'xmlns{name}="urn:oasis:names:specification:ubl:schema:xsd:{kind}"' for name, kind in SPACES.items())}>
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-10</cbc:IssueDate><cbc:DueDate>2026-11-30</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cbc:BuyerReference>{code}</cbc:BuyerReference>
<cac:InvoicePeriod><cbc:StartDate>2026-10-01</cbc:StartDate><cbc:EndDate>2026-10-31</cbc:EndDate></cac:InvoicePeriod>
{party("AccountingSupplierParty", "40000000016", "SIA “Māja”", tax=seller)}
{party("AccountingCustomerParty", "40003000000", "SIA “Ūdens”", customer)}{where}
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentID>{number}, kods {code}</cbc:PaymentID><cac:PayeeFinancialAccount><cbc:ID>{OURS}</cbc:ID><cbc:Name>Māja 12</cbc:Name></cac:PayeeFinancialAccount></cac:PaymentMeans>
<cac:TaxTotal>{sums(TaxAmount=f"{vat}")}<cac:TaxSubtotal>{sums(TaxableAmount=f"{net}", TaxAmount=f"{vat}")}{category}</cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal>{sums(LineExtensionAmount=f"{net}", TaxExclusiveAmount=f"{net}", TaxInclusiveAmount=f"{net + vat}", PrepaidAmount=prepaid, PayableAmount=f"{net + vat - Decimal(prepaid)}")}</cac:LegalMonetaryTotal>
{"".join(item(place, *line) for place, line in enumerate(lines, 1))}
</Invoice>"""
    return text.encode(encoding)


def changed(*pairs: tuple[str, str], data: bytes | None = None) -> bytes:
    """The same with these texts, each of which stands there once, another."""
    text = (data or document()).decode()
    for old, new in pairs:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text.encode()


def without(element: str, data: bytes | None = None) -> bytes:
    """The same without the first element of this name."""
    before, _, rest = (data or document()).decode().partition(f"<{element}")
    return (before + rest.partition(f"</{element}>")[2]).encode()
