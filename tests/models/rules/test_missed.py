"""Windows that passed without a reading, in a row (D21)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.missed import MOST, missed
from models.rules.windows import parse_rule, window_of

RULES = [parse_rule(*words) for words in (("25", "28"), ("27", "last"), ("last-1", "next 1"), ("last", "next working 2"), ("1", "last"))]
TODAY = date(2026, 11, 20)


def worked(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(("last", "expected"), [
    (date(2026, 11, 1), 0), (date(2026, 10, 28), 0), (date(2026, 9, 28), 1), (date(2026, 8, 1), 2), (date(2026, 6, 30), 4), (date(2020, 1, 1), MOST),
])  # fmt: skip
def test_each_closed_month_since_the_last_reading_counts(last: date, expected: int) -> None:
    assert missed(RULES[0], last, [], TODAY, worked) == expected


@pytest.mark.parametrize(("day", "expected"), [(24, 0), (28, 0), (29, 1)])
def test_a_window_is_missed_when_it_has_closed(day: int, expected: int) -> None:
    assert missed(RULES[0], date(2026, 10, 28), [], date(2026, 11, day), worked) == expected


@pytest.mark.parametrize(("away", "expected"), [
    ([], 3), ([(date(2026, 9, 25), date(2026, 9, 28))], 2), ([(date(2026, 9, 26), date(2026, 9, 30))], 3),
    ([(date(2026, 7, 1), date(2026, 9, 30))], 1), ([(date(2026, 8, 1), date(2026, 9, 1)), (date(2026, 9, 1), date(2026, 12, 1))], 0),
])  # fmt: skip
def test_who_was_away_through_a_whole_window_has_not_missed_it(away: list[tuple[date, date]], expected: int) -> None:
    assert missed(RULES[0], date(2026, 7, 28), away, TODAY, worked) == expected


DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@given(st.sampled_from(RULES), DAYS, st.integers(0, 500), st.lists(st.tuples(DAYS, st.integers(0, 90)), max_size=3))
def test_it_is_what_a_calendar_of_every_day_says(rule, today: date, ago: int, absences) -> None:
    last = today - timedelta(days=ago)
    away = [(first, first + timedelta(days=days)) for first, days in absences]
    months = sorted({(last + timedelta(days=n)).replace(day=1) for n in range(ago + 1)} - {last.replace(day=1)})
    closed = [window_of(rule, month, worked) for month in months]
    there = [one for one in closed if one.closes < today and not any(set_of(one.opens, one.closes) <= set_of(*span) for span in away)]
    assert missed(rule, last, away, today, worked) == min(len(there), MOST)


def set_of(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}
