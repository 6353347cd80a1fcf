"""Invoices: newest, all years, lines, words for their state, paying, PDF (C01–C03, C06, C08, C09)."""

import re
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from models.invoices import Invoice, InvoiceLine, Payment
from tests.browser import Browser
from tests.cast import IBAN, TODAY, Cast
from tests.standing import change, fetch, main
from tests.tools import run

DAY = timedelta(days=1)


def set_invoice(app: Flask, cast: Cast, **values: object):
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(**values))


def pay(app: Flask, cast: Cast, *payments: tuple[date, int]) -> None:
    """Payments received for Anna's newest invoice."""
    row = fetch(app, sa.select(Invoice.id, Invoice.customer_id).where(Invoice.public_id == cast.invoice))[0]
    for number, (day, cents) in enumerate(payments):
        change(app, sa.insert(Payment.__table__).values(external_id=f"new{number}", customer_id=row.customer_id, invoice_id=row.id, paid_on=day, amount=cents))


def drawn(svg: str) -> bytes:
    """The picture of a QR code as dots: its path is horizontal strokes of one module, drawn 8 dots high here."""
    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    dots, x, y = [[255] * side for _ in range(side)], 0, 0
    for step, one, two in re.findall(r"([Mmh])(-?\d+)(?: (-?[\d.]+))?", re.search(r'stroke="[^"]+" d="([^"]+)"', svg)[1]):
        if step == "h":
            dots[y][x : x + int(one)] = [0] * int(one)
            x += int(one)
        else:
            x, y = (0 if step == "M" else x) + int(one), (0 if step == "M" else y) + int(float(two or 0))
    rows = [bytes(dot for dot in row for _ in range(8)) * 8 for row in dots]
    return b"P5 %d %d 255 " % (8 * side, 8 * side) + b"".join(rows)


def test_the_newest_invoice_tells_its_sum_and_what_is_to_be_paid_in_all(anna: Browser, cast: Cast):
    text = main(anna.get(f"/properties/{cast.flat}"))
    for words in ("€87.43 Pay by 30 Nov 2026", "Unpaid, due today", "Date 10 Nov 2026", "This invoice €82.28", "Balance brought forward (debt) €5.15", "Amount due €87.43"):
        assert words in text, words
    assert re.search(r"Invoice No\. 2026-\d+", text)


STATES = (
    ({}, [], "Unpaid, due today", "€87.43"),
    ({"due_on": TODAY + DAY}, [], "Unpaid, 1 day left", "€87.43"),
    ({"due_on": TODAY + 9 * DAY}, [], "Unpaid, 9 days left", "€87.43"),
    ({"due_on": TODAY - DAY}, [], "1 day overdue", "€87.43"),
    ({"due_on": TODAY - 3 * DAY}, [], "3 days overdue", "€87.43"),
    ({}, [(TODAY, 8743)], "Paid 30 Nov 2026", "€0.00"),
    ({}, [(TODAY - 5 * DAY, 5000), (TODAY - 2 * DAY, 3743)], "Paid 28 Nov 2026", "€0.00"),
    ({"due_on": TODAY - 5 * DAY}, [(TODAY - 2 * DAY, 8743)], "Paid late, 28 Nov 2026", "€0.00"),
    ({"due_on": TODAY - 5 * DAY}, [(TODAY - 6 * DAY, 8743), (TODAY - 2 * DAY, 100)], "Paid 24 Nov 2026", "€0.00"),
    ({}, [(TODAY - 6 * DAY, 4000)], "Partly paid", "€47.43"),
    ({"due_on": TODAY - DAY}, [(TODAY - 6 * DAY, 4000)], "Partly paid, overdue", "€47.43"),
    ({"due_on": TODAY - DAY}, [(TODAY - 6 * DAY, 8743), (TODAY, -8743)], "1 day overdue", "€87.43"),
    ({"payable": -420, "brought_forward": -8648}, [], "Overpayment", "Nothing to pay Overpayment: €4.20"),
    ({"payable": 0, "brought_forward": -8228}, [], "Nothing to pay", "€0.00"),
)  # fmt: skip


