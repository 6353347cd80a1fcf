"""The purge: what is over goes, nothing else does, and nobody notices (GDPR 5(1)(e), 17; models/privacy.toml)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import retention
from models.articles import SearchMiss
from models.attorneys import Attorney
from models.audit import AuditRow
from models.copies import DataCopy
from models.customers import CustomerUser
from models.database import metadata
from models.documents import Document
from models.files import RenderedFile
from models.invoices import Invoice, InvoiceLine, Payment
from models.notices import Notice, NoticeReceipt
from models.outbox import Mail
from models.pending import Pending
from models.people import User
from models.privacy import PERIODS
from models.reading_mails import ReadingMail
from models.readings import Reading
from models.registrations import Waiting
from models.sessions import KnownDevice, WebSession
from models.storages import storage_of
from models.throttle import Throttle
from models.tokens import Token
from models.types import utc_now
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY
from tests.conftest import settings_for
from tests.keeping import kill_at, purge
from tests.s3server import bucket, s3_server
from tests.standing import change, dump, fetch

A_LITTLE = timedelta(minutes=5)


def aged(number: int, moment: Any) -> dict[str, tuple[type, dict[str, Any]]]:
    """A row of each period whose time counts from a moment."""
    key = f"{number}" * 8
    return {
        "sessions": (WebSession, {"token_hash": key, "user_id": 1, "method": "password", "expires_at": moment}),
        "devices": (KnownDevice, {"token_hash": key, "user_id": 1, "seen_at": moment}),
        "links": (Token, {"token_hash": key, "purpose": "x", "user_id": 1, "expires_at": moment}),
        "letters": (Mail, {"kind": "x", "address": key, "language": "lv", "sent_at": moment}),
        "tries": (Throttle, {"key": key, "last_failed_at": moment}),
        "begun": (Pending, {"token_hash": key, "purpose": "login", "challenge": key, "expires_at": moment}),
        "registrations": (Waiting, {"key": key, "language": "lv", "code": "1", "asked_at": moment}),
        "renderings": (RenderedFile, {"key": key, "file_hash": key, "created_at": moment}),
        "waiting_mails": (ReadingMail, {"message_hash": key, "received_at": moment, "sender": "", "subject": "", "text": "", "files": 0}),
        "copies": (DataCopy, {"user_id": 3, "language": "lv", "asked_at": moment}),
    }


@pytest.mark.parametrize("name", sorted(aged(0, None)))
def test_what_is_over_goes_and_what_is_not_over_stays(app: Flask, name: str):
    over = utc_now() - timedelta(days=PERIODS[name]["days"])
    table = aged(0, None)[name][0]
    change(app, sa.delete(table))
    with app.extensions["ekabinets"].database.write() as session:
        for number, moment in enumerate((over + A_LITTLE, over - A_LITTLE, over - timedelta(days=999))):
            session.add(table(**aged(number + 1, moment)[name][1]))
    before = dump(app, [table.__tablename__])
    kept = aged(1, over + A_LITTLE)[name][1]
    assert purge(app) == 2 and purge(app) == 0
    (row,) = fetch(app, sa.select(table.__table__))
    assert all(getattr(row, column) == value for column, value in kept.items())
    assert dump(app, [table.__tablename__]) == before, "and nothing else is touched"


def test_a_letter_that_waits_or_a_live_session_is_never_over(app: Flask, anna: Browser):
    past = utc_now() - timedelta(days=5000)
    with app.extensions["ekabinets"].database.write() as session:
        session.add(Mail(kind="x", address="a@example.lv", language="lv", created_at=past, due_at=past))
        session.execute(sa.update(WebSession).values(created_at=past, authenticated_at=past))
    assert purge(app) == 0 and "Profile" in anna.get("/profile").headings


def test_a_receipt_goes_with_a_notice_that_was_withdrawn_else_it_would_be_unread_again(app: Flask):
    ids = [row.id for row in fetch(app, sa.select(Notice.id).order_by(Notice.id))][:2]
    change(app, sa.update(Notice).values(published_at=utc_now() - timedelta(days=3000)))
    change(app, sa.update(Notice).where(Notice.id == ids[0]).values(withdrawn_at=utc_now() - timedelta(days=31)))
    change(app, sa.insert(NoticeReceipt).values([{"user_id": 1, "notice_id": one, "read_at": utc_now() - timedelta(days=2999)} for one in ids]))
    assert purge(app) == 1 and [row.notice_id for row in fetch(app, sa.select(NoticeReceipt.notice_id))] == ids[1:]


def test_what_was_searched_in_vain_goes_after_half_a_year(app: Flask):
    change(app, sa.insert(SearchMiss).values([{"day": TODAY - timedelta(days=ago), "language": "lv", "text": "balkons", "times": 1} for ago in (0, 180, 181, 999)]))
    assert purge(app) == 2 and {row.day for row in fetch(app, sa.select(SearchMiss.day))} == {TODAY, TODAY - timedelta(days=180)}


def test_invoices_go_ten_years_after_with_their_lines_unless_somebody_still_pays(app: Flask):
    first, second = fetch(app, sa.select(Invoice.id).where(Invoice.customer_id == 1).order_by(Invoice.id))[:2]
    long_ago, invoices = date(TODAY.year - 10, 11, 1), fetch(app, sa.select(Invoice.id))
    change(app, sa.update(Invoice).where(Invoice.id.in_([first.id, second.id])).values(issued_on=long_ago))
    change(app, sa.update(Payment).where(Payment.invoice_id == first.id).values(paid_on=long_ago))
    assert purge(app) == 1 + 2 + 1, "a payment, the lines, the invoice"
    assert {row.id for row in fetch(app, sa.select(Invoice.id))} == {row.id for row in invoices} - {first.id}
    assert len(fetch(app, sa.select(InvoiceLine.id).where(InvoiceLine.invoice_id == second.id))) == 2
    change(app, sa.delete(Payment).where(Payment.invoice_id == second.id))
    assert purge(app) == 3 and fetch(app, sa.select(Invoice.id).where(Invoice.id == second.id)) == []


def test_of_a_closed_account_nothing_is_left_that_says_whose_it_was(app: Flask, anna: Browser):
    """Also what came into being while it was closed, and what earlier versions left."""
    change(app, sa.update(Reading).where(Reading.id < 5).values(actor_user_id=1))
    readings = fetch(app, sa.select(Reading.id, Reading.value).order_by(Reading.id))
    anna.submit(anna.get("/profile/close-account"), "/profile/close-account", old=PASSWORD)
    with app.extensions["ekabinets"].database.write() as session:
        for table, values in aged(7, utc_now()).values():
            session.add(table(**values | ({"user_id": 1} if hasattr(table, "user_id") else {})))
        session.add(CustomerUser(user_id=1, customer_id=1))
    purge(app)
    left = {table.name for table in metadata().sorted_tables if "user_id" in table.c and fetch(app, sa.select(table.c.user_id).where(table.c.user_id == 1))}
    assert left == set() and fetch(app, sa.select(Reading.id).where(Reading.actor_user_id == 1)) == []
    assert fetch(app, sa.select(Reading.id, Reading.value).order_by(Reading.id)) == readings and len(fetch(app, sa.select(Invoice.id).where(Invoice.customer_id == 1))) == 14
    (user,) = fetch(app, sa.select(User.__table__).where(User.id == 1))
    assert not any((user.name, user.email, user.phone, user.password_hash)) and fetch(app, sa.select(AuditRow.id).where(AuditRow.actor_user_id == 1))


def test_the_dry_run_says_what_the_purge_then_does(make_app: Callable[..., Flask]):
    app = make_app()  # whose commands know it
    for name in aged(0, None):
        table, values = aged(5, utc_now() - timedelta(days=4000))[name]
        with app.extensions["ekabinets"].database.write() as session:
            session.add(table(**values))
    before, run = dump(app), app.test_cli_runner()
    said = run.invoke(args=["privacy", "purge", "--dry-run"]).output
    assert dump(app) == before and f"known_device: 1 rows from before {TODAY - timedelta(days=400)} (devices)\n" in said
    assert {line.partition(":")[0] for line in said.splitlines()} == {rule["table"] for period in PERIODS.values() for rule in period["rules"]}
    counts = [int(line.split()[1]) for line in said.splitlines()]
    assert run.invoke(args=["privacy", "purge"]).output.endswith(f"\n{sum(counts)} rows are gone.\n") and sum(counts) == len(aged(0, None))


def fill(app: Flask, count: int) -> None:
    """So many sessions that ended long ago."""
    rows = [{"token_hash": f"{n}", "user_id": 1, "method": "password", "expires_at": utc_now() - timedelta(days=99)} for n in range(count)]
    change(app, sa.insert(WebSession).values(rows))


def test_several_at_once_share_the_rows_between_them(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 10)
    fill(app, 200)
    with ThreadPoolExecutor(4) as pool:
        gone = sum(pool.map(lambda _: purge(app), range(4)))
    assert gone + purge(app) == 200 and fetch(app, sa.select(WebSession.id)) == []


def test_it_goes_in_batches_and_nobody_has_to_wait(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 10)
    fill(app, 25)
    held = app.extensions["ekabinets"]
    batches = retention.purge(held.database, held.storage, held.site, held.clock)
    assert next(batches) == 10
    Browser(app).log_in("anna")  # writes between two batches
    assert [*batches] == [10, 5]


def test_what_somebody_holds_goes_another_time(app: Flask, dialect: str):
    if dialect == "sqlite":  # has one writer at a time
        return
    fill(app, 2)
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(sa.update(WebSession).where(WebSession.token_hash == "0").values(device="held"))
        assert purge(app) == 1
    assert purge(app) == 1


@pytest.mark.parametrize("point", ["removed", "batch"])
def test_a_purge_that_is_killed_is_ended_by_the_next(app: Flask, point: str):
    fill(app, 3)
    change(app, sa.update(DataCopy).values(made_at=utc_now() - timedelta(days=8)))
    storage, names = app.extensions["ekabinets"].storage, [row.file_hash for row in fetch(app, sa.select(DataCopy.file_hash))]
    kill_at(app, point)
    assert sum(map(storage.exists, names)) == (1 if point == "removed" else 2)
    assert purge(app) > 0 and purge(app) == 0
    assert fetch(app, sa.select(DataCopy.id)) == [] and not any(storage.exists(name) for name in names)


def test_a_file_goes_from_a_bucket_as_well(make_app: Callable[..., Flask], tmp_path: Path):
    app = make_app()
    with s3_server() as url:
        storage = storage_of(settings_for("sqlite://", tmp_path, storage=f"s3://{bucket(url)}", s3_endpoint=url, s3_key_id="k", s3_secret="s"))
        app.extensions["ekabinets"] = replace(app.extensions["ekabinets"], storage=storage)
        name = storage.put(b"PK a copy")
        change(app, sa.update(DataCopy).values(made_at=utc_now() - timedelta(days=8), file_hash=name))
        assert purge(app) == 2 and not storage.exists(name)


def test_a_file_that_somebody_elses_row_names_as_well_stays(app: Flask):
    """Who shows a paper of the house as her power of attorney and closes her account takes it from nobody."""
    storage = app.extensions["ekabinets"].storage
    name = storage.put(b"%PDF-1.7 known to the whole house")
    change(app, sa.update(Document).where(Document.id == 1).values(file_hash=name))
    over = utc_now() - timedelta(days=999)
    row = {"public_id": "p" * 16, "user_id": 1, "code": "1", "about": "", "file_hash": name, "file_name": "a.pdf", "decided_at": over}
    change(app, sa.insert(Attorney.__table__).values(row))
    purge(app)
    assert fetch(app, sa.select(Attorney.id)) == [] and storage.exists(name)
