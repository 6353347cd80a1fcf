"""What happened in an account: what others did, who saw the data, what one did oneself (F07, I06)."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col

from models import activity
from models.audit import Actor, AuditRow, record
from models.customers import CustomerUser
from models.people import User
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.views.reading_form import second_person, send
from views.activity import PAGE

ACTIVITY, DATA, OWN = "/activity", "/activity?show=data", "/activity?show=own"
ANNA, VIKTORS, LIGA, ILZE = 1, 2, 4, 5  # users; of these the first two are customers with the same numbers
FLAT = "Brīvības iela 12–34, Ogre"
HELPER = Actor(LIGA, "delegate", ANNA, mandate_version=2, session_method="password")
STAFF = Actor(ILZE, "staff", ANNA)
VIEWED = {"purpose": "Jautājums par rēķinu", "category": "invoices"}
EMPTY = ("before=0", "before=-1", "before=-99999999999999999999", "show=data&show=own")  # of the questions below
NOTHING, NOBODY = "There is nothing here yet.", "Nobody but you has done anything here."


def note(app: Flask, actor: Actor, action: str, at: datetime | None = None, **about: Any) -> None:
    """An act as the code notes it, now or at a moment."""
    with app.extensions["ekabinets"].database.write() as session:
        record(session, actor, action, **about)
        for row in session.new:
            row.at = at or row.at


def flat_id(app: Flask) -> int:
    return fetch(app, sa.text("SELECT id FROM premises WHERE external_id = 'P34'"))[0][0]


def acts(page: Page) -> list[str]:
    """What each line says."""
    assert page.title.startswith("What happened in your account")
    return [piece.partition("<")[0] for piece in page.html.split("<li><b>")[1:]]


def days(page: Page) -> list[str]:
    """The headings of the days."""
    return [piece.partition("<")[0] for piece in page.html.partition("<main")[2].partition("</main>")[0].split("<h2>")[1:]]


def table(browser: Browser, show: str) -> list[list[str]]:
    """The same as a spreadsheet has it."""
    browser.get(f"/activity.csv?show={show}")
    return [*csv.reader(io.StringIO(browser.response.get_data(as_text=True).removeprefix("\ufeff")))]


def test_what_another_user_of_the_customer_did_is_told_with_who_how_and_where(anna: Browser, app: Flask, cast: Cast):
    marta = second_person(app)
    send(marta, cast.cold, "195,5")
    send(anna, cast.hot, "528")
    page = anna.get(ACTIVITY)
    assert acts(page) == ["Readings submitted"] and f"Marta Ozoliņa · user of the same customer code · {FLAT}" in main(page)
    assert acts(marta.get(ACTIVITY)) == ["Readings submitted"] and "Anna Ozoliņa" in main(marta.get(ACTIVITY))


def test_what_an_authorised_person_did_says_how_she_acted(anna: Browser, app: Flask):
    note(app, HELPER, "reading.submitted", premises_id=flat_id(app))
    assert f"Līga Ozoliņa · authorised person · {FLAT}" in main(anna.get(ACTIVITY))
    liga = Browser(app)
    liga.log_in("liga")
    assert acts(liga.get(ACTIVITY)) == [], "what was lent her is not her own record"
    assert f"in the name of: Anna Ozoliņa · {FLAT}" in main(liga.get(OWN)) and acts(liga.get(OWN)) == ["Signed in", "Readings submitted"]


def test_who_of_the_staff_saw_the_data_is_told_by_purpose_and_kind_of_data(anna: Browser, app: Flask):
    note(app, STAFF, "customer.viewed", detail=VIEWED)
    said = main(anna.get(DATA))
    assert "Data viewed" in said and "Purpose: Jautājums par rēķinu" in said and "Data: Invoices" in said
    assert app.extensions["ekabinets"].site.name in said and "Ilze" not in said
    assert acts(anna.get(ACTIVITY)) == []


def test_a_look_is_told_to_who_is_there_today_and_to_whom_it_was_about(anna: Browser, app: Flask):
    browsers = {name: Browser(app) for name in ("viktors", "peteris", "liga")}
    for name, browser in browsers.items():
        browser.log_in(name)
    with app.extensions["ekabinets"].database.write() as session:
        activity.looked(session, "Darba rinda", "meters", [LIGA], [flat_id(app)], TODAY)
    told = [name for name, browser in {"anna": anna, **browsers}.items() if acts(browser.get(DATA)) == ["Data viewed"]]
    assert told == ["anna", "liga"] and FLAT in main(anna.get(DATA)) and FLAT not in main(browsers["liga"].get(DATA))


@pytest.fixture
def staff_names(app: Flask) -> Iterator[None]:
    """The site lets residents read the names of its staff."""
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"staff_names": True}))
    yield
    app.extensions["ekabinets"] = held


def test_names_of_staff_stand_there_where_the_site_says_so(anna: Browser, app: Flask, staff_names: None):
    note(app, STAFF, "customer.viewed", detail={"purpose": "x", "category": "a word of its own"})
    note(app, Actor(None, "command"), "account.issued", object_type="user", object_id=ANNA)
    name = app.extensions["ekabinets"].site.name
    assert f"Ilze Kļaviņa, {name} Purpose: x Data: a word of its own" in main(anna.get(DATA))
    assert [line[2] for line in table(anna, "data")[1:]] == [name, f"Ilze Kļaviņa, {name}"]


def test_what_commands_did_to_the_account_is_told(anna: Browser, app: Flask):
    note(app, Actor(None, "command"), "account.disabled", object_type="user", object_id=ANNA)
    note(app, Actor(None, "command"), "notice.published", object_type="notice", object_id=ANNA)
    assert acts(anna.get(DATA)) == ["Account blocked"]


def test_nobody_reads_of_anybody_else(anna: Browser, app: Flask):
    note(app, replace(HELPER, principal_customer_id=VIKTORS), "reading.submitted")
    note(app, replace(STAFF, principal_customer_id=VIKTORS), "customer.viewed", detail=VIEWED)
    note(app, Actor(None, "command"), "account.disabled", object_type="user", object_id=VIKTORS)
    note(app, Actor(None, "command"), "account.disabled", object_type="session", object_id=ANNA)
    note(app, Actor(VIKTORS, "web"), "password.changed")
    note(app, Actor(None, "web"), "login.failed")
    assert acts(anna.get(ACTIVITY)) == acts(anna.get(DATA)) == [] and acts(anna.get(OWN)) == ["Signed in"]
    assert [len(table(anna, name)) for name in activity.LISTS] == [1, 1, 2]


def test_who_is_the_customer_no_more_reads_nothing_of_it(anna: Browser, app: Flask):
    note(app, HELPER, "reading.submitted")
    note(app, STAFF, "customer.viewed", detail=VIEWED)
    change(app, sa.delete(CustomerUser).where(col(CustomerUser.user_id) == ANNA))
    assert acts(anna.get(ACTIVITY)) == acts(anna.get(DATA)) == []


def test_ones_own_acts_are_a_list_of_their_own(anna: Browser, app: Flask, cast: Cast):
    send(anna, cast.cold, "195,5")
    anna.submit(anna.get("/profile/language"), "/profile/language", language="en")
    stranger = Browser(app)
    stranger.log_in("anna", "wrong password")
    page = anna.get(OWN)
    assert acts(page) == ["Signing in did not succeed", "Language or appearance changed", "Readings submitted", "Signed in"]
    assert "Anna Ozoliņa ·" not in main(page) and "If that was not you, change your password." in main(page)
    assert acts(anna.get(ACTIVITY)) == []


def test_an_empty_list_says_so_and_offers_no_table(anna: Browser):
    assert NOBODY in main(anna.get(ACTIVITY)) and NOTHING in main(anna.get(DATA))
    assert "/activity.csv" not in anna.get(DATA).html


def test_what_has_no_words_is_not_shown(anna: Browser, app: Flask):
    for action in ("import.finished", "provider.failed", "never.heard.of"):
        note(app, HELPER, action)
        note(app, STAFF, action)
    assert acts(anna.get(ACTIVITY)) == acts(anna.get(DATA)) == []


def test_each_day_of_the_site_has_its_heading_and_the_newest_comes_first(anna: Browser, app: Flask):
    """In the site's time zone: 22:30 UTC is half past midnight there."""
    moments = [datetime(2026, 3, 1, hour, 30, tzinfo=UTC) for hour in (10, 21, 22, 23)]
    for moment in moments:
        note(app, HELPER, "reading.submitted", at=moment)
    page = anna.get(ACTIVITY)
    assert days(page) == ["2 Mar 2026", "1 Mar 2026"]
    assert [line[0] for line in table(anna, "others")[1:]] == [f"2026-03-0{when}" for when in ("2 01:30", "2 00:30", "1 23:30", "1 12:30")]
    assert main(page).index("01:30") < main(page).index("00:30") < main(page).index("23:30") < main(page).index("12:30")


