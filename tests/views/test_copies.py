"""“My data”: asked for with the password, made once, fetched behind the login, gone after its time (I06; GDPR 15, 20)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import copies
from models.audit import Actor, AuditRow
from models.copies import DataCopy
from models.people import User
from models.sessions import WebSession
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import PASSWORD, Cast
from tests.keeping import DATA, ask, make, newest, purge, rows
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from tests.views.test_words import LANGUAGES, spoken

deliver, mailbox = letters.deliver, letters.mailbox


@pytest.fixture
def fresh(app: Flask) -> None:
    """Nobody has asked for a copy yet."""
    change(app, sa.delete(DataCopy))


def test_it_is_asked_for_made_told_of_and_fetched(app: Flask, fresh: None, anna: Browser, mailbox: Mailbox, deliver: Callable):
    assert DATA in anna.get("/profile").links
    page = ask(anna)
    assert anna.response.request.path == DATA and "is being prepared" in main(page) and newest_or_none(page) is None
    assert make(app) == 1 and deliver() == ["anna@example.com"]
    letter = text(mailbox.letters[0])
    assert "http://localhost/profile/data\r\n" in letter and "pēc 7 dienām" in letter and "/file" not in letter, "no secret: she signs in"
    answer = anna.client.get(newest(anna))
    assert (answer.status_code, answer.mimetype) == (200, "application/zip") and answer.get_data().startswith(b"PK")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="ogre-20') and answer.headers["Cache-Control"] == "private, no-store"
    assert fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))[-1].action == "data.asked"


def newest_or_none(page) -> str | None:
    return next((path for path in page.links if path.startswith(f"{DATA}/")), None)


def test_without_the_password_nothing_is_asked_for(app: Flask, fresh: None, anna: Browser):
    for old, said in (("", "Enter your current password"), ("wrong", "This is not your current password")):
        page = ask(anna, old)
        assert anna.status == 422 and said in page.text and page.form(DATA).fields["old"] == ""
    for _ in range(9):
        ask(anna, "wrong")
    assert "paused until" in ask(anna).text and anna.status == 429 and rows(app) == []


def test_who_has_no_password_has_to_have_signed_in_lately(app: Flask, fresh: None, anna: Browser):
    change(app, sa.update(User).where(User.username == "anna").values(password_hash=None))
    change(app, sa.update(WebSession).values(authenticated_at=utc_now() - timedelta(hours=1)))
    assert "Confirm your identity once more" in ask(anna).text and anna.status == 422 and rows(app) == []
    change(app, sa.update(WebSession).values(authenticated_at=utc_now()))
    ask(anna)
    assert anna.status == 200 and len(rows(app)) == 1


def test_who_asks_again_or_in_two_windows_at_once_has_asked_once(app: Flask, fresh: None, anna: Browser):
    page = anna.get(DATA)
    for _ in range(2):
        anna.submit(page, DATA, old=PASSWORD)
    assert len(rows(app)) == 1 and DATA not in [form.action for form in anna.get(DATA).forms]
    held = app.extensions["ekabinets"]

    def at_once(_: int) -> None:
        with held.database.write() as session:
            copies.ask(session, Actor(2, "web"), "lv", utc_now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(at_once, range(8)))
    assert [row.user_id for row in rows(app)] == [1, 2]


def test_a_day_after_the_last_one_another_may_be_asked_for(app: Flask, fresh: None, anna: Browser):
    ask(anna)
    make(app)
    assert "A day after the last copy" in main(anna.get(DATA)) and DATA not in [form.action for form in anna.get(DATA).forms]
    change(app, sa.update(DataCopy).values(asked_at=utc_now() - timedelta(days=1)))
    ask(anna)
    assert len(rows(app)) == 2 and "is being prepared" in main(anna.get(DATA)) and newest(anna)


def test_a_copy_is_nobody_elses(app: Flask, cast: Cast, anna: Browser):
    for name in ("viktors", "peteris", "liga", "ilze"):
        browser = Browser(app)
        browser.log_in(name)
        browser.get(f"{DATA}/{cast.data_copy}/file")
        assert browser.status == 404 and cast.data_copy not in browser.get(DATA).html
    assert anna.client.get(f"{DATA}/{cast.data_copy}/file").get_data() == b"PK the copy of anna"
    stranger = Browser(app)
    stranger.get(f"{DATA}/{cast.data_copy}/file")
    assert stranger.response.request.path == "/login"


def test_when_its_time_is_over_it_is_gone_with_its_file(app: Flask, cast: Cast, anna: Browser):
    storage, path = app.extensions["ekabinets"].storage, newest(anna)
    file_hash = next(row.file_hash for row in rows(app) if row.user_id == 1)
    change(app, sa.update(DataCopy).where(DataCopy.user_id == 1).values(made_at=utc_now() - timedelta(days=7)))
    assert newest_or_none(anna.get(DATA)) is None and anna.client.get(path).status_code == 404
    assert purge(app) == 1 and not storage.exists(file_hash) and [row.user_id for row in rows(app)] == [2]
    assert [storage.exists(row.file_hash) for row in rows(app)] == [True], "what is another's stays"


def test_with_the_account_goes_the_copy(app: Flask, anna: Browser):
    storage, file_hash = app.extensions["ekabinets"].storage, next(row.file_hash for row in rows(app) if row.user_id == 1)
    anna.submit(anna.get("/profile/close-account"), "/profile/close-account", old=PASSWORD)
    assert purge(app) >= 1 and not storage.exists(file_hash) and [row.user_id for row in rows(app)] == [2]


def test_nobody_is_written_to_who_may_not_sign_in_any_more(app: Flask, fresh: None, anna: Browser, deliver: Callable):
    ask(anna)
    change(app, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now()))
    make(app)
    assert deliver() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_that_a_copy_is_kept_have_their_plural(app: Flask, fresh: None, anna: Browser, mailbox: Mailbox, deliver: Callable, language: str):
    held = app.extensions["ekabinets"]
    days = {21: ("pēc 21 dienas", "after 21 days", "через 21 день"), 22: ("pēc 22 dienām", "after 22 days", "через 22 дня"), 11: ("pēc 11 dienām", "after 11 days", "через 11 дней")}
    change(app, sa.update(User).where(User.username == "anna").values(language=language))
    for number, words in days.items():
        app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"retention": held.site.retention | {"copies": number}}))
        change(app, sa.delete(DataCopy))
        ask(anna)
        assert make(app) == 1 and deliver() == ["anna@example.com"]
        assert spoken(language, *words) in text(mailbox.letters[-1])
