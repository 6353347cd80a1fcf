"""Absences: days on which nobody is at home, announced by who lives there (B06)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.places import Place
from models.premises import Premises
from models.rules.absences import Days
from models.types import Addressed, AnyRow


class Absence(Addressed, table=True):
    """One absence, both days inclusive. Whose tenure has the day on which it was announced sees it (B04)."""

    __table_args__ = (sa.CheckConstraint("ends_on >= starts_on", name="days_in_order"),)

    premises_id: int = Field(foreign_key="premises.id", index=True)
    starts_on: date
    ends_on: date = Field(index=True)
    valves_closed: bool = False
    announced_on: date


_TABLE: sa.Table = Absence.__table__  # type: ignore[attr-defined]
DAYS = (_TABLE.c.starts_on, _TABLE.c.ends_on)
# Of one tenure on one premises (`told`).
TOLD = (_TABLE.c.premises_id == sa.bindparam("premises_id")) & _TABLE.c.announced_on.between(
    sa.bindparam("first"), sa.bindparam("last")
)
_SINCE = sa.select(_TABLE, col(Premises.address)).join(Premises).where(_TABLE.c.ends_on >= sa.bindparam("since"))


def everywhere(connection: Connection, since: date, most: int) -> Sequence[AnyRow]:
    """No more than `most` that end on this day or later, for staff: with the address, those first that end first."""
    found = _SINCE.order_by(_TABLE.c.ends_on, _TABLE.c.id).limit(sa.literal_column(f"{most}"))
    return connection.execute(found, {"since": since}).fetchall()


def told(place: Place) -> dict[str, Any]:
    """The values for `TOLD`: what was announced there in her time."""
    return {"premises_id": place.id, "first": place.since, "last": place.until}


def of_place(connection: Connection | Session, place: Place, since: date) -> Sequence[AnyRow]:
    """Those of a place that end on this day or later, those first that begin first."""
    return connection.execute(_SINCE.where(TOLD).order_by(*DAYS), told(place) | {"since": since}).fetchall()


def announce(session: Session, actor: Actor, place: Place, days: Days, valves: bool, today: date) -> Days | None:
    """Note an absence, `valves`: they are closed. None; or the days of another one that shares a day with it.

    Said twice it is noted once.
    """
    session.get_one(Premises, place.id, with_for_update=True)  # of two forms at once the second sees the first
    for row in of_place(session, place, days[0]):
        if row.starts_on <= days[1]:
            known = (row.starts_on, row.ends_on)
            return None if (known, row.valves_closed) == (days, valves) else known
    new = Absence(premises_id=place.id, starts_on=days[0], ends_on=days[1], valves_closed=valves, announced_on=today)
    session.add(new)
    session.flush()
    _record(session, actor, "absence.announced", new)
    return None


def end(session: Session, actor: Actor, place: Place, public_id: str, today: date) -> None:
    """They are back: it ends today; one that has not begun is withdrawn. Nothing where that was done already."""
    for row in of_place(session, place, today + timedelta(days=1)):
        if row.public_id == public_id:
            has_begun = row.starts_on <= today
            act = sa.update(_TABLE).values(ends_on=today) if has_begun else sa.delete(_TABLE)
            session.execute(act.where(_TABLE.c.id == row.id))
            _record(session, actor, "absence.ended" if has_begun else "absence.withdrawn", row)


def _record(session: Session, actor: Actor, action: str, row: Absence | AnyRow) -> None:
    detail = {"from": f"{row.starts_on}", "until": f"{row.ends_on}", "valves_closed": row.valves_closed}
    about: dict[str, Any] = {"premises_id": row.premises_id, "object_type": "absence", "object_id": row.id}
    record(session, actor, action, detail=detail, **about)
