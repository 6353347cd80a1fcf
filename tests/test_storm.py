"""Twenty thousand requests that no browser would send, half of them on each database: a clear answer to each, and
the data of everybody is afterwards what was acknowledged."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, g, request, request_finished
from sqlmodel import col

from models.audit import AuditRow
from models.files import FolderStorage
from models.invoices import Invoice
from models.meters import Meter, Register
from models.readings import Reading
from models.throttle import Throttle
from models.types import Source
from tests.cast import TODAY, Cast
from tests.standing import change, dump, fetch
from tests.storm import Answered, Asked, Storm, seconds_to_answer
from tests.strange import PEOPLE, VERBS_AND_OTHERS
from tests.views.test_headers import ALWAYS, NEVER
from views.limits import limiter

SEED, COUNT = 20261130, 10_000  # on each database
KNOWN = {200, 204, 302, 303, 400, 401, 403, 404, 405, 409, 410, 413, 422, 429}
TRACES = ("Traceback", 'File "', "sqlalchemy", "psycopg", "sqlite", "werkzeug", "jinja", "site-packages", "ValueError", "KeyError", "TypeError", "RuntimeError")
NAMES = {"anna": "Anna Ozoliņa", "viktors": "Viktors Petrovs", "peteris": "Pēteris Kalniņš", "liga": "Līga Ozoliņa", "ilze": "Ilze Kļaviņa"}
LIVELY = ("reading", "audit", "web_session", "known_device", "throttle", "rendered_file", "mail", "pending_login", "user_account", "notice_receipt", "preference", "registration", "mandate", "mail_token", "absence", "handover", "power_of_attorney", "access_request", "factor", "search_miss", "einvoice", "thread", "message", "message_file", "message_draft", "thread_note", "staff_away", "composing", "canned_reply", "mention", "thread_text", "saved_search", "reading_link_stop", "reading_photo", "online_payment", "online_payment_invoice", "bank_entry", "reading_mail")  # tables that requests write
COUNTED = ("reading.submitted", "login.succeeded")
DESKS = ("attorneys.show", "attorneys.document", "desks.requests", "desks.premises", "review.queue", "review.house", "review.house_table", "slips.printed", "reading_mails.show", "staff_payments.show")  # whose GET notes the look
MAY_WRITE = {
    "meters.send": {"reading", "audit", "reading_photo"}, "meters.send_all": {"reading", "audit", "reading_photo"}, "absences.change": {"absence", "audit"},
    "reading_links.find": {"throttle", "audit"}, "reading_links.disown": {"reading", "reading_link_stop", "audit"},
    "handovers.ask": {"reading", "handover", "audit", "mail"}, "handovers.answer": {"handover", "audit", "mail"}, "invoices.pdf": {"rendered_file"}, "payments.pay": {"online_payment", "online_payment_invoice", "audit"}, "payments.told": {"online_payment", "audit"}, "help.show": {"search_miss"}, "notices.show": {"notice_receipt"},
    "login.submit": {"throttle", "audit", "web_session", "known_device", "mail"}, "login.log_out": {"audit", "web_session"},
    "passwords.ask": {"audit", "mail"}, "passwords.change": {"audit", "throttle"},
    "emails.ask": {"audit", "throttle"}, "account.close": {"audit", "throttle"}, "copies.ask": {"audit", "throttle"},
    "second.begin": {"pending_login"}, "second.by_passkey": {"pending_login", "audit"}, "second.step_up": {"throttle", "audit", "pending_login"},
    "factors.add_app": {"throttle", "audit"}, "factors.begin_passkey": {"throttle", "audit", "pending_login"}, "factors.add_passkey": {"pending_login"},
    "registration.add": {"throttle", "registration", "audit"}, "linked.remove": {"throttle", "audit"}, "factors.remove": {"throttle", "audit"}, "factors.renew": {"throttle", "audit"},
    "profile.set_language": {"user_account", "audit"}, "profile.set_appearance": {"user_account", "audit"},
    "notifications.save": {"audit", "preference"}, "leaks.mute": {"audit", "preference"}, "calendars.make": {"mail_token", "audit"}, "calendars.switch_off": {"mail_token", "audit"}, "einvoices.save": {"audit", "preference", "einvoice"}, "statements.as_zip": {"rendered_file"},
    "users.invite": {"throttle", "audit"}, "users.change": {"throttle", "audit"}, "users.code": {"mail_token"},
    "users.revoke": {"mandate", "audit", "mail", "mail_token"}, "users.set_state": {"throttle", "mandate", "audit", "mail"},
    "staff.registration": {"audit"}, **{name: {"audit"} for name in DESKS}, "windows.decide": {"audit", "override"}, "staff_inbox.show": {"audit", "mention"}, "staff_work.close": {"audit", "thread"},
    "staff_work.assign": {"audit", "thread"}, "staff_work.snooze": {"audit", "thread"}, "staff_work.several": {"audit", "thread"},
    "staff_work.merge": {"audit", "thread", "thread_text", "message", "thread_note"}, "staff_work.go_away": {"audit", "staff_away"},
    "composing.reply": {"audit", "thread", "thread_text", "message", "message_file", "message_draft", "mail", "thread_note", "composing", "canned_reply", "mention"}, "composing.undo": {"composing", "audit"}, "replies.save": {"canned_reply", "audit"},
    "composing.keep": {"composing"}, "composing.poll": {"composing"},
    "staff_search.keep": {"audit", "saved_search"}, "staff_search.drop": {"audit", "saved_search"},
    "customers.help_out": {"audit", "mail", "throttle", "user_account"}, "told.send_readings": {"audit", "reading"}, "told.log": {"audit", "thread", "thread_text", "message", "message_draft"},
    "reading_mails.decide": {"reading_mail", "reading", "audit"},
    "staff_payments.decide": {"bank_entry", "online_payment", "online_payment_invoice", "audit"},
    "staff_notices.show": {"audit"}, "notices.confirm": {"notice_receipt", "audit"},
    "asking.apply": {"power_of_attorney", "audit"}, "asking.ask": {"throttle", "access_request", "audit"},
    "messages.ask": {"thread", "thread_text", "message", "message_draft", "message_file", "audit"}, "messages.reply": {"thread", "thread_text", "message", "message_draft", "message_file", "audit"},
    "messages.settle": {"thread", "audit"}, "messages.show": {"thread"},
    "documents.house": {"audit"}, "documents.house_paper": {"audit"},  # a refusal is noted
    "profile.end": {"audit", "web_session"}, "profile.end_others": {"audit", "web_session"},
}  # fmt: skip


DATED = {"handovers.ask": (None, TODAY - timedelta(days=1))}  # the month and the day of a reading, where they are not today's


class Ledger:
    """What was acknowledged, kept outside of the application; and what each request did."""

    def __init__(self, app: Flask) -> None:
        self.app, self.rows = app, []
        self.before, self.old = dump(app, LIVELY), self._readings(0)
        self.acts: Counter[str] = Counter(action for (action,) in fetch(app, sa.select(AuditRow.action)))
        self.endpoint, self.visitor, self.written = "", None, set()  # of the request that is answered

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note who asked for what, and which tables are written."""
        engine = self.app.extensions["ekabinets"].database.engine

        def wrote(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if match := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', statement):
                self.written.add(match[1])

        def answered(_app: Flask, response: Response) -> None:
            self.endpoint, self.visitor = request.endpoint or "", g.get("visitor")
            self.acts["login.succeeded"] += self.endpoint == "login.submit" and response.status_code == 303

        sa.event.listen(engine, "before_cursor_execute", wrote)
        with request_finished.connected_to(answered, self.app):
            yield
        sa.event.remove(engine, "before_cursor_execute", wrote)

    def note(self, asked: Asked, answer: Answered) -> None:
        """Nothing is written but by who may and where it was acknowledged; what was acknowledged is there."""
        allowed = MAY_WRITE.get(self.endpoint, set()) if asked.verb == "POST" or self.endpoint in ("invoices.pdf", "statements.as_zip", "notices.show", "help.show", "messages.show", "documents.house", "documents.house_paper", "staff.registration", "staff_inbox.show", "staff_notices.show", *DESKS) else set()
        seen = {"web_session"} if self.visitor else set()
        seen |= {"audit"} if answer.status == 403 else set()
        assert self.written <= allowed | seen, (self.endpoint, self.written)
        new = self._readings(max([row.id for row in self.old + self.rows])) if "reading" in self.written else []
        sent = {thousandths(text) for text in asked.texts}
        for row in new:
            assert not asked.cut and row.value in sent and (row.actor_user_id, row.period, row.read_on) == (self.visitor.user_id, *DATED.get(self.endpoint, (TODAY.replace(day=1), TODAY)))
        self.rows += new
        if self.endpoint in ("meters.send", "meters.send_all") and answer.status in (200, 303) and asked.verb == "POST":
            assert sent - {None} <= {row.value for row in self.rows}, "acknowledged and not there"
        told = re.sub("[^0-9]", "", answer.text)
        assert answer.status == 303 or all(str(row.value) in told for row in new), "there and not acknowledged"
        noted = "audit" in self.written and self.endpoint in ("meters.send", "meters.send_all")
        assert noted or not new, "a reading without its audit row"
        self.acts["reading.submitted"] += noted  # also of a value that stands already: it was sent, and answered
        self.written = set()

    def _readings(self, after: int) -> Sequence[Any]:
        return list(fetch(self.app, sa.select(Reading.__table__).where(col(Reading.id) > after).order_by(col(Reading.id))))

    def close(self) -> None:
        """Everything is as it was, but for the readings that were acknowledged, each of them once."""
        assert dump(self.app, LIVELY) == self.before
        stored = self._readings(0)
        assert stored[: len(self.old)] == self.old
        assert [(row.id, row.register_id, row.value, row.source) for row in stored[len(self.old) :]] == [(row.id, row.register_id, row.value, Source.SELF) for row in self.rows]
        current = Counter((row.register_id, row.period) for row in stored if row.source == Source.SELF and row.superseded_at is None)
        assert {*current.values()} == {1} and {key for key, _ in current} == {row.register_id for row in self.rows}
        actions = Counter(action for (action,) in fetch(self.app, sa.select(AuditRow.action)))
        assert [actions[name] for name in COUNTED] == [self.acts[name] for name in COUNTED]


def thousandths(text: str) -> int | None:
    """What a text says as a number, by another way than the application's."""
    plain = re.sub("[ \xa0]", "", text.strip())
    try:
        return int(Decimal(plain.replace(",", ".")) * 1000) if re.fullmatch("[0-9]+[.,]?[0-9]{0,3}", plain) else None
    except InvalidOperation:
        return None


def check(asked: Asked, answer: Answered, ledger: Ledger) -> None:
    """An answer is one of those that there are: safe, whole, and without anything of anybody else's."""
    headers, body = answer.headers, answer.body
    assert answer.status in KNOWN, answer.status
    assert all(headers.getlist(name) == [value] for name, value in ALWAYS.items()) and not {*NEVER} & {*headers.keys()} - ({"ETag"} if asked.path.startswith("/api/") else set())
    assert headers["Content-Security-Policy"].removeprefix("sandbox; ").startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert headers.get("Location", "/").startswith("/") and not re.match(r"/[/\\]", headers.get("Location", "/"))
    assert (answer.status == 405) == ("Allow" in headers) and not re.search(r"[\r\n\0]", str(list(headers.values())))
    assert not body or (asked.verb != "HEAD" and answer.status != 204)
    html = answer.text
    said = html or body.decode("latin-1")
    assert not [word for word in TRACES if word in said] and "<script>alert" not in html
    if html:
        check_page(asked, html, ledger)


def check_page(asked: Asked, html: str, ledger: Ledger) -> None:
    """A whole page, or to htmx one of its parts."""
    by_htmx = asked.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in asked.headers
    whole = html.lstrip().startswith("<!doctype html>") and html.rstrip().endswith("</html>") and html.count("<h1") == 1
    part = html.lstrip().startswith(("<section ", '<div id="poll"', '<ul class="langs"', '<div class="msg err"', '<ul class="hint rules"')) and "<html" not in html
    assert whole or (part and by_htmx), html[:300]
    mine = ledger.visitor.username if ledger.visitor else ""
    is_staff_page = asked.path.startswith("/staff") and mine == "ilze"  # who sees all residents
    assert is_staff_page or not [name for person, name in NAMES.items() if person != mine and name in html]


def begin_anew(app: Flask, storm: Storm, ledger: Ledger, names: Sequence[str] = PEOPLE) -> None:
    """Nobody is paused, and these people are logged in."""
    change(app, sa.delete(Throttle))
    for name in names:
        if storm.log_in(name) != 303:
            with app.app_context():
                limiter.reset()
            assert storm.log_in(name) == 303, name
    ledger.written = set()


@pytest.fixture
def storm(app: Flask, cast: Cast) -> Storm:
    """With an own file for all invoices but one: a file of ours takes a second to make."""
    storage: FolderStorage = app.extensions["ekabinets"].storage
    change(app, sa.update(Invoice).where(Invoice.public_id != cast.invoice).values(file_hash=storage.put(b"%PDF-1.4 own")))
    last = sa.select(Meter.public_id, sa.func.max(Reading.value)).join_from(Meter, Register).join(Reading, col(Reading.register_id) == Register.id).group_by(Meter.public_id)
    return Storm(app, cast, SEED, dict(fetch(app, last)))


def test_ten_thousand_strange_requests_break_nothing_lose_nothing_and_hang_nowhere(app: Flask, storm: Storm) -> None:
    ledger, asked_for, statuses, slowest = Ledger(app), set(), Counter(), 0.0
    with ledger.listening():
        for number, asked in enumerate(storm.requests(COUNT)):
            if number % 500 == 0:
                begin_anew(app, storm, ledger)
            began = time.monotonic()
            answer = storm.ask(asked)
            slowest = max(slowest, time.monotonic() - began)
            try:
                check(asked, answer, ledger)
                ledger.note(asked, answer)
            except Exception as error:
                error.add_note(f"request {number} of seed {SEED}: {asked!r:.3000} answered {answer!r:.600}")
                raise
            follow(app, storm, asked, answer, ledger)
            asked_for.add((asked.rule, asked.verb))
            statuses[answer.status] += 1
    ledger.close()
    print(f"seed {SEED}: {dict(sorted(statuses.items()))}, {len(ledger.rows)} readings, slowest {slowest:.2f} s")
    assert sum(statuses.values()) == COUNT and asked_for >= {(rule.rule, verb) for rule in app.url_map.iter_rules() for verb in VERBS_AND_OTHERS}
    # How many acts of one person fall into a minute hangs on the machine: limits have tests of their own (429).
    assert slowest < seconds_to_answer() and {*statuses} >= KNOWN - {403, 429}


def follow(app: Flask, storm: Storm, asked: Asked, answer: Answered, ledger: Ledger) -> None:
    """People look at what they are shown, and log in again when they are not known any more."""
    if asked.honest and asked.verb == "POST":
        storm.people[asked.person].look(answer)
    if asked.honest and asked.person and not ledger.visitor and answer.status in (303, 401):
        begin_anew(app, storm, ledger, [asked.person])
