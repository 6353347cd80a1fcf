"""The formats are those of the table in ux.md §5.3 and, number for number, those of Babel."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from views.filters import LOCALES, UNITS, Formats

FORMATS = {language: Formats(language) for language in LOCALES}
LANGUAGES = st.sampled_from(sorted(LOCALES))
NUMBERS = st.integers(-(10**12), 10**12) | st.integers(-20_000, 20_000)
MOMENTS = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYTIME = {"lv": "dd.MM.yyyy. HH:mm", "en": "d MMM y, HH:mm", "ru": "dd.MM.yyyy HH:mm"}
DAY = date(2026, 11, 21)
WINTER = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)


def spoken(name: str, *values: object) -> list[str]:
    """What a filter says in lv, en and ru, its no-break spaces shown as `_`."""
    return [getattr(FORMATS[lang], name)(*values).replace("\u00a0", "_") for lang in ("lv", "en", "ru")]


@pytest.mark.parametrize(("name", "values", "expected"), [
    ("d", (DAY,), ["21.11.2026.", "21 Nov 2026", "21.11.2026"]),
    ("d", (date(2026, 3, 5),), ["05.03.2026.", "5 Mar 2026", "05.03.2026"]),
    ("dt", (WINTER,), ["21.11.2026. 14:05", "21 Nov 2026, 14:05", "21.11.2026 14:05"]),
    ("t", (WINTER,), ["14:05", "14:05", "14:05"]),
    ("daymonth", (DAY,), ["21.11.", "21 November", "21 ноября"]),
    ("month", (DAY,), ["2026. gada novembris", "November 2026", "ноябрь 2026_г."]),
    ("qty", (1_234_567,), ["1_234,567", "1,234.567", "1_234,567"]),
    ("qty", (3_044,), ["3,044", "3.044", "3,044"]),
    ("qty", (44,), ["0,044", "0.044", "0,044"]),
    ("qty", (126_500, 1), ["126,5", "126.5", "126,5"]),
    ("qty", (12_345_678, 0), ["12_346", "12,346", "12_346"]),
    ("qty", (-200, 0), ["0", "0", "0"]),
    ("qtyu", (3_044, "m3"), ["3,044_m³", "3.044_m³", "3,044_м³"]),
    ("qtyu", (1_204, "mwh"), ["1,204_MWh", "1.204_MWh", "1,204_МВт·ч"]),
    ("qtyu", (5_000_000, "kwh", 0), ["5_000_kWh", "5,000_kWh", "5_000_кВт·ч"]),
    ("unit", ("m2",), ["m²", "m²", "м²"]),
    ("eur", (123_456,), ["1_234,56_€", "€1,234.56", "1_234,56_€"]),
    ("eur", (5,), ["0,05_€", "€0.05", "0,05_€"]),
    ("eur", (-1_230,), ["-12,30_€", "-€12.30", "-12,30_€"]),
    ("price", (12_345,), ["1,2345_€", "€1.2345", "1,2345_€"]),
    ("price", (12_000,), ["1,20_€", "€1.20", "1,20_€"]),
    ("size", (0,), ["0_kB", "0_kB", "0_кБ"]),
    ("size", (1,), ["1_kB", "1_kB", "1_кБ"]),
    ("size", (24_000,), ["24_kB", "24_kB", "24_кБ"]),
    ("size", (1_572_864,), ["1,5_MB", "1.5_MB", "1,5_МБ"]),
    ("size", (10 * 1024**2,), ["10_MB", "10_MB", "10_МБ"]),
    ("phone", ("+37127017710",), ["2701_7710", "+371_2701_7710", "+371_2701_7710"]),
    ("phone", ("+371 27 017 710",), ["2701_7710", "+371_2701_7710", "+371_2701_7710"]),
    ("phone", ("27017710",), ["2701_7710", "+371_2701_7710", "+371_2701_7710"]),
    ("phone", ("112",), ["112", "112", "112"]),
    ("phone", ("+49 30 1234567",), ["+49 30 1234567"] * 3),
    ("tel", ("27 017 710",), ["tel:+37127017710"] * 3),
    ("tel", ("+371 2701-7710",), ["tel:+37127017710"] * 3),
    ("tel", ("112",), ["tel:112"] * 3),
])  # fmt: skip
def test_a_value_is_written_as_the_table_says(
    name: str, values: tuple[object, ...], expected: list[str]
) -> None:
    assert spoken(name, *values) == expected


@given(LANGUAGES, NUMBERS, st.integers(0, 3))
def test_a_quantity_equals_babels(language: str, value: int, decimals: int) -> None:
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    expected = format_decimal(Decimal(value).scaleb(-3), pattern, locale=LOCALES[language])
    # Babel writes "-0" for what rounds to nothing; nobody owes minus nothing.
    zero = format_decimal(0, pattern, locale=LOCALES[language])
    assert FORMATS[language].qty(value, decimals) == (zero if expected == "-" + zero else expected)


@given(LANGUAGES, NUMBERS)
def test_money_equals_babels(language: str, cents: int) -> None:
    expected = format_currency(Decimal(cents).scaleb(-2), "EUR", locale=LOCALES[language])
    assert FORMATS[language].eur(cents) == expected


@given(LANGUAGES, NUMBERS)
def test_a_price_equals_babels(language: str, ten_thousandths: int) -> None:
    pattern = "¤#,##0.00##" if language == "en" else "#,##0.00##\u00a0¤"
    value = Decimal(ten_thousandths).scaleb(-4)
    expected = format_currency(value, "EUR", pattern, locale=LOCALES[language], currency_digits=False)
    assert FORMATS[language].price(ten_thousandths) == expected


@given(LANGUAGES, MOMENTS)
def test_a_moment_equals_babels_in_the_sites_time_zone(language: str, moment: datetime) -> None:
    formats = FORMATS[language]
    expected = format_datetime(moment, DAYTIME[language], tzinfo=formats.timezone, locale=LOCALES[language])
    assert formats.dt(moment) == expected
    assert expected.endswith(formats.t(moment)) and expected.startswith(formats.d(moment))


@given(LANGUAGES, st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_equals_babels(language: str, day: date) -> None:
    assert FORMATS[language].d(day) == format_date(
        day, DAYTIME[language].removesuffix(", HH:mm").removesuffix(" HH:mm"), locale=LOCALES[language]
    )


@given(LANGUAGES, st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_days_and_months_equal_babels(language: str, day: date) -> None:
    pattern = {"lv": ("dd.MM.", "y. 'gada' LLLL"), "en": ("d MMMM", "LLLL y"), "ru": ("d MMMM", "LLLL y\u00a0'г'.")}
    said = (FORMATS[language].daymonth(day), FORMATS[language].month(day))
    assert said == tuple(format_date(day, form, locale=LOCALES[language]) for form in pattern[language])


def test_the_months_of_headings_are_in_the_nominative() -> None:
    said = " ".join(FORMATS["ru"].month(date(2026, month, 1)).split()[0] for month in range(1, 13))
    assert said == "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"


def test_both_october_hours_of_the_longest_night_are_the_wall_clocks() -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [FORMATS["lv"].t(moment) for moment in twice] == ["03:30", "03:30"]


def test_a_moment_just_before_midnight_utc_is_tomorrow_in_riga() -> None:
    assert FORMATS["lv"].d(datetime(2026, 11, 21, 22, 30, tzinfo=UTC)) == "22.11.2026."


@pytest.mark.parametrize("name", ["d", "t", "dt"])
def test_a_moment_without_a_time_zone_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        getattr(FORMATS["lv"], name)(WINTER.replace(tzinfo=None))


def test_every_unit_has_a_symbol_in_both_scripts() -> None:
    assert UNITS["lv"].keys() == UNITS["en"].keys() == UNITS["ru"].keys() >= {"m3", "m2", "mwh", "kwh"}


def test_a_unit_of_the_operators_own_stays_as_it_is():
    assert Formats("lv").qtyu(2000, "ķieģeļi", 0) == "2\u00a0ķieģeļi"
