"""What stands in a copy of a person's data, and that the worker makes it once, whatever happens to it (I06; GDPR 15, 20)."""

import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs import copies as jobs
from models import copies, sweep
from models.copies import DataCopy
from models.customers import Customer, CustomerUser
from models.database import metadata
from models.documents import Document
from models.files import Storage
from models.invoices import Invoice
from models.outbox import Mail
from models.premises import Premises
from models.privacy import TABLES
from models.quarantine import Quarantined
from models.storages import storage_of
from models.tenures import Tenure
from models.types import TenureRole, utc_now
from tests.auth.strangers import settle
from tests.auth.test_strangers import OWN_WORDS, RESIDENTS
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.conftest import settings_for
from tests.keeping import ask, copy_of, data, kill_at, make, rows
from tests.lend import lend
from tests.s3server import bucket, s3_server
from tests.standing import change, fetch
from tests.test_statements import acts
from tests.validity import check


def of(app: Flask, name: str, language: str = "en") -> ZipFile:
    browser = Browser(app, language)
    browser.log_in(name)
    change(app, sa.delete(DataCopy))
    return copy_of(app, browser)


@pytest.mark.parametrize("who", RESIDENTS)
def test_it_holds_what_is_hers_today_and_not_a_word_of_anybody_else(app: Flask, cast: Cast, who: str):
    """A stranger, neighbours in one house, and a former owner of the same flat."""
    whose = settle(app, cast)
    archive = of(app, who)
    said = archive.read("data.json").decode() + archive.read("index.html").decode()
    mine = {value for key in whose[who] if key in ("pid", "iid", "nid") for value in whose[who][key]}
    others = {value for name, ids in whose.items() if name != "nobody" for values in ids.values() for value in values} - {v for vs in whose[who].values() for v in vs}
    words = {form for own in OWN_WORDS.values() for word in own for form in (word, word.replace(".", ""))} - {*OWN_WORDS[who], *(word.replace(".", "") for word in OWN_WORDS[who])}
    assert [value for value in mine if value not in said] == [] and [value for value in others - {"1"} if value in said] == []
    assert [word for word in words if re.search(rf"\b{re.escape(word)}\b", said)] == []
    assert [word for word in OWN_WORDS[who] if word not in said and "HOUSE" not in word] == []


def test_a_co_owner_sees_the_readings_and_nothing_else_of_the_other(app: Flask, cast: Cast):
    with app.extensions["ekabinets"].database.write() as session:
        flat = session.scalars(sa.select(Premises).where(Premises.public_id == cast.flat)).one()
        session.add(customer := Customer(external_id="C-liga", code="30303", name="Līga Ozoliņa"))
        session.flush()
        session.add(CustomerUser(user_id=4, customer_id=customer.id))
        session.add(Tenure(external_id="T-liga", customer_id=customer.id, premises_id=flat.id, role=TenureRole.CO_OWNER, starts_on=TODAY - timedelta(days=200)))
    mine, hers = data(of(app, "liga")), data(of(app, "anna"))
    since = str(TODAY - timedelta(days=200))
    assert [row["id"] for row in mine["reading"]] == [row["id"] for row in hers["reading"] if row["read_on"] >= since] != []
    assert mine["invoice"] == mine["payment"] == [] and "Anna" not in json.dumps(mine) and "20417" not in json.dumps(mine)
    assert [row["title"] for row in mine["document"]] == [row["title"] for row in hers["document"]]
    assert {row["user_id"] for table in mine for row in mine[table] if table != "about" and "user_id" in row} == {4}


