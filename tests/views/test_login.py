"""Logging in and out by the real door (A01, A02, A05, A18)."""

import re
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.people import User
from models.sessions import KnownDevice, WebSession
from models.throttle import Throttle
from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast
from tests.standing import change, dump, fetch

WRONG = "not her password"
REFUSED = "Check the e-mail address or username and the password"


def guess(browser: Browser, name: str, times: int = 1, password: str = WRONG) -> Page:
    """Type a pair so many times into one form; the last answer."""
    token = browser.get("/login").form("/login").fields["csrf_token"]
    for _ in range(times):
        page = browser.post("/login", {"csrf_token": token, "username": name, "password": password})
    return page


def cookies_set(browser: Browser) -> dict[str, str]:
    """The Set-Cookie lines of the last answer by the cookie's name."""
    return {line.partition("=")[0]: line for line in browser.response.headers.getlist("Set-Cookie")}


def at_home(browser: Browser, cast: Cast) -> bool:
    return browser.status == 200 and browser.response.request.path == f"/properties/{cast.flat}"


def test_user_name_and_e_mail_in_any_case_open_the_portal(browser: Browser, cast: Cast):
    for name in ("anna", "ANNA", "  Anna ", "anna@example.com", "Anna@EXAMPLE.com"):
        browser.log_in(name)
        assert at_home(browser, cast), name
        browser.client.delete_cookie("session")


def test_the_password_is_taken_as_it_was_typed(browser: Browser):
    for almost in (PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1]):
        assert REFUSED in guess(browser, "anna", password=almost).text and browser.status == 422


def test_the_same_letters_from_another_keyboard_are_the_same_password(browser: Browser, cast: Cast):
    browser.log_in("anna", PASSWORD.replace("ļ", "ļ").replace("ē", "ē"))
    assert at_home(browser, cast)


def test_nobody_can_tell_a_known_name_from_an_unknown_or_a_disabled_one(browser: Browser, app: Flask):
    change(app, sa.update(User).where(User.username == "viktors").values(disabled_at=utc_now()))
    seen = set()
    for name, password in (("anna", WRONG), ("nobody", WRONG), ("viktors", WRONG), ("viktors", PASSWORD)):
        page = guess(browser, name, password=password)
        assert browser.status == 422 and REFUSED in page.text
        seen.add(re.sub(r'(csrf|csrf_token)" value="[^"]+"', "", page.html.replace(name, "NAME")))
    assert len(seen) == 1


def test_after_a_wrong_pair_the_name_stays_and_the_password_goes(browser: Browser):
    page = guess(browser, "anna")
    fields = page.form("/login").fields
    assert (fields["username"], fields["password"]) == ("anna", "")
    assert page.title.startswith("Error: Sign in")
    assert page.focus[0]["role"] == "alert"


def test_an_empty_field_is_named(browser: Browser, app: Flask):
    no_name, no_password = "Enter your e-mail address or username", "Enter your password"
    for name, password, said in (("", "", [no_name, no_password]), ("anna", "", [no_password]), ("   ", PASSWORD, [no_name])):
        page = browser.log_in(name, password)
        assert browser.status == 422 and page.title.startswith("Error")
        for sentence in (no_name, no_password):
            assert page.text.count(sentence) == (2 if sentence in said else 0), "in the summary and at the field"
    assert fetch(app, sa.select(Throttle.key)) == [], "an empty form is no try"


def test_from_the_fifth_wrong_try_on_the_page_says_how_many_are_left(browser: Browser):
    assert "left before" not in guess(browser, "anna", 4).text
    assert "5 attempts are left before this account is paused" in guess(browser, "anna").text
    assert "1 attempt is left before this account is paused" in guess(browser, "anna", 4).text


def test_the_tenth_wrong_try_pauses_the_account_and_says_until_when(browser: Browser, app: Flask):
    page = guess(browser, "anna", 10)
    assert browser.status == 429 and 0 < int(browser.response.headers["Retry-After"]) <= 900
    (until,) = fetch(app, sa.select(Throttle.blocked_until).where(Throttle.blocked_until.is_not(None)))[0]
    local = app.extensions["ekabinets"].clock.local(until)
    assert f"Attempts for this account are paused until {local:%H:%M}." in page.text
    assert page.title.startswith("Error") and page.form("/login").fields["username"] == "anna"
    guess(browser, "anna", password=PASSWORD)
    assert browser.status == 429, "a right password waits too, so that a guess tells nothing"


