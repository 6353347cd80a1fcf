"""IBAN, personal code, customer codes and login names: what counts as right and what counts as the same."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.rules.identifiers import (
    fold_address,
    fold_code,
    fold_login,
    group_iban,
    iban_ok,
    normal_identifier,
    normal_phone,
)
from tests.personal_codes import personal_code_ok

# Examples of the IBAN standard, no real accounts.
IBANS = ("LV80BANK0000435195001", "DE89370400440532013000", "GB82WEST12345698765432", "EE382200221020145685")


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_is_right_with_spaces_and_in_small_letters_too(iban):
    assert iban_ok(iban)
    assert iban_ok(f" {group_iban(iban)} ")
    assert iban_ok(iban.lower().replace("00", "0\u00a00"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LV",
        "LV80",
        "LV80BANK000043519500",  # 20 characters
        "LV80BANK00004351950010",
        "LV80BANK0000435195002",
        "LV8OBANK0000435195001",
        "ĻV80BANK0000435195001",
        "LV80BANK00004351９5001",
        "LV80-BANK-0000-4351-9500-1",
        "80LVBANK0000435195001",
    ],
)
def test_what_is_no_iban_is_not_right(text):
    assert not iban_ok(text)


def test_a_latvian_iban_has_21_characters_even_where_the_sum_is_right():
    for length in (12, 13, 14):
        body = "BANK" + "0" * length
        ibans = [f"LV{check:02}{body}" for check in range(2, 99)]
        assert sum(map(iban_ok, ibans)) == (length == 13)


@given(st.sampled_from(IBANS), st.data())
def test_one_wrong_or_two_exchanged_characters_are_found(iban, data):
    place = data.draw(st.integers(2, len(iban) - 2))
    digit = data.draw(st.sampled_from("0123456789"))
    wrong = iban[:place] + digit + iban[place + 1 :]
    exchanged = iban[:place] + iban[place + 1] + iban[place] + iban[place + 2 :]
    assert not iban_ok(wrong) or wrong == iban
    assert not iban_ok(exchanged) or exchanged == iban


def test_check_digits_outside_02_to_98_are_wrong_although_the_sum_is_right():
    found = [iban for check in range(100) for tail in range(97) if iban_ok(iban := f"LV{check:02}BANK{tail:013}")]
    assert len(found) == 97
    assert {int(iban[2:4]) for iban in found} <= set(range(2, 99))


def test_an_iban_is_shown_in_groups_of_four():
    assert group_iban("lv80bank0000435195001") == "LV80 BANK 0000 4351 9500 1"
    assert group_iban("LV80 BANK 0000 4351 9500 1") == "LV80 BANK 0000 4351 9500 1"


def old_code(first_ten):
    weighted = [int(digit) * weight for digit, weight in zip(first_ten, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)]
    return f"{first_ten}{(1101 - sum(weighted)) % 11 % 10}"


def test_an_old_personal_code_is_right_with_its_one_check_digit_only():
    code = old_code("0102031234")
    right = [last for last in range(10) if personal_code_ok(f"{code[:10]}{last}")]
    assert right == [int(code[10])]
    assert personal_code_ok(f" {code[:6]}-{code[6:]} ")


@given(st.dates(), st.integers(0, 2), st.integers(0, 999))
def test_an_old_personal_code_of_any_day_is_right(day, century, number):
    assume((day.month, day.day) != (2, 29))
    assert personal_code_ok(old_code(f"{day:%d%m%y}{century}{number:03}"))


@pytest.mark.parametrize("first_ten", ["3102031234", "0013031234", "0001031234", "2902011234", "0102033234"])
def test_an_old_personal_code_of_no_day_or_century_is_wrong(first_ten):
    assert not personal_code_ok(old_code(first_ten))


def test_the_29th_of_february_depends_on_the_century():
    assert personal_code_ok(old_code("2902002123"))
    assert not personal_code_ok(old_code("2902001123"))


@pytest.mark.parametrize("code", ["320000-00008", "32000000000", "329999-99901", "374042-80367", "39999999999"])
def test_a_new_personal_code_has_nothing_to_check(code):
    assert personal_code_ok(code)


@pytest.mark.parametrize(
    "text",
    ["", "320000", "32000000000x", "320000--00008", "3200-0000008", "３２０００００００００", "40000000000"],
)
def test_what_is_no_personal_code_is_not_right(text):
    assert not personal_code_ok(text)


@pytest.mark.parametrize(
    "text",
    [
        "320000-00008",
        "32000000008",
        "PNOLV-320000-00008",
        "PNOLV-32000000008",
        "PK: 320000 00008",
        "３２００００-00008",
    ],
)
def test_a_personal_code_becomes_the_same_eleven_digits_from_every_form(text):
    assert normal_identifier(text) == "32000000008"


def test_a_registration_number_is_taken_with_and_without_its_country():
    assert normal_identifier("LV40003000000") == normal_identifier("4000 3000 000") == "40003000000"


@pytest.mark.parametrize("text", ["", "abc", "3200000000", "320000000081", "١٢٣٤٥٦٧٨٩٠١"])
def test_an_identifier_without_eleven_digits_is_refused(text):
    with pytest.raises(ValueError, match="has 11 digits"):
        normal_identifier(text)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" 4417 ", "4417"),
        ("44 17-02", "441702"),
        ("44\u00a017–02", "441702"),
        ("ab-12", "AB12"),
        ("АВЕКМНОРСТХУ", "ABEKMHOPCTXY"),
        ("авекмнорстху", "ABEKMHOPCTXY"),
        ("４４１７", "4417"),
        ("ａｂ", "AB"),
        ("č-1", "Č1"),
        ("Ж1", "Ж1"),
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed, code):
    assert fold_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        (" Anna@Example.LV ", "anna@example.lv"),
        ("ĀBOLIŅA", "ābolina".replace("n", "ņ")),
        ("ｏｗｎｅｒ", "owner"),
        ("A\u0304bols", "ābols"),
        ("Straße", "strasse"),
        ("anna ozola", "anna ozola"),
    ],
)
def test_a_login_is_the_same_however_it_is_typed(typed, login):
    assert fold_login(typed) == login


@settings(max_examples=600)
@given(st.text(max_size=12))
def test_what_was_folded_once_stays_as_it_is(text):
    assert fold_code(fold_code(text)) == fold_code(text)
    assert fold_login(fold_login(text)) == fold_login(text)
    assert not set(fold_code(text)) & set(" \u00a0-–")


def test_every_single_character_folds_once_and_for_all():
    for character in map(chr, range(0x11_0000)):
        for fold in (fold_code, fold_login):
            folded = fold(character)
            assert fold(folded) == folded, hex(ord(character))


@pytest.mark.parametrize(("typed", "number"), [
    ("20000000", "+37120000000"), (" 2000 0000 ", "+37120000000"), ("+371 6 500 49 14", "+37165004914"), ("00371-20000000", "+37120000000"),
    ("(+44) 20 7946‑0000", "+442079460000"), ("+1 (202) 555.0100", "+12025550100"), ("２００００００１", "+37120000001"),
])  # fmt: skip
def test_a_telephone_number_is_taken_in_every_way_that_people_write_it(typed: str, number: str):
    assert normal_phone(typed) == number and normal_phone(number) == number


@pytest.mark.parametrize("typed", ["", "112", "1234567", "123456789", "+3712000000", "+371200000000", "+37110000000", "+0123456789", "+" + "1" * 16, "20000000 int. 5", "2000000x", "٢٠٠٠٠٠٠٠", "+٣٧١٢٠٠٠٠٠٠٠", "20000000\n+1", "20000000\x00", "tel:20000000"])
def test_what_can_be_no_telephone_number_is_refused(typed: str):
    with pytest.raises(ValueError, match="8 digits"):
        normal_phone(typed)


@given(st.text(max_size=40))
def test_a_telephone_number_is_either_refused_or_plain_ascii(typed: str):
    try:
        number = normal_phone(typed)
    except ValueError:
        return
    assert re.fullmatch(r"\+[0-9]{7,15}", number) and normal_phone(number) == number


@given(st.text(max_size=40), st.sampled_from([" ", "–", "-", ", ", " / ", "\u00a0"]))
def test_an_address_is_the_same_however_its_parts_are_parted_and_its_letters_written(address: str, between: str):
    folded = fold_address(address)
    assert fold_address(between.join(folded.split())) == folded == fold_address(folded.upper().lower()) and folded == " ".join(folded.split())


@pytest.mark.parametrize("typed", ["Brīvības iela 12–34", "brivibas  IELA 12-34", "Brīvi\u0304bas iela, 12 – 34", "Brīvības iela 12/34"])
def test_an_address_is_found_without_its_accents(typed: str):
    assert fold_address(typed) == "brivibas iela 12 34" and fold_address("—") == ""
