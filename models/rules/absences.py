"""Absence notices: which days can be announced, and what a reading says of the days when nobody was at home (B06)."""

from collections.abc import Iterable
from datetime import date, timedelta

from models.rules.days import parse_day

Days = tuple[date, date]  # the first and the last, both inclusive
BACK, AHEAD = timedelta(days=31), timedelta(days=731)  # how far from today an absence may begin and end


def announced(starts: str, ends: str, today: date) -> Days | dict[str, str]:
    """The days of a new absence as they were typed, or what is wrong with them, by the name of the field."""
    first, last = parse_day(starts.strip()), parse_day(ends.strip())
    if first is None or last is None:
        return {name: "day" for name, day in (("starts", first), ("ends", last)) if day is None}
    if first < today - BACK:
        return {"starts": "early"}
    wrong = "order" if last < first else "past" if last < today else "far" if last > today + AHEAD else ""
    return {"ends": wrong} if wrong else (first, last)


def days_away(since: date, until: date, absences: Iterable[Days]) -> int:
    """On how many of these days, both inclusive, nobody was at home."""
    days = sum(max(0, (min(last, until) - max(first, since)).days + 1) for first, last in absences)
    return min(days, (until - since).days + 1)  # of two people each may have announced the same day


def is_unexplained(used: int, month: int, since: date, until: date, absences: Iterable[Days]) -> bool:
    """Whether more was used from one reading to the next than the days at home explain.

    That is more than twice their share of a usual `month`; both in thousandths. The days of the two readings count
    as well, because nobody knows the hour. Where all days were spent away, anything is too much.
    """
    away = days_away(since, until, absences)
    return away > 0 and used * 365 > 2 * month * 12 * ((until - since).days + 1 - away)
