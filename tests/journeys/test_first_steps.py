"""The first steps of a new account in a real browser, on a phone, in three languages (A03, A11, A12)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models.database import Database
from models.people import User
from tests.cast import PASSWORD
from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser
WELCOME = {"lv": "Laipni lūdzam", "en": "Welcome", "ru": "Добро пожаловать"}


def renew(server: Server, name: str) -> None:
    """As if this person had never been here."""
    database = Database(server.database_url)
    with database.write() as session:
        session.execute(sa.update(User).where(User.username == name).values(password_issued=True, terms_version=0))
    database.dispose()


@pytest.mark.parametrize(("language", "name"), [("lv", "peteris"), ("en", "anna"), ("ru", "viktors")])
def test_somebody_new_chooses_a_password_says_how_to_be_reached_and_is_in(sit_down: Callable[..., Person], server: Server, language: str, name: str):
    renew(server, name)
    new = sit_down("phone", language)
    new.go("/login")
    for field, value in (("#username", name), ("#password", PASSWORD)):
        new.page.fill(field, value)
    new.page.click("main form [type=submit]")
    new.page.fill("#old", PASSWORD)
    new.page.fill("#password", "zaļa zāle aug lēnām 7")
    expect(new.page.locator("#rules .ok-t")).to_have_count(3)
    new.page.click("main form [type=submit]")
    expect(new.page.locator("h1")).to_have_text(WELCOME[language])
    new.page.fill("#phone", "12")
    new.page.check("#terms")
    new.page.click("main form [type=submit]")
    expect(new.page.locator("#phone")).to_be_focused()
    assert new.page.is_checked("#terms") and new.overflow() == 0
    new.page.fill("#phone", "2000 0000")
    new.page.click("main form [type=submit]")
    new.page.wait_for_url("**/properties/**")
