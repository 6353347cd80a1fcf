"""The flat in the middle, leaks and the balance of a house: golden series, and what holds for every one (D23–D25)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.consumption import FEWEST, MORE, Balance, balances, middle, usual_if_leaking

amounts = st.integers(0, 10**7)
months = st.integers(2020 * 12, 2026 * 12).map(lambda number: date(number // 12, number % 12 + 1, 1))
NOVEMBER = date(2026, 11, 1)
YEAR = {date(2025 + (number > 11), number % 12 + 1, 1): 3_000 for number in range(10, 22)}  # November to October


@given(st.lists(amounts, max_size=FEWEST - 1))
def test_of_fewer_than_eight_flats_no_median_is_told(flats: list[int]):
    assert middle(flats) is None


@given(st.lists(amounts, min_size=FEWEST, max_size=60))
def test_half_of_the_flats_are_on_each_side_of_the_median_but_for_its_rounding(flats: list[int]):
    found = middle(flats)
    assert found is not None and found % 100 == 0
    assert 2 * sum(one < found - 50 for one in flats) <= len(flats) and 2 * sum(one > found + 50 for one in flats) <= len(flats)


def test_the_median_is_in_whole_tenths():
    assert middle([0, 1_000, 2_000, 3_149, 3_150, 9_000, 9_000, 99_000]) == 3_100
    assert middle([0, 1_000, 2_000, 3_000, 3_151, 9_000, 9_000, 9_000, 99_000]) == 3_200


@pytest.mark.parametrize(("used", "usual"), [
    (3_000, None), (7_499, None), (7_500, 3_000), (20_000, 3_000),
])  # fmt: skip
def test_two_and_a_half_times_as_much_may_be_a_leak(used: int, usual: int | None):
    assert usual_if_leaking(used, 1, NOVEMBER, YEAR) == usual


def test_less_than_three_more_is_none_however_many_times_as_much():
    small = dict.fromkeys(YEAR, 500)
    assert usual_if_leaking(3_499, 1, NOVEMBER, small) is None and usual_if_leaking(3_500, 1, NOVEMBER, small) == 500
    assert usual_if_leaking(MORE, 1, NOVEMBER, dict.fromkeys(YEAR, 0)) == 0, "where nobody lives"


def test_a_garden_in_summer_is_usual_in_summer():
    garden = {month: 12_000 if month.month in (6, 7, 8) else 2_000 for month in YEAR} | {date(2025, 6 + n, 1): 12_000 for n in range(3)}
    assert usual_if_leaking(12_000, 1, date(2026, 7, 1), garden) is None
    assert usual_if_leaking(12_000, 1, NOVEMBER, garden) == 2_000


def test_a_reading_after_three_months_may_show_three_times_as_much():
    assert usual_if_leaking(20_000, 3, NOVEMBER, YEAR) is None and usual_if_leaking(22_500, 3, NOVEMBER, YEAR) == 9_000


def test_of_two_earlier_months_nothing_is_known():
    assert usual_if_leaking(90_000, 1, NOVEMBER, {date(2026, 9, 1): 1_000, date(2026, 10, 1): 1_000, NOVEMBER: 1_000}) is None


@given(amounts, st.integers(1, 12), months, st.dictionaries(months, amounts))
def test_what_may_be_a_leak_is_both_much_more_and_many_times_as_much(used: int, span: int, month: date, earlier: dict[date, int]):
    usual = usual_if_leaking(used, span, month, earlier)
    if usual is not None:
        assert used - usual >= MORE and 2 * used >= 5 * usual
        assert usual_if_leaking(used + 1, span, month, earlier) == usual, "more is no less suspicious"
        assert usual // span in earlier.values()


def test_a_balance_is_what_the_house_counted_less_its_flats():
    flats = {1: {NOVEMBER: 3_000}, 2: {NOVEMBER: 2_500}, 3: {NOVEMBER: 4_000}, 4: {}}
    assert balances({NOVEMBER: 10_000}, flats, [(1, NOVEMBER), (2, NOVEMBER)]) == [Balance(NOVEMBER, 10_000, 9_500, 2, 4)]
    assert balances({NOVEMBER: 10_000}, flats, [])[0].difference == 500


def test_a_sum_of_two_flats_is_not_told():
    """Each of them would learn what the other used."""
    (row,) = balances({NOVEMBER: 10_000}, {1: {NOVEMBER: 3_000}, 2: {NOVEMBER: 2_500}, 3: {}}, [])
    assert (row.flats, row.difference, row.unread, row.count) == (None, None, 3, 3)


@given(st.dictionaries(months, amounts), st.dictionaries(st.integers(1, 50), st.dictionaries(months, amounts)))
def test_every_balance_adds_up_and_the_newest_is_first(house: dict[date, int], flats: dict[int, dict[date, int]]):
    rows = balances(house, flats, [(flat, month) for flat, used in flats.items() for month in used])
    assert [row.month for row in rows] == sorted(house, reverse=True)
    for row in rows:
        known = [used[row.month] for used in flats.values() if row.month in used]
        assert row.unread + len(known) == row.count == len(flats)
        assert row.flats == (sum(known) if len(known) > 2 else None)
        assert row.difference is None or row.difference + sum(known) == row.house
