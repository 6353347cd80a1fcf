"""Entries: what a person typed for the dials of a place, decided one by one and stored in one unit of work.

Nothing true is refused: what cannot be a reading is a problem (422), what looks wrong is a question (409) that the
person answers, and an answer holds only for the value it was given for (decisions.md 16–18; D03–D06, LU-34, LU-35).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from models.audit import Actor, content_hash, receipt, record
from models.cards import Dial, MeterCard
from models.meters import Meter, Register
from models.places import Place
from models.readings import Reading
from models.rules.numbers import NumberProblem, format_plain, parse_reading
from models.rules.plausibility import (
    Situation,
    Thresholds,
    Verdict,
    consumption,
    judge,
    monthly_average,
    months_since,
)
from models.rules.windows import Window
from models.site import MeterRule
from models.types import AnyRow, MeterKind, Source

Seal = Callable[[str], str]  # a keyed hash: proves that a question was ours
State = Literal["empty", "saved", "problem", "question"]
BY_PEOPLE = frozenset({Source.SELF, Source.DELEGATE, Source.STAFF, Source.LINK, Source.SLIP})
_WATER = {MeterKind.COLD_WATER: MeterKind.HOT_WATER, MeterKind.HOT_WATER: MeterKind.COLD_WATER}


@dataclass(frozen=True)
class Entry:
    """One field of the form. `reply` answers an earlier question: "", "correct:SEAL", "other:SEAL" (replaced or
    rolled over) or "consumption". `seen` is the reading of this window that stood on the page, if any."""

    card: MeterCard
    dial: Dial
    rule: MeterRule
    window: Window | None
    text: str
    reply: str = ""
    seen: int | None = None


@dataclass(frozen=True)
class Answer:
    """What became of an entry. `value` and `used` (consumption) in thousandths; `text` is what the field shows."""

    register_id: int
    state: State
    code: str = (
        ""  # of a problem, or of the suspicion; "taken": somebody else was faster; "sent": so were you
    )
    text: str = ""
    value: int | None = None
    used: int | None = None
    at: datetime | None = None
    previous: int | None = None
    verdict: Verdict | None = None
    seal: str = ""
    other: AnyRow | None = None  # the reading that stands for this window


@dataclass(frozen=True)
class Decision:
    """A value to store: what it supersedes, and why staff should look at it."""

    entry: Entry
    value: int
    used: int | None
    supersedes: int | None
    rolled_over: bool = False
    flag: str | None = None


_LOCK = (
    sa.select(col(Register.id))
    .where(col(Register.id).in_(sa.bindparam("ids", expanding=True)))
    .with_for_update()
)
_KNOWN = (
    sa.select(
        col(Reading.id), col(Reading.register_id), col(Reading.value), col(Reading.read_on),
        col(Reading.rolled_over), col(Reading.period), col(Reading.source), col(Reading.received_at),
        col(Reading.actor_user_id), col(Meter.kind), col(Meter.place),
    )
    .join(Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(
        col(Meter.premises_id) == sa.bindparam("premises_id"),
        col(Reading.superseded_at).is_(None),
        col(Reading.read_on) >= sa.bindparam("since"),
        col(Reading.read_on) <= sa.bindparam("today"),
    )
    .order_by(col(Reading.register_id), col(Reading.read_on), col(Reading.id))
)  # fmt: skip


def submit(
    session: Session, place: Place, entries: Sequence[Entry], actor: Actor, once: str, now: datetime, today: date,
    seal: Seal,
) -> list[Answer]:  # fmt: skip
    """Decide the entries of one place and store what can be stored, its receipt and its audit row.

    `once` is the form's submission id: the same form again gets the first answers again; the same id with other
    content is the question "sent". Entries that become a problem or a question store nothing and use up no id.
    """
    if session.get_bind().dialect.name != "sqlite":  # SQLite's unit of work holds the only write lock already
        session.execute(_LOCK, {"ids": [entry.dial.register_id for entry in entries]})
    hashed = content_hash(
        {f"{entry.dial.register_id}": f"{entry.text.strip()} {entry.reply}" for entry in entries}
    )
    earlier = receipt(session.connection(), once, actor.user_id or 0)
    if earlier and earlier.content_hash == hashed:
        return [_replayed(entry, earlier.outcome) for entry in entries]
    known = _known(session, place, today)
    decided = [_decide(entry, known, today, seal, resent=earlier is not None) for entry in entries]
    answers = _stored(session, decided, place, actor, now, today)
    saved = [_outcome(answer) for answer in answers if answer.state == "saved"]
    if saved:
        record(
            session, actor, "reading.submitted", premises_id=place.id, object_type="reading",
            once=once, content_hash=hashed, detail={"saved": saved},
        )  # fmt: skip
    return answers


def _known(session: Session, place: Place, today: date) -> Mapping[int, list[AnyRow]]:
    since = max(place.since, today - timedelta(days=400))
    values = {"premises_id": place.id, "since": since, "today": today}
    by_register: dict[int, list[AnyRow]] = {}
    for row in session.execute(_KNOWN, values):
        by_register.setdefault(row.register_id, []).append(row)
    return by_register


def _decide(
    entry: Entry, known: Mapping[int, list[AnyRow]], today: date, seal: Seal, resent: bool
) -> Answer | Decision:
    number = entry.dial.register_id
    if not entry.text.strip():
        return Answer(number, "empty")
    if problem := _closed(entry, today):
        return Answer(number, "problem", problem, entry.text)
    try:
        value = parse_reading(entry.text, entry.dial.digits or 5, entry.dial.decimals or 0)
    except NumberProblem as error:
        return Answer(number, "problem", error.code, entry.text)
    mine = known.get(number, [])
    standing = next((row for row in mine if _stands(row, entry.window)), None)
    if standing and standing.value == value and not entry.reply:
        return Answer(
            number, "saved", value=value, used=_used_by(entry, mine, standing), at=standing.received_at
        )
    if standing and standing.id != entry.seen:
        return Answer(number, "question", "sent" if resent else "taken", entry.text, value, other=standing)
    return _weigh(entry, value, known, standing, today, seal)


def _closed(entry: Entry, today: date) -> str:
    if entry.card.is_remote or entry.card.is_house:
        return "remote"
    if entry.card.removed_on or entry.card.place.has_ended(today):
        return "ended"
    return "" if entry.window else "closed"


def _stands(row: AnyRow, window: Window | None) -> bool:
    """Whether a reading is this window's own, sent by a person: that is what a correction replaces."""
    return window is not None and row.period == window.period and row.source in BY_PEOPLE


