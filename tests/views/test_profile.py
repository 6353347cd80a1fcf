"""The profile and the devices that are signed in (A18)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.people import User
from models.sessions import WebSession
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, fetch

PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36"


def number(app: Flask, newest: int = 0) -> int:
    """The number of a session, 0 being the last that was begun."""
    return fetch(app, sa.select(WebSession.id).order_by(WebSession.id.desc()))[newest][0]


def out(browser: Browser) -> bool:
    """Whether the next page this browser asks for is the login page."""
    browser.get("/profile")
    return browser.response.request.path == "/login"


@pytest.fixture
def phone(app: Flask) -> Browser:
    """Anna's telephone, where she ticked "Remember me"."""
    browser = Browser(app)
    browser.client.environ_base["HTTP_USER_AGENT"] = PHONE
    browser.log_in("anna", remember="1")
    return browser


def test_the_profile_says_who_i_am(anna: Browser):
    page = anna.get("/profile")
    assert "Anna Ozoliņa" in page.text and "anna" in page.text
    assert "/profile/sessions" in page.links


def test_who_has_no_address_yet_is_told_once_where_she_is(app: Flask):
    """Profile and help stand in her bar, so they are not below "More"."""
    liga = Browser(app)
    liga.log_in("liga")
    for path in ("/profile", "/help", "/more"):
        assert liga.get(path).html.count('aria-current="page"') == 1, path


def test_the_list_shows_each_device_and_which_one_this_is(anna: Browser, phone: Browser):
    page = anna.get("/profile/sessions")
    assert len([form for form in page.forms if form.action.endswith("/end")]) == 2
    assert "Chrome, Android" in page.text and "remembered" in page.text
    assert page.text.count("this device") == 1


def test_an_ended_session_is_dead_on_its_next_request_also_a_remembered_one(anna: Browser, phone: Browser, app: Flask):
    page = anna.get("/profile/sessions")
    anna.submit(page, f"/profile/sessions/{number(app)}/end")
    assert anna.response.request.path == "/profile/sessions"
    assert out(phone) and not out(anna)
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))][-1] == "session.ended"


def test_ending_all_others_leaves_this_one(anna: Browser, phone: Browser, app: Flask):
    third, stranger = Browser(app), Browser(app)
    third.log_in("anna")
    stranger.log_in("viktors")
    page = anna.submit(anna.get("/profile/sessions"), "/profile/sessions/end-others")
    assert out(phone) and out(third) and not out(anna) and not out(stranger)
    assert "/profile/sessions/end-others" not in [form.action for form in page.forms], "there is no other"


def test_ending_the_own_session_leads_to_login(anna: Browser, app: Flask):
    anna.submit(anna.get("/profile/sessions"), f"/profile/sessions/{number(app)}/end")
    assert anna.response.request.path == "/login"


def test_anybody_elses_session_does_not_exist(anna: Browser, app: Flask):
    token = anna.get("/profile/sessions").form("/profile/sessions/1/end").fields
    Browser(app).log_in("anna")
    change(app, sa.update(WebSession).where(WebSession.id == number(app)).values(ended_at=utc_now()))
    Browser(app).log_in("viktors")
    for whose in (str(number(app)), str(number(app, 1)), "999", "0", "-1", "01", "1e0", "٣", "9" * 30):
        page = anna.post(f"/profile/sessions/{whose}/end", token)
        assert anna.status == 404 and page.headings == ["Page not found"], whose
    ends = [row.ended_at is None for row in fetch(app, sa.select(WebSession.ended_at).order_by(WebSession.id))]
    assert ends == [True, False, True]


def test_half_an_hour_without_an_act_ends_a_session(anna: Browser, app: Flask):
    change(app, sa.update(WebSession).values(seen_at=utc_now() - timedelta(minutes=29)))
    assert not out(anna), "and this very request counts as an act"
    assert fetch(app, sa.select(WebSession.seen_at))[0][0] > utc_now() - timedelta(minutes=1)
    change(app, sa.update(WebSession).values(seen_at=utc_now() - timedelta(minutes=30)))
    assert out(anna)


def test_twelve_hours_end_a_session_whatever_one_does(anna: Browser, app: Flask):
    change(app, sa.update(WebSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert out(anna)


def test_a_remembered_device_has_no_idle_limit_but_an_absolute_one(phone: Browser, app: Flask):
    change(app, sa.update(WebSession).values(seen_at=utc_now() - timedelta(days=40)))
    assert not out(phone)
    change(app, sa.update(WebSession).values(expires_at=utc_now()))
    assert out(phone)


def test_a_session_that_has_run_out_is_not_listed(anna: Browser, app: Flask):
    for limit in ({"seen_at": utc_now() - timedelta(hours=1)}, {"expires_at": utc_now()}, {"ended_at": utc_now()}):
        Browser(app).log_in("anna")
        change(app, sa.update(WebSession).where(WebSession.id == number(app)).values(**limit))
    page = anna.get("/profile/sessions")
    assert len([form for form in page.forms if form.action.startswith("/profile/sessions/")]) == 1


def test_a_disabled_person_is_out_at_once(anna: Browser, phone: Browser, app: Flask):
    change(app, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now()))
    assert out(anna) and out(phone)


def test_staying_renews_the_session_and_says_nothing(anna: Browser, app: Flask):
    token = anna.get("/profile").form("/logout").fields["csrf_token"]
    change(app, sa.update(WebSession).values(seen_at=utc_now() - timedelta(minutes=20)))
    anna.post("/session/extend", {}, headers={"X-CSRFToken": token})
    assert anna.status == 204 and not anna.response.get_data()
    assert fetch(app, sa.select(WebSession.seen_at))[0][0] > utc_now() - timedelta(minutes=1)


def test_static_files_do_not_keep_a_session_alive(anna: Browser, app: Flask, cast: Cast):
    before = utc_now() - timedelta(minutes=10)
    change(app, sa.update(WebSession).values(seen_at=before))
    for name in app.extensions["assets"].by_name:
        anna.client.get(f"/static/{name}")
    anna.client.get("/favicon.svg")
    assert fetch(app, sa.select(WebSession.seen_at))[0][0] == before
