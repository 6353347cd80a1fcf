"""Conversations: the states of one, and what each act makes of them (G04, H01, H09; decisions.md 26)."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

FARTHEST = timedelta(days=60)  # for how long a conversation may be put off


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
    "assign": {state: state for state in (_OPEN, _ANSWERED, _RESOLVED)},
    "snooze": {_OPEN: _OPEN},  # nothing else waits for staff
    "wake": {_OPEN: _OPEN},
    "wait": {_OPEN: _ANSWERED},  # again for the resident, where staff have written to her before
    "merge": dict.fromkeys((_OPEN, _ANSWERED, _RESOLVED), _CLOSED),  # into another one
}


def after(state: ThreadState, act: str) -> ThreadState | None:
    """The state that an act leads to; None where it cannot be done."""
    return _AFTER[act].get(state)


def may_wait(until: date | None, today: date) -> bool:
    """Whether a conversation may be put off until this day: from tomorrow on, and no farther than `FARTHEST`."""
    return until is not None and timedelta() < until - today <= FARTHEST


def hindrance(source: Any, target: Any) -> str:
    """Why one conversation cannot go on in another one; "" where it can. Both: rows of them.

    "same": it is that one; "closed": one of them is; "other": they are not of the same person and customer; "seen":
    others than now would read what was written.
    """
    if source.id == target.id:
        return "same"
    if after(source.state, "merge") is None or after(target.state, "merge") is None:
        return "closed"
    if (source.user_id, source.customer_id) != (target.user_id, target.customer_id) or source.user_id is None:
        return "other"
    alike = all(getattr(source, name) == getattr(target, name) for name in ("premises_id", "mandate_version", "shared"))
    return "" if alike else "seen"
