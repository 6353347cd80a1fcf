"""Which meters of a place have missed windows, and how many (D21)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models import absences
from models.cards import Dial, MeterCard
from models.readings import Reading
from models.rules.missed import MOST, missed
from models.types import ExternalStatus, Source
from models.windows import Calendar

Away = Sequence[tuple[date, date]]
_LONGEST = timedelta(days=31 * (MOST + 2))
_READ = (
    sa.select(col(Reading.register_id), sa.func.max(sa.func.coalesce(col(Reading.period), col(Reading.read_on))))
    .where(col(Reading.register_id).in_(sa.bindparam("registers", expanding=True)))
    .where(col(Reading.superseded_at).is_(None), col(Reading.source) != Source.ESTIMATE)
    .where(col(Reading.status) != ExternalStatus.REJECTED)
    .group_by(col(Reading.register_id))
)  # fmt: skip


def of_cards(connection: Connection, cards: Iterable[MeterCard], calendar: Calendar) -> dict[int, int]:
    """By a meter's id how many windows in a row it was not read in, of those that somebody here should have read.

    Two statements more, and only where a window was missed: what was only estimated, and who was away.
    """
    here = [card for card in cards if not card.refusal(calendar.today)]
    late = [card for card in here if _worst(card, calendar)]
    if not late:
        return {}
    since = calendar.today - _LONGEST
    away = [(row.starts_on, row.ends_on) for row in absences.of_place(connection, late[0].place, since)]
    numbers = [dial.register_id for card in late for dial in card.dials]
    read = {number: day for number, day in connection.execute(_READ, {"registers": numbers})}
    counts = {card.id: _worst(card, calendar, read, away) for card in late}
    return {number: count for number, count in counts.items() if count}


def _worst(card: MeterCard, calendar: Calendar, read: Mapping[int, date] | None = None, away: Away = ()) -> int:
    rule, since = calendar.rule(card).window, card.place.since
    lasts = {max(since, day) for dial in card.dials if (day := _last(dial, read or {}, since))}
    return max((missed(rule, last, away, calendar.today, calendar.site.is_working) for last in lasts), default=0)


def _last(dial: Dial, read: Mapping[int, date], since: date) -> date | None:
    """The month for which it was read last; a dial that was never read has missed nothing that we know of."""
    mark = dial.last
    if mark and mark.source is Source.ESTIMATE:
        return read.get(dial.register_id, since)
    return (mark.period or mark.read_on) if mark else None
