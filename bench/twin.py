"""The twin: the home page with the same bytes, from hand-written SQL over the raw driver and the same session check.

The floor that the home page is measured against; `twin_submit` is that of a reading. Never part of the product. What
both have in common is what they are not to be compared by: template, headers, compression, the connection pool.
"""

from collections import namedtuple
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from flask import Flask, Response, g, request

from app import create_app
from auth.access import Right
from auth.state import state
from auth.visitor import Visitor
from models import missed
from models.cards import Dial, Mark, MeterCard
from models.database import Database
from models.invoices import Bill
from models.places import FOR_EVER, Lending, Place
from models.rules.mandates import rights_of
from models.sessions import token_hash
from models.settings import Settings
from models.types import MeterKind, Role, Source, TenureRole, ValidKind, utc_now
from models.windows import Calendar
from views.meter_views import meter_views, sorted_out
from views.pages import page, settle_language

SESSION = """
SELECT s.id, s.user_id, s.method, s.acr, s.authenticated_at, s.seen_at, s.expires_at, s.remembered, u.name, u.username,
u.language, u.role, u.password_hash IS NOT NULL, u.theme,
(SELECT count(*) FROM thread WHERE user_id = u.id AND unread AND mandate_version IS NULL),
u.password_issued, u.terms_version, (SELECT count(*) + count(CASE WHEN valid_until < ? THEN 1 END)
FROM text_override WHERE key = 'terms' AND valid_from <= ?)
FROM web_session s JOIN user_account u ON u.id = s.user_id
WHERE s.token_hash = ? AND s.ended_at IS NULL AND u.disabled_at IS NULL
"""
# For whom a user stands: herself, and by mandates. Takes user, user and today.
STANDING = """
(SELECT customer_id, NULL premises_id, NULL mandate_id, NULL version, NULL rights, FALSE strong, NULL since
FROM customer_user WHERE user_id = ? UNION ALL
SELECT mp.customer_id, mp.premises_id, m.id, m.version, m.rights, m.strong, m.starts_on
FROM mandate m JOIN mandate_premises mp ON mp.mandate_id = m.id
WHERE m.delegate_id = ? AND m.accepted_at IS NOT NULL AND m.suspended_at IS NULL AND m.ended_at IS NULL
AND (m.ends_on IS NULL OR m.ends_on >= ?)) s
"""
_LASTS = "coalesce(t.ends_on, '9999-12-31')"
# Takes all of `STANDING` and today twice more; orders by what counts of several ways.
TENURES = f"""
JOIN tenure t ON t.premises_id = p.id JOIN customer c ON c.id = t.customer_id
JOIN {STANDING} ON s.customer_id = t.customer_id
AND (s.mandate_id IS NULL OR (s.premises_id = p.id AND {_LASTS} >= ?)) AND t.starts_on <= ?
"""
FIRST = f"""
CASE WHEN s.mandate_id IS NOT NULL THEN 1 WHEN {_LASTS} >= ? THEN 0 ELSE 2 END, s.mandate_id DESC,
{_LASTS} DESC, t.starts_on, t.id
"""
HERE = """p.id, p.public_id, p.house_id, p.entrance_id, p.address, p.area, t.role, t.starts_on, t.ends_on,
c.id, c.code, c.name, s.mandate_id, s.version, s.rights, s.strong"""
PLACE = f"""
SELECT {HERE}, EXISTS (SELECT 1 FROM premises p {TENURES} WHERE p.public_id <> ?)
FROM premises p {TENURES} WHERE p.public_id = ? ORDER BY {FIRST}
"""  # noqa: S608  # our own text
BILL = """
SELECT i.*, (SELECT sum(amount) FROM payment WHERE invoice_id = i.id) paid,
coalesce((SELECT min(x.paid_on) FROM payment x WHERE x.invoice_id = i.id AND i.payable <= (
SELECT sum(amount) FROM payment WHERE invoice_id = x.invoice_id AND paid_on <= x.paid_on)),
(SELECT max(paid_on) FROM payment WHERE invoice_id = i.id)) paid_on,
(SELECT max(payment_id) FROM online_payment_invoice JOIN online_payment o ON o.id = payment_id
WHERE invoice_id = i.id AND booked_at IS NULL AND status IN ('pending', 'paid', 'review')) coming
FROM invoice i WHERE premises_id = ? AND customer_id = ? ORDER BY issued_on DESC, id DESC LIMIT 1
"""
_LIVED = f"""
t.starts_on <= a.published_on AND {_LASTS} >= a.published_on AND (s.mandate_id IS NULL OR (
s.premises_id = t.premises_id AND s.rights LIKE '%%notices%%' AND NOT s.strong AND t.starts_on <= ? AND {_LASTS} >= ?
AND s.since <= a.published_on))
"""
NOTICES = f"""
SELECT n.public_id FROM notice n LEFT JOIN notice_receipt r ON r.notice_id = n.id AND r.user_id = ?
WHERE n.withdrawn_at IS NULL AND n.published_at <= ? AND (n.valid_until IS NULL OR n.valid_until > ?)
AND (r.read_at IS NULL OR n.emergency) AND n.id IN (
SELECT a.id FROM notice a WHERE a.for_all AND EXISTS (SELECT 1 FROM {STANDING} JOIN tenure t
ON t.customer_id = s.customer_id WHERE {_LIVED})
UNION ALL SELECT a.id FROM {STANDING} JOIN tenure t ON t.customer_id = s.customer_id
JOIN premises p ON p.id = t.premises_id JOIN notice_audience u ON u.house_id = p.house_id
OR u.entrance_id = p.entrance_id OR u.premises_id = p.id OR u.customer_id = s.customer_id
JOIN notice a ON a.id = u.notice_id WHERE (u.customer_id IS NOT NULL AND s.mandate_id IS NULL)
OR (u.customer_id IS NULL AND {_LIVED}))
ORDER BY n.emergency DESC, n.published_at DESC, n.id DESC LIMIT 3
"""  # noqa: S608  # our own text
WINDOWS = (
    "SELECT id FROM override WHERE (valid_until IS NULL OR valid_until >= ?) AND (house_id IS NULL OR house_id = ?)"
)
_NTH = """
(SELECT id FROM reading x WHERE x.register_id = r.id AND x.superseded_at IS NULL AND x.read_on >= ? AND x.read_on <= ?
ORDER BY x.read_on DESC, x.id DESC LIMIT 1 OFFSET {})
"""
DIALS = """m.id, m.public_id, m.kind, m.place, m.serial, m.is_remote, m.house_id, m.removed_on, m.valid_until,
m.valid_kind, r.id, r.ordinal, r.name, r.digits, r.decimals,
a.id, a.value, a.read_on, a.source, a.received_at, a.period, a.rolled_over, a.actor_user_id, a.flag,
b.id, b.value, b.read_on, b.source, b.received_at, b.period, b.rolled_over, b.actor_user_id, b.flag"""
MARKS = f"LEFT JOIN reading a ON a.id = {_NTH.format(0)} LEFT JOIN reading b ON b.id = {_NTH.format(1)}"
CARDS = f"""
SELECT {DIALS} FROM meter m JOIN register r ON r.meter_id = m.id {MARKS}
WHERE (m.premises_id = ? OR m.house_id = ?) AND (m.removed_on IS NULL OR m.removed_on > ?) ORDER BY m.id, r.ordinal
"""  # noqa: S608  # our own text
_KINDS = list(MeterKind)


