"""Days as people type them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.days import parse_day


@given(st.dates())
def test_a_day_is_read_as_a_browser_sends_it_and_as_it_is_written(day: date):
    dotted = f"{day.day}.{day.month}.{day.year:04}"
    for text in (day.isoformat(), dotted, dotted + ".", f"{day.day:02}.{day.month:02}.{day.year:04}"):
        assert parse_day(text) == day


@given(st.text() | st.from_regex(r"[0-9٠-٩.-]{6,11}", fullmatch=True))
def test_whatever_is_typed_is_a_day_or_nothing(text: str):
    found = parse_day(text)
    assert found is None or (str(found.year) in text and text.isascii())


@pytest.mark.parametrize("text", ["", "30.02.2026", "2026-13-01", "24.12.26", "24/12/2026", "12.2026", "2026-12-24T10:00", "٢٤.١٢.٢٠٢٦", "0000-01-01", "24.12.2026.."])
def test_what_is_no_day_is_nothing(text: str):
    assert parse_day(text) is None