def test_an_unknown_name_is_paused_like_a_known_one(browser: Browser):
    assert "this account" in guess(browser, "nobody", 10).text and browser.status == 429


def test_fifty_wrong_tries_for_one_account_stop_nobody_else_behind_the_address(browser: Browser, app: Flask):
    guess(browser, "anna", 50)
    neighbour = Browser(app)
    neighbour.log_in("viktors")
    assert neighbour.status == 200 and "/properties/" in neighbour.response.request.path


def test_the_pause_ends_by_itself(browser: Browser, app: Flask, cast: Cast):
    guess(browser, "anna", 10)
    change(app, sa.update(Throttle).values(blocked_until=utc_now() - timedelta(seconds=1)))
    browser.log_in("anna")
    assert at_home(browser, cast)


def test_a_restart_forgets_no_wrong_try(make_app):
    first, second = make_app(), make_app()
    guess(Browser(first), "anna", 9)
    browser = Browser(second)
    guess(browser, "anna")
    assert browser.status == 429


def test_a_right_password_starts_the_count_anew(browser: Browser):
    for _ in range(2):
        guess(browser, "anna", 9)
        browser.log_in("anna")
        assert browser.status == 200
        browser.client.delete_cookie("session")


def test_a_remembered_device_gets_in_while_a_stranger_guesses(app: Flask, cast: Cast):
    hers = Browser(app)
    hers.log_in("anna", remember="1")
    hers.submit(hers.get("/profile"), "/logout")
    stranger = Browser(app)
    guess(stranger, "anna", 10)
    hers.log_in("anna")
    assert at_home(hers, cast)
    stranger.log_in("anna")
    assert stranger.status == 429, "her success sets no stranger free"


def test_a_remembered_device_may_not_guess_for_ever(app: Flask):
    family = Browser(app)
    family.log_in("anna", remember="1")
    family.submit(family.get("/profile"), "/logout")
    guess(family, "anna", 10)
    assert family.status == 429
    another = Browser(app)
    another.log_in("anna")
    assert another.status == 200, "and elsewhere she gets in"


def test_a_planted_device_cookie_makes_no_device_known(app: Flask):
    victim, planted = Browser(app), "x" * 43
    victim.client.set_cookie("device", planted)
    victim.log_in("anna", remember="1")
    assert victim.client.get_cookie("device").value != planted


def test_many_wrong_tries_slow_an_address_for_seconds_and_lock_nobody_out(browser: Browser, app: Flask, cast: Cast):
    known = Browser(app)
    known.log_in("anna", remember="1")
    known.submit(known.get("/profile"), "/logout")
    guess(browser, "somebody")
    change(app, sa.update(Throttle).where(Throttle.key.startswith("address:")).values(failures=99))
    guess(browser, "somebody else")
    page = guess(browser, "viktors", password=PASSWORD)
    assert browser.status == 429 and browser.response.headers["Retry-After"] in ("1", "2")
    assert "from this network" in page.text and "account" not in page.form("/login").fields
    known.log_in("anna")
    assert at_home(known, cast), "a known device is not slowed"
    change(app, sa.update(Throttle).values(blocked_until=None))
    browser.log_in("viktors")
    assert browser.status == 200


def test_remember_me_lasts_as_long_as_the_site_says(browser: Browser, app: Flask):
    page = browser.get("/login")
    assert "remember" not in page.form("/login").fields, "never ticked beforehand"
    assert "Never on a public one" in page.text
    browser.submit(page, "/login", follow=False, username="anna", password=PASSWORD, remember="1")
    days = app.extensions["ekabinets"].site.remember_days
    assert f"Max-Age={days * 86400};" in cookies_set(browser)["session"]
    row = fetch(app, sa.select(WebSession.__table__))[0]
    assert row.remembered and row.expires_at - row.created_at == timedelta(days=days)
    assert "device" in cookies_set(browser)


def test_without_remember_me_nothing_outlives_the_browser(browser: Browser, app: Flask):
    page = browser.get("/login")
    browser.submit(page, "/login", follow=False, username="anna", password=PASSWORD)
    sent = cookies_set(browser)
    assert set(sent) == {"session"} and "Max-Age" not in sent["session"] and "Expires" not in sent["session"]
    assert fetch(app, sa.select(KnownDevice.id)) == []
    row = fetch(app, sa.select(WebSession.__table__))[0]
    assert not row.remembered and row.expires_at - row.created_at == timedelta(hours=12)


