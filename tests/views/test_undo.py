"""An answer can be taken back for a moment; then it is sent, whatever happens meanwhile (H09)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.composing import Composing, send_due
from models.threads import Thread
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.composing import INBOX, ONE, drafts, fields, pause, rasa, send
from tests.letters import deliver, mailbox
from tests.standing import change, fetch, main
from tests.writing import PDF, answer_to, nothing_written, parts, said, threads, write

__all__ = ["deliver", "mailbox", "nothing_written"]
UNDO = f"{ONE}/undo"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """As it is for staff: an answer can be taken back for 15 seconds."""
    return make_app(undo_seconds=15)


@pytest.fixture
def ilze(app: Flask, anna: Browser, cast: Cast) -> Browser:
    """An agent at her desk, to whom Anna has written."""
    write(anna, cast, subject="The tap")
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def time_goes_by(app: Flask) -> None:
    """The 15 seconds are over, and the worker looks."""
    change(app, sa.update(Composing).where(Composing.due_at.is_not(None)).values(due_at=utc_now() - timedelta(seconds=1)))
    work(app)


def work(app: Flask) -> None:
    """The worker looks."""
    held = app.extensions["ekabinets"]
    send_due(held.database, held.clock)


def test_an_answer_is_seen_by_staff_at_once_and_by_the_resident_when_it_can_be_taken_back_no_more(app: Flask, anna: Browser, ilze: Browser, deliver: Callable):
    page = send(ilze, files=parts({"plan.pdf": PDF}), resolve="1")
    assert "goes out in a few seconds. Until then you can take it back" in main(page) and "We come tomorrow." in main(page)
    assert "Goes out in a few seconds" in main(rasa(app).get(ONE)) and UNDO not in {form.action for form in rasa(app).get(ONE).forms}
    where = f"/messages/{threads(app)[0].public_id}"
    work(app)
    assert "We come" not in anna.get(where).html and said(app) == ["The tap drips."] and "anna@example.com" not in deliver() and threads(app)[0].state == "open"
    time_goes_by(app)
    assert "We come tomorrow." in main(anna.get(where)) and "plan.pdf" in main(anna.get(where)) and deliver() == ["anna@example.com"]
    assert threads(app)[0].state == "resolved" and drafts(app) == [] and "Goes out" not in main(ilze.get(ONE))
    time_goes_by(app)
    assert said(app) == ["The tap drips.", "We come tomorrow."], "once"


def test_what_is_taken_back_is_a_draft_with_its_files(app: Flask, ilze: Browser):
    page = send(ilze, files=parts({"plan.pdf": PDF}))
    back = ilze.submit(page, UNDO)
    assert "This is your draft" in main(back) and ">\nWe come tomorrow.</textarea>" in back.html and "plan.pdf" in main(back)
    time_goes_by(app)
    assert said(app) == ["The tap drips."]
    ilze.submit(page, UNDO)
    assert ilze.status == 409 and "already sent and cannot be taken back" in ilze.response.get_data(as_text=True), "not twice"


def test_what_was_sent_is_not_taken_back(app: Flask, ilze: Browser):
    page = send(ilze)
    time_goes_by(app)
    shown = ilze.submit(page, UNDO)
    assert ilze.status == 409 and "already sent" in main(shown) and said(app)[1:] == ["We come tomorrow."]


def test_from_the_next_conversation_the_last_answer_is_taken_back(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    for subject in ("The door", "The roof"):
        write(anna, cast, subject=subject)
    page = send(ilze, next="1")
    assert ilze.response.request.path == f"{INBOX}/2" and UNDO in {form.action for form in page.forms}
    send(ilze, f"{INBOX}/2", next="1")
    assert ilze.response.request.path == f"{INBOX}/3", "not back to what goes out in a moment"
    ilze.submit(page, UNDO)
    time_goes_by(app)
    assert said(app)[-1] == "We come tomorrow." and drafts(app) == [("We come tomorrow.", False)] and len(said(app)) == 4


def test_a_colleague_is_asked_before_she_answers_over_it(app: Flask, ilze: Browser):
    colleague = rasa(app)
    opened = fields(colleague)
    send(ilze)
    page = colleague.post(f"{ONE}/replies", opened | {"body": "We do not come."})
    assert colleague.status == 409 and "We come tomorrow." in main(page) and ">\nWe do not come.</textarea>" in page.html
    send(colleague, take="5", body="")
    assert "We come tomorrow." not in [text for text, _ in drafts(app)][1:], "nor is it hers to take"
    time_goes_by(app)
    assert said(app)[1:] == ["We come tomorrow."]


def test_what_another_tab_does_meanwhile_changes_nothing_of_it(app: Flask, ilze: Browser):
    other = fields(ilze)
    form = fields(ilze)
    ilze.post(f"{ONE}/replies", form | {"body": "We come tomorrow."})
    ilze.post(f"{ONE}/draft?auto=1", other | {"body": "Half a sen"})
    ilze.post(f"{ONE}/replies", other | {"discard": "1"})
    page = ilze.post(f"{ONE}/replies", other | {"body": "Something else."})
    assert ilze.status == 409 and ">\nSomething else.</textarea>" in page.html
    time_goes_by(app)
    assert said(app)[1:] == ["We come tomorrow."]


def test_a_reply_that_comes_meanwhile_opens_the_conversation_again(app: Flask, anna: Browser, ilze: Browser):
    send(ilze)
    answer_to(anna, f"/messages/{threads(app)[0].public_id}")
    time_goes_by(app)
    assert said(app) == ["The tap drips.", "It still drips.", "We come tomorrow."]


def test_an_answer_to_what_was_closed_meanwhile_is_a_draft_again(app: Flask, ilze: Browser):
    send(ilze)
    change(app, sa.update(Thread).values(state="closed", due_at=None))
    time_goes_by(app)
    assert said(app) == ["The tap drips."] and drafts(app) == [("We come tomorrow.", False)]
    assert ">\nWe come tomorrow.</textarea>" in ilze.get(ONE).html


def test_a_forged_form_does_not_stop_the_worker(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    write(anna, cast)
    send(ilze)
    send(ilze, f"{INBOX}/2")
    ((once,),) = fetch(app, sa.select(Composing.once).where(Composing.thread_id == 1))
    change(app, sa.update(Composing).values(once=once))
    time_goes_by(app)
    assert said(app)[2:] == ["We come tomorrow."] and drafts(app) == [("We come tomorrow.", False)]
    assert pause(ilze, "We come.", f"{INBOX}/2") == 204
