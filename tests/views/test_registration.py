"""Registration by the customer code, and adding premises by it (A07, B02; DD-05..11, DD-19, UD-06)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import CustomerUser
from models.people import User
from models.registrations import Waiting
from models.sessions import WebSession
from models.throttle import Throttle
from models.types import utc_now
from tests import letters as post
from tests import registering
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.keeping import purge
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.registering import (
    ADD,
    CODE,
    GOOD,
    NEW,
    actions,
    add,
    billed,
    customers_of,
    letters,
    printed,
    queue,
    register,
    user,
)
from tests.standing import change, fetch, main
from tests.views.test_words import LANGUAGES, spoken

deliver, mailbox, arrive = post.deliver, post.mailbox, registering.arrive


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(site="daugavpils")


def test_the_login_page_leads_to_the_ways_and_each_has_its_line(browser: Browser) -> None:
    page = browser.get("/login")
    assert "Not registered yet?" in page.text and "/register" in page.links
    page = browser.get("/register")
    assert CODE in page.links and "below your name" in page.text and "signed application" in page.text
    assert "mailto:mans@ddzksu.lv" in page.links and "ask the owner for an invitation" in page.text


def test_who_types_code_and_number_gets_a_link_with_which_the_account_opens(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    page = register(browser, " 20-417 ", f" {printed(app)} ", "Berta@Example.lv")
    assert browser.status == 200 and browser.response.request.path == "/register/sent" and "24 hours" in page.text
    assert NEW in arrive() and mailbox.to(NEW)[0]["Subject"] == "Account activation – Mans DDzKSU"
    path = link_in(mailbox, NEW)
    page = browser.submit(browser.get(path), path, password=GOOD)
    assert page.headings == ["Welcome"], "her contacts and the terms, once"
    browser.submit(page, "/first-visit", terms="1")
    assert browser.response.request.path.startswith("/properties/") and customers_of(app, email=NEW) == ["20417"]
    browser.get(path)
    assert browser.status == 410
    again = Browser(app)
    again.log_in(NEW, GOOD)
    assert again.client.get("/profile").status_code == 200


def test_before_the_link_is_used_nobody_has_the_address_and_no_password_opens_anything(app: Flask, browser: Browser, arrive) -> None:
    register(browser, "20417", printed(app))
    arrive()
    row = fetch(app, sa.select(User.email, User.email_wanted, User.password_hash).where(User.email_wanted == NEW))[0]
    assert tuple(row) == (None, NEW, None)
    browser.submit(browser.get("/password/forgot"), "/password/forgot", username=NEW)
    browser.log_in(NEW, "")
    assert "password_reset" not in dict(letters(app)) and browser.client.get("/profile").status_code == 303


def test_who_is_the_customer_already_is_told_and_so_is_the_address_of_the_billing_data(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    billed(app, "20417", email="billing@example.lv")
    register(browser, "20417", printed(app))
    assert sorted(arrive()) == sorted(["anna@example.com", "billing@example.lv", NEW])
    letter = text(mailbox.to("anna@example.com")[0])
    assert "20417" in letter and NEW not in letter


def outcome(app: Flask, code: str, secret: str, email: str, statements: list[str]) -> tuple:
    """What somebody can see and measure of one attempt."""
    browser = Browser(app)
    page = browser.get(CODE)
    statements.clear()
    answer = browser.client.post(CODE, data=page.form(CODE).fields | {"code": code, "secret": secret, "email": email})
    sent = [statement.partition(" ")[0] for statement in statements]
    return answer.status_code, answer.headers["Location"], {name for name, _ in answer.headers}, sent


def test_code_secret_and_address_that_exist_answer_as_those_that_do_not(app: Flask, statements: list[str]) -> None:
    right, former = printed(app), printed(app, ago=5)
    tries = [("20417", right, NEW), ("20417", right, "anna@example.com"), ("20417", former, "a@b.lv"), ("99999", right, "c@d.lv"), ("20417", "x", "anna@example.com")]
    seen = {repr(outcome(app, *typed, statements)) for typed in tries}
    assert len(seen) == 1, seen
    assert letters(app) == [], "whose address it is only the worker asks"


def test_an_account_that_is_there_gets_a_letter_and_nothing_else(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    before = fetch(app, sa.select(sa.func.count()).select_from(User))
    register(browser, "20418", printed(app, "20418"), "ANNA@example.com")
    assert arrive() == ["anna@example.com"] and "pievienojiet īpašumu" in text(mailbox.letters[0])
    assert customers_of(app, username="anna") == ["20417"] and fetch(app, sa.select(sa.func.count()).select_from(User)) == before


def test_an_account_that_staff_prepared_gets_its_invitation_and_keeps_its_customers(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    change(app, sa.update(User).where(User.username == "anna").values(password_hash=None, terms_version=0))
    register(browser, "20418", printed(app, "20418"), "anna@example.com")
    assert arrive() == ["anna@example.com"] and letters(app) == [("invitation", "anna@example.com")]
    assert customers_of(app, username="anna") == ["20417"]


def test_what_does_not_match_waits_once_and_without_the_secret(app: Flask, browser: Browser, arrive) -> None:
    for secret in ("no-such-number", "another"):
        register(browser, "20417", secret)
    register(browser, "55555", printed(app))
    assert queue(app) == [(NEW, None, "20417", None), (NEW, None, "55555", None)] and arrive() == []
    rows = repr(fetch(app, sa.select(Waiting.__table__))) + repr(fetch(app, sa.select(AuditRow.detail)))
    assert "no-such-number" not in rows and printed(app) not in rows
    register(browser, "20417", printed(app))
    assert NEW in arrive() and queue(app) == [(NEW, None, "55555", None)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digits_of_the_code_have_their_plural(app: Flask, language: str) -> None:
    held, somebody = app.extensions["ekabinets"], Browser(app, language)
    for digits, words in ((4, ("ir 4 cipari.", "has 4 digits.", "коде 4 цифры.")), (5, ("ir 5 cipari.", "has 5 digits.", "коде 5 цифр.")), (11, ("ir 11 ciparu.", "has 11 digits.", "коде 11 цифр."))):
        asked = held.site.registration.model_copy(update={"code_digits": digits})
        app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"registration": asked}))
        assert spoken(language, *words) in somebody.get(CODE).text


def test_what_nobody_decided_for_two_months_goes(app: Flask, browser: Browser) -> None:
    register(browser, "55555", "x")
    change(app, sa.update(Waiting).values(asked_at=utc_now() - timedelta(days=61)))
    register(browser, "20417", "x")
    purge(app)
    assert [row[2] for row in queue(app)] == ["20417"]


@pytest.mark.parametrize(("typed", "said"), [
    ({}, ["Enter the customer code", "Enter the number", "Enter your e-mail address"]), ({"code": "2041", "secret": "1", "email": NEW}, ["as it is on the invoice"]),
    ({"code": "20417", "secret": "1", "email": "berta"}, ["such as anna@example.com"]), ({"code": "20417", "secret": "1" * 300, "email": NEW}, ["Enter the number"]),
    ({"code": "2041\0", "secret": "\0", "email": "a\0@b.lv"}, ["Enter the customer code as", "Enter the number", "such as anna"]),
])  # fmt: skip
def test_what_can_be_nothing_is_told_beside_its_field_and_kept(app: Flask, browser: Browser, typed: dict[str, str], said: list[str]) -> None:
    page = browser.fill(browser.get(CODE), CODE, typed)
    assert browser.status == 422 and all(words in page.text for words in said) and queue(app) == []
    kept = page.form(CODE).fields
    assert [name for name, value in typed.items() if value.isprintable() and kept[name] != value[:254]] == []


@pytest.mark.parametrize("change_one", ["code", "email"])
def test_too_many_tries_for_one_code_or_by_one_address_wait_and_everybody_else_does_not(app: Flask, browser: Browser, change_one: str) -> None:
    for number in range(10):
        code, email = ("20417", f"{number}@example.lv") if change_one == "email" else (f"3000{number}", NEW)
        register(browser, code, "x", email)
        assert browser.status == 200, number
    page = register(browser, "20417", printed(app))
    assert browser.status == 429 and "too many attempts" in page.text and page.form(CODE).fields["code"] == "20417"
    register(browser, "20418", printed(app, "20418"), "other@example.lv")
    assert browser.status == 200


def test_a_network_that_tries_without_end_is_slowed(app: Flask, browser: Browser) -> None:
    change(app, sa.insert(Throttle).values(key="x", failures=0, last_failed_at=utc_now()))
    register(browser, "20417", "x")
    change(app, sa.update(Throttle).where(Throttle.key.startswith("address:")).values(failures=100, last_failed_at=utc_now()))
    register(browser, "20417", "x")
    register(browser, "20418", "x", "other@example.lv")
    assert browser.status == 429


def test_the_form_sent_twice_and_the_back_button_make_one_account(app: Flask, browser: Browser, arrive) -> None:
    page = browser.get(CODE)
    for _ in range(3):
        browser.submit(page, CODE, code="20417", secret=printed(app), email=NEW)
        arrive()
    assert len(fetch(app, sa.select(User.id).where(User.email_wanted == NEW))) == 1 and customers_of(app, email_wanted=NEW) == ["20417"]


def test_a_property_is_added_at_once_and_everybody_who_has_it_is_told(app: Flask, mailbox: Mailbox, arrive) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    page = liga.get("/properties")
    assert "No address is linked" in page.text and ADD in page.links
    page = add(liga, "20417", printed(app))
    assert "The property is added" in page.text and "Brīvības iela 12–34" in page.text and queue(app) == []
    assert sorted(arrive()) == ["anna@example.com", "liga@example.com"] and "Līga" not in text(mailbox.to("anna@example.com")[0])
    assert actions(app, "customers.%") == ["customers.joined"]
    add(liga, "20417", printed(app))
    assert arrive() == [] and actions(app, "customers.%") == ["customers.joined"], "twice is once"


@pytest.mark.parametrize(("code", "secret"), [("20417", "wrong"), ("99999", "wrong"), ("10001", "2026-1")])
def test_whatever_does_not_match_is_one_sentence_and_waits_for_staff(app: Flask, code: str, secret: str) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    page = add(liga, code, secret)
    assert liga.status == 200 and "do not match yet" in main(page) and customers_of(app, username="liga") == []
    assert queue(app) == [(None, user(app, "liga"), code, None)]


def test_inside_tries_are_counted_for_the_code_too_whoever_makes_them(app: Flask) -> None:
    for name in ("liga", "peteris"):
        browser = Browser(app)
        browser.log_in(name)
        statuses = [add(browser, "20418", "x") and browser.status for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    assert add(browser, "20417", printed(app)) and browser.status == 200


def test_a_closed_account_takes_what_it_asked_for_with_it(app: Flask) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "20417", "wrong")
    close = "/profile/close-account"
    liga.submit(liga.get(close), close, old=PASSWORD)
    assert queue(app) == [] and fetch(app, sa.select(WebSession.id)) == [] and len(fetch(app, sa.select(CustomerUser.user_id))) == 3


def test_a_site_without_registration_offers_only_the_desk(app: Flask) -> None:
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"registration": None}))
    liga = Browser(app)
    assert CODE not in liga.get("/register").links
    liga.get(CODE)
    assert liga.response.request.path == "/register"
    liga.log_in("liga")
    assert ADD not in liga.get("/properties").links
    liga.get(ADD)
    assert liga.response.request.path == "/register"
