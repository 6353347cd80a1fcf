"""Forgotten and changed passwords (A04, A06; LU-10..12, LU-44, LU-45, LU-50..53, DD-20, DD-21)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.mail import Post
from models.audit import AuditRow
from models.outbox import Mail
from models.sessions import WebSession
from models.tokens import Token
from models.types import utc_now
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.mailserver import Mailbox, mail_server, text
from tests.standing import change, fetch
from views.language import LANGUAGES

NEW = "zaļa zāle aug lēnām 7"
PATH = "/profile/password"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def app(make_app: Callable[..., Flask], mailbox: Mailbox) -> Iterator[Flask]:
    with mail_server(mailbox) as port:
        yield make_app(session_hours=7, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="noreply@example.lv")


@pytest.fixture
def deliver(app: Flask) -> Callable[[], int]:
    def deliver() -> int:
        with app.app_context():
            return Post(app).send_due()

    return deliver


def ask(browser: Browser, name: str):
    return browser.submit(browser.get("/password/forgot"), "/password/forgot", username=name)


def link(mailbox: Mailbox) -> str:
    """The path in the newest letter."""
    return re.search(r"http://localhost(/password/reset/\S+)", text(mailbox.letters[-1]))[1]


def test_a_forgotten_password_is_replaced_by_a_link_in_a_letter(browser: Browser, app: Flask, mailbox: Mailbox, deliver):
    assert "/password/forgot" in browser.get("/login").links
    page = ask(browser, " Anna@Example.com ")
    assert "Look at your e-mail" in page.headings and browser.response.request.path == "/password/forgot/sent"
    assert deliver() == 1 and mailbox.letters[0]["To"] == "anna@example.com"
    path = link(mailbox)
    page = browser.submit(browser.get(path), path, password=NEW)
    assert browser.response.request.path.startswith("/properties/") and "Sign out" in page.text
    deliver()
    assert text(mailbox.letters[-1]).count("parole") and mailbox.letters[-1]["Subject"] == "Jūsu parole ir nomainīta"
    other = Browser(app)
    other.log_in("anna")
    assert other.status == 422, "the old one is gone"
    other.log_in("anna", NEW)
    assert other.status == 200


def test_a_link_opens_a_session_as_a_login_does(browser: Browser, app: Flask, mailbox: Mailbox, deliver):
    """It is noted, lasts as long as any, and ends that of whoever was logged in on this browser."""
    browser.log_in("viktors")
    stranger = browser.client.get_cookie("session").value
    ask(browser, "anna")
    deliver()
    browser.submit(browser.get(link(mailbox)), link(mailbox), password=NEW)
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))][-2:] == ["login.succeeded", "logout"]
    opened = fetch(app, sa.select(WebSession.created_at, WebSession.expires_at).order_by(WebSession.id.desc()))[0]
    assert opened.expires_at - opened.created_at == timedelta(hours=app.extensions["ekabinets"].settings.session_hours)
    browser.client.set_cookie("session", stranger)
    browser.get("/profile")
    assert browser.response.request.path == "/login"


def test_the_answer_is_the_same_for_people_whom_nobody_knows(browser: Browser, app: Flask, deliver):
    pages = {ask(browser, name).text for name in ("anna@example.com", "anna", "nobody@example.lv", "nobody", "=?utf-8?q?x?=@y.lv")}
    assert len(pages) == 1 and deliver() == 1, "Anna's, once"
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action == "password.reset_requested"))] == ["password.reset_requested"] * 5


@pytest.mark.parametrize("typed", ["", "   ", "a" * 255, "a\x00b"])
def test_what_can_be_no_name_is_asked_again(browser: Browser, typed: str):
    page = ask(browser, typed)
    assert browser.status == 422 and "Enter your e-mail address or username" in page.text


def test_every_bad_link_gets_the_same_page(browser: Browser, app: Flask, mailbox: Mailbox, deliver):
    ask(browser, "anna")
    deliver()
    path, pages = link(mailbox), set()
    for bad in ("/password/reset/x", path[:-1], path + "x", "/password/reset/" + "ž" * 50):
        pages.add(browser.get(bad).text)
        assert browser.status == 410
    change(app, sa.update(Token).values(expires_at=utc_now()))
    pages.add(browser.get(path).text)
    assert browser.status == 410 and len(pages) == 1 and "Send a new link" in pages.pop()


def test_opening_a_link_uses_nothing_up_and_sending_does(browser: Browser, app: Flask, mailbox: Mailbox, deliver):
    ask(browser, "anna")
    deliver()
    path = link(mailbox)
    form = browser.get(path)
    assert browser.get(path).headings == ["Set a new password"]
    browser.submit(form, path, password=NEW)
    other = Browser(app)
    assert "This link no longer works" in other.get(path).text and other.status == 410
    other.submit(form, path, password=NEW + "x")
    assert other.status == 400, "another browser's form"


@pytest.mark.parametrize(("password", "failed"), [
    ("short", ["At least"]), ("qwertyuiopasdfghjkl", ["Hard to guess"]), ("aaaaaaaaaaaaaaaaaaaa", ["Hard to guess"]),
    ("anna@example.com", ["Hard to guess", "Not your name"]), ("", ["At least", "Hard to guess", "Not your name"]), ("x" * 257, ["At least"]),
])  # fmt: skip
def test_a_new_password_that_breaks_a_rule_says_which(anna: Browser, app: Flask, password: str, failed: list[str]):
    page = anna.submit(anna.get(PATH), PATH, old=PASSWORD, password=password)
    assert anna.status == 422 and "Choose another password" in page.text
    if password:
        marked = re.findall(r"Not kept: ?([^○✕✓]*)", page.text)
        assert [words for words in failed if not any(words in said for said in marked)] == []
    assert password not in page.html or not password, "a password is never sent back"


def test_a_changed_password_ends_every_other_session_and_no_own(anna: Browser, app: Flask, mailbox: Mailbox, deliver):
    other = Browser(app)
    other.log_in("anna")
    page = anna.submit(anna.get(PATH), PATH, old=PASSWORD, password=NEW)
    assert anna.status == 200 and "Your password is changed." in page.text
    other.get("/profile")
    assert other.response.request.path == "/login"
    assert deliver() == 2 and [row.kind for row in fetch(app, sa.select(Mail.__table__))] == ["new_device", "password_changed"]


def test_the_current_password_is_asked_and_guessing_it_is_paused(anna: Browser):
    page = anna.submit(anna.get(PATH), PATH, old="", password=NEW)
    assert "Enter your current password" in page.text
    for _ in range(9):
        page = anna.submit(anna.get(PATH), PATH, old="wrong", password=NEW)
        assert anna.status == 422 and "This is not your current password" in page.text
    anna.submit(anna.get(PATH), PATH, old="wrong", password=NEW)
    page = anna.submit(anna.get(PATH), PATH, old=PASSWORD, password=NEW)
    assert anna.status == 429 and "paused until" in page.text


def test_the_rules_are_told_while_typing_and_nothing_is_stored(browser: Browser, app: Flask, mailbox: Mailbox, deliver):
    ask(browser, "anna")
    deliver()
    before = fetch(app, sa.select(sa.func.count()).select_from(AuditRow))
    fields = browser.get(link(mailbox)).form(link(mailbox)).fields
    page = browser.post("/password/check", fields | {"password": NEW}, headers={"HX-Request": "true"})
    assert page.text.count("Kept:") == 3 and "<html" not in page.html
    page = browser.post("/password/check", fields | {"password": "abc"}, headers={"HX-Request": "true"})
    assert page.text.count("Not kept:") == 2 and 'class="err-t"' in page.html
    assert fetch(app, sa.select(sa.func.count()).select_from(AuditRow)) == before


def test_the_advice_where_to_keep_a_password_stands_beside_it(anna: Browser):
    page = anna.get(PATH)
    assert "Keep it in a safe place" in page.text and "We never ask for it by phone or e-mail." in page.text


LEAST = {
    "lv": {8: "Vismaz 8 rakstzīmes", 20: "Vismaz 20 rakstzīmju", 21: "Vismaz 21 rakstzīme", 22: "Vismaz 22 rakstzīmes"},
    "en": {8: "At least 8 characters", 20: "At least 20 characters", 21: "At least 21 characters", 22: "At least 22 characters"},
    "ru": {8: "Не менее 8 знаков", 20: "Не менее 20 знаков", 21: "Не менее 21 знака", 22: "Не менее 22 знаков"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_least_length_has_its_plural(app: Flask, language: str):
    held, anna = app.extensions["ekabinets"], Browser(app, language)
    anna.log_in("anna")
    for least, words in LEAST[language].items():
        app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"password_min": least}))
        assert words in anna.get(PATH).text


def test_password_managers_find_the_page(browser: Browser):
    answer = browser.client.get("/.well-known/change-password")
    assert (answer.status_code, answer.location) == (302, "/profile/password")
