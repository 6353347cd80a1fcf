"""The reading windows worked out day by day, for comparison: knows the words of a rule and nothing of its parser."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

FIRST, LAST = date(2024, 1, 1), date(2032, 12, 31)
DAY = timedelta(days=1)


def every_day(first: date = FIRST, last: date = LAST) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def ends_month(day: date) -> bool:
    return (day + DAY).day == 1


def is_day(day: date, number: int) -> bool:
    """The day with that number, or the month's last day where the number does not exist."""
    return day.day == number or (ends_month(day) and day.day < number)


def opens_on(day: date, opens: str) -> bool:
    if opens.startswith("last"):
        return ends_month(day + DAY * int(opens[5:] or 0))
    return is_day(day, int(opens))


def windows_by_hand(opens: str, closes: str, is_working: Callable[[date], bool]) -> dict[date, tuple[date, date]]:
    """Every day with an open window → its first and last day. Walks from 2023 so that January 2024 is whole."""
    *words, number = closes.split()
    open_days, found, worked = [], {}, 0
    for day in every_day(date(2023, 10, 1), LAST + 70 * DAY):
        if opens_on(day, opens):
            open_days, worked = [], 0
        elif not open_days:
            continue
        open_days.append(day)
        next_month = day.month != open_days[0].month
        worked += next_month and is_working(day)
        if closes == "last":
            done = ends_month(day)
        elif words == ["next", "working"]:
            done = next_month and worked == int(number)
        else:
            done = next_month == (words == ["next"]) and is_day(day, int(number))
        if done:
            found.update(dict.fromkeys(open_days, (open_days[0], day)))
            open_days = []
    return found
