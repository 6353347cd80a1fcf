"""Meter cards: the meters of a place with their last two readings, in one statement (D01; LU-23..25).

The last readings come by correlated scalar subqueries, never by loading a history (performance.md, habit 1).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.meters import Meter, Register
from models.places import COLUMNS, FOR_EVER, Place, place_of, through_tenures
from models.premises import Premises
from models.readings import Reading
from models.rules.plausibility import consumption
from models.tenures import Tenure
from models.types import ONE, AnyRow, AnySelect, MeterKind, Source, ValidKind


@dataclass(frozen=True)
class Mark:
    """One reading as a card shows it; `value` in thousandths of the unit."""

    id: int
    value: int
    read_on: date
    source: Source
    received_at: datetime
    period: date | None
    rolled_over: bool
    actor_user_id: int | None
    flag: str | None  # what staff should look at


@dataclass(frozen=True)
class Dial:
    """One register with its last reading and the one before. `digits` and `decimals` are None until the site's
    rule fills them (`MeterCard.on_dials`)."""

    register_id: int
    ordinal: int
    name: str
    digits: int | None
    decimals: int | None
    last: Mark | None
    before: Mark | None

    @property
    def used(self) -> int | None:
        """Consumption between the last two readings, thousandths; None where there are not two, or the value fell."""
        if self.last is None or self.before is None:
            return None
        used = consumption(self.before.value, self.last.value, self.digits or 5, self.last.rolled_over)
        return used if used >= 0 else None


@dataclass(frozen=True)
class MeterCard:
    """A meter as a resident sees it."""

    id: int
    public_id: str
    kind: MeterKind
    where: str
    serial: str
    is_remote: bool
    is_house: bool
    removed_on: date | None
    valid_until: date | None
    valid_kind: ValidKind
    place: Place
    dials: tuple[Dial, ...]

    def refusal(self, today: date) -> str:
        """Why nobody may enter a reading for it: "remote" (others read it), "ended"; empty where one may."""
        if self.is_remote or self.is_house:
            return "remote"
        is_gone = self.removed_on is not None and self.removed_on <= today
        return "ended" if is_gone or self.place.has_ended(today) else ""

    def on_dials(self, digits: int, decimals: int) -> "MeterCard":
        """The same card, dials without own digits and decimals taking the site's."""
        dials = tuple(
            Dial(
                dial.register_id, dial.ordinal, dial.name, dial.digits or digits,
                decimals if dial.decimals is None else dial.decimals, dial.last, dial.before,
            )
            for dial in self.dials
        )  # fmt: skip
        return replace(self, dials=dials)


_LAST = sa.orm.aliased(Reading, name="last_reading")
_BEFORE = sa.orm.aliased(Reading, name="reading_before")
_MARK = ("id", "value", "read_on", "source", "received_at", "period", "rolled_over", "actor_user_id", "flag")


def nth_last(offset: int, since: Any, until: Any) -> sa.ScalarSelect[Any]:
    """The id of the last reading of a register between two days, or of the one so many before it."""
    one = sa.orm.aliased(Reading)
    return (
        sa.select(col(one.id))
        .where(
            col(one.register_id) == col(Register.id),
            col(one.superseded_at).is_(None),
            col(one.read_on) >= since,
            col(one.read_on) <= until,
        )
        .order_by(col(one.read_on).desc(), col(one.id).desc())
        .limit(ONE)
        .offset(sa.literal_column(str(offset)))
        .scalar_subquery()
    )


_COLUMNS: tuple[Any, ...] = (
    col(Meter.id), col(Meter.public_id), col(Meter.kind), col(Meter.place), col(Meter.serial),
    col(Meter.is_remote), col(Meter.house_id), col(Meter.removed_on), col(Meter.valid_until),
    col(Meter.valid_kind), col(Register.id).label("register_id"), col(Register.ordinal),
    col(Register.name).label("register_name"), col(Register.digits), col(Register.decimals),
    *(getattr(_LAST, field).label(f"last_{field}") for field in _MARK),
    *(getattr(_BEFORE, field).label(f"before_{field}") for field in _MARK),
)  # fmt: skip
_LAST_AT, _BEFORE_AT = len(_COLUMNS) - 2 * len(_MARK), len(_COLUMNS) - len(_MARK)


def _with_readings(statement: AnySelect, since: Any, until: Any) -> AnySelect:
    return (
        statement.join(Register, col(Register.meter_id) == col(Meter.id))
        .outerjoin(_LAST, col(_LAST.id) == nth_last(0, since, until))
        .outerjoin(_BEFORE, col(_BEFORE.id) == nth_last(1, since, until))
    )


