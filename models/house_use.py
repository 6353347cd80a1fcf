"""What a house and its flats used month by month: for figures that tell nothing of any one flat (D23, D25)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby, pairwise

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
        col(Meter.kind), col(Meter.premises_id), col(Register.id).label("register_id"), col(Register.digits),
        col(Reading.value), col(Reading.read_on), col(Reading.period), col(Reading.rolled_over), col(Reading.source),
    )
    .join(Register, col(Register.meter_id) == col(Meter.id)).outerjoin(Reading, _OF_DIAL)
    .where(col(Meter.id).in_(_HERE), col(Meter.kind).in_(sa.bindparam("kinds", expanding=True)))
    .where(sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")))
    .order_by(col(Register.id), col(Reading.read_on), col(Reading.id))
)  # fmt: skip


@dataclass
class Use:
    """Thousandths by month of one kind of meter: of the house's own, and of each of its flats."""

    dials: dict[int | None, set[int]] = field(default_factory=lambda: defaultdict(set))  # of a flat; None: the house
    used: dict[int | None, dict[date, int]] = field(default_factory=lambda: defaultdict(dict))
    parts: dict[int | None, dict[date, int]] = field(default_factory=lambda: defaultdict(dict))  # dials in each sum
    read: set[tuple[int, date]] = field(default_factory=set)  # which flats were really read for which month

    def add(self, rows: Sequence[AnyRow], digits: int) -> None:
        """The readings of one dial, oldest first."""
        flat = rows[0].premises_id
        self.dials[flat].add(rows[0].register_id)
        self.read |= {(flat, _month(row)) for row in rows if row.value is not None and row.source != Source.ESTIMATE}
        for month, amount in _amounts([row for row in rows if row.value is not None], rows[0].digits or digits):
            self.used[flat][month] = self.used[flat].get(month, 0) + amount
            self.parts[flat][month] = self.parts[flat].get(month, 0) + 1

    def of(self, flat: int | None) -> dict[date, int]:
        """What a flat used, or the house, in the months in which all its dials were read."""
        whole = len(self.dials[flat])
        return {month: amount for month, amount in self.used[flat].items() if self.parts[flat][month] >= whole}

    @property
    def flats(self) -> dict[int, dict[date, int]]:
        """The same of each flat that has such a meter."""
        return {flat: self.of(flat) for flat in [*self.dials] if flat is not None}


def medians(connection: Connection, site: Site, card: MeterCard, today: date) -> dict[date, int]:
    """What the flat in the middle of the house used of this kind, by month; nothing where hers has more dials."""
    use = _uses(connection, site, card.place.house_id, [card.kind], today)[card.kind]
    months: dict[date, list[int]] = defaultdict(list)
    for used in use.flats.values() if use.dials[card.place.id] == {one.register_id for one in card.dials[:1]} else ():
        for month, amount in used.items():
            months[month].append(amount)
    found = {month: middle(amounts) for month, amounts in months.items() if month < _unsettled(today)}
    return {month: amount for month, amount in found.items() if amount is not None}


def water(connection: Connection, site: Site, place: Place, today: date) -> dict[MeterKind, list[Balance]]:
    """The balance of each kind of water that her house has a meter of its own for, of the last twelve months."""
    found, last = {}, min(_unsettled(today), place.until)
    for kind, use in sorted(_uses(connection, site, place.house_id, _WATER, today).items()):
        settled = {month: used for month, used in use.of(None).items() if place.since <= month < last}
        if rows := balances(settled, use.flats, use.read)[:12]:
            found[kind] = rows
    return found


def _uses(
    connection: Connection, site: Site, house_id: int, kinds: Collection[MeterKind], today: date
) -> dict[MeterKind, Use]:
    found: dict[MeterKind, Use] = defaultdict(Use)
    values = {"house_id": house_id, "kinds": [*kinds], "since": today - timedelta(days=440), "today": today}
    for _, dial in groupby(connection.execute(_ROWS, values), key=lambda row: row.register_id):
        rows = [*dial]
        found[rows[0].kind].add(rows, site.meters[rows[0].kind].digits)
    return found


def _amounts(rows: Sequence[AnyRow], digits: int) -> Iterator[tuple[date, int]]:
    """What each reading says was used since the one before; nothing where the dial fell without a reason."""
    for before, after in pairwise(rows):
        amount = consumption(before.value, after.value, digits, after.rolled_over)
        if amount >= 0:
            yield _month(after), amount


def _month(row: AnyRow) -> date:
    month: date = row.period or row.read_on.replace(day=1)
    return month


def _unsettled(today: date) -> date:
    """The first month that is not told yet."""
    return (today - _SETTLED).replace(day=1)
