"""What the clock of a device says of a reading, beside our own (D18)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.rules.noted import noted

RIGA, NOW, TODAY = ZoneInfo("Europe/Riga"), datetime(2026, 11, 26, 22, 30, tzinfo=UTC), date(2026, 11, 27)


def said(text: str) -> tuple[datetime, date, str] | None:
    return noted(text, NOW, TODAY, RIGA)


def test_the_day_is_that_of_the_sites_clock_also_around_midnight():
    assert said("2026-11-26T22:00:00.000Z") == (NOW - timedelta(minutes=30), TODAY, "")
    assert said("2026-11-26T21:59:00.000Z")[1] == TODAY - timedelta(days=1)
    assert said("2026-11-27T00:29:00+02:00")[0].tzinfo is UTC


def test_the_business_day_of_the_demo_moves_with_it():
    assert noted("2026-11-25T22:30:00Z", NOW, date(2030, 3, 1), RIGA).on == date(2030, 2, 28)


def test_three_days_are_taken_and_no_more():
    assert said("2026-11-23T22:30:00Z")[1:] == (date(2026, 11, 24), "")
    assert said("2026-11-23T22:29:59Z")[2] == "stale" == said("0001-01-01T00:00:00+14:00")[2]


def test_a_clock_that_is_a_little_ahead_has_said_now_and_one_that_is_more_is_wrong():
    assert said("2026-11-26T22:40:00Z") == (NOW, TODAY, "")
    assert said("2026-11-26T22:40:01Z")[2] == "clock" == said("9999-12-31T23:59:59-14:00")[2]


@pytest.mark.parametrize("text", ["yesterday", "2026-11-26", "2026-11-26T22:00:00", "\x00", "2026-13-01T00:00:00Z", "١٢"])
def test_what_is_no_moment_is_a_wrong_clock(text: str):
    assert said(text)[2] == "clock"


def test_a_device_that_says_nothing_noted_nothing():
    assert said("") is None