_OF_PLACE = (
    _with_readings(sa.select(*_COLUMNS).select_from(Meter), sa.bindparam("since"), sa.bindparam("until"))
    .where(
        sa.or_(
            col(Meter.premises_id) == sa.bindparam("premises_id"),
            col(Meter.house_id) == sa.bindparam("house_id"),
        ),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")),
        sa.or_(col(Meter.installed_on).is_(None), col(Meter.installed_on) <= sa.bindparam("today")),
    )
    .order_by(col(Meter.id), col(Register.ordinal))
)
_ENDS = sa.func.coalesce(col(Tenure.ends_on), FOR_EVER)
# One meter with the place through which the user reaches it: scope, tenure and readings in one statement. What was
# gone before her tenure, or came after it, is not hers either.
_ONE = _with_readings(
    through_tenures(
        sa.select(*_COLUMNS, *COLUMNS)
        .select_from(Meter)
        .join(
            Premises,
            sa.or_(col(Premises.id) == col(Meter.premises_id), col(Premises.house_id) == col(Meter.house_id)),
        )
    ),
    col(Tenure.starts_on),
    _ENDS,
).where(
    col(Meter.public_id) == sa.bindparam("public_id"),
    sa.or_(col(Meter.installed_on).is_(None), col(Meter.installed_on) <= _ENDS),
    sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) >= col(Tenure.starts_on)),
).order_by(col(Register.ordinal))  # fmt: skip
_ORDER = list(MeterKind)
_NAMED = (
    sa.select(
        col(Meter.premises_id), col(Meter.public_id), col(Meter.kind), col(Meter.place), col(Meter.serial),
        col(Register.ordinal), col(Register.name),
    )
    .join(Register, col(Register.meter_id) == col(Meter.id))
    .where(
        col(Meter.premises_id).in_(sa.bindparam("ids", expanding=True)), sa.not_(col(Meter.is_remote)),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")),
        sa.or_(col(Meter.installed_on).is_(None), col(Meter.installed_on) <= sa.bindparam("today")),
    )
)  # fmt: skip


def cards(connection: Connection, place: Place, today: date) -> list[MeterCard]:
    """The meters at a place and in its house, as they stand or, where the tenure has ended, stood on its last day.

    Own ones first, by kind and place. One statement.
    """
    values = {"premises_id": place.id, "house_id": place.house_id, "since": place.since, "until": place.until}
    rows = connection.execute(_OF_PLACE, values | {"today": min(today, place.until)}).fetchall()
    found = [_card(list(dials), place) for _, dials in groupby(rows, key=lambda row: row.id)]
    return sorted(found, key=lambda card: (card.is_house, _ORDER.index(card.kind), card.where, card.serial))


def named(connection: Connection, places: Collection[int], today: date) -> list[AnyRow]:
    """The dials that people read in these premises, each by no more than what tells it from the others (D18)."""
    rows = connection.execute(_NAMED, {"ids": places, "today": today}).fetchall()
    return sorted(rows, key=lambda row: (row.premises_id, _ORDER.index(row.kind), row.place, row.serial, row.ordinal))


def card(
    connection: Connection, user_id: int, today: date, public_id: str, sees: Callable[[Place], bool] = bool
) -> MeterCard | None:
    """One meter, also a removed one, that hung at a place that this user `sees`, or in its house, in her time."""
    rows = connection.execute(_ONE, {"user_id": user_id, "today": today, "public_id": public_id}).fetchall()
    found = []
    for _, each in groupby(rows, key=lambda row: row.place_id):
        here = [*each]
        place = place_of(here)
        if sees(place):
            found.append((place, here))
    if not found:
        return None
    # Of several flats for a house's meter one that lasts, as `places_of` sorts them; of several tenures the first.
    place, here = min(found, key=lambda one: one[0].order(today))
    first = here[0]
    return _card([row for row in here if (row.starts_on, row.ends_on) == (first.starts_on, first.ends_on)], place)


def _card(rows: Sequence[AnyRow], place: Place) -> MeterCard:
    meter = rows[0]
    dials = {
        row.register_id: Dial(
            row.register_id, row.ordinal, row.register_name, row.digits, row.decimals,
            _mark(row, _LAST_AT), _mark(row, _BEFORE_AT),
        )
        for row in rows
    }  # fmt: skip
    return MeterCard(
        id=meter.id, public_id=meter.public_id, kind=meter.kind, where=meter.place, serial=meter.serial,
        is_remote=meter.is_remote, is_house=meter.house_id is not None, removed_on=meter.removed_on,
        valid_until=meter.valid_until, valid_kind=meter.valid_kind, place=place, dials=tuple(dials.values()),
    )  # fmt: skip


def _mark(row: AnyRow, first: int) -> Mark | None:
    """The reading whose fields begin at that column."""
    return None if row[first] is None else Mark(*row[first : first + len(_MARK)])
