"""The operator's own checks: a test letter, the windows to come, whom a notice reaches, how the instance stands."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.mail import KINDS
from models import announcements, checks, notice_drafts
from models.audit import Actor, AuditRow
from models.customers import CustomerUser
from models.figures import Figures
from models.imports import ImportJob
from models.notices import Notice
from models.outbox import Mail
from models.overrides import Override
from models.people import User
from models.quarantine import Quarantined
from models.tokens import Token
from models.types import Role, new_public_id, utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.lend import lend
from tests.letters import deliver, mailbox
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from tests.views.test_customers import staff

__all__ = ["deliver", "mailbox"]
CHECKS, ACTOR = "/staff/checks", Actor(5, "web")


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An administrator at her desk."""
    return staff(app, Role.ADMINISTRATOR)


def send(ilze: Browser, kind: str = "password_reset", language: str = "ru") -> Page:
    return ilze.submit(ilze.get(CHECKS), CHECKS, kind=kind, language=language)


def test_a_test_letter_comes_by_the_outbox_marked_and_its_link_lets_nobody_in(app: Flask, ilze: Browser, mailbox: Mailbox, deliver: Callable[[], list[str]]):
    page = send(ilze)
    assert "The test letter is written" in main(page) and "Set a new password Waiting" in main(page)
    assert deliver() == ["ilze@example.com"] and fetch(app, sa.select(Token.id)) == []
    letter = mailbox.letters[0]
    assert letter["Subject"] == "Проверка: Задать новый пароль"
    said = text(letter)
    assert "Это пробное письмо." in said and "http://localhost/password/reset/test" in said
    assert Browser(app).client.get("/password/reset/test").status_code == 410
    assert "✓ Sent" in main(ilze.get(CHECKS))
    assert [row.detail for row in fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "letter.tested"))] == [{"kind": "password_reset"}]


def test_every_kind_of_letter_can_be_tried_in_every_language(app: Flask, ilze: Browser, mailbox: Mailbox, deliver: Callable[[], list[str]]):
    assert {*checks.KINDS} == {*KINDS}
    with app.extensions["ekabinets"].database.write() as session:
        for kind in KINDS:
            assert all(checks.send_test(session, ACTOR, kind, language) for language in ("lv", "en", "ru"))
    assert len(deliver()) == 3 * len(KINDS)
    for letter in mailbox.letters:
        said = text(letter)
        assert letter["Subject"].startswith(("Pārbaude: ", "Test: ", "Проверка: ")) and "List-Unsubscribe" not in letter
        assert not re.search(r"None|%\(|\n\n\n\n", said.replace("\r", "")), said
    assert fetch(app, sa.select(Token.id)) == [] and len({*re.findall(r'<option value="(\w+)">', ilze.get(CHECKS).html)}) >= len(KINDS)


def test_a_letter_that_came_back_says_why(app: Flask, ilze: Browser):
    send(ilze, "notice", "en")
    change(app, sa.update(Mail).values(parked_at=utc_now(), error="550 no such mailbox"))
    said = main(ilze.get(CHECKS))
    assert "An invented notice ! Came back" in said and "The mail server said: 550 no such mailbox" in said
    change(app, sa.update(User).where(User.username == "ilze").values(email=None))
    assert "has no e-mail address" in main(send(ilze)) and len(fetch(app, sa.select(Mail.id))) == 1


def test_what_is_no_letter_is_not_sent(ilze: Browser):
    fields = ilze.get(CHECKS).form(CHECKS).fields
    for wrong in ({"kind": "nothing"}, {"language": "et"}, {"kind": "\0"}):
        assert ilze.client.post(CHECKS, data=fields | wrong).status_code == 404


def test_a_supervisor_looks_an_administrator_sends_and_an_agent_does_neither(app: Flask, ilze: Browser):
    fields = ilze.get(CHECKS).form(CHECKS).fields
    for role, status in ((Role.SUPERVISOR, 200), (Role.AGENT, 403)):
        change(app, sa.update(User).where(User.username == "ilze").values(role=role))
        assert ilze.client.get(CHECKS).status_code == status and ilze.client.post(CHECKS, data=fields).status_code == 403
        assert (CHECKS in ilze.get("/staff").links) is (status == 200)


def test_the_next_twelve_windows_are_those_of_the_rules_and_of_each_house_with_its_own(app: Flask, ilze: Browser):
    page = ilze.get(CHECKS)
    shown = re.findall(r"<li>([^<]+)</li>", page.html)
    assert len(shown) % 12 == 0 and shown and "Brīvības iela 12" not in main(page)
    change(app, sa.insert(Override).values(house_id=1, opens="3", closes="5", valid_from=TODAY, created_at=utc_now()))
    page = ilze.get(CHECKS)
    theirs = re.findall(r"<li>([^<]+)</li>", page.html.partition("Brīvības iela 12</span>")[2])
    assert theirs[0].replace("\xa0", " ") == "3 Dec 2026 – 5 Dec 2026" and len(theirs) == 12


