"""Typed readings: every way people write one number, and everything that is none."""

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.numbers import LONGEST, NumberProblem, format_plain, parse_reading

CODES = {"empty", "not_a_number", "two_separators", "too_many_decimals", "too_many_digits"}
SPACES = " \u00a0\u2007\u2009\u202f'’"
dials = st.tuples(st.integers(1, 9), st.integers(0, 3))


def code_of(text, digits=5, decimals=3):
    with pytest.raises(NumberProblem) as problem:
        parse_reading(text, digits, decimals)
    return problem.value.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("126,5", 126_500),
        ("126.5", 126_500),
        ("126", 126_000),
        ("126,", 126_000),
        ("126.", 126_000),
        (",5", 500),
        (".005", 5),
        ("0", 0),
        ("00000", 0),
        ("0,000", 0),
        ("00126,500", 126_500),
        ("0000000126,5", 126_500),
        ("126,5000000", 126_500),
        ("99999,999", 99_999_999),
        ("  126,5\n", 126_500),
        ("1 234,567", 1_234_567),
        ("1\u00a0234,567", 1_234_567),
        ("1\u2009234.567", 1_234_567),
        ("1\u202f234,567", 1_234_567),
        ("1'234,567", 1_234_567),
        ("1’234,567", 1_234_567),
        ("126 , 5", 126_500),
        ("'126,5'", 126_500),
        ("126," + "0" * 40, 126_000),
        ("0" * 40 + "126,5", 126_500),
        ("1\u202f2\u00a03’4ʼ5,6", 12_345_600),
    ],
)
def test_a_number_is_understood_however_it_is_written(text, value):
    assert parse_reading(text, digits=5, decimals=3) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u00a0\t", "empty"),
        ("abc", "not_a_number"),
        ("126,5 m3", "not_a_number"),
        ("O126", "not_a_number"),
        (",", "not_a_number"),
        (".,", "not_a_number"),
        ("-126", "not_a_number"),
        ("−126", "not_a_number"),
        ("+126", "not_a_number"),
        ("1e3", "not_a_number"),
        ("1_000", "not_a_number"),
        ("0x10", "not_a_number"),
        ("nan", "not_a_number"),
        ("inf", "not_a_number"),
        ("١٢٦", "not_a_number"),
        ("１２６", "not_a_number"),
        ("1²", "not_a_number"),
        ("½", "not_a_number"),
        ("12\t34", "not_a_number"),
        ("12\n34", "not_a_number"),
        ("126٫5", "not_a_number"),
        ("126;5", "not_a_number"),
        ("1,234,5", "two_separators"),
        ("1.234,5", "two_separators"),
        ("126,,5", "two_separators"),
        ("126,5,", "two_separators"),
        ("126,5001", "too_many_decimals"),
        ("0," + "1" * 40, "too_many_decimals"),
        ("0," + "0" * 39 + "1", "too_many_decimals"),
        ("1e309", "not_a_number"),
        ("-0", "not_a_number"),
        ("--5", "not_a_number"),
        ("5-", "not_a_number"),
        ("(5)", "not_a_number"),
        ("-inf", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("sNaN", "not_a_number"),
        ("1__0", "not_a_number"),
        ("１２６,５", "not_a_number"),
        ("12\u200b6", "not_a_number"),
        ("12\u200f6", "not_a_number"),
        ("\ufeff126", "not_a_number"),
        ("12\x006", "not_a_number"),
        ("12，6", "not_a_number"),
        ("100000", "too_many_digits"),
        ("0100000,5", "too_many_digits"),
    ],
)
def test_what_is_no_reading_gets_the_reason(text, code):
    assert code_of(text) == code


def test_a_text_of_more_than_64_characters_is_not_looked_at():
    assert parse_reading("0" * (LONGEST - 1) + "7", 5, 3) == 7_000
    assert code_of("0" * LONGEST + "7") == "not_a_number"
    assert code_of(" " * (LONGEST + 1)) == "not_a_number"
    assert code_of("9" * 1_000_000) == "not_a_number"


@pytest.mark.parametrize("text", ["126", "126,", "126,0", "126,000", "00126.0"])
def test_a_dial_without_decimals_takes_a_zero_fraction(text):
    assert parse_reading(text, digits=5, decimals=0) == 126_000


def test_a_dial_without_decimals_refuses_a_real_fraction():
    assert code_of("126,5", decimals=0) == "too_many_decimals"
    assert code_of("126,001", decimals=0) == "too_many_decimals"


def test_more_than_three_decimals_are_never_stored_whatever_the_dial_claims():
    assert code_of("1,2345", decimals=4) == "too_many_decimals"


def test_the_digits_are_those_of_the_dial():
    assert parse_reading("9999", digits=4, decimals=0) == 9_999_000
    assert code_of("10000", digits=4) == "too_many_digits"


@given(dials, st.data())
def test_every_value_of_a_dial_comes_back_from_its_text(dial, data):
    digits, decimals = dial
    step = 10 ** (3 - decimals)
    value = data.draw(st.integers(0, (10**digits * 1000 - 1) // step)) * step
    plain = format_plain(value, decimals)
    assert parse_reading(plain, digits, decimals) == value
    assert len(plain.partition(".")[2]) == decimals


@given(dials, st.data())
def test_comma_zeros_and_spaces_change_nothing(dial, data):
    digits, decimals = dial
    whole, fraction = data.draw(st.integers(0, 10**digits - 1)), data.draw(st.integers(0, 10**decimals - 1))
    written = f"{whole:0{digits}}{data.draw(st.sampled_from(',.'))}{fraction:0{decimals}}"
    spaced = "".join(data.draw(st.text(SPACES, max_size=1)) + character for character in written)
    assert parse_reading(spaced, digits, decimals) == whole * 1000 + fraction * 10 ** (3 - decimals)


@settings(max_examples=600)
@given(st.text(max_size=80) | st.text("0123456789.,- '\u00a0eE_+", max_size=80), dials)
def test_any_text_is_a_number_on_the_dial_or_a_number_problem(text, dial):
    digits, decimals = dial
    try:
        value = parse_reading(text, digits, decimals)
    except NumberProblem as problem:
        assert problem.code in CODES
    else:
        assert 0 <= value < 10**digits * 1000
        assert value % 10 ** (3 - decimals) == 0
        assert {character for character in text if character.isalnum()} <= set("0123456789")


@settings(max_examples=400)
@given(st.text("0123456789,. \u00a0", min_size=1, max_size=12))
def test_what_is_understood_is_exactly_what_decimal_arithmetic_says(text):
    plain = text.replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        exact = Decimal(plain) * 1000
    except InvalidOperation:
        assert code_of(text, 12, 3) in ("empty", "not_a_number", "two_separators")
        return
    if exact == exact.to_integral_value():
        assert parse_reading(text, 12, 3) == exact
    else:
        assert code_of(text, 12, 3) == "too_many_decimals"


def test_every_character_that_is_no_ascii_digit_counts_as_no_digit():
    for character in map(chr, range(0x11_0000)):
        if character not in "0123456789" and character.isnumeric():
            assert code_of(f"1{character}") == "not_a_number"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (126_500, 3, "126.500"),
        (126_500, 1, "126.5"),
        (126_000, 0, "126"),
        (126_500, 0, "126.5"),  # an imported value finer than the dial is not cut
        (5, 3, "0.005"),
        (0, 0, "0"),
        (-3_050, 2, "-3.05"),
        (-500, 0, "-0.5"),
    ],
)
def test_a_plain_number_has_a_dot_and_loses_nothing(value, decimals, text):
    assert format_plain(value, decimals) == text