def _weigh(
    entry: Entry, value: int, known: Mapping[int, list[AnyRow]], standing: AnyRow | None, today: date,
    seal: Seal,
) -> Answer | Decision:  # fmt: skip
    number = entry.dial.register_id
    mine = [row for row in known.get(number, []) if row is not standing]
    base = mine[-1] if mine else (None if standing else entry.dial.last)
    previous = base.value if base else None
    decision = Decision(
        entry, value, None if previous is None else value - previous, standing.id if standing else None
    )
    digits, decimals = entry.dial.digits or 5, entry.dial.decimals or 0
    verdict = judge(
        Situation(
            value, previous, _average(mine, digits, today), digits, decimals,
            months=months_since(base.read_on, today) if base else 1,
            sibling_previous=_sibling(entry, known),
            zero_seen_before=any(a.value == b.value for a, b in pairwise(mine)),
            thresholds=Thresholds(entry.rule.high_times, entry.rule.high_floor),
        )
    )  # fmt: skip
    if verdict is None:
        return decision
    proof = seal(f"{number}:{value}:{verdict.code}:{base.id if base else 0}")
    question = Answer(
        number, "question", verdict.code, entry.text, value, verdict.consumption, None, previous, verdict, proof,
        standing,
    )  # fmt: skip
    return _reply(entry.reply, question, decision, decimals)


