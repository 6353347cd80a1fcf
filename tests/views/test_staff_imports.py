"""Imports by a page: checked first, taken in by the worker, one at a time, broken off without harm (ux.md §2.16)."""

from datetime import timedelta
from io import BytesIO
from unittest.mock import patch
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.exchange.load import only_one
from jobs.exchange.tables import TABLES
from jobs.imports import import_due
from models import imports
from models.audit import AuditRow
from models.bank import BankEntry
from models.customers import Customer
from models.imports import ImportJob
from models.invoices import Invoice
from models.people import User
from models.premises import Premises
from models.types import Role, utc_now
from tests.banking import camt, ntry, tx
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.keeping import purge
from tests.standing import change, fetch, main
from tests.ubl import document
from tests.views.test_colleagues import enters

IMPORTS = "/staff/imports"
GOOD = "external_id;code;name\nNEW1;90001;Jānis Jauns\nC20417;20417;Anna Ozola\nNEW2;90002;=1+1\n"
BAD = "external_id;code;name;email\nNEW1;90001;Jānis;x\nNEW2;20418;Zane;\nNEW3;90003;Ieva;ieva@example.lv\n"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """Ilze is an administrator."""
    return enters(app, "ilze", Role.ADMINISTRATOR)


def upload(browser: Browser, content: str | bytes, kind: str = "customers", name: str = "klienti.csv") -> Page:
    """Send a file; the page after it."""
    raw = content.encode() if isinstance(content, str) else content
    fields = browser.get(IMPORTS).form(IMPORTS).fields | {"kind": kind, "file": (BytesIO(raw), name)}
    return browser.post(IMPORTS, fields)


def work(app: Flask) -> int:
    return import_due(app.extensions["ekabinets"])


def here(browser: Browser) -> str:
    return browser.response.request.path


def checked(app: Flask, browser: Browser, content: str | bytes = GOOD, **more: str) -> Page:
    """Uploaded and checked by the worker."""
    upload(browser, content, **more)
    assert work(app) == 1
    return browser.get(here(browser))


def agree(browser: Browser, page: Page, **fields: str) -> Page:
    one = here(browser)
    return browser.submit(page, one, **{"act": "import", "missing": "1"} | fields)


def job(app: Flask) -> ImportJob:
    return fetch(app, sa.select(ImportJob.__table__).order_by(ImportJob.id.desc()))[0]


def names(app: Flask) -> dict[str, str]:
    return {row.code: row.name for row in fetch(app, sa.select(Customer.code, Customer.name))}


def test_the_kinds_of_the_page_are_the_tables_of_the_importer():
    assert [*TABLES] == [*imports.KINDS]


def test_a_file_is_checked_shown_agreed_to_and_taken_in(app: Flask, ilze: Browser):
    page = upload(ilze, GOOD)
    assert here(ilze).startswith(f"{IMPORTS}/") and "It waits for the worker" in page.text
    before = names(app)
    page = checked_now(app, ilze)
    said = main(page)
    assert "Rows found: 3. Good: 3. With errors, left out: 0." in said and "Customers 2 1 0 2" in said and "UTF-8, semicolons" in said
    assert names(app) == before, "nothing changes before somebody agrees"
    page = agree(ilze, page)
    assert "It waits for the worker" in page.text and names(app) == before
    assert work(app) == 1 and "What changed" in ilze.get(here(ilze)).text
    assert names(app) == before | {"90001": "Jānis Jauns", "90002": "=1+1", "20417": "Anna Ozola"}
    trail = fetch(app, sa.select(AuditRow.action, AuditRow.actor_user_id).where(AuditRow.action.like("import.%")).order_by(AuditRow.id))
    number = fetch(app, sa.select(User.id).where(User.username == "ilze"))[0].id
    assert [tuple(row) for row in trail] == [(f"import.{act}", number) for act in ("uploaded", "confirmed", "finished")]


def checked_now(app: Flask, browser: Browser) -> Page:
    assert work(app) == 1 and work(app) == 0
    return browser.get(here(browser))


def test_only_rows_with_errors_are_shown_as_a_spreadsheet_counts_them(app: Flask, ilze: Browser):
    page = checked(app, ilze, BAD)
    said = main(page)
    assert "Rows found: 3. Good: 1. With errors, left out: 2." in said
    assert "2 email x an e-mail address" in said and "3 code 20418 a value that no other row has" in said and "Ieva" not in said
    assert "Import the good rows: 1" in said
    answer = ilze.client.get(f"{here(ilze)}/errors.csv")
    assert answer.mimetype == "text/csv" and answer.get_data(as_text=True).splitlines()[1].startswith("customers.csv,2,email,x,")


