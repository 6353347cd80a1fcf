"""`flask notices …`: published once, to whom it names, with a letter to each who wants one (E03, E04)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from PIL import Image

from jobs.mail import Post
from jobs.notices import announce_due
from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeText
from models.outbox import Mail
from models.people import User
from models.preferences import Preference
from models.types import utc_now
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.jobs.test_mail import write
from tests.lend import lend
from tests.mailserver import Mailbox, html, mail_server, text
from tests.standing import change, dump, fetch, main

WATER = """id = "water-1"
{more}
[lv]
title = "Trešdien nebūs ūdens"
body = \"\"\"
Mainīsim cauruli.

Atvainojamies!\"\"\"
[ru]
title = "В среду не будет воды"
body = "Меняем трубу."
"""


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def app(make_app: Callable[..., Flask], mailbox: Mailbox, cast: Cast) -> Iterator[Flask]:
    with mail_server(mailbox) as port:
        yield make_app(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")


@pytest.fixture
def publish(app: Flask, tmp_path: Path) -> Callable[..., Result]:
    """Publish a file with these lines."""

    def do(more: str = "everybody = true", *options: str, text: str = WATER) -> Result:
        file = tmp_path / "notice.toml"
        file.write_text(text.format(more=more), "utf-8")
        return app.test_cli_runner().invoke(args=["notices", "publish", str(file), *options])

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


def test_a_notice_comes_by_letter_in_each_readers_language(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    assert publish().output == "2 people, 2 letters.\n"
    send(app)
    anna, viktors = sorted(mailbox.letters, key=lambda letter: letter["To"])
    assert (anna["Subject"], anna["Content-Language"], viktors["Subject"], viktors["Content-Language"]) == ("Trešdien nebūs ūdens", "lv", "В среду не будет воды", "ru")
    ((nid,),) = fetch(app, sa.select(Notice.public_id).where(Notice.external_id == "water-1"))
    assert "Mainīsim cauruli.\n\nAtvainojamies!" in text(anna).replace("\r\n", "\n") and f"http://localhost/notices/{nid}" in text(anna) + html(viktors)


def test_the_same_file_twice_is_one_notice(app: Flask, publish: Callable[..., Result]):
    publish()
    before = dump(app)
    assert publish().output == "This notice is there already; nothing was changed.\n" and dump(app) == before


def test_a_dry_run_counts_and_leaves_nothing(app: Flask, publish: Callable[..., Result], tmp_path: Path):
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.4 dry")
    before, files = dump(app), {*(tmp_path / "files").rglob("*")}
    assert publish('everybody = true\nfiles = ["plan.pdf"]', "--dry-run").output == "2 people, 2 letters.\nThis was a dry run: nothing was changed.\n"
    assert dump(app) == before and {*(tmp_path / "files").rglob("*")} == files


def test_a_file_that_cannot_be_kept_stops_it_before_anything_is_written(app: Flask, publish: Callable[..., Result], tmp_path: Path):
    (tmp_path / "plan.pdf").write_bytes(b"MZ no pdf")
    (tmp_path / "link.pdf").symlink_to(tmp_path / "plan.pdf")
    before = dump(app)
    for name in ("plan.pdf", "link.pdf", "missing.pdf", "../plan.pdf", "notice.toml"):
        outcome = publish(f'everybody = true\nfiles = ["{name}"]')
        assert outcome.exit_code == 1 and "files: expected" in outcome.output and name in outcome.output, name
    assert dump(app) == before


def test_attachments_come_with_it(app: Flask, publish: Callable[..., Result], tmp_path: Path, cast: Cast):
    (tmp_path / "plan.PDF").write_bytes(b"%PDF-1.4 plan")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "picture.jpg", exif=b"Exif\x00\x00where it was taken")
    assert publish('premises = ["P34"]\nfiles = ["plan.PDF", "picture.jpg"]').output == "1 people, 1 letters.\n"
    ((nid,),) = fetch(app, sa.select(Notice.public_id).where(Notice.external_id == "water-1"))
    anna = Browser(app)
    anna.log_in("anna")
    paths = [path for path in anna.get(f"/notices/{nid}").links if "/files/" in path]
    plan, picture = (anna.client.get(path).get_data() for path in paths)
    assert plan == b"%PDF-1.4 plan" and picture.startswith(b"\xff\xd8\xff") and b"where" not in picture


AUDIENCES = (('houses = ["H1"]', ["anna", "viktors"]), ('premises = ["P34"]', ["anna"]), ('customers = ["C20418", "C10001"]', ["peteris", "viktors"]), ('houses = ["H1", "H2"]\npremises = ["P34"]\ncustomers = ["C20417"]', ["anna", "viktors"]))


@pytest.mark.parametrize(("to", "expected"), AUDIENCES)
def test_each_person_that_it_names_gets_one_letter(app: Flask, publish: Callable[..., Result], mailbox: Mailbox, to: str, expected: list[str]):
    publish(to)
    send(app)
    assert readers(mailbox) == expected


def test_who_is_two_customers_gets_one_letter(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    change(app, sa.insert(CustomerUser).values(user_id=user(app, "anna"), customer_id=fetch(app, sa.select(Customer.id).where(Customer.code == "20418"))[0].id))
    publish()
    send(app)
    assert readers(mailbox) == ["anna", "viktors"]


def test_who_has_switched_notices_off_gets_those_of_emergencies_only(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    change(app, sa.insert(Preference).values(user_id=user(app, "anna"), kind="notices", wanted=False, changed_at=utc_now()))
    change(app, sa.update(User).where(User.username == "viktors").values(email=None))
    assert publish().output == "2 people, 0 letters.\n"
    emergency = WATER.replace("water-1", "water-2")
    assert publish("everybody = true\nemergency = true\nuntil = 2026-12-02", text=emergency).output == "2 people, 1 letters.\n"
    send(app)
    assert readers(mailbox) == ["anna"] and "List-Unsubscribe" not in mailbox.letters[0] and "/profile/notifications" not in text(mailbox.letters[0])


def test_staff_disabled_people_and_former_residents_get_none(app: Flask, publish: Callable[..., Result]):
    change(app, sa.update(User).where(User.username == "viktors").values(disabled_at=utc_now()))
    publish()
    assert letters(app) == [("anna", "lv")]


@pytest.mark.parametrize("to", ["everybody = true", 'premises = ["P34"]'])
def test_a_helper_gets_one_while_who_has_lent_it_may_read_it_too(app: Flask, publish: Callable[..., Result], cast: Cast, to: str):
    lend(app, cast)
    publish(to)
    assert ("liga", "lv") in letters(app)
    change(app, sa.delete(Mail))
    change(app, sa.delete(CustomerUser).where(CustomerUser.user_id == user(app, "anna")))
    publish(to, text=WATER.replace("water-1", "water-2"))
    assert not [who for who, _ in letters(app) if who in ("anna", "liga")]


def test_a_scheduled_notice_is_announced_when_its_time_comes_and_once(app: Flask, publish: Callable[..., Result], mailbox: Mailbox, make_app: Callable[..., Flask]):
    assert publish("everybody = true\npublish = 2026-12-01T08:30:00").output == "2 people, 2 letters on 2026-12-01 at 08:30.\n"
    send(app)
    assert mailbox.letters == []
    settings = app.extensions["ekabinets"].settings
    tomorrow = make_app(today=TODAY + timedelta(days=2), smtp_host="127.0.0.1", smtp_port=settings.smtp_port, smtp_security="none")
    send(tomorrow)
    send(tomorrow)
    assert readers(mailbox) == ["anna", "viktors"]


def test_a_withdrawn_notice_is_neither_shown_nor_sent(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    publish()
    write(app, address="other@example.lv")
    run = app.test_cli_runner().invoke
    assert run(args=["notices", "withdraw", "water-1"]).exit_code == 0
    assert "there is no notice water-1" in run(args=["notices", "withdraw", "water-1"]).output
    send(app)
    assert readers(mailbox) == ["other"], "nobody else's letter goes with it"
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))][-2:] == ["notice.published", "notice.withdrawn"]


def test_what_is_older_than_a_day_goes_to_the_archive_without_letters(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    assert publish("everybody = true\npublish = 2026-10-01").output == "2 people, 0 letters.\n"
    assert publish("everybody = true\npublish = 2026-11-29T20:00:00\nuntil = 2026-11-29T22:00:00", text=WATER.replace("water-1", "water-2")).output == "2 people, 0 letters.\n"
    send(app)
    assert mailbox.letters == []


WRONG = (
    ("", "everybody: expected everybody = true, or else houses, entrances, premises, customers"),
    ('everybody = true\nhouses = ["H1"]', "everybody: expected everybody = true, or else houses"),
    ('houses = ["H1", "H9"]', "houses: there is no H9"),
    ("everybody = true\nemergency = true", "until: expected a moment after its publication"),
    ("everybody = true\npublish = 2026-12-02\nuntil = 2026-12-01", "until: expected a moment after its publication"),
    ('everybody = true\npublish = "tomorrow"', "publish: a day or a moment without quotation marks"),
    ("everybody = true\nurgent = true", "urgent: Extra inputs are not permitted"),
    ("everybody = true\nfiles = 3", "files: "),
    ("everybody = ", "notice.toml cannot be read: "),
)  # fmt: skip


@pytest.mark.parametrize(("more", "said"), WRONG)
def test_what_is_wrong_in_the_file_is_named_by_its_key(app: Flask, publish: Callable[..., Result], more: str, said: str):
    before = dump(app)
    outcome = publish(more)
    assert outcome.exit_code == 1 and said in outcome.output and dump(app) == before


@pytest.mark.parametrize("title", ["", "x" * 121, r"a\r\nBcc: x@y.lv", "=?utf-8?q?a=0D=0ABcc=3A?=", r"a\u2028b", r"a\u0000b"])
def test_a_title_that_would_break_a_letter_is_refused(app: Flask, publish: Callable[..., Result], title: str):
    outcome = publish(text=f'id = "x"\neverybody = true\n[lv]\ntitle = "{title}"\nbody = "b"')
    assert outcome.exit_code == 1 and "lv.title: " in outcome.output


def test_the_first_language_of_the_site_is_never_missing(app: Flask, publish: Callable[..., Result]):
    assert "lv: expected title and body" in publish(text='id = "x"\neverybody = true\n[ru]\ntitle = "t"\nbody = "b"').output


def test_one_click_in_the_mail_program_stops_notices_and_nothing_else(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    """RFC 8058: a POST by somebody without a cookie or a form of ours."""
    publish('premises = ["P34"]')
    send(app)
    (letter,) = mailbox.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<http://localhost(/unsubscribe/[\w=-]+)>", letter["List-Unsubscribe"])[1]
    assert "http://localhost/profile/notifications" in text(letter)
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert [tuple(row) for row in fetch(app, sa.select(Preference.user_id, Preference.kind, Preference.wanted))] == [(user(app, "anna"), "notices", False)]
    publish(text=WATER.replace("water-1", "water-2"))
    assert letters(app)[-1] == ("viktors", "ru") and len(letters(app)) == 2


def test_a_personal_letter_never_waits_behind_a_notice_to_many(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    publish()
    publish("everybody = true\nemergency = true\nuntil = 2026-12-02", text=WATER.replace("water-1", "water-2"))
    write(app, address="other@example.lv")
    send(app)
    assert mailbox.letters[0]["To"] == "other@example.lv" and "List-Unsubscribe" in mailbox.letters[-1] and "List-Unsubscribe" not in mailbox.letters[1]


def test_the_body_keeps_its_paragraphs_and_carries_nothing_that_runs(app: Flask, publish: Callable[..., Result], mailbox: Mailbox):
    publish(text='id = "x"\neverybody = true\n[lv]\ntitle = "<b>{{ 7 }}</b>"\nbody = "<script>x</script> %(a)s"'.replace("{", "{{").replace("}", "}}"))
    send(app)
    assert mailbox.letters[0]["Subject"] == "<b>{{ 7 }}</b>" and "<script>" not in html(mailbox.letters[0]) and "%(a)s" in text(mailbox.letters[0])
    anna = Browser(app)
    anna.log_in("anna")
    assert "<b>{{ 7 }}</b>" in main(anna.get("/notices"))
    assert len(fetch(app, sa.select(NoticeText))) == 5 and len(fetch(app, sa.select(NoticeAudience))) == 2 and len(fetch(app, sa.select(NoticeFile))) == 2
