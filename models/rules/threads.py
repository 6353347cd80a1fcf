"""Conversations: the states of one, and what each act makes of them (G04; features.md §5, decisions.md 26)."""

from enum import StrEnum


class ThreadKind(StrEnum):
    """What a message is, which tells the rules for it (G03)."""

    QUESTION = "question"
    SUBMISSION = "submission"  # a formal one, as the law has it (OG-30)
    FAULT = "fault"
    READING = "reading"  # disputed
    INVOICE = "invoice"


class ThreadState(StrEnum):
    """Where a conversation stands."""

    OPEN = "open"  # waits for staff
    ANSWERED = "answered"  # waits for the resident
    RESOLVED = "resolved"
    CLOSED = "closed"  # for good: what is written after it begins another one


_OPEN, _ANSWERED, _RESOLVED, _CLOSED = ThreadState
# Act → state before → state after; what is not here cannot be done.
_AFTER = {
    "reply": dict.fromkeys((_OPEN, _ANSWERED, _RESOLVED), _OPEN),
    "solved": dict.fromkeys((_OPEN, _ANSWERED), _RESOLVED),
    "unsolved": dict.fromkeys((_ANSWERED, _RESOLVED), _OPEN),
    "answer": dict.fromkeys((_OPEN, _ANSWERED, _RESOLVED), _ANSWERED),
    "resolve": dict.fromkeys((_OPEN, _ANSWERED, _RESOLVED), _RESOLVED),  # an answer that leaves nothing to ask
    "close": dict.fromkeys((_OPEN, _ANSWERED, _RESOLVED), _CLOSED),
}


def after(state: ThreadState, act: str) -> ThreadState | None:
    """The state that an act leads to; None where it cannot be done."""
    return _AFTER[act].get(state)