def publish(app: Flask, to: list[tuple[str, int]]) -> list[int]:
    """Publish a notice; whom it was written to."""
    held = app.extensions["ekabinets"]
    with held.database.write() as session:
        values = {"public_id": new_public_id(), "for_all": not to, "emergency": True, "valid_until": held.clock.now() + timedelta(days=1)}
        number = notice_drafts.save(session, ACTOR, 0, values, {"lv": ("Ziņa", "Teksts.")}, to)
        notice_drafts.publish(session, ACTOR, number, held.clock.now(), held.clock.now(), held.site)
    return sorted(row.user_id for row in fetch(app, sa.select(Mail.user_id).where(Mail.notice_id == number)))


def test_whom_a_notice_would_reach_is_whom_it_reaches(app: Flask, ilze: Browser, cast: Cast):
    lend(app, cast)
    change(app, sa.insert(CustomerUser).values(user_id=1, customer_id=2))  # Anna lives next door, too
    said = main(ilze.get(f"{CHECKS}?people=1"))
    assert "All customers People: 3, premises: 3" in said and publish(app, []) == [1, 2, 4]
    for number, address, flats in ((1, "Brīvības iela 12", 2), (2, "Mālkalnes prospekts 3", 1)):
        people = publish(app, [("house", number)])
        assert f"{address}, Ogre People: {len(people)}, premises: {flats}" in said, (people, said)
    change(app, sa.update(User).where(User.id == 2).values(disabled_at=utc_now()))
    with app.extensions["ekabinets"].database.read() as connection:
        everybody, houses = announcements.reach(connection, TODAY)
        row = connection.execute(sa.select(Notice.__table__).where(Notice.for_all).order_by(Notice.id.desc())).first()
        assert everybody[0] == announcements.count(connection, row)[0] == 2 and [one[0] for one in houses] == [2, 1]


def instance(ilze: Browser) -> str:
    return main(ilze.get(CHECKS)).partition("How the portal stands")[2].partition("A test letter")[0]


def test_what_is_wrong_with_the_instance_is_said_in_plain_words(app: Flask, ilze: Browser):
    said = instance(ilze)
    for words in ("Worker ! Look at this No sign of it yet", "No mail server is set", "files are not scanned", "stays unproved", "base_url : without https", "Last import by a page ✓ In order None.", "Letters that could not be sent ✓ In order In 7 days: 0"):
        assert words in said, (words, said)
    now = utc_now()
    change(app, sa.insert(Figures).values(id=1, counted_at=now - timedelta(minutes=31), detail={}))
    for n, values in enumerate(({"due_at": now - timedelta(days=2)}, {"parked_at": now - timedelta(days=6)}, {"parked_at": now - timedelta(days=8)}, {"due_at": now + timedelta(days=1)})):
        change(app, sa.insert(Mail).values({"kind": "answer", "address": f"{n}@x.lv", "language": "lv", "detail": {}, "created_at": now, "due_at": now, "rank": 0, "attempts": 0, "error": ""} | values))
    change(app, sa.insert(Quarantined).values([{"file_hash": "a", "found": "", "held_at": now, "due_at": now}, {"file_hash": "b", "found": "Eicar", "held_at": now, "due_at": now}]))
    change(app, sa.insert(ImportJob).values(kind="customers", file_name="a", file_hash="0", created_by_user_id=5, created_at=now, state="failed", attempts=0, rows=0, part=0, report={}, error="x"))
    said = instance(ilze)
    for words in ("Worker !", "1 waits, since", "Letters that could not be sent ! Look at this In 7 days: 1", "Waiting to be scanned: 1; with a virus: 1", "Last import by a page !"):
        assert words in said, (words, said)


def test_what_is_well_has_its_sign(app: Flask, ilze: Browser, tmp_path: Any):
    held = app.extensions["ekabinets"]
    well = {"smtp_host": "mail.example.lv", "mail_from": "a@example.lv", "scanner": "clamd://x", "trust_dir": str(tmp_path), "argon2_memory_kib": 19456, "argon2_time": 2, "files_dir": tmp_path, "demo": False}
    app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update=well))
    change(app, sa.insert(Figures).values(id=1, counted_at=utc_now(), detail={}))
    said = instance(ilze)
    assert said.count("!") == 1 and said.count("✓") == 8 and "Settings ! Look at this base_url" in said
