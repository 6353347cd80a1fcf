"""The letters of answers, and what the worker closes (G01, G04)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import answering
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
from tests.writing import NEW, PDF, names, nothing_written, page_of, staff_answer, threads, write

__all__ = ["deliver", "mailbox", "nothing_written"]


def letters(app: Flask) -> list[str]:
    return [row.address for row in fetch(app, sa.select(Mail.address).where(Mail.kind == "answer").order_by(Mail.id))]


def audit(app: Flask, action: str) -> list[AuditRow]:
    return [*fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == action).order_by(AuditRow.id))]


def helper(app: Flask) -> Browser:
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def test_an_answer_comes_by_a_letter_without_its_words(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]):
    write(anna, cast)
    assert staff_answer(app) and deliver()
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


def test_no_page_of_hers_and_no_copy_has_a_note(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    with app.extensions["ekabinets"].database.write() as session:
        answering.note(session, 1, "Ilze", "ONLY-FOR-US", answering.COMMAND)
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
