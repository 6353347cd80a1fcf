"""No page and no form reads a big table from end to end: the plan of every statement, where there are many of all."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from bench.grow import grow
from jobs.copies import make_due
from models import inbox
from models.access_requests import AccessRequest
from models.attorneys import Attorney
from models.composing import Composing
from models.database import Database, metadata
from models.einvoices import EInvoice
from models.factors import Factor
from models.handovers import Handover
from models.identities import Identity
from models.mentions import Mention
from models.people import User
from models.preferences import Preference
from models.premises import Entrance
from models.reading_links import ReadingLinkStop
from models.reading_mails import ReadingMail
from models.registrations import Waiting
from models.reminders import Reminder
from models.rules.threads import ThreadState
from models.seals import Sealer, verify
from models.search import SavedSearch
from models.sessions import WebSession
from models.substitutes import StaffAway
from models.threads import MessageDraft, Thread, ThreadNote
from models.types import Role, utc_now
from tests import standing
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.desks import came
from tests.gallery.scenes import link_for
from tests.powers import supervisor
from tests.standing import change, fetch
from tests.test_statements import acts, is_for_staff, pages, rank
from tests.views.reading_form import HTMX, send

house_file = standing.house_file

COPIES = 1000  # of the cast: three thousand flats, 170,000 readings
SMALL = {"api_token", "api_receipt", "webhook", "override", "text_override", "throttle", "rendered_file", "pending_login", "quarantine", "registration", "provider_document", "article", "article_text", "search_miss", "canned_reply", "import_job", "figures", "pg_database"}  # a few rows, or found by their key
ANY_ROW = "SELECT 1 FROM user_account LIMIT 1"  # of the health check: stops at the first
Sent = tuple[str, Any]


@pytest.fixture
def crowd(app: Flask, anna: Browser, cast: Cast, house_file: None) -> Flask:
    """The cast among thousands like it, after Anna has sent a reading."""
    send(anna, cast.hot, "528")
    Browser(app).log_in("anna", remember="1")
    change(app, sa.insert(Waiting).values(key="x", user_id=2, language="lv", code="20417", asked_at=utc_now()))
    link_for(app, "anna")
    somebody = Browser(app)
    somebody.submit(somebody.get("/password/forgot"), "/password/forgot", username="viktors")
    change(app, sa.insert(Factor).values(user_id=5, kind="recovery", name="ABCD", secret="x"))
    change(app, sa.insert(Identity).values(user_id=5, family="bank", provider="Banka", issuer="https://bank.example", subject="1", linked_at=utc_now(), used_at=utc_now()))
    change(app, sa.insert(Entrance).values(external_id="E1", house_id=1, name="1"))
    away = f"/properties/{cast.flat}/absences"
    anna.submit(anna.get(away), away, starts="2026-12-30", ends="2026-12-31")
    change(app, sa.insert(Handover).values(public_id="handed-over", premises_id=1, user_id=1, to_whom="1", changes_on=TODAY, readings=[], state="refused", reason=""))
    anna.get(f"/notices/{cast.notice}")
    came(app, state="matched")
    change(app, sa.insert(ReadingMail).values(message_hash="x", received_at=utc_now(), sender="", subject="", text="x", files=0, reason="x", decided_at=utc_now()))
    change(app, sa.insert(Preference).values(user_id=1, kind="answers", wanted=False, changed_at=utc_now()))
    known = {"family": "bank", "provider": "Banka", "issuer": "https://bank.example", "linked_at": utc_now(), "used_at": utc_now()}
    change(app, sa.insert(Identity).values(user_id=1, subject="anna", **known))
    change(app, sa.insert(Attorney).values(user_id=1, public_id="a", code="20418", about="x", file_hash="0" * 64, file_name="a.pdf", asked_at=utc_now(), decided_at=utc_now(), reason=""))
    change(app, sa.insert(AccessRequest).values(user_id=2, owner_id=1, wanted="20417", who="x", asked_at=utc_now(), looked_at=utc_now()))
    change(app, sa.insert(ThreadNote).values(thread_id=9001, author="Ilze", body="x", noted_at=utc_now()))
    change(app, sa.insert(Mention).from_select(["note_id", "user_id"], sa.select(ThreadNote.id, sa.literal(5))))
    change(app, sa.insert(SavedSearch).values(user_id=5, name="x", text="x"))
    change(app, sa.insert(MessageDraft).values(user_id=1, once="o" * 16, name="a.pdf", file_hash="0" * 64, size=1, created_at=utc_now()))
    change(app, sa.insert(Composing).values(thread_id=9001, user_id=5, seen_at=utc_now() - timedelta(days=1), is_note=False, body="", once=""))
    change(app, sa.insert(EInvoice).values(user_id=2, customer_id=2, attached=False, paper_off=False, changed_at=utc_now()))
    change(app, sa.insert(Reminder).values(user_id=1, kind="opens", about=TODAY, written_at=utc_now()))
    change(app, sa.insert(ReadingLinkStop).values(premises_id=3, opens=TODAY))
    database: Database = app.extensions["ekabinets"].database
    assert Sealer(database).seal_due()
    change(app, sa.insert(StaffAway).values(staff_id=4, substitute_id=5, starts_on=TODAY, ends_on=TODAY))
    last, people = (fetch(app, sa.select(sa.func.max(table.id)))[0][0] for table in (Thread, User))
    grow(database, COPIES)
    change(app, sa.update(Thread).where(Thread.id > last).values(state=ThreadState.CLOSED, due_at=None))  # as most are
    change(app, sa.update(User).where(User.id > people).values(role=Role.RESIDENT))  # as they are
    change(app, sa.text("UPDATE absence SET starts_on = '2020-01-01', ends_on = '2020-01-02' WHERE id > 1"))  # so are these
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return app


def everything(app: Flask, cast: Cast, anna: Browser) -> dict[str, Sent]:
    """Each different statement of every page and form, with the values that it was sent with first."""
    sent: dict[str, Sent] = {}
    ilze = supervisor(app)
    change(app, sa.update(WebSession).where(WebSession.user_id == 1).values(remembered=True))  # as /offline asks

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.setdefault(statement, (statement, parameters))

    engine = app.extensions["ekabinets"].database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    for path in (*(path for _, path in pages(app, cast)), *(f"/activity{kind}?show={name}" for name in ("data", "own") for kind in ("", ".csv")), *(f"/staff/inbox?view={name}" for name in inbox.VIEWS)):
        rank(app, path)
        rare = re.sub(r"\?q=.*", "?q=zvirbulis", path)  # of a common word, which all copies have, nobody asks the index
        (ilze if is_for_staff(path) else anna).client.get(rare)
    Browser(app).log_in("anna")
    for _, browser, page, action, typed in acts(app, cast, anna):
        htmx = {"headers": HTMX} if action.startswith("/meters") else {}
        form = browser.get(page, **htmx)
        fields = next((one.fields for one in form.forms if one.action == action), form.forms[0].fields)
        browser.post(action, typed if isinstance(typed, bytes) else {**fields, **typed}, follow=False, **htmx)
    with app.app_context():
        assert make_due(app) == 1  # what Anna has asked for in one of them
    Sealer(app.extensions["ekabinets"].database).seal_due()
    with app.extensions["ekabinets"].database.read() as connection:
        assert "row" in verify(connection)[0], "what was grown is not as it was sealed"
    sa.event.remove(engine, "before_cursor_execute", note)
    return {key: one for key, one in sent.items() if key.split()[0] in ("SELECT", "UPDATE", "DELETE")}


def scans(database: Database, sent: Sent) -> list[str]:
    """The tables that the plan of a statement reads from end to end, be it through an index."""
    statement, parameters = sent
    with database.read() as connection:
        cursor: Any = connection.connection.cursor()
        if database.is_sqlite:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [row[3].split() for row in cursor.fetchall()]
            return [step[1] for step in steps if step[0] == "SCAN" and step[1] != "CONSTANT"]
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        return [*_unbounded(cursor.fetchone()[0][0]["Plan"])]


def _unbounded(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" or (node["Node Type"].startswith(("Index", "Bitmap Index")) and "Index Cond" not in node):
        yield node.get("Relation Name") or node["Index Name"]
    for part in node.get("Plans", ()):
        yield from _unbounded(part)


def test_no_page_and_no_form_reads_a_big_table_from_end_to_end(crowd: Flask, anna: Browser, cast: Cast):
    database = crowd.extensions["ekabinets"].database
    tables = [table for table in metadata().sorted_tables if table.name not in SMALL]
    with database.read() as connection:
        count = {table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() for table in tables}
    assert min(count.values()) >= COPIES, count
    sent = everything(crowd, cast, anna)
    assert len(sent) > 25
    found = {one: {*scans(database, sent[one])} & {table.name for table in tables} for one in sent if one != ANY_ROW}
    assert not {one: names for one, names in found.items() if names}
