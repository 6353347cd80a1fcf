"""Conversations: what each act makes of each state, until when one may wait, and which go on in which."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.threads import FARTHEST, ThreadState, after, hindrance, may_wait

OPEN, ANSWERED, RESOLVED, CLOSED = ThreadState


@pytest.mark.parametrize(
    ("act", "states"),
    [
        ("reply", [OPEN, OPEN, OPEN, None]), ("solved", [RESOLVED, RESOLVED, None, None]), ("unsolved", [None, OPEN, OPEN, None]),
        ("answer", [ANSWERED, ANSWERED, ANSWERED, None]), ("resolve", [RESOLVED, RESOLVED, RESOLVED, None]), ("close", [CLOSED, CLOSED, CLOSED, None]),
        ("assign", [OPEN, ANSWERED, RESOLVED, None]), ("snooze", [OPEN, None, None, None]), ("wake", [OPEN, None, None, None]),
        ("merge", [CLOSED, CLOSED, CLOSED, None]),
    ],
)  # fmt: skip
def test_an_act_leads_to_one_state_or_cannot_be_done(act: str, states: list[ThreadState | None]):
    assert [after(state, act) for state in ThreadState] == states


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-400, 400))
def test_one_waits_from_tomorrow_until_sixty_days_from_now(today: date, days: int):
    assert may_wait(today + timedelta(days=days), today) is (1 <= days <= FARTHEST.days) and not may_wait(None, today)


@dataclass(frozen=True)
class Row:
    """A conversation, as far as it matters here."""

    id: int
    state: ThreadState
    user_id: int | None
    customer_id: int | None
    premises_id: int | None
    mandate_version: int | None
    shared: bool


ROWS = st.builds(
    Row, st.integers(1, 3), st.sampled_from(ThreadState), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1]), st.sampled_from([None, 1]),
    st.sampled_from([None, 1]), st.booleans(),
)  # fmt: skip


@given(ROWS, ROWS)
def test_only_the_same_persons_open_conversations_with_the_same_readers_go_on_in_each_other(one: Row, other: Row):
    fits = one.id != other.id and CLOSED not in (one.state, other.state) and one.user_id is not None
    same = [getattr(one, name) == getattr(other, name) for name in ("user_id", "customer_id", "premises_id", "mandate_version", "shared")]
    assert (hindrance(one, other) == "") is (fits and all(same)) is (hindrance(other, one) == "")
    assert hindrance(one, one) == "same"
