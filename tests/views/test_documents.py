"""Documents of a property, their files, and the estimate beside last year's (C13; LU-58)."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from models.customers import Customer
from models.documents import Document, EstimateLine
from models.invoices import Invoice
from models.storages import storage_of
from models.types import DocumentKind
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.conftest import settings_for
from tests.s3server import bucket, s3_server
from tests.standing import change, fetch, main


def test_documents_stand_in_groups_with_kind_size_and_date(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}/documents")
    assert "Contracts" in page.text and "Brīvības iela 12–34" in page.text
    words = page.links[f"/documents/{cast.document}/file"]
    assert words.startswith("Apsaimniekošanas līgums (PDF, 1") and "1 Aug 2026" in words + page.text
    assert cast.stranger_document not in page.html


def test_a_document_of_the_last_thirty_days_is_marked_as_new(anna: Browser, app: Flask, cast: Cast):
    for days, is_new in ((0, True), (29, True), (30, False)):
        change(app, sa.update(Document).values(issued_on=TODAY - timedelta(days=days)))
        assert ("New" in main(anna.get(f"/properties/{cast.flat}/documents"))) == is_new, days


def many(app: Flask, cast: Cast, count: int) -> None:
    """So many papers of Anna, two a year, the newest of this one."""
    customer = fetch(app, sa.select(Customer.id).where(Customer.code == "20417"))[0][0]
    rows = [{"external_id": f"Y{n}", "public_id": f"paper{n}", "customer_id": customer, "kind": "other", "title": f"Paper {n}", "issued_on": date(2026 - n // 2, 1, 1), "file_hash": "0" * 64, "file_name": "a.edoc", "size": 1} for n in range(count)]
    change(app, sa.insert(Document).values(rows))


def test_from_thirty_documents_on_they_are_shown_by_year(anna: Browser, app: Flask, cast: Cast):
    address = f"/properties/{cast.flat}/documents"
    many(app, cast, 28)
    assert "?year=2026" not in anna.get(address).links
    many_more = anna.get(address + "?year=2020")
    assert "Paper 0" in many_more.text, "without a filter its address filters nothing"
    change(app, sa.delete(Document).where(Document.title.like("Paper%")))
    many(app, cast, 29)
    page = anna.get(address)
    assert {"?year=", "?year=2026", "?year=2012"} <= {*page.links} and "?year=2011" not in page.links
    page = anna.get(address + "?year=2020")
    assert "Paper 12" in page.text and "Paper 13" in page.text and "Paper 11" not in page.text and "Paper 14" not in page.text
    for other in ("1999", "٢٠٢٠", "x" * 5000, "2020&year=2019", ""):
        assert ("Paper 14" in anna.get(f"{address}?year={other}").text) == ("&" not in other)


def test_a_customers_own_papers_stand_on_all_of_her_premises_and_on_nobody_elses(anna: Browser, app: Flask, cast: Cast):
    """E08."""
    many(app, cast, 1)
    for place in (cast.flat, cast.second):
        assert "Paper 0 (EDOC" in anna.get(f"/properties/{place}/documents").links["/documents/paper0/file"]
    change(app, sa.update(Document).where(Document.public_id == "paper0").values(file_hash=app.extensions["ekabinets"].storage.put(b"signed")))
    answer = anna.client.get("/documents/paper0/file")
    assert answer.get_data() == b"signed" and answer.headers["Content-Disposition"].startswith("attachment")
    for name in ("viktors", "peteris"):
        stranger = Browser(app)
        stranger.log_in(name)
        assert stranger.client.get("/documents/paper0/file").status_code == 404


def test_a_customers_own_papers_reach_who_has_moved_away(app: Flask, cast: Cast):
    change(app, sa.update(Document).where(Document.public_id == cast.document).values(premises_id=None, customer_id=3, issued_on=TODAY))
    peteris = Browser(app)
    peteris.log_in("peteris")
    assert f"/documents/{cast.document}/file" in peteris.get(f"/properties/{cast.flat}/documents").links


def test_a_document_belongs_to_exactly_one(app: Flask, cast: Cast):
    for wrong in ({"customer_id": 1}, {"premises_id": None}, {"house_id": 1}):
        with pytest.raises(sa.exc.IntegrityError):
            change(app, sa.update(Document).where(Document.public_id == cast.document).values(wrong))


def test_a_place_without_documents_says_so(anna: Browser, cast: Cast):
    assert "There are no documents for this property yet." in anna.get(f"/properties/{cast.second}/documents").text


def test_the_estimate_stands_beside_last_years(anna: Browser, cast: Cast):
    text = main(anna.get(f"/properties/{cast.flat}/documents"))
    table = text[text.index("Item") :]
    assert table.split()[:3] == ["Item", "2025", "2026"]
    assert "Apsaimniekošana €0.3901 €0.4201" in table and "Remontdarbu uzkrājums €0.3902 €0.4202" in table
    assert "Total €0.7803 €0.8403" in table


def test_an_item_that_is_new_or_gone_has_a_dash(anna: Browser, app: Flask, cast: Cast):
    which = (EstimateLine.year == 2025) & (EstimateLine.position == 2)
    change(app, sa.update(EstimateLine).where(which).values(item="Lifts"))
    text = main(anna.get(f"/properties/{cast.flat}/documents"))
    assert "Remontdarbu uzkrājums – €0.4202" in text and "Lifts €0.3902 –" in text


def test_the_first_estimate_of_a_house_stands_alone(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.delete(EstimateLine).where(EstimateLine.year == 2025))
    text = main(anna.get(f"/properties/{cast.flat}/documents"))
    assert "Item 2026" in text and "2025" not in text and "Total €0.8403" in text


NAMES = (
    ("ligums.pdf", "application/pdf", "inline", "ligums.pdf"),
    ("Rēķins Nr. 5/7.pdf", "application/pdf", "inline", "Rins_Nr._5_7.pdf"),
    ("page.html", "text/html; charset=utf-8", "attachment", "page.html"),
    ("picture.svg", "image/svg+xml; charset=utf-8", "attachment", "picture.svg"),
    ('a"; filename=b.unknown', "application/octet-stream", "attachment", "a_filename_b.unknown"),
    ("š", "application/octet-stream", "attachment", "file"),
    ("../../etc/passwd", "application/octet-stream", "attachment", ".._.._etc_passwd"),
)


def test_a_file_is_named_safely_and_never_runs_here(anna: Browser, app: Flask, cast: Cast):
    """ASVS 3.2.1, 5.4.1, 5.4.2."""
    for name, media_type, kind, plain in NAMES:
        change(app, sa.update(Document).values(file_name=name))
        answer = anna.client.get(f"/documents/{cast.document}/file")
        disposition = answer.headers["Content-Disposition"]
        assert (answer.status_code, answer.get_data()) == (200, b"%PDF-1.4 contract")
        assert answer.headers["Content-Type"] == media_type
        assert disposition == f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert ("sandbox; " in answer.headers["Content-Security-Policy"]) == (kind == "attachment")
        assert answer.headers["Content-Length"] == "17" and answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_file_that_is_no_pdf_is_not_called_one(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Document).values(file_name="akts.docx", kind=DocumentKind.ACT))
    page = anna.get(f"/properties/{cast.flat}/documents")
    assert "DOCX" in page.text and "PDF" not in main(page) and "Reports of work" in page.text


def test_a_file_that_is_lost_is_not_there_now(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Document).values(file_hash="0" * 64))
    page = anna.get(f"/documents/{cast.document}/file")
    assert anna.status == 503 and page.headings == ["Not available right now"]


def test_a_storage_that_is_away_is_told_and_no_fault_of_ours(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    """ux.md §2.7: the row stays."""
    away = settings_for("sqlite://", tmp_path, storage="s3://files", s3_endpoint="http://127.0.0.1:9", s3_key_id="k", s3_secret="s")
    app.extensions["ekabinets"] = replace(app.extensions["ekabinets"], storage=storage_of(away))
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(file_hash="0" * 64))
    for path in (f"/documents/{cast.document}/file", f"/invoices/{cast.invoice}.pdf"):
        page = anna.get(path)
        assert anna.status == 503 and "The file cannot be opened at the moment." in page.text and "Error code" not in page.text
    assert f"/documents/{cast.document}/file" in anna.get(f"/properties/{cast.flat}/documents").links


def test_files_in_a_bucket_are_served_as_those_in_a_folder(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    with s3_server() as url:
        there = storage_of(settings_for("sqlite://", tmp_path, storage=f"s3://{bucket(url)}", s3_endpoint=url, s3_key_id="k", s3_secret="s"))
        app.extensions["ekabinets"] = replace(app.extensions["ekabinets"], storage=there)
        change(app, sa.update(Document).values(file_hash=there.put(b"%PDF-1.4 in a bucket")))
        assert anna.client.get(f"/documents/{cast.document}/file").get_data() == b"%PDF-1.4 in a bucket"
        assert anna.client.get(f"/invoices/{cast.invoice}.pdf").get_data().startswith(b"%PDF-")


def test_a_damaged_file_name_opens_no_file_of_the_machine(anna: Browser, app: Flask, cast: Cast):
    for name in ("../../../etc/passwd", "", "0" * 63, "G" * 64):
        change(app, sa.update(Document).values(file_hash=name))
        anna.get(f"/documents/{cast.document}/file")
        assert anna.status == 503
