"""The demo stands on a day on which readings are taken, whatever the real day is."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.calendar import Plan, demo_today
from demo.town import town_of
from models.clock import Clock
from models.rules.windows import window_on
from models.site import Site, load_site
from tests.demo.folders import SITES

DAYS = [date(2026, 1, 1) + timedelta(days=days) for days in range(730)]


def is_open(site: Site, day: date) -> bool:
    return any(window_on(site.meters[kind].window, day, site.is_working) for kind in town_of(site).reads)


@pytest.mark.parametrize("name", SITES)
def test_the_demo_day_lies_in_a_window_on_every_day_of_two_years(name: str) -> None:
    site = load_site(name)
    assert [day for day in DAYS if not is_open(site, demo_today(site, day))] == []


@pytest.mark.parametrize("name", SITES)
def test_a_real_day_inside_the_window_is_the_demo_day(name: str) -> None:
    site = load_site(name)
    inside = [day for day in DAYS if is_open(site, day)]
    assert len(inside) > 60
    assert [day for day in inside if demo_today(site, day) != day] == []


@pytest.mark.parametrize("name", SITES)
def test_any_other_day_leads_back_by_less_than_a_month(name: str) -> None:
    site = load_site(name)
    back = [(day - demo_today(site, day)).days for day in DAYS if not is_open(site, day)]
    assert 0 < min(back) <= max(back) < 31


@pytest.mark.parametrize(
    ("name", "real", "day"),
    [
        ("ogre", date(2026, 11, 20), date(2026, 10, 31)),
        ("ogre", date(2026, 11, 1), date(2026, 11, 1)),
        ("ludza", date(2026, 11, 3), date(2026, 10, 26)),
        ("gaze", date(2026, 12, 2), date(2026, 11, 28)),
    ],
)
def test_it_is_the_second_day_of_the_window_that_has_been(name: str, real: date, day: date) -> None:
    assert demo_today(load_site(name), real) == day


def test_without_a_real_day_it_asks_the_clock() -> None:
    site = load_site("ogre")
    assert demo_today(site) == demo_today(site, Clock(site.zone).today())


@given(st.sampled_from(SITES), st.dates(date(2024, 1, 1), date(2031, 12, 31)), st.integers(0, 400))
def test_months_follow_each_other_and_are_read_in_their_windows_but_never_in_the_future(
    name: str, today: date, shift: int
) -> None:
    months = Plan(load_site(name), today).months(7)
    assert [month.ago for month in months] == [6, 5, 4, 3, 2, 1, 0]
    for month, after in pairwise(months):
        assert month.last + timedelta(days=1) == after.first
    for month in months:
        assert month.opens <= month.read_on(shift) <= min(month.closes, month.last, today)
        assert month.last < month.issued < month.due
