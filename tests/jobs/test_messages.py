"""`flask messages`, the letters of answers, and what the worker closes (G01, G04)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.answering import close_due
from models.audit import AuditRow
from models.customers import CustomerUser
from models.mandates import Mandate
from models.outbox import Mail
from models.preferences import Preference
from models.quarantine import Quarantined
from models.scanner import Clamd
from models.threads import Thread, ThreadNote
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.lend import lend
from tests.letters import deliver, mailbox
from tests.mailserver import Mailbox, text
from tests.standing import change, dump, fetch, main
from tests.writing import NEW, PDF, desk, names, nothing_written, page_of, staff_answer, threads, write

__all__ = ["deliver", "mailbox", "nothing_written"]


def letters(app: Flask) -> list[str]:
    return [row.address for row in fetch(app, sa.select(Mail.address).where(Mail.kind == "answer").order_by(Mail.id))]


def audit(app: Flask, action: str) -> list[AuditRow]:
    return [*fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == action).order_by(AuditRow.id))]


def helper(app: Flask) -> Browser:
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def test_the_queue_says_what_is_due_first_and_nothing_of_whom(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="My secret")
    write(anna, cast, "fault")
    lines = desk(app, "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"] and lines[0].endswith("fault (en)") and "secret" not in "".join(lines)
    change(app, sa.update(Thread).where(Thread.id == 1).values(due_at=utc_now() - timedelta(days=400)))
    assert desk(app, "list").output.splitlines()[0].endswith("OVERDUE other (en)")
    staff_answer(app)
    assert len(desk(app, "list").output.splitlines()) == 1


def test_who_looks_says_why_and_she_reads_it(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast, files={"a.pdf": PDF})
    assert desk(app, "show", "1").exit_code == 2, "not without a purpose"
    desk(app, "note", "1", "--text", "Only for us.", "--by", "Ilze")
    shown = desk(app, "show", "1", "--purpose", "the tap").output
    assert "Anna Ozoliņa\nThe tap drips." in shown and "a.pdf" in shown and "note by Ilze\nOnly for us." in shown
    page = anna.get("/activity?show=data")
    assert "the tap" in main(page) and "Messages" in main(page)


def test_an_answer_comes_by_a_letter_without_its_words(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]], tmp_path: Path):
    write(anna, cast)
    (tmp_path / "plan.pdf").write_bytes(PDF)
    assert staff_answer(app, 1, "--attach", str(tmp_path / "plan.pdf")).output == "answered\n" and names(app) == ["plan.pdf"]
    deliver()
    said = text(mailbox.letters[-1])
    assert f"/messages/{threads(app)[0].public_id}" in said and "We come tomorrow." not in said
    assert "Message answered" in main(anna.get("/activity?show=data"))


def test_who_does_not_want_such_letters_gets_none(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    change(app, sa.insert(Preference).values(user_id=1, kind="answers", wanted=False, changed_at=utc_now()))
    staff_answer(app)
    assert letters(app) == [] and threads(app)[0].unread


def test_a_helper_is_told_while_her_mandate_holds_and_the_customer_after_it(app: Flask, cast: Cast):
    lend(app, cast, "messages")
    write(helper(app), cast)
    staff_answer(app)
    assert letters(app) == ["liga@example.com"]
    change(app, sa.update(Mandate).values(ended_at=utc_now()))
    staff_answer(app)
    assert letters(app) == ["liga@example.com", "anna@example.com"]


def test_what_is_closed_is_neither_answered_nor_closed_again(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    assert desk(app, "close", "1", "--by", "Ilze").output == "closed\n"
    for said in (staff_answer(app), desk(app, "close", "1", "--by", "Ilze")):
        assert said.exit_code == 1 and "conversation 1 is closed" in said.output
    for words in (("show", "9", "--purpose", "x"), ("note", "9", "--text", "x", "--by", "x"), ("close", "9", "--by", "x")):
        assert "no conversation has the number 9" in desk(app, *words).output
    assert len(audit(app, "thread.closed")) == 1 and audit(app, "thread.closed")[0].detail == {"by": "Ilze", "category": "messages"}


@pytest.mark.parametrize("words", [("answer", "1", "--text", " ", "--by", "x"), ("answer", "1", "--text", "x" * 5001, "--by", "x"), ("note", "0", "--text", "x", "--by", "x")])
def test_what_cannot_be_said_is_refused(app: Flask, words: tuple[str, ...]):
    assert desk(app, *words).exit_code == 2


def test_a_file_that_is_none_stops_the_answer(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    write(anna, cast)
    (tmp_path / "a.pdf").write_bytes(b"GIF89a")
    assert "content" in staff_answer(app, 1, "--attach", str(tmp_path / "a.pdf")).output and threads(app)[0].state == "open"


def test_no_page_of_hers_and_no_copy_has_a_note(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    desk(app, "note", "1", "--text", "ONLY-FOR-US", "--by", "Ilze")
    assert fetch(app, sa.select(ThreadNote.body))[0].body == "ONLY-FOR-US"
    for path in ("/messages", f"/messages/{threads(app)[0].public_id}", "/activity?show=data", "/activity"):
        assert "ONLY-FOR-US" not in anna.get(path).html and "noted" not in anna.get(path).html


def test_what_is_solved_is_closed_after_its_days_and_no_sooner(anna: Browser, app: Flask, cast: Cast):
    for _ in range(3):
        write(anna, cast)
    held, now = app.extensions["ekabinets"], utc_now()
    for number, (state, days) in enumerate((("resolved", 15), ("resolved", 13), ("answered", 99)), 1):
        change(app, sa.update(Thread).where(Thread.id == number).values(state=state, changed_at=now - timedelta(days=days)))
    close_due(held.database, held.site.desk.close_after, now)
    assert [row.state for row in threads(app)] == ["closed", "resolved", "answered"]
    before = dump(app)
    close_due(held.database, held.site.desk.close_after, now)
    assert dump(app) == before


def test_a_file_that_no_scanner_has_seen_is_kept_back(anna: Browser, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("views.uploads.scanner_of", lambda _: Clamd("clamd://127.0.0.1:1"))
    write(anna, cast, files={"a.pdf": PDF})
    assert len(fetch(app, sa.select(Quarantined.file_hash))) == 1 and names(app) == ["a.pdf"]


def test_an_answer_to_somebody_without_a_property_is_told_to_her(app: Flask):
    liga = helper(app)
    liga.post(NEW, page_of(liga) | {"body": "How do I begin?"})
    staff_answer(app)
    [row] = audit(app, "thread.answered")
    assert (row.object_type, letters(app)) == ("user", ["liga@example.com"])
    assert "Message answered" in main(liga.get("/activity?show=data"))
    assert fetch(app, sa.select(CustomerUser.user_id).where(CustomerUser.user_id == row.object_id)) == []
