"""E-invoices of companies: what came is given back byte by byte, else UBL is made of our rows, or none is offered."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as some

from jobs.exchange.einvoices import Document
from models.customers import Customer
from models.identifiers import Identifiers
from models.invoices import Invoice, InvoiceLine
from models.premises import Premises
from models.rules.ubl import tax, written
from models.site import load_site
from tests.browser import Browser
from tests.cast import IBAN, Cast
from tests.standing import change, fetch
from tests.ubl import document

ROOT = Path(__file__).parents[2]
FETCHED, CHECK = ROOT / ".certified", ROOT / "tests/certified/ubl.py"
FACTS = {"registration_number": "40000000016", "vat_number": "LV40000000016"}
NUMBER = "40003000000"  # of the buyer in the register
OURS = load_site("ogre").model_copy(update=FACTS)


def hers(cast: Cast):
    """The row of Anna's customer."""
    return Customer.id == sa.select(Invoice.customer_id).where(Invoice.public_id == cast.invoice).scalar_subquery()


@pytest.fixture
def company(app: Flask, cast: Cast) -> Iterator[None]:
    """Anna's customer is a company, its lines have a rate, and the site tells all that a seller has to."""
    held = app.extensions["ekabinets"]
    site = held.site.model_copy(update=FACTS)
    app.extensions["ekabinets"] = replace(held, site=site)
    number = Identifiers(held.settings.identifier_key).encrypt(NUMBER)
    change(app, sa.update(Customer).where(hers(cast)).values(is_company=True, identifier_encrypted=number, name="SIA “Ūdens & Co”"))
    change(app, sa.update(InvoiceLine).values(vat_rate=2100))
    set_invoice(app, cast, ubl_hash=None)
    yield
    app.extensions["ekabinets"] = held


def set_invoice(app: Flask, cast: Cast, **values: object) -> None:
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(**values))


def checked(folder: Path, *documents: bytes) -> list[list[str]]:
    """What is wrong with each, by the official rules."""
    if not (FETCHED / "saxonche.libs").exists():
        reason = "the rules for e-invoices are missing: run sh scripts/certified.sh .venv/bin/python"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    for number, data in enumerate(documents):
        (folder / f"{number:04}.xml").write_bytes(data)
    outcome = subprocess.run([sys.executable, CHECK, FETCHED, folder], capture_output=True, text=True, timeout=300)
    assert outcome.returncode == 0, outcome.stderr
    return [*json.loads(outcome.stdout).values()]


def offered(browser: Browser, iid: str) -> bytes | None:
    """The document; None where the page has no link, and there is none."""
    page, answer = browser.get(f"/invoices/{iid}"), browser.client.get(f"/invoices/{iid}.xml")
    assert (f'href="/invoices/{iid}.xml"' in page.html) == (answer.status_code == 200) and answer.status_code in (200, 404)
    return answer.get_data() if answer.status_code == 200 else None


@pytest.mark.usefixtures("company")
def test_a_company_gets_ubl_of_its_rows_that_every_rule_allows(app: Flask, anna: Browser, cast: Cast, tmp_path: Path):
    data = offered(anna, cast.invoice)
    assert data and checked(tmp_path, data) == [[]]
    root = ElementTree.fromstring(data)
    said = {element.tag.rpartition("}")[2]: element.text for element in root.iter()}
    assert said["PayableAmount"] == "82.28", "the debt of earlier invoices is theirs"
    answer = anna.client.get(f"/invoices/{cast.invoice}.xml")
    number = fetch(app, sa.select(Invoice.number).where(Invoice.public_id == cast.invoice))[0].number
    assert answer.headers["Content-Type"] == "application/xml" and f'attachment; filename="{number}.xml"' in answer.headers["Content-Disposition"]


