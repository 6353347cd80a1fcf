"""Without a connection, on a remembered device: the page that it keeps, its worker, and what was noted (D18)."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.meters import Meter
from models.rules.noted import noted
from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change
from tests.views.reading_form import Sender, stored

PATHS = ("", "/meters", "/readings")


@pytest.fixture
def hers(app: Flask) -> Browser:
    """Anna's telephone, which remembers her."""
    browser = Browser(app)
    browser.log_in("anna", remember="1")
    return browser


@pytest.fixture
def sender(hers: Browser) -> Sender:
    return Sender(hers)


def fields(page: Page) -> list[tuple[str, str]]:
    """What each field of the offline page is for, and where what is noted in it goes."""
    return [(at["data-of"], at["data-at"]) for at in page.inputs if "data-of" in at]


def ago(**some: float) -> str:
    """So long before now, as a script of a browser says it."""
    return (utc_now() - timedelta(**some)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_page_that_is_kept_has_a_field_for_each_dial_that_people_read(hers: Browser, cast: Cast):
    page = hers.get("/offline")
    at = f"/properties/{cast.flat}/readings"
    assert fields(page)[:2] == [("Cold water, kitchen, No. …678", at), ("Hot water, kitchen, No. …321", at)]
    dials = [at["name"] for at in page.inputs if "data-of" in at]
    assert {f"r-{cast.two_dials}-1", f"r-{cast.two_dials}-2"} < {*dials} and f"r-{cast.remote}-1" not in dials
    assert "tel:112" in page.links


def test_nothing_else_is_in_it(hers: Browser, app: Flask):
    html = hers.get("/offline").html
    with app.extensions["ekabinets"].database.read() as connection:
        numbers = [number for number in connection.execute(sa.select(Meter.serial)).scalars() if len(number) > 3]
    told = ("Ozoli", "Brīvības", "Mālkalnes", "20417", "csrf", "192", "526", "logout", "anna", *numbers)
    assert [word for word in told if word in html] == []
    assert "value=" not in html and "<form" not in html


def test_it_speaks_her_language_and_wears_her_colours(hers: Browser):
    hers.client.set_cookie("lang", "ru")
    hers.submit(hers.get("/profile/appearance"), "/profile/appearance", theme="dark")
    page = hers.get("/offline")
    assert page.lang == "ru" and re.search(r"/static/dark\.", page.html)


def test_a_meter_that_is_gone_and_a_place_that_she_left_are_not_in_it(hers: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Meter).where(Meter.public_id == cast.cold).values(removed_on=TODAY))
    assert f"r-{cast.cold}-1" not in hers.get("/offline").html and f"r-{cast.hot}-1" in hers.get("/offline").html


def test_only_a_remembered_device_has_page_worker_and_script(app: Flask, anna: Browser, hers: Browser, cast: Cast):
    staff = Browser(app)
    staff.log_in("ilze")
    for browser in (anna, staff, Browser(app)):
        assert browser.client.get("/offline").status_code == 404
        assert "unregister" in browser.client.get("/sw.js").get_data(as_text=True)
    assert "unregister" not in hers.client.get("/sw.js").get_data(as_text=True)
    for path in PATHS:
        assert "offline." not in anna.get(f"/properties/{cast.flat}{path}").html
        assert all(word in hers.get(f"/properties/{cast.flat}{path}").html for word in ("/static/offline.", 'id="unsent"'))
    assert "/static/offline." not in hers.get(f"/properties/{cast.flat}/invoices").html


