"""Letters: what queueing a notice to many costs beside a plain INSERT … SELECT, and the worker beside bare smtplib.

The worker's rival has one connection and its letters ready as bytes, and notes each letter as sent in a commit of its
own, by hand-written SQL. Both send to a server in a process of its own; figures are by the clock.
"""

import smtplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import create_app
from bench.data import settings
from jobs.mail import Post
from models import announcements, migrations, outbox
from models.customers import Customer, CustomerUser
from models.database import Database
from models.meters import Meter, Register
from models.notices import Notice, NoticeText
from models.outbox import Mail
from models.people import User
from models.premises import House, Premises
from models.tenures import Tenure
from models.types import Role, Settlement, TenureRole, utc_now

PEOPLE, LETTERS, ROUNDS = 10_000, 500, 9
_NOON = datetime(2026, 11, 1, 10, tzinfo=UTC)
PLAIN = """
INSERT INTO mail (kind, user_id, address, language, detail, created_at, due_at, attempts, error, rank)
SELECT 'notice', id, email, 'lv', '{"notice": 1}', created_at, created_at, 0, '', 2 FROM user_account
"""


def measure(url: str, folder: Path) -> dict[str, float]:
    """The two ratios, on an empty database."""
    database = Database(url)
    migrations.upgrade(database)
    fill(database, PEOPLE)
    queued = turns({"ours": lambda: _announce(database), "plain": lambda: _plain(database)}, lambda: _empty(database))
    with _server() as port:
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
        app = create_app(settings(url, folder).model_copy(update=smtp))
        with app.app_context():
            post = Post(app)
            rivals = {"ours": lambda: _work(post), "bare": lambda: _loop(database, post, port)}
            sent = turns(rivals, lambda: _queue(database))
    database.dispose()
    return {
        "queueing to 10,000 ÷ plain INSERT … SELECT": queued["ours"] / queued["plain"],
        "queueing to 10,000, ms": queued["ours"] * 1000,
        "worker ÷ smtplib loop, letters/s": sent["bare"] / sent["ours"],
        "worker, letters/s": LETTERS / sent["ours"],
    }  # fmt: skip


def turns(candidates: dict[str, Callable[[], None]], before: Callable[[], None]) -> dict[str, float]:
    """Seconds by the clock: medians of so many rounds."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, call in candidates.items():
            before()
            started = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in taken.items()}


def fill(database: Database, people: int) -> None:
    """A house of so many flats, each with somebody who logs in and a meter of cold water."""
    many = range(1, people + 1)
    user = {"name": "N", "role": Role.RESIDENT, "created_at": _NOON}
    customer = {"name": "N", "is_company": False, "settlement": Settlement.METERED}
    tenure = {"role": TenureRole.OWNER, "starts_on": date(2020, 1, 1)}
    rows: dict[Any, list[dict[str, Any]]] = {
        House: [{"external_id": "H", "address": "Iela 1", "town": "Ogre", "postcode": ""}],
        User: [{"username": f"u{n}", "email": f"u{n}@example.com", **user} for n in many],
        Customer: [{"external_id": f"C{n}", "code": str(n), **customer} for n in many],
        CustomerUser: [{"user_id": n, "customer_id": n} for n in many],
        Premises: [
            {"public_id": f"p{n}", "external_id": f"P{n}", "house_id": 1, "flat": str(n), "address": "A"} for n in many
        ],
        Tenure: [{"external_id": f"T{n}", "customer_id": n, "premises_id": n, **tenure} for n in many],
        Meter: [
            {"public_id": f"m{n}", "external_id": f"M{n}", "premises_id": n, "kind": "cold_water", "serial": str(n)}
            for n in many
        ],
        Register: [{"external_id": f"R{n}", "meter_id": n, "ordinal": 1} for n in many],
    }
    with database.write() as session:
        for table, values in rows.items():
            session.execute(sa.insert(table.__table__), values)
        session.add(Notice(external_id="N", for_all=True, published_at=_NOON, published_on=_NOON.date()))
        session.flush()
        body = "Mainīsim cauruli pagrabā.\n\n" * 10
        session.add(NoticeText(notice_id=1, language="lv", title="Trešdien nebūs ūdens", body=body))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _announce(database: Database) -> None:
    with database.write() as session:
        announcements.announce(session, session.get_one(Notice, 1), ("lv", "en", "ru"), utc_now())


def _plain(database: Database) -> None:
    with database.write() as session:
        session.execute(sa.text(PLAIN.replace(":", r"\:")))


def _empty(database: Database) -> None:
    with database.write() as session:
        session.execute(sa.delete(Mail))


def _queue(database: Database) -> None:
    _empty(database)
    with database.write() as session:
        session.execute(sa.text(f"{PLAIN.replace(':', chr(92) + ':')} LIMIT {LETTERS}"))


def _work(post: Post) -> None:
    while post.send_due():
        pass


def _loop(database: Database, post: Post, port: int) -> None:
    with database.write() as session:
        letters = outbox.claim(session, utc_now(), LETTERS)
    data = post.wire(letters[0])
    pooled = database.engine.raw_connection()
    cursor, mark = pooled.cursor(), "?" if database.is_sqlite else "%s"
    update = f"UPDATE mail SET sent_at = CURRENT_TIMESTAMP, leased_until = NULL, error = '' WHERE id = {mark}"  # noqa: S608  # our own
    with smtplib.SMTP("127.0.0.1", port) as server:
        for letter in letters:
            server.sendmail("noreply@localhost", letter.address, data)
            if database.is_sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            cursor.execute(update, (letter.id,))
            pooled.commit()
    pooled.close()


@contextmanager
def _server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    words = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    process = subprocess.Popen(words)  # noqa: S603  # our own
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()
