"""Conversations: what each act makes of each state."""

import pytest

from models.rules.threads import ThreadState, after

OPEN, ANSWERED, RESOLVED, CLOSED = ThreadState


@pytest.mark.parametrize(
    ("act", "states"),
    [
        ("reply", [OPEN, OPEN, OPEN, None]), ("solved", [RESOLVED, RESOLVED, None, None]), ("unsolved", [None, OPEN, OPEN, None]),
        ("answer", [ANSWERED, ANSWERED, ANSWERED, None]), ("resolve", [RESOLVED, RESOLVED, RESOLVED, None]), ("close", [CLOSED, CLOSED, CLOSED, None]),
    ],
)  # fmt: skip
def test_an_act_leads_to_one_state_or_cannot_be_done(act: str, states: list[ThreadState | None]):
    assert [after(state, act) for state in ThreadState] == states
