"""Money at the bank and the invoices that it is for: certain, or nothing."""

import pytest

from models.rules.matching import Owed, known_as, match, names_in, rf_ok

RF = "RF18539007547034"


def owed(number: str = "2026-0417", left: int = 1210, whose: int = 1, reference: str = "", id: int = 0, brought: int = 0) -> Owed:
    return Owed(id or abs(hash((number, reference))), whose, known_as(number, *filter(None, [reference])), left, brought)


def found(text: str, *invoices: Owed, cents: int = 1210, reference: str = "", payers: set[int] = frozenset()) -> list[tuple[int, int]]:
    return match(cents, reference, text, payers, invoices)


@pytest.mark.parametrize("text", [
    "2026-0417", "Rēķins 2026-0417", "Rēķins Nr. 2026-0417.", "Nr.2026-0417", "(2026-0417)", "par rēķinu „2026-0417”, kods 20417", "INV:2026-0417;", "#2026-0417", "№2026-0417",
])  # fmt: skip
def test_the_number_is_found_in_a_text(text: str):
    assert found(text, owed(id=7)) == [(7, 1210)]


@pytest.mark.parametrize("text", ["", "Rēķins", "12026-0417", "2026-04170", "2026-041", "2026 0417 x", "paldies 1210"])
def test_what_only_looks_like_it_is_none(text: str):
    assert found(text, owed()) == []


@pytest.mark.parametrize(("reference", "text"), [(RF, ""), ("RF18 5390 0754 7034", ""), ("", RF), ("", "rf18 5390 0754 7034"), ("", f"Paldies {RF}!")])
@pytest.mark.parametrize("stored", [RF, "RF18 5390 0754 7034"])
def test_a_creditor_reference_is_found_however_it_is_grouped(reference: str, text: str, stored: str):
    assert found(text.replace("!", ""), owed("A", reference=stored, id=7), reference=reference, cents=1) == [(7, 1)]


@pytest.mark.parametrize(("name", "right"), [(RF, True), ("RF19539007547034", False), ("RF18539007547043", False), ("RF712348231", True), ("RF00", False), ("XX18539007547034", False)])
def test_check_digits_of_a_creditor_reference(name: str, right: bool):
    assert rf_ok(name) is right
    assert (name in names_in(name)) is (right or not name.startswith("RF") or len(name) < 5)


def test_a_reference_with_wrong_check_digits_matches_nothing():
    wrong = "RF19539007547034"
    assert found(wrong, owed("A", reference=wrong), reference=wrong) == []


@pytest.mark.parametrize("cents", [1, 1209, 1210, 1211, 999999])
def test_a_reference_decides_whatever_the_sum(cents: int):
    assert found("2026-0417", owed(id=7), cents=cents) == [(7, cents)] == found("", owed(id=7), reference="2026-0417", cents=cents)
    assert found("2026-0417", owed(id=7, left=0), cents=cents) == [(7, cents)], "the billing system may have booked it already"


@pytest.mark.parametrize("cents", [0, -1210])
def test_money_that_went_back_matches_nothing(cents: int):
    assert found("2026-0417", owed(left=cents), cents=cents, reference="2026-0417", payers={1}) == []


@pytest.mark.parametrize("number", ["12", "2026", "20417", "2026-10", "2026-10-1", "01.10.2026", "1.10.26", "10.2026", "10/2026"])
def test_a_number_that_may_be_a_flat_or_a_day_needs_the_sum_too(number: str):
    assert found(f"Par dz. {number}", owed(number, id=7), cents=1211) == []
    assert found(f"Par dz. {number}", owed(number, id=7)) == [(7, 1210)]
    assert found("", owed(number, id=7), reference=number, cents=1211) == [(7, 1211)], "in the bank's own field it is no chance"


def test_two_numbers_share_the_sum_of_both_only():
    first, second = owed("2026-0001", 1000, id=1), owed("2026-0002", 210, id=2)
    text = "2026-0001, 2026-0002"
    assert found(text, first, second) == [(1, 1000), (2, 210)]
    assert found(text, first, second, cents=1000) == [(1, 1000)] and found(text, first, second, cents=500) == []
    other = owed("2026-0002", 210, whose=2, id=2)
    assert found(text, first, other) == [(1, 1000), (2, 210)], "somebody pays for two flats"
    assert found(text, first, owed("2026-0002", 1000, id=2), cents=1000) == [], "either of them"


def test_a_debt_that_the_newer_one_brings_forward_is_paid_once():
    first, second = owed("2026-0001", 1000, id=1), owed("2026-0002", 1210, id=2, brought=1000)
    assert found("2026-0001 2026-0002", first, second) == [(1, 1000), (2, 210)]


def test_of_several_with_one_reference_the_only_one_to_be_paid():
    rows = [owed(f"2026-000{n}", left, reference="KLIENTS-20417", id=n) for n, left in ((1, 0), (2, 0), (3, 1500))]
    assert found("Klients-20417", *rows) == [(3, 1210)]
    rows[1] = owed("2026-0002", 700, reference="KLIENTS-20417", id=2)
    assert found("Klients-20417", *rows) == [] and found("Klients-20417", *rows, cents=700) == [(2, 700)]
    assert found("Klients-20417", owed("A", 5, 1, "KLIENTS-20417", 8), owed("B", 0, 2, "KLIENTS-20417", 9)) == [], "of two customers"


def test_an_account_that_has_paid_before_needs_the_only_invoice_with_this_sum():
    mine, others = owed("A1", id=1), owed("B1", whose=2, id=2)
    assert found("Paldies", mine, others, payers={1}) == [(1, 1210)] and found("Paldies", mine, others) == []
    assert found("Paldies", mine, owed("A2", id=3), payers={1}) == [], "two of them"
    assert found("Paldies", mine, others, payers={1, 2}) == [] and found("Paldies", mine, payers={1}, cents=1200) == []
    assert found("Paldies", owed(left=0), payers={1}) == []


def test_a_text_goes_before_an_account():
    assert found("2026-0417", owed(whose=2, id=7), owed("A1", id=1), payers={1}) == [(7, 1210)]


def test_the_banks_own_field_goes_before_the_text():
    first, second = owed("2026-0001", id=1), owed("2026-0002", id=2)
    assert found("2026-0002", first, second, reference="2026-0001") == [(1, 1210)]
    assert found("2026-0002", first, second, reference="nothing 1") == [(2, 1210)]
