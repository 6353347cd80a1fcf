"""Prepared replies of staff: in the customer's language, filled in, counted, and whose they are (H03)."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from models.canned import CannedReply
from models.people import User
from models.threads import Message, Thread
from models.types import Role
from tests.browser import Browser
from tests.cast import Cast
from tests.composing import HTMX, ONE, drafts, fields, rasa, send
from tests.standing import change, fetch, main
from tests.writing import nothing_written, said, write

__all__ = ["nothing_written"]
REPLIES = "/staff/replies"


@pytest.fixture
def ilze(app: Flask, anna: Browser, cast: Cast) -> Browser:
    """An agent at her desk, to whom Anna has written."""
    write(anna, cast)
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def promote(app: Flask) -> None:
    """Ilze is a supervisor from now on."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))


def add(browser: Browser, **typed: str) -> int:
    """Prepare one; its number."""
    browser.submit(browser.get(REPLIES), REPLIES, **{"title": "Visit", **typed})
    assert "Saved." in browser.response.get_data(as_text=True)
    return fetch(browser.app, sa.select(sa.func.max(CannedReply.id)))[0][0]


def insert(browser: Browser, number: object, **more: str) -> str:
    """Press the button; what stands in the form then."""
    page = send(browser, insert="", canned=str(number), **{"body": "Hello.", **more})
    assert browser.status == 200
    return page.html.partition('<textarea id="body"')[2].partition("</textarea>")[0].partition(">\n")[2]


@pytest.mark.parametrize(("language", "text"), [("lv", "Rīt."), ("en", "Tomorrow."), ("ru", "Завтра.")])
def test_it_is_inserted_in_the_language_of_the_customer(app: Flask, ilze: Browser, language: str, text: str):
    number = add(ilze, lv="Rīt.", en="Tomorrow.", ru="Завтра.")
    change(app, sa.update(Thread).values(language=language))
    assert insert(ilze, number) == f"Hello.\n\n{text}" and drafts(app) == [(f"Hello.\n\n{text}", False)]
    assert insert(ilze, number, body="") == text
    assert said(app) == ["The tap drips."], "nothing is sent by that"


def test_names_in_braces_are_filled_in(app: Flask, ilze: Browser, cast: Cast):
    change(app, sa.update(Thread).values(language="lv", about=f"iid:{cast.invoice}", about_name="1"))
    number = add(ilze, lv="{client_code}|{address}|{period}|{amount}|{staff}")
    code, address, period, amount, staff = insert(ilze, number, body="").split("|")
    assert (code, staff) == ("20417", "Ilze Kļaviņa") and "Brīvības" in address and "gada" in period and "€" in amount


def test_what_has_no_value_is_left_to_be_filled_in_before_it_is_sent(app: Flask, ilze: Browser):
    text = insert(ilze, add(ilze, lv="{amount} {nonsense}", en="{amount} {nonsense}"))
    assert text.endswith("⟦amount⟧ ⟦nonsense⟧")
    page = send(ilze, body=text)
    assert ilze.status == 422 and "Fill in what stands in the double square brackets" in page.text and len(said(app)) == 1
    send(ilze, body="12,50 €")
    assert said(app)[-1] == "12,50 €"
    send(ilze, kind="note", body=text)
    assert ilze.status == 200, "a note may say so"


def test_what_is_used_most_stands_first_and_only_what_fits_is_offered(app: Flask, ilze: Browser):
    change(app, sa.delete(CannedReply))
    change(app, sa.update(Thread).values(language="en"))
    assert 'id="canned"' not in ilze.get(ONE).html
    numbers = [add(ilze, title=title, en="x") for title in ("A first", "B second")]
    add(ilze, title="Of a fault", topic="fault", en="x"), add(ilze, title="In Latvian", lv="x")
    insert(ilze, numbers[1])
    shown = main(ilze.get(ONE))
    assert shown.index("B second") < shown.index("A first") and "Of a fault" not in shown and "In Latvian" not in shown
    assert "used: 1" in main(ilze.get(REPLIES)) and "Of a fault" in main(ilze.get(REPLIES))


def test_the_five_that_are_used_most_for_its_topic_have_a_button(app: Flask, ilze: Browser):
    change(app, sa.delete(CannedReply))
    assert 'name="insert"' not in ilze.get(ONE).html
    change(app, sa.update(Thread).values(language="en"))
    numbers = [add(ilze, title=f"Reply {n}", en=f"Text {n}.") for n in range(7)]
    change(app, sa.update(CannedReply).values(uses=CannedReply.id - numbers[0]))
    change(app, sa.update(CannedReply).where(CannedReply.id == numbers[6]).values(topic="fault"))
    assert offered(ilze) == [*reversed(numbers[1:6])]
    page = send(ilze, insert=str(numbers[1]), canned=str(numbers[2]), body="Hello.")
    assert "Hello.\n\nText 1.</textarea>" in page.html and 'aria-invalid' not in page.html and len(said(app)) == 1
    change(app, sa.update(CannedReply).where(CannedReply.id == numbers[0]).values(uses=99))
    assert offered(ilze)[0] == numbers[0]


