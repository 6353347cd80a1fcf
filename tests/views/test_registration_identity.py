"""Registration by a bank or eParaksts: who somebody is, is proved; the rest is an address, a password, a tick
(A07, A10; LG-03, OG-02, OG-08, OG-09, OG-12..18)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import Customer
from models.identities import Identity
from models.pending import Pending
from models.people import User
from models.sessions import WebSession
from models.tenures import Tenure
from models.types import TenureRole
from tests import letters as post
from tests import registering
from tests.auth.provider import set_up
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.registering import (
    ADD,
    BANK,
    GOOD,
    IDENTITY,
    MOBILE,
    NEW,
    begin,
    customers_of,
    in_billing,
    letters,
    printed,
    prove,
    queue,
)
from tests.standing import change, fetch

deliver, mailbox, arrive = post.deliver, post.mailbox, registering.arrive
NAME = "ANNA OZOLIŅA"


@pytest.fixture(autouse=True)
def providers(app: Flask) -> Iterator[None]:
    with set_up(app):
        yield


def count(app: Flask, table: type) -> int:
    return fetch(app, sa.select(sa.func.count()).select_from(table))[0][0]


def test_the_page_of_ways_has_the_buttons_and_says_who_may(browser: Browser) -> None:
    page = browser.get("/register")
    assert [form.action for form in page.forms if "/login/" in form.action] == [BANK, MOBILE, "/login/eparaksts/eid", "/login/eparaksts/card"]
    assert "owners of flats" in page.text and "New user" in page.text and "/register/code" not in page.links


def test_a_new_user_has_an_account_with_her_property_at_once(app: Flask, browser: Browser) -> None:
    in_billing(app)
    page = prove(browser)
    assert page.html.index(f'href="{IDENTITY}"') < page.html.index('action="/login/choose"') and "New user" in page.text
    page = browser.get(IDENTITY)
    assert NAME in page.text and "name" not in page.form(IDENTITY).fields
    page = begin(browser)
    assert browser.response.request.path == "/register/check-email" and "be…@example.lv" in page.text and NEW not in page.text
    page = browser.get("/properties/last")
    assert "Brīvības iela 12–34" in page.text and browser.response.request.path != "/first-visit"
    assert [tuple(row) for row in fetch(app, sa.select(WebSession.method))] == [("eparaksts",)]


def test_the_address_is_hers_when_she_has_opened_the_link_and_not_before(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    begin(browser)
    other = Browser(app)
    other.log_in(NEW, GOOD)
    assert other.status == 422
    assert arrive() == [NEW]
    path = link_in(mailbox, NEW)
    page = other.get(path)
    assert NAME in page.text, "whose account it is"
    page = other.submit(page, path)
    assert page.headings == ["Registration succeeded!"]
    other.log_in(NEW, GOOD)
    assert other.client.get("/profile").status_code == 200 and browser.client.get("/profile").status_code == 303, "it ended every session"


def test_the_page_tells_where_to_look_and_sends_the_letter_again(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    page = begin(browser)
    assert "spam folder" in page.text and "noreply@example.lv" in page.text
    arrive()
    change(app, sa.text("DELETE FROM mail"))
    browser.submit(page, "/profile/email/wanted", act="again")
    assert arrive() == [NEW]
    path = link_in(mailbox, NEW)
    page = browser.submit(browser.get(path), path)
    assert page.headings == ["Registration succeeded!"], "here too, where she is signed in"
    browser.get("/register/check-email")
    assert browser.response.request.path.startswith("/properties")


def test_somebody_elses_address_is_answered_alike_and_its_owner_is_told(app: Flask, browser: Browser, arrive) -> None:
    page = begin(browser, "anna@example.com")
    assert browser.response.request.path == "/register/check-email" and "an…@example.com" in page.text
    assert arrive() == ["anna@example.com"] and letters(app) == [("email_taken", "anna@example.com")]
    assert fetch(app, sa.select(User.email).where(User.name == NAME))[0].email is None


@pytest.mark.parametrize(("changed", "said"), [
    ({"email": ""}, "Enter your e-mail address"), ({"email": "x"}, "such as anna@example.com"), ({"password": "short"}, "the list shows what is missing"),
    ({"password": NAME.lower()}, "the list shows what is missing"), ({"password": NEW}, "the list shows what is missing"), ({"terms": ""}, "tick the box"),
    ({"email": "a\0@b.lv", "password": "\0" * 5000, "terms": ""}, "such as anna@example.com"),
])  # fmt: skip
def test_what_is_missing_is_told_beside_its_field_and_the_rest_is_kept(app: Flask, browser: Browser, changed: dict[str, str], said: str) -> None:
    page = begin(browser, **{"email": NEW} | changed)
    assert browser.status == 422 and said in page.text and count(app, Identity) == 0
    assert page.form(IDENTITY).fields["password"] == "" and ("email" in changed or page.form(IDENTITY).fields["email"] == NEW)
    browser.submit(page, IDENTITY, email=NEW, password=GOOD, terms="1")
    assert browser.response.request.path == "/register/check-email"


def test_sent_twice_and_after_going_back_it_is_one_account(app: Flask, browser: Browser) -> None:
    prove(browser)
    page = browser.get(IDENTITY)
    typed = {"email": NEW, "password": GOOD, "terms": "1"}
    for _ in range(3):
        browser.submit(page, IDENTITY, **typed)
        assert browser.status == 200 and count(app, Identity) == 1
    assert browser.client.get("/profile").status_code == 200


def test_two_windows_make_one_account_and_the_second_begins_anew(app: Flask, browser: Browser) -> None:
    other = Browser(app)
    prove(other, BANK)
    prove(browser, BANK)
    for one in (browser, other):
        one.submit(one.get(IDENTITY), IDENTITY, email=NEW, password=GOOD, terms="1")
    assert count(app, Identity) == 1 and other.response.request.path == "/login" and other.client.get("/profile").status_code == 303
    prove(other, BANK)
    assert other.client.get("/profile").status_code == 200, "the bank knows her now"


def test_who_has_proved_nothing_here_begins_at_the_beginning(app: Flask, browser: Browser) -> None:
    page = prove(Browser(app))
    browser.get(IDENTITY)
    assert browser.response.request.path == "/login"
    page = browser.post(IDENTITY, {"csrf_token": browser.get("/login").form("/login").fields["csrf_token"], "email": NEW, "password": GOOD, "terms": "1"})
    assert "begin again" in page.text and count(app, Identity) == 0


def test_a_site_that_takes_no_identities_for_registering_has_no_such_button(app: Flask, browser: Browser) -> None:
    held = app.extensions["ekabinets"]
    asked = held.site.registration.model_copy(update={"ways": ("code",)})
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"registration": asked}))
    browser.get("/register")
    page = browser.get("/login")
    answer = browser.client.post(MOBILE, data=next(form for form in page.forms if form.action == MOBILE).fields)
    page = browser.get(f"{MOBILE}/return", query_string=registering.choose(answer.headers["Location"]))
    assert IDENTITY not in page.links
    browser.get(IDENTITY)
    assert browser.response.request.path == "/login"


def test_who_is_not_found_by_her_code_adds_her_property_with_an_invoice(app: Flask, browser: Browser) -> None:
    page = begin(browser)
    assert "Add it with the customer code" in page.text and ADD in page.links and customers_of(app, name=NAME) == []
    registering.add(browser, "20417", printed(app))
    assert customers_of(app, name=NAME) == ["20417"]


@pytest.mark.parametrize(("role", "ends", "hers"), [
    (TenureRole.OWNER, None, True), (TenureRole.CO_OWNER, None, True), (TenureRole.TENANT, None, False), (TenureRole.OWNER, TODAY - timedelta(days=1), False), (TenureRole.OWNER, TODAY, True),
])  # fmt: skip
def test_only_owners_of_a_flat_register_where_the_operator_says_so(app: Flask, browser: Browser, role: TenureRole, ends: date | None, hers: bool) -> None:
    in_billing(app)
    annas = sa.select(Customer.id).where(Customer.code == "20417").scalar_subquery()
    change(app, sa.update(Tenure).where(Tenure.customer_id == annas).values(role=role, ends_on=ends))
    begin(browser)
    assert customers_of(app, name=NAME) == (["20417"] if hers else [])
    registering.add(browser, "20417", printed(app))
    assert customers_of(app, name=NAME) == (["20417"] if hers else []) and len(queue(app)) == (not hers)


def test_the_people_who_have_it_are_told_when_an_identity_claims_a_property(app: Flask, browser: Browser, arrive) -> None:
    in_billing(app)
    begin(browser)
    assert sorted(arrive()) == ["anna@example.com", NEW]


def test_after_her_account_is_closed_she_can_begin_anew(app: Flask, browser: Browser) -> None:
    begin(browser)
    close = "/profile/close-account"
    browser.submit(browser.get(close), close, old=GOOD)
    again = Browser(app)
    begin(again, "other@example.lv")
    assert again.response.request.path == "/register/check-email" and count(app, Identity) == 1


def test_too_many_accounts_of_one_person_wait(app: Flask, browser: Browser) -> None:
    for _ in range(10):
        begin(browser)
        change(app, sa.delete(Identity))
        browser = Browser(app)
    page = begin(browser)
    assert browser.status == 429 and "too many attempts" in page.text and page.form(IDENTITY).fields["email"] == NEW
    assert count(app, Pending) == 1, "what she has proved is not lost"


def test_every_step_is_in_the_audit_trail(app: Flask, browser: Browser) -> None:
    in_billing(app)
    begin(browser)
    number = fetch(app, sa.select(User.id).where(User.name == NAME))[0].id
    trail = [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.actor_user_id == number).order_by(AuditRow.id))]
    assert trail == ["account.registered", "identity.linked", "email.change_asked", "terms.accepted", "customers.claimed", "login.succeeded"]


def test_the_old_account_is_connected_instead_of_a_second_one(app: Flask, browser: Browser) -> None:
    page = prove(browser)
    browser.submit(page, "/login/choose", username="anna", password=PASSWORD)
    other = Browser(app)
    prove(other)
    assert other.client.get("/profile").status_code == 200 and fetch(app, sa.select(User.id).where(User.name == NAME)) == []
