"""Who may register and what proves a customer code: the whole table, and anything that somebody may type."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.rules.identifiers import fold_code
from models.rules.registration import Known, Printed, Registration, cents, proves

NUMBER, AMOUNT = Registration(proof="number"), Registration(proof="amount")
# Two flats: five invoices of the first, one of the second; newest first.
INVOICES = (
    Printed(1, "2026-15", 8228, 8743), Printed(2, "2026-14", 1000, 1000), Printed(1, "2026-13", 7000, 7000),
    Printed(1, "2026-12", 6000, 6000), Printed(1, "2026-11", 5000, 5000), Printed(1, "2026-10", 4000, 4000),
)  # fmt: skip
ANNA = Known("20417", True, INVOICES)


@pytest.mark.parametrize("typed", ["2026-15", " 2026 15 ", "2026‐13", "２０２６-12", "2026-14"])
def test_the_number_of_one_of_the_last_three_invoices_of_each_flat_is_taken_however_it_is_typed(typed: str) -> None:
    assert proves(NUMBER, ANNA, "20 417", typed)


@pytest.mark.parametrize("typed", ["2026-11", "2026-10", "2026-1", "2026-155", "", " ", "-", "8228", "82,28", "20417"])
def test_older_numbers_and_everything_else_prove_nothing(typed: str) -> None:
    assert not proves(NUMBER, ANNA, "20417", typed)


@pytest.mark.parametrize("typed", ["82,28", "82.28", "87,43 €", "87.43 eur", "10", "10,0", "0082,28", " 10 , 00"])
def test_each_sum_on_the_last_invoice_of_each_flat_is_taken_however_it_is_typed(typed: str) -> None:
    assert proves(AMOUNT, ANNA, "20417", typed)


@pytest.mark.parametrize("typed", ["70", "60,00", "82,29", "82,2", "8228", "-10", "1e1", "10,000", "١٠", "0", "", "2026-15"])
def test_older_sums_and_everything_else_prove_nothing(typed: str) -> None:
    assert not proves(AMOUNT, ANNA, "20417", typed)


def test_a_sum_of_nothing_and_a_credit_prove_nothing() -> None:
    known = Known("20417", True, (Printed(1, "1", 0, -500),))
    assert not [typed for typed in ("0", "0,00", "-5", "-5,00", "5") if proves(AMOUNT, known, "20417", typed)]


@pytest.mark.parametrize("code", ["20418", "2041", "204177", "", " ", "2０417x"])
def test_another_code_proves_nothing(code: str) -> None:
    assert not proves(NUMBER, ANNA, code, "2026-15") and not proves(AMOUNT, ANNA, code, "82,28")


@pytest.mark.parametrize("rules", [NUMBER, AMOUNT])
def test_a_customer_without_invoices_and_no_customer_at_all_are_proved_by_nothing(rules: Registration) -> None:
    for known, code in ((Known("20417", True, ()), "20417"), (Known("", False, ()), ""), (Known("", True, INVOICES), "")):
        assert not [secret for secret in ("", "0", "2026-15", "82,28") if proves(rules, known, code, secret)]


@pytest.mark.parametrize(("who", "owns"), product(["everybody", "owners"], [True, False]))
def test_where_only_owners_may_register_everybody_else_proves_nothing(who: Any, owns: bool) -> None:
    known = Known("20417", owns, INVOICES)
    assert proves(Registration(proof="number", who=who), known, "20417", "2026-15") == (owns or who == "everybody")


def separated(word: str) -> st.SearchStrategy[str]:
    """A word with spaces and hyphens anywhere in it."""
    between = st.text(" -\u00a0\u2011", max_size=2)
    return st.tuples(*(st.tuples(between, st.just(letter)) for letter in word)).map(lambda parts: "".join(gap + letter for gap, letter in parts))


@given(separated("20417"), separated("202613"))
def test_spaces_and_hyphens_do_not_matter(code: str, secret: str) -> None:
    assert proves(NUMBER, ANNA, code, secret) and Registration(proof="number", code_digits=5).wrong(code, secret) == {}


@given(st.text() | separated("20417") | separated("20418"), st.text() | separated("202615") | separated("202611") | st.just("82,28"))
def test_nothing_but_the_right_two_words_proves(code: str, secret: str) -> None:
    right = fold_code(code) == "20417"
    assert proves(NUMBER, ANNA, code, secret) == (right and fold_code(secret) in ("202615", "202614", "202613", "202612"))
    assert proves(AMOUNT, ANNA, code, secret) == (right and cents(secret) in (8228, 8743, 1000))


@given(st.integers(1, 9_999_999_99), st.sampled_from([",", "."]))
def test_every_sum_is_read_back_in_cents(amount: int, point: str) -> None:
    assert cents(f"{amount // 100}{point}{amount % 100:02}") == cents(f" {amount // 100} {point}{amount % 100:02}€") == amount


@pytest.mark.parametrize(("rules", "code", "secret", "wrong"), [
    (NUMBER, "", "", {"code": "missing", "secret": "missing"}), (NUMBER, " - ", "-", {"code": "missing", "secret": "missing"}),
    (NUMBER, "AB-12", "x", {}), (NUMBER, "A" * 33, "x", {"code": "shape"}), (NUMBER, "A\0", "\0", {"code": "shape", "secret": "shape"}),
    (NUMBER, "A" * 65, "1" * 65, {"code": "shape", "secret": "shape"}), (AMOUNT, "1", "12 eiro", {"secret": "shape"}), (AMOUNT, "1", "12,50", {}),
    (Registration(proof="number", code_digits=5), "20 4-17", "1", {}), (Registration(proof="number", code_digits=5), "2041", "1", {"code": "shape"}),
    (Registration(proof="number", code_digits=5), "2041a", "1", {"code": "shape"}), (Registration(proof="number", code_digits=5), "٢٠٤١٧", "1", {"code": "shape"}),
])  # fmt: skip
def test_what_can_be_no_code_and_no_secret_is_told(rules: Registration, code: str, secret: str, wrong: dict[str, str]) -> None:
    assert rules.wrong(code, secret) == wrong


@pytest.mark.parametrize("values", [{}, {"ways": ["code"]}, {"proof": ""}, {"proof": "number", "ways": ["post"]}, {"proof": "number", "code_digits": 3}, {"proof": "number", "who": "x"}])
def test_a_site_that_names_no_proof_or_something_unknown_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Registration.model_validate(values)
