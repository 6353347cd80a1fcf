"""The calendar behind a secret address: which days are in it, for whom, and how it is written (D22)."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.invoices import Invoice
from models.meters import Meter
from models.notices import Notice
from models.people import User
from models.tenures import Tenure
from models.tokens import Token
from models.types import MeterKind
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.lend import lend
from tests.standing import change, fetch, main

PAGE = "/profile/calendar"


def parsed(text: str) -> list[dict[str, str]]:
    """The entries of a calendar, unfolded as RFC 5545 says; its form is checked on the way."""
    assert text.endswith("END:VCALENDAR\r\n") and not re.search(r"(?<!\r)\n", text)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"] and any(line.startswith("PRODID:") for line in lines)
    found: list[dict[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon and re.fullmatch(r"[A-Z-]+(;[A-Z-]+=[A-Z0-9]+)*", name), line
        found += [{}] if line == "BEGIN:VEVENT" else []
        if found:
            found[-1][name] = re.sub(r"\\(.)", r"\1", value)
    assert all({"UID", "DTSTAMP", "SUMMARY", "DTSTART;VALUE=DATE", "DTEND;VALUE=DATE"} <= one.keys() for one in found)
    assert len({one["UID"] for one in found}) == len(found)
    return found


def address(browser: Browser) -> str:
    """Make the address and read it from the page."""
    page = browser.submit(browser.get(PAGE), PAGE)
    found = re.search(r"http://localhost(/calendar/[\w-]{43}\.ics)", page.text)
    assert browser.status == 200 and found
    return found[1]


def days(app: Flask, path: str, what: str = "") -> list[tuple[date, date]]:
    """First and last days of the entries of a kind, in their order."""
    got = Browser(app).client.get(path)
    assert (got.status_code, got.content_type) == (200, "text/calendar; charset=utf-8")
    of_kind = [one for one in parsed(got.text) if one["UID"].startswith(what)]
    read = [[date.fromisoformat(one[f"{name};VALUE=DATE"]) for name in ("DTSTART", "DTEND")] for one in of_kind]
    return [(first, end - timedelta(days=1)) for first, end in read]


def test_it_has_a_year_of_windows_each_once(anna: Browser, app: Flask):
    found = days(app, address(anna), "window")
    assert found[:3] == [
        (date(2026, 11, 29), date(2026, 12, 1)), (date(2026, 12, 30), date(2027, 1, 1)), (date(2027, 1, 30), date(2027, 2, 1)),
    ]  # fmt: skip
    assert len(found) == 13 and found[-1][0] == date(2027, 11, 29)


@pytest.mark.parametrize("site", ["gaze"])
def test_a_holiday_on_the_first_of_january_is_no_working_day(make_app, site: str):
    app = make_app(site=site)
    change(app, sa.update(Meter).values(kind=MeterKind.GAS))
    anna = Browser(app)
    anna.log_in("anna")
    assert (date(2026, 12, 27), date(2027, 1, 4)) in days(app, address(anna), "window")


def test_an_unpaid_invoice_stands_there_fifteen_days_before(anna: Browser, app: Flask, cast: Cast):
    path = address(anna)
    change(app, sa.update(Invoice).values(due_on=TODAY + timedelta(days=16)))
    assert not days(app, path, "due")
    change(app, sa.update(Invoice).values(due_on=TODAY + timedelta(days=15)))
    entries = parsed(Browser(app).client.get(path).text)
    due = [one["URL"] for one in entries if one["UID"].startswith("due")]
    assert f"http://localhost/invoices/{cast.invoice}" in due
    assert not [one for one in due if one.endswith((cast.paid, cast.stranger_invoice, cast.former_invoice))]


def test_a_meters_date_says_what_is_to_be_done(anna: Browser, app: Flask, cast: Cast):
    path = address(anna)
    assert days(app, path, f"verification-{cast.cold}") == [(TODAY + timedelta(days=20),) * 2]
    assert not days(app, path, "replacement"), "the date of the hot water meter has passed"
    change(app, sa.update(Meter).where(Meter.public_id == cast.cold).values(valid_until=TODAY + timedelta(days=366)))
    assert not days(app, path, "verification"), "more than a year ahead"


def test_works_over_the_change_of_the_clocks_have_their_local_days(make_app, cast: Cast):
    app = make_app(today=date(2027, 3, 25))
    starts, ends = datetime(2027, 3, 27, 22, 30, tzinfo=UTC), datetime(2027, 3, 28, 20, 30, tzinfo=UTC)  # 0:30 to 23:30
    change(app, sa.update(Notice).where(Notice.public_id == cast.notice).values(works_at=starts, valid_until=ends))
    anna = Browser(app)
    anna.log_in("anna")
    assert days(app, address(anna), f"works-{cast.notice}") == [(date(2027, 3, 28), date(2027, 3, 28))]


def test_nothing_in_it_tells_whom_it_concerns(anna: Browser, app: Flask, cast: Cast):
    path = address(anna)
    soon = datetime(2026, 12, 2, 9, tzinfo=UTC)
    change(app, sa.update(Notice).values(works_at=soon, valid_until=soon + timedelta(hours=9)))
    change(app, sa.update(Invoice).values(due_on=TODAY + timedelta(days=3)))
    text = Browser(app).client.get(path).text.replace("\r\n ", "")
    assert {one["UID"].partition("-")[0] for one in parsed(text)} == {"window", "due", "verification", "works"}
    words = ("Anna", "Ozoli", "anna", "20417", "Brīvības", "Mālkalnes", "12345678", "82,28", "8228", "2026-", "Trešdien", "Ogre,")
    assert not [word for word in words if word in text]


@pytest.mark.parametrize(("language", "words"), [("lv", "skaitītāju rādījumus"), ("en", "meter readings"), ("ru", "показания")])
def test_it_speaks_the_language_of_the_profile(anna: Browser, app: Flask, language: str, words: str):
    path = address(anna)
    change(app, sa.update(User).where(User.username == "anna").values(language=language))
    assert words in Browser(app).client.get(path).text


def test_a_helper_has_the_windows_and_no_invoices(anna: Browser, app: Flask, cast: Cast):
    lend(app, cast, "submit")
    liga = Browser(app)
    liga.log_in("liga")
    change(app, sa.update(Invoice).values(due_on=TODAY + timedelta(days=3)))
    path = address(liga)
    assert days(app, path, "window") and not days(app, path, "due")


def test_who_leaves_has_no_windows_after_that(anna: Browser, app: Flask):
    path = address(anna)
    change(app, sa.update(Tenure).where(Tenure.ends_on.is_(None)).values(ends_on=date(2026, 12, 31)))
    assert days(app, path, "window") == [(date(2026, 11, 29), date(2026, 12, 1)), (date(2026, 12, 30), date(2027, 1, 1))]


def test_without_anything_it_is_a_calendar_all_the_same(app: Flask):
    liga = Browser(app)
    liga.log_in("liga")
    assert days(app, address(liga)) == []


def test_unchanged_it_is_not_sent_again(anna: Browser, app: Flask):
    path = address(anna)
    first = Browser(app).client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = Browser(app).client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")


def test_the_address_is_shown_once_kept_as_a_hash_and_replaced_by_a_new_one(anna: Browser, app: Flask):
    old = address(anna)
    secret = old[len("/calendar/") : -len(".ics")]
    assert secret not in anna.get(PAGE).html and secret not in str(fetch(app, sa.select(Token.__table__)))
    new = address(anna)
    assert [Browser(app).client.get(path).status_code for path in (old, new)] == [404, 200]


def test_switched_off_it_is_nowhere(anna: Browser, app: Flask):
    path = address(anna)
    page = anna.submit(anna.get(PAGE), f"{PAGE}/off")
    assert Browser(app).client.get(path).status_code == 404
    assert f'action="{PAGE}/off"' not in page.html and "/calendar/" not in main(page)


def test_of_a_blocked_account_it_is_nowhere(anna: Browser, app: Flask):
    path = address(anna)
    change(app, sa.update(User).where(User.username == "anna").values(disabled_at=datetime.now(UTC)))
    assert Browser(app).client.get(path).status_code == 404


def test_a_link_of_a_letter_opens_no_calendar(anna: Browser, app: Flask):
    path = address(anna)
    change(app, sa.update(Token).values(purpose="email"))
    assert Browser(app).client.get(path).status_code == 404
