"""What may be lent, for how long, and where a mandate stands (F01–F05; decisions.md 22–24)."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.mandates import (
    BY_ONESELF,
    PRESETS,
    READINGS,
    REMIND,
    Lent,
    MandateState,
    last_day,
    months_on,
    needs_strong,
    reminder_due,
    rights_of,
    state_of,
)  # fmt: skip

NOON = datetime(2026, 11, 30, 10, tzinfo=UTC)
TODAY = date(2026, 11, 30)
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@dataclass(frozen=True)
class Facts:
    accepted_at: datetime | None = NOON
    suspended_at: datetime | None = None
    ended_at: datetime | None = None
    ends_on: date | None = None


def test_every_right_opens_one_section_and_only_submitting_and_writing_change_anything():
    assert {one: one.opens for one in Lent} == {
        Lent.SUBMIT: ("meters", "act"), Lent.METERS: ("meters", "view"), Lent.NOTICES: ("notices", "view"),
        Lent.INVOICES: ("invoices", "view"), Lent.DOCUMENTS: ("documents", "view"), Lent.HOUSE_FILE: ("house_file", "view"),
        Lent.MESSAGES: ("messages", "act"), Lent.THREADS: ("messages", "view"),
    }  # fmt: skip


def test_the_presets_grow_and_none_has_the_house_file():
    assert PRESETS["readings"] < PRESETS["bills"] < PRESETS["all"] == {*BY_ONESELF} == {*Lent} - {Lent.HOUSE_FILE}
    assert [needs_strong(PRESETS[name]) for name in ("readings", "bills", "all")] == [False, True, True]


@given(st.sets(st.sampled_from(Lent)))
def test_whatever_goes_beyond_readings_asks_for_a_strong_login(rights: set[Lent]):
    assert needs_strong(rights) == bool(rights - {Lent.SUBMIT, Lent.METERS, Lent.NOTICES}) == (not rights <= READINGS)


@given(st.lists(st.sampled_from([*Lent, "x", "", "users", "settings"])))
def test_rights_are_read_in_order_each_once_and_nothing_unknown(words: list[str]):
    found = rights_of([str(word) for word in words])
    assert list(found) == sorted({*found}, key=[*Lent].index)
    assert {*found} == {*words} & {*Lent} | ({Lent.METERS} if Lent.SUBMIT in words else set())


@pytest.mark.parametrize(
    "facts, state",
    [
        (Facts(), MandateState.ACTIVE), (Facts(accepted_at=None), MandateState.INVITED), (Facts(suspended_at=NOON), MandateState.SUSPENDED),
        (Facts(ends_on=TODAY), MandateState.ACTIVE), (Facts(ends_on=TODAY - timedelta(days=1)), MandateState.EXPIRED),
        (Facts(ended_at=NOON, suspended_at=NOON, ends_on=date(2020, 1, 1)), MandateState.ENDED),
        (Facts(suspended_at=NOON, ends_on=date(2020, 1, 1)), MandateState.EXPIRED), (Facts(accepted_at=None, ended_at=NOON), MandateState.ENDED),
    ],
)  # fmt: skip
def test_a_mandate_is_in_one_state(facts: Facts, state: MandateState):
    assert state_of(facts, TODAY) is state


@given(DAYS, st.integers(1, 40))
def test_months_on_is_the_same_day_of_that_month_or_its_last(today: date, months: int):
    last = months_on(today, months)
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    assert last == date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


@pytest.mark.parametrize("today, months, last", [
    (date(2026, 11, 30), 1, date(2026, 12, 30)), (date(2026, 11, 30), 12, date(2027, 11, 30)), (date(2027, 1, 31), 1, date(2027, 2, 28)),
    (date(2028, 2, 29), 12, date(2029, 2, 28)), (date(2026, 12, 1), 1, date(2027, 1, 1)), (date(2026, 12, 31), 6, date(2027, 6, 30)),
])  # fmt: skip
def test_a_month_from_the_last_day_is_the_last_day(today: date, months: int, last: date):
    assert months_on(today, months) == last


@pytest.mark.parametrize("term, typed, expected", [
    ("1", "", date(2026, 12, 30)), ("6", "", date(2027, 5, 30)), ("12", "rubbish", date(2027, 11, 30)), ("date", "2026-11-30", TODAY),
    ("date", " 2029-11-30 ", date(2029, 11, 30)), ("date", "31.12.2027.", date(2027, 12, 31)), ("date", "1.2.2027", date(2027, 2, 1)), ("none", "", None),
])  # fmt: skip
def test_a_term_is_months_or_a_day_or_none(term: str, typed: str, expected: date | None):
    assert last_day(term, typed, TODAY, without_end=True) == expected


@pytest.mark.parametrize("term, typed, why", [
    ("", "", "missing"), ("2", "", "missing"), ("date", "", "missing"), ("date", "   ", "missing"), ("none", "", "missing"),
    ("date", "31.13.2027", "shape"), ("date", "2027-02-30", "shape"), ("date", "0000-01-01", "shape"), ("date", "20271231", "shape"), ("date", "٢٠٢٧-٠١-٠١", "shape"), ("date", "2026-11-29", "past"),
    ("date", "2029-12-01", "far"), ("date", "9999-12-31", "far"),
])  # fmt: skip
def test_what_is_no_term_says_why(term: str, typed: str, why: str):
    with pytest.raises(ValueError, match=f"^{why}$"):
        last_day(term, typed, TODAY, without_end=False)


@given(st.integers(-40, 400), st.lists(st.integers(0, 5), max_size=60))
def test_each_reminder_is_sent_once_whenever_the_worker_looks(left: int, pauses: list[int]):
    mandate, day, reminded, sent = Facts(ends_on=TODAY + timedelta(days=left)), TODAY, None, []
    for pause in [0, *pauses]:
        day += timedelta(days=pause)
        due = reminder_due(mandate, reminded, day)
        if due is not None:
            assert due == 0 or (mandate.ends_on - day).days <= due
            sent.append(due)
            reminded = due
        assert reminder_due(mandate, reminded, day) is None
    assert sent == sorted({*sent}, reverse=True) and {*sent} <= {*REMIND, 0}


@pytest.mark.parametrize("change", [{"ends_on": None}, {"ended_at": NOON}, {"accepted_at": None}])
def test_what_has_no_end_or_is_nobodys_needs_no_reminder(change: dict[str, object]):
    assert reminder_due(Facts(ends_on=TODAY + timedelta(days=7)), None, TODAY) == 7
    assert reminder_due(replace(Facts(ends_on=TODAY + timedelta(days=7)), **change), None, TODAY) is None
