"""On which days premises can change hands, and how the new owner is named."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.handovers import BACK, asked

TODAY = date(2026, 11, 30)
days = st.dates(TODAY - timedelta(days=100), TODAY + timedelta(days=40))


@given(days, days, days)
def test_the_day_has_come_is_not_long_ago_and_the_one_before_was_still_hers(day: date, since: date, until: date):
    fine = since <= day - timedelta(days=1) and day <= until and TODAY - BACK <= day <= TODAY
    assert asked(day.isoformat(), "20418", since, until, TODAY) == ((day, "20418") if fine else {"day"})


@pytest.mark.parametrize(("to", "whom"), [
    ("liga@example.com", "liga@example.com"), (" Liga@Example.COM ", "liga@example.com"), ("20418", "20418"), ("a" * 32, "a" * 32),
    ("", None), ("   ", None), ("a" * 33, None), ("liga@", None), ("@", None), ("a@b\r\nBcc: x@y.lv", None),
])  # fmt: skip
def test_the_new_owner_is_named_by_an_address_or_a_code(to: str, whom: str | None):
    found = asked("30.11.2026", to, date(2026, 1, 1), date.max, TODAY)
    assert found == ((TODAY, whom) if whom else {"to"})


@given(st.text(max_size=40), st.text(max_size=300))
def test_whatever_is_typed_is_taken_whole_or_refused_by_the_names_of_its_fields(day: str, to: str):
    found = asked(day, to, date(2026, 1, 1), date.max, TODAY)
    assert isinstance(found, tuple) or found <= {"day", "to"}