def test_the_worker_is_a_script_for_the_whole_portal_that_nobody_keeps(hers: Browser):
    answer = hers.client.get("/sw.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_another_person_on_the_same_device_does_not_see_the_notes(hers: Browser, app: Flask, cast: Cast):
    other = Browser(app)
    other.log_in("viktors", remember="1")
    keys = {re.findall(r'data-key="o:([0-9a-f]{8}):reading:"', one.get("/offline").html)[0] for one in (hers, other)}
    assert len(keys) == 2


def test_a_session_that_ended_elsewhere_takes_the_worker_away(hers: Browser, anna: Browser):
    anna.submit(anna.get("/profile/sessions"), "/profile/sessions/end-others")
    assert "unregister" in hers.client.get("/sw.js").get_data(as_text=True)


def test_a_reading_that_was_noted_is_of_the_day_on_which_it_was(sender: Sender, cast: Cast, app: Flask):
    sender.send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": ago(minutes=5)})
    row = stored(app, cast.cold)[0]
    clock = app.extensions["ekabinets"].clock
    assert row.read_on == noted(row.taken_at.isoformat(), utc_now(), TODAY, clock.timezone).on
    assert timedelta(minutes=4) < row.received_at - row.taken_at < timedelta(minutes=6)


def test_one_of_yesterday_says_so_in_the_history(sender: Sender, cast: Cast, app: Flask):
    sender.send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": ago(days=1)})
    assert stored(app, cast.cold)[0].read_on == TODAY - timedelta(days=1)
    page = sender.browser.get(f"/meters/{cast.cold}")
    assert re.search(r"29 Nov 2026 [a-z ]+ · noted .{5,20}, sent later", page.text)


@pytest.mark.parametrize(("said", "words"), [
    (73, "This was noted more than 72 hours ago"), (-1, "The clock of the device"),
    ("yesterday", "The clock of the device"), ("2026-11-30T10:00", "The clock of the device"), ("\x00" * 300, "The clock of the device"),
])  # fmt: skip
def test_what_was_noted_at_no_such_time_is_refused_with_the_reason(sender: Sender, cast: Cast, app: Flask, said: str | int, words: str):
    page = sender.send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": ago(hours=said) if isinstance(said, int) else said})
    assert sender.status == 422 and words in page.text and 'value="195,5"' in page.html
    assert stored(app, cast.cold) == []
    sender.send(cast.cold, "195,5", page)
    assert [row.taken_at for row in stored(app, cast.cold)] == [None]


def test_what_was_noted_before_the_window_opened_is_refused(sender: Sender, cast: Cast, app: Flask):
    opens = next(day for day in (TODAY - timedelta(days=n) for n in range(40)) if not _open(app, cast, day))
    page = sender.send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": ago(days=(TODAY - opens).days)})
    assert sender.status == 422 and "or before readings were accepted" in page.text and not stored(app, cast.cold)


def _open(app: Flask, cast: Cast, day: date) -> bool:
    """Whether a window is open on that day."""
    from models.rules.windows import window_on

    site = app.extensions["ekabinets"].site
    return window_on(site.meters["cold_water"].window, day, site.is_working) is not None


def test_it_is_weighed_like_any_other_and_keeps_its_moment_over_the_question(sender: Sender, cast: Cast, app: Flask):
    more = {f"taken-r-{cast.cold}-1": ago(minutes=90)}
    page = sender.send(cast.cold, "295,5", **more)
    assert sender.status == 409 and stored(app, cast.cold) == []
    reply = page.form(f"/meters/{cast.cold}/reading").choices[f"reply-{cast.cold}-1"][-1]
    sender.send(cast.cold, "295,5", page, reply=reply, **more)
    assert [row.taken_at is not None for row in stored(app, cast.cold)] == [True]


def test_sent_twice_with_other_ids_it_is_stored_once(sender: Sender, cast: Cast, app: Flask):
    moment = ago(minutes=30)
    for _ in range(2):
        sender.send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": moment})
        assert sender.status == 200
    assert len(stored(app, cast.cold)) == 1


def test_any_other_device_tells_no_moment(anna: Browser, cast: Cast, app: Flask):
    Sender(anna).send(cast.cold, "195,5", **{f"taken-r-{cast.cold}-1": ago(days=1)})
    assert [(row.read_on, row.taken_at) for row in stored(app, cast.cold)] == [(TODAY, None)]


def test_the_portal_says_what_it_is_called_on_a_home_screen(hers: Browser, app: Flask):
    answer = hers.client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert answer.get_json()["name"] == app.extensions["ekabinets"].site.name
