"""The reading windows against a calendar walked day by day, and the days that are easily got wrong."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.clock import Clock
from models.rules.windows import IsWorking, Window, WindowRule, next_window, parse_rule, window_of, window_on
from models.rules.workdays import is_working_day
from tests.models.rules.calendar_by_hand import DAY, FIRST, LAST, ends_month, every_day, windows_by_hand

OPERATORS = {
    "LU-26": ("25", "28"),
    "DD-17": ("27", "last"),
    "LG-10": ("27", "next working 1"),
    "OG-27": ("last-1", "next 1"),
    "UD-01": ("25", "28"),
}
LG, OG = parse_rule(*OPERATORS["LG-10"]), parse_rule(*OPERATORS["OG-27"])

day_numbers = st.integers(1, 31).map(str)
openings = st.one_of(day_numbers, st.just("last"), st.integers(1, 27).map("last-{}".format))
closings = st.one_of(
    day_numbers,
    st.just("last"),
    day_numbers.map("next {}".format),
    st.integers(1, 11).map("next working {}".format),
)
days = st.dates(FIRST, LAST)


def complaint(opens, closes):
    try:
        parse_rule(opens, closes)
    except ValueError as error:
        return str(error)
    return ""


def accepted(opens, closes):
    return not complaint(opens, closes)


rules = st.tuples(openings, closings).filter(lambda texts: accepted(*texts))


def assert_right_every_day(opens, closes, is_working):
    rule, by_hand = parse_rule(opens, closes), windows_by_hand(opens, closes, is_working)
    coming = sorted(set(by_hand.values()))
    for day in every_day():
        window = window_on(rule, day, is_working)
        assert (window and (window.opens, window.closes)) == by_hand.get(day), day
        while coming[0][0] <= day:
            coming.pop(0)
        window = next_window(rule, day, is_working)
        assert (window.opens, window.closes) == coming[0], day


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operators_windows_are_right_on_every_day_of_nine_years(operator):
    assert_right_every_day(*OPERATORS[operator], is_working_day)


def test_the_operators_open_days_are_those_of_their_own_words():
    for day in every_day():
        works_before = any(is_working_day(day.replace(day=number)) for number in range(1, day.day))
        open_for = {
            "LU-26": day.day in (25, 26, 27, 28),
            "DD-17": day.day >= 27,
            "LG-10": day.day >= 27 or not works_before,
            "OG-27": ends_month(day) or ends_month(day + DAY) or day.day == 1,
            "UD-01": day.day in (25, 26, 27, 28),
        }
        for operator, texts in OPERATORS.items():
            assert bool(window_on(parse_rule(*texts), day, is_working_day)) == open_for[operator], (
                operator,
                day,
            )


@settings(max_examples=15)
@given(rules, st.dictionaries(days, st.booleans(), max_size=40))
def test_the_windows_of_any_rule_are_right_on_every_day_of_nine_years(texts, overrides):
    assert_right_every_day(*texts, lambda day: is_working_day(day, overrides))


@settings(max_examples=100)
@given(openings, closings.filter(lambda text: "working" not in text))
def test_a_rule_is_refused_exactly_when_some_month_has_no_such_window(opens, closes):
    spans = sorted(set(windows_by_hand(opens, closes, is_working_day).values()))
    in_order = all(before[1] < after[0] for before, after in pairwise(spans))
    one_a_month = {first.replace(day=1) for first, _ in spans if FIRST <= first <= LAST}
    assert accepted(opens, closes) == (in_order and len(one_a_month) == 108)


def windows_from(rule: WindowRule, day: date, count: int, is_working: IsWorking) -> list[Window]:
    """`count` windows in order: the one that is open on `day`, if any, and those that open after it."""
    current = window_on(rule, day, is_working)
    windows = [current] if current else []
    while len(windows) < count:
        windows.append(next_window(rule, windows[-1].opens if windows else day, is_working))
    return windows[:count]


@given(rules, days)
def test_windows_never_overlap_and_belong_to_the_month_in_which_they_open(texts, day):
    windows = windows_from(parse_rule(*texts), day, 14, is_working_day)
    assert all(window.opens <= window.closes for window in windows)
    assert all(window.period == window.opens.replace(day=1) for window in windows)
    assert all(before.closes < after.opens for before, after in pairwise(windows))


@given(rules, days)
def test_the_list_of_windows_begins_with_the_open_one(texts, day):
    rule = parse_rule(*texts)
    first, second = windows_from(rule, day, 2, is_working_day)
    assert first == (window_on(rule, day, is_working_day) or next_window(rule, day, is_working_day))
    assert second == next_window(rule, first.opens, is_working_day)


def test_a_list_of_no_windows_is_empty():
    assert windows_from(OG, date(2026, 11, 30), 0, is_working_day) == []


def test_every_working_day_rule_that_is_accepted_closes_before_the_next_opening_in_nine_years():
    for count in range(1, 12):
        rule = parse_rule("last", f"next working {count}")
        windows = windows_from(rule, FIRST, 107, is_working_day)
        assert all(window.closes.day <= 2 * count + 5 for window in windows)


@pytest.mark.parametrize(
    ("opens", "closes", "wrong"),
    [
        ("27", "5", "close before it opens in a month of 28 days"),
        ("31", "30", "close before it opens in a month of 31 days"),
        ("last-2", "26", "close before it opens in a month of 29 days"),
        ("last", "28", "close before it opens in a month of 29 days"),
        ("1", "next 1", "still be open when the next one opens in a month of 28 days"),
        ("29", "next 28", "still be open when the next one opens in a month of 28 days"),
        ("last-27", "next 1", "still be open when the next one opens in a month of 28 days"),
        ("27", "next working 11", "still be open when the next one opens in a month of 28 days"),
        ("7", "next working 1", "still be open when the next one opens in a month of 28 days"),
    ],
)
def test_a_rule_that_cannot_be_kept_in_some_month_is_refused(opens, closes, wrong):
    with pytest.raises(ValueError, match=f"^A window from '{opens}' to '{closes}' .* {wrong}"):
        parse_rule(opens, closes)


@pytest.mark.parametrize(
    "text",
    ["", "0", "32", "-1", "05", "last-28", "last+1", "Last", " 5", "٥", "next 1", "1.", "first", "100"],
)
def test_an_opening_that_is_no_day_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match=r"^'.*' is no day to open on: write a day of the month"):
        parse_rule(text, "next 1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "32",
        "last-1",
        "next",
        "next 0",
        "next 32",
        "next last",
        "next working",
        "working 1",
        "1 next",
    ],
)
def test_a_closing_that_is_no_day_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match=r"^'.*' is no day to close on: write a day of the month"):
        parse_rule("25", text)


OPENINGS = {"last", *map(str, range(1, 32)), *(f"last-{back}" for back in range(28))}
CLOSINGS = {"last"} | {f"{words}{number}" for words in ("", "next ", "next working ") for number in range(1, 32)}
near_openings = st.from_regex(r"(last)?-?[0-9]{0,2}\n?", fullmatch=True)
near_closings = st.from_regex(r"(last)?-?(next)? ?(working)? ?[0-9]{0,2}\n?", fullmatch=True)


@settings(max_examples=200)
@given(near_openings | st.text(max_size=9), near_closings | st.text(max_size=15))
def test_only_the_words_of_the_grammar_are_understood(opens, closes):
    assert ("is no day to open on" in complaint(opens, "last")) == (opens not in OPENINGS)
    assert ("is no day to close on" in complaint("1", closes)) == (closes not in CLOSINGS)


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (
            date(2025, 12, 31),
            date(2026, 1, 5),
        ),  # 1 January is a holiday, the 2nd moved to the 17th, then a weekend
        (date(2026, 1, 2), date(2026, 1, 5)),
        (date(2024, 12, 31), date(2025, 1, 2)),
        (date(2027, 1, 1), date(2027, 1, 4)),
        (date(2026, 12, 27), date(2027, 1, 4)),
        (date(2028, 12, 31), date(2029, 1, 2)),
        (date(2026, 4, 30), date(2026, 5, 5)),  # 1 May, a weekend, 4 May
        (date(2024, 2, 29), date(2024, 3, 1)),
        (date(2026, 2, 28), date(2026, 3, 2)),
    ],
)
def test_a_window_to_the_first_working_day_waits_for_it(day, closes):
    window = window_on(LG, day, is_working_day)
    assert window is not None and window.closes == closes


def test_the_second_of_january_is_outside_once_a_working_day_has_passed():
    assert window_on(LG, date(2025, 1, 2), is_working_day) is not None
    assert window_on(LG, date(2025, 1, 3), is_working_day) is None
    assert window_on(OG, date(2026, 1, 1), is_working_day) == Window(
        date(2025, 12, 30), date(2026, 1, 1), date(2025, 12, 1)
    )
    assert window_on(OG, date(2026, 1, 2), is_working_day) is None


def test_a_saturday_made_a_working_day_closes_the_window():
    saturday = date(2026, 8, 1)
    window = window_of(LG, date(2026, 7, 1), lambda day: is_working_day(day, {saturday: True}))
    assert window.closes == saturday
    assert window_of(LG, date(2026, 7, 1), is_working_day).closes == date(2026, 8, 3)


def test_a_month_with_too_few_working_days_closes_with_its_last_one():
    rule = parse_rule("27", "next working 3")
    assert window_of(rule, date(2026, 1, 1), lambda day: day.day in (2, 4)).closes == date(2026, 2, 4)
    assert window_of(rule, date(2026, 1, 1), lambda day: False).closes == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("year", "opens", "closes"),
    [
        (2024, date(2024, 2, 28), date(2024, 3, 1)),
        (2026, date(2026, 2, 27), date(2026, 3, 1)),
        (2028, date(2028, 2, 28), date(2028, 3, 1)),
    ],
)
def test_the_last_two_days_of_february_follow_the_leap_year(year, opens, closes):
    assert window_of(OG, date(year, 2, 11), is_working_day) == Window(opens, closes, date(year, 2, 1))


def test_days_29_to_31_mean_the_last_day_of_a_shorter_month():
    rule = parse_rule("30", "31")
    assert window_of(rule, date(2026, 2, 1), is_working_day) == Window(
        date(2026, 2, 28), date(2026, 2, 28), date(2026, 2, 1)
    )
    assert window_of(rule, date(2026, 3, 1), is_working_day).opens == date(2026, 3, 30)


RIGA = Clock(ZoneInfo("Europe/Riga"))


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        (
            datetime(2026, 3, 28, 22, 30, tzinfo=UTC),
            "2026-03-29 00:30+02:00",
        ),  # clocks go from 03:00 to 04:00
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2026-03-29 02:30+02:00"),
        (
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            "2026-03-29 04:30+03:00",
        ),  # the half past three that is not
        (
            datetime(2026, 10, 24, 21, 30, tzinfo=UTC),
            "2026-10-25 00:30+03:00",
        ),  # clocks go from 04:00 to 03:00
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 03:30+03:00"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 03:30+02:00"),  # half past three again
    ],
)
def test_in_the_nights_when_clocks_change_the_local_day_decides(utc, wall):
    local = RIGA.local(utc)
    assert local.isoformat(" ", "minutes") == wall
    rule = parse_rule(str(local.day), str(local.day))  # open on this one day only
    assert window_on(rule, local.date(), is_working_day) == Window(
        local.date(), local.date(), local.date().replace(day=1)
    )


def test_a_window_opens_and_closes_at_midnight_in_riga_in_both_clock_change_nights():
    rule, minute = parse_rule("29", "29"), timedelta(minutes=1)
    opens, closes = (
        datetime(2026, 3, 28, 22, tzinfo=UTC),
        datetime(2026, 3, 29, 21, tzinfo=UTC),
    )  # a day of 23 hours
    moments = (opens - minute, opens, closes - minute, closes)
    found = [window_on(rule, RIGA.local(moment).date(), is_working_day) for moment in moments]
    assert [bool(window) for window in found] == [False, True, True, False]
    rule = parse_rule("25", "25")
    opens, closes = datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC)  # 25 hours
    moments = (opens - minute, opens, closes - minute, closes)
    found = [window_on(rule, RIGA.local(moment).date(), is_working_day) for moment in moments]
    assert [bool(window) for window in found] == [False, True, True, False]


def test_days_left_count_down_to_the_last_day():
    window = Window(date(2026, 11, 25), date(2026, 11, 28), date(2026, 11, 1))
    left = [(window.days_left(day), window.is_last_day(day)) for day in every_day(window.opens, date(2026, 11, 29))]
    assert left == [(3, False), (2, False), (1, False), (0, True), (0, False)]
