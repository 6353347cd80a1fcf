"""Sections that ask for a stronger login: seen by everybody, explained, and opened by what the site counts (A14, E09)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from auth.access import FRESH, Right, is_strong, opens
from auth.visitor import Visitor
from models.audit import AuditRow
from models.sessions import WebSession
from models.site import load_site
from models.types import Role, utc_now
from tests.browser import Browser
from tests.cast import PASSWORD, Cast
from tests.standing import change, fetch, main
from tests.views.factor_help import Authenticator, add_app, add_passkey, asked, code_of, later

HIDDEN = ("12345678", "Cold water")  # what the locked section would show


@pytest.fixture
def locked(app: Flask, cast: Cast) -> Iterator[str]:
    """An address that passwords do not open, at a site without banks whose strong means are its own."""
    held = app.extensions["ekabinets"]
    changed = {"meters": held.site.meters, "sections": ("meters", "invoices", "addresses", "settings", "help"), "access": {"meters": {"password": "-", "bank": "act"}}}
    app.extensions["ekabinets"] = replace(held, site=load_site("ludza").model_copy(update=changed))
    yield f"/meters/{cast.cold}"
    app.extensions["ekabinets"] = held


def grow_old(app: Flask, by: timedelta = FRESH) -> None:
    """Everybody logged in so long ago, and has been busy since."""
    change(app, sa.update(WebSession).values(authenticated_at=utc_now() - by))


def somebody(method: str = "password", acr: str | None = None, ago: timedelta = timedelta()) -> Visitor:
    return Visitor(1, 1, "Anna", "anna", None, Role.RESIDENT, method, acr, utc_now() - ago, False)


@pytest.mark.parametrize(("site", "who", "expected"), [
    ("ludza", {}, True), ("ludza", {"ago": FRESH}, False), ("ludza", {"acr": "totp"}, True),
    ("ludza", {"acr": "totp", "ago": FRESH}, False), ("ludza", {"acr": "passkey"}, True),
    ("ogre", {}, False), ("ogre", {"acr": "passkey"}, False), ("ogre", {"method": "bank"}, True),
    ("ogre", {"method": "bank", "ago": FRESH}, True), ("ludza", {"method": "bank"}, False),
])  # fmt: skip
def test_a_session_is_strong_by_what_the_site_counts_and_own_means_for_half_an_hour(site: str, who: dict[str, Any], expected: bool):
    """decisions.md 15."""
    assert is_strong(load_site(site), somebody(**who)) is expected


def test_a_passkey_is_no_fresh_password():
    site = load_site("ludza").model_copy(update={"strong": ("fresh_password",)})
    assert is_strong(site, somebody()) and is_strong(site, somebody(acr="totp")) and not is_strong(site, somebody(acr="passkey"))


def test_a_section_that_no_login_opens_stays_closed_and_unseen(anna: Browser, app: Flask, cast: Cast):
    held = app.extensions["ekabinets"]
    site = held.site.model_copy(update={"sections": ("invoices", "addresses", "settings", "help")})
    app.extensions["ekabinets"] = replace(held, site=site)
    page = anna.get(f"/meters/{cast.cold}")
    home = anna.get(f"/properties/{cast.flat}")
    app.extensions["ekabinets"] = held
    assert page.headings == ["This is not open to you"] and "/meters" not in home.html and opens(site, "meters") is Right.NONE


def test_a_locked_section_says_what_opens_it_and_the_menu_shows_it(anna: Browser, app: Flask, cast: Cast):
    """OG-21..23, LG-09: this site offers banks, and none of them is set up."""
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"access": {"meters": {"password": "-"}}}))
    page, more = anna.get(f"/meters/{cast.cold}"), anna.get("/more")
    assert anna.client.head(f"/meters/{cast.cold}").location == f"/verify?next=%2Fmeters%2F{cast.cold}"
    app.extensions["ekabinets"] = held
    assert page.headings == ["Confirm your identity"] and "No way of confirming your identity is set up here yet" in main(page)
    assert "needs a stronger sign-in" in more.text and not [word for word in HIDDEN if word in page.text]


def test_htmx_and_forms_get_a_refusal_instead(anna: Browser, locked: str, app: Flask):
    """decisions.md 5."""
    grow_old(app)
    anna.get(locked, headers={"HX-Request": "true"})
    assert anna.status == 403
    anna.post(f"{locked}/reading", anna.get("/help").forms[0].fields)
    assert anna.status == 403


def test_what_was_typed_is_kept_until_she_has_proved_herself(anna: Browser, app: Flask, locked: str, cast: Cast):
    form, field = f"{locked}/reading", f"r-{cast.cold}-1"
    page = anna.get(form)
    grow_old(app)
    kept = anna.fill(page, form, {field: "195,5"})
    assert anna.status == 403 and "What you typed is kept." in kept.text and "/verify" in kept.links
    again = anna.fill(kept, form, {})
    assert anna.status == 403 and again.form(form).fields[field] == "195,5", "sent again too early"
    anna.submit(anna.get("/verify"), "/verify", old=PASSWORD)
    anna.fill(again, form, {})
    assert anna.status == 200 and "195.5" in anna.get(locked).text


def test_a_fresh_password_opens_it_and_leads_back(anna: Browser, app: Flask, locked: str):
    """Security rule 2: the session is a new one, and the old is dead."""
    assert "12345678" in anna.get(locked).text, "she has just logged in"
    grow_old(app)
    page = anna.get(locked)
    assert "shown for 30 minutes" in page.text and not [word for word in HIDDEN if word in page.text]
    old = anna.client.get_cookie("session").value
    anna.submit(page, "/verify", old="wrong")
    assert anna.status == 422 and "That was not right" in anna.response.get_data(as_text=True)
    page = anna.submit(page, "/verify", old=PASSWORD)
    assert anna.response.request.path == locked and "12345678" in page.text
    assert fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id.desc()))[0].action == "session.stepped_up"
    anna.client.set_cookie("session", old)
    assert anna.get("/profile").headings == ["Sign in"]


def test_a_code_or_a_passkey_opens_it(anna: Browser, app: Flask, locked: str):
    secret, codes = add_app(anna)
    device = Authenticator()
    add_passkey(anna, device)
    grow_old(app)
    page = anna.get(locked)
    anna.post("/verify", page.forms[-1].fields | {"code": codes[0]})
    assert anna.status == 422, "a recovery code is for a login"
    page = anna.post("/verify", page.forms[-1].fields | {"code": code_of(secret, later(1))})
    assert "12345678" in page.text
    grow_old(app)
    page = anna.post("/verify", anna.get(locked).forms[-1].fields | {"begin": "1"})
    page = anna.post("/verify", page.forms[-1].fields | {"answer": device.sign(asked(page))})
    assert "12345678" in page.text
    assert [row.acr for row in fetch(app, sa.select(WebSession.acr).order_by(WebSession.id))] == [None, "totp", "passkey"]


def test_anothers_passkey_opens_nothing(anna: Browser, app: Flask, locked: str):
    viktors, theirs = Browser(app), Authenticator(number=b"his")
    viktors.log_in("viktors")
    add_passkey(viktors, theirs)
    add_passkey(anna, Authenticator())
    grow_old(app)
    page = anna.post("/verify", anna.get(locked).forms[-1].fields | {"begin": "1"})
    page = anna.post("/verify", page.forms[-1].fields | {"answer": theirs.sign(asked(page))})
    assert anna.status == 422 and "That was not right" in page.text


def test_a_means_that_the_site_does_not_count_is_not_taken(anna: Browser, app: Flask, locked: str):
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"strong": ("totp",)}))
    page = anna.get(locked)
    assert page.headings == ["Confirm your identity"] and "/profile/second-factor" in page.links, "how to get one"
    for typed in ({"old": PASSWORD}, {"answer": "x"}, {"code": "000000"}, {}):
        anna.post("/verify", {"csrf_token": page.forms[0].fields["csrf_token"], **typed})
        assert anna.status == 422
    app.extensions["ekabinets"] = held


def test_a_right_code_is_not_taken_where_only_a_passkey_counts(anna: Browser, app: Flask, locked: str):
    secret, _ = add_app(anna)
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"strong": ("passkey",)}))
    page = anna.get(locked)
    anna.post("/verify", {"csrf_token": page.forms[0].fields["csrf_token"], "code": code_of(secret, later(1))})
    app.extensions["ekabinets"] = held
    assert anna.status == 422 and len(fetch(app, sa.select(WebSession.id))) == 1


def test_guessing_there_is_paused(anna: Browser, app: Flask, locked: str):
    grow_old(app)
    page = anna.get(locked)
    for _ in range(10):
        anna.submit(page, "/verify", old="wrong")
    page = anna.submit(page, "/verify", old=PASSWORD)
    assert anna.status == 429 and "paused until" in page.text and anna.response.headers["Retry-After"]


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", ""])
def test_it_leads_nowhere_else(anna: Browser, app: Flask, locked: str, wanted: str):
    """ASVS 3.7.2."""
    page = anna.get("/verify", query_string={"next": wanted})
    anna.submit(page, "/verify", old=PASSWORD, next=wanted)
    assert anna.response.request.path.startswith("/properties/")


def test_nobody_is_sent_to_log_in_and_staff_are_refused(browser: Browser, app: Flask, locked: str):
    assert browser.client.get("/verify?next=/help").location.startswith("/login?next=/verify")
    assert browser.client.post("/verify", data=browser.get("/login").form("/login").fields).status_code == 401
    ilze = Browser(app)
    ilze.log_in("ilze")
    assert "signed in as staff" in ilze.get("/profile").text and ilze.status == 403


def test_a_remembered_session_stays_so(app: Flask, locked: str):
    anna = Browser(app)
    anna.log_in("anna", remember="1")
    grow_old(app)
    anna.submit(anna.get(locked), "/verify", old=PASSWORD)
    assert [row.remembered for row in fetch(app, sa.select(WebSession.remembered))] == [True, True]