def test_cookies_cannot_be_read_by_scripts_or_sent_by_other_sites(browser: Browser):
    page = browser.get("/login")
    lines = list(cookies_set(browser).values())
    browser.submit(page, "/login", follow=False, username="anna", password=PASSWORD, remember="1")
    lines += cookies_set(browser).values()
    assert len(lines) == 3
    assert all("HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line for line in lines)
    assert not any("Domain" in line for line in lines)


def test_under_tls_every_cookie_is_secure_and_bound_to_this_host(make_app):
    browser = Browser(make_app(base_url="https://localhost"))
    page = browser.get("/login?lang=en", base_url="https://localhost")
    lines = cookies_set(browser)
    fields = page.form("/login").fields | {"username": "anna", "password": PASSWORD, "remember": "1"}
    browser.post("/login", fields, follow=False, base_url="https://localhost")
    lines |= cookies_set(browser)
    browser.client.get("/help?lang=ru", base_url="https://localhost")
    assert sorted(lines) == ["__Host-csrf", "__Host-device", "__Host-session"]
    assert all("Secure" in line for line in lines.values())
    assert browser.client.get_cookie("__Host-lang").value == "ru"


def test_each_login_has_a_new_secret_and_the_one_before_dies(browser: Browser, app: Flask):
    form = browser.get("/login").form("/login").fields | {"username": "anna", "password": PASSWORD}
    browser.post("/login", form)
    first = browser.client.get_cookie("session").value
    browser.post("/login", form | {"username": "viktors"})
    assert browser.client.get_cookie("session").value != first
    thief = Browser(app)
    thief.client.set_cookie("session", first)
    assert "Sign in" in thief.get("/profile").headings


def test_logging_out_ends_the_session_on_the_server_too(anna: Browser, app: Flask):
    secret = anna.client.get_cookie("session").value
    page = anna.submit(anna.get("/profile"), "/logout", follow=False)
    assert anna.status == 303 and anna.response.headers["Location"] == "/signed-out"
    assert anna.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    left = {name: line.split("Max-Age=")[1].split(";")[0] for name, line in cookies_set(anna).items()}
    assert left == {"session": "0", "csrf": "0", "lang": "60"}  # the goodbye is still in her language
    assert anna.client.get_cookie("session") is None
    thief = Browser(app)
    thief.client.set_cookie("session", secret)
    thief.get("/profile")
    assert thief.response.request.path == "/login"
    page = anna.get("/signed-out")
    assert len(page.headings) == 1 and "/login" in page.links


def test_after_logging_out_the_back_button_meets_the_login_page(anna: Browser, cast: Cast):
    anna.get(f"/properties/{cast.flat}")
    assert anna.response.headers["Cache-Control"] == "private, no-store"
    anna.submit(anna.get("/profile"), "/logout")
    anna.get(f"/properties/{cast.flat}")
    assert anna.response.request.path == "/login"


def test_secrets_are_stored_only_as_hashes(browser: Browser, app: Flask):
    guess(browser, "anna", password="a wrong password of mine")
    browser.log_in("anna", remember="1")
    stored = str(dump(app))
    for secret in (browser.client.get_cookie("session").value, browser.client.get_cookie("device").value, PASSWORD, "a wrong password of mine"):
        assert secret not in stored


def test_every_try_is_in_the_audit_with_its_method(browser: Browser, app: Flask):
    guess(browser, "anna", 10)
    change(app, sa.update(Throttle).values(blocked_until=None))
    browser.log_in("anna")
    rows = fetch(app, sa.select(AuditRow.__table__).order_by(AuditRow.id))
    assert [row.action for row in rows] == ["login.failed"] * 9 + ["login.paused", "login.succeeded"]
    assert {row.session_method for row in rows} == {"password"} and rows[0].detail["address"] == "127.0.0.1"


EVIL = (
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example",
    "/%0d%0aLocation: x\r\n", "javascript:alert(1)", "evil.example", "", " /help", "/a\\..\\b", "/\u202ehelp", "/login", "/logout",
    "/\x00/evil.example",
)  # fmt: skip


def test_after_login_nobody_is_sent_elsewhere(browser: Browser):
    for evil in EVIL:
        page = browser.get("/login", query_string={"next": evil})
        assert "next" not in page.form("/login").fields, evil
        browser.post("/login", page.form("/login").fields | {"next": evil, "username": "anna", "password": PASSWORD}, follow=False)
        assert browser.response.headers["Location"] == "/properties/last", evil
        browser.client.delete_cookie("session")


def test_after_login_a_person_is_where_she_wanted_to_be(browser: Browser, cast: Cast):
    wanted = f"/properties/{cast.flat}/invoices?year=2025"
    page = browser.get(wanted)
    assert browser.response.request.path == "/login"
    browser.submit(page, "/login", follow=False, username="anna", password=PASSWORD)
    assert browser.response.headers["Location"] == wanted


def test_the_wanted_page_survives_a_wrong_password_and_another_language(browser: Browser):
    page = browser.get("/login?next=/profile")
    russian = next(link for link in page.links if link.endswith("lang=ru"))
    page = browser.get(russian)
    assert page.lang == "ru" and page.form("/login").fields["next"] == "/profile"
    page = browser.submit(page, "/login", username="anna", password=WRONG)
    assert page.form("/login").fields["next"] == "/profile"


def test_who_is_logged_in_needs_no_login_page(anna: Browser, cast: Cast):
    anna.get("/login")
    assert at_home(anna, cast)
    anna.get("/login?next=/help")
    assert anna.response.request.path == "/help"


def test_only_ways_that_are_built_are_shown(browser: Browser):
    page = browser.get("/login")
    assert "bank" in browser.app.extensions["ekabinets"].site.login
    assert [form.action for form in page.forms] == ["/login"]


def test_an_ended_session_is_told_so(browser: Browser):
    assert "nothing happened" in browser.get("/login?expired=1").text


def test_a_strange_name_is_only_a_wrong_one(browser: Browser):
    fields = browser.get("/login").form("/login").fields
    for name in ("\x00", "an\x00na", "anna\n", "a" * 255, "a\u200bnna", "\ud83d", "%", "' OR 1=1 --", "<b>"):
        browser.post("/login", fields | {"username": name.encode("utf-8", "surrogatepass"), "password": WRONG})
        assert browser.status == 422, repr(name)


def test_a_strange_password_is_only_a_wrong_one(browser: Browser):
    for password in ("x" * 500, "ž" * 257, "\x00", PASSWORD + "\x00", "\r\n", "x" * 100_000):
        page = browser.log_in("anna", password)
        assert browser.status == 422 and REFUSED in page.text, repr(password[:30])


def test_two_values_in_one_field_are_no_error_of_ours(browser: Browser):
    fields = browser.get("/login").form("/login").fields
    answer = browser.client.post("/login", data=fields | {"username": ["anna", "viktors"], "password": [WRONG, PASSWORD], "next": ["/help", "//x"]})
    assert answer.status_code == 422
    answer = browser.client.post("/login", data=fields | {"username[]": "anna", "password[0]": PASSWORD})
    assert answer.status_code == 422


def test_staff_meet_a_decent_page_and_can_log_out(browser: Browser, app: Flask):
    browser.log_in("ilze")
    page = browser.get("/properties/last")
    assert browser.status == 403 and page.headings == ["This is not open to you"]
    assert "signed in as staff" in page.text and "112" in page.text
    assert "/profile" not in page.links and "/more" not in page.links
    page = browser.submit(page, "/logout")
    assert browser.status == 200 and browser.response.request.path == "/signed-out"
    actions = [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))]
    assert actions == ["login.half", "login.succeeded", "access.refused", "logout"]


def test_staff_reach_no_part_of_the_resident_portal(browser: Browser, cast: Cast):
    browser.log_in("ilze")
    for path in ("/properties", "/profile", "/profile/sessions", "/more"):
        browser.get(path)
        assert browser.status == 403
    for path in (f"/properties/{cast.flat}", f"/meters/{cast.cold}", f"/invoices/{cast.invoice}.pdf", f"/documents/{cast.document}/file"):
        browser.get(path)
        assert browser.status == 404


def test_a_network_of_ipv6_has_one_limit_of_logins_and_the_next_has_its_own(browser: Browser):
    token = browser.get("/login").form("/login").fields["csrf_token"]

    def post(address: str) -> int:
        return browser.client.post("/login", data={"csrf_token": token}, environ_base={"REMOTE_ADDR": address}).status_code

    assert any(post(f"2001:db8::{number:x}") == 429 for number in range(250))
    assert post("2001:db8:0:1::") == 422