def test_the_state_of_an_invoice_is_said_in_words_everywhere(anna: Browser, app: Flask, cast: Cast):
    for values, payments, tag, amount in STATES:
        set_invoice(app, cast, **{"due_on": TODAY, "payable": 8743, "brought_forward": 515} | values)
        change(app, sa.delete(Payment).where(Payment.external_id.startswith("new")))
        pay(app, cast, *payments)
        home, detail, listed = (main(anna.get(path)) for path in (f"/properties/{cast.flat}", f"/invoices/{cast.invoice}", f"/properties/{cast.flat}/invoices"))
        assert amount in home and amount in detail, tag
        assert tag in home and tag in detail and tag in listed, tag
        assert ("Copy the details" in detail) == ("Pay by" in detail) == ("Pay by" in home) == (amount not in ("€0.00", STATES[-2][3]))


def test_colours_never_stand_without_their_words(anna: Browser, app: Flask, cast: Cast):
    set_invoice(app, cast, due_on=TODAY - DAY)
    page = anna.get(f"/properties/{cast.flat}/invoices")
    tags = re.findall(r'class="tag (\w+)">([^<]+)<', page.html)
    assert {kind for kind, _ in tags} == {"ok", "err"} and all(re.search(r"[A-Za-z]{4}", words) for _, words in tags)


def test_all_years_are_a_tap_away_and_the_newest_is_open(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}/invoices")
    assert [link for link in page.links if link.startswith("?year=")] == ["?year=2026", "?year=2025"]
    assert page.html.count('href="?year=2026" aria-current="page"') == 1
    shown = [link for link in page.links if re.fullmatch(r"/invoices/[\w-]+", link)]
    older = [link for link in anna.get(f"/properties/{cast.flat}/invoices?year=2025").links if re.fullmatch(r"/invoices/[\w-]+", link)]
    assert len(shown) == 11 and len(older) == 3 and not {*shown} & {*older}
    assert shown[0] == f"/invoices/{cast.invoice}", "newest first"


def test_a_year_without_invoices_says_so_and_offers_the_others(anna: Browser, cast: Cast):
    for year in ("1999", "9999", "0000"):
        page = anna.get(f"/properties/{cast.flat}/invoices?year={year}")
        assert anna.status == 200 and "There are no invoices in this year." in page.text and "?year=2026" in page.links


def test_what_is_no_year_shows_the_newest(anna: Browser, cast: Cast):
    for year in ("", "x", "-1", "20260", "٢٠٢٦", "2026.0", "1e3", "%00", "2026&year=1999"):
        page = anna.get(f"/properties/{cast.flat}/invoices?year={year}")
        assert anna.status == 200 and f"/invoices/{cast.invoice}" in page.links, year


def test_the_detail_says_what_it_is_made_of(anna: Browser, cast: Cast):
    text = main(anna.get(f"/invoices/{cast.invoice}"))
    for words in ("‹ All invoices", "1 Oct 2026 – 28 Oct 2026", "Aukstais ūdens €3.26 3.100 m³ × €1.05", "Apsaimniekošana €64.74 52.400 m² × €0.42", "Without VAT €68.00", "VAT €14.28", "This invoice €82.28", "Amount due €87.43"):
        assert words in text.replace("\xa0", " "), words


def test_a_line_without_quantity_has_its_sum_only(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(InvoiceLine).where(InvoiceLine.position == 2).values(quantity=None, unit="", price=None, amount=-105))
    assert "Apsaimniekošana −€1.05 Without VAT" in main(anna.get(f"/invoices/{cast.invoice}")).replace("-", "−")


def test_payments_received_stand_with_their_days(anna: Browser, app: Flask, cast: Cast):
    assert "No payment has been received for this invoice yet." in anna.get(f"/invoices/{cast.invoice}").text
    pay(app, cast, (TODAY - DAY, 3743), (TODAY - 5 * DAY, 1000))
    assert "Payments received 25 Nov 2026 €10.00 29 Nov 2026 €37.43" in main(anna.get(f"/invoices/{cast.invoice}"))
    assert "Received €47.43" in main(anna.get(f"/properties/{cast.flat}"))


