"""Which absences can be announced, and when a reading says that something was used meanwhile."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.absences import AHEAD, BACK, Days, announced, days_away, is_unexplained

TODAY = date(2026, 11, 30)
days = st.dates(TODAY - timedelta(days=400), TODAY + timedelta(days=900))
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
amounts = st.integers(0, 200_000)


@given(days, days)
def test_days_are_announced_exactly_when_they_are_near_and_not_over(first: date, last: date):
    found = announced(first.isoformat(), last.isoformat(), TODAY)
    fine = TODAY - BACK <= first <= last and TODAY <= last <= TODAY + AHEAD
    assert found == (first, last) if fine else isinstance(found, dict) and len(found) == 1


@pytest.mark.parametrize(("starts", "ends", "wrong"), [
    ("", "", {"starts": "day", "ends": "day"}), ("x", "2026-12-01", {"starts": "day"}), ("2026-12-01", "31.12", {"ends": "day"}),
    ("2026-10-29", "2026-12-01", {"starts": "early"}), ("2026-12-02", "2026-12-01", {"ends": "order"}),
    ("2026-11-01", "2026-11-29", {"ends": "past"}), ("2026-12-01", "2028-12-01", {"ends": "far"}),
])  # fmt: skip
def test_each_thing_that_is_wrong_has_its_word(starts: str, ends: str, wrong: dict[str, str]):
    assert announced(starts, ends, TODAY) == wrong


def test_spaces_around_a_day_do_not_matter():
    assert announced(" 01.12.2026. ", "2026-12-01", TODAY) == (date(2026, 12, 1), date(2026, 12, 1))


@given(spans, st.lists(spans, max_size=4))
def test_days_away_are_counted_one_by_one(between: Days, absences: list[Days]):
    all_days = [between[0] + timedelta(days=n) for n in range((between[1] - between[0]).days + 1)]
    counted = sum(first <= day <= last for day in all_days for first, last in absences)
    assert days_away(*between, absences) == min(counted, len(all_days))


@given(amounts, amounts, spans, st.lists(spans, max_size=3))
def test_without_an_absence_or_without_consumption_nothing_is_odd(used: int, month: int, between: Days, absences: list[Days]):
    assert not is_unexplained(used, month, *between, [])
    assert not is_unexplained(0, month, *between, absences)


@given(st.integers(1, 200_000), amounts, spans)
def test_who_was_never_at_home_used_nothing(used: int, month: int, between: Days):
    assert is_unexplained(used, month, *between, [(between[0] - timedelta(days=3), between[1])])


@given(amounts, amounts, amounts, spans, spans)
def test_the_more_was_used_and_the_longer_they_were_away_the_odder_it_is(used: int, more: int, month: int, between: Days, absence: Days):
    longer = (absence[0] - timedelta(days=5), absence[1] + timedelta(days=5))
    if is_unexplained(used, month, *between, [absence]):
        assert is_unexplained(used + more, month, *between, [absence]) and is_unexplained(used, month, *between, [longer])


def test_a_usual_month_is_odd_when_half_of_it_and_more_was_spent_away():
    since, until = date(2026, 10, 28), date(2026, 11, 28)
    for away, odd in ((10, False), (15, False), (17, True), (28, True)):
        assert is_unexplained(3_100, 3_000, since, until, [(until - timedelta(days=away), until - timedelta(days=1))]) is odd
