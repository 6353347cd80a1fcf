"""Nobody prepares an account in which a victim later moves in: the five ways of "pre-hijacking" (Sudhodanan and
Paverd, USENIX Security 2022), each tried by the real door (security rule 4)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from models.people import User
from tests import letters as post
from tests import registering
from tests.auth.provider import ANNA, PEOPLE, set_up
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.registering import (
    BANK,
    GOOD,
    MOBILE,
    NEW,
    begin,
    customers_of,
    in_billing,
    letters,
    printed,
    prove,
    register,
)
from tests.standing import fetch

deliver, mailbox, arrive = post.deliver, post.mailbox, registering.arrive


@pytest.fixture(autouse=True)
def providers(app: Flask) -> Iterator[None]:
    """A site that takes customer codes and identities."""
    with set_up(app):
        held = app.extensions["ekabinets"]
        asked = held.site.registration.model_copy(update={"ways": ("identity", "code")})
        app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"registration": asked}))
        yield


def activate(browser: Browser, path: str) -> None:
    """Use the link of a letter and go on to the portal."""
    page = browser.submit(browser.get(path), path, password=GOOD)
    if page.headings == ["Welcome"]:
        browser.submit(page, "/first-visit", terms="1")


def is_in(browser: Browser) -> bool:
    return browser.client.get("/profile").status_code == 200


def test_classic_federated_merge_an_account_begun_for_her_address_is_not_joined_with_her_identity(app: Flask, browser: Browser, mailbox: Mailbox, arrive) -> None:
    in_billing(app)
    register(Browser(app), "20418", printed(app, "20418"))  # he has an invoice of his own
    arrive()
    his = link_in(mailbox, NEW)
    begin(browser)  # she comes by eParaksts, with her own address
    arrive()
    assert customers_of(app, name="ANNA OZOLIŅA") == ["20417"]
    hers = link_in(mailbox, NEW)
    browser.submit(browser.get(hers), hers)
    again = Browser(app)
    again.log_in(NEW, GOOD)
    assert "Brīvības iela 12–34" in (page := again.get("/properties")).text and "12–35" not in page.text
    stale = Browser(app)
    stale.post(his, stale.get(his).form(his).fields | {"password": "cits garš teikums 12"})
    assert stale.status == 410 and not is_in(stale), "what was begun for her address is nobody's"


def test_unexpired_session_a_session_from_before_the_address_was_hers_ends_with_it(app: Flask, mailbox: Mailbox, arrive) -> None:
    attacker, victim = Browser(app), Browser(app)
    begin(attacker, at=BANK)
    arrive()
    path = link_in(mailbox, NEW)
    assert is_in(attacker)
    page = victim.get(path)
    assert "If that is not you, do not confirm it" in page.text and "ANNA OZOLIŅA" in page.text
    victim.submit(page, path)
    assert not is_in(attacker)


def test_trojan_identifier_his_bank_opens_nothing_of_hers_whatever_address_he_typed(app: Flask, mailbox: Mailbox, arrive) -> None:
    attacker, victim = Browser(app), Browser(app)
    begin(attacker, at=BANK)
    arrive()
    victim.submit(victim.get("/password/forgot"), "/password/forgot", username=NEW)
    assert arrive() == [], "nobody has this address yet"
    register(victim, "20417", printed(app))
    arrive()
    activate(victim, link_in(mailbox, NEW))
    assert is_in(victim) and customers_of(app, email=NEW) == ["20417"]
    again = Browser(app)
    prove(again, BANK)
    assert is_in(again) and "No address is linked" in again.get("/properties").text


def test_unexpired_e_mail_change_a_link_to_her_address_is_dead_once_it_is_hers(app: Flask, mailbox: Mailbox, arrive) -> None:
    attacker, victim = Browser(app), Browser(app)
    attacker.log_in("viktors")
    attacker.submit(attacker.get("/profile/email"), "/profile/email", email=NEW, old=PASSWORD)
    arrive()
    his = link_in(mailbox, NEW)
    register(victim, "20417", printed(app))
    arrive()
    activate(victim, link_in(mailbox, NEW))
    token = attacker.get("/profile").forms[0].fields["csrf_token"]
    attacker.post(his, {"csrf_token": token})
    assert attacker.status == 410
    assert fetch(app, sa.select(User.email).where(User.username == "viktors"))[0].email == "viktors@example.com"
    assert customers_of(app, email=NEW) == ["20417"]


def test_non_verifying_provider_the_address_that_a_provider_names_opens_nobodys_account(app: Flask, monkeypatch: pytest.MonkeyPatch, arrive) -> None:
    monkeypatch.setitem(PEOPLE[ANNA], "email", "viktors@example.com")
    monkeypatch.setitem(PEOPLE[ANNA], "email_verified", True)
    for at in (BANK, MOBILE):
        attacker = Browser(app)
        page = prove(attacker, at)
        assert attacker.response.request.path == "/login/choose" and "viktors" not in page.html
    begin(attacker, "viktors@example.com")
    assert arrive() == ["viktors@example.com"] and letters(app) == [("email_taken", "viktors@example.com")]
    assert customers_of(app, username="viktors") == ["20418"] and customers_of(app, name="ANNA OZOLIŅA") == []


def test_what_was_begun_and_never_entered_begins_anew_for_the_next_who_proves_a_code(app: Flask, mailbox: Mailbox, arrive) -> None:
    """He begins for her address with his own invoice: what she enters later has nothing of it."""
    register(Browser(app), "20418", printed(app, "20418"))
    arrive()
    his = link_in(mailbox, NEW)
    register(Browser(app), "20417", printed(app))
    arrive()
    victim = Browser(app)
    victim.get(his)
    assert victim.status == 410
    activate(victim, link_in(mailbox, NEW))
    assert customers_of(app, email=NEW) == ["20417"] and len(fetch(app, sa.select(User.id).where(User.email == NEW))) == 1
