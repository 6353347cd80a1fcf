"""Service hours: by when an answer is due, against a walk from minute to minute."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.service_hours import Service, parse_spans
from models.rules.workdays import is_working_day

OFFICE = {day: parse_spans("8:00-12:00 13:00-17:00") for day in range(5)}
DESK = Service(OFFICE, is_working_day)
MINUTE = timedelta(minutes=1)
at = datetime.fromisoformat

edges = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted).map(lambda found: found[: len(found) // 2 * 2])
spans = edges.map(lambda found: tuple(zip(found[::2], found[1::2], strict=True)))
weeks = st.dictionaries(st.integers(0, 6), spans, min_size=1, max_size=7).filter(lambda week: sum(last - first for day in week if day < 5 for first, last in week[day]) >= 240)
free = st.frozensets(st.dates(date(2026, 12, 20), date(2027, 1, 10)), max_size=8)
moments = st.datetimes(at("2026-12-20"), at("2027-01-05")).map(lambda found: found.replace(second=0, microsecond=0))


def service(week: dict, closed: frozenset) -> Service:
    """Weekdays are worked but for some; a Saturday that somebody has made a working day is one of them."""
    return Service(week, lambda day: day not in closed and (day.weekday() < 5 or day == date(2026, 12, 26)))


def is_open(desk: Service, minute: datetime) -> bool:
    """By hand: the weekday's own hours, else, on a weekend that is worked, Monday's."""
    if not desk.is_working(minute.date()):
        return False
    hours = desk.week.get(minute.weekday()) or (desk.week.get(0, ()) if minute.weekday() >= 5 else ())
    return any(first <= minute.hour * 60 + minute.minute < last for first, last in hours)


@given(weeks, free, moments, st.integers(1, 6))
def test_hours_are_those_that_a_walk_counts_minute_by_minute(week: dict, closed: frozenset, moment: datetime, hours: int):
    desk, due, worked = service(week, closed), service(week, closed).after_hours(moment, hours), 0
    minute = moment
    while worked < hours * 60:
        worked += is_open(desk, minute)
        minute += MINUTE
    assert due == minute


@given(weeks, free, moments, st.integers(-600, 6000))
def test_service_between_two_moments_is_what_a_walk_counts(week: dict, closed: frozenset, moment: datetime, minutes: int):
    desk = service(week, closed)
    worked = sum(is_open(desk, moment + ahead * MINUTE) for ahead in range(minutes))
    assert desk.between(moment, moment + minutes * MINUTE) == worked * MINUTE


@given(weeks, free, moments, st.integers(0, 5))
def test_days_are_those_that_a_walk_counts(week: dict, closed: frozenset, moment: datetime, days: int):
    desk, minute = service(week, closed), moment
    while not is_open(desk, minute):
        minute += MINUTE
    worked = [day for day in (minute.date() + timedelta(days=ahead) for ahead in range(120)) if desk.on(day)]
    closing = datetime.combine(worked[days], time()) + timedelta(minutes=desk.on(worked[days])[-1][1])
    assert desk.after_days(moment, days) == closing


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-30T10:00", "2026-12-01T17:00"), ("2026-11-30T17:00", "2026-12-02T17:00"), ("2026-11-28T10:00", "2026-12-01T17:00"),
        ("2026-12-23T10:00", "2026-12-28T17:00"), ("2026-12-31T16:59", "2027-01-05T17:00"),
    ],
)  # fmt: skip
def test_a_day_of_service_ends_when_the_desk_closes_after_holidays_and_weekends(moment: str, due: str):
    assert DESK.after_days(at(moment), 1) == at(due)


@pytest.mark.parametrize(("moment", "due"), [("2026-11-30T10:00", "2026-11-30T15:00"), ("2026-11-30T15:30", "2026-12-01T10:30"), ("2026-11-30T12:30", "2026-11-30T17:00"), ("2026-12-23T16:00", "2026-12-28T11:00")])
def test_hours_stand_still_at_noon_at_night_and_over_christmas(moment: str, due: str):
    assert DESK.after_hours(at(moment), 4) == at(due)


def test_a_desk_that_is_open_at_all_hours_counts_the_clock_on_the_wall():
    always = Service({day: parse_spans("0:00-24:00") for day in range(7)}, lambda _: True)
    assert always.after_hours(at("2026-10-24T23:00"), 6) == at("2026-10-25T05:00")


def test_a_desk_that_never_opens_promises_nothing():
    for wait in (Service({5: ((0, 60),)}, lambda _: False).after_hours, Service({}, lambda _: True).after_days):
        with pytest.raises(ValueError, match="never open"):
            wait(at("2026-11-30"), 1)


@pytest.mark.parametrize("text", ["", "8-17", "8:00-8:00", "17:00-8:00", "8:00-12:00 12:00-17:00", "8:00-12:00 11:00-17:00", "8:00-24:01", "8:60-17:00", "8:00-17:75", "x"])
def test_hours_that_are_none_are_refused(text: str):
    with pytest.raises(ValueError, match="expected hours"):
        parse_spans(text)
