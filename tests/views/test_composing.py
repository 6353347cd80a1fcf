"""Staff write together: one form for answers and notes, drafts, who is there, what is new (H02, H04; ux.md §6)."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask

from models.composing import Composing
from models.sessions import WebSession
from models.threads import MessageDraft, Thread, ThreadNote
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.composing import HTMX, INBOX, ONE, away, drafts, fields, pause, poll, rasa, send
from tests.standing import change, fetch, main
from tests.writing import PDF, answer_to, nothing_written, parts, said, threads, write
from views.language import LANGUAGES

__all__ = ["nothing_written"]


@pytest.fixture
def ilze(app: Flask, anna: Browser, cast: Cast) -> Browser:
    """An agent at her desk, to whom Anna has written."""
    write(anna, cast, subject="The tap")
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def notes(app: Flask) -> list[str]:
    return [row.body for row in fetch(app, sa.select(ThreadNote.body).order_by(ThreadNote.id))]


def test_the_form_says_whether_it_is_an_answer_or_a_note(app: Flask, ilze: Browser):
    assert fields(ilze)["kind"] == "answer"
    send(ilze, kind="note", body="Ask the plumber.")
    assert (said(app), notes(app)) == (["The tap drips."], ["Ask the plumber."])
    form = fields(ilze)
    del form["kind"]
    ilze.post(f"{ONE}/replies", form | {"body": "We come."})
    assert said(app)[1:] == ["We come."], "without a word it is an answer"
    send(ilze, kind="both")
    assert ilze.status == 400 and len(said(app)) == 2 and len(notes(app)) == 1


def test_a_note_that_is_refused_stays_a_note(app: Flask, ilze: Browser):
    page = send(ilze, kind="note", files=parts({"plan.pdf": PDF}))
    assert ilze.status == 422 and "Notes take no files" in page.text and page.form(f"{ONE}/replies").fields["kind"] == "note"
    page = send(ilze, kind="note", body="x" * 5001)
    assert ilze.status == 422 and page.form(f"{ONE}/replies").fields["kind"] == "note" and notes(app) == []


def test_after_an_answer_the_next_one_that_waits_is_opened(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    write(anna, cast, subject="The door")
    page = send(ilze, next="1")
    assert ilze.response.request.path == f"{INBOX}/2" and "This is the next one that waits" in main(page) and "The door" in main(page)
    send(ilze, f"{INBOX}/2", next="1")
    assert ilze.response.request.path == f"{INBOX}/2" and "Nothing waits here" in main(ilze.get(INBOX))


def test_what_is_typed_is_kept_while_she_pauses_and_stands_there_when_she_comes_back(app: Flask, ilze: Browser):
    assert pause(ilze, "We co", kind="note") == 204 and drafts(app) == [("We co", True)]
    assert pause(ilze, "We come", kind="answer") == 204
    again = Browser(app)
    again.log_in("ilze")
    page = again.get(ONE)
    assert "This is your draft" in main(page) and ">\nWe come</textarea>" in page.html
    send(again, body="We come tomorrow.")
    assert drafts(app) == [] and said(app)[-1] == "We come tomorrow." and "This is your draft" not in main(again.get(ONE))


def test_a_draft_is_saved_and_thrown_away_by_buttons_without_a_script(app: Flask, ilze: Browser):
    page = send(ilze, keep="1", files=parts({"plan.pdf": PDF}))
    assert "The draft was saved. Nothing was sent." in main(page) and drafts(app) == [("We come tomorrow.", False)]
    assert "plan.pdf" in main(ilze.get(ONE)), "with its files"
    send(ilze, discard="1")
    assert drafts(app) == [] and "This is your draft" not in main(ilze.get(ONE)) and said(app) == ["The tap drips."]
    send(ilze, keep="1", body="")
    assert ilze.status == 200 and drafts(app) == []


@pytest.mark.parametrize("changed", [{}, {"seen": "0"}])
def test_what_is_refused_is_a_draft(app: Flask, ilze: Browser, changed: dict):
    page = send(ilze, **(changed or {"files": parts({"a.exe": b"MZ"})}))
    assert ilze.status in (409, 422) and drafts(app) == [("We come tomorrow.", False)] and said(app) == ["The tap drips."]
    assert ("I have read it: send anyway" in page.text) == (ilze.status == 409)
    assert ">\nWe come tomorrow.</textarea>" in ilze.get(ONE).html, "also when the page was closed"


def test_a_session_that_ended_loses_nothing(app: Flask, ilze: Browser):
    form = fields(ilze)
    pause(ilze, "We come tom")
    change(app, sa.update(WebSession).values(ended_at=utc_now()))
    page = ilze.post(f"{ONE}/replies", form | {"body": "We come tomorrow."})
    assert ilze.status == 401 and page.form(f"{ONE}/replies").fields["body"] == "We come tomorrow."
    ilze.log_in("ilze")
    assert ">\nWe come tom</textarea>" in ilze.get(ONE).html


def test_a_colleague_reads_a_draft_and_takes_it_over(app: Flask, ilze: Browser):
    colleague = rasa(app)
    send(ilze, keep="1", body="We come\non Monday.", files=parts({"plan.pdf": PDF}))
    page = colleague.get(ONE)
    assert "Draft of Ilze Kļaviņa" in main(page) and "on Monday." in main(page) and ">\n</textarea>" in page.html
    page = send(colleague, body="Good day!", take="5")
    assert "Good day!\n\nWe come\non Monday.</textarea>" in page.html.replace("\r", "") and "plan.pdf" in main(page) and "Draft of" not in main(page)
    assert drafts(app) == [("Good day!\n\nWe come\non Monday.", False)] and "This is your draft" not in main(ilze.get(ONE))
    send(colleague, body="Good day!", take="5")
    assert drafts(app) == [("Good day!", False)], "it is gone"
    for wrong in ("x", "9" * 30, "²"):
        send(colleague, body="Good day!", take=wrong)
        assert colleague.status == 200


def test_who_writes_is_seen_by_the_others_until_she_goes(app: Flask, ilze: Browser):
    colleague = rasa(app)
    poll(ilze)
    page = poll(colleague)
    assert "Ilze Kļaviņa has this open, too." in page.text
    poll(ilze, composing="1")
    assert re.search(r"Ilze Kļaviņa is writing here \(since \d\d:\d\d\)", poll(colleague).text)
    assert "Ilze Kļaviņa" in main(colleague.get(INBOX)), "there is a sign in the list"
    assert "Ilze" not in poll(ilze).text and "Ilze Kļaviņa has" not in main(ilze.get(INBOX)), "nobody sees herself"
    away(app)
    assert "Ilze" not in poll(colleague).text and main(colleague.get(INBOX)).count("Ilze") == 1


def test_who_goes_on_writing_has_begun_when_she_began(app: Flask, ilze: Browser):
    began = utc_now() - timedelta(seconds=50)
    poll(ilze, composing="1")
    change(app, sa.update(Composing).values(since=began))
    pause(ilze, "We come")
    poll(ilze, composing="1")
    assert fetch(app, sa.select(Composing.since))[0].since == began
    away(app)
    poll(ilze, composing="1")
    assert fetch(app, sa.select(Composing.since))[0].since > began, "she was away meanwhile"
    poll(ilze)
    assert fetch(app, sa.select(Composing.since))[0].since is None


def told(page: object) -> str:
    """What the page asks with next time."""
    return unquote(re.search(r'data-hx-post="/staff/poll\?([^"]*)"', page.html)[1].replace("&amp;", "&"))


def test_an_open_tab_is_told_once_what_is_new(app: Flask, anna: Browser, ilze: Browser):
    assert told(ilze.get(INBOX)) == "thread=0"
    page = poll(ilze, "thread=0")
    assert 'data-title="(1) Messages' in page.html and "new message" not in page.text
    asked = told(page)
    poll(ilze, asked)
    assert ilze.status == 204 and ilze.response.get_data() == b"", "nothing has changed"
    answer_to(anna, f"/messages/{threads(app)[0].public_id}")
    page = poll(ilze, asked)
    assert "1 new message – show" in page.text and 'id="live"' in page.html
    answer_to(anna, f"/messages/{threads(app)[0].public_id}")
    page = poll(ilze, told(page))
    assert "2 new messages – show" in page.text and 'id="live"' not in page.html, "aloud once a minute at most"
    asked = re.sub(r"said=\d+", "said=1", told(page))
    poll(ilze, asked)
    assert ilze.status == 204


def test_what_staff_answer_is_no_new_message_and_waits_no_more(app: Flask, ilze: Browser):
    asked = told(poll(ilze, "thread=0"))
    send(ilze)
    page = poll(ilze, asked)
    assert 'data-title="(0) Messages' in page.html and "new message" not in page.text


def test_a_poll_keeps_nobody_signed_in(app: Flask, ilze: Browser):
    long_ago = utc_now() - timedelta(minutes=20)
    form = fields(ilze)
    quiet = {"csrf_token": form["csrf_token"], "body": "x", "kind": "answer"}
    change(app, sa.update(WebSession).values(seen_at=long_ago))
    for path in ("/staff/poll?thread=1", "/staff/poll?thread=0", f"{ONE}/draft?auto=1"):
        ilze.post(path, quiet, headers=HTMX)
        assert ilze.status in (200, 204)
    assert {row.seen_at for row in fetch(app, sa.select(WebSession.seen_at))} == {long_ago}
    change(app, sa.update(WebSession).values(seen_at=utc_now() - timedelta(minutes=31)))
    ilze.post("/staff/poll?thread=1", quiet, headers=HTMX)
    assert ilze.status == 401 and ilze.response.headers["HX-Reswap"] == "outerHTML", "and asks no more"


@pytest.mark.parametrize("query", ["", "thread=x&since=²", "thread=" + "9" * 30, "thread=77", "thread=1&since=-1&said=a&fresh=%00&who=%00"])
def test_a_poll_that_no_page_of_ours_asks_is_answered(app: Flask, ilze: Browser, query: str):
    poll(ilze, query)
    assert ilze.status == 200 and {row.thread_id for row in fetch(app, sa.select(Composing.thread_id))} <= {1}


def test_a_poll_sends_two_statements_and_one_more_once_a_minute(app: Flask, ilze: Browser, statements: list[str]):
    token = fields(ilze)["csrf_token"]
    for query, seconds, count in (("thread=0", 0, 2), ("thread=1", 0, 3), ("thread=1", 44, 2), ("thread=1", 46, 3)):
        away(app, seconds)
        statements.clear()
        ilze.post(f"/staff/poll?{query}&since=1", {"csrf_token": token}, headers=HTMX)
        assert len(statements) == count, "that she is here"


def test_residents_know_nothing_of_it(app: Flask, anna: Browser, ilze: Browser):
    pause(ilze, "Between us.")
    where = f"/messages/{threads(app)[0].public_id}"
    assert "Between us" not in anna.get(where).html + anna.get("/messages").html
    token = anna.get(where).form("/logout").fields["csrf_token"]
    for path in ("/staff/poll?thread=1", f"{ONE}/draft", f"{ONE}/replies"):
        assert anna.client.post(path, data={"csrf_token": token}).status_code == 404


def test_a_draft_in_a_conversation_that_was_closed_meanwhile_is_kept(app: Flask, ilze: Browser):
    form = fields(ilze)
    change(app, sa.update(Thread).values(state="closed", due_at=None))
    page = ilze.post(f"{ONE}/replies", form | {"body": "We come tomorrow."})
    assert "This conversation is closed" in main(page) and ">\nWe come tomorrow.</textarea>" in page.html and drafts(app)
    assert page.form(f"{ONE}/replies").fields["kind"] == "note"


def test_strange_drafts_are_kept_as_far_as_they_can_be(app: Flask, ilze: Browser):
    for body, kept in (("x" * 6000, "x" * 5000), ("a\0b", "ab"), ("  ", None)):
        assert pause(ilze, body, once="x") == 204
        assert [text for text, _ in drafts(app)] == ([kept] if kept else [])
    assert fetch(app, sa.select(sa.func.count(MessageDraft.id)))[0][0] == 0


def test_what_only_staff_load_is_small(app: Flask, anna: Browser, ilze: Browser):
    assets = app.extensions["assets"]
    for name in ("staff.js", "staff.css"):
        assert len(assets.by_name[assets.url(name).rpartition("/")[2]].plain) <= 3072
        assert assets.url(name) in ilze.get(INBOX).html and assets.url(name) not in anna.get("/messages").html


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_much_is_new_has_its_plural(app: Flask, ilze: Browser, language: str):
    ilze.client.set_cookie("lang", language)
    words = {"lv": ("1 jauns ziņojums", "2 jauni ziņojumi", "0 jaunu"), "en": ("1 new message", "2 new messages", "-"), "ru": ("1 новое сообщение", "2 новых сообщения", "5 новых сообщений")}
    environment = app.extensions["languages"][language]
    template = environment.from_string("{{ ngettext('%(num)d new message', '%(num)d new messages', n) }} {{ ngettext('%(num)d new message – show', '%(num)d new messages – show', n) }}")
    said = [template.render(n=count) for count in (1, 2, 5 if language == "ru" else 0)]
    assert all(word in text or word == "-" for word, text in zip(words[language], said, strict=True)), said