def test_cells_of_the_table_of_errors_reckon_nothing(app: Flask, ilze: Browser):
    checked(app, ilze, "external_id;code;name;email\nA;1;A;=cmd()\nB;2;B;@sum\nC;3;C;\u202ex\n")
    rows = ilze.client.get(f"{here(ilze)}/errors.csv").get_data(as_text=True).splitlines()[1:]
    assert len(rows) == 3 and not [cell for row in rows for cell in row.split(",") if cell[:1] in ("=", "+", "@", "-")]


def test_no_more_than_a_hundred_errors_stand_on_the_page(app: Flask, ilze: Browser):
    page = checked(app, ilze, "external_id;code;name;email\n" + "".join(f"A{n};A{n};A;x\n" for n in range(1500)))
    assert page.html.count("an e-mail address") == 100 and "The first 100 of 1,500." in page.text and "There is no row that could" in page.text
    assert len(ilze.client.get(f"{here(ilze)}/errors.csv").get_data().splitlines()) == 1001


@pytest.mark.parametrize(("content", "words"), [
    ("external_id,code,name\nA,1,Anna\n", "UTF-8, commas"), ("external_id\tcode\tname\nA\t1\tZ\n", "UTF-8, tabs"),
    ("external_id;code;name\nA;1;Bērziņš Šmits\n".encode("cp1257"), "CP1257, semicolons"),
])  # fmt: skip
def test_how_the_file_was_read_is_shown(app: Flask, ilze: Browser, content: str | bytes, words: str):
    assert words in main(checked(app, ilze, content))


def test_what_is_missing_in_the_file_has_to_be_meant(app: Flask, ilze: Browser):
    page = checked(app, ilze)
    page = ilze.post(here(ilze), page.form(here(ilze)).fields | {"act": "import"})
    assert ilze.status == 422 and "Confirm that this is meant" in page.text and job(app).state == "ready"
    agree(ilze, page)
    assert job(app).state == "importing"


def test_what_is_given_up_is_never_taken_in(app: Flask, ilze: Browser):
    page = checked(app, ilze)
    other = agree(ilze, page, act="cancel")
    assert "Given up" in other.text and work(app) == 0
    page = agree(ilze, page)
    assert ilze.status == 409 and "decided already" in page.text and "90001" not in names(app)
    assert ilze.client.post(here(ilze), data=ilze.get(IMPORTS).form("/logout").fields | {"act": "x"}).status_code == 404


def test_a_bank_statement_is_checked_and_taken_in(app: Flask, ilze: Browser, cast: Cast):
    number = fetch(app, sa.select(Invoice.number).where(Invoice.public_id == cast.invoice))[0].number
    data = camt(ntry("87.43", tx(ref=number)), ntry("5.00", tx(), name="REF2", sign="DBIT"))
    page = checked(app, ilze, data, kind="bank_entries", name="Izraksts 20.11.XML")
    said = main(page)
    assert "Bank statement 1 0 0 0" in said and "XML, camt" in said and "2 amount money that came in" in said and "Rows found: 2. Good: 1." in said
    assert fetch(app, sa.select(BankEntry.id)) == [] and "that is meant" not in page.text
    agree(ilze, page)
    assert work(app) == 1 and [tuple(row) for row in fetch(app, sa.select(BankEntry.cents, BankEntry.state))] == [(8743, "matched")]


def test_an_e_invoice_is_checked_and_taken_in(app: Flask, ilze: Browser, cast: Cast):
    about = sa.select(Customer.code, Premises.external_id).select_from(Invoice).join(Customer).join(Premises).where(Invoice.public_id == cast.invoice)
    code, place = fetch(app, about)[0]
    said = main(checked(app, ilze, document(code=code), kind="einvoices", name="e.xml"))
    assert "Delivery/DeliveryLocation/ID F35 the external_id of one of this customer's premises" in said
    page = checked(app, ilze, document(code=code, place=place), kind="einvoices", name="Rēķins.XML")
    assert "E-invoices (UBL) 1 0 0 0" in main(page) and "XML, UBL 2.1" in main(page)
    agree(ilze, page)
    assert work(app) == 1 and fetch(app, sa.select(Invoice.total).where(Invoice.external_id == "UBL-2026-9"))[0].total == 1210


def test_a_file_that_is_no_statement_says_so(app: Flask, ilze: Browser):
    said = main(checked(app, ilze, camt(head="<!DOCTYPE a>"), kind="bank_entries", name="a.xml"))
    assert "XML without a DOCTYPE" in said and "There is no row that could be imported" in said


