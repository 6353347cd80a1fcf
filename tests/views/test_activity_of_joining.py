"""Who was given access to a customer's data is told to everybody who has it (A10, I06)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from models import registrations
from models.audit import Actor
from models.registrations import Waiting, settle
from models.types import utc_now
from tests.browser import Browser
from tests.registering import add, printed
from tests.standing import fetch
from tests.views.test_activity import ACTIVITY, DATA, OWN, acts

GIVEN = "Access to the customer’s data given"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(site="daugavpils")


def asking(app: Flask, name: str, secret: str) -> Browser:
    """Somebody who adds Anna's property."""
    browser = Browser(app)
    browser.log_in(name)
    add(browser, "20417", secret)
    return browser


def test_who_joined_by_her_data_stands_among_the_others(app: Flask, anna: Browser):
    liga = asking(app, "liga", printed(app))
    settle(app.extensions["ekabinets"].database, utc_now())
    page = anna.get(ACTIVITY)
    assert acts(page) == [GIVEN] and "Līga Ozoliņa · user of the same customer code" in page.text
    assert acts(liga.get(OWN)) == [GIVEN, "Access to a property asked for", "Signed in"] and acts(anna.get(DATA)) == []


def test_who_was_let_in_by_staff_and_whose_account_they_opened_reads_of_it_too(app: Flask, anna: Browser):
    peteris, run = asking(app, "peteris", "wrong"), app.test_cli_runner().invoke
    ((number,),) = fetch(app, sa.select(Waiting.id))
    with app.extensions["ekabinets"].database.write() as session:
        both = registrations.customers(session, ["20417", "20418"])
        registrations.accept(session, Actor(5, "web"), session.get_one(Waiting, number), [*both.values()], utc_now())
    assert acts(anna.get(DATA)) == [GIVEN] and acts(peteris.get(DATA)) == [GIVEN, GIVEN] and acts(anna.get(ACTIVITY)) == []
    words = run(args=["users", "add", "berta", "Berta Lapa"]).output
    berta = Browser(app)
    berta.log_in("berta", words.strip().rpartition(" ")[2])
    assert fetch(app, sa.text("SELECT action FROM audit WHERE action = 'account.issued'"))
    assert "Change" in berta.get(DATA).text, "the issued password first"
