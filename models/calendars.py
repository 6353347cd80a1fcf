"""The calendar of one person that her telephone subscribes to by a secret address (D22).

Whoever has the address learns which days there are, and nothing of whom they concern: no name, address or amount.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models import invoices
from models.meters import Meter
from models.overrides import WindowChange, overrides_for
from models.people import User
from models.places import Place
from models.site import Site
from models.tokens import Token
from models.types import AnyRow, Role, ValidKind
from models.windows import coming

PURPOSE = "calendar"
LIFETIME = timedelta(days=36_525)  # until it is switched off
SOON, YEAR = timedelta(days=15), timedelta(days=365)
Sees = Callable[[str, Place], bool]  # a section that is open to her at a place


class Day(NamedTuple):
    """Something in somebody's calendar: what it is, the id of what it is about, its first and its last day."""

    what: str  # window, due, works; of a meter's date verification or replacement
    about: str
    first: date
    last: date
    path: str  # where the portal tells more


_OPEN = (col(User.role) == Role.RESIDENT, col(User.disabled_at).is_(None))
_PERSON = sa.select(col(User.id), col(User.language), col(User.role)).where(col(User.id) == sa.bindparam("id"), *_OPEN)
_MADE = sa.select(col(Token.created_at)).where(
    col(Token.user_id) == sa.bindparam("id"), col(Token.purpose) == PURPOSE, col(Token.used_at).is_(None)
)
_METERS = (
    sa.select(
        col(Meter.public_id), col(Meter.premises_id), col(Meter.kind), col(Meter.is_remote), col(Meter.valid_until),
        col(Meter.valid_kind),
    )
    .where(col(Meter.premises_id).in_(sa.bindparam("premises", expanding=True)))
    .where(sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")))
    .order_by(col(Meter.id))
)  # fmt: skip


def whose(connection: Connection, user_id: int) -> AnyRow | None:
    """Who she is to whom it was given, unless her account is closed to her."""
    return connection.execute(_PERSON, {"id": user_id}).first()


def made(connection: Connection, user_id: int) -> AnyRow | None:
    """When her address was made; None while she has none."""
    return connection.execute(_MADE, {"id": user_id}).first()


def days(connection: Connection, site: Site, places: Sequence[Place], sees: Sees, today: date) -> list[Day]:
    """A year of reading windows and meters' dates, and the invoices that are soon due, at these places."""
    metered = {place.id: place for place in places if sees("meters", place)}
    rows = connection.execute(_METERS, {"premises": [*metered], "today": today}).fetchall()
    overrides = overrides_for(connection, {place.house_id for place in metered.values()}, today)
    billed = [place for place in places if sees("invoices", place)]
    bills = (bill.row for bill in invoices.due(connection, billed, today, today + SOON))
    due = (Day("due", row.public_id, row.due_on, row.due_on, f"/invoices/{row.public_id}") for row in bills)
    return [*_windows(site, overrides, metered, rows, today), *_dates(rows, metered, today), *due]


def _windows(
    site: Site, overrides: list[WindowChange], places: dict[int, Place], meters: Sequence[AnyRow], today: date
) -> Iterator[Day]:
    """Each window once, whichever and however many meters it is for."""
    asked = {(places[row.premises_id].house_id, row.kind): row for row in meters if not row.is_remote}
    found = {}
    for (house, kind), row in reversed(asked.items()):
        place = places[row.premises_id]
        for window in coming(site, overrides, house, kind, today, min(today + YEAR, place.until)):
            found[window.opens, window.closes] = place.public_id, f"{kind}-{window.period:%Y%m}"
    for (opens, closes), (place_id, period) in sorted(found.items()):
        yield Day("window", f"{place_id}-{period}", opens, closes, f"/properties/{place_id}/meters")


def _dates(meters: Sequence[AnyRow], places: dict[int, Place], today: date) -> Iterator[Day]:
    for row in meters:
        at = row.valid_until
        if row.valid_kind != ValidKind.NONE and at and today <= at <= min(today + YEAR, places[row.premises_id].until):
            yield Day(row.valid_kind, row.public_id, at, at, f"/meters/{row.public_id}")


def works(notices: Sequence[AnyRow], local: Callable[..., date], today: date) -> Iterator[Day]:
    """The works that notices tell of and that are soon, or not over; `local`: a moment's day."""
    for row in notices:
        if row.works_at and local(row.works_at) <= today + SOON and (until := local(row.valid_until)) >= today:
            yield Day("works", row.public_id, local(row.works_at), until, f"/notices/{row.public_id}")