def test_payment_details_are_copied_as_banks_want_them(anna: Browser, app: Flask, cast: Cast):
    page = anna.get(f"/invoices/{cast.invoice}")
    reference = fetch(app, sa.select(Invoice.reference).where(Invoice.public_id == cast.invoice))[0][0]
    assert re.findall(r'data-copy="([^"]+)"', page.html) == ["SIA “Māja”", IBAN, "87.43", reference]
    assert "LV44 DEMO 0000 0000 0000 1" in page.text and "€87.43" in page.text
    pay(app, cast, (TODAY, 4000))
    assert 'data-copy="47.43"' in anna.get(f"/invoices/{cast.invoice}").html, "what is left"


def test_the_payment_code_says_the_very_same(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    """EPC069-12, read by somebody else's reader."""
    page = anna.get(f"/invoices/{cast.invoice}")
    assert f'src="/invoices/{cast.invoice}/qr.svg"' in page.html
    svg = anna.client.get(f"/invoices/{cast.invoice}/qr.svg").get_data(as_text=True)
    picture = tmp_path / "qr.pgm"
    picture.write_bytes(drawn(svg))
    reference = fetch(app, sa.select(Invoice.reference).where(Invoice.public_id == cast.invoice))[0][0]
    fields = run("zbarimg", "--quiet", "--raw", picture).splitlines()
    assert fields[:4] == ["BCD", "002", "1", "SCT"]
    assert fields[5:8] == ["SIA “Māja”", IBAN, "EUR87.43"] and fields[-1] == reference


def test_what_is_paid_has_no_payment_code(anna: Browser, cast: Cast):
    assert "qr.svg" not in anna.get(f"/invoices/{cast.paid}").html
    assert anna.client.get(f"/invoices/{cast.paid}/qr.svg").status_code == 404


def test_the_operators_own_file_is_given_as_it_is(anna: Browser, app: Flask, cast: Cast):
    content = b"%PDF-1.7 the operator's own \x00\xff"
    set_invoice(app, cast, file_hash=app.extensions["ekabinets"].storage.put(content), number="E-2026/7 ž")
    answer = anna.client.get(f"/invoices/{cast.invoice}.pdf")
    assert answer.get_data() == content and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == "inline; filename=\"E-2026_7_.pdf\"; filename*=UTF-8''E-2026%2F7%20%C5%BE.pdf"


def test_without_a_file_ours_is_printed_once_and_says_the_same(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    first, second = (anna.client.get(f"/invoices/{cast.invoice}.pdf").get_data() for _ in range(2))
    assert first == second and first.startswith(b"%PDF-")
    (tmp_path / "invoice.pdf").write_bytes(first)
    text = " ".join(run("pdftotext", "-layout", tmp_path / "invoice.pdf", "-").split())
    for words in ("DEMO", "Anna Ozoliņa", "20417", "Brīvības iela 12–34, Ogre", "Aukstais ūdens", "€82.28", "€87.43", "LV44 DEMO 0000 0000 0000 1", "SIA “Ogres Namsaimnieks”"):
        assert words in text, words


def test_page_and_list_offer_the_pdf(anna: Browser, cast: Cast):
    for path in (f"/properties/{cast.flat}", f"/invoices/{cast.invoice}", f"/properties/{cast.flat}/invoices"):
        assert f"/invoices/{cast.invoice}.pdf" in anna.get(path).links, path


def test_each_year_takes_two_statements_more_than_the_visitor_needs(anna: Browser, cast: Cast, statements: list[str]):
    anna.get(f"/properties/{cast.flat}/invoices")
    assert len(statements) == 4, statements


def test_the_qr_code_and_the_pdf_speak_the_language_of_the_profile(app: Flask, cast: Cast, monkeypatch):
    spoken = []
    monkeypatch.setattr("views.invoices.cached_invoice_pdf", lambda _database, storage, it, *_: spoken.append(it.language) or storage.put(b"%PDF-1.4 "))
    viktors = Browser(app)
    viktors.log_in("viktors")
    viktors.client.delete_cookie("lang")
    assert "QR-код" in viktors.client.get(f"/invoices/{cast.stranger_invoice}/qr.svg").get_data(as_text=True)
    viktors.client.get(f"/invoices/{cast.stranger_invoice}.pdf")
    assert spoken == ["ru"]
