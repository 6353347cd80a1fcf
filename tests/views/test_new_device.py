"""Letters about logins on other devices (LU-48; ASVS 6.3.5) and about changed factors (ASVS 6.3.7)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.mail import Post
from models.audit import AuditRow
from models.outbox import Mail
from models.people import User
from models.types import utc_now
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.mailserver import Mailbox, mail_server, text
from tests.standing import change, fetch
from tests.views.factor_help import HOME, SECOND, add_app, code_of, later

CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 8.0) Chrome/138.0 Mobile Safari/537.36"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()




def letters(app: Flask) -> list[tuple[str, str]]:
    return [(row.kind, row.detail.get("device", "")) for row in fetch(app, sa.select(Mail.__table__).order_by(Mail.id))]


def sit_down(app: Flask, agent: str = CHROME, remember: bool = False) -> Browser:
    """Anna, at a browser that nobody has seen before."""
    browser = Browser(app)
    browser.client.environ_base["HTTP_USER_AGENT"] = agent
    browser.log_in("anna", **({"remember": "1"} if remember else {}))
    assert "Sign out" in browser.get("/profile").text
    return browser


def test_the_very_first_login_is_no_news_and_the_next_on_another_device_is(app: Flask):
    sit_down(app)
    assert letters(app) == []
    sit_down(app, PHONE)
    assert letters(app) == [("new_device", "Chrome, Android")]


def test_a_device_that_is_hers_is_known(app: Flask):
    sit_down(app)
    phone = sit_down(app, PHONE, remember=True)
    assert len(letters(app)) == 1
    change(app, sa.update(Mail).values(created_at=utc_now() - timedelta(days=3)))
    phone.submit(phone.get("/profile"), "/logout")
    phone.log_in("anna")
    assert len(letters(app)) == 1, "known by its cookie"
    phone.client.delete_cookie("device")
    phone.submit(phone.get("/profile"), "/logout")
    phone.log_in("anna")
    assert len(letters(app)) == 2


def test_one_letter_a_day_for_each_kind_of_browser(app: Flask):
    sit_down(app)
    for agent in (CHROME, CHROME, PHONE, CHROME, PHONE):
        sit_down(app, agent)
    assert letters(app) == [("new_device", "Chrome, Linux"), ("new_device", "Chrome, Android")]
    change(app, sa.update(Mail).values(created_at=utc_now() - timedelta(days=1, seconds=1)))
    sit_down(app)
    assert len(letters(app)) == 3


def test_who_has_no_address_or_a_wrong_password_gets_none(app: Flask):
    sit_down(app)
    browser = Browser(app)
    browser.log_in("anna", "wrong")
    assert letters(app) == []
    change(app, sa.update(User).where(User.username == "anna").values(email=None))
    sit_down(app, PHONE)
    assert letters(app) == []


def test_it_is_written_with_the_login_or_not_at_all(app: Flask):
    """Security rule 11: the letter, the audit row and the session are one unit of work."""
    sit_down(app)
    engine = app.extensions["ekabinets"].database.engine

    def broken(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO web_session"):
            raise RuntimeError("the disk is full")

    sa.event.listen(engine, "before_cursor_execute", broken)
    browser = Browser(app)
    browser.log_in("anna")
    sa.event.remove(engine, "before_cursor_execute", broken)
    assert browser.status == 500 and letters(app) == []
    assert len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "login.succeeded"))) == 1


def test_a_half_login_is_no_news_before_its_second_half(app: Flask):
    anna = sit_down(app)
    secret, _ = add_app(anna)
    other = Browser(app)
    page = other.log_in("anna")
    assert [kind for kind, _ in letters(app)] == ["factor_changed"]
    other.submit(page, SECOND, code=code_of(secret, later(1)))
    assert [kind for kind, _ in letters(app)] == ["factor_changed", "new_device"]


@pytest.fixture
def posted(make_app: Callable[..., Flask], mailbox: Mailbox) -> Iterator[Flask]:
    with mail_server(mailbox) as port:
        yield make_app(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="noreply@example.lv")


WORDS = {
    "lv": ("Jūsu kontam pieslēdzās no citas ierīces", "Ierīce: Chrome, Android", "Jūsu kontam pievienota kodu lietotne", "noņemta piekļuves atslēga vai kodu lietotne"),
    "en": ("Somebody signed in to your account on another device", "Device: Chrome, Android", "An app for codes was added", "was removed from your account"),
    "ru": ("В вашу учётную запись вошли с другого устройства", "Устройство: Chrome, Android", "добавлено приложение для кодов", "убран ключ доступа или приложение для кодов"),
}


@pytest.mark.parametrize("language", WORDS)
def test_the_letters_say_what_happened_and_what_to_do(posted: Flask, mailbox: Mailbox, language: str):
    change(posted, sa.update(User).where(User.username == "anna").values(language=language))
    sit_down(posted)
    anna = sit_down(posted, PHONE)
    add_app(anna)
    anna.submit(anna.get(f"{HOME}/remove?factor=1"), f"{HOME}/remove", old=PASSWORD)
    with posted.app_context():
        Post(posted).send_due()
    (subject, device, added, removed), (arrival, *changes) = WORDS[language], mailbox.letters
    assert arrival["Subject"] == subject and device in text(arrival) and "http://localhost/profile/sessions" in text(arrival)
    assert [words in text(letter) for words, letter in zip((added, removed), changes, strict=True)] == [True, True]
