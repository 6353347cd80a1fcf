"""Why an invoice differs from the one before: the parts add up exactly, and say what happened (C10)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.rules.differences import Line, Part, Sums, difference

CENTS = st.integers(-(10**9), 10**9)
LINES = st.builds(
    Line, st.sampled_from(["Water", "Heat", "Repairs"]), st.none() | st.integers(-(10**9), 10**9), st.sampled_from(["m3", "MWh", "m2", ""]), st.none() | st.integers(-(10**7), 10**7), CENTS,
)  # fmt: skip
SUMS = st.builds(Sums, st.lists(LINES, max_size=6), st.integers(0, 400), CENTS, CENTS, CENTS)
WATER = Line("Water", 3000, "m3", 10_000, 300)


def invoice(*lines: Line, days: int = 30, vat: int = 0, brought: int = 0) -> Sums:
    return Sums(lines, days, vat, brought, sum(line.amount for line in lines) + vat + brought)


def told(old: Sums, new: Sums) -> list[tuple[str, int]]:
    return [(part.kind, part.cents) for part in difference(old, new)]


@given(SUMS, SUMS)
@example(Sums([WATER], 0, 0, 0, 300), Sums([WATER], 31, 0, 0, 301))
def test_the_parts_add_up_to_the_difference_whatever_the_invoices_say(old: Sums, new: Sums):
    parts = difference(old, new)
    if old.lines and new.lines:
        assert sum(part.cents for part in parts) == new.payable - old.payable and all(part.cents for part in parts)
    else:
        assert parts == []


@given(st.lists(LINES, min_size=1, max_size=6), st.lists(LINES, min_size=1, max_size=6), CENTS, CENTS)
def test_lines_that_make_the_invoice_leave_no_rest(old: list[Line], new: list[Line], vat: int, brought: int):
    assert "rest" not in dict(told(invoice(*old), invoice(*new, vat=vat, brought=brought)))


@given(st.lists(LINES, min_size=1, max_size=6), CENTS)
def test_the_same_invoice_again_differs_in_nothing(lines: list[Line], vat: int):
    assert difference(invoice(*lines, vat=vat), invoice(*lines, vat=vat)) == []


@given(st.lists(LINES, min_size=1, max_size=6), st.lists(LINES, min_size=1, max_size=6))
def test_seen_from_the_other_side_the_sum_turns_round(old: list[Line], new: list[Line]):
    there, back = told(invoice(*old), invoice(*new)), told(invoice(*new), invoice(*old))
    assert sum(cents for _, cents in there) == -sum(cents for _, cents in back)


@pytest.mark.parametrize(
    ("line", "days", "parts"),
    [
        (Line("Water", 3000, "m3", 12_000, 360), 30, [("price", 60)]),
        (Line("Water", 4000, "m3", 10_000, 400), 30, [("quantity", 100)]),
        (Line("Water", 4000, "m3", 12_000, 480), 30, [("price", 80), ("quantity", 100)]),
        (Line("Water", 3100, "m3", 10_000, 310), 31, [("days", 10)]),
        (Line("Water", 4000, "m3", 10_000, 400), 33, [("days", 30), ("quantity", 70)]),
        (Line("Water", 3000, "m3", 10_000, 300), 33, []),
        (Line("Water", 3000, "m3", 10_000, 290), 30, [("correction", -10)]),
        (Line("Water", None, "m3", None, 310), 30, [("correction", 10)]),
        (Line("Lift", None, "", None, 200), 30, [("new", 200), ("gone", -300)]),
        (Line("Paid back", None, "", None, -200), 30, [("correction", -200), ("gone", -300)]),
        (Line("Water", 3000, "m2", 10_000, 300), 30, [("new", 300), ("gone", -300)]),
    ],
)  # fmt: skip
def test_each_reason_has_its_name(line: Line, days: int, parts: list[tuple[str, int]]):
    assert told(invoice(WATER), invoice(line, days=days)) == parts


def test_an_area_does_not_grow_with_the_month():
    old, new = Line("Care", 50_000, "m2", 10_000, 5000), Line("Care", 52_000, "m2", 10_000, 5200)
    assert told(invoice(old, days=30), invoice(new, days=31)) == [("quantity", 200)]


def test_a_part_tells_the_figures_before_and_after():
    part = Part("price", 60, "Water", "", 10_000, 12_000)
    assert difference(invoice(WATER), invoice(Line("Water", 3000, "m3", 12_000, 360))) == [part]


def test_tax_debt_and_what_no_line_tells_have_parts_of_their_own():
    old = invoice(WATER, vat=63)
    assert told(old, invoice(WATER, vat=70, brought=363)) == [("vat", 7), ("brought", 363)]
    assert told(old, Sums([WATER], 30, 63, 0, 365)) == [("rest", 2)]
