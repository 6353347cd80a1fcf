"""Three panes: another conversation beside the same list, with its draft, its keys and the browser's own Back (ux.md UX3)."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models.composing import Composing
from models.database import Database
from models.threads import Thread
from tests.journeys.person import Person
from tests.journeys.server import Server
from tests.journeys.test_keys import INBOX, clerk, press

pytestmark = pytest.mark.browser


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """What the server has; both conversations wait, and nobody has written anything."""
    database = Database(server.database_url)
    with database.write() as session:
        session.execute(sa.delete(Composing))
        session.execute(sa.update(Thread).where(Thread.id.in_((9001, 9002))).values(state="open"))
    yield database
    database.dispose()


@pytest.fixture
def ilze(sit_down: Callable[..., Person], database: Database) -> Person:
    """An agent with a conversation open beside the list, which she will know again."""
    ilze = clerk(sit_down("desktop"), database, "ilze", "Ilze Kļaviņa")
    ilze.go(f"{INBOX}/9001?view=all")
    ilze.page.evaluate("document.querySelector('#list').dataset.same = '1'")
    return ilze


def choose(ilze: Person, number: int) -> None:
    """Click on a row of the list; it opens."""
    ilze.page.click(f"#list a[href*='/{number}?']")
    expect(ilze.page.locator("#thread .sub")).to_contain_text(f"No. {number}")
    expect(ilze.page.locator("#thread h1")).to_be_focused()


def test_another_conversation_opens_beside_the_same_list(ilze: Person):
    choose(ilze, 9002)
    assert ilze.page.evaluate("document.querySelector('#list').dataset.same") == "1", "the list is the one that was there"
    assert ilze.page.url.endswith(f"{INBOX}/9002?view=all#last") and ilze.page.title().startswith("Letter of viktors – ")
    assert ilze.focus() == "h1"
    expect(ilze.page.locator("#customer")).to_contain_text("Viktors Petrovs")
    marked = ilze.page.locator("#list [aria-current=true]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("Letter of viktors")
    assert ilze.page.get_attribute(".langs a[lang=ru]", "href") == f"{INBOX}/9002?view=all&lang=ru"
    assert ilze.page.locator("#thread").count() == ilze.page.locator("#customer").count() == 1


def test_back_is_the_conversation_before_and_reload_the_one_that_is_open(ilze: Person):
    choose(ilze, 9002)
    ilze.page.reload()
    expect(ilze.page.locator("h1")).to_have_text("Letter of viktors")
    ilze.page.go_back()
    expect(ilze.page.locator("h1")).to_have_text("Letter of anna")
    ilze.page.go_forward()
    expect(ilze.page.locator("h1")).to_have_text("Letter of viktors")


def test_what_was_typed_a_moment_before_is_there_again(ilze: Person):
    ilze.page.fill("#body", "We come at four.")
    with ilze.page.expect_response(lambda answer: "/9001/draft" in answer.url) as kept:
        choose(ilze, 9002)
    assert kept.value.status == 204 and ilze.page.input_value("#body") == "" == ilze.page.input_value("#composing")
    choose(ilze, 9001)
    expect(ilze.page.locator("#body")).to_have_value("We come at four.")
    expect(ilze.page.locator("#composer")).to_contain_text("This is your draft.")


def test_who_reads_the_other_one_is_seen_there(ilze: Person, sit_down: Callable[..., Person], database: Database):
    with ilze.page.expect_response(lambda answer: "/staff/poll?thread=9002" in answer.url):
        choose(ilze, 9002)
    rasa = clerk(sit_down("desktop"), database, "rasa", "Rasa Kalniņa")
    rasa.go(f"{INBOX}/9002?view=all")
    expect(rasa.page.locator("#poll")).to_contain_text("Ilze Kļaviņa has this open, too.")


def test_the_keys_are_those_of_the_conversation_that_is_open(ilze: Person):
    choose(ilze, 9002)
    press(ilze, "KeyN")
    assert ilze.focus() == "textarea#body" and ilze.page.is_checked("#kind-note")
    ilze.page.keyboard.press("Escape")
    ilze.page.click("#keys summary")
    ilze.page.click("#keys-switch")
    expect(ilze.page.locator("#keys-switch")).to_contain_text("Switch the keys on")
    choose(ilze, 9001)
    ilze.page.click("#keys summary")
    expect(ilze.page.locator("#keys-switch")).to_contain_text("Switch the keys on")
    ilze.page.click("#keys-switch")
    press(ilze, "KeyA")
    ilze.page.wait_for_url("**/9001**done=assigned**")


def test_a_prepared_reply_is_inserted_where_she_writes(ilze: Person):
    ilze.page.evaluate("document.querySelector('#thread').dataset.same = '1'")
    ilze.page.fill("#body", "Hello.")
    ilze.page.click("#composer button[name=insert] >> text=Greeting")
    expect(ilze.page.locator("#body")).to_have_value("Hello.\n\nSveicināti!")
    assert ilze.focus() == "textarea#body" and ilze.path() == f"{INBOX}/9001?view=all"
    assert ilze.page.evaluate("document.querySelector('#thread').dataset.same") == "1", "nothing else is drawn anew"
    ilze.page.click("#send")
    expect(ilze.page.locator(".msg.ok")).to_be_focused()
