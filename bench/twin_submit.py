"""The twin of a reading's submission: the same checks, the same rows, one durable commit, the same fragment back.

The rules that weigh a value are the product's own; what is written by hand is everything around them.
"""

import json
from collections import namedtuple
from datetime import date, datetime
from typing import Any

from flask import Response, g, request

from auth import csrf
from auth.state import state
from bench.twin import DIALS, FIRST, HERE, MARKS, TENURES, Raw, begin, cards, day, moment, place, windows
from models.audit import content_hash
from models.entries import _with_leak
from models.places import Place
from models.types import MeterKind, Source, utc_now
from models.weighing import Answer, Decision, Entry, decide
from views import readings
from views.meter_views import meter_views
from views.meters import _sent_fragment, seal

_MARKS_OF_TENURE = MARKS.replace("x.read_on >= ?", "x.read_on >= t.starts_on").replace(
    "x.read_on <= ?", "x.read_on <= coalesce(t.ends_on, '9999-12-31')"
)
METER = f"""
SELECT {DIALS}, {HERE} FROM meter m JOIN premises p ON p.id = m.premises_id {TENURES}
JOIN register r ON r.meter_id = m.id {_MARKS_OF_TENURE} WHERE m.public_id = ? ORDER BY {FIRST}, r.ordinal
"""  # noqa: S608  # our own text
LOCK = """
SELECT r.id, a.content_hash, b.starts_on, b.ends_on FROM register r
LEFT JOIN audit a ON a.once = ? AND a.actor_user_id = ?
LEFT JOIN absence b ON b.premises_id = ? AND b.announced_on >= ? AND b.announced_on <= ? WHERE r.id = ?
"""
KNOWN = """
SELECT a.id, a.register_id, a.value, a.read_on, a.rolled_over, a.period, a.source, a.received_at, a.actor_user_id,
a.flag, m.kind, m.place, r.name, NULL, NULL, NULL FROM reading a JOIN register r ON r.id = a.register_id
JOIN meter m ON m.id = r.meter_id
WHERE m.premises_id = ? AND (m.removed_on IS NULL OR m.removed_on > ?) AND a.superseded_at IS NULL
AND a.read_on >= ? AND a.read_on <= ? ORDER BY a.register_id, a.read_on, a.id
"""
INSERT = """
INSERT INTO reading (register_id, value, read_on, received_at, changed_at, period, source, rolled_over, status,
actor_user_id, principal_customer_id, session_method) VALUES (?, ?, ?, ?, ?, ?, 'self', ?, 'received', ?, ?, ?)
RETURNING id
"""
SUPERSEDE = "UPDATE reading SET superseded_at = ?, superseded_by_id = ?, changed_at = ? WHERE id = ?"
AUDIT = """
INSERT INTO audit (at, action, actor_user_id, principal_customer_id, session_method, source, premises_id, object_type,
detail, once, content_hash) VALUES (?, 'reading.submitted', ?, ?, ?, 'self', ?, 'reading', ?, ?, ?)
"""
_Known = namedtuple(
    "_Known", "id register_id value read_on rolled_over period source received_at actor_user_id flag kind place name "
    "superseded_at photo taken_at"
)


def send(mid: str) -> Response:
    """Take the reading of one meter with one dial and answer with its card."""
    held = state()
    today, sql = held.clock.today(), Raw(held.database)
    try:
        begin(sql)
        if not csrf.valid(held.settings.secret_key, g.csrf_cookie, request.form["csrf_token"]):
            raise RuntimeError("not our form")
        user = g.visitor.user_id
        rows = sql(METER, user, user, today, today, today, mid, today)
        here = place(rows[0][33:])
        (card,) = cards(rows, here)
        calendar = windows(sql, here, today)
        (view,) = meter_views([card], calendar)
        entry = readings._entry(view, view.card.dials[0])
        return _sent_fragment(card, calendar, [_store(sql, here, entry, utc_now(), today)])
    finally:
        sql.close()


def _store(sql: Raw, here: Place, entry: Entry, now: datetime, today: date) -> Answer:
    user, once, register = g.visitor.user_id, request.form["once"], entry.dial.register_id
    sql("BEGIN IMMEDIATE" if sql.sqlite else "BEGIN")
    lock = LOCK if sql.sqlite else f"{LOCK} FOR UPDATE OF r"
    locked = sql(lock, once, user, here.id, here.since, here.until, register)
    if locked[0][1]:
        raise RuntimeError("the twin knows no form that is sent again")
    known = _known(sql, here, today)
    found = decide(
        entry, known, user, today, seal, {(day(row[2]), day(row[3])) for row in locked if row[2]}
    )
    if not isinstance(found, Decision) or entry.window is None or found.flag:
        raise RuntimeError(f"the twin takes right readings only: {found}")
    customer, method = here.customer_ids[0], g.visitor.method
    values = (register, found.value, today, _utc(now), _utc(now), entry.window.period, found.rolled_over)
    ((number,),) = sql(INSERT, *values, user, customer, method)
    if found.supersedes:
        sql(SUPERSEDE, _utc(now), number, _utc(now), found.supersedes)
    saved = {"register": register, "value": found.value, "used": found.used, "flag": "", "at": now.isoformat()}
    hashed = content_hash({f"{register}": f"{entry.text.strip()} {entry.reply}"})
    sql(AUDIT, _utc(now), user, customer, method, here.id, json.dumps({"saved": [saved]}), once, hashed)
    sql("COMMIT")
    return _with_leak(entry, Answer(register, "saved", "", "", found.value, found.used, now), known, today)


def _known(sql: Raw, here: Place, today: date) -> dict[int, list[Any]]:
    since = max(here.since, date.fromordinal(today.toordinal() - 400))
    known: dict[int, list[Any]] = {}
    for number, register, value, on, rolled, period, source, received, user, flag, kind, *rest in sql(
        KNOWN, here.id, today, since, today
    ):
        row = (number, register, value, day(on), bool(rolled), day(period), Source(source), moment(received))
        known.setdefault(register, []).append(_Known._make((*row, user, flag, MeterKind(kind), *rest)))
    return known


def _utc(now: datetime) -> datetime:
    """As the columns hold it: without a zone, in UTC."""
    return now.replace(tzinfo=None)
