"""A clerk at her keyboard, in the Russian layout too; her draft and who else writes, in real windows (ux.md §6)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlmodel import col

from models import sessions
from models.composing import Composing
from models.database import Database
from models.people import User
from models.threads import Message, Thread
from models.types import Role, utc_now
from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser
INBOX, ONE = "/staff/inbox", "/staff/inbox/9001"
# As the layout of a clerk sends a key: the same place, another letter.
RUSSIAN = {"KeyJ": "о", "KeyK": "л", "KeyR": "к", "KeyN": "т", "KeyG": "п", "KeyI": "ш", "KeyC": "с", "KeyW": "ц", "Slash": "."}
_PRESS = """([code, key, shiftKey]) => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', {code, key, shiftKey, bubbles: true, cancelable: true}))"""


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """What the server has, for a look from outside; nobody has written anything."""
    database = Database(server.database_url)
    with database.write() as session:
        session.execute(sa.delete(Composing))
    yield database
    database.dispose()


def clerk(person: Person, database: Database, username: str, name: str) -> Person:
    """Sit down as one of the staff, who is signed in already."""
    with database.write() as session:
        user = session.scalars(sa.select(User).where(col(User.username) == username)).first()
        user = user or User(username=username, name=name, role=Role.AGENT)
        session.add(user)
        session.flush()
        login = sessions.Login("password", lifetime=timedelta(days=1))
        token = sessions.begin(session, user.id or 0, login, utc_now())
    person.context.add_cookies([{"name": "session", "value": token, "url": person.server.url}])
    return person


@pytest.fixture
def ilze(sit_down: Callable[..., Person], database: Database) -> Person:
    """An agent at her desk."""
    return clerk(sit_down("desktop"), database, "ilze", "Ilze Kļaviņa")


def press(person: Person, code: str, shift: bool = False, key: str = "") -> None:
    """A key by its place, in the Russian layout."""
    person.page.evaluate(_PRESS, [code, key or RUSSIAN.get(code, ""), shift])


def test_the_keys_work_by_their_place_whatever_the_layout_writes(ilze: Person):
    ilze.go(INBOX)
    expect(ilze.page).to_have_title(re.compile(r"^\(2\) Messages"))
    for code, focused in (("KeyJ", "9001"), ("KeyJ", "9002"), ("KeyK", "9001")):
        press(ilze, code)
        assert ilze.page.evaluate("document.activeElement.href").endswith(f"/{focused}?view=waiting#last")
    ilze.page.keyboard.press("Enter")
    ilze.page.wait_for_url(f"**{ONE}**#last")
    press(ilze, "KeyN")
    assert ilze.focus() == "textarea#body" and ilze.page.is_checked("#kind-note")
    press(ilze, "KeyR")
    assert ilze.page.is_checked("#kind-note"), "not while she writes"
    ilze.page.keyboard.press("Escape")
    press(ilze, "KeyR")
    assert ilze.focus() == "textarea#body" and ilze.page.is_checked("#kind-answer")
    ilze.page.keyboard.press("Escape")
    press(ilze, "Digit7", shift=True, key="?")
    assert ilze.page.get_attribute("#keys", "open") is not None and ilze.focus().startswith("summary")
    press(ilze, "KeyG")
    press(ilze, "KeyI")
    ilze.page.wait_for_url(f"**{INBOX}")


def test_g_and_a_letter_lead_to_the_desks_and_back_in_any_layout(ilze: Person):
    ilze.go(ONE)
    for code, where in (("KeyC", "/staff/customers"), ("KeyN", "/staff/notices"), ("KeyI", INBOX)):
        press(ilze, "KeyG")
        press(ilze, code)
        ilze.page.wait_for_url(f"**{where}")
        shown = ilze.page.locator("#keys").text_content() or ""
        assert all(keys in shown for keys in ("g i", "g c", "g n")) and ("take the conversation" in shown) is (where == INBOX)