def test_two_at_once_are_refused(app: Flask, ilze: Browser):
    ready = checked(app, ilze)
    one = here(ilze)
    upload(ilze, GOOD)
    page = upload(ilze, BAD)
    assert ilze.status == 409 and "Another import is being checked" in page.text
    page = ilze.submit(ready, one, act="import", missing="1")
    assert ilze.status == 409 and "Another import is being checked" in page.text
    assert work(app) == 1 and work(app) == 0
    ilze.submit(ready, one, act="import", missing="1")
    assert work(app) == 1 and "90001" in names(app)


def test_while_a_command_imports_the_page_says_so(app: Flask, ilze: Browser):
    upload(ilze, GOOD)
    with only_one(app.extensions["ekabinets"].database):
        assert work(app) == 1
    page = ilze.get(here(ilze))
    assert "Failed" in page.text and "Another import is running" in page.text


@pytest.mark.parametrize(("kind", "name", "content", "sentence"), [
    ("", "a.csv", b"x", "Choose what is in the file"), ("nonsense", "a.csv", b"x", "Choose what is in the file"), ("customers", "", b"", "Choose a file"),
    ("customers", "a.zip", b"PK", "A table is a CSV"), ("archive", "a.csv", b"x", "A table is a CSV"), ("customers", "a.csv", b"", "The file is empty"),
    ("customers", "a.xml", b"<a/>", "A table is a CSV"), ("archive", "a.xml", b"<a/>", "A table is a CSV"), ("bank_entries", "a.txt", b"x", "A table is a CSV"),
    ("customers\0", "a\0.csv", b"x", "Choose what is in the file"),
])  # fmt: skip
def test_what_is_wrong_with_a_file_stands_beside_its_field(app: Flask, ilze: Browser, kind: str, name: str, content: bytes, sentence: str):
    page = upload(ilze, content, kind, name)
    assert ilze.status == 422 and sentence in page.text and fetch(app, sa.select(ImportJob.id)) == []


@pytest.mark.parametrize(("content", "words"), [(b"no zip at all", "ne.zip is neither a folder nor a ZIP file"), (b"", "exchange.toml is missing")])
def test_what_cannot_be_taken_at_all_fails_with_its_sentence_and_stands_first(app: Flask, ilze: Browser, content: bytes, words: str):
    checked(app, ilze)
    if not content:
        raw = BytesIO()
        with ZipFile(raw, "w") as archive:
            archive.writestr("customers.csv", GOOD)
        content = raw.getvalue()
    page = checked(app, ilze, content, kind="archive", name="ne.zip")
    assert words in page.text and "/dev/" not in page.text and "/tmp" not in page.text
    checked(app, ilze)
    assert main(ilze.get(IMPORTS)).index("ne.zip") < main(ilze.get(IMPORTS)).index("klienti.csv")


def test_a_zip_of_the_exchange_format_is_taken_in(app: Flask, ilze: Browser):
    raw = BytesIO()
    with ZipFile(raw, "w") as archive:
        archive.writestr("exchange.toml", "version = 1")
        archive.writestr("customers.csv", GOOD)
        archive.writestr("houses.csv", "external_id;address;town\nH9;Jaunā iela 1;Ogre\nH8;x\n")
    page = checked(app, ilze, raw.getvalue(), kind="archive", name="viss.zip")
    assert "Houses 1 0 0 3" in main(page) and "houses.csv" in page.text
    agree(ilze, page)
    assert work(app) == 1 and "90001" in names(app)


def test_a_wrong_header_is_named_and_nothing_can_be_imported(app: Flask, ilze: Browser):
    page = checked(app, ilze, "code;nonsense\n1;2\n")
    assert "nonsense" in page.text and "external_id this column" in main(page) and "There is no row" in page.text


def test_progress_is_told_and_asked_for_quietly(app: Flask, ilze: Browser):
    page = checked(app, ilze, "external_id;code;name\n" + "".join(f"N{n};N{n};X\n" for n in range(2500)))
    agree(ilze, page)
    seen, one = [], here(ilze)
    original = imports.went_on
    with patch.object(imports, "went_on", lambda *args: [original(*args), seen.append(args[2:4])]):
        work(app)
    assert [rows for rows, _ in seen] == [0, 2000, 2500, 2500] and seen[-1][1] == 1.0
    change(app, sa.update(ImportJob).values(state="importing", busy=True, rows=2000, part=80, leased_until=utc_now() + timedelta(minutes=5)))
    page = ilze.get(one)
    assert 'aria-valuenow="80"' in page.html and "Rows done: 2,000" in page.text and f'data-hx-get="{one}?poll=1"' in page.html
    quiet = {"HX-Request": "true"}
    assert "HX-Refresh" not in ilze.client.get(f"{one}?poll=1", headers=quiet).headers
    change(app, sa.update(ImportJob).values(state="done", busy=None))
    assert ilze.client.get(f"{one}?poll=1", headers=quiet).headers["HX-Refresh"] == "true"


