"""Suspicions about a reading: each named case, the legitimate neighbours of each, and the arithmetic."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.plausibility import (
    Situation,
    Thresholds,
    Verdict,
    consumption,
    judge,
    monthly_average,
    months_since,
)

USUAL = Situation(value=0, previous=412_166, average=3_200, digits=5, decimals=3)
GAS = Situation(value=0, previous=4_126_000, average=90_000, digits=5, decimals=0)

amounts = st.integers(0, 99_999_999)
maybe = st.none() | amounts
situations = st.builds(
    Situation,
    value=amounts | st.integers(0, 99_999).map(lambda whole: whole * 1000),
    previous=maybe,
    average=st.none() | st.integers(0, 200_000),
    digits=st.integers(4, 6),
    decimals=st.integers(0, 3),
    months=st.integers(1, 40),
    sibling_previous=maybe,
    zero_seen_before=st.booleans(),
    thresholds=st.builds(Thresholds, st.integers(1, 10), st.integers(0, 50_000)),
)


def verdict(value, usual=USUAL, **known):
    return judge(replace(usual, value=value, **known))


def code(value, usual=USUAL, **known):
    found = verdict(value, usual, **known)
    return found and found.code


@pytest.mark.parametrize("value", [412_167, 415_000, 415_366, 421_766])
def test_a_usual_consumption_up_to_three_times_the_average_raises_no_question(value):
    assert verdict(value) is None


def test_far_above_average_is_asked_with_the_figures_of_its_sentence():
    assert verdict(439_210) == Verdict("high", 27_044, None, usual=3_200, ratio=8)


def test_a_consumption_below_the_floor_is_never_high():
    assert code(412_166 + 5_000, average=100) is None
    assert code(412_166 + 5_001, average=100) == "high"
    assert code(412_166 + 5_001, average=0) == "high"


def test_several_months_may_use_several_times_as_much():
    assert code(412_166 + 28_000, months=3) is None
    assert verdict(412_166 + 40_000, months=3) == Verdict("high", 40_000, None, usual=9_600, ratio=4)


def test_the_thresholds_are_those_of_the_site():
    assert code(412_166 + 20_000, thresholds=Thresholds(times=10)) is None
    assert code(412_166 + 20_000, thresholds=Thresholds(floor=20_000)) is None
    assert code(412_166 + 4_000, thresholds=Thresholds(times=1, floor=1_000)) == "high"


@pytest.mark.parametrize("value", [420_000 + step * 7_777 for step in range(1, 60)])
def test_a_large_true_value_of_a_grown_meter_is_high_and_no_slip(value):
    assert code(value, previous=420_000) in (None, "high") or value == 482_216  # for 428,216


def test_a_leak_on_a_young_meter_is_high_although_a_digit_less_would_fit():
    assert code(17_000, previous=3_000, average=1_000) == "high"
    assert code(45_000, previous=4_000) == "high"


def test_consumption_typed_for_the_reading_offers_the_sum():
    assert verdict(5_000) == Verdict("looks_like_consumption", 5_000 - 412_166, 417_166, usual=3_200)
    assert verdict(0) == Verdict("looks_like_consumption", -412_166, 412_166, usual=3_200)


def test_consumption_without_an_average_is_recognised_up_to_the_floor():
    assert code(5_000, average=None) == "looks_like_consumption"
    assert code(5_001, average=None) == "lower"
    assert code(14_000, average=None, months=3) == "looks_like_consumption"


def test_a_sum_that_the_dial_cannot_show_is_not_offered():
    assert verdict(9_000, previous=99_990_999).suggested == 99_999_999
    assert verdict(9_000, previous=99_991_000) == Verdict("rollover_likely", 18_000, usual=3_200)


@pytest.mark.parametrize("value", [412_165, 400_000, 100_000, 9_601])
def test_a_value_below_the_last_one_is_lower(value):
    assert verdict(value) == Verdict("lower", value - 412_166, usual=3_200)


def test_a_full_turn_that_fits_is_a_rollover_even_where_the_value_could_be_a_consumption():
    assert verdict(1_500, previous=99_998_500) == Verdict("rollover_likely", 3_000, usual=3_200)
    assert code(4_600, previous=99_995_000) == "rollover_likely"
    assert code(4_601, previous=99_995_000) == "looks_like_consumption"


def test_from_the_end_of_the_dial_to_its_beginning_is_a_rollover_with_a_high_consumption():
    assert verdict(40_000, previous=99_960_000) == Verdict("rollover_likely", 80_000, usual=3_200)
    assert code(5_000_000, previous=99_960_000) == "rollover_likely"
    assert code(5_000_001, previous=99_960_000) == "lower"
    assert code(40_000, previous=94_999_999) == "lower"
    assert code(40_000, previous=95_000_000) == "rollover_likely"


def test_consumption_near_the_end_of_the_dial_is_still_recognised():
    assert verdict(3_000, previous=99_960_000).suggested == 99_963_000


def test_the_siblings_value_below_the_own_is_swapped():
    assert verdict(203_000, sibling_previous=200_000) == Verdict("swapped", 203_000 - 412_166, usual=3_200)
    assert code(200_000, sibling_previous=200_000) == "swapped"
    assert code(209_600, sibling_previous=200_000) == "swapped"
    assert code(199_999, sibling_previous=200_000) == code(209_601, sibling_previous=200_000) == "lower"


def test_the_siblings_value_above_the_own_is_swapped():
    assert verdict(803_000, sibling_previous=800_000) == Verdict("swapped", 390_834, None, 3_200, 122)
    assert code(799_999, sibling_previous=800_000) == "high"
    assert code(812_000, sibling_previous=800_000) == "high"


def test_a_high_value_that_the_sibling_explains_no_better_is_high():
    assert code(424_000, sibling_previous=416_000) == "high"


def test_a_usual_value_is_never_swapped():
    assert code(415_000, sibling_previous=414_000) is None


@pytest.mark.parametrize(
    ("value", "previous", "decimals", "suggested"),
    [
        (15_345_000, 12_166, 3, 15_345),  # 15345 for 15,345
        (41_530_000, 412_166, 2, 415_300),  # 41530 for 415,30
        (4_150_000, 412_166, 1, 415_000),  # 4150 for 415,0
        (4_150_000, 412_166, 3, 415_000),
        (15_345_000, 12_166, 0, None),  # nothing after the comma on this dial
    ],
)
def test_a_missing_comma_offers_the_value_with_it(value, previous, decimals, suggested):
    found = verdict(value, previous=previous, decimals=decimals)
    assert (found.code, found.suggested) == ("times_1000", suggested)


def test_a_slip_is_suspected_only_where_the_corrected_value_fits():
    assert code(12_167_000, previous=12_166) == code(21_766_000, previous=12_166) == "times_1000"
    assert code(12_166_000, previous=12_166) == code(21_767_000, previous=12_166) == "high"
    assert verdict(4_121_167).suggested == 412_167
    assert verdict(41_260_000, GAS).suggested == 4_160_000  # 4126 would be no consumption
    assert verdict(43_960_000, GAS).suggested == 4_396_000
    assert verdict(43_970_000, GAS).suggested == 4_390_000  # 4397 would be high


def test_a_slip_is_suspected_only_above_five_limits():
    assert code(52_500, previous=4_500) == "high"
    assert code(52_501, previous=4_500) == "extra_digit"


def test_a_comma_that_was_typed_is_not_missing():
    assert code(15_345_500, previous=12_166) == "high"


@pytest.mark.parametrize(
    ("value", "suggested"),
    [
        (41_290_000, 4_129_000),  # 41290: one too many at the end
        (41_299_000, 4_129_000),  # the last key twice
        (94_129_000, 4_129_000),
        (40_129_000, 4_129_000),  # one inside
    ],
)
def test_one_digit_too_many_offers_the_value_without_it(value, suggested):
    found = verdict(value, GAS)
    assert (found.code, found.suggested) == ("extra_digit", suggested)


def test_the_last_digit_goes_first_and_the_decimals_stay():
    assert verdict(4_155_500, decimals=3).suggested == 415_500
    assert verdict(14_214_000, previous=1_420_000, decimals=0).suggested == 1_421_000


@pytest.mark.parametrize(
    ("value", "suggested"),
    [(145_300, 415_300), (142_900, 412_900), (241_300, 421_300)],
)
def test_two_digits_exchanged_offer_the_value_with_them_in_their_places(value, suggested):
    found = verdict(value)
    assert (found.code, found.suggested) == ("transposed", suggested)


def test_every_exchange_of_two_neighbouring_digits_of_a_usual_reading_is_recognised_or_harmless():
    """All readings of a usual month, all exchanges: what is asked about offers a value that fits, most often the one meant."""
    meant = offered = 0
    for true in range(4_130, 4_216):
        text = str(true)
        for at in range(3):
            typed = int(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
            found = verdict(typed * 1000, GAS) if typed != true else None
            if found and found.code == "transposed":
                offered, meant = offered + 1, meant + (found.suggested == true * 1000)
    assert offered > 80 and meant * 10 >= offered * 9, (offered, meant)


def test_every_digit_left_out_is_offered_only_where_one_value_fits():
    for true in range(41_300, 41_330):
        text = str(true)
        for at in range(5):
            typed = int(text[:at] + text[at + 1 :]) * 1000
            found = verdict(typed, previous=41_299_000, average=10_000)
            assert found.code in ("missing_digit", "transposed", "lower")
            fitting = {int(f"{typed // 1000}"[:k] + d + f"{typed // 1000}"[k:]) for k in range(5) for d in "0123456789"} & {*range(41_300, 41_330)}
            assert (found.code == "missing_digit") == (len(fitting) == 1)
            assert found.code != "missing_digit" or found.suggested == true * 1000 or fitting != {true}


def test_a_value_just_below_the_last_one_was_misread_and_not_mistyped():
    assert code(412_165) == code(402_600) == "lower" and code(142_900) == "transposed"


@settings(max_examples=600)
@given(situations)
def test_what_is_offered_for_a_slip_has_the_digits_that_were_typed(situation):
    found = judge(situation)
    if found and found.code in ("transposed", "missing_digit", "extra_digit"):
        typed, offered = (sorted(f"{value // 1000}") for value in (situation.value, found.suggested))
        more = {"transposed": 0, "missing_digit": 1, "extra_digit": -1}[found.code]
        zeros = sorted("0" * (len(typed) + more - len(offered)) + "".join(offered))  # those in front are not written
        assert found.suggested % 1000 == situation.value % 1000 and len(zeros) == len(typed) + more
        assert more or zeros == typed


def test_a_slip_is_recognised_without_an_average():
    assert code(15_345_000, previous=12_166, average=None) == "times_1000"
    assert code(4_155_500, average=None) == "extra_digit"


def test_without_an_average_only_the_absurd_is_asked():
    assert code(412_166 + 25_000, average=None) is None
    assert verdict(412_166 + 25_001, average=None) == Verdict("high", 25_001)


def test_no_consumption_is_asked_the_first_time_only():
    assert verdict(412_166) == Verdict("zero", 0, usual=3_200)
    assert verdict(412_166, zero_seen_before=True) is None


def test_a_first_reading_raises_no_question():
    assert verdict(99_999_000, previous=None, sibling_previous=99_998_000) is None


@settings(max_examples=600)
@given(situations)
def test_any_situation_is_judged_and_an_offer_raises_no_further_question(situation):
    found = judge(situation)
    if found and found.suggested is not None:
        assert 0 <= found.suggested < situation.dial
        again = judge(replace(situation, value=found.suggested))
        assert again is None or again.code == "zero"
        assert found.suggested % 10 ** (3 - situation.decimals) == 0 or found.code != "times_1000"


@settings(max_examples=500)
@given(situations)
def test_a_value_below_the_last_one_is_always_asked_and_its_consumption_is_exact(situation):
    found = judge(situation)
    used = situation.value - (situation.previous or 0)
    if situation.previous is not None and used < 0:
        assert found and found.code not in ("high", "zero", "times_1000", "extra_digit")
    if found:
        assert found.consumption - used == (situation.dial if found.code == "rollover_likely" else 0)


@given(situations, st.integers(0, 10**6))
def test_more_consumption_never_raises_fewer_questions(situation, more):
    situation = replace(situation, previous=situation.previous or 0)
    if situation.value > situation.previous and judge(situation):
        assert judge(replace(situation, value=situation.value + more))


@given(st.integers(3, 9), st.data())
def test_a_turn_of_the_dial_adds_exactly_its_range(digits, data):
    dial = 10**digits * 1000
    before, used = data.draw(st.integers(0, dial - 1)), data.draw(st.integers(0, dial - 1))
    shown, rolled_over = (before + used) % dial, before + used >= dial
    assert consumption(before, shown, digits, rolled_over) == used


def test_consumption_in_figures():
    assert consumption(412_166, 415_210, 5, False) == 3_044
    assert consumption(99_998_500, 1_500, 5, True) == 3_000
    assert consumption(9_998_500, 1_500, 4, True) == 3_000


def readings_until(last, *used, every=30, start=100_000):
    """Readings `every` days apart, the last one on `last`; `used` between them in thousandths."""
    days = [last - timedelta(days=every * back) for back in range(len(used), -1, -1)]
    values = [start + sum(used[:count]) for count in range(len(used) + 1)]
    return [(day, value % 100_000_000, False) for day, value in zip(days, values, strict=True)]


UNTIL = date(2026, 11, 28)


def test_an_average_month_is_a_twelfth_of_the_year():
    assert monthly_average([(date(2025, 11, 28), 0, False), (UNTIL, 36_500, False)], 5, UNTIL) == 3_042
    assert monthly_average(readings_until(UNTIL, *[3_000] * 12), 5, UNTIL) == 3_042  # 3 m³ in 30 days


def test_an_average_weighs_by_days():
    readings = [
        (date(2026, 1, 1), 0, False),
        (date(2026, 4, 11), 1_000, False),
        (date(2026, 5, 1), 21_000, False),
    ]
    assert monthly_average(readings, 5, date(2026, 5, 1)) == 5_323  # 21 m³ in 120 days


def test_an_average_takes_only_the_share_inside_the_last_365_days():
    readings = [(UNTIL - timedelta(days=730), 0, False), (UNTIL, 73_000, False)]
    assert monthly_average(readings, 5, UNTIL) == 3_042
    old = readings_until(UNTIL - timedelta(days=365), 50_000, 60_000)
    recent = [(UNTIL, old[-1][1] + 36_500, False)]
    assert monthly_average(old + recent, 5, UNTIL) == 3_042


def test_an_average_counts_the_turn_of_the_dial():
    readings = [(UNTIL - timedelta(days=365), 99_990_000, False), (UNTIL, 26_500, True)]
    assert monthly_average(readings, 5, UNTIL) == 3_042


def test_an_average_needs_two_readings_and_twenty_days():
    assert monthly_average([], 5, UNTIL) is None
    assert monthly_average([(UNTIL, 5_000, False)], 5, UNTIL) is None
    assert monthly_average(readings_until(UNTIL, 3_000, every=19), 5, UNTIL) is None
    assert monthly_average(readings_until(UNTIL, 3_000, every=20), 5, UNTIL) == 4_563
    assert monthly_average(readings_until(UNTIL - timedelta(days=365), 9_000), 5, UNTIL) is None


def test_an_average_ignores_readings_after_its_day_and_two_on_one_day():
    readings = readings_until(UNTIL, *[3_000] * 12)
    later = [(UNTIL + timedelta(days=30), 900_000, False), (UNTIL, readings[-1][1], False)]
    assert monthly_average(readings + later, 5, UNTIL) == 3_042


def test_an_average_begins_anew_after_an_unrecorded_replacement():
    before = readings_until(UNTIL - timedelta(days=90), 8_000, 8_000)
    assert monthly_average([*before, (UNTIL, 3_000, False)], 5, UNTIL) is None
    after = readings_until(UNTIL, 3_000, 3_000, start=500)
    assert monthly_average(before + after, 5, UNTIL) == 3_042


def test_an_estimate_put_right_by_a_lower_reading_does_not_spoil_the_average():
    readings = readings_until(UNTIL, 3_000, 9_000, -3_000, 3_000, *[3_000] * 8)
    assert monthly_average(readings, 5, UNTIL) == 3_042


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=12), st.randoms())
def test_an_average_lies_between_the_smallest_and_largest_month_in_any_order(used, random):
    readings = readings_until(UNTIL, *used)
    random.shuffle(readings)
    average = monthly_average(readings, 5, UNTIL)
    assert min(used) * 365 // 360 <= average <= -(max(used) * -365 // 360)


@pytest.mark.parametrize(
    ("since", "months"),
    [
        (date(2026, 11, 28), 1),
        (date(2026, 11, 27), 1),
        (date(2026, 10, 25), 1),
        (date(2026, 9, 28), 2),
        (date(2026, 5, 28), 6),
        (date(2026, 10, 14), 1),
        (date(2026, 10, 13), 2),
        (date(2023, 11, 28), 36),
        (date(2026, 12, 1), 1),
    ],
)
def test_months_since_a_reading_are_counted_to_the_nearest_and_at_least_one(since, months):
    assert months_since(since, UNTIL) == months
