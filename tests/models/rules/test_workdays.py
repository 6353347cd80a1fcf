"""Working days in Latvia: holidays, moved days, overrides."""

import subprocess
import sys
from datetime import date

import pytest

from models.rules.workdays import is_working_day
from tests.models.rules.calendar_by_hand import every_day


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), False),  # moved to Saturday the 17th
        (date(2026, 1, 5), True),
        (date(2026, 1, 17), True),
        (date(2026, 1, 24), False),  # an ordinary Saturday
        (date(2026, 4, 3), False),  # Good Friday
        (date(2026, 6, 22), False),  # moved to Saturday the 27th
        (date(2026, 6, 27), True),
        (date(2024, 5, 6), False),  # 4 May was a Saturday
        (date(2024, 12, 30), False),  # moved to Saturday the 28th
        (date(2024, 12, 28), True),
        (date(2025, 1, 2), True),
        (date(2026, 12, 31), False),
    ],
)
def test_holidays_and_moved_days_are_known(day, working):
    assert is_working_day(day) is working


def test_the_first_of_january_is_never_a_working_day():
    assert not any(is_working_day(date(year, 1, 1)) for year in range(2020, 2060))


def test_an_override_wins_over_the_calendar_in_both_directions():
    overrides = {date(2027, 1, 1): True, date(2027, 1, 4): False}
    assert is_working_day(date(2027, 1, 1), overrides)
    assert not is_working_day(date(2027, 1, 4), overrides)
    assert is_working_day(date(2027, 1, 5), overrides)


def test_an_override_is_forgotten_on_the_next_question():
    assert not is_working_day(date(2027, 1, 5), {date(2027, 1, 5): False})
    assert is_working_day(date(2027, 1, 5))


def test_a_calendar_of_one_year_says_what_a_calendar_of_all_years_says():
    from holidays import country_holidays

    whole = country_holidays("LV", years=range(2023, 2034))
    assert all(is_working_day(day) == whole.is_working_day(day) for day in every_day())


def test_the_heavy_package_is_loaded_only_when_a_working_day_is_asked_for():
    code = "import sys, models.rules.windows, models.rules.workdays; sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