def test_a_worker_that_is_killed_in_the_middle_leaves_whole_chunks_and_the_next_completes_it(app: Flask, ilze: Browser):
    page = checked(app, ilze, "external_id;code;name\n" + "".join(f"N{n};N{n};X\n" for n in range(2500)))
    agree(ilze, page)
    with patch.object(imports, "went_on", side_effect=[None, KeyboardInterrupt]), pytest.raises(KeyboardInterrupt):
        work(app)
    assert len(names(app)) == 3 + 2000 and work(app) == 0, "for as long as its lease lasts it may still be alive"
    change(app, sa.update(ImportJob).values(leased_until=utc_now() - timedelta(seconds=1)))
    assert "It broke off" in ilze.get(here(ilze)).text
    assert work(app) == 1 and len(names(app)) == 3 + 2500 and "What changed" in ilze.get(here(ilze)).text


def test_one_that_ends_every_worker_fails_at_last(app: Flask, ilze: Browser):
    upload(ilze, GOOD)
    for _ in range(imports.MOST_TRIES):
        with patch("jobs.imports.import_folder", side_effect=RuntimeError):
            assert work(app) == 1
        change(app, sa.update(ImportJob).values(leased_until=None))
    assert work(app) == 0 and job(app).busy is None and "It broke off three times" in ilze.get(here(ilze)).text
    upload(ilze, GOOD)
    assert work(app) == 1, "and the next is not kept waiting"


@pytest.mark.parametrize(("role", "sees", "acts"), [(Role.AGENT, 403, 403), (Role.SUPERVISOR, 200, 403)])
def test_supervisors_see_and_administrators_act(app: Flask, ilze: Browser, anna: Browser, role: Role, sees: int, acts: int):
    checked(app, ilze)
    one = here(ilze)
    browser = enters(app, "ilze", role)
    token = browser.get("/staff").form("/logout").fields
    for path in (IMPORTS, one):
        assert browser.client.get(path).status_code == sees and anna.client.get(path).status_code == 404
        assert browser.client.post(path, data=token | {"act": "import"}).status_code == acts
        assert role is Role.AGENT or not {form.action for form in browser.get(path).forms} & {IMPORTS, one}
    assert anna.client.get(f"{one}/errors.csv").status_code == 404


def test_there_is_no_import_of_that_number(ilze: Browser):
    for which in ("1", "999999999", "9999999999", "x", "%00"):
        assert ilze.client.get(f"{IMPORTS}/{which}").status_code == 404


def test_the_file_and_what_was_wrong_in_it_go_after_their_time(app: Flask, ilze: Browser):
    checked(app, ilze, BAD)
    name = job(app).file_hash
    change(app, sa.update(ImportJob).values(created_at=utc_now() - timedelta(days=31)))
    purge(app)
    assert fetch(app, sa.select(ImportJob.id)) == [] and not app.extensions["ekabinets"].storage.exists(name)


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_a_template_that_is_filled_in_is_taken_as_it_comes(app: Flask, ilze: Browser, language: str):
    ilze.client.set_cookie("lang", language)
    links = [link for link in ilze.get(IMPORTS).links if "/templates/" in link]
    assert links == [f"{IMPORTS}/templates/{name}" for name in TABLES]
    template = ilze.client.get(f"{links[0]}.csv")
    assert template.mimetype == "text/csv" and "customers.csv" in template.headers["Content-Disposition"]
    filled = template.get_data().replace(b"20417", b"90001").replace(b"C1", b"NEW1")
    ilze.client.set_cookie("lang", "en")
    page = checked(app, ilze, filled)
    assert "Rows found: 1. Good: 1." in main(page) and "Rows with errors" not in main(page)


def test_each_column_is_explained_with_what_it_takes_and_an_example(ilze: Browser):
    for name in TABLES:
        shown = main(ilze.get(f"{IMPORTS}/templates/{name}"))
        assert ilze.status == 200 and all(column in shown for column in TABLES[name].columns)
    assert "external_id has to be there your own id of the row, never used for anything else at most 64 characters U1" in shown
    for wrong in ("archive", "nothing", "customers.xlsx", "archive.csv"):
        assert ilze.client.get(f"{IMPORTS}/templates/{wrong}").status_code == 404
