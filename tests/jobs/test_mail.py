"""Letters: never lost, never invented, each in its reader's language (security rules 6, 11, 15)."""

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs import mail
from jobs.mail import KINDS, Post
from models import outbox, tokens
from models.outbox import WAITS, Mail
from models.people import User
from models.types import utc_now
from tests.mailserver import Mailbox, html, mail_server, text
from tests.standing import change, fetch
from tests.views.test_words import LANGUAGES, spoken


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with mail_server(mailbox) as port:
        yield port


@pytest.fixture
def app(make_app: Callable[..., Flask], port: int) -> Flask:
    return make_app(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="noreply@example.lv")


@pytest.fixture
def post(app: Flask) -> Iterator[Post]:
    with app.app_context():
        yield Post(app)


def write(app: Flask, kind: str = "password_changed", address: str = "anna@example.lv", language: str = "lv", **detail: str) -> None:
    with app.extensions["ekabinets"].database.write() as session:
        outbox.queue(session, kind, user_of(app), address, language, **detail)


def user_of(app: Flask, name: str = "anna") -> int:
    return fetch(app, sa.select(User.id).where(User.username == name))[0].id


def row(app: Flask) -> sa.Row:
    return fetch(app, sa.select(Mail.__table__).order_by(Mail.__table__.c.id.desc()))[0]


def due_now(app: Flask) -> None:
    """Let the waiting time be over."""
    change(app, sa.update(Mail).values(due_at=utc_now() - timedelta(seconds=1), leased_until=None))


@pytest.mark.parametrize(("language", "subject"), [("lv", "Jūsu parole ir nomainīta"), ("en", "Your password was changed"), ("ru", "Ваш пароль изменён")])
def test_a_letter_speaks_its_readers_language_in_text_and_html(app: Flask, post: Post, mailbox: Mailbox, language: str, subject: str):
    write(app, language=language)
    assert post.send_due() == 1
    (letter,) = mailbox.letters
    assert (letter["Subject"], letter["To"], letter["Content-Language"]) == (subject, "anna@example.lv", language)
    assert letter["From"] == "Ogres Namsaimnieks <noreply@example.lv>" and letter["Auto-Submitted"] == "auto-generated"
    assert "http://localhost" in text(letter) and f'lang="{language}"' in html(letter)
    assert row(app).sent_at and post.send_due() == 0


def test_what_was_sent_is_noted_at_its_moment_with_an_aware_time(app: Flask, post: Post):
    """The database's own clock notes it: in UTC, whatever its time zone; SQLite knows no parts of a second."""
    write(app)
    before = utc_now().replace(microsecond=0)
    post.send_due()
    assert before <= row(app).sent_at <= utc_now() and row(app).leased_until is None and row(app).error == ""