def test_w_waits_for_the_customer_once_she_was_written_to(ilze: Person, database: Database):
    ilze.go(ONE)
    press(ilze, "KeyW")
    assert ilze.path() == ONE and ilze.page.locator("[data-key=KeyW]").count() == 0, "nothing was answered yet"
    with database.write() as session:
        session.add(Message(public_id="told", thread_id=9001, from_staff=True, author="Ilze", body="We come.", sent_at=utc_now()))
    ilze.go(ONE)
    press(ilze, "KeyW")
    expect(ilze.page.locator(".msg.ok")).to_contain_text("It waits for the customer now.")
    with database.write() as session:
        session.execute(sa.delete(Message).where(col(Message.public_id) == "told"))
        session.execute(sa.update(Thread).where(col(Thread.id) == 9001).values(state="open", due_at=utc_now()))


def test_the_second_escape_leads_back_to_the_list(ilze: Person):
    ilze.go(ONE)
    ilze.page.focus("#body")
    ilze.page.keyboard.press("Escape")
    assert ilze.path() == ONE
    ilze.page.keyboard.press("Escape")
    ilze.page.wait_for_url(f"**{INBOX}**waiting")


def test_keys_with_modifiers_are_the_browsers_and_all_can_be_switched_off(ilze: Person):
    ilze.go(ONE)
    ilze.page.keyboard.press("Alt+r")
    assert ilze.focus() != "textarea#body"
    ilze.page.click("#keys summary")
    ilze.page.click("#keys-switch")
    expect(ilze.page.locator("#keys-switch")).to_contain_text("Switch the keys on")
    ilze.go(ONE)
    press(ilze, "KeyR")
    assert ilze.focus() != "textarea#body"
    ilze.page.evaluate("localStorage.clear()")


def test_the_button_says_what_will_happen_and_a_note_looks_like_one(ilze: Person):
    ilze.go(ONE)
    send, box = ilze.page.locator("#send"), ilze.page.locator("#composer")
    expect(send).to_contain_text("Send the answer")
    before = box.evaluate("e => getComputedStyle(e).borderTopStyle")
    ilze.page.check("#kind-note")
    expect(send.get_by_text("Add the note")).to_be_visible()
    expect(send.get_by_text("Send the answer")).to_be_hidden()
    assert (before, box.evaluate("e => getComputedStyle(e).borderTopStyle")) == ("solid", "dashed")


def test_what_is_typed_is_kept_and_a_colleague_sees_who_writes(ilze: Person, sit_down: Callable[..., Person], database: Database):
    rasa = clerk(sit_down("phone"), database, "rasa", "Rasa Kalniņa")
    ilze.go(ONE)
    with ilze.page.expect_response(lambda answer: "/draft" in answer.url) as kept:
        ilze.page.type("#body", "We come")
    assert kept.value.status == 204
    assert ilze.page.input_value("#composing") == "1" and ilze.focus() == "textarea#body"
    rasa.go(ONE)
    expect(rasa.page.locator("#poll")).to_contain_text("Ilze Kļaviņa is writing here")
    assert rasa.overflow() == 0
    ilze.go(ONE)
    assert ilze.page.input_value("#body") == "We come"


def test_two_colons_lead_to_the_prepared_replies(ilze: Person):
    ilze.go(ONE)
    ilze.page.type("#body", "Hello ::")
    assert ilze.focus() == "select#canned" and ilze.page.input_value("#body") == "Hello "
    ilze.page.select_option("#canned", label="Greeting")
    ilze.page.click("text=Insert")
    expect(ilze.page.locator("#body")).to_have_value("Hello\n\nSveicināti!")


def test_an_answer_is_sent_by_keys(ilze: Person):
    ilze.go(ONE)
    ilze.page.check("#kind-note")
    ilze.page.fill("#body", "For colleagues.")
    ilze.page.keyboard.press("Control+Enter")
    expect(ilze.page.locator(".msg.ok")).to_be_focused()
    expect(ilze.page.locator("main")).to_contain_text("For colleagues.")
    ilze.page.check("#kind-answer")
    ilze.page.fill("#body", "We come tomorrow.")
    ilze.page.keyboard.press("Control+Shift+Enter")
    ilze.page.wait_for_url("**/9002**done=next**")
