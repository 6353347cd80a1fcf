"""Searches of staff: in conversations, and under a name (H05; ux.md §5.4)."""

from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from models import accounts, search
from models.audit import Actor
from models.people import User
from models.search import SavedSearch, ThreadText
from models.threads import Message, Thread
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.writing import answer_to, nothing_written, threads, write
from views.limits import limiter

__all__ = ["nothing_written"]
SEARCH, SAVED = "/staff/search", "/staff/search/saved"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def look(ilze: Browser, text: str, more: str = "") -> str:
    """What the page says of a search."""
    return main(ilze.get(f"{SEARCH}?q={quote(text)}{more}"))


def note(ilze: Browser, text: str) -> None:
    one = "/staff/inbox/1"
    ilze.submit(ilze.get(one), f"{one}/replies", kind="note", body=text)


def test_a_word_of_a_message_is_found_in_any_case_without_diacritics_and_in_most_endings(anna: Browser, ilze: Browser, cast: Cast):
    write(anna, cast, subject="Kitchen", body="Labdien! Karstā ūdens SKAITĪTĀJS rāda par daudz, lūdzu, nomainiet.")
    for typed in ("ūdens", "UDENS", "skaitītāju", "skait", "ūdens skaitītājs", "karsta  nomainit", "rāda"):
        page = look(ilze, typed)
        assert "Kitchen" in page and "Message: " in page, typed
    assert "Message: Labdien! Karstā ūdens SKAITĪTĀJS rāda par daudz, lūdzu, nomainiet." in look(ilze, "skaititajs")
    for typed in ("gāze", "ūdens gāze", "da", "aitītājs"):
        assert "Nothing was found" in look(ilze, typed) and "Kitchen" not in look(ilze, typed), typed


def test_a_cyrillic_word_and_an_answer_and_a_note_are_found(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="Kitchen", body="Счётчик сломан.")
    assert "Message: Счётчик сломан." in look(ilze, "счетчик") and "Kitchen" in look(ilze, "СЧЁТЧИКА")
    one = "/staff/inbox/1"
    ilze.submit(ilze.get(one), f"{one}/replies", body="Meistars brauks otrdien.")
    note(ilze, "Zvanīja divreiz, ļoti dusmīga.")
    assert "Message: Meistars brauks otrdien." in look(ilze, "meistars")
    assert "Note: Zvanīja divreiz, ļoti dusmīga." in look(ilze, "loti dusmigs")
    answer_to(anna, f"/messages/{threads(app)[0].public_id}", body="Paldies!")
    assert "Kitchen" in look(ilze, "paldies счетчик дusm".replace("д", "d"))


@pytest.mark.parametrize(("typed", "why"), [
    ("ozolina", "Customer: Anna Ozoliņa"), ("Anna Ozoliņa", "Customer: Anna Ozoliņa"), ("20417", "Customer code: 20417"),
    ("brivibas 12-34", "Address: Brīvības iela 12–34, Ogre"), ("kods 20417 tek", ""), ("12345678", "About: 12345678"), ("kitchen", "Subject: Kitchen"),
])  # fmt: skip
def test_who_where_and_what_about_are_found_and_said(anna: Browser, ilze: Browser, app: Flask, cast: Cast, typed: str, why: str):
    write(anna, cast, subject="Kitchen", body="Krāns tek.")
    change(app, sa.update(Thread).values(about=f"mid:{cast.cold}", about_name="12345678"))
    note(ilze, "x")
    page = look(ilze, typed)
    assert (why in page and "No. 1" in page) if why else "Nothing was found" in page


@pytest.mark.parametrize("typed", ["1", "No. 1", "no 1", "Nr. 1", "Nr.1", "№ 1", "#1", " 1 "])
def test_a_number_goes_straight_to_its_conversation(anna: Browser, ilze: Browser, cast: Cast, typed: str):
    write(anna, cast)
    answer = ilze.client.get(SEARCH, query_string={"q": typed})
    assert answer.status_code == 303 and answer.headers["Location"] == "/staff/inbox/1"
    assert ilze.client.get(SEARCH, query_string={"q": typed.replace("1", "77")}).status_code == 200


BAD = ('"', '"a', "a NEAR b", "NEAR(a b)", "a*", "*", "a OR b", "-a", "^a", "a:b", "folded:a", "(", "'", "\\", "a'::tsquery", "a & !b", "a:*", "%", "_", "\0", "a\0b",
       "." * 50, "😀", "x" * 10_000, "a " * 5000, "ž" * 300, "½", "１２", "١٢٣", "99999999999", "\u202e", "ﷺ", "e-mail", "--", "№")  # fmt: skip


