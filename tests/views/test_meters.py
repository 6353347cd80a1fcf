"""The pages of meters: when readings are taken, for which meters, by whom, all on one form, and the history."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from models.invoices import Invoice
from models.meters import Meter, Register
from models.overrides import Override
from models.premises import Premises
from models.readings import Reading
from models.site import FOLDER
from models.tenures import Tenure
from models.types import MeterKind, Source
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast, month
from tests.views.reading_form import (
    HTMX,
    audit,
    change,
    choices,
    field,
    focused,
    path,
    register_ids,
    second_person,
    send,
    set_meter,
    shift_readings,
    stored,
)

CLOSED = date(2026, 11, 15)


def anna_on(app) -> Browser:
    browser = Browser(app)
    browser.log_in("anna")
    return browser


def meters_of(browser: Browser, pid: str) -> Page:
    return browser.get(f"/properties/{pid}/meters")


def post_anyway(browser: Browser, mid: str, value: str, headers: dict[str, str]) -> Page:
    """What a form sends that was open when its meter could still be read."""
    token = browser.get("/properties").form("/logout").fields["csrf_token"]
    return browser.post(path(mid), {"csrf_token": token, f"r-{mid}-1": value}, headers=headers)


def override(app, **values: object) -> None:
    with app.extensions["ekabinets"].database.write() as session:
        session.add(Override(**{"valid_from": date(2026, 11, 1)} | values))


def house_of(app, pid: str) -> int:
    with app.extensions["ekabinets"].database.read() as connection:
        return connection.execute(sa.select(col(Premises.house_id)).where(col(Premises.public_id) == pid)).scalar_one()


# When readings are taken


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [(CLOSED, "29 Nov 2026", "1 Dec 2026"), (date(2026, 11, 28), "29 Nov 2026", "1 Dec 2026"),
     (date(2026, 12, 2), "30 Dec 2026", "1 Jan 2027")],
)  # fmt: skip
def test_outside_the_window_there_is_no_pencil_but_the_next_dates(make_app, cast: Cast, today: date, first, last):
    anna = anna_on(make_app(today=today))
    for page in (meters_of(anna, cast.flat), anna.get(f"/properties/{cast.flat}")):
        assert f"from {first} to {last}." in page.text
        assert not [link for link in page.links if link.endswith(("/reading", "/readings"))]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_outside_the_window_the_address_of_the_form_shows_no_form(make_app, cast: Cast, headers):
    anna = anna_on(make_app(today=CLOSED))
    page = anna.get(path(cast.cold), headers=headers)
    assert anna.status == 200 and not [at for at in page.inputs if at["name"].startswith("r-")]
    assert "from 29 Nov 2026 to 1 Dec 2026." in page.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_window_that_closed_while_typing_refuses_and_keeps_the_value(make_app, cast: Cast, headers):
    app = make_app(today=CLOSED)
    page = post_anyway(browser := anna_on(app), cast.cold, "195,5", headers)
    assert browser.status == 422 and field(page, cast.cold)["value"] == "195,5"
    assert "The period for submitting readings has ended, so the reading was not accepted." in page.text
    assert "Readings are accepted from 29 Nov 2026 to 1 Dec 2026." in page.text and not stored(app, cast.cold)


def test_the_form_of_all_keeps_the_values_too_when_its_window_has_closed(make_app, cast: Cast):
    app = make_app(today=CLOSED)
    anna, action = anna_on(app), f"/properties/{cast.flat}/readings"
    assert not [at for at in anna.get(action).inputs if at["name"].startswith("r-")]
    token = anna.get("/properties").form("/logout").fields["csrf_token"]
    page = anna.post(action, {"csrf_token": token, f"r-{cast.cold}-1": "195,5", f"r-{cast.hot}-1": "528"})
    assert anna.status == 422 and not stored(app, cast.cold)
    assert [field(page, mid)["value"] for mid in (cast.cold, cast.hot)] == ["195,5", "528"]


@pytest.mark.parametrize(
    ("today", "sentence"),
    [(date(2026, 11, 29), "2 days left."), (TODAY, "1 day left."), (date(2026, 12, 1), "Today is the last day, until midnight.")],
)
def test_inside_the_window_the_page_counts_the_days(make_app, cast: Cast, today: date, sentence: str):
    page = meters_of(anna_on(make_app(today=today)), cast.flat)
    assert f"Readings are accepted from 29 Nov 2026 to 1 Dec 2026. {sentence}" in page.text
    assert path(cast.cold) in page.links and f"/properties/{cast.flat}/readings" in page.links


def test_a_reading_of_the_first_day_of_a_month_is_for_the_month_before(make_app, cast: Cast):
    app = make_app(today=date(2026, 12, 1))
    send(anna_on(app), cast.cold, "195,5")
    assert [(row.period, row.read_on) for row in stored(app, cast.cold)] == [(date(2026, 11, 1), date(2026, 12, 1))]


def test_when_all_is_sent_the_page_says_until_when_it_can_be_changed(anna: Browser, cast: Cast):
    for mid, value in ((cast.cold, "195"), (cast.hot, "528")):
        send(anna, mid, value)
    assert "All readings are submitted." not in meters_of(anna, cast.flat).text
    send(anna, cast.two_dials, "2260", **{f"r-{cast.two_dials}-2": "2260"})
    page = meters_of(anna, cast.flat)
    assert "All readings are submitted. You can still change them until 1 Dec 2026." in page.text
    assert "Change reading" in page.text and "Enter reading:" not in page.text


# Windows of a house, of a kind, of later


def test_another_window_of_one_house_changes_that_house_only(make_app, cast: Cast):
    app = make_app()
    override(app, house_id=house_of(app, cast.flat), opens="10", closes="12")
    with app.extensions["ekabinets"].database.write() as session:
        other = session.scalars(select(Premises).where(col(Premises.public_id) == cast.second)).one()
        meter = Meter(external_id="MX", premises_id=other.id, kind=MeterKind.COLD_WATER, serial="X")
        session.add(meter)
        session.flush()
        session.add(Register(meter_id=meter.id))
        mid = meter.public_id
    anna = anna_on(app)
    assert "Next time: from 10 Dec 2026 to 12 Dec 2026." in meters_of(anna, cast.flat).text
    assert "accepted from 29 Nov 2026 to 1 Dec 2026." in meters_of(anna, cast.second).text
    assert "Reading received" in send(anna, mid, "1").text


def test_another_window_of_one_kind_of_meter_closes_that_kind_only(make_app, cast: Cast):
    app = make_app()
    override(app, meter_kind=MeterKind.HOT_WATER, opens="10", closes="12")
    anna = anna_on(app)
    page = meters_of(anna, cast.flat)
    assert "Readings are accepted from 10 Dec 2026 to 12 Dec 2026." in page.text, "on the card of hot water"
    assert path(cast.cold) in page.links and path(cast.hot) not in page.links
    post_anyway(anna, cast.hot, "528", {})
    assert anna.status == 422
    send(anna, cast.cold, "195")
    assert anna.status == 200


def test_a_window_opened_for_a_day_takes_readings_on_that_day(make_app, cast: Cast):
    app = make_app(today=CLOSED)
    override(app, opens="15", closes="15", valid_from=CLOSED, valid_until=CLOSED)
    anna = anna_on(app)
    assert "Today is the last day" in meters_of(anna, cast.flat).text
    send(anna, cast.cold, "195")
    assert [row.period for row in stored(app, cast.cold)] == [date(2026, 11, 1)]


def test_the_next_dates_are_those_of_a_rule_that_begins_later(make_app, cast: Cast):
    app = make_app(today=date(2026, 12, 5))
    override(app, opens="20", closes="22", valid_from=date(2026, 12, 10), valid_until=date(2026, 12, 31))
    assert "Next time: from 20 Dec 2026 to 22 Dec 2026." in meters_of(anna_on(app), cast.flat).text


# Meters that nobody may enter


@pytest.fixture(params=["remote", "house", "removed", "ended"])
def refused(request: pytest.FixtureRequest, app, cast: Cast) -> tuple[Browser, str, str]:
    """Who stands before which meter that takes no readings, and the sentence."""
    automatic, over = "This meter is read automatically", "Readings for this meter are no longer accepted."
    set_meter(app, cast.hot, removed_on=TODAY)
    user, mid, sentence = {
        "remote": ("anna", cast.remote, automatic), "house": ("anna", cast.house_meter, automatic),
        "removed": ("anna", cast.hot, over), "ended": ("peteris", cast.cold, over),
    }[request.param]  # fmt: skip
    browser = Browser(app)
    browser.log_in(user)
    return browser, mid, sentence


def test_a_meter_that_nobody_may_enter_has_no_pencil(refused, cast: Cast):
    browser, mid, _ = refused
    assert path(mid) not in meters_of(browser, cast.flat).links
    assert path(mid) not in browser.get(f"/meters/{mid}").links and browser.status == 200
    for headers in ({}, HTMX):
        page = browser.get(path(mid), headers=headers)
        assert browser.status == 200 and not [at for at in page.inputs if at["name"].startswith("r-")]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_reading_of_a_meter_that_nobody_may_enter_is_refused_with_the_reason(refused, app, headers):
    browser, mid, sentence = refused
    page = post_anyway(browser, mid, "200", headers)
    assert browser.status == 422 and sentence in page.text
    assert field(page, mid)["value"] == "200" and not stored(app, mid) and not audit(app)


def test_a_meter_that_is_removed_tomorrow_is_read_today(anna: Browser, cast: Cast, app):
    set_meter(app, cast.cold, removed_on=TODAY + timedelta(days=1))
    send(anna, cast.cold, "195")
    assert anna.status == 200 and stored(app, cast.cold)


# Who sees what of a meter


def of_history(browser: Browser, mid: str) -> list[list[str]]:
    """The rows of the CSV, which are those of the page."""
    browser.get(f"/meters/{mid}/history.csv")
    assert browser.response is not None
    text = browser.response.get_data(as_text=True).lstrip("\ufeff")
    return list(csv.reader(io.StringIO(text)))[1:]


def test_each_of_two_owners_sees_the_readings_of_her_own_days(app, cast: Cast):
    rows = {}
    for user in ("anna", "peteris"):
        browser = Browser(app)
        browser.log_in(user)
        rows[user] = of_history(browser, cast.cold)
        shown = browser.get(f"/meters/{cast.cold}").text
        assert all(f" {value} " in shown for _, value, _ in rows[user][-24:])
    assert rows["anna"][-1] == ["2024-11-28", "123.000", ""] and len(rows["anna"]) == 24
    assert rows["peteris"][0] == ["2024-10-28", "120.000", "3.000"] and len(rows["peteris"]) == 12


def test_the_former_owner_sees_his_last_reading_and_nothing_of_hers(app, cast: Cast, anna: Browser):
    send(anna, cast.cold, "195,5")
    peteris = Browser(app)
    peteris.log_in("peteris")
    for address in (f"/properties/{cast.flat}", f"/properties/{cast.flat}/meters", f"/meters/{cast.cold}"):
        page = peteris.get(address)
        assert "120.000" in page.text
        assert not [number for number in ("123.000", "192.000", "195.500", "526.000") if number in page.text]


def test_the_former_owner_sees_the_meters_of_his_last_day(app, cast: Cast):
    set_meter(app, cast.cold, removed_on=month(10), serial="of-his-days")
    peteris = Browser(app)
    peteris.log_in("peteris")
    assert "of-his-days" in meters_of(peteris, cast.flat).text
    assert "of-his-days" not in meters_of(anna_on(app), cast.flat).text


def test_the_chart_of_the_former_owner_ends_with_his_last_year(app, cast: Cast):
    peteris = Browser(app)
    peteris.log_in("peteris")
    assert "Consumption November 2023 – October 2024: lowest 3.000 m³" in peteris.get(f"/meters/{cast.cold}").text


def test_a_new_owners_first_reading_is_not_measured_against_the_last_owners(make_app, app, cast: Cast):
    since_today = sa.update(Tenure).where(col(Tenure.ends_on).is_(None)).values(starts_on=TODAY)
    change(app, since_today)
    anna = anna_on(app)
    page = anna.get(path(cast.cold))
    assert "Latest:" not in page.text and "none yet" in page.text
    page = send(anna, cast.cold, "5", page=page)
    assert anna.status == 200 and "Reading received" in page.text and "Consumption" not in page.text


# All readings on one form


def all_of(cast: Cast) -> str:
    return f"/properties/{cast.flat}/readings"


def fill_all(browser: Browser, cast: Cast, page: Page | None = None, **typed: str) -> Page:
    names = {"cold": f"r-{cast.cold}-1", "hot": f"r-{cast.hot}-1", "t1": f"r-{cast.two_dials}-1", "t2": f"r-{cast.two_dials}-2"}
    page = page or browser.get(all_of(cast))
    return browser.fill(page, all_of(cast), {names.get(name, name): value for name, value in typed.items()})


def test_all_readings_are_taken_from_one_form(anna: Browser, cast: Cast, app):
    page = anna.get(all_of(cast))
    assert len([at for at in page.inputs if at["name"].startswith("r-")]) == 4, "own ones that are not read remotely"
    page = fill_all(anna, cast, page, cold="195,5", hot="528", t1="2260", t2="2260")
    assert anna.status == 200 and "4 readings received." in page.text and len(focused(page)) == 1
    assert [len(stored(app, mid)) for mid in (cast.cold, cast.hot, cast.two_dials)] == [1, 1, 2]
    (row,) = audit(app)
    assert len(row.detail["saved"]) == 4


def test_rows_may_be_left_empty_but_not_all_of_them(anna: Browser, cast: Cast, app):
    page = fill_all(anna, cast)
    assert anna.status == 422 and "4 readings need your attention." in page.text and not audit(app)
    assert [at.get("role") for at in focused(page)] == ["alert"]
    page = fill_all(anna, cast, page, hot="528")
    assert anna.status == 200 and "1 reading received." in page.text and len(stored(app, cast.hot)) == 1


def test_what_is_right_is_saved_and_what_is_wrong_stays_on_the_form(anna: Browser, cast: Cast, app):
    page = fill_all(anna, cast, cold="195,5", hot="528,", t1="2900", t2="x")
    assert anna.status == 422
    assert "2 readings received." in page.text and "2 readings need your attention." in page.text
    assert "Received: 195.500 m³. Consumption: 3.500 m³." in page.text and "much higher than usual" in page.text
    assert [(field(page, cast.two_dials, n)["value"]) for n in (1, 2)] == ["2900", "x"]
    assert not [at for at in page.inputs if at["name"] == f"r-{cast.cold}-1"] and len(focused(page)) == 1
    reply = page.form(all_of(cast)).choices[f"reply-{cast.two_dials}-1"][0]
    page = fill_all(anna, cast, page, t2="2260", **{f"reply-{cast.two_dials}-1": reply})
    assert anna.status == 200 and [row.flag for row in stored(app, cast.two_dials)] == ["high", None]


def test_a_half_saved_form_again_saves_nothing_again_and_says_the_same(anna: Browser, cast: Cast, app):
    form = anna.get(all_of(cast))
    pages = [fill_all(anna, cast, form, cold="195,5", hot="x") for _ in range(2)]
    assert anna.status == 422 and len(stored(app, cast.cold)) == 1 and len(audit(app)) == 1
    for page in pages:
        assert "1 reading received." in page.text and field(page, cast.hot)["value"] == "x"
        assert "Enter the reading in digits, for example 126.5" in page.text


def test_the_same_form_again_with_one_more_value_takes_that_too(anna: Browser, cast: Cast, app):
    form = anna.get(all_of(cast))
    fill_all(anna, cast, form, cold="195,5")
    page = fill_all(anna, cast, form, cold="195,5", hot="528")
    assert anna.status == 200 and "2 readings received." in page.text
    assert (len(stored(app, cast.cold)), len(stored(app, cast.hot))) == (1, 1)
    page = fill_all(anna, cast, form, cold="196", hot="528")
    assert anna.status == 409 and "You have already sent 195.500" in page.text


def test_hot_and_cold_swapped_on_one_form_are_both_asked(anna: Browser, cast: Cast, app):
    page = fill_all(anna, cast, cold="528", hot="195,5")
    assert anna.status == 409 and page.text.count("The readings of cold and hot water seem to be exchanged") == 2
    assert "12345678" in page.text and "87654321" in page.text and not audit(app)
    page = fill_all(anna, cast, page, cold="195,5", hot="528")
    assert anna.status == 200 and not [row.flag for mid in (cast.cold, cast.hot) for row in stored(app, mid) if row.flag]


def test_a_removed_meter_beside_does_not_hide_that_hot_and_cold_are_swapped(anna: Browser, cast: Cast, app):
    with app.extensions["ekabinets"].database.write() as session:
        hot = session.scalars(select(Meter).where(col(Meter.public_id) == cast.hot)).one()
        gone = Meter(external_id="MG", premises_id=hot.premises_id, kind=hot.kind, place=hot.place, serial="G", removed_on=month(2))
        session.add(gone)
        session.flush()
        session.add(Register(meter_id=gone.id))
        session.flush()
        number = session.scalars(select(Register.id).where(Register.meter_id == gone.id)).one()
        session.add(Reading(register_id=number, value=900_000, read_on=month(4), source=Source.IMPORT))
    assert "This looks like the reading of the other water meter" in send(anna, cast.cold, "528").text


def test_one_meter_of_somebody_else_refuses_the_whole_form(anna: Browser, cast: Cast, app):
    fill_all(anna, cast, cold="195,5", **{f"r-{cast.stranger_meter}-1": "7"})
    assert anna.status == 404 and not stored(app, cast.cold) and not audit(app)


def test_a_meter_that_is_removed_while_the_form_is_open_loses_no_value_silently(anna: Browser, cast: Cast, app):
    form = anna.get(all_of(cast))
    set_meter(app, cast.hot, removed_on=TODAY)
    page = fill_all(anna, cast, form, cold="195,5", hot="528")
    assert anna.status == 409 and stored(app, cast.cold) and not stored(app, cast.hot)
    assert "A meter has been removed meanwhile, so this was not saved: 528" in page.text


def test_a_meter_that_becomes_remote_while_the_form_is_open_says_so(anna: Browser, cast: Cast, app):
    form = anna.get(all_of(cast))
    set_meter(app, cast.hot, is_remote=True)
    page = fill_all(anna, cast, form, cold="195,5", hot="528")
    assert anna.status == 422 and "This meter is read automatically" in page.text
    assert field(page, cast.hot)["value"] == "528" and stored(app, cast.cold)


def test_who_was_overtaken_on_one_row_is_told_on_that_row(anna: Browser, cast: Cast, app):
    form = anna.get(all_of(cast))
    send(second_person(app), cast.hot, "529")
    page = fill_all(anna, cast, form, cold="195,5", hot="528")
    assert anna.status == 409 and "A reading was submitted meanwhile: 529.000" in page.text and stored(app, cast.cold)
    fill_all(anna, cast, page)
    assert anna.status == 200 and [row.value for row in stored(app, cast.hot)] == [529_000, 528_000]


def test_a_place_without_meters_takes_nothing_and_says_why(anna: Browser, cast: Cast):
    action = f"/properties/{cast.second}/readings"
    assert "No meters are registered at this address." in anna.get(action).text
    token = anna.get("/properties").form("/logout").fields["csrf_token"]
    page = anna.post(action, {"csrf_token": token, f"r-{cast.cold}-1": "195,5"})
    assert anna.status == 422 and "195,5" in page.text


# History


def test_the_table_for_a_spreadsheet_speaks_the_language_of_the_profile(app, cast: Cast):
    viktors = Browser(app)
    viktors.log_in("viktors")
    viktors.client.delete_cookie("lang")
    viktors.get(f"/meters/{cast.stranger_meter}/history.csv")
    lines = viktors.response.get_data(as_text=True).splitlines()
    assert "Дата" in lines[0] and lines[1] == "2026-10-28;92,000;4,000"


def test_the_table_of_two_registers_names_them_and_leaves_out_what_was_corrected(anna: Browser, cast: Cast):
    for value in ("2260", "2261"):
        send(anna, cast.two_dials, value, **{f"r-{cast.two_dials}-2": "2260"})
    rows = of_history(anna, cast.two_dials)
    assert rows[:2] == [["2026-11-30", "T1", "2261.000", "91.000"], ["2026-11-30", "T2", "2260.000", "90.000"]]


def test_the_name_of_the_table_is_safe_whatever_the_number_of_the_meter(anna: Browser, cast: Cast, app):
    set_meter(app, cast.cold, serial='1"2\r\nX: y/ā')
    anna.get(f"/meters/{cast.cold}/history.csv")
    assert anna.status == 200 and len(anna.response.headers.getlist("Content-Disposition")) == 1
    assert anna.response.headers["Content-Disposition"].startswith('attachment; filename="1_2_X_y_.csv"; filename*=')


def test_a_dial_of_the_sites_own_size_counts_on_after_its_end_everywhere(make_app, cast: Cast, tmp_path: Path):
    file = tmp_path / "small.toml"
    file.write_text((FOLDER / "ogre.toml").read_text().replace("digits = 5", "digits = 4"))
    app = make_app(site=str(file))
    shift_readings(app, cast.cold, 9_804_000)  # 9,996 at last
    anna = anna_on(app)
    page = send(anna, cast.cold, "2,5")
    page = send(anna, cast.cold, "2,5", page=page, reply=choices(page, cast.cold)[-1])
    assert "Consumption 6.500 m³" in page.text
    assert of_history(anna, cast.cold)[0] == ["2026-11-30", "2.500", "6.500"]
    assert "2.500 6.500" in anna.get(f"/meters/{cast.cold}").text


def test_the_page_of_a_meter_shows_three_years_and_the_table_everything(anna: Browser, cast: Cast, app):
    change(app, sa.update(Tenure).where(col(Tenure.ends_on).is_(None)).values(starts_on=date(2000, 1, 1)))
    (number,) = register_ids(app, cast.cold)
    with app.extensions["ekabinets"].database.write() as session:
        for day, value in ((date(2001, 5, 28), 1_000), (date(2023, 10, 28), 84_500)):
            session.add(Reading(register_id=number, value=value, read_on=day, source=Source.IMPORT))
    page = anna.get(f"/meters/{cast.cold}")
    assert "87.000 2.500" in page.text, "the first one shown is measured against the one before it"
    assert "84.500" not in page.text and "2001" not in page.text
    assert of_history(anna, cast.cold)[-1][0] == "2001-05-28"


# Statements


def grow(app, cast: Cast) -> None:
    """Ten years of readings and invoices more, and five meters."""
    with app.extensions["ekabinets"].database.write() as session:
        old = session.scalars(select(Meter).where(col(Meter.public_id) == cast.cold)).one()
        number = session.scalars(select(Register.id).where(Register.meter_id == old.id)).one()
        session.add_all(Reading(register_id=number, value=n, read_on=month(36 + n), source=Source.IMPORT) for n in range(1, 120))
        for n in range(5):
            meter = Meter(external_id=f"G{n}", premises_id=old.premises_id, kind=old.kind, serial=f"G{n}")
            session.add(meter)
            session.flush()
            session.add(Register(meter_id=meter.id))
        bill = session.scalars(select(Invoice).where(col(Invoice.public_id) == cast.invoice)).one()
        kept = bill.model_dump(exclude={"id", "public_id", "external_id"})
        session.add_all(Invoice(**kept, external_id=f"GI{n}") for n in range(120))


PAGES = {
    "/properties/{flat}": 6, "/properties/{flat}/meters": 5, "/properties/{flat}/readings": 5,
    "/properties/{flat}/invoices": 4, "/meters/{cold}": 6,
}  # fmt: skip


@pytest.mark.parametrize(("address", "most"), PAGES.items())
def test_a_page_sends_the_same_few_statements_however_much_there_is(anna: Browser, cast: Cast, app, statements, address, most):
    counts = []
    for _ in range(2):
        statements.clear()
        anna.get(address.format(flat=cast.flat, cold=cast.cold))
        counts.append(len(statements))
        grow(app, cast) if len(counts) == 1 else None
    assert anna.status == 200 and counts[0] == counts[1] <= most


def test_each_further_reading_on_a_form_costs_one_statement_at_most(anna: Browser, cast: Cast, statements):
    counts = []
    for typed in ({"cold": "195"}, {"hot": "528", "t1": "2260", "t2": "2260"}):
        page = anna.get(all_of(cast))
        statements.clear()
        fill_all(anna, cast, page, **typed)
        counts.append(len(statements))
    assert counts[1] - counts[0] <= 2 and counts[0] <= 12


def test_the_page_of_a_new_meter_leads_to_the_one_it_replaced(anna: Browser, cast: Cast, app):
    gone = month(6)
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(sa.text("UPDATE meter SET removed_on = :gone WHERE public_id = :old"), {"gone": gone, "old": cast.old})
        replaces = "UPDATE meter SET replaces_id = (SELECT id FROM (SELECT id, public_id FROM meter) m WHERE m.public_id = :old)"
        session.execute(sa.text(replaces + " WHERE public_id = :new"), {"old": cast.old, "new": cast.cold})
    page = anna.get(f"/meters/{cast.cold}")
    assert "Previous meter: No. 11111111" in page.links[f"/meters/{cast.old}"]
    anna.get(f"/meters/{cast.old}")
    assert anna.status == 200
    assert f"/meters/{cast.old}" not in anna.get(f"/meters/{cast.hot}").links
