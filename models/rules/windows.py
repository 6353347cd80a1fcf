"""Reading windows: a small grammar for the days on which readings are taken (D07)."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Literal

IsWorking = Callable[[date], bool]

_OPENS = re.compile(r"([1-9][0-9]?)|last(?:-(0|[1-9][0-9]?))?")
_CLOSES = re.compile(r"(?:(next|next working) )?([1-9][0-9]?)")
_MONTH_LENGTHS = (28, 29, 30, 31)


@dataclass(frozen=True)
class WindowRule:
    """When a window opens and closes. Make it with `parse_rule`, which refuses impossible rules.

    `opens` is a day of the month, or (zero or below) so many days before the last one. `closes` is a day of
    the month of opening (zero is the last one), a day of the next month, or a number of working days in it.
    """

    opens: int
    closes: int
    counted: Literal["same", "next", "next working"]


@dataclass(frozen=True)
class Window:
    """One window: both days belong to it whole; `period` is the first day of the month in which it opens.

    `is_final`: the last day of somebody who leaves. What is read then is for no month, and corrects that day alone.
    """

    opens: date
    closes: date
    period: date
    is_final: bool = False

    def days_left(self, today: date) -> int:
        """Full days that remain after `today`: 0 on the last day and later."""
        return max(0, (self.closes - today).days)

    def is_last_day(self, today: date) -> bool:
        """True on the day that ends with the window (at 24:00 local time)."""
        return today == self.closes


def parse_rule(opens: str, closes: str) -> WindowRule:
    """Read a rule of a site file or override (features.md §3; LU-26, DD-17, LG-10, OG-27, UD-01).

    `opens`: "27" | "last" | "last-1" (the day before the last). `closes`: "28" | "last" | "next 1" (day of
    the next month) | "next working 1" (n-th working day of the next month). Days 29 to 31 mean the last day
    in shorter months. The last n days and the first m days are "last-(n-1)" and "next m". ValueError, with a
    sentence, when the text is none of these, or when in some month the window would close before it opens or
    still be open when the next one opens.
    """
    rule = WindowRule(_opening(opens), *_closing(closes))
    for length in _MONTH_LENGTHS:
        first = _in_month(rule.opens, length)
        if rule.counted == "same":
            if _in_month(rule.closes, length) < first:
                raise ValueError(
                    f"A window from '{opens}' to '{closes}' would close before it opens in a month of {length} days."
                )
        elif min(_latest(rule), length) >= first:
            raise ValueError(
                f"A window from '{opens}' to '{closes}' could still be open when the next one opens "
                f"in a month of {length} days."
            )
    return rule


def window_of(rule: WindowRule, month: date, is_working: IsWorking) -> Window:
    """The window that opens in the month of `month` (any day of it)."""
    period = month.replace(day=1)
    return Window(_day(period, rule.opens), _closing_day(rule, period, is_working), period)


def window_on(rule: WindowRule, day: date, is_working: IsWorking) -> Window | None:
    """The window that `day` lies in, or None when readings are not taken on that day."""
    for month in (day, _month_before(day)):
        window = window_of(rule, month, is_working)
        if window.opens <= day <= window.closes:
            return window
    return None


def next_window(rule: WindowRule, day: date, is_working: IsWorking) -> Window:
    """The first window that opens after `day`."""
    window = window_of(rule, day, is_working)
    return window if window.opens > day else window_of(rule, _month_after(day), is_working)


def _opening(text: str) -> int:
    match = _OPENS.fullmatch(text)
    if match and match[1] and int(match[1]) <= 31:
        return int(match[1])
    if not match or match[1] or int(match[2] or 0) > 27:
        raise ValueError(
            f"'{text}' is no day to open on: write a day of the month (1 to 31), 'last', or 'last-1' to 'last-27'."
        )
    return -int(match[2] or 0)


def _closing(text: str) -> tuple[int, Literal["same", "next", "next working"]]:
    if text == "last":
        return 0, "same"
    match = _CLOSES.fullmatch(text)
    if not match or int(match[2]) > 31:
        raise ValueError(
            f"'{text}' is no day to close on: write a day of the month (1 to 31), 'last', 'next 1' (a day "
            "of the next month) or 'next working 1' (a working day of the next month)."
        )
    if match[1] == "next":
        return int(match[2]), "next"
    return int(match[2]), "next working" if match[1] else "same"


def _latest(rule: WindowRule) -> int:
    """The latest day of the next month on which the rule can close."""
    # Days off are not known for years ahead, so this is a bound: five days off, then every second day worked.
    return 2 * rule.closes + 5 if rule.counted == "next working" else rule.closes


def _closing_day(rule: WindowRule, period: date, is_working: IsWorking) -> date:
    if rule.counted == "same":
        return _day(period, rule.closes)
    month = _month_after(period)
    if rule.counted == "next":
        return _day(month, rule.closes)
    days = (month.replace(day=number) for number in range(1, _length(month) + 1))
    worked = list(islice(filter(is_working, days), rule.closes))
    # A month with too few working days closes with the last of them, a month without any on its last day.
    return worked[-1] if worked else _day(month, 31)


def _in_month(number: int, length: int) -> int:
    return min(number, length) if number > 0 else length + number


def _day(month: date, number: int) -> date:
    return month.replace(day=_in_month(number, _length(month)))


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]


def _month_before(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)


def _month_after(day: date) -> date:
    return day.replace(day=_length(day)) + timedelta(days=1)
