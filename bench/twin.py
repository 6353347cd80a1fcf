"""The twin: the home page with the same bytes, from hand-written SQL over the raw driver and the same session check.

The floor that the home page is measured against. Never part of the product.
"""

from collections import namedtuple
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, Response, g, request

from app import create_app
from auth.access import Right
from auth.state import state
from auth.visitor import Visitor
from models.cards import Dial, Mark, MeterCard
from models.invoices import Bill
from models.places import FOR_EVER, Place
from models.sessions import token_hash
from models.settings import Settings
from models.types import MeterKind, Role, Source, TenureRole, ValidKind, utc_now
from models.windows import Calendar
from views.meter_views import meter_views, sorted_out
from views.pages import page, settle_language

SESSION = """
SELECT s.id, s.user_id, s.method, s.acr, s.authenticated_at, s.seen_at, s.expires_at, s.remembered, u.name, u.username,
u.language, u.role FROM web_session s JOIN user_account u ON u.id = s.user_id
WHERE s.token_hash = ? AND s.ended_at IS NULL AND u.disabled_at IS NULL
"""
PLACES = """
SELECT p.id, p.public_id, p.house_id, p.entrance_id, p.address, p.area, h.address, t.role, t.starts_on, t.ends_on,
c.id, c.code, c.name FROM customer_user cu JOIN tenure t ON t.customer_id = cu.customer_id
JOIN premises p ON p.id = t.premises_id JOIN house h ON h.id = p.house_id JOIN customer c ON c.id = t.customer_id
WHERE cu.user_id = ? AND t.starts_on <= ? ORDER BY p.id, t.starts_on DESC
"""
BILL = """
SELECT i.*, (SELECT sum(amount) FROM payment WHERE invoice_id = i.id) paid,
(SELECT max(paid_on) FROM payment WHERE invoice_id = i.id) paid_on
FROM invoice i WHERE premises_id = ? AND customer_id = ? ORDER BY issued_on DESC, id DESC LIMIT 1
"""
WINDOWS = (
    "SELECT id FROM override WHERE (valid_until IS NULL OR valid_until >= ?) AND (house_id IS NULL OR house_id = ?)"
)
_NTH = """
(SELECT id FROM reading x WHERE x.register_id = r.id AND x.superseded_at IS NULL AND x.read_on >= ? AND x.read_on <= ?
ORDER BY x.read_on DESC, x.id DESC LIMIT 1 OFFSET {})
"""
CARDS = f"""
SELECT m.id, m.public_id, m.kind, m.place, m.serial, m.is_remote, m.house_id, m.removed_on, m.valid_until, m.valid_kind,
r.id, r.ordinal, r.name, r.digits, r.decimals,
a.id, a.value, a.read_on, a.source, a.received_at, a.period, a.rolled_over, a.actor_user_id, a.flag,
b.id, b.value, b.read_on, b.source, b.received_at, b.period, b.rolled_over, b.actor_user_id, b.flag
FROM meter m JOIN register r ON r.meter_id = m.id
LEFT JOIN reading a ON a.id = {_NTH.format(0)} LEFT JOIN reading b ON b.id = {_NTH.format(1)}
WHERE (m.premises_id = ? OR m.house_id = ?) AND (m.removed_on IS NULL OR m.removed_on > ?) ORDER BY m.id, r.ordinal
"""  # noqa: S608  # our own text
_KINDS = list(MeterKind)


def make_twin(settings: Settings) -> Flask:
    """An application whose home page is the twin: neither guard nor ORM before it, the same headers after it."""
    app = create_app(settings)
    app.before_request_funcs = {}
    app.view_functions["properties.home"] = home
    return app


def home(pid: str) -> Response:
    """The home page of a property."""
    held = state()
    today, sql = held.clock.today(), _Raw(held.database)
    try:
        g.visitor = _visitor(sql)
        g.csrf_cookie = request.cookies.get("csrf") or ""
        settle_language()
        places = [_place(row) for row in sql(PLACES, g.visitor.user_id, today)]
        here = next(place for place in places if place.public_id == pid)
        bill = _bill(sql, here)
        if sql(WINDOWS, today, here.house_id):
            raise RuntimeError("the twin knows no overrides")
        calendar = Calendar(held.site, (), today)
        span = (here.since, here.until)
        rows = sql(CARDS, *span, *span, here.id, here.house_id, today)
        meters = meter_views(_cards(rows, here), calendar)
        return page(
            "properties/home.html", current="home", place=here, home=here, others=len(places) > 1, bill=bill,
            **sorted_out(meters), rights={"invoices": Right.ACT, "meters": Right.ACT}, may_act=True,
        )  # fmt: skip
    finally:
        sql.close()


class _Raw:
    """The driver's own cursor, with the placeholder of either database."""

    def __init__(self, database: Any) -> None:
        self.sqlite, self.pooled = database.is_sqlite, database.engine.raw_connection()
        self.cursor = self.pooled.cursor()

    def __call__(self, query: str, *values: Any) -> list[Any]:
        if self.sqlite:
            values = tuple(value.isoformat() if isinstance(value, date) else value for value in values)
        self.cursor.execute(query if self.sqlite else query.replace("?", "%s"), values)
        return self.cursor.fetchall()  # type: ignore[no-any-return]

    def close(self) -> None:
        self.cursor.close()
        self.pooled.close()


def _visitor(sql: _Raw) -> Visitor:
    (row,) = sql(SESSION, token_hash(request.cookies["session"]))
    if _moment(row[6]) <= utc_now():
        raise RuntimeError("the session is over")
    return Visitor(
        row[1], row[0], row[8], row[9], row[10], Role(row[11]), row[2], row[3], _moment(row[4]), bool(row[7])
    )


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _place(row: Any) -> Place:
    return Place(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], TenureRole(row[7]), (row[10],), row[11], row[12],
        _day(row[8]), _day(row[9]) or FOR_EVER,
    )  # fmt: skip


def _bill(sql: _Raw, here: Place) -> Bill | None:
    rows = sql(BILL, here.id, here.customer_ids[0])
    if not rows:
        return None
    names = [column[0] for column in sql.cursor.description]
    values = dict(zip(names, rows[0], strict=True))
    for name in ("period_start", "period_end", "issued_on", "due_on", "paid_on"):
        values[name] = _day(values[name])
    row = namedtuple("Row", names)(**values)  # type: ignore[misc]
    return Bill(row, here, values["paid"] or 0, values["paid_on"])


def _cards(rows: list[Any], here: Place) -> list[MeterCard]:
    by_meter: dict[int, list[Any]] = {}
    for row in rows:
        by_meter.setdefault(row[0], []).append(row)
    found = [
        MeterCard(
            m[0], m[1], MeterKind(m[2]), m[3], m[4], bool(m[5]), m[6] is not None, _day(m[7]), _day(m[8]),
            ValidKind(m[9]), here,
            tuple(Dial(r[10], r[11], r[12], r[13], r[14], _mark(r[15:24]), _mark(r[24:33])) for r in rows_of),
        )
        for rows_of in by_meter.values()
        for m in rows_of[:1]
    ]  # fmt: skip
    return sorted(found, key=lambda card: (card.is_house, _KINDS.index(card.kind), card.where, card.serial))


def _mark(row: Any) -> Mark | None:
    if row[0] is None:
        return None
    return Mark(
        row[0], row[1], _day(row[2]), Source(row[3]), _moment(row[4]), _day(row[5]), bool(row[6]), row[7], row[8]
    )
