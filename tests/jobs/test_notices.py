"""Letters of notices: to whom each names, one to each who wants one, when its time has come (E03, E04)."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.mail import Post
from jobs.worker import announce_due
from models import announcements, notice_drafts
from models.audit import Actor
from models.customers import Customer, CustomerUser
from models.notices import Notice
from models.outbox import Mail
from models.people import User
from models.preferences import Preference
from models.types import new_public_id, utc_now
from tests.browser import Browser
from tests.cast import TODAY, ZONE, Cast
from tests.jobs.test_mail import write
from tests.lend import lend
from tests.mailserver import Mailbox, html, mail_server, text
from tests.standing import change, fetch, main

WATER = {"lv": ("Trešdien nebūs ūdens", "Mainīsim cauruli.\n\nAtvainojamies!"), "ru": ("В среду не будет воды", "Меняем трубу.")}
HOUSE, FLAT, STAFF = "Brīvības iela 12", "Brīvības iela 12–34, Ogre", Actor(5, "web")
EMERGENCY = {"emergency": True, "valid_until": datetime(2026, 12, 2, tzinfo=ZONE)}


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def app(make_app: Callable[..., Flask], mailbox: Mailbox, cast: Cast) -> Iterator[Flask]:
    with mail_server(mailbox) as port:
        yield make_app(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")


Publish = Callable[..., tuple[int, int]]


@pytest.fixture
def publish(app: Flask) -> Publish:
    """Publish a notice to whom these words name, else to everybody, and let the minutes pass in which it can be taken
    back; how many people it is for, and how many letters that makes."""

    def do(*to: str, said: dict[str, tuple[str, str]] = WATER, at: datetime | None = None, **more: Any) -> tuple[int, int]:
        held = app.extensions["ekabinets"]
        now = held.clock.now()
        with held.database.write() as session:
            found, unknown = notice_drafts.named(session.connection(), to)
            values = {"public_id": new_public_id(), "for_all": not to, "emergency": False} | more
            number = notice_drafts.save(session, STAFF, 0, values, said, found.values())
            assert not unknown and notice_drafts.publish(session, STAFF, number, at or now, now, held.site)
            session.execute(sa.update(Mail).values(due_at=utc_now()))
            return announcements.count(session, session.get_one(Notice, number))

    return do


def send(app: Flask) -> None:
    with app.app_context():
        announce_due(app.extensions["ekabinets"])
        while Post(app).send_due():
            pass


def readers(mailbox: Mailbox) -> list[str]:
    return sorted(letter["To"].partition("@")[0] for letter in mailbox.letters)


def letters(app: Flask) -> list[tuple[str, str]]:
    return sorted((row.address.partition("@")[0], row.language) for row in fetch(app, sa.select(Mail.__table__)))


def user(app: Flask, name: str) -> int:
    return fetch(app, sa.select(User.id).where(User.username == name))[0].id


def test_a_notice_comes_by_letter_in_each_readers_language(app: Flask, publish: Publish, mailbox: Mailbox):
    assert publish() == (2, 2)
    send(app)
    anna, viktors = sorted(mailbox.letters, key=lambda letter: letter["To"])
    assert (anna["Subject"], anna["Content-Language"], viktors["Subject"], viktors["Content-Language"]) == ("Trešdien nebūs ūdens", "lv", "В среду не будет воды", "ru")
    ((nid,),) = fetch(app, sa.select(Notice.public_id).order_by(Notice.id.desc()).limit(1))
    assert "Mainīsim cauruli.\n\nAtvainojamies!" in text(anna).replace("\r\n", "\n") and f"http://localhost/notices/{nid}" in text(anna) + html(viktors)


AUDIENCES = (([HOUSE], ["anna", "viktors"]), ([FLAT], ["anna"]), (["20418", "10001"], ["peteris", "viktors"]), ([HOUSE, "Mālkalnes prospekts 3", FLAT, "20417"], ["anna", "viktors"]))


@pytest.mark.parametrize(("to", "expected"), AUDIENCES)
def test_each_person_that_it_names_gets_one_letter(app: Flask, publish: Publish, mailbox: Mailbox, to: list[str], expected: list[str]):
    publish(*to)
    send(app)
    assert readers(mailbox) == expected


def test_who_is_two_customers_gets_one_letter(app: Flask, publish: Publish, mailbox: Mailbox):
    change(app, sa.insert(CustomerUser).values(user_id=user(app, "anna"), customer_id=fetch(app, sa.select(Customer.id).where(Customer.code == "20418"))[0].id))
    publish()
    send(app)
    assert readers(mailbox) == ["anna", "viktors"]


def test_who_has_switched_notices_off_gets_those_of_emergencies_only(app: Flask, publish: Publish, mailbox: Mailbox):
    change(app, sa.insert(Preference).values(user_id=user(app, "anna"), kind="notices", wanted=False, changed_at=utc_now()))
    change(app, sa.update(User).where(User.username == "viktors").values(email=None))
    assert publish() == (2, 0) and publish(**EMERGENCY) == (2, 1)
    send(app)
    assert readers(mailbox) == ["anna"] and "List-Unsubscribe" not in mailbox.letters[0] and "/profile/notifications" not in text(mailbox.letters[0])


def test_staff_disabled_people_and_former_residents_get_none(app: Flask, publish: Publish):
    change(app, sa.update(User).where(User.username == "viktors").values(disabled_at=utc_now()))
    publish()
    assert letters(app) == [("anna", "lv")]


@pytest.mark.parametrize("to", [[], [FLAT]])
def test_a_helper_gets_one_while_who_has_lent_it_may_read_it_too(app: Flask, publish: Publish, cast: Cast, to: list[str]):
    lend(app, cast)
    publish(*to)
    assert ("liga", "lv") in letters(app)
    change(app, sa.delete(Mail))
    change(app, sa.delete(CustomerUser).where(CustomerUser.user_id == user(app, "anna")))
    publish(*to)
    assert not [who for who, _ in letters(app) if who in ("anna", "liga")]


def test_a_scheduled_notice_is_announced_when_its_time_comes_and_once(app: Flask, publish: Publish, mailbox: Mailbox, make_app: Callable[..., Flask]):
    assert publish(at=datetime(2026, 12, 1, 8, 30, tzinfo=ZONE)) == (2, 2)
    send(app)
    assert mailbox.letters == []
    settings = app.extensions["ekabinets"].settings
    tomorrow = make_app(today=TODAY + timedelta(days=2), smtp_host="127.0.0.1", smtp_port=settings.smtp_port, smtp_security="none")
    send(tomorrow)
    send(tomorrow)
    assert readers(mailbox) == ["anna", "viktors"]


def test_one_click_in_the_mail_program_stops_notices_and_nothing_else(app: Flask, publish: Publish, mailbox: Mailbox):
    """RFC 8058: a POST by somebody without a cookie or a form of ours."""
    publish(FLAT)
    send(app)
    (letter,) = mailbox.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<http://localhost(/unsubscribe/[\w=-]+)>", letter["List-Unsubscribe"])[1]
    assert "http://localhost/profile/notifications" in text(letter)
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert [tuple(row) for row in fetch(app, sa.select(Preference.user_id, Preference.kind, Preference.wanted))] == [(user(app, "anna"), "notices", False)]
    publish()
    assert letters(app)[-1] == ("viktors", "ru") and len(letters(app)) == 2


def test_a_personal_letter_never_waits_behind_a_notice_to_many(app: Flask, publish: Publish, mailbox: Mailbox):
    publish()
    publish(**EMERGENCY)
    write(app, address="other@example.lv")
    send(app)
    assert mailbox.letters[0]["To"] == "other@example.lv" and "List-Unsubscribe" in mailbox.letters[-1] and "List-Unsubscribe" not in mailbox.letters[1]


def test_the_body_keeps_its_paragraphs_and_carries_nothing_that_runs(app: Flask, publish: Publish, mailbox: Mailbox):
    publish(said={"lv": ("<b>{{ 7 }}</b>", "<script>x</script> %(a)s")})
    send(app)
    assert mailbox.letters[0]["Subject"] == "<b>{{ 7 }}</b>" and "<script>" not in html(mailbox.letters[0]) and "%(a)s" in text(mailbox.letters[0])
    anna = Browser(app)
    anna.log_in("anna")
    assert "<b>{{ 7 }}</b>" in main(anna.get("/notices"))
