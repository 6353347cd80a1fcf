"""Statements by the customer's settlement, why an invoice differs, a year to take along (C07, C10, C12; LG-13, LG-14)."""

import csv
import io
import zipfile
from unittest.mock import patch

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from models.customers import Customer
from models.invoices import Invoice, InvoiceLine, Payment
from models.types import Settlement
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.lend import lend
from tests.standing import change, fetch, main
from tests.views.test_invoices import pay, set_invoice
from views import invoices as view
from views.pdf import PdfBusy

WHY = "Why is it different from last time?"
FORMULAS = ("=1+1", "+1", "-1", "@A1", "\t=1", "\r=1")


def settle(app: Flask, settlement: Settlement) -> None:
    change(app, sa.update(Customer).where(Customer.code == "20417").values(settlement=settlement))


def paid_to_balance(app: Flask, cents: int) -> None:
    change(app, sa.insert(Payment.__table__).values(external_id="balance", customer_id=1, invoice_id=None, paid_on=TODAY, amount=cents))


def test_the_statement_lists_what_was_charged_and_paid_with_the_balance_after_each(anna: Browser, app: Flask, cast: Cast) -> None:
    set_invoice(app, cast, brought_forward=0, payable=8228)
    pay(app, cast, (TODAY, 5000))
    text = main(anna.get(f"/properties/{cast.flat}/statement"))
    assert "You are settled by meters" in text and "Balance after €32.28" in text and "brings forward" not in text
    assert "October 2026 €82.28 €82.28 30 Nov 2026 Payment for invoice No. 2026-" in text and text.endswith("-€50.00 €32.28")
    assert f"/invoices/{cast.invoice}" in anna.get(f"/properties/{cast.flat}/statement").links


def test_a_year_begins_with_the_balance_of_the_one_before(anna: Browser, app: Flask, cast: Cast) -> None:
    change(app, sa.delete(Payment).where(Payment.external_id == "PAY14"))
    for year, words in (("2025", "Balance before €0.00"), ("2026", "Balance before €82.28")):
        assert words in main(anna.get(f"/properties/{cast.flat}/statement?year={year}")), year
    assert "There are no invoices in this year." in main(anna.get(f"/properties/{cast.flat}/statement?year=1999"))


def test_what_an_invoice_brings_that_is_not_listed_is_said(anna: Browser, cast: Cast) -> None:
    assert "brings forward €5.15, which is not what is listed here" in main(anna.get(f"/properties/{cast.flat}/statement"))


def test_equal_parts_have_their_sum_and_say_which_is_another(anna: Browser, app: Flask, cast: Cast) -> None:
    settle(app, Settlement.EQUALISED)
    set_invoice(app, cast, total=9000)
    text = main(anna.get(f"/properties/{cast.flat}/statement"))
    assert "You pay in equal parts" in text and "Equal part, now €90.00" in text and text.count("another sum than before") == 1


def test_instalments_have_their_days_and_whether_they_are_paid(anna: Browser, app: Flask, cast: Cast) -> None:
    settle(app, Settlement.INSTALMENTS)
    text = main(anna.get(f"/properties/{cast.flat}/statement"))
    assert "You pay in instalments" in text and "Next instalment, by 30 Nov 2026 €87.43" in text
    assert "Pay by 30 Nov 2026 Unpaid, due today" in text and "✓ Paid" in text


def test_a_payment_to_the_balance_is_hers_and_not_her_helpers(anna: Browser, app: Flask, cast: Cast) -> None:
    paid_to_balance(app, 1234)
    lend(app, cast, "invoices")
    liga = Browser(app)
    liga.log_in("liga")
    assert "€12.34" in main(anna.get(f"/properties/{cast.flat}/statement"))
    text = main(liga.get(f"/properties/{cast.flat}/statement"))
    assert "€12.34" not in text and "You see what concerns the address that was lent to you." in text and "€82.28" in text


def test_a_helper_sees_of_two_addresses_the_one_that_was_lent(anna: Browser, app: Flask, cast: Cast) -> None:
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(premises_id=3))
    lend(app, cast, "invoices")
    liga = Browser(app)
    liga.log_in("liga")
    page = f"/properties/{cast.flat}/statement"
    assert f"/invoices/{cast.invoice}" in anna.get(page).links and "Mālkalnes prospekts 3–2" in main(anna.get(page))
    assert f"/invoices/{cast.invoice}" not in liga.get(page).links


@pytest.mark.parametrize("end", ["statement", "invoices.csv", "invoices.xlsx", "invoices.zip"])
def test_who_was_there_before_has_her_own_time_only_and_strangers_have_none(app: Flask, cast: Cast, end: str) -> None:
    peteris, viktors, liga = Browser(app), Browser(app), Browser(app)
    peteris.log_in("peteris")
    viktors.log_in("viktors")
    lend(app, cast, "submit meters")
    liga.log_in("liga")
    got = peteris.client.get(f"/properties/{cast.flat}/{end}?year={TODAY.year - 2}")
    numbers = [row.number for row in fetch(app, sa.select(Invoice.number).where(Invoice.public_id == cast.former_invoice))]
    assert got.status_code == 200 and (end != "statement" or numbers[0] in got.text)
    annas = peteris.client.get(f"/properties/{cast.flat}/{end}?year={TODAY.year}")
    assert annas.status_code == 200 and len(annas.data) < len(got.data) and b"82" not in (annas.data if end.endswith("csv") else b"")
    assert viktors.client.get(f"/properties/{cast.flat}/{end}").status_code == 404
    assert liga.client.get(f"/properties/{cast.flat}/{end}").status_code == 404, "meters alone were lent"


