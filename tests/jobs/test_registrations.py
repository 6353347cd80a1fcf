"""`flask registrations`: what the data do not prove, staff decide (A10; DD-06, DD-07, OG-05, OG-07)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from models.people import User
from models.registrations import Waiting, settle
from models.types import utc_now
from tests import letters as post
from tests import registering
from tests.browser import Browser
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.registering import GOOD, NEW, actions, add, customers_of, letters, printed, queue, register, user
from tests.standing import fetch

deliver, mailbox, arrive = post.deliver, post.mailbox, registering.arrive


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(site="daugavpils")


@pytest.fixture
def staff(app: Flask) -> Callable[..., Result]:
    """`flask registrations …`"""
    return lambda *words: app.test_cli_runner().invoke(args=["registrations", *words])


@pytest.fixture
def waiting(app: Flask) -> str:
    """Somebody without an account whose data match nothing; the number under which she waits."""
    browser = Browser(app, "ru")
    browser.submit(browser.get(registering.CODE), registering.CODE, code="20417", secret="wrong", email=NEW)
    return str(fetch(app, sa.select(Waiting.id))[0].id)


def test_the_queue_says_who_asks_for_what_since_when(app: Flask, staff, waiting: str) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "99999", "x")
    first, second = staff("list", "--purpose", "x").output.splitlines()
    assert first.startswith(f"{waiting} 20") and first.endswith(f" {NEW} asks for customer 20417")
    assert second.endswith(f" user {user(app, 'liga')} (Līga Ozoliņa) asks for customer 99999")
    assert "Data viewed" in liga.get("/activity?show=data").text


def test_who_is_accepted_gets_the_same_letter_as_who_was_right_at_once(app: Flask, staff, waiting: str, mailbox: Mailbox, arrive) -> None:
    outcome = staff("accept", waiting, "--customer", "20417", "--customer", "20418")
    assert outcome.output == "accepted\n" and queue(app) == []
    assert NEW in arrive() and mailbox.to(NEW)[0]["Subject"].startswith("Активация учётной записи"), "in her language"
    browser, path = Browser(app), link_in(mailbox, NEW)
    page = browser.submit(browser.get(path), path, password=GOOD)
    browser.submit(page, "/first-visit", terms="1")
    assert customers_of(app, email=NEW) == ["20417", "20418"]
    assert actions(app, "registration.%") == ["registration.asked", "registration.accepted"]


def test_who_was_signed_in_has_it_at_once_and_is_told(app: Flask, staff, mailbox: Mailbox, arrive) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "99999", "x")
    (number,) = (str(row.id) for row in fetch(app, sa.select(Waiting.id)))
    assert staff("accept", number, "--customer", "20418").exit_code == 0
    assert customers_of(app, username="liga") == ["20418"] and sorted(arrive()) == ["liga@example.com", "viktors@example.com"]
    assert "99999" in text(mailbox.to("liga@example.com")[0]), "the code that she typed"


def test_who_is_refused_reads_why_in_a_letter(app: Flask, staff, waiting: str, mailbox: Mailbox, arrive) -> None:
    assert staff("refuse", waiting, "--reason", "Договор на другое имя.").output == "refused\n"
    assert arrive() == [NEW] and "Договор на другое имя." in text(mailbox.letters[0]) and "Здравствуйте" in text(mailbox.letters[0])
    assert queue(app) == [] and actions(app, "registration.%")[-1] == "registration.refused"
    assert fetch(app, sa.select(User.id).where(User.email_wanted == NEW)) == []


def test_what_was_decided_is_decided(app: Flask, staff, waiting: str) -> None:
    staff("refuse", waiting, "--reason", "x")
    for words in (("accept", waiting, "--customer", "20417"), ("refuse", waiting, "--reason", "x"), ("refuse", "77", "--reason", "x")):
        outcome = staff(*words)
        assert outcome.exit_code == 1 and "nobody waits under the number" in outcome.output
    assert len(letters(app)) == 1 and staff("list", "--purpose", "x").output == ""


@pytest.mark.parametrize(("words", "said"), [
    (("accept", "1", "--customer", "77777"), "no customer has the code 77777"), (("accept", "1"), "--customer"), (("accept", "x", "--customer", "20417"), "not a valid integer"),
    (("refuse", "1", "--reason", " "), "a reason of 1 to 500"), (("refuse", "1", "--reason", "x" * 501), "a reason of 1 to 500"), (("refuse", "1"), "--reason"), (("accept", "9" * 30, "--customer", "20417"), "not in the range"),
])  # fmt: skip
def test_what_cannot_be_decided_is_one_sentence_and_changes_nothing(app: Flask, staff, waiting: str, words: tuple[str, ...], said: str) -> None:
    outcome = staff(*(waiting if word == "1" else word for word in words))
    assert outcome.exit_code != 0 and said in outcome.output and len(queue(app)) == 1 and letters(app) == []


def test_an_address_that_has_an_account_is_only_written_to(app: Flask, staff, arrive) -> None:
    register(Browser(app), "20418", "wrong", "anna@example.com")
    staff("accept", str(fetch(app, sa.select(Waiting.id))[0].id), "--customer", "20418")
    assert arrive() == ["anna@example.com"] and letters(app) == [("registration_known", "anna@example.com")]
    assert customers_of(app, username="anna") == ["20417"]


def test_nobody_who_has_been_disabled_since_gets_anything(app: Flask, staff) -> None:
    liga = Browser(app)
    liga.log_in("liga")
    add(liga, "20418", "x")
    app.test_cli_runner().invoke(args=["users", "disable", "liga"])
    staff("accept", str(fetch(app, sa.select(Waiting.id))[0].id), "--customer", "20418")
    assert customers_of(app, username="liga") == []


def test_the_worker_lets_each_in_once(app: Flask) -> None:
    held = app.extensions["ekabinets"]
    for number in range(3):
        register(Browser(app), "20417", printed(app), f"{number}@example.lv")
    assert settle(held.database, utc_now()) == 3 and settle(held.database, utc_now()) == 0
    assert sorted(kind for kind, _ in letters(app)).count("activation") == 3
