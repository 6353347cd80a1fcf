"""The history of a meter and its year as bars, against a plain reckoning."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from models.cards import Dial, card, cards
from models.database import Database
from models.history import EVER, Line, chart, of_meter, predecessor
from models.meters import Meter
from models.places import places_of
from models.readings import Reading
from models.types import Source
from tests.cast import TODAY, Cast, month

DIAL = Dial(1, 1, "", 5, 3, None, None)


@pytest.fixture
def database(staged_url: str):
    database = Database(staged_url)
    yield database
    database.dispose()


def line(ago: int, used: int | None, **values: object) -> Line:
    day = month(ago) + timedelta(days=27)
    at = datetime.combine(day, datetime.min.time(), UTC)
    fields = dict(register_id=1, register_name="", read_on=day, received_at=at, month=month(ago), value=0, used=used, source=Source.SELF, superseded=False, photo=None, number=None)
    return Line(**fields | values)


def history(database: Database, user: int, mid: str, months: int = EVER) -> list[Line]:
    with database.read() as connection:
        found = card(connection, user, TODAY, mid)
        assert found
        return of_meter(connection, found.on_dials(5, 3), months, TODAY)


def add(database: Database, register: int, *readings: tuple[date, int, dict]) -> list[int]:
    with database.write() as session:
        rows = [Reading(register_id=register, value=value, read_on=day, **{"source": Source.IMPORT} | more) for day, value, more in readings]
        session.add_all(rows)
        session.flush()
        return [row.id or 0 for row in rows]


def register_of(database: Database, mid: str, user: int = 1) -> int:
    with database.read() as connection:
        found = card(connection, user, TODAY, mid)
        assert found
        return found.dials[0].register_id


def test_the_meter_before_is_told_to_who_lived_with_it_and_to_nobody_after(database: Database, cast: Cast) -> None:
    gone = month(30)
    with database.write() as session:
        old = session.scalars(sa.select(Meter.id).where(Meter.public_id == cast.old)).one()
        session.execute(sa.update(Meter).where(Meter.public_id == cast.cold).values(replaces_id=old))
    with database.read() as connection:
        found = card(connection, 1, TODAY, cast.cold)
        for since, told in ((gone, "11111111"), (gone + timedelta(days=1), None)):
            before = predecessor(connection, replace(found, place=replace(found.place, since=since)))
            assert (before.serial if before else None) == told


def test_both_ends_of_a_tenure_and_the_first_day_of_the_months_asked_for_belong_to_the_history(database: Database, cast: Cast) -> None:
    first, last = month(5) + timedelta(days=27), month(2) + timedelta(days=27)
    add(database, register_of(database, cast.cold), (month(4), 178_500, {}))
    with database.read() as connection:
        found = card(connection, 1, TODAY, cast.cold).on_dials(5, 3)
        lived = replace(found, place=replace(found.place, since=first, until=last))
        days = [line.read_on for line in of_meter(connection, lived, EVER, last)]
        assert (days[-1], days[0]) == (first, last)
        assert of_meter(connection, found, 4, TODAY)[-1].read_on == month(4)


def test_a_history_begins_with_the_tenure_and_knows_no_consumption_before_it(database: Database, cast: Cast) -> None:
    lines = history(database, 1, cast.cold)
    assert [row.value for row in lines] == list(range(192_000, 120_000, -3_000))
    assert [row.used for row in lines] == [3_000] * 23 + [None]


def test_the_former_owners_history_ends_with_his_tenure(database: Database, cast: Cast) -> None:
    lines = history(database, 3, cast.cold)
    assert [row.value for row in lines] == list(range(120_000, 84_000, -3_000))


def test_a_rolled_over_dial_counts_on_and_a_fallen_one_says_nothing(database: Database, cast: Cast) -> None:
    register = register_of(database, cast.hot)
    add(database, register, (date(2026, 11, 10), 99_999_000, {}), (date(2026, 11, 20), 1_000, {"rolled_over": True}), (date(2026, 11, 25), 500, {}))
    assert [row.used for row in history(database, 1, cast.hot)][:3] == [None, 2_000, 99_473_000]


def test_a_superseded_reading_stays_marked_and_counts_for_nothing(database: Database, cast: Cast) -> None:
    register = register_of(database, cast.hot)
    (new,) = add(database, register, (date(2026, 11, 30), 529_000, {}))
    add(database, register, (date(2026, 11, 29), 600_000, {"superseded_at": datetime.now(UTC), "superseded_by_id": new}))
    lines = history(database, 1, cast.hot)[:2]
    assert [(row.value, row.used, row.superseded) for row in lines] == [(529_000, 3_000, False), (600_000, None, True)]


def test_a_page_of_some_months_shows_these_and_measures_the_first_against_the_one_before(database: Database, cast: Cast) -> None:
    lines = history(database, 1, cast.cold, months=3)
    assert [(row.read_on.month, row.used) for row in lines] == [(10, 3_000), (9, 3_000), (8, 3_000)]


def test_registers_are_reckoned_apart(database: Database, cast: Cast) -> None:
    lines = history(database, 1, cast.two_dials)
    assert {row.register_name for row in lines} == {"T1", "T2"}
    assert [row.used for row in lines if row.used is None] == [None, None] and {row.used for row in lines[:-2]} == {90_000}


def test_the_card_and_the_history_agree(database: Database, cast: Cast) -> None:
    with database.read() as connection:
        place = next(place for place in places_of(connection, 1, TODAY) if place.public_id == cast.flat)
        for found in cards(connection, place, TODAY):
            lines = of_meter(connection, found, EVER, TODAY)
            for dial in found.dials:
                mine = [row for row in lines if row.register_id == dial.register_id]
                assert dial.last and (dial.last.value, dial.used) == (mine[0].value, mine[0].used)


@given(st.dictionaries(st.integers(0, 40), st.integers(0, 99_000) | st.none(), max_size=41), st.integers(0, 1))
def test_a_chart_has_the_last_twelve_months_beside_the_twelve_before(used: dict[int, int | None], twice: int) -> None:
    lines = [line(ago, amount) for ago, amount in used.items() for _ in range(twice + 1)]
    drawn = chart(DIAL, lines, TODAY)
    known = {month(ago): amount * (twice + 1) for ago, amount in used.items() if amount is not None}
    newest = month(0) if month(0) in known else month(1)
    assert len(drawn.bars) == 12 and drawn.bars[-1].month == newest
    for bar in drawn.bars:
        assert bar.used == known.get(bar.month)
        assert bar.year_before == known.get(bar.month.replace(year=bar.month.year - 1))
    assert drawn.top >= max([1, *drawn.known])


def test_a_chart_counts_its_own_register_without_what_was_corrected() -> None:
    lines = [line(1, 3_000), line(1, 9_000, superseded=True), line(1, 9_000, register_id=2), line(2, 2_000, source=Source.ESTIMATE)]
    bars = chart(DIAL, lines, TODAY).bars[-2:]
    assert [(bar.used, bar.estimated) for bar in bars] == [(2_000, True), (3_000, False)]


def test_a_chart_of_nothing_draws_nothing_and_divides_by_nothing() -> None:
    drawn = chart(replace(DIAL, register_id=9), [], TODAY)
    assert drawn.known == [] and drawn.top == 1
