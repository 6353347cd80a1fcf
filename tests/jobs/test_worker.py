"""The worker as a process of its own: killed at any moment it loses no letter, told to end it finishes one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.copies import DataCopy
from models.customers import Customer
from models.meters import Meter
from models.outbox import Mail
from models.quarantine import Quarantined
from models.registrations import Waiting
from models.seals import AuditSeal, verify
from models.throttle import Throttle
from models.types import utc_now
from tests import registering
from tests.browser import Browser
from tests.cast import TODAY
from tests.clamserver import MARKER, clam_server
from tests.jobs.test_mail import write
from tests.mailserver import Mailbox, mail_server
from tests.standing import change, fetch

ROOT = Path(__file__).parents[2]
LETTERS, KILLS = 12, 4


@pytest.fixture(autouse=True)
def nothing_to_read(app: Flask) -> None:
    """All meters are read from afar, so that nobody is reminded of them."""
    change(app, sa.update(Meter).values(is_remote=True))


class Counting(Mailbox):
    """Tells when another letter has come."""

    def __init__(self) -> None:
        super().__init__()
        self.come = threading.Condition()

    async def handle_DATA(self, *about):  # type: ignore[no-untyped-def]
        answer = await super().handle_DATA(*about)
        with self.come:
            self.come.notify_all()
        return answer

    def wait_for(self, count: int) -> None:
        with self.come:
            assert self.come.wait_for(lambda: len(self.letters) >= count, timeout=60), len(self.letters)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


def start(app: Flask, port: int, **more: object) -> subprocess.Popen[bytes]:
    settings = app.extensions["ekabinets"].settings
    mine = {
        "SITE": "ogre", "SECRET_KEY": settings.secret_key, "IDENTIFIER_KEY": settings.identifier_key, "DEMO": "true", "TODAY": TODAY,
        "DATABASE_URL": settings.database_url, "FILES_DIR": settings.files_dir, "BASE_URL": "http://localhost",
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": "none", **more,
    }  # fmt: skip
    environment = dict(os.environ) | {f"EKABINETS_{key}": str(value) for key, value in mine.items()}
    return subprocess.Popen([sys.executable, "-m", "flask", "--app", "app", "worker"], cwd=ROOT, env=environment)


def test_a_killed_worker_loses_no_letter_and_sends_one_twice_at_most_under_the_same_id(app: Flask):
    for number in range(LETTERS):
        write(app, address=f"reader{number}@example.lv")
    mailbox = Counting()
    with mail_server(mailbox) as port:
        for kill in range(1, KILLS + 1):
            worker = start(app, port)
            mailbox.wait_for(kill * 2)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            change(app, sa.update(Mail).values(leased_until=None, due_at=utc_now()))  # the lease is over
        write(app, address=f"reader{LETTERS}@example.lv")  # who sends it has begun, and can be told to end
        worker = start(app, port)
        while any(row.sent_at is None for row in fetch(app, sa.select(Mail.__table__.c.sent_at))):
            assert worker.poll() is None
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    assert {letter["To"] for letter in mailbox.letters} == {f"reader{number}@example.lv" for number in range(LETTERS + 1)}
    assert len(mailbox.letters) <= LETTERS + 1 + KILLS, "one letter a kill: the gap that SMTP leaves"
    ids = {letter["To"]: set() for letter in mailbox.letters}
    for letter in mailbox.letters:
        ids[letter["To"]].add(letter["Message-ID"])
    assert {len(one) for one in ids.values()} == {1}


def test_the_worker_scans_what_came_while_the_scanner_was_away(app: Flask):
    held = app.extensions["ekabinets"]
    names = [held.storage.put(b"clean"), held.storage.put(MARKER)]
    change(app, sa.insert(Quarantined).values([{"file_hash": name, "found": "", "held_at": utc_now(), "due_at": utc_now()} for name in names]))
    with mail_server(Counting()) as port, clam_server() as url:
        worker = start(app, port, SCANNER=url)
        while {*fetch(app, sa.select(Quarantined.file_hash, Quarantined.found))} != {(names[1], "Test.Marker")}:
            assert worker.poll() is None
        worker.terminate()
        assert worker.wait(timeout=60) == 0


def test_the_worker_lets_in_whose_data_match_and_writes_to_them(app: Flask):
    with app.extensions["ekabinets"].database.write() as session:
        (number,) = session.execute(sa.select(Customer.id).where(Customer.code == "20417")).one()
        session.add(Waiting(key="k", email=registering.NEW, language="en", code="20417", customer_id=number))
    mailbox = Counting()
    with mail_server(mailbox) as port:
        worker = start(app, port)
        mailbox.wait_for(2)
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    assert {letter["To"] for letter in mailbox.letters} == {registering.NEW, "anna@example.com"} and registering.queue(app) == []


def test_the_worker_makes_the_copies_that_wait_and_purges(app: Flask):
    change(app, sa.delete(DataCopy))
    with app.extensions["ekabinets"].database.write() as session:
        session.add_all([DataCopy(user_id=1, language="lv"), Throttle(key="old", last_failed_at=utc_now() - timedelta(days=2))])
    mailbox = Counting()
    with mail_server(mailbox) as port:
        worker = start(app, port)
        mailbox.wait_for(1)
        while fetch(app, sa.select(Throttle.key)):
            assert worker.poll() is None
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    assert mailbox.letters[0]["Subject"] == "Jūsu datu kopija ir gatava" and fetch(app, sa.select(DataCopy.file_hash))[0].file_hash


def test_the_worker_seals_the_audit_trail(app: Flask):
    Browser(app).log_in("anna")
    with mail_server(Counting()) as port:
        worker = start(app, port)
        while not fetch(app, sa.select(AuditSeal.audit_id)):
            assert worker.poll() is None
        Browser(app).log_in("viktors")
        while len(fetch(app, sa.select(AuditSeal.audit_id))) < 2:
            assert worker.poll() is None
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    with app.extensions["ekabinets"].database.read() as connection:
        assert verify(connection)[0] == ""


def test_without_a_mail_server_the_worker_says_so(app: Flask):
    outcome = app.test_cli_runner().invoke(args=["worker"])
    assert outcome.exit_code == 1 and "smtp_host: is empty" in outcome.output