class Raw:
    """The driver's own cursor, with the placeholder of either database; no transaction around what is only read."""

    def __init__(self, database: Database) -> None:
        self.sqlite, self.pooled = database.is_sqlite, database.engine.raw_connection()
        self.cursor = self.pooled.cursor()
        if not self.sqlite:
            self.pooled.driver_connection.autocommit = True  # type: ignore[union-attr]  # there is one

    def __call__(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query."""
        if self.sqlite:
            values = tuple([value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
                            if isinstance(value, date) else value for value in values])  # fmt: skip
        self.cursor.execute(query if self.sqlite else _marked(query), values)
        return [*self.cursor.fetchall()] if self.cursor.description else []

    def close(self) -> None:
        """Give the connection back."""
        self.cursor.close()
        if not self.sqlite:
            self.pooled.driver_connection.autocommit = False  # type: ignore[union-attr]  # as above
        self.pooled.close()


@cache
def _marked(query: str) -> str:
    return query.replace("?", "%s")


def make_twin(settings: Settings) -> Flask:
    """An application whose home page and reading form are twins: no guard, no ORM, and the same headers after it."""
    from bench.twin_submit import send  # here, because it is made of the parts below

    app = create_app(settings)
    app.before_request_funcs = {}
    app.view_functions |= {"properties.home": home, "meters.send": send}
    return app


def home(pid: str) -> Response:
    """The home page of a property."""
    held = state()
    today, sql = held.clock.today(), Raw(held.database)
    try:
        begin(sql)
        user = g.visitor.user_id
        values = (user, user, today, today, today, pid)
        rows = sql(PLACE, *values, *values, today)
        here, others = place(rows[0]), bool(rows[0][-1])
        bill = _bill(sql, here)
        now, lived = utc_now(), (user, user, today, today, today)
        if sql(NOTICES, user, now, now, *lived, *lived):
            raise RuntimeError("the twin knows no notices")
        calendar = windows(sql, here, today)
        span = (here.since, here.until)
        found = cards(sql(CARDS, *span, *span, here.id, here.house_id, today), here)
        late = missed.of_cards(None, found, calendar)  # type: ignore[arg-type]  # the twin knows nobody who is late
        return page(
            "properties/home.html", current="home", place=here, home=here, others=others, bill=bill, coming=None,
            fresh=[], missed=max(late.values(), default=0), to={}, may_act=True,
            **sorted_out(meter_views(found, calendar)),
            rights={"invoices": Right.ACT, "meters": Right.ACT, "notices": Right.ACT, "messages": Right.ACT},
        )  # fmt: skip
    finally:
        sql.close()


def begin(sql: Raw) -> None:
    """What the guard does before a view."""
    g.visitor = _visitor(sql)
    g.csrf_cookie = request.cookies.get("csrf") or ""
    settle_language()


def windows(sql: Raw, here: Place, today: date) -> Calendar:
    """The reading windows of a place."""
    if sql(WINDOWS, today, here.house_id):
        raise RuntimeError("the twin knows no overrides")
    return Calendar(state().site, (), today)


def _visitor(sql: Raw) -> Visitor:
    today = state().clock.today()
    ((number, user, method, acr, since, seen, expires, remembered, *who),) = sql(
        SESSION, today, today, token_hash(request.cookies["session"])
    )
    now = utc_now()
    if moment(expires) <= now or not (remembered or now - moment(seen) < state().settings.idle):
        raise RuntimeError("the session is over")
    name, username, language, role, has_password, theme, unread, is_issued, terms, changes = who
    if is_issued or terms != state().site.terms_version + changes:
        raise RuntimeError("the twin knows no first steps")
    about = (name, username, language, Role(role), method, acr, moment(since), bool(remembered))
    return Visitor(user, number, *about, bool(has_password), theme, unread)


def moment(value: Any) -> datetime:
    """A moment as either driver gives it."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day(value: Any) -> Any:
    """A day, or None, as either driver gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def place(row: Any) -> Place:
    """A place from the columns `HERE`."""
    lent = row[12] and Lending(row[12], row[13], frozenset(rights_of(row[14].split())), bool(row[15]))
    return Place(
        row[0], row[1], row[2], row[3], row[4], row[5], TenureRole(row[6]), (row[9],), row[10], row[11],
        day(row[7]), day(row[8]) or FOR_EVER, lent or None,
    )  # fmt: skip


_row = cache(lambda names: namedtuple("Row", names))


def _bill(sql: Raw, here: Place) -> Bill | None:
    rows = sql(BILL, here.id, here.customer_ids[0])
    if not rows:
        return None
    names = tuple([column[0] for column in sql.cursor.description])
    values = dict(zip(names, rows[0], strict=True))
    for name in ("period_start", "period_end", "issued_on", "due_on", "paid_on"):
        values[name] = day(values[name])
    if values["coming"]:
        raise RuntimeError("the twin knows no payments that are under way")
    row: Any = _row(names)(**values)
    return Bill(row, here, values["paid"] or 0, values["paid_on"])


def cards(rows: list[Any], here: Place) -> list[MeterCard]:
    """Meter cards from the columns of `DIALS`."""
    by_meter: dict[int, list[Any]] = {}
    for row in rows:
        by_meter.setdefault(row[0], []).append(row)
    found = [
        MeterCard(
            m[0], m[1], MeterKind(m[2]), m[3], m[4], bool(m[5]), m[6] is not None, day(m[7]), day(m[8]),
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
    return Mark(row[0], row[1], day(row[2]), Source(row[3]), moment(row[4]), day(row[5]), bool(row[6]), row[7], row[8])
