"""Colleagues who are named in a note find it until they have opened it (H04)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models.mentions import Mention
from models.people import User
from models.threads import ThreadNote
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.composing import ONE, rasa, send
from tests.standing import change, fetch, main
from tests.writing import nothing_written, write

__all__ = ["nothing_written"]
MENTIONS = "/staff/mentions"


@pytest.fixture
def ilze(app: Flask, anna: Browser, cast: Cast) -> Browser:
    """An agent at her desk, to whom Anna has written."""
    write(anna, cast, subject="The tap")
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def note(browser: Browser, body: str) -> str:
    """Write one; what the page says."""
    return main(send(browser, kind="note", body=body))


def test_who_is_named_finds_the_note_until_she_has_opened_it(app: Flask, ilze: Browser):
    colleague = rasa(app)
    note(ilze, "@Rasa, have you seen this?")
    page = colleague.get(MENTIONS)
    assert "have you seen this?" in main(page) and "Ilze Kļaviņa" in main(page) and f"{ONE}#notes-h" in page.links
    assert "have you seen this?" not in main(ilze.get(MENTIONS))
    ilze.get(ONE)
    assert "have you seen this?" in main(colleague.get(MENTIONS)), "whoever else opens it"
    colleague.get(ONE)
    assert "Nobody has mentioned you" in main(colleague.get(MENTIONS))


@pytest.mark.parametrize("name", ["@rasa", "@Rasa.Kalnina", "@RASA.KALNIŅA", "(no) @rasa, @rasa!", "@rasa.", "@rasa @ilze"])
def test_a_name_is_known_by_its_first_word_or_by_all_of_it_however_it_is_written(app: Flask, ilze: Browser, name: str):
    colleague = rasa(app)
    note(ilze, f"{name} look")
    assert "look" in main(colleague.get(MENTIONS))
    assert len(fetch(app, sa.select(Mention.user_id))) == 1, "and nobody tells herself"


def test_names_that_are_nobodys_are_said_and_the_note_is_kept_in_the_form(app: Flask, ilze: Browser):
    shown = note(ilze, "@rasa @Anna @x.y see")
    assert ilze.status == 422 and "Nobody of the staff is called @rasa, @Anna, @x.y" in shown and fetch(app, sa.select(ThreadNote.id)) == []
    rasa(app)
    change(app, sa.update(User).where(User.username == "rasa").values(disabled_at=utc_now()))
    assert "is called @rasa" in note(ilze, "@rasa see"), "nor who works here no more"


def test_a_first_name_of_two_is_nobodys(app: Flask, ilze: Browser):
    rasa(app)
    change(app, sa.update(User).where(User.username == "rasa").values(name="Ilze Bērziņa"))
    assert "is called @ilze" in note(ilze, "@ilze see")
    note(ilze, "@ilze.berzina see")
    assert len(fetch(app, sa.select(Mention.user_id))) == 1


def test_an_address_is_no_name(app: Flask, ilze: Browser):
    note(ilze, "She is at anna@example.com @ home.")
    assert ilze.status == 200 and len(fetch(app, sa.select(ThreadNote.id))) == 1
