"""The inbox of staff: what waits, answers, notes for colleagues (G01, G04, H02, H04, H06; security rule 18)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.people import User
from models.threads import Message, Thread, ThreadNote
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.letters import deliver, mailbox
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from tests.writing import PDF, answer_to, nothing_written, parts, said, threads, write

__all__ = ["deliver", "mailbox", "nothing_written"]
INBOX, ONE = "/staff/inbox", "/staff/inbox/1"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def send(ilze: Browser, page: Page | None = None, **changed: object) -> Page:
    """Answer from a page that was opened, else from a fresh one."""
    fields = (page or ilze.get(ONE)).form(f"{ONE}/replies").fields
    return ilze.post(f"{ONE}/replies", fields | {"body": "We come tomorrow."} | changed)


def where(app: Flask) -> str:
    """The conversation as its resident opens it."""
    return f"/messages/{threads(app)[0].public_id}"


def test_the_queue_has_first_what_is_due_first_and_then_what_is_late(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="Kitchen")
    write(anna, cast, "fault", subject="No water")
    page = main(ilze.get(INBOX))
    assert page.index("No water") < page.index("Kitchen") and "Late" not in page
    change(app, sa.update(Thread).where(Thread.id == 1).values(due_at=utc_now() - timedelta(days=400)))
    page = main(ilze.get(INBOX))
    assert page.index("Kitchen") < page.index("No water") and page.count("Late") == 1
    send(ilze)
    assert "Kitchen" not in main(ilze.get(INBOX)) and "Kitchen" in main(ilze.get(f"{INBOX}?view=all"))


def test_a_long_queue_and_a_long_list_are_read_in_parts(ilze: Browser, app: Flask):
    for number in range(1, 53):
        same = {"id": number, "topic": "other", "language": "lv", "latest_id": number, "began_on": utc_now().date(), "subject": f"Subject {number}."}
        change(app, sa.insert(Thread).values(same | {"public_id": f"t{number}", "changed_at": utc_now(), "due_at": utc_now()}))
        change(app, sa.insert(Message).values(id=number, public_id=f"m{number}", thread_id=number, body="x", sent_at=utc_now()))
    waiting = ilze.get(INBOX)
    assert "Subject 50." in main(waiting) and "Subject 51." not in main(waiting)
    more = main(ilze.get(next(link for link in waiting.links if "after=" in link)))
    assert "Subject 51. " in more and "Subject 52. " in more and "Subject 50. " not in more and "The beginning" in more
    page = ilze.get(f"{INBOX}?view=all")
    assert "Subject 52." in main(page) and "Subject 2." not in main(page)
    older = next(link for link in page.links if "after=" in link)
    assert "Subject 2. " in main(ilze.get(older)) and "Subject 1. " in main(ilze.get(older)) and "Subject 3. " not in main(ilze.get(older))
    for wrong in ("x", "-1", "9" * 30, "9" * 16 + "-" + "9" * 9, "%00", "²-1"):
        assert {ilze.client.get(f"{INBOX}?view={view}&after={wrong}").status_code for view in ("all", "mine", "x")} == {200}


def test_an_answer_is_read_by_the_resident_and_a_letter_tells_of_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    write(anna, cast, subject="The tap")
    page = send(ilze, files=parts({"plan.pdf": PDF}))
    assert "The answer was sent" in main(page) and "Answered" in main(page)
    assert deliver() == ["anna@example.com"] and "We come tomorrow" not in text(mailbox.letters[0])
    read = anna.get(where(app))
    assert "We come tomorrow." in main(read) and "plan.pdf" in main(read) and "Ilze" not in main(read)
    assert threads(app)[0].state == "answered"
    assert [row.actor_user_id for row in fetch(app, sa.select(AuditRow.actor_user_id).where(AuditRow.action == "thread.answered"))] == [5]
    answer_to(anna, where(app))
    send(ilze, resolve="1")
    assert deliver() == ["anna@example.com"] and threads(app)[0].state == "resolved", "nobody of the staff is written to"


def test_what_came_meanwhile_is_shown_first_and_what_was_typed_is_kept(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    opened = ilze.get(ONE)
    answer_to(anna, where(app), body="Now it is a flood.")
    page = send(ilze, opened, files=parts({"plan.pdf": PDF}))
    assert ilze.status == 409 and "Now it is a flood." in main(page) and "was not sent" in main(page)
    assert "We come tomorrow." in main(page) and "plan.pdf" in main(page) and said(app) == ["The tap drips.", "Now it is a flood."]
    ilze.submit(page, f"{ONE}/replies", body="We come tomorrow.")
    assert said(app)[-1] == "We come tomorrow." and "plan.pdf" in main(anna.get(where(app)))


def test_of_two_clerks_the_second_is_asked(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    opened = ilze.get(ONE)
    send(ilze)
    send(ilze, opened, body="Somebody else says this.")
    assert ilze.status == 409 and said(app) == ["The tap drips.", "We come tomorrow."]
    opened.form(f"{ONE}/replies").fields["seen"] = "x"
    send(ilze, opened)
    assert ilze.status == 409, "a form without what was seen has seen nothing"


def test_an_answer_that_is_sent_twice_is_one(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    page = ilze.get(ONE)
    for _ in range(2):
        assert "The answer was sent" in main(send(ilze, page))
    assert said(app) == ["The tap drips.", "We come tomorrow."]
    page = send(ilze, page, body="Something else.")
    assert ilze.status == 409 and "sent before, with other words" in main(page) and len(said(app)) == 2


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"body": " "}, "Write your message"), ({"body": "x" * 5001}, "Shorten the message"), ({"name": "a.exe"}, "a.exe"),
])  # fmt: skip
def test_what_is_wrong_with_an_answer_is_said_and_nothing_is_sent(anna: Browser, ilze: Browser, app: Flask, cast: Cast, changed: dict, sentence: str):
    write(anna, cast)
    sent = {"files": parts({changed["name"]: b"MZ"})} if "name" in changed else changed
    page = send(ilze, **sent)
    assert ilze.status == 422 and sentence in page.text and said(app) == ["The tap drips."]


def test_a_note_is_for_colleagues_alone(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    page = ilze.submit(ilze.get(ONE), f"{ONE}/replies", kind="note", body="She has called twice.")
    assert "She has called twice." in main(page) and "Ilze Kļaviņa" in main(page) and said(app) == ["The tap drips."]
    assert "called twice" not in anna.get(where(app)).html and "called twice" not in anna.get("/messages").html
    for wrong in (" ", "x" * 5001, "a\0b"):
        ilze.submit(ilze.get(ONE), f"{ONE}/replies", kind="note", body=wrong)
        assert ilze.status == 422
    assert len(fetch(app, sa.select(ThreadNote.id))) == 1


def test_who_looks_is_noted_and_the_resident_reads_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    ilze.get(ONE)
    seen = main(anna.get("/activity?show=data"))
    assert "Purpose: Your conversation with us" in seen and "Messages" in seen and "Ilze" not in seen


def test_what_is_closed_takes_no_answer_and_is_closed_once(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    page = ilze.get(ONE)
    for _ in range(2):
        shown = ilze.submit(page, f"{ONE}/close")
        assert "This conversation is closed" in main(shown)
    assert shown.form(f"{ONE}/replies").fields["kind"] == "note", "for colleagues alone"
    assert "This conversation is closed" in main(send(ilze, page)) and said(app) == ["The tap drips."]
    assert len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "thread.closed"))) == 1


def test_a_file_is_saved_and_only_where_it_is(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, files={"leak.pdf": PDF})
    write(anna, cast)
    link = next(link for link in ilze.get(ONE).links if "/files/" in link)
    answer = ilze.client.get(link)
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment") and answer.get_data() == PDF
    assert ilze.client.get(link.replace(f"{ONE}/", f"{INBOX}/2/")).status_code == 404
    assert anna.client.get(link).status_code == 404, "for residents there is no inbox"


def test_the_inbox_is_closed_to_administrators(app: Flask, anna: Browser, cast: Cast):
    write(anna, cast)
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.ADMINISTRATOR))
    admin = Browser(app)
    admin.log_in("ilze")
    assert INBOX not in admin.get("/staff").links and [admin.client.get(path).status_code for path in (INBOX, ONE)] == [403, 403]
