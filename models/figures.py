"""What the dashboard of staff shows, counted by the worker four times an hour (H11; UD-05).

Some statements look at every customer and every meter: 400,000 of them take seconds, which a worker has and a page
has not. The one row is a sign that the worker lives, too.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel, col

from models import preferences
from models.clock import Clock
from models.customers import Customer, CustomerUser
from models.database import Database
from models.einvoices import EInvoice
from models.meters import Meter, Register
from models.outbox import Mail
from models.overrides import overrides_for, rule_for
from models.people import User
from models.readings import Reading
from models.rules.service_hours import Service
from models.rules.threads import ThreadState
from models.rules.windows import Window, window_of
from models.site import Site
from models.tenures import Tenure, during
from models.threads import Thread
from models.types import AnyRow, MeterKind, Source, utc_now

AGAIN = timedelta(minutes=15)
_MOST = 10_000  # conversations whose waiting is looked at


class Figures(SQLModel, table=True):
    """The last count, number 1."""

    id: int = Field(default=1, primary_key=True)
    counted_at: datetime
    detail: dict[str, Any] = Field(sa_type=sa.JSON)


_DAY: sa.BindParameter[date] = sa.bindparam("day", type_=sa.Date)
_SINCE: sa.BindParameter[Any] = sa.bindparam("since", type_=Reading.__table__.c.changed_at.type)  # type: ignore[attr-defined]
_OPEN = sa.and_(col(User.disabled_at).is_(None), col(User.terms_version) > 0)  # and she has been here
_HERS = (col(CustomerUser.customer_id) == col(Customer.id), _OPEN)
_HERE = sa.select(1).select_from(CustomerUser).join(User, col(User.id) == col(CustomerUser.user_id)).where(*_HERS)
_ASKED = sa.exists().where(col(EInvoice.user_id) == col(User.id), col(EInvoice.customer_id) == col(Customer.id))
_BY_MAIL = _HERE.where(_ASKED, col(User.email).is_not(None), ~preferences.unwanted(col(User.id), "new_invoice"))
_CUSTOMERS = (
    sa.select(sa.func.count().label("all"), sa.func.count(sa.case((_HERE.exists(), 1))).label("registered"))
    .add_columns(sa.func.count(sa.case((_BY_MAIL.exists(), 1))).label("e_invoices")).select_from(Customer)
    .where(sa.exists().where(col(Tenure.customer_id) == col(Customer.id), during(_DAY)))
)  # fmt: skip
_HANGS = (sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > _DAY), ~col(Meter.is_remote))
_DIALS = (
    sa.select(col(Meter.kind), sa.func.count()).join(Register, col(Register.meter_id) == col(Meter.id))
    .where(*_HANGS).group_by(col(Meter.kind))
)  # fmt: skip
# By the index of `changed_at`: what came in a window was not changed before it.
_READ = (
    sa.select(col(Meter.kind), col(Reading.period), col(Reading.read_on), sa.func.count().label("number"))
    .join(Register, col(Register.id) == col(Reading.register_id)).join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(col(Reading.changed_at) >= _SINCE, col(Reading.superseded_at).is_(None))
    .where(col(Reading.source) != Source.ESTIMATE, *_HANGS)
    .group_by(col(Meter.kind), col(Reading.period), col(Reading.read_on))
)  # fmt: skip
_LETTERS = sa.select(sa.func.count()).select_from(Mail).where(col(Mail.parked_at).is_not(None))
_WAITS = sa.select(col(Thread.changed_at)).where(col(Thread.state) == ThreadState.OPEN)
_WAIT = _WAITS.order_by(col(Thread.changed_at)).limit(_MOST)


def last(connection: Connection) -> AnyRow | None:
    """The last count, with its moment."""
    return connection.execute(sa.select(Figures.__table__)).first()  # type: ignore[attr-defined]


def regularly(database: Database, site: Site, clock: Clock) -> Iterator[int]:
    """Count, and then again every `AGAIN`, for whoever has time: 1 when it was done."""
    while True:
        count(database, site, clock)
        again = utc_now() + AGAIN
        yield 1
        while utc_now() < again:
            yield 0


def count(database: Database, site: Site, clock: Clock) -> None:
    """Count all of it and keep it for the page."""
    with database.read() as connection:
        customers = connection.execute(_CUSTOMERS, {"day": clock.today()}).one()
        found = {"customers": dict(customers._mapping), "letters": connection.execute(_LETTERS).scalar()}
        found |= _readings(connection, site, clock.today()) | {"waiting": _waiting(connection, site, clock)}
    with database.write() as session:
        session.merge(Figures(counted_at=utc_now(), detail=found))


def _window(site: Site, kind: MeterKind, overrides: Any, today: date) -> Window:
    """The last window that has opened for a kind; those of single houses are not looked at."""
    rule = rule_for(site, overrides, None, kind, today).window
    window = window_of(rule, today, site.is_working)
    return window if window.opens <= today else window_of(rule, today.replace(day=1) - timedelta(1), site.is_working)


def _readings(connection: Connection, site: Site, today: date) -> dict[str, Any]:
    """Of each kind how many dials were read and how many there are; by day how many were read."""
    dials = {kind: number for kind, number in connection.execute(_DIALS, {"day": today})}
    overrides = overrides_for(connection, [], today)
    windows = {kind: _window(site, kind, overrides, today) for kind in MeterKind if kind in dials}
    opens = min((window.opens for window in windows.values()), default=today)
    values = {"since": utc_now() - (today - opens) - timedelta(days=1), "day": today}  # the business day may be moved
    found = connection.execute(_READ, values)
    rows = [row for row in found if row.kind in windows and row.period == windows[row.kind].period]
    kinds = {kind: [sum(row.number for row in rows if row.kind is kind), dials[kind]] for kind in windows}
    days = [opens + timedelta(ahead) for ahead in range((today - opens).days + 1)]
    return {"kinds": kinds, "days": {f"{day}": sum(row.number for row in rows if row.read_on == day) for day in days}}


def _waiting(connection: Connection, site: Site, clock: Clock) -> dict[str, int]:
    """How many conversations wait for staff; the median and the 90th percentile of it, in minutes of service.

    Who has waited longer has waited longer in hours of service, too: only two of them have to be reckoned.
    """
    since = [clock.local(moment).replace(tzinfo=None) for moment in connection.execute(_WAIT).scalars()]
    service, now = Service(site.desk.hours, site.is_working), clock.local(clock.now()).replace(tzinfo=None)
    places = {"median": len(since) // 2, "most": len(since) // 10} if since else {}
    waits = {name: service.between(since[place], now) // timedelta(minutes=1) for name, place in places.items()}
    return {"count": len(since)} | waits