def test_the_invoice_says_why_it_is_another_sum_than_the_last(anna: Browser, app: Flask, cast: Cast) -> None:
    number = fetch(app, sa.select(Invoice.id).where(Invoice.public_id == cast.invoice))[0].id
    water = sa.update(InvoiceLine).where(InvoiceLine.invoice_id == number, InvoiceLine.position == 1)
    change(app, water.values(quantity=4100, price=11_000, amount=451))
    text = main(anna.get(f"/invoices/{cast.invoice}"))
    for words in (WHY, "€5.15 more than invoice No. 2026-", "+€0.21 the price: €1.05 before, now €1.10", "+€1.04 the quantity: 3.100 m³ before, now 4.100 m³", "Balance brought forward +€5.15", "Other changes -€1.25"):
        assert words in text, words


def test_without_lines_nothing_is_guessed(anna: Browser, app: Flask, cast: Cast) -> None:
    assert WHY in main(anna.get(f"/invoices/{cast.invoice}"))
    for public_id in (cast.paid, cast.invoice):
        number = fetch(app, sa.select(Invoice.id).where(Invoice.public_id == public_id))[0].id
        kept = [row._asdict() for row in fetch(app, sa.select(InvoiceLine.__table__).where(InvoiceLine.invoice_id == number))]
        change(app, sa.delete(InvoiceLine).where(InvoiceLine.invoice_id == number))
        assert WHY not in main(anna.get(f"/invoices/{cast.invoice}"))
        change(app, sa.insert(InvoiceLine).values(kept))


def test_the_first_invoice_of_a_new_owner_is_not_held_against_the_last_of_the_old_one(anna: Browser, app: Flask, cast: Cast) -> None:
    first = fetch(app, sa.select(Invoice.public_id).where(Invoice.customer_id == 1).order_by(Invoice.issued_on))[0].public_id
    change(app, sa.update(Invoice).where(Invoice.public_id == first).values(total=1, payable=1))
    assert WHY not in main(anna.get(f"/invoices/{first}"))


@pytest.mark.parametrize(("language", "sum_"), [("en", "82.28"), ("lv", "82,28")])
def test_a_year_as_a_table_in_the_readers_language(anna: Browser, cast: Cast, language: str, sum_: str) -> None:
    answer = anna.client.get(f"/properties/{cast.flat}/invoices.csv?lang={language}", follow_redirects=True)
    rows = [*csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter="," if language == "en" else ";")]
    assert len(rows) == 12 and rows[-1][1:5] == ["2026-10-01", "2026-10-28", "2026-11-10", "2026-11-30"] and rows[-1][7] == sum_
    assert "20417-2026.csv" in answer.headers["Content-Disposition"]


def test_a_workbook_has_days_and_numbers_and_words(anna: Browser, cast: Cast) -> None:
    answer = anna.client.get(f"/properties/{cast.flat}/invoices.xlsx")
    rows = [*openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)]
    assert rows[0][0] == "Invoice number" and len(rows) == 12
    assert rows[-1][4].date() == TODAY and rows[-1][5:11] == (68.0, 14.28, 82.28, 5.15, 87.43, 0)


@pytest.mark.parametrize("word", FORMULAS)
def test_no_word_becomes_a_formula(anna: Browser, app: Flask, cast: Cast, word: str) -> None:
    set_invoice(app, cast, number=word, reference=f"{word}&<\x0b>")
    rows = [*csv.reader(io.StringIO(anna.client.get(f"/properties/{cast.flat}/invoices.csv").text))]
    assert not {cell[:1] for cell in (rows[-1][0], rows[-1][-1])} & {*"=+-@\t\r"}
    book = openpyxl.load_workbook(io.BytesIO(anna.client.get(f"/properties/{cast.flat}/invoices.xlsx").data))
    cells = [[*book.active.iter_rows()][-1][place] for place in (0, -1)]
    assert [cell.data_type for cell in cells] != ["f", "f"] and cells[0].value.strip() == word.strip()
    sheet = zipfile.ZipFile(io.BytesIO(anna.client.get(f"/properties/{cast.flat}/invoices.xlsx").data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"<f " not in sheet


def test_the_pdfs_of_a_year_are_one_archive(anna: Browser, app: Flask, cast: Cast) -> None:
    name = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 the operator's own")
    change(app, sa.update(Invoice).where(Invoice.public_id != cast.invoice).values(file_hash=name))
    set_invoice(app, cast, number="../../etc/passwd")
    answer = anna.client.get(f"/properties/{cast.flat}/invoices.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = archive.namelist()
        assert len({*names}) == 11 and not any("/" in one or ".." in one for one in names)
        assert archive.read(names[0]) == b"%PDF-1.4 the operator's own" and archive.read(names[-1]).startswith(b"%PDF-")


def test_pdfs_that_take_too_long_are_made_little_by_little(anna: Browser, cast: Cast) -> None:
    with patch.object(view, "cached_invoice_pdf", side_effect=PdfBusy):
        page = anna.get(f"/properties/{cast.flat}/invoices.zip")
    assert anna.status == 503 and "The invoices are being prepared." in page.text


def test_the_list_offers_all_of_it(anna: Browser, cast: Cast) -> None:
    links = anna.get(f"/properties/{cast.flat}/invoices?year=2025").links
    assert {f"/properties/{cast.flat}/{end}" for end in ("statement", "invoices.zip?year=2025", "invoices.xlsx?year=2025", "invoices.csv?year=2025")} <= {*links}
