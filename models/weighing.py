"""Weighing: what one typed value is beside what is known of its register: a reading, a question or a problem.

Nothing true is refused: what cannot be a reading is a problem (422), what looks wrong is a question (409) that the
person answers, and an answer holds only for the value it was given for (decisions.md 16–18; D03–D06, LU-34, LU-35).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Literal

from models.cards import Dial, Mark, MeterCard
from models.history import Leak
from models.rules.absences import Days, days_away, is_unexplained
from models.rules.noted import Noted
from models.rules.numbers import NumberProblem, format_plain, parse_reading
from models.rules.plausibility import Situation, Thresholds, Verdict, consumption, judge, monthly_average, months_since
from models.rules.windows import Window
from models.site import MeterRule
from models.types import AnyRow, MeterKind, Source

Known = Mapping[int, Sequence[AnyRow]]  # register → its current readings within the tenure, oldest first
Seal = Callable[[str], str]  # a keyed hash: proves that a question was ours
State = Literal["empty", "saved", "problem", "question"]
BY_PEOPLE = frozenset({*Source} - {Source.IMPORT, Source.REMOTE, Source.ESTIMATE})
# What stands still while nobody is at home; a flat is heated and a refrigerator runs all the same.
_STOPS = frozenset({MeterKind.COLD_WATER, MeterKind.HOT_WATER, MeterKind.GAS, MeterKind.LPG})
_MEANT = re.compile("meant:([0-9]{1,12})")
_WATER = {MeterKind.COLD_WATER: MeterKind.HOT_WATER, MeterKind.HOT_WATER: MeterKind.COLD_WATER}


@dataclass(frozen=True)
class Answer:
    """What became of an entry. `value` and `used` (consumption) in thousandths; `text` is what the field shows."""

    register_id: int
    state: State
    code: str = ""  # of a problem, or of the suspicion; "taken": somebody else was faster; "sent": you were
    text: str = ""
    value: int | None = None
    used: int | None = None
    at: datetime | None = None
    previous: int | None = None
    verdict: Verdict | None = None
    seal: str = ""
    other: AnyRow | None = None  # the reading that stands for this window
    seen: int | None = None  # what stood on the page, as the entry said
    reading_id: int | None = None  # of what stands now; not of the answer to a form sent again
    leak: Leak | None = None  # what the reading looks like beside the earlier ones
    read_on: date | None = None  # where that is not today


@dataclass(frozen=True)
class Entry:
    """One field of the form. `reply` answers an earlier question: "", "correct:SEAL", "other:SEAL" (replaced or
    rolled over) or "meant:123456", thousandths to be filled in. `seen` is the reading of this window that stood on
    the page, if any; `noted`, when it was written down without a connection."""

    card: MeterCard
    dial: Dial
    rule: MeterRule
    window: Window | None
    text: str
    reply: str = ""
    seen: int | None = None
    noted: Noted | None = None

    def problem(self, code: str) -> Answer:
        """What is typed cannot be taken."""
        return Answer(self.dial.register_id, "problem", code, self.text, seen=self.seen)

    def untimely(self) -> str:
        """Why it is not taken now: no window is open, or what was noted was noted before this one, or at no time."""
        if self.window is None or self.noted is None:
            return "" if self.window else "closed"
        since = max(self.window.opens, self.card.place.since)
        return self.noted.wrong or ("stale" if self.noted.on < since else "")


@dataclass(frozen=True)
class Decision:
    """A value to store: what it supersedes, and why staff should look at it."""

    entry: Entry
    value: int
    used: int | None
    supersedes: int | None
    rolled_over: bool = False
    flag: str | None = None


def decide(
    entry: Entry, known: Known, user_id: int | None, today: date, seal: Seal, absences: Collection[Days] = ()
) -> Answer | Decision:
    """What becomes of an entry of this user: a value to store, or the answer that it gets instead.

    A reading that stands for this window already is replaced only by somebody who has seen it. What was used on
    days of `absences` is flagged and never asked about (B06).
    """
    if not entry.text.strip():
        return Answer(entry.dial.register_id, "empty")
    if problem := entry.card.refusal(today) or entry.untimely():
        return entry.problem(problem)
    away = absences if entry.card.kind in _STOPS else ()
    try:
        value = parse_reading(entry.text, entry.dial.digits or 5, entry.dial.decimals or 0)
    except NumberProblem as error:
        asked = _all_drums(entry, known, today, seal) if error.code == "too_many_digits" else None
        return asked or entry.problem(error.code)
    mine = known.get(entry.dial.register_id, ())
    standing = next((row for row in mine if stands(row, entry.window)), None)
    if standing and standing.value == value and not entry.reply.startswith("meant:"):
        return _saved(entry, mine, standing)
    if standing and standing.id != entry.seen:
        code = "sent" if standing.actor_user_id == user_id else "taken"
        return Answer(entry.dial.register_id, "question", code, entry.text, value, other=standing)
    return _weigh(entry, value, known, standing, today, seal, away)


def _all_drums(entry: Entry, known: Known, today: date, seal: Seal) -> Answer | None:
    """The question after a comma that was left out, where more digits are there than the dial has before it.

    Such a value cannot be confirmed, so it carries no seal.
    """
    with suppress(NumberProblem):
        value = parse_reading(entry.text, (entry.dial.digits or 5) + (entry.dial.decimals or 0), 0)
        asked = _weigh(entry, value, known, None, today, seal, ())
        if isinstance(asked, Answer) and asked.verdict and asked.verdict.suggested is not None:
            return replace(asked, seal="")
    return None


def stands(reading: AnyRow | Mark, window: Window | None) -> bool:
    """Whether a reading is this window's own, sent by a person: that is what a correction replaces."""
    if window is None or reading.source not in BY_PEOPLE:
        return False
    final = reading.period is None and reading.read_on == window.opens
    return final if window.is_final else reading.period == window.period