def test_there_is_no_secret_in_it(app: Flask, cast: Cast):
    """After every form was sent, so that every table has rows."""
    browser = Browser(app)
    browser.log_in("anna", remember="1")
    for _, who, page, action, typed in acts(app, cast, browser):
        if action in ("/logout", "/profile/data", "/profile/password", "/profile/sessions/end-others"):
            continue
        form = who.get(page)
        who.post(action, typed if isinstance(typed, bytes) else {**next((one.fields for one in form.forms if one.action == action), form.forms[0].fields), **typed}, follow=False)
    change(app, sa.delete(DataCopy))
    with app.extensions["ekabinets"].database.write() as session:
        session.add(DataCopy(user_id=1, language="en"))
    assert make(app) == 1
    archive = ZipFile(io.BytesIO(app.extensions["ekabinets"].storage.open(rows(app)[0].file_hash)))
    said = archive.read("data.json").decode() + archive.read("index.html").decode()
    secrets = [metadata().tables[name].c[column] for name, how in TABLES.items() for column, why in how.get("withheld", {}).items() if why == "a secret"]
    found = {str(column): [value for (value,) in fetch(app, sa.select(column)) if isinstance(value, str) and len(value) > 4] for column in secrets}
    assert sum(map(bool, found.values())) > 5
    assert {name: values for name, values in found.items() if any(value in said for value in values)} == {}


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_the_page_is_whole_speaks_her_language_and_needs_no_network(app: Flask, cast: Cast, language: str):
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(file_hash=app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own")))
    archive = of(app, "anna", language)
    html = archive.read("index.html").decode()
    page = Page(html)
    assert page.audit() == [] and page.lang == language
    assert page.headings[0] == {"lv": "Mani dati", "en": "My data", "ru": "Мои данные"}[language]
    assert {*page.links} == {name for name in archive.namelist() if name.startswith("files/")} and len(page.links) == 5
    assert not re.search(r"https?:|//|\bsrc=|@import|url\(", html) and "default-src 'none'" in html
    for word in ("Anna Ozoliņa", "Brīvības iela 12–34", "12345678", "anna@example.com", "ligums.pdf", "plāns.pdf", "anna asks."):
        assert word in page.text, word
    title = {"lv": "Trešdien nebūs ūdens", "en": "No water on Wednesday", "ru": "В среду не будет воды"}
    assert [word in page.text for word in title.values()] == [one == language for one in title]


def test_the_page_is_valid(app: Flask, tmp_path: Path):
    page = Path(of(app, "anna").extract("index.html", tmp_path / "opened"))
    assert [*check(page)] == []


def test_programs_read_all_of_it_with_its_units(app: Flask):
    found = data(of(app, "anna"))
    assert {*found} == {"about", *(name for name, how in TABLES.items() if "hers" in how)}
    assert found["about"]["site"] == "Ogres Namsaimnieks" and "cents" in found["about"]["units"]
    assert (len(found["invoice"]), len(found["meter"]), found["user_account"][0]["username"]) == (14, 4, "anna")
    assert {*found["invoice"][0]} == {"of", *TABLES["invoice"]["columns"].split()}
    assert found["reading"][0]["of"] == "12345678" and found["reading"][0]["value"] % 1000 == 0


def test_what_is_lost_held_back_or_too_much_is_named_and_not_there(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    storage = app.extensions["ekabinets"].storage
    held, big = storage.put(b"%PDF-1.4 not scanned"), storage.put(b"%PDF-1.4" + b"x" * 5000)
    monkeypatch.setattr(jobs, "LARGEST", 4000)
    with app.extensions["ekabinets"].database.write() as session:
        for number, (name, file) in enumerate((("held.pdf", held), ("big.pdf", big), ("lost.pdf", "f" * 64), ("../../etc/x y.pdf", storage.put(b"%PDF-1.4 there")))):
            session.add(Document(external_id=f"D{number}", customer_id=1, title=name, issued_on=TODAY, file_hash=file, file_name=name, size=1))
        session.add(Quarantined(file_hash=held))
    archive = of(app, "anna")
    names = [name for name in archive.namelist() if name.startswith("files/document")]
    assert sorted(re.sub(r"\d+", "N", name) for name in names) == ["files/document-N-.._.._etc_x_y.pdf", "files/document-N-ligums.pdf"]
    page = Page(archive.read("index.html").decode())
    assert [page.text.count(f"{name}: not in this copy") for name in ("held.pdf", "big.pdf", "lost.pdf", "ligums.pdf")] == [1, 1, 1, 0]


def test_every_word_for_what_is_coded_is_there(app: Flask):
    """A value that the page has no word for would stop it: each of every enumeration."""
    made = app.extensions["languages"]["en"].get_template("copies/_words.html").module
    tables = {table: {column: metadata().tables[table].c[column].type for column in TABLES[table]["columns"].split()} for table in made.headings}
    coded = [(table, column, value) for table, columns in tables.items() for column, kind in columns.items() if isinstance(kind, sa.Enum) and column in made.labels for value in kind.enums]
    assert len(coded) > 20
    for table, column, value in coded:
        if column not in made.hidden.get(table, ()):
            assert str(made.shown(table, column, value)) not in ("", value), (table, column, value)


def letters(app: Flask) -> list[str]:
    return [row.address for row in fetch(app, sa.select(Mail.address).where(Mail.kind == "data_copy"))]


@pytest.mark.parametrize("point", ["claimed", "written", "stored", "told", "finished"])
def test_a_worker_that_is_killed_loses_no_copy_and_makes_none_twice(app: Flask, anna: Browser, point: str):
    change(app, sa.delete(DataCopy))
    ask(anna)
    kill_at(app, point)
    assert make(app) == 0, "for the time of its lease it is the other worker's, or it is done"
    change(app, sa.update(DataCopy).values(due_at=utc_now()))
    assert make(app) == (point != "finished") and make(app) == 0
    (row,) = rows(app)
    assert letters(app) == ["anna@example.com"] and row.made_at
    archive = ZipFile(io.BytesIO(app.extensions["ekabinets"].storage.open(row.file_hash)))
    assert archive.testzip() is None and data(archive)["user_account"][0]["username"] == "anna"
    lost = sweep.look(app.extensions["ekabinets"].database, app.extensions["ekabinets"].storage, utc_now() + timedelta(days=2))
    assert lost.missing == []


def test_two_who_made_the_same_copy_write_one_letter(app: Flask):
    """The first was slower than its lease."""
    change(app, sa.delete(DataCopy))
    database, names = app.extensions["ekabinets"].database, []
    for name in ("a" * 64, "b" * 64):
        with database.write() as session:
            session.add(DataCopy(user_id=1, language="lv")) if not names else session.execute(sa.update(DataCopy).values(due_at=utc_now()))
        with database.write() as session:
            names.append((copies.claim(session, utc_now()), name))
    for row, name in names:
        with database.write() as session:
            copies.finish(session, row, name, 5, 7, utc_now())
    assert letters(app) == ["anna@example.com"] and [row.file_hash for row in rows(app)] == ["a" * 64]


def test_several_workers_share_the_copies_between_them(app: Flask):
    change(app, sa.delete(DataCopy))
    with app.extensions["ekabinets"].database.write() as session:
        session.add_all([DataCopy(user_id=number, language="lv") for number in (1, 2, 3)])
    with ThreadPoolExecutor(6) as pool:
        made = sum(pool.map(lambda _: make(app), range(6)))
    made += make(app) + make(app)  # who came second to a row that another was just taking
    assert made == 3 and sorted(letters(app)) == [f"{name}@example.com" for name in ("anna", "peteris", "viktors")]


def test_a_copy_that_fails_is_tried_again_later_and_stops_nobody(app: Flask, anna: Browser, monkeypatch: pytest.MonkeyPatch):
    change(app, sa.delete(DataCopy))
    ask(anna)
    with monkeypatch.context() as broken:
        broken.setattr(Storage, "put", lambda *_: 1 / 0)
        assert make(app) == 1 and make(app) == 0
    change(app, sa.update(DataCopy).values(due_at=utc_now()))
    assert make(app) == 1 and rows(app)[0].file_hash and letters(app) == ["anna@example.com"]


def test_it_is_kept_in_a_bucket_as_well(make_app: Callable[..., Flask], tmp_path: Path):
    app = make_app()
    with s3_server() as url:
        storage = storage_of(settings_for("sqlite://", tmp_path, storage=f"s3://{bucket(url)}", s3_endpoint=url, s3_key_id="k", s3_secret="s"))
        app.extensions["ekabinets"] = replace(app.extensions["ekabinets"], storage=storage)
        assert data(of(app, "anna"))["user_account"][0]["username"] == "anna"


def test_what_staff_have_lent_by_a_power_of_attorney_stands_in_the_copies_of_both_sides(app: Flask, cast: Cast):
    lend(app, cast, granted_by=None, name="by attorney")
    for who, names in {"anna": {"by attorney"}, "liga": {"by attorney"}, "viktors": set()}.items():
        held = data(of(app, who))
        mine = [row for row in held.get("mandate", []) if row["name"] == "by attorney"]
        assert {row["name"] for row in mine} == names
        assert {row["id"] for row in mine} <= {row["mandate_id"] for row in held.get("mandate_premises", [])}