def _reply(reply: str, question: Answer, decision: Decision, decimals: int) -> Answer | Decision:
    verdict, previous = question.verdict, question.previous
    assert verdict is not None and previous is not None
    if reply == f"correct:{question.seal}":
        used = verdict.consumption if verdict.consumption >= 0 else None
        return replace(decision, used=used, rolled_over=verdict.code == "rollover_likely", flag=verdict.code)
    if reply == f"other:{question.seal}":
        turned = verdict.code == "rollover_likely"
        return replace(
            decision, used=verdict.consumption if turned else None, rolled_over=turned, flag=verdict.code
        )
    if reply == "consumption" and verdict.consumption < 0:  # fill the field, send nothing
        return replace(question, code="filled", text=format_plain(previous + decision.value, decimals))
    return question


def _used_by(entry: Entry, mine: list[AnyRow], reading: AnyRow) -> int | None:
    before = mine[: mine.index(reading)]
    if not before:
        return None
    used = consumption(before[-1].value, reading.value, entry.dial.digits or 5, reading.rolled_over)
    return used if used >= 0 else None


def _average(mine: list[AnyRow], digits: int, today: date) -> int | None:
    return monthly_average([(row.read_on, row.value, row.rolled_over) for row in mine], digits, today)


def _sibling(entry: Entry, known: Mapping[int, list[AnyRow]]) -> int | None:
    """The last value of the one meter this one is easily confused with: hot beside cold, in the same room if told."""
    other = _WATER.get(entry.card.kind)
    candidates = [rows for rows in known.values() if rows[0].kind == other]
    here = [rows for rows in candidates if rows[0].place == entry.card.where] or candidates
    earlier = [row for row in here[0] if not _stands(row, entry.window)] if len(here) == 1 else []
    return earlier[-1].value if earlier else None


def _stored(
    session: Session,
    decided: Iterable[Answer | Decision],
    place: Place,
    actor: Actor,
    now: datetime,
    today: date,
) -> list[Answer]:
    """Insert all new readings with one statement and mark what they supersede with another."""
    pairs = [
        (item, _reading(item, place, actor, now, today) if isinstance(item, Decision) else None)
        for item in decided
    ]
    fresh = [reading for _, reading in pairs if reading]
    session.add_all(fresh)
    session.flush()
    replaced = [
        {"id": item.supersedes, "superseded_at": now, "superseded_by_id": reading.id, "changed_at": now}
        for item, reading in pairs
        if reading and isinstance(item, Decision) and item.supersedes
    ]
    if replaced:
        session.execute(sa.update(Reading), replaced)
    return [
        Answer(item.entry.dial.register_id, "saved", item.flag or "", "", item.value, item.used, now)
        if isinstance(item, Decision)
        else item
        for item, _ in pairs
    ]


def _reading(item: Decision, place: Place, actor: Actor, now: datetime, today: date) -> Reading:
    assert item.entry.window is not None
    return Reading(
        register_id=item.entry.dial.register_id, value=item.value, read_on=today, received_at=now, changed_at=now,
        period=item.entry.window.period, source=Source(actor.source), rolled_over=item.rolled_over, flag=item.flag,
        actor_user_id=actor.user_id, principal_customer_id=actor.principal_customer_id,
        mandate_version=actor.mandate_version, session_method=actor.session_method,
    )  # fmt: skip


def _outcome(answer: Answer) -> dict[str, Any]:
    at = answer.at.isoformat() if answer.at else None
    return {
        "register": answer.register_id,
        "value": answer.value,
        "used": answer.used,
        "flag": answer.code,
        "at": at,
    }


def _replayed(entry: Entry, outcome: Mapping[str, Any]) -> Answer:
    number = entry.dial.register_id
    for item in outcome["saved"]:
        if item["register"] == number:
            at = datetime.fromisoformat(item["at"]) if item["at"] else None
            return Answer(number, "saved", item["flag"], "", item["value"], item["used"], at)
    return Answer(number, "problem" if entry.text.strip() else "empty", "again", entry.text)
