"""The history of a meter: every reading with what was used, and a year of it as bars (D11; DD-13)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.cards import Dial, MeterCard
from models.meters import Meter, Register
from models.reading_photos import ReadingPhoto
from models.readings import Reading
from models.rules.consumption import usual_if_leaking
from models.rules.plausibility import consumption
from models.types import AnyRow, AnySelect, MeterKind, Source

EVER = 100 * 12  # months
_WATER = (MeterKind.COLD_WATER, MeterKind.HOT_WATER)


@dataclass(frozen=True)
class Line:
    """One reading; `used` since the one before, thousandths, None where it cannot be told. A superseded reading
    stays in the history, marked, and counts for nothing."""

    register_id: int
    register_name: str
    read_on: date
    received_at: datetime
    month: date  # the month it is for
    value: int
    used: int | None
    source: Source
    superseded: bool
    photo: str | None  # in its address
    number: int | None  # None: not stored yet
    taken_at: datetime | None = None  # noted then, without a connection


@dataclass(frozen=True)
class Bar:
    """One month of a chart; None: nothing known."""

    month: date
    used: int | None
    year_before: int | None
    estimated: bool
    middle: int | None = None  # of the flats of the house


@dataclass(frozen=True)
class Chart:
    """Twelve months of one register, oldest first. `top` is the highest value of all bars, thousandths."""

    dial: Dial
    bars: tuple[Bar, ...]

    @property
    def known(self) -> list[int]:
        """The consumptions that are known, of these twelve months."""
        return [bar.used for bar in self.bars if bar.used is not None]

    @property
    def top(self) -> int:
        """What the highest bar shows; at least 1, so that it can divide."""
        return max([1, *self.known, *(max(bar.year_before or 0, bar.middle or 0) for bar in self.bars)])


_HISTORY: AnySelect = (
    sa.select(
        col(Reading.register_id), col(Register.name), col(Reading.read_on), col(Reading.received_at),
        col(Reading.period), col(Reading.value), col(Reading.source), col(Reading.rolled_over),
        col(Reading.superseded_at), col(ReadingPhoto.public_id).label("photo"), col(Reading.id), col(Reading.taken_at),
    )
    .join(Register, col(Register.id) == col(Reading.register_id))
    .outerjoin(ReadingPhoto, col(ReadingPhoto.reading_id) == col(Reading.id))
    .where(
        col(Register.meter_id) == sa.bindparam("meter_id"),
        col(Reading.read_on) >= sa.bindparam("since"),
        col(Reading.read_on) <= sa.bindparam("until"),
    )
    .order_by(col(Register.ordinal), col(Reading.read_on), col(Reading.id))
)  # fmt: skip


def of_meter(connection: Connection, card: MeterCard, months: int, today: date) -> list[Line]:
    """Every reading of a meter in these months to `today` that its resident may see, newest first.

    The card's dials have their digits (`Calendar.fitted`), which tell the consumption of a dial that rolled over.
    """
    since = _back(today, months)
    # Two months more than are shown, for the consumption of the first.
    values = {"meter_id": card.id, "since": max(card.place.since, _back(since, 2)), "until": card.place.until}
    digits = {dial.register_id: dial.digits or 5 for dial in card.dials}
    shown = [line for line in lines_of(connection.execute(_HISTORY, values), digits) if line.read_on >= since]
    return sorted(shown, key=lambda line: (line.read_on, line.received_at), reverse=True)


def lines_of(rows: Iterable[AnyRow], digits: Mapping[int, int]) -> Iterator[Line]:
    """Readings, those of each register oldest first, with what was used; `digits` of its dial."""
    before: dict[int, int] = {}
    for row in rows:
        yield _line(row, before.get(row.register_id), digits.get(row.register_id, 5))
        if row.superseded_at is None:
            before[row.register_id] = row.value


def _line(row: AnyRow, before: int | None, digits: int) -> Line:
    used = None if before is None else consumption(before, row.value, digits, row.rolled_over)
    return Line(
        row.register_id, row.name, row.read_on, row.received_at, row.period or row.read_on.replace(day=1), row.value,
        used if used is not None and used >= 0 and row.superseded_at is None else None,
        row.source, row.superseded_at is not None, row.photo, row.id, row.taken_at,
    )  # fmt: skip


_NEWER = sa.orm.aliased(Meter)
_PREDECESSOR = (
    sa.select(col(Meter.public_id), col(Meter.serial), col(Meter.removed_on))
    .join(_NEWER, col(_NEWER.replaces_id) == col(Meter.id))
    .where(col(_NEWER.id) == sa.bindparam("meter_id"), col(Meter.removed_on) >= sa.bindparam("since"))
)


def predecessor(connection: Connection, card: MeterCard) -> AnyRow | None:
    """The meter that this one replaced within the tenure (D16): public id, number and its last day."""
    return connection.execute(_PREDECESSOR, {"meter_id": card.id, "since": card.place.since}).first()


def chart(dial: Dial, lines: Sequence[Line], today: date, middles: Mapping[date, int] = {}) -> Chart:
    """The last twelve months of a register beside the twelve before; a month with two readings counts their sum.

    `middles`: what the flat in the middle used, by month.
    """
    used: dict[date, int] = {}
    estimated: set[date] = set()
    for line in lines:
        if line.register_id != dial.register_id or line.superseded or line.used is None:
            continue
        used[line.month] = used.get(line.month, 0) + line.used
        if line.source is Source.ESTIMATE:
            estimated.add(line.month)
    newest = max([*used, today.replace(day=1)]) if used and max(used) > _back(today, 1) else _back(today, 1)
    months = [_back(newest, ago) for ago in range(11, -1, -1)]
    bars = (Bar(m, used.get(m), used.get(_back(m, 12)), m in estimated, middles.get(m)) for m in months)
    return Chart(dial, tuple(bars))


@dataclass(frozen=True)
class Leak:
    """So much was used in the months up to the newest reading, and `usual` is so much; the newest readings."""

    used: int
    usual: int
    recent: tuple[Line, ...]


def leaks(card: MeterCard, lines: Sequence[Line]) -> dict[int, Leak]:
    """By register of a meter, what its newest readings show; `lines` newest first."""
    if card.kind not in _WATER or card.is_house:
        return {}
    of = {dial.register_id: [line for line in lines if line.register_id == dial.register_id] for dial in card.dials}
    return {number: found for number, mine in of.items() if (found := leak(mine))}


def leak(lines: Sequence[Line]) -> Leak | None:
    """Whether the newest of the readings of one register, newest first, looks as if water were leaking (D24)."""
    mine = [line for line in lines if not line.superseded]
    known = [
        (line, max(1, _number(line.month) - _number(before.month))) for line, before in pairwise(mine)
        if line.used is not None and Source.ESTIMATE not in (line.source, before.source)
    ]  # fmt: skip
    if not known or known[0][0] is not mine[0]:
        return None
    (newest, months), *earlier = known
    usual_of = {line.month: (line.used or 0) // count for line, count in earlier}
    usual = usual_if_leaking(newest.used or 0, months, newest.month, usual_of)
    return None if usual is None else Leak(newest.used or 0, usual, tuple(mine[:6]))


def _number(day: date) -> int:
    """Of its month, counted through."""
    return day.year * 12 + day.month - 1


def _back(day: date, months: int) -> date:
    """The first day of the month `months` before."""
    index = _number(day) - months
    return date(index // 12, index % 12 + 1, 1)