def test_a_long_list_is_turned_page_by_page_and_nothing_is_lost_while_more_is_written(anna: Browser, app: Flask):
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(2 * PAGE + 7):
        note(app, HELPER, "reading.submitted", at=began + timedelta(days=number))
    page, found, sizes = anna.get(ACTIVITY), [], []
    while len(sizes) < 9:
        found, sizes = found + days(page), [*sizes, len(acts(page))]
        note(app, HELPER, "reading.submitted")
        older = next((href for href, said in page.links.items() if said == "Earlier"), None)
        if older is None:
            break
        page = anna.get(ACTIVITY + older)
    assert sizes == [PAGE, PAGE, 7] and len({*found}) == len(found) == 2 * PAGE + 7
    assert len(table(anna, "others")) == 1 + sum(sizes) + len(sizes)


def test_exactly_one_page_has_no_earlier_one(anna: Browser, app: Flask):
    for _ in range(PAGE):
        note(app, HELPER, "reading.submitted")
    page = anna.get(ACTIVITY)
    assert len(acts(page)) == PAGE and "Earlier" not in main(page)


@pytest.mark.parametrize("query", [
    "show=x", "show=", "show=others&before=", "before=x", "before=-1", "before=0", "before=²", "before=1.5", "before=9999999999", "before=-99999999999999999999", "before=99999999999999999999", "before=%00", "show=data&show=own",
])  # fmt: skip
def test_strange_questions_get_a_page(anna: Browser, app: Flask, query: str):
    note(app, HELPER, "reading.submitted")
    page = anna.get(f"/activity?{query}")
    assert anna.status == 200 and acts(page) == ([] if query in EMPTY else ["Readings submitted"])
    anna.get(f"/activity.csv?{query}")
    assert anna.status == 200