@pytest.mark.usefixtures("company")
def test_what_came_as_ubl_is_given_back_byte_by_byte(app: Flask, anna: Browser, cast: Cast):
    data = document(encoding="UTF-16")
    set_invoice(app, cast, ubl_hash=app.extensions["ekabinets"].storage.put(data))
    assert offered(anna, cast.invoice) == data


MISSING = {
    "person": sa.update(Customer).values(is_company=False), "number": sa.update(Customer).values(identifier_encrypted=None),
    "unreadable": sa.update(Customer).values(identifier_encrypted="other:key"), "rate": sa.update(InvoiceLine).where(InvoiceLine.position == 2).values(vat_rate=None),
    "zero": sa.update(InvoiceLine).where(InvoiceLine.position == 2).values(vat_rate=0), "lines": sa.delete(InvoiceLine),
    "net": sa.update(InvoiceLine).where(InvoiceLine.position == 2).values(amount=InvoiceLine.amount + 1), "vat": sa.update(Invoice).values(vat=Invoice.vat + 1),
    "total": sa.update(Invoice).values(total=Invoice.total + 1), "code": sa.update(Customer).values(identifier_encrypted=Identifiers("i" * 40).encrypt("010190-12345")),
}  # fmt: skip


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("missing", MISSING)
def test_where_something_is_missing_none_is_offered(app: Flask, anna: Browser, cast: Cast, missing: str):
    change(app, MISSING[missing])
    assert offered(anna, cast.invoice) is None


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("facts", [{"vat_number": ""}, {"registration_number": "DEMO-00000000004"}, {"contacts": ()}])
def test_an_operator_who_tells_too_little_offers_none(app: Flask, anna: Browser, cast: Cast, facts: dict[str, object]):
    held = app.extensions["ekabinets"]
    contacts = tuple(one.model_copy(update={"address": None}) for one in held.site.contacts)
    told = {"contacts": contacts} if "contacts" in facts else facts
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update=told))
    assert offered(anna, cast.invoice) is None


def test_what_came_is_there_for_a_person_too_and_pushed_on_no_one(app: Flask, anna: Browser, cast: Cast):
    assert anna.client.get(f"/invoices/{cast.invoice}.xml").get_data() == b"<Invoice/>"
    assert ".xml" not in anna.get(f"/invoices/{cast.invoice}").html


def test_a_site_of_the_demo_offers_none(app: Flask, anna: Browser, cast: Cast):
    set_invoice(app, cast, ubl_hash=None)
    assert offered(anna, cast.invoice) is None


@pytest.mark.usefixtures("company")
def test_nobody_else_gets_it(app: Flask, anna: Browser, cast: Cast):
    viktors = Browser(app)
    viktors.log_in("viktors")
    set_invoice(app, cast, ubl_hash=app.extensions["ekabinets"].storage.put(document()))
    assert anna.client.get(f"/invoices/{cast.invoice}.xml").status_code == 200
    for iid in (cast.invoice, cast.former_invoice):
        assert viktors.client.get(f"/invoices/{iid}.xml").status_code == 404
    assert app.test_client().get(f"/invoices/{cast.invoice}.xml").status_code == 303
    assert anna.client.get(f"/invoices/{cast.stranger_invoice}.xml").status_code == 404


@pytest.mark.usefixtures("company")
def test_what_we_write_we_read_as_the_same_invoice(app: Flask, anna: Browser, cast: Cast):
    set_invoice(app, cast, brought_forward=-300, payable=7928)
    one = Document(offered(anna, cast.invoice) or b"")
    row = fetch(app, sa.select(Invoice.__table__, Premises.external_id.label("place"), Customer.code).join(Premises).join(Customer).where(Invoice.public_id == cast.invoice))[0]
    assert not one.wrong and (one.fields["customer_id"], one.fields["premises_id"]) == (row.code, row.place)
    made = {"external_id", "customer_id", "premises_id", "ubl_hash"}
    assert {name: value for name, value in one.fields.items() if name not in made} == {name: getattr(row, name) for name in one.fields.keys() - made}
    lines = fetch(app, sa.select(InvoiceLine).where(InvoiceLine.invoice_id == row.id).order_by(InvoiceLine.position))
    assert [(line["service"], line["amount"], line["vat_rate"]) for line in one.lines] == [(line.service, line.amount, line.vat_rate) for line in lines]
    assert (one.lines[0]["quantity"], one.lines[0]["unit"], one.lines[0]["price"]) == (3100, "m3", 10500)


