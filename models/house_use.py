"""What a house and its flats used month by month: for figures that tell nothing of any one flat (D23, D25)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.cards import MeterCard
from models.meters import Meter, Register
from models.places import Place
from models.premises import Premises
from models.readings import Reading
from models.rules.consumption import Balance, balances, middle
from models.rules.plausibility import consumption
from models.site import Site
from models.types import AnyRow, AnySelect, MeterKind, Source

# Who looks while readings come in would see what each adds to a sum: a month is told when its windows are closed.
_SETTLED = timedelta(days=10)
_WATER = (MeterKind.COLD_WATER, MeterKind.HOT_WATER)
_HOUSE: sa.BindParameter[int] = sa.bindparam("house_id")
_IN_FLATS = sa.select(col(Meter.id)).join(Premises, col(Premises.id) == col(Meter.premises_id))
_HERE = sa.union_all(
    _IN_FLATS.where(col(Premises.house_id) == _HOUSE), sa.select(col(Meter.id)).where(col(Meter.house_id) == _HOUSE)
)
_OF_DIAL = sa.and_(
    col(Reading.register_id) == col(Register.id), col(Reading.superseded_at).is_(None),
    col(Reading.read_on) >= sa.bindparam("since"),
)  # fmt: skip
_ROWS: AnySelect = (
    sa.select(
        col(Meter.kind), col(Meter.premises_id), col(Meter.place), col(Register.id).label("register_id"),
        col(Register.digits), col(Reading.value), col(Reading.read_on), col(Reading.period), col(Reading.rolled_over),
        col(Reading.source),
    )
    .join(Register, col(Register.meter_id) == col(Meter.id)).outerjoin(Reading, _OF_DIAL)
    .where(col(Meter.id).in_(_HERE), col(Meter.kind).in_(sa.bindparam("kinds", expanding=True)))
    .where(sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")))
    .order_by(col(Register.id), col(Reading.read_on), col(Reading.id))
)  # fmt: skip


class _Dial(NamedTuple):
    """A dial of a flat, or where `flat` is None of the house: what it counted by month, and when it was really read."""

    id: int
    kind: MeterKind
    flat: int | None
    place: str
    used: dict[date, int]
    read: set[date]


def medians(connection: Connection, site: Site, card: MeterCard, today: date) -> dict[date, int]:
    """What such a dial counted in the flat in the middle of the house, by month.

    Where a flat has several of its kind, of flats with the same ones: else a part would stand beside a whole.
    """
    dials = _dials(connection, site, card.place.house_id, [card.kind], today)
    rooms: dict[int | None, list[str]] = defaultdict(list)
    for dial in dials:
        rooms[dial.flat].append(dial.place)
    mine, months = sorted(rooms[card.place.id]), defaultdict[date, list[int]](list)
    for one in dials if len({*mine}) == len(mine) else ():  # of a meter with two registers there is no one figure
        same_place = one.place == card.where and sorted(rooms[one.flat]) == mine
        if one.flat is not None and (same_place or len(rooms[one.flat]) == len(mine) == 1):
            for month, amount in one.used.items():
                months[month].append(amount)
    return {month: found for month, each in months.items() if (found := middle(each)) is not None}


def water(connection: Connection, site: Site, place: Place, today: date) -> dict[MeterKind, list[Balance]]:
    """The balance of each kind of water that her house has a meter of its own for, of the last twelve months."""
    dials = _dials(connection, site, place.house_id, _WATER, today)
    found = {}
    for kind in sorted({dial.kind for dial in dials if dial.flat is None}):
        flats: dict[int | None, list[_Dial]] = defaultdict(list)
        for dial in (one for one in dials if one.kind == kind):
            flats[dial.flat].append(dial)
        house = {month: used for month, used in _whole(flats.pop(None)).items() if place.since <= month < place.until}
        read = {(flat, month) for flat, own in flats.items() for dial in own for month in dial.read}
        found[kind] = balances(house, {flat: _whole(own) for flat, own in flats.items()}, read)[:12]
    return {kind: rows for kind, rows in found.items() if rows}


def _whole(dials: Sequence[_Dial]) -> dict[date, int]:
    """What these dials counted together in the months in which all were read."""
    months = set.intersection(*({*dial.used} for dial in dials))
    return {month: sum(dial.used[month] for dial in dials) for month in months}


def _dials(connection: Connection, site: Site, house_id: int, kinds: Collection[MeterKind], today: date) -> list[_Dial]:
    """Of the months that are settled."""
    values = {"house_id": house_id, "kinds": [*kinds], "since": today - timedelta(days=440), "today": today}
    last, found = (today - _SETTLED).replace(day=1), []
    for number, dial in groupby(connection.execute(_ROWS, values), key=lambda row: row.register_id):
        first, *rest = dial
        rows = [row for row in (first, *rest) if row.value is not None and _month(row) < last]
        used = _used(rows, first.digits or site.meters[first.kind].digits)
        read = {_month(row) for row in rows if row.source != Source.ESTIMATE}
        found.append(_Dial(number, first.kind, first.premises_id, first.place, used, read))
    return found


def _used(rows: Iterable[AnyRow], digits: int) -> dict[date, int]:
    """By month; nothing where the dial fell without a reason."""
    used: dict[date, int] = {}
    for before, after in pairwise(rows):
        amount = consumption(before.value, after.value, digits, after.rolled_over)
        if amount >= 0:
            used[_month(after)] = used.get(_month(after), 0) + amount
    return used


def _month(row: AnyRow) -> date:
    month: date = row.period or row.read_on.replace(day=1)
    return month
