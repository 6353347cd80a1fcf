"""Slips on paper for a house, each with a code that takes the readings of its flat (I07; UD-03, UD-04)."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.clock import Clock
from models.meters import Meter
from models.people import User
from models.premises import Premises
from models.types import Role
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, fetch
from tests.tools import run
from tests.views.by_link import current, usual
from tests.views.reading_form import send
from views import pdf, slips

HOUSE = "/staff/readings/houses/1"
SLIPS = f"{HOUSE}/slips.pdf"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def said(browser: Browser, folder: Path) -> str:
    """What is printed."""
    browser.get(SLIPS)
    assert browser.status == 200 and browser.response.mimetype == "application/pdf"
    (folder / "slips.pdf").write_bytes(browser.response.data)
    return " ".join(run("pdftotext", "-layout", folder / "slips.pdf", "-").split())


def codes(folder: Path) -> list[str]:
    """What a telephone reads from the paper."""
    run("pdftoppm", "-r", "150", "-png", folder / "slips.pdf", folder / "page")
    return [line for page in sorted(folder.glob("page*.png")) for line in run("zbarimg", "--raw", "-q", page).splitlines()]


def test_the_code_of_a_flat_opens_its_form_and_takes_a_reading(app: Flask, ilze: Browser, cast: Cast, tmp_path: Path):
    assert SLIPS in ilze.get(HOUSE).links
    said(ilze, tmp_path)
    reader, found = Browser(app), codes(tmp_path)
    forms = {page.forms[0].action: page for page in map(reader.get, (code.removeprefix("http://localhost") for code in found))}
    path, page = next((path, page) for path, page in forms.items() if f"r-{cast.cold}-1" in page.form(path).fields)
    value = usual(app, cast.cold)
    reader.submit(page, path, **{f"r-{cast.cold}-1": value})
    assert (current(app, cast.cold).value, current(app, cast.cold).source) == (int(value.replace(".", "")), "link")


def test_a_slip_has_the_address_places_and_last_digits_and_no_name(app: Flask, ilze: Browser, cast: Cast, tmp_path: Path):
    text, serial = said(ilze, tmp_path), fetch(app, sa.select(Meter.serial).where(Meter.public_id == cast.cold))[0].serial
    assert "Brīvības iela 12–34, Ogre" in text and f"No. …{serial[-3:]}" in text and "from 29 Nov 2026 to" in text
    assert not [word for word in (serial, "Ozoli", "20417", f"{current(app, cast.cold).value // 1000}") if word in text]


def test_what_was_sent_already_is_not_asked_for_and_then_the_next_window_is(app: Flask, anna: Browser, ilze: Browser, cast: Cast, tmp_path: Path):
    serial = fetch(app, sa.select(Meter.serial).where(Meter.public_id == cast.cold))[0].serial
    send(anna, cast.cold, usual(app, cast.cold))
    assert f"…{serial[-3:]}" not in said(ilze, tmp_path)
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, clock=Clock(held.site.zone, date(2026, 12, 10)))
    text = said(ilze, tmp_path)
    assert f"…{serial[-3:]}" in text and "from 30 Dec 2026 to" in text


def test_who_printed_them_is_noted(app: Flask, ilze: Browser, tmp_path: Path):
    said(ilze, tmp_path)
    (row,) = fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == "slips.printed"))
    assert (row.actor_user_id, row.object_id, row.detail["opens"]) == (5, 1, "2026-11-29") and row.detail["count"] > 1


def test_where_the_site_has_no_links_the_paper_has_no_code(app: Flask, ilze: Browser, tmp_path: Path):
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"reading_links": False}))
    assert "Scan" not in said(ilze, tmp_path) and len(run("pdfimages", "-list", tmp_path / "slips.pdf").splitlines()) == 2


def test_a_house_with_nothing_to_read_leads_back_to_its_page(app: Flask, ilze: Browser):
    change(app, sa.update(Meter).values(is_remote=True))
    ilze.get(SLIPS)
    assert ilze.response.request.path == HOUSE


def test_what_cannot_be_rendered_is_tried_again_and_not_noted(app: Flask, ilze: Browser, monkeypatch: pytest.MonkeyPatch):
    def busy(*_: object) -> bytes:
        raise pdf.PdfBusy

    monkeypatch.setattr(slips, "render_html", busy)
    ilze.get(SLIPS)
    assert ilze.status == 503 and ilze.response.headers["Retry-After"] == "5"
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "slips.printed")) == []


def test_an_administrator_who_does_not_manage_readings_prints_none(app: Flask, ilze: Browser):
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.ADMINISTRATOR))
    ilze.get(SLIPS)
    assert ilze.status == 403 and fetch(app, sa.select(Premises.id)) != []