def made_of(*parts: tuple[int, int], forward: int = 0, **more: object) -> tuple[SimpleNamespace, list[SimpleNamespace], bytes]:
    """An invoice of these amounts and rates, and its document."""
    lines = [SimpleNamespace(**{"service": "Ūdens & <gāze>", "quantity": None, "unit": "", "price": None, "amount": amount, "vat_rate": rate} | more) for amount, rate in parts]
    net = sum(line.amount for line in lines)
    vat = sum(tax(sum(amount for amount, one in parts if one == rate), rate) for rate in {rate for _, rate in parts})
    days = {"issued_on": date(2026, 11, 10), "due_on": date(2026, 11, 30), "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
    about = {"buyer": "SIA “Ūdens & Co”", "code": "20417", "place": "F34", "address": "Brīvības iela 12–34, Ogre"}
    row = SimpleNamespace(number="2026-9", net=net, vat=vat, total=net + vat, brought_forward=forward, payee_iban=IBAN, payee_name="Māja 12", reference="2026-9", **days, **about)
    return row, lines, written(row, lines, OURS, NUMBER)


amounts = some.integers(-10_000_000, 10_000_000)
rates = some.sampled_from([500, 1200, 2100, 1250])


@settings(max_examples=300)
@given(some.lists(some.tuples(amounts, rates), min_size=1, max_size=20), some.integers(-10_000_000, 10_000_000))
def test_whatever_the_amounts_what_is_written_adds_up_to_the_cent(parts: list[tuple[int, int]], forward: int):
    row, lines, data = made_of(*parts, forward=forward)
    one = Document(data)
    assert not one.wrong
    assert (one.fields["net"], one.fields["vat"], one.fields["total"]) == (row.net, row.vat, row.total)
    assert one.fields["brought_forward"] == min(0, forward)
    assert [(line["amount"], line["vat_rate"]) for line in one.lines] == [(line.amount, line.vat_rate) for line in lines]


QUANTITIES = [(3125, 10512, "m3", 329), (1000, -10000, "pcs", -100), (-1000, 10000, "month", -100), (1, 1, "kwh", 0), (5000, 20000, "reizes", 1000), (0, 10000, "mwh", 7), (1000, 10000, "", 900)]


def test_every_kind_of_line_and_sum_is_allowed_by_the_official_rules(tmp_path: Path):
    made = [made_of((amount, 2100), quantity=quantity, price=price, unit=unit)[2] for quantity, price, unit, amount in QUANTITIES]
    made += [made_of((-1005, 2100), (355, 1200), (-1, 500), forward=forward)[2] for forward in (-5000, 0, 700)]
    made += [made_of((5, 1250), (10_000_000_00, 2100))[2], made_of((0, 2100))[2], document()]
    assert all(made) and checked(tmp_path, *made) == [[]] * len(made)


def test_the_official_rules_see_what_is_wrong(tmp_path: Path):
    data = made_of((1000, 2100))[2]
    spoilt = [data.replace(old, new) for old, new in ((b"<cbc:DueDate>2026-11-30</cbc:DueDate>", b""), (b"12.10", b"12.11"), (b'"C62"', b'"QQQ"'), (b"ProfileID", b"ProfileId"))]
    told = checked(tmp_path, *spoilt)
    assert [[one for one in wrong if one.startswith(names)] != [] for wrong, names in zip(told, ("BR-CO-25", "BR-CO-1", "BR-CL-23", str(tmp_path)), strict=True)] == [True] * 4, told