def offered(browser: Browser) -> list[int]:
    """The prepared replies that have a button of their own."""
    return [int(number) for number in re.findall(r'name="insert" value="(\d+)"', browser.get(ONE).html)]


def test_htmx_gets_the_form_without_the_list_and_without_another_heading(app: Flask, ilze: Browser):
    sent = fields(ilze) | {"insert": "1", "body": "Hello."}
    html = ilze.client.post(f"{ONE}/replies", data=sent, headers=HTMX).get_data(as_text=True)
    assert 'id="writing"' in html and "Hello.\n\nGood day!" in html
    assert 'id="list"' not in html and "<html" not in html and "<title>" not in html and "hx-swap-oob" not in html


def test_her_own_answer_becomes_a_prepared_reply(app: Flask, ilze: Browser):
    send(ilze, body="Dear Anna,\nwe come tomorrow.")
    link = next(link for link in ilze.get(ONE).links if link.startswith(f"{REPLIES}/from/"))
    assert "Anna" not in link and ilze.get(ONE).html.count(f"{REPLIES}/from/") == 1
    change(app, sa.update(Thread).values(language="ru"))
    page = ilze.get(link)
    assert "This was written to one customer" in page.text and re.search(r'lang="ru"[^>]*>\nDear Anna,\nwe come tomorrow.</textarea>', page.html)
    page = ilze.submit(page, REPLIES, title="", ru="Dear Anna")
    assert ilze.status == 422 and "This was written to one customer" in page.text and "Dear Anna" in page.html
    ilze.submit(page, REPLIES, title="Coming", ru="We come tomorrow.")
    assert [*fetch(app, sa.select(CannedReply.ru, CannedReply.user_id).where(CannedReply.title == "Coming"))] == [("We come tomorrow.", 5)]


def test_what_a_colleague_or_a_resident_wrote_is_nobodys_to_save(app: Flask, ilze: Browser):
    send(ilze)
    colleague = rasa(app)
    assert f"{REPLIES}/from/" not in colleague.get(ONE).html
    for (name,) in fetch(app, sa.select(Message.public_id)):
        assert colleague.client.get(f"{REPLIES}/from/{name}").status_code == 404
    assert ilze.client.get(f"{REPLIES}/from/nothing").status_code == 404


def test_a_colleague_does_not_see_what_is_hers(app: Flask, ilze: Browser):
    number = add(ilze, lv="x", en="x")
    colleague = rasa(app)
    assert "Visit" not in main(colleague.get(REPLIES)) and colleague.client.get(f"{REPLIES}/{number}").status_code == 404
    assert insert(colleague, number) == "Hello."
    token = fields(colleague)["csrf_token"]
    assert colleague.client.post(f"{REPLIES}/{number}", data={"csrf_token": token, "act": "delete"}).status_code == 404


def test_what_is_of_all_only_supervisors_change(app: Flask, ilze: Browser):
    page = ilze.get(f"{REPLIES}/1")
    assert "Supervisors change what is of all." in main(page) and f"{REPLIES}/1" not in {form.action for form in page.forms}
    sent = {"csrf_token": fields(ilze)["csrf_token"], "title": "Mine", "en": "x", "team": "1"}
    for act in ("save", "delete"):
        assert ilze.client.post(f"{REPLIES}/1", data=sent | {"act": act}).status_code == 403
    ilze.post(REPLIES, sent)
    assert [row.user_id for row in fetch(app, sa.select(CannedReply.user_id).where(CannedReply.title == "Mine"))] == [5], "an agent's is her own"
    promote(app)
    ilze.submit(ilze.get(f"{REPLIES}/1"), f"{REPLIES}/1", title="For everybody", en="Hello.", team="1")
    assert "For everybody" in main(rasa(app).get(REPLIES))
    assert "was deleted" in main(ilze.submit(ilze.get(f"{REPLIES}/1"), f"{REPLIES}/1", act="delete"))
    assert ilze.client.get(f"{REPLIES}/1").status_code == 404


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"title": " "}, "Enter a title"), ({"title": "x" * 81}, "Enter a title"), ({"title": "a\0"}, "Enter a title"), ({"en": ""}, "Write a text"),
    ({"en": "x" * 3001}, "Write a text"), ({"lv": "a\0"}, "Write a text"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(ilze: Browser, typed: dict, sentence: str):
    number = add(ilze, title="Good", en="Good.")
    for where in (REPLIES, f"{REPLIES}/{number}"):
        page = ilze.submit(ilze.get(where), where, **{"title": "Visit", "en": "Kept.", **typed})
        assert ilze.status == 422 and sentence in page.text and ("Kept." in page.html or "en" in typed)


def test_an_unknown_topic_or_number_is_none(app: Flask, ilze: Browser):
    number = add(ilze, en="x", topic="nonsense")
    assert [row.topic for row in fetch(app, sa.select(CannedReply.topic).where(CannedReply.id == number))] == [""]
    for wrong in ("", "x", "²", "9" * 30, "77"):
        assert insert(ilze, wrong) == "Hello."