def _saved(entry: Entry, mine: Sequence[AnyRow], reading: AnyRow) -> Answer:
    """The answer to a value that stands already."""
    used, before = None, mine[: mine.index(reading)]
    if before:
        used = consumption(before[-1].value, reading.value, entry.dial.digits or 5, reading.rolled_over)
    return Answer(
        entry.dial.register_id, "saved", reading.flag or "", "", reading.value,
        used if used is not None and used >= 0 else None, reading.received_at,
        reading_id=reading.id,
    )  # fmt: skip


def _weigh(
    entry: Entry, value: int, known: Known, standing: AnyRow | None, today: date, seal: Seal, absences: Collection[Days]
) -> Answer | Decision:
    number, dial = entry.dial.register_id, entry.dial
    mine = [row for row in known.get(number, ()) if row is not standing]
    base = mine[-1] if mine else _before_all_known(entry)
    previous = base.value if base else None
    decision = Decision(entry, value, None if previous is None else value - previous, standing.id if standing else None)
    digits, decimals = dial.digits or 5, dial.decimals or 0
    average, since = _average(mine, digits, today), base.read_on if base else today
    away = days_away(since, today, absences)
    verdict = judge(
        Situation(
            value, previous, average, digits, decimals,
            months=months_since(since, today),
            sibling_previous=_sibling(entry, known),
            zero_seen_before=bool(away) or any(a.value == b.value for a, b in pairwise(mine)),
            thresholds=Thresholds(entry.rule.high_times, entry.rule.high_floor),
        )
    )  # fmt: skip
    if verdict is None:
        usual = entry.rule.high_floor if average is None else average
        odd = is_unexplained(decision.used or 0, usual, since, today, absences)
        return replace(decision, flag="absence" if odd else None)
    proof = seal(f"{number}:{value}:{verdict.code}:{previous}")
    question = Answer(
        number, "question", verdict.code, entry.text, value, verdict.consumption,
        previous=previous, verdict=verdict, seal=proof, other=standing, seen=entry.seen,
    )  # fmt: skip
    return _reply(entry.reply, question, decision, decimals)


def _before_all_known(entry: Entry) -> Mark | None:
    """The reading before this window of a register that was not read for more than a year."""
    marks = (entry.dial.last, entry.dial.before)
    return next((mark for mark in marks if mark and not stands(mark, entry.window)), None)


def _reply(reply: str, question: Answer, decision: Decision, decimals: int) -> Answer | Decision:
    verdict, previous = question.verdict, question.previous
    assert verdict is not None and previous is not None
    if reply in (f"correct:{question.seal}", f"other:{question.seal}"):
        return replace(
            decision,
            used=verdict.consumption if verdict.consumption >= 0 else None,
            rolled_over=verdict.code == "rollover_likely",
            flag="lower" if verdict.consumption < 0 and verdict.code != "swapped" else verdict.code,
        )
    if meant := _MEANT.fullmatch(reply):  # fill the field, send nothing; what is told comes from the form itself
        filled = int(meant[1])
        return replace(question, code="filled", value=filled, text=format_plain(filled, decimals))
    return question


def _average(mine: Sequence[AnyRow], digits: int, today: date) -> int | None:
    return monthly_average([(row.read_on, row.value, row.rolled_over) for row in mine], digits, today)


def _sibling(entry: Entry, known: Known) -> int | None:
    """The last value of the one meter this one is easily confused with: hot beside cold, in the same room if told."""
    other = _WATER.get(entry.card.kind)
    candidates = [rows for rows in known.values() if rows[0].kind == other]
    here = [rows for rows in candidates if rows[0].place == entry.card.where] or candidates
    earlier = [row for row in here[0] if not stands(row, entry.window)] if len(here) == 1 else []
    return earlier[-1].value if earlier else None
