"""Absences: announced, ended, seen by whom they concern; and what a reading after one says (B06)."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.absences import Absence
from models.audit import AuditRow
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast, month
from tests.moving import home, is_away, moves_in, moves_out, tell
from tests.standing import change, fetch, main
from tests.views.reading_form import focused, second_person, send, stored

WARNING = "We were told that you would be away for a while, but more was used than the other days explain."


def known(app: Flask) -> list[tuple[str, str, bool]]:
    rows = fetch(app, sa.select(Absence.starts_on, Absence.ends_on, Absence.valves_closed).order_by(Absence.id))
    return [(f"{row.starts_on}", f"{row.ends_on}", row.valves_closed) for row in rows]


def acts(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("absence.%")).order_by(AuditRow.id))]


def test_an_absence_is_announced_in_both_ways_of_writing_a_day_and_stands_on_the_page(anna: Browser, app: Flask, cast: Cast):
    page = tell(anna, cast, "2026-12-10", "24.12.2026.", valves="1")
    assert anna.status == 200 and [at["role"] for at in focused(page)] == ["status"]
    assert "Thank you, we have noted it." in page.text and "10 Dec 2026 – 24 Dec 2026 planned The valves are closed" in main(page)
    (row,) = fetch(app, sa.select(AuditRow).where(AuditRow.action == "absence.announced"))
    assert row.detail == {"from": "2026-12-10", "until": "2026-12-24", "valves_closed": True}
    assert (row.actor_user_id, row.principal_customer_id, row.source, row.premises_id) == (1, 1, "self", 1)
    assert (row.object_type, row.object_id) == ("absence", 1)


def test_one_that_begins_today_has_begun(anna: Browser, app: Flask, cast: Cast):
    tell(anna, cast, f"{TODAY}", "2026-12-24")
    anna.submit(anna.get(home(cast)), home(cast), end=fetch(app, sa.select(Absence.public_id))[0].public_id)
    assert known(app) == [(f"{TODAY}", f"{TODAY}", False)] and acts(app) == ["absence.announced", "absence.ended"]


def test_the_same_form_twice_is_one_absence(anna: Browser, app: Flask, cast: Cast):
    for _ in range(2):
        tell(anna, cast, "2026-12-10", "2026-12-24")
        assert anna.response.request.full_path == f"{home(cast)}?done=told"
    assert known(app) == [("2026-12-10", "2026-12-24", False)] and acts(app) == ["absence.announced"]


@pytest.mark.parametrize(("starts", "ends"), [("2026-12-01", "2026-12-10"), ("2026-12-24", "2027-01-01"), ("2026-12-12", "2026-12-13"), ("2026-12-01", "2027-01-31")])
def test_days_that_are_known_already_are_refused_and_what_was_typed_stays(anna: Browser, app: Flask, cast: Cast, starts: str, ends: str):
    tell(anna, cast, "2026-12-10", "2026-12-24")
    page = tell(anna, cast, starts, ends, valves="1")
    assert anna.status == 422 and page.title.startswith("Error: ")
    assert "Error: We already know of an absence from 10 Dec 2026 to 24 Dec 2026. Choose other days, or end that one first." in page.text
    assert [at["value"] for at in page.inputs if at.get("type") == "date"] == [starts, ends]
    assert [at["name"] for at in focused(page)] == ["starts"] and page.form(home(cast)).action and len(known(app)) == 1


def test_the_days_beside_an_absence_are_free(anna: Browser, app: Flask, cast: Cast):
    for starts, ends in (("2026-12-10", "2026-12-24"), ("2026-12-25", "2026-12-26"), ("2026-12-09", "2026-12-09")):
        tell(anna, cast, starts, ends)
    assert len(known(app)) == 3


@pytest.mark.parametrize(("starts", "ends", "said"), [
    ("", "", "Enter the day, for example 24.12.2026"), ("10/12/2026", "2026-12-24", "Enter the day, for example 24.12.2026"),
    ("2026-10-01", "2026-12-24", "The first day can be at most 31 days ago"), ("2026-12-24", "2026-12-10", "The last day cannot be before the first one"),
    ("2026-11-10", "2026-11-20", "The last day must be today or later"), ("2026-12-10", "2029-12-10", "The last day can be at most two years from now"),
    ("9" * 3000, "2026-12-10", "Enter the day"),
])  # fmt: skip
def test_what_can_be_no_absence_is_said_at_its_field(anna: Browser, app: Flask, cast: Cast, starts: str, ends: str, said: str):
    page = tell(anna, cast, starts, ends)
    assert anna.status == 422 and f"Error: {said}" in page.text and known(app) == [] and len(focused(page)) == 1
    assert [at["value"] for at in page.inputs if at.get("type") == "date"] == [starts[:40], ends]


def end(browser: Browser, cast: Cast, number: str, page: Page | None = None) -> Page:
    return browser.submit(page or browser.get(home(cast)), home(cast), end=number)


def test_one_that_is_to_come_is_withdrawn_and_one_that_has_begun_ends_today(anna: Browser, app: Flask, cast: Cast):
    for starts, ends in (("2026-11-20", "2026-12-05"), ("2026-12-10", "2026-12-24")):
        tell(anna, cast, starts, ends)
    page = anna.get(home(cast))
    assert "We are back" in page.text and "Withdraw this" in page.text
    for row in fetch(app, sa.select(Absence.public_id).order_by(Absence.id)):
        for _ in range(2):  # the second time there is nothing to do
            end(anna, cast, row.public_id, page)
            assert anna.status == 200 and "We have noted the change." in anna.response.get_data(as_text=True)
    assert known(app) == [("2026-11-20", f"{TODAY}", False)] and acts(app)[2:] == ["absence.ended", "absence.withdrawn"]


def test_nobody_ends_the_absence_of_another_flat(anna: Browser, app: Flask, cast: Cast):
    tell(anna, cast, "2026-12-10", "2026-12-24")
    (row,) = fetch(app, sa.select(Absence.public_id))
    viktors = Browser(app)
    viktors.log_in("viktors")
    own = f"/properties/{cast.neighbour}/absences"
    viktors.submit(viktors.get(own), own, end=row.public_id)
    viktors.post(home(cast), {"csrf_token": viktors.get("/profile").forms[0].fields["csrf_token"], "end": row.public_id})
    assert viktors.status == 404 and len(known(app)) == 1 and acts(app) == ["absence.announced"]


def test_both_owners_see_it_and_both_may_end_it(anna: Browser, app: Flask, cast: Cast):
    tell(anna, cast, "2026-12-10", "2026-12-24")
    for other in (second_person(app), moves_in(app, cast, "liga", month(6))):
        assert "10 Dec 2026 – 24 Dec 2026" in other.get(home(cast)).text
        assert other.status == 200 and "Withdraw this" in other.get(home(cast)).text
    page = tell(other, cast, "2026-12-20", "2026-12-30")
    assert other.status == 422 and "We already know of an absence" in page.text


def test_neither_who_was_here_before_nor_who_comes_after_learns_of_it(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, TODAY - timedelta(days=20), TODAY - timedelta(days=15))
    tell(anna, cast, "2026-11-29", "2026-12-24")
    moves_out(app, "20417", TODAY)
    change(app, sa.text("UPDATE tenure SET ends_on = NULL WHERE premises_id <> (SELECT id FROM premises WHERE flat = '34')"))
    change(app, sa.update(Absence).values(announced_on=TODAY - timedelta(days=3)))
    liga, peteris = moves_in(app, cast, "liga", TODAY - timedelta(days=2)), Browser(app)
    peteris.log_in("peteris")
    assert "24 Dec 2026" in anna.get(home(cast)).text
    for browser in (liga, peteris):
        assert browser.status == 200 and "24 Dec 2026" not in browser.get(home(cast)).text
    assert "Nov 2026" not in main(liga.get(home(cast)))
    assert anna.status == 200 and tell(liga, cast, "2026-12-01", "2026-12-03") and liga.status == 200


def test_where_the_contract_has_ended_nothing_is_announced(app: Flask, cast: Cast):
    peteris = Browser(app)
    peteris.log_in("peteris")
    page = peteris.get(home(cast))
    assert "The contract for this property ended on" in page.text and home(cast) not in [form.action for form in page.forms]
    fields = {"csrf_token": page.form("/logout").fields["csrf_token"], "starts": "2026-12-10", "ends": "2026-12-24"}
    page = peteris.post(home(cast), fields)
    assert "noted" not in page.text and known(app) == []


# What a reading says


def test_what_was_used_while_nobody_was_at_home_is_said_and_flagged_and_never_refused(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, date(2026, 11, 1), date(2026, 11, 29))
    page = send(anna, cast.cold, "195,5")
    assert anna.status == 200 and WARNING in page.text and "Consumption: 3.500 m³" in page.text and "We will check it." in page.text
    assert [row.flag for row in stored(app, cast.cold)] == ["absence"]


def test_the_form_of_all_meters_says_it_too(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, date(2026, 11, 1), date(2026, 11, 29))
    address = f"/properties/{cast.flat}/readings"
    page = anna.fill(anna.get(address), address, {f"r-{cast.cold}-1": "195,5", f"r-{cast.two_dials}-1": "2260"})
    assert anna.status == 200 and main(page).count(WARNING) == 1, "electricity runs on"
    assert [row.flag for mid in (cast.cold, cast.two_dials) for row in stored(app, mid)] == ["absence", None]


def test_who_uses_nothing_while_away_is_not_asked_about_it(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, date(2026, 11, 1), date(2026, 11, 29))
    page = send(anna, cast.cold, "192")
    assert anna.status == 200 and "Reading received" in page.text and WARNING not in page.text
    assert [row.flag for row in stored(app, cast.cold)] == [None]


def test_what_the_days_at_home_explain_is_not_flagged(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, date(2026, 11, 10), date(2026, 11, 16))
    page = send(anna, cast.cold, "195")
    assert anna.status == 200 and WARNING not in page.text and [row.flag for row in stored(app, cast.cold)] == [None]


def test_a_suspicion_that_she_answered_keeps_its_own_word(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, date(2026, 11, 1), date(2026, 11, 29))
    question = send(anna, cast.cold, "250")
    assert anna.status == 409
    sealed = question.form(f"/meters/{cast.cold}/reading").choices[f"reply-{cast.cold}-1"][0]
    anna.fill(question, f"/meters/{cast.cold}/reading", {f"reply-{cast.cold}-1": sealed})
    assert [row.flag for row in stored(app, cast.cold)] == ["high"]


def test_the_page_of_meters_leads_to_it(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}/meters")
    assert page.links[home(cast)] == "Away for a while? Tell us"