def test_the_table_has_every_column_and_no_cell_that_a_spreadsheet_reckons_with(anna: Browser, app: Flask):
    note(app, STAFF, "customer.viewed", detail={"purpose": '=HYPERLINK("x")', "category": "@SUM(1)"}, premises_id=flat_id(app))
    head, row = table(anna, "data")
    assert head == ["Time", "What", "Who", "Acting as", "Address", "Purpose", "Data"]
    assert row[1:] == ["Data viewed", app.extensions["ekabinets"].site.name, "", FLAT, 'HYPERLINK("x")', "SUM(1)"]
    assert anna.response.headers["Content-Disposition"].startswith('attachment; filename="data.csv"')
    change(app, sa.update(User).where(col(User.id) == LIGA).values(name="+Līga"))
    note(app, HELPER, "reading.submitted")
    assert table(anna, "others")[1][2] == "Līga"


@pytest.mark.parametrize(("language", "head"), [("lv", "Laiks;Darbība;Kas;"), ("ru", "Время;Действие;Кто;"), ("en", "Time,What,Who,")])
def test_the_table_speaks_the_readers_language(anna: Browser, app: Flask, language: str, head: str):
    note(app, STAFF, "identity.refused")
    anna.client.set_cookie("lang", language)
    anna.get("/activity.csv?show=data")
    text = anna.response.get_data(as_text=True)
    assert text.startswith("\ufeff" + head) and "&" not in text


def test_what_people_typed_is_shown_as_text(anna: Browser, app: Flask):
    note(app, STAFF, "customer.viewed", detail={"purpose": "<b>&amp;</b>", "category": "<i>"})
    change(app, sa.update(User).where(col(User.id) == LIGA).values(name="<s>"))
    note(app, HELPER, "reading.submitted")
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in anna.get(DATA).html and "Data: <i>" in main(anna.get(DATA))
    assert "<s>" not in anna.get(ACTIVITY).html


def test_who_has_closed_her_account_since_has_no_name(anna: Browser, app: Flask):
    note(app, HELPER, "reading.submitted")
    change(app, sa.update(User).where(col(User.id) == LIGA).values(name=""))
    assert "a closed account · authorised person" in main(anna.get(ACTIVITY))


def test_the_lists_are_a_tap_away_from_the_profile_and_from_more(anna: Browser):
    for path in ("/profile", "/more"):
        assert anna.get(path).links[ACTIVITY].startswith("What happened in your account")
    assert [anna.get(ACTIVITY).links[f"?show={name}"] for name in activity.LISTS] == ["By others", "Your data", "By you"]
    assert fetch(anna.app, sa.select(AuditRow.id).where(AuditRow.action == "access.refused")) == []