def test_whatever_is_typed_is_answered(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    write(anna, cast, body="a b x")
    for typed in BAD:
        limiter.reset()
        for more in ({}, {"before": "x"}, {"before": "-1"}, {"before": "9" * 30}):
            assert ilze.client.get(SEARCH, query_string={"q": typed, **more}).status_code == 200, typed
    assert ilze.client.get(f"{SEARCH}?q=%FF%FE&q=b").status_code == 200 and "Nothing was found for “*”" in look(ilze, "*")
    assert "No. 1" in look(ilze, 'a "b" NEAR'.replace(" NEAR", "")) and "Nothing was found" not in main(ilze.get(SEARCH))


def crowd(app: Flask, many: int) -> None:
    """So many conversations with the same word."""
    with app.extensions["ekabinets"].database.write() as session:
        for number in range(1, many + 1):
            same = {"topic": "other", "language": "lv", "began_on": TODAY, "changed_at": utc_now(), "subject": f"Subject {number}."}
            session.execute(sa.insert(Thread).values(same | {"id": number, "public_id": f"t{number}", "latest_id": number}))
            session.execute(sa.insert(Message).values(id=number, public_id=f"m{number}", thread_id=number, body="ūdens", sent_at=utc_now()))
            search.keep(session, number)


def test_a_long_list_is_read_in_parts_the_latest_first(ilze: Browser, app: Flask, statements: list[str]):
    crowd(app, 52)
    statements.clear()
    page = ilze.get(f"{SEARCH}?q=udens")
    assert len([one for one in statements if "web_session" not in one]) <= 6
    assert "Subject 52." in main(page) and "Subject 2." not in main(page) and main(page).index("Subject 52.") < main(page).index("Subject 51.")
    older = next(link for link in page.links if "before=" in link)
    assert "Subject 2. " in main(ilze.get(older)) and "Subject 1. " in main(ilze.get(older)) and "Subject 3. " not in main(ilze.get(older))
    assert "There are no older messages." in look(ilze, "udens", "&before=0")


def test_a_rare_word_is_found_behind_many_later_conversations(ilze: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch):
    crowd(app, 3)
    change(app, sa.update(ThreadText).where(ThreadText.thread_id == 1).values(folded="zvirbu udens"))
    with app.extensions["ekabinets"].database.read() as connection:
        for name, text in search._FOUND.items():  # the window of PostgreSQL is smaller than this crowd
            monkeypatch.setitem(search._FOUND, name, sa.text(text.text.replace(f"LIMIT {search._LATEST}", "LIMIT 1")))
        assert [row.id for _, row in search.find(connection, [("zvirbu", True)], 99)] == [1]
        assert [row.id for _, row in search.find(connection, [("udens", True)], 99)] == [3, 2, 1]
        assert [row.id for _, row in search.find(connection, [("udens", True)], 3)] == [2, 1]


def test_a_conversation_that_goes_away_is_not_found(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="Kitchen")
    assert "Subject: Kitchen" in look(ilze, "kitchen")
    change(app, sa.delete(Message))
    change(app, sa.delete(Thread))
    assert fetch(app, sa.select(ThreadText.thread_id)) == [] and "Nothing was found" in look(ilze, "kitchen")


def test_who_closes_her_account_is_not_found_by_her_name(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="Kitchen")
    change(app, sa.update(Thread).values(customer_id=None))
    with app.extensions["ekabinets"].database.write() as session:
        search.keep(session, 1)
    assert "Who writes: Anna Ozoliņa" in look(ilze, "ozolina")
    with app.extensions["ekabinets"].database.write() as session:
        accounts.close(session, Actor(1, "web"), utc_now())
    assert "Nothing was found" in look(ilze, "ozolina") and "Subject: Kitchen" in look(ilze, "kitchen")


def kept(app: Flask) -> list[tuple[str, str]]:
    return [(row.name, row.text) for row in fetch(app, sa.select(SavedSearch.__table__).order_by(SavedSearch.name))]


def save(ilze: Browser, text: str, name: str) -> Page:
    """Keep a search by its form."""
    return ilze.submit(ilze.get(f"{SEARCH}?q={quote(text)}"), SAVED, name=name)


def test_a_search_is_kept_under_a_name_and_deleted(ilze: Browser, app: Flask):
    for text in ("ūdens", "ūdens & gāze"):
        save(ilze, text, " Water  late ")
    assert kept(app) == [("Water late", "ūdens & gāze")]
    page = ilze.get(SEARCH)
    assert "Water late" in main(page) and f"{SEARCH}?q=%C5%ABdens%20%26%20g%C4%81ze" in page.links
    ilze.submit(page, f"{SAVED}/drop")
    assert kept(app) == [] and "Water late" not in main(ilze.get(SEARCH))


@pytest.mark.parametrize("name", ["", " ", "x" * 61])
def test_a_kept_search_needs_a_name(ilze: Browser, app: Flask, name: str):
    page = save(ilze, "ūdens", name)
    assert ilze.status == 422 and "Write a name of at most 60 characters" in main(page) and kept(app) == []


def test_at_most_twenty_are_kept_and_each_has_her_own(ilze: Browser, app: Flask):
    for number in range(20):
        change(app, sa.insert(SavedSearch).values(user_id=5, name=f"n{number}", text="x"))
    page = save(ilze, "ūdens", "one more")
    assert ilze.status == 422 and "delete one first" in main(page) and len(kept(app)) == 20
    save(ilze, "ūdens", "n3")
    assert ilze.status == 200 and ("n3", "ūdens") in kept(app)
    change(app, sa.update(SavedSearch).values(user_id=1))
    for number in ("1", "x", "", "9" * 30, "²"):
        fields = ilze.get(f"{SEARCH}?q=x").form(SAVED).fields
        ilze.post(f"{SAVED}/drop", fields | {"number": number})
    assert len(kept(app)) == 20 and "n3" not in main(ilze.get(SEARCH)), "they are another's"


def test_administrators_and_residents_do_not_search_conversations(app: Flask, anna: Browser):
    assert anna.client.get(SEARCH).status_code == 404
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.ADMINISTRATOR))
    admin = Browser(app)
    admin.log_in("ilze")
    assert admin.client.get(SEARCH).status_code == 403


def test_searches_are_counted(ilze: Browser):
    answers = [ilze.client.get(f"{SEARCH}?q=x").status_code for _ in range(61)]
    assert answers[:60] == [200] * 60 and answers[60] == 429
