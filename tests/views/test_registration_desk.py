"""What the data do not prove, staff decide; who has no account begins by the letter (A10; DD-06, DD-07, OG-05, OG-07)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from models.people import User
from models.registrations import Waiting, settle
from models.types import Role, utc_now
from tests import letters as post
from tests import registering
from tests.browser import Browser
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.registering import GOOD, NEW, actions, add, customers_of, letters, printed, queue, register
from tests.standing import change, fetch, main

deliver, mailbox, arrive = post.deliver, post.mailbox, registering.arrive
QUEUE = "/staff/registrations"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(site="daugavpils")


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def decide(ilze: Browser, app: Flask, **typed: str) -> str:
    """Open what waits longest and press a button; what the page says then."""
    number = fetch(app, sa.select(sa.func.min(Waiting.id)))[0][0]
    return main(ilze.submit(ilze.get(f"{QUEUE}/{number}"), QUEUE, **typed))


@pytest.fixture
def waiting(app: Flask) -> None:
    """Somebody without an account whose data match nothing."""
    browser = Browser(app, "ru")
    browser.submit(browser.get(registering.CODE), registering.CODE, code="20417", secret="wrong", email=NEW)


@pytest.mark.usefixtures("waiting")
def test_who_is_accepted_gets_the_same_letter_as_who_was_right_at_once(app: Flask, ilze: Browser, mailbox: Mailbox, arrive) -> None:
    assert NEW in main(ilze.get(QUEUE)) and "Access was given" in decide(ilze, app, act="accept", codes="20417 20418") and queue(app) == []
    assert NEW in arrive() and mailbox.to(NEW)[0]["Subject"].startswith("Активация учётной записи"), "in her language"
    browser, path = Browser(app), link_in(mailbox, NEW)
    page = browser.submit(browser.get(path), path, password=GOOD)
    browser.submit(page, "/first-visit", terms="1")
    assert customers_of(app, email=NEW) == ["20417", "20418"]
    assert actions(app, "registration.%") == ["registration.asked", "registration.accepted"]


def test_who_was_signed_in_has_it_at_once_and_is_told(app: Flask, ilze: Browser, mailbox: Mailbox, arrive) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "99999", "x")
    decide(ilze, app, act="accept", codes="20418")
    assert customers_of(app, username="liga") == ["20418"] and sorted(arrive()) == ["liga@example.com", "viktors@example.com"]
    assert "99999" in text(mailbox.to("liga@example.com")[0]), "the code that she typed"


@pytest.mark.usefixtures("waiting")
def test_who_has_no_account_and_is_refused_reads_why_in_a_letter(app: Flask, ilze: Browser, mailbox: Mailbox, arrive) -> None:
    decide(ilze, app, act="refuse", reason="Договор на другое имя.")
    assert arrive() == [NEW] and "Договор на другое имя." in text(mailbox.letters[0]) and "Здравствуйте" in text(mailbox.letters[0])
    assert queue(app) == [] and actions(app, "registration.%")[-1] == "registration.refused"
    assert fetch(app, sa.select(User.id).where(User.email_wanted == NEW)) == []


def test_an_address_that_has_an_account_is_only_written_to(app: Flask, ilze: Browser, arrive) -> None:
    register(Browser(app), "20418", "wrong", "anna@example.com")
    decide(ilze, app, act="accept", codes="20418")
    assert arrive() == ["anna@example.com"] and letters(app) == [("registration_known", "anna@example.com")]
    assert customers_of(app, username="anna") == ["20417"]


def test_nobody_who_has_been_disabled_since_gets_anything(app: Flask, ilze: Browser) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "20418", "x")
    app.test_cli_runner().invoke(args=["users", "disable", "liga"])
    decide(ilze, app, act="accept", codes="20418")
    assert customers_of(app, username="liga") == []


def test_the_worker_lets_each_in_once(app: Flask) -> None:
    held = app.extensions["ekabinets"]
    for number in range(3):
        register(Browser(app), "20417", printed(app), f"{number}@example.lv")
    assert settle(held.database, utc_now()) == 3 and settle(held.database, utc_now()) == 0
    assert sorted(kind for kind, _ in letters(app)).count("activation") == 3
