"""The calendar of reading windows on a page: what holds, and what is changed from a day on (D07; decisions.md 28)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from models.audit import AuditRow
from models.overrides import Override, WindowChange
from models.people import User
from models.rules.windows import window_of
from models.site import load_site
from models.types import MeterKind, Role, utc_now
from models.window_changes import months
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.desks import WINDOW, WINDOWS
from tests.powers import noted, supervisor
from tests.standing import change, fetch, main

SITE = load_site("ludza")


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    return supervisor(app)


def send(ilze: Browser, **typed: str) -> Page:
    """Fill in the form; unless it says else, it is saved."""
    return ilze.post(WINDOWS, ilze.get(WINDOWS).form("/logout").fields | WINDOW | typed)


def held(app: Flask) -> list:
    return list(fetch(app, sa.select(Override.__table__).order_by(Override.id)))


def begun(app: Flask, **columns: object) -> None:
    """A change that holds for a while already."""
    same = {"opens": "20", "closes": "last", "valid_from": TODAY - timedelta(days=40), "created_at": utc_now()}
    change(app, sa.insert(Override).values(same | columns))


def test_the_calendar_says_when_each_kind_is_read_this_month_and_the_next_twelve(app: Flask, ilze: Browser):
    said = main(ilze.get(WINDOWS))
    assert WINDOWS in ilze.get("/staff").links and "There are none: the rules of the site hold." in said
    assert "Cold water, Hot water" in said and "November 2026" in said and "November 2027" in said and "December 2027" not in said


def test_before_it_is_saved_it_is_shown_what_it_would_change(app: Flask, ilze: Browser):
    page = send(ilze, act="preview")
    shown = main(page).partition("What this would change")[2].partition("Save the change")[0]
    assert held(app) == [] and shown.count("→") == 3 and "29 Nov 2026 – 1 Dec 2026 → 29 Nov 2026 – 30 Nov 2026" in shown and "→ 20 Dec 2026 – 31 Dec 2026" in shown and "Gas" in shown
    form = next(form for form in page.forms if form.action == WINDOWS and form.fields.get("opens") == "20")
    assert "The change is saved." in main(ilze.post(WINDOWS, form.fields | {"act": "save"}))
    [row] = held(app)
    assert (row.opens, row.closes, row.meter_kind, row.house_id, f"{row.valid_from}", f"{row.valid_until}", row.created_by_user_id) == ("20", "last", "gas", None, "2026-12-01", "2027-01-31", 5)
    assert noted(app, "window.changed").detail == {"house_id": None, "meter_kind": "gas", "opens": "20", "closes": "last", "valid_from": "2026-12-01", "valid_until": "2027-01-31"}


def test_what_changes_nothing_is_said_to_change_nothing(app: Flask, ilze: Browser):
    assert "Nothing in the next twelve months." in main(send(ilze, act="preview", **{"from": "2031-01-01", "until": ""}))


def test_residents_find_it_so(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    send(ilze, kind="", house="1", opens="30", closes="last", **{"from": "2026-11-30", "until": "2026-11-30"})
    assert "today" in main(anna.get(f"/properties/{cast.flat}/meters")).lower()
    said = main(ilze.get(f"{WINDOWS}?house=1"))
    assert "30 Nov 2026 – 30 Nov 2026" in said and "All meters, Brīvības iela 12" in said
    assert "30 Nov 2026 – 30 Nov 2026" not in main(ilze.get(f"{WINDOWS}?house=2")).partition("Changes")[0]


@pytest.mark.parametrize(("typed", "words"), [
    ({"opens": "x"}, "These days make no window."), ({"opens": "28", "closes": "20"}, "These days make no window."), ({"opens": "", "closes": ""}, "These days make no window."),
    ({"from": ""}, "Enter a day that is not over"), ({"from": "2026-11-29"}, "Enter a day that is not over"), ({"until": "2026-11-30"}, "not before the first one"),
    ({"until": "soon"}, "not before the first one"), ({"house": "999"}, "Nothing was saved yet"), ({"house": "\0"}, "Nothing was saved yet"), ({"kind": "steam"}, "Nothing was saved yet"),
    ({"opens": "2\x000"}, "These days make no window."), ({"number": "999"}, "This change holds already"), ({"closes": "next 99"}, "These days make no window."), ({"house": "9" * 40}, "Nothing was saved yet"),
])  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_saved(app: Flask, ilze: Browser, typed: dict[str, str], words: str):
    page = send(ilze, **typed)
    assert ilze.status == 422 and words in main(page) and held(app) == []
    assert typed.keys() & {"opens", "closes"} or 'value="20"' in page.html, "what was typed is kept"


@pytest.mark.parametrize(("typed", "status"), [
    ({}, 409), ({"from": "2027-01-31", "until": ""}, 409), ({"from": "2026-11-30", "until": "2026-12-01"}, 409), ({"from": "2027-02-01", "until": ""}, 200),
    ({"from": "2026-11-30", "until": "2026-11-30"}, 200), ({"kind": ""}, 200), ({"house": "1"}, 200), ({"kind": "heat"}, 200),
])  # fmt: skip
def test_two_changes_of_the_same_meters_do_not_share_a_day(app: Flask, ilze: Browser, typed: dict[str, str], status: int):
    send(ilze)
    page = send(ilze, **typed)
    assert ilze.status == status and len(held(app)) == (1 if status == 409 else 2)
    assert ("holds from 1 Dec 2026 to 31 Jan 2027" in main(page)) == (status == 409)


def test_one_without_an_end_is_in_the_way_of_all_that_come_later(app: Flask, ilze: Browser):
    send(ilze, until="")
    page = send(ilze, **{"from": "2030-01-01", "until": ""})
    assert ilze.status == 409 and "holds from 1 Dec 2026 on" in main(page)


def test_what_has_not_begun_is_changed_in_its_place_or_withdrawn(app: Flask, ilze: Browser):
    send(ilze)
    link = f"{WINDOWS}?change={held(app)[0].id}"
    page = ilze.get(WINDOWS)
    assert link in page.links
    form = next(form for form in ilze.get(link).forms if form.fields.get("opens") == "20")
    assert form.fields["number"] == str(held(app)[0].id)
    ilze.post(WINDOWS, form.fields | {"opens": "22", "closes": "last", "act": "save", "kind": "gas", "house": ""})
    assert [row.opens for row in held(app)] == ["22"]
    assert "The change has ended." in main(send(ilze, act="end", number=str(held(app)[0].id))) and held(app) == []
    assert noted(app, "window.ended").detail["opens"] == "22"


def test_what_holds_ends_today_and_is_not_changed(app: Flask, ilze: Browser):
    begun(app)
    number = str(held(app)[0].id)
    assert "This change holds already" in main(send(ilze, number=number)) and f"{WINDOWS}?change={number}" not in ilze.get(WINDOWS).links
    assert "The change has ended." in main(send(ilze, act="end", number=number)) and held(app)[0].valid_until == TODAY
    assert "is over already" in main(send(ilze, act="end", number=number)) and len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "window.ended"))) == 1
    for wrong in ("x", "", "9" * 40, "999"):
        assert "is over already" in main(send(ilze, act="end", number=wrong))
    send(ilze, act="?")
    assert ilze.status == 404


@pytest.mark.parametrize(("role", "sees", "acts"), [(Role.AGENT, 200, 403), (Role.SUPERVISOR, 200, 200), (Role.ADMINISTRATOR, 200, 200)])
def test_agents_look_and_the_others_change(app: Flask, role: Role, sees: int, acts: int):
    begun(app)
    change(app, sa.update(User).where(User.username == "ilze").values(role=role))
    browser = Browser(app)
    browser.log_in("ilze")
    page = browser.get(WINDOWS)
    assert browser.status == sees and (WINDOWS in {form.action for form in page.forms if form.method == "post"}) == (acts == 200)
    browser.post(WINDOWS, page.form("/logout").fields | WINDOW)
    assert browser.status == acts and len(held(app)) == (2 if acts == 200 else 1)


def test_a_page_sends_few_statements_however_many_changes_there_are(app: Flask, ilze: Browser, statements: list[str]):
    counts = []
    for number in range(3):
        statements.clear()
        ilze.get(WINDOWS)
        counts.append(len(statements))
        begun(app, house_id=1 + number % 2, meter_kind=[*MeterKind][number])
    assert len({*counts}) == 1 and counts[0] <= 8


@settings(deadline=None, max_examples=40)
@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)))
def test_without_changes_the_calendar_is_the_rules(today: date):
    for kinds, windows in months(SITE, [], None, today):
        rule = SITE.meters[kinds[0]].window
        assert windows == [window_of(rule, window.period, SITE.is_working) for window in windows] and 12 <= len(windows) <= 14
        assert windows[0].closes >= today and all(one.period < two.period for one, two in pairwise(windows))
    assert sorted(kind for kinds, _ in months(SITE, [], None, today) for kind in kinds) == sorted(MeterKind)


@settings(deadline=None, max_examples=40)
@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 200), st.integers(0, 90))
def test_a_change_holds_on_its_days_and_for_no_other_kind(today: date, ahead: int, days: int):
    start = today + timedelta(days=ahead)
    row = WindowChange(1, None, MeterKind.GAS, "1", "last", start, start + timedelta(days=days))
    changed = {kind: windows for kinds, windows in months(SITE, [row], None, today) for kind in kinds}
    usual = {kind: windows for kinds, windows in months(SITE, [], None, today) for kind in kinds}
    assert changed[MeterKind.HEAT] == usual[MeterKind.HEAT]
    opened = {window.opens + timedelta(days=n) for window in changed[MeterKind.GAS] for n in range((window.closes - window.opens).days + 1)}
    assert {start + timedelta(days=n) for n in range(days + 1) if start + timedelta(days=n) >= today} <= opened
