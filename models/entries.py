"""Entries: what a person typed for the dials of a place, weighed one by one and stored in one unit of work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from models import absences, history
from models.absences import Absence
from models.audit import Actor, AuditRow, content_hash, record
from models.meters import Meter, Register
from models.places import Place
from models.readings import Reading
from models.rules.absences import Days
from models.types import AnyRow, Source
from models.weighing import Answer, Decision, Entry, Known, Seal, decide

# Lock the registers, find the form's receipt and the absences of this tenure. In one order, so that two forms with the
# same registers never wait for each other in a circle; SQLite's unit of work holds the only write lock already and
# leaves FOR UPDATE out.
_MINE = (col(AuditRow.once) == sa.bindparam("once")) & (col(AuditRow.actor_user_id) == sa.bindparam("user_id"))
_LOCK = (
    sa.select(col(Register.id), col(AuditRow.content_hash), col(AuditRow.detail), *absences.DAYS)
    .select_from(Register)
    .outerjoin(AuditRow, _MINE)
    .outerjoin(Absence, absences.TOLD)
    .where(col(Register.id).in_(sa.bindparam("ids", expanding=True)))
    .order_by(col(Register.id))
    .with_for_update(of=Register)
)
_KNOWN = (
    sa.select(
        col(Reading.id), col(Reading.register_id), col(Reading.value), col(Reading.read_on),
        col(Reading.rolled_over), col(Reading.period), col(Reading.source), col(Reading.received_at),
        col(Reading.actor_user_id), col(Reading.flag), col(Meter.kind), col(Meter.place), col(Register.name),
        col(Reading.superseded_at), sa.null().label("photo"), sa.null().label("taken_at"),
    )
    .join(Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(
        col(Meter.premises_id) == sa.bindparam("premises_id"),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")),
        col(Reading.superseded_at).is_(None),
        col(Reading.read_on) >= sa.bindparam("since"),
        col(Reading.read_on) <= sa.bindparam("today"),
    )
    .order_by(col(Reading.register_id), col(Reading.read_on), col(Reading.id))
)  # fmt: skip


def submit(
    session: Session, place: Place, entries: Sequence[Entry], actor: Actor, once: str, now: datetime, today: date,
    seal: Seal, about: Mapping[str, Any] = {},
) -> list[Answer]:  # fmt: skip
    """Weigh the entries of one place and store what can be stored, its receipt and its audit row.

    `once` is the form's submission id (decisions.md 18): the same form again gets the first answers again; with
    other content it meets what it stored before as the question "sent". Entries that become a problem or a
    question store nothing and use up no id. `about`: what else the audit row keeps.
    """
    hashed = content_hash({f"{entry.dial.register_id}": f"{entry.text.strip()} {entry.reply}" for entry in entries})
    earlier, away = _begin(session, place, [entry.dial.register_id for entry in entries], once, actor)
    answered = _answered(earlier) if earlier and earlier.content_hash == hashed else {}
    known = _known(session, place, today)
    weighed = [
        answered.get(entry.dial.register_id) or decide(entry, known, actor.user_id, today, seal, away)
        for entry in entries
    ]
    answers = _stored(session, _exchanged(entries, weighed), actor, now, today)
    saved = [_outcome(answer) for answer in answers if answer.state == "saved" and answer.register_id not in answered]
    if saved:
        record(
            session, actor, "reading.submitted", premises_id=place.id, object_type="reading",
            once=None if earlier else once, content_hash=hashed, detail={"saved": saved, **about},
        )  # fmt: skip
    return [_with_leak(entry, answer, known, today) for entry, answer in zip(entries, answers, strict=True)]


def _exchanged(entries: Sequence[Entry], weighed: Sequence[Answer | Decision]) -> list[Answer | Decision]:
    """Where the fields of cold and hot water seem to be exchanged, each is offered what stands in the other."""
    odd = [(e, a) for e, a in zip(entries, weighed, strict=True) if isinstance(a, Answer) and a.code == "swapped"]
    if len({entry.card.kind for entry, _ in odd}) != 2 or len(odd) != 2:
        return [*weighed]
    pairs = zip((answer for _, answer in odd), (odd[1][1], odd[0][1]), strict=True)
    offered = {
        one.register_id: replace(one, verdict=replace(one.verdict, suggested=other.value))
        for one, other in pairs if one.verdict
    }  # fmt: skip
    return [offered.get(one.register_id, one) if isinstance(one, Answer) else one for one in weighed]


def _with_leak(entry: Entry, answer: Answer, known: Known, today: date) -> Answer:
    """The answer with what its reading looks like beside those of earlier months (D24)."""
    if answer.value is None or answer.at is None or entry.window is None or answer.state != "saved":
        return answer
    number, month = entry.dial.register_id, entry.window.period
    lines = history.lines_of(known.get(number, ()), {number: entry.dial.digits or 5})
    earlier = [line for line in lines if line.month < month][::-1]
    new = history.Line(number, "", today, answer.at, month, answer.value, answer.used, Source.SELF, False, None, None)
    return replace(answer, leak=history.leaks(entry.card, [new, *earlier]).get(number))


def _begin(
    session: Session, place: Place, register_ids: list[int], once: str, actor: Actor
) -> tuple[AnyRow | None, set[Days]]:
    """Lock the registers; the receipt of the same form, if it was accepted before, and the absences of the tenure.

    One that was written while this waited for the lock is not seen. The readings that it speaks of are (`_known`
    is a statement of its own), and the same values get the same answers from them.
    """
    values = absences.told(place) | {"ids": register_ids, "once": once, "user_id": actor.user_id or 0}
    rows = session.execute(_LOCK, values).fetchall()
    away = {(row.starts_on, row.ends_on) for row in rows if row.starts_on}
    return rows[0] if rows and rows[0].content_hash else None, away


def _known(session: Session, place: Place, today: date) -> Known:
    since = max(place.since, today - timedelta(days=400))
    values = {"premises_id": place.id, "since": since, "today": today}
    by_register: dict[int, list[AnyRow]] = {}
    for row in session.execute(_KNOWN, values):
        by_register.setdefault(row.register_id, []).append(row)
    return by_register


def _stored(
    session: Session, weighed: Iterable[Answer | Decision], actor: Actor, now: datetime, today: date
) -> list[Answer]:
    """Insert the new readings (PostgreSQL: with one statement) and mark what they supersede with another."""
    pairs = [(item, _reading(item, actor, now, today) if isinstance(item, Decision) else None) for item in weighed]
    session.add_all([reading for _, reading in pairs if reading])
    session.flush()
    replaced = [
        {"id": item.supersedes, "superseded_at": now, "superseded_by_id": reading.id, "changed_at": now}
        for item, reading in pairs
        if reading and isinstance(item, Decision) and item.supersedes
    ]
    if replaced:
        session.execute(sa.update(Reading), replaced)
    return [
        Answer(
            item.entry.dial.register_id, "saved", item.flag or "", "", item.value, item.used, now,
            reading_id=new.id if new else None, read_on=new.read_on if new else None,
        )
        if isinstance(item, Decision)
        else item
        for item, new in pairs
    ]


def _reading(item: Decision, actor: Actor, now: datetime, today: date) -> Reading:
    window, noted = item.entry.window, item.entry.noted
    assert window is not None
    return Reading(
        register_id=item.entry.dial.register_id, value=item.value, received_at=now, changed_at=now,
        read_on=noted.on if noted else today, taken_at=noted.at if noted else None,
        period=None if window.is_final else window.period, source=Source(actor.source), rolled_over=item.rolled_over,
        flag=item.flag, actor_user_id=actor.user_id, principal_customer_id=actor.principal_customer_id,
        mandate_version=actor.mandate_version, session_method=actor.session_method,
    )  # fmt: skip


def _outcome(answer: Answer) -> Mapping[str, Any]:
    assert answer.at is not None  # whatever is saved was received
    at = answer.at.isoformat()
    return {"register": answer.register_id, "value": answer.value, "used": answer.used, "flag": answer.code, "at": at}


def _answered(earlier: AnyRow) -> Mapping[int, Answer]:
    """What the first sending of a form was told of the readings that it stored, by register."""
    return {
        item["register"]: Answer(
            item["register"], "saved", item["flag"], "", item["value"], item["used"], datetime.fromisoformat(item["at"])
        )
        for item in earlier.detail["saved"]
    }
