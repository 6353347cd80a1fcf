"""Latvian working days: public holidays and moved working Saturdays, corrected by the operator."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


def is_working_day(day: date, overrides: Mapping[date, bool] | None = None) -> bool:
    """True when `day` (a local date) is a working day in Latvia.

    `overrides` (day → working) win over the calendar: the government moves working days a year ahead at best,
    so the `holidays` package cannot know them all (dependencies §2.4).
    """
    if overrides and day in overrides:
        return overrides[day]
    return _calendar(day.year).is_working_day(day)


@cache
def _calendar(year: int) -> "HolidayBase":
    # Imported here because it takes about half a second and most processes never ask for a working day. One
    # calendar per year, filled before it is shared: two threads must not fill the same calendar on demand.
    from holidays import country_holidays

    return country_holidays("LV", years=year, expand=False)