DETAILS = {"new_device": {"device": "Chrome, Android"}, "factor_changed": {"what": "removed"}, "notice": {"notice": 1}, "registration_refused": {"code": "20417", "reason": "No contract."}}
DETAILS |= {"data_copy": {"days": 7}, "handover": {"state": "asked", "premises": "Skolas iela 1"}}
DETAILS |= {kind: {"code": "20417"} for kind in ("registration_accepted", "customer_joined")}
LENT = {"by": "Anna Ozoliņa", "name": "Līga", "until": "2027-01-31", "mandate": 1}
DETAILS |= {"mandate_invited": LENT, "mandate": LENT | {"what": "ending", "ours": True}}
DETAILS |= {
    "attorney": {"code": "20417", "reason": ""}, "attorney_granted": {"code": "20417", "name": "Līga", "until": "2027-05-31"},
    "access_request": {"name": "Līga", "who": "daughter"}, "answer": {"number": 7, "tid": "x"},
    "reading_rejected": {"value": 195_500, "decimals": 3, "serial": "77", "at": "Skolas iela 1", "mid": "x", "reason": "Look again."},
    "reading_reminder": {"opens": "2026-11-29", "closes": "2026-12-01", "what": "opens", "at": [[f"x{n}", f"Skolas iela {n:02d}", 7] for n in range(22)]},
    "new_invoice": {"iid": "x", "pid": "x", "number": "2026-1", "month": "2026-10-01", "where": "Skolas iela 1", "attached": False},
    "verification": {"until": "2026-12-20", "what": "replacement", "at": [["x", "Skolas iela 1", 7]]},
    "reading_by_link": {"where": "Skolas iela 1", "pid": "x", "values": [{"kind": "cold_water", "room": "kitchen", "value": 195_500, "decimals": 3}]},
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_letter_can_be_written_in_every_language(app: Flask, post: Post, mailbox: Mailbox, kind: str):
    for language in ("lv", "en", "ru"):
        write(app, kind, language=language, **DETAILS.get(kind, {}))
    post.send_due()
    assert len({letter["Subject"] for letter in mailbox.letters}) == 3
    for letter in mailbox.letters:
        assert "None" not in text(letter) and "%(" not in text(letter) and "\n\n\n\n" not in text(letter)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_addresses_left_out_of_a_reminder_have_their_plural(app: Flask, post: Post, mailbox: Mailbox, language: str):
    told = DETAILS["reading_reminder"]
    for number, words in {
        1: ("un vēl 1 adresē", "and at 1 more address\r\n", "и ещё по 1 адресу"), 2: ("un vēl 2 adresēs", "and at 2 more addresses", "и ещё по 2 адресам"),
        11: ("un vēl 11 adresēs", "and at 11 more addresses", "и ещё по 11 адресам"),
    }.items():  # fmt: skip
        write(app, "reading_reminder", language=language, **told | {"at": [[f"x{n}", f"Skolas iela {n}", 7] for n in range(20 + number)]})
        post.send_due()
        assert spoken(language, *words) in text(mailbox.letters[-1])


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("attorney", [True, False])
@pytest.mark.parametrize("what", ["accepted", "declined", "changed", "suspended", "resumed", "ending", "expired", "revoked", "resigned", "closed"])
def test_what_became_of_a_mandate_is_told_to_either_side_by_the_others_name(app: Flask, post: Post, mailbox: Mailbox, what: str, ours: bool, attorney: bool):
    for language in ("lv", "en", "ru"):
        write(app, "mandate", language=language, **LENT | {"what": what, "ours": ours, "attorney": attorney})
    post.send_due()
    assert len({letter["Subject"] for letter in mailbox.letters}) == 3
    assert all(("Līga" if ours else "Anna Ozoliņa") in text(letter) and "/users" in text(letter) for letter in mailbox.letters)


def test_a_link_is_made_when_it_is_sent_and_stored_only_as_a_hash(app: Flask, post: Post, mailbox: Mailbox):
    write(app, "password_reset")
    assert fetch(app, sa.select(tokens.Token.__table__)) == []
    post.send_due()
    secret = re.search(r"http://localhost/password/reset/([\w-]{43})", text(mailbox.letters[0]))[1]
    assert secret in html(mailbox.letters[0]) and secret not in repr(fetch(app, sa.select(tokens.Token.__table__)))
    with app.extensions["ekabinets"].database.write() as session:
        assert tokens.use(session, "password.reset", secret, utc_now()).user_id == user_of(app)


def test_a_letter_tried_again_has_the_same_message_id(app: Flask, post: Post, mailbox: Mailbox):
    write(app)
    post.send_due()
    change(app, sa.update(Mail).values(sent_at=None))  # as when a worker died between sending and noting it
    post.send_due()
    first, again = mailbox.letters
    assert first["Message-ID"] == again["Message-ID"] and first["Date"] == again["Date"]


def test_an_address_refused_for_good_is_parked_and_nobody_else_waits(app: Flask, post: Post, mailbox: Mailbox):
    mailbox.answer = lambda address: "550 5.1.1 no such user" if "gone" in address else "250 OK"
    write(app, address="gone@example.lv")
    write(app)
    post.send_due()
    gone, sent = fetch(app, sa.select(Mail.__table__).order_by(Mail.__table__.c.id))
    assert gone.parked_at and gone.error == "550 5.1.1 no such user" and sent.sent_at


def test_a_letter_refused_for_now_waits_longer_each_time_and_is_parked_in_the_end(app: Flask, post: Post, mailbox: Mailbox):
    mailbox.answer = lambda address: "451 later"
    write(app)
    for wait in WAITS:
        before = utc_now()
        post.send_due()
        assert wait <= row(app).due_at - before < wait + timedelta(minutes=1) and not row(app).parked_at
        assert post.send_due() == 0, "not before it is due"
        due_now(app)
    post.send_due()
    assert row(app).parked_at and row(app).error == "451 later" and mailbox.letters == []


def test_no_try_is_counted_while_the_server_is_away(app: Flask, post: Post, mailbox: Mailbox, port: int, caplog):
    post.held = app.extensions["ekabinets"]
    change(app, sa.delete(Mail))
    write(app)
    away = Post(app)
    away.held = type(post.held)(**{**vars(post.held), "settings": post.held.settings.model_copy(update={"smtp_port": 1})})
    caplog.set_level(logging.CRITICAL)
    away.send_due()
    assert row(app).attempts == 0 and row(app).leased_until is None and row(app).due_at > utc_now()
    due_now(app)
    post.send_due()
    assert len(mailbox.letters) == 1


def test_a_new_password_goes_before_what_is_left_of_a_batch_to_many(app: Flask, post: Post, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch):
    """However long a batch takes, as when files are to be made for it, one turn of it is what others wait for."""
    monkeypatch.setattr(mail, "_TURN", timedelta(0))
    for number in range(3):
        write(app, address=f"many{number}@example.lv")
    change(app, sa.update(Mail).values(rank=outbox.MANY))
    assert post.send_due() == 3 and len(mailbox.letters) == 1
    write(app)
    while post.send_due():
        pass
    assert [letter["To"] for letter in mailbox.letters] == ["many0@example.lv", "anna@example.lv", "many1@example.lv", "many2@example.lv"]
    assert {one.attempts for one in fetch(app, sa.select(Mail.attempts))} == {1}


def test_several_workers_send_each_letter_once(app: Flask, mailbox: Mailbox):
    for number in range(60):
        write(app, address=f"reader{number}@example.lv")

    def work() -> None:
        with app.app_context():
            post = Post(app)
            while post.send_due():
                pass

    with ThreadPoolExecutor(4) as pool:
        [future.result() for future in [pool.submit(work) for _ in range(4)]]
    assert sorted(letter["To"] for letter in mailbox.letters) == sorted(f"reader{n}@example.lv" for n in range(60))


def test_a_claimed_letter_is_nobody_elses_until_its_lease_ends(app: Flask):
    write(app)
    now = utc_now()
    with app.extensions["ekabinets"].database.write() as session:
        assert [letter.attempts for letter in outbox.claim(session, now, 10)] == [1]
        assert outbox.claim(session, now + outbox.LEASE - timedelta(seconds=1), 10) == []
        assert [letter.attempts for letter in outbox.claim(session, now + outbox.LEASE, 10)] == [2]


HEADERS = ("a@b.lv\r\nBcc: x@y.lv", "a@b.lv\nX: y", "a\x00@b.lv", "a\u2028@b.lv", "a\u2029@b.lv", "=?utf-8?q?a=0D=0ABcc=3A?=@b.lv")


@pytest.mark.parametrize("address", HEADERS)
def test_an_address_that_would_break_a_header_is_refused(app: Flask, address: str):
    with pytest.raises(ValueError, match="address"):
        write(app, address=address)


def test_what_breaks_a_header_later_is_parked_in_the_end_and_stops_nobody(app: Flask, post: Post, mailbox: Mailbox, caplog):
    caplog.set_level(logging.CRITICAL)
    write(app)
    change(app, sa.update(Mail).values(address="a@b.lv\r\nBcc: x@y.lv", attempts=len(WAITS)))
    write(app)
    post.send_due()
    broken, _ = fetch(app, sa.select(Mail.__table__).order_by(Mail.__table__.c.id))
    assert [letter["To"] for letter in mailbox.letters] == ["anna@example.lv"]
    assert broken.parked_at and broken.error == "ValueError"


def test_parked_letters_are_listed_and_sent_again(app: Flask, post: Post, mailbox: Mailbox):
    write(app)
    change(app, sa.update(Mail).values(parked_at=utc_now(), error="550 full", attempts=9))
    number = row(app).id
    runner = app.test_cli_runner()
    assert f"{number} password_changed to anna@example.lv: parked, 9 tries 550 full" in runner.invoke(args=["mail", "list"]).output
    assert runner.invoke(args=["mail", "resend", str(number)]).exit_code == 0
    assert runner.invoke(args=["mail", "resend", str(number)]).output.startswith("Error: letter")
    post.send_due()
    assert len(mailbox.letters) == 1
