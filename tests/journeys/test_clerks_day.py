"""A day at the desk: two agents and a resident at once, each in a window of her own (G01, G04, H01..H04; ux.md §6)."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from models.database import Database
from tests.journeys.person import Person
from tests.journeys.server import Server
from tests.journeys.test_keys import INBOX, clerk, press

pytestmark = pytest.mark.browser


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """What the server has, for a look from outside."""
    database = Database(server.database_url)
    yield database
    database.dispose()


def writes(anna: Person, text: str) -> None:
    """Anna writes again, in the conversation that is open."""
    anna.page.fill("#body", text)
    anna.page.click("form[action$='/replies'] .btn.full")
    expect(anna.page.locator(".msg.ok")).to_be_focused()


def begins(anna: Person) -> None:
    """Anna asks something that has to do with one of her flats."""
    anna.go("/messages/new?topic=other")
    anna.page.check("input[name=property] >> nth=0")
    anna.page.fill("#subject", "The stairs are dark")
    anna.page.fill("#body", "No lamp is lit on the third floor.")
    anna.page.click("form[action='/messages/new'] .btn.full")
    expect(anna.page.locator(".msg.ok")).to_be_focused()


def opens(one: Person) -> None:
    """One of the staff comes in and opens it from the list."""
    one.go(INBOX)
    one.page.click("text=The stairs are dark")
    expect(one.page.locator("h1")).to_have_text("The stairs are dark")


def is_asked(one: Person, newer: str, typed: str) -> None:
    """What came meanwhile stands before her, and nothing that she typed is lost."""
    expect(one.page.locator(".msg.warn[role=alert]")).to_be_focused()
    expect(one.page.locator("#thread")).to_contain_text(newer)
    expect(one.page.locator("#body")).to_have_value(typed)
    expect(one.page.locator("#send")).to_contain_text("I have read it: send anyway")


def test_a_day_of_two_clerks_and_a_resident(sit_down: Callable[..., Person], database: Database):
    anna = sit_down(who="anna")
    ilze, rasa = (clerk(sit_down("desktop"), database, *who) for who in (("ilze", "Ilze Kļaviņa"), ("rasa", "Rasa Kalniņa")))
    begins(anna)
    opens(ilze)
    opens(rasa)
    press(ilze, "KeyA")
    ilze.page.wait_for_url("**done=assigned**")
    rasa.page.check("#kind-note")
    rasa.page.fill("#body", "The electrician is in that house today, @ilze.")
    rasa.page.click("#send")
    expect(rasa.page.locator("#thread")).to_contain_text("The electrician is in that house today")
    ilze.page.fill("#body", "The electrician comes today.")
    writes(anna, "And it is dark on the fourth floor, too.")
    ilze.page.click("#send")
    is_asked(ilze, "And it is dark on the fourth floor, too.", "The electrician comes today.")
    ilze.page.fill("#body", "The electrician comes today, to both floors.")
    ilze.page.click("#send")
    expect(ilze.page.locator(".msg.ok")).to_be_focused()
    rasa.page.check("#kind-answer")
    rasa.page.fill("#body", "Somebody will come.")
    rasa.page.click("#send")
    is_asked(rasa, "to both floors", "Somebody will come.")
    ends(anna, ilze)


def ends(anna: Person, ilze: Person) -> None:
    """Anna reads the one answer and no note, and says that it is solved; it waits no more, and is found."""
    anna.page.reload()
    expect(anna.page.locator("main")).to_contain_text("The electrician comes today, to both floors.")
    for unseen in ("in that house", "Somebody will come", "@ilze"):
        expect(anna.page.locator("body")).not_to_contain_text(unseen)
    anna.page.click("button[value=solved]")
    expect(anna.page.locator(".msg.ok")).to_be_focused()
    ilze.go(f"{INBOX}?view=waiting")
    expect(ilze.page.locator("main")).not_to_contain_text("The stairs are dark")
    ilze.go("/staff/search?q=electrician")
    expect(ilze.page.locator("main")).to_contain_text("The stairs are dark")
    assert [one.overflow() for one in (anna, ilze)] == [0, 0]
