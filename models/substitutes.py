"""Staff who are away: what is hers stands in the queue of her substitute too (H09)."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.types import AnyRow, AnySelect, Numbered


class StaffAway(Numbered, table=True):
    """Days, both inclusive, on which one of the staff is away, and who works in her place."""

    __tablename__ = "staff_away"

    staff_id: int = Field(foreign_key="user_account.id", unique=True)
    substitute_id: int = Field(foreign_key="user_account.id", index=True)
    starts_on: date
    ends_on: date


_AWAY: AnySelect = sa.select(StaffAway.__table__).where(  # type: ignore[attr-defined]
    col(StaffAway.staff_id) == sa.bindparam("staff_id")
)


def absence(connection: Connection, staff_id: int) -> AnyRow | None:
    """When one of the staff is away, as she has said last."""
    return connection.execute(_AWAY, {"staff_id": staff_id}).first()


def announce(session: Session, actor: Actor, substitute_id: int, starts: date, ends: date) -> None:
    """She is away on these days; what was said before does not hold any more."""
    _forget(session, actor)
    session.add(StaffAway(staff_id=actor.user_id or 0, substitute_id=substitute_id, starts_on=starts, ends_on=ends))
    about: dict[str, Any] = {"detail": {"substitute": substitute_id, "from": str(starts), "until": str(ends)}}
    record(session, actor, "staff.away", object_type="user", object_id=actor.user_id, **about)


def end_absence(session: Session, actor: Actor) -> None:
    """She is back."""
    if _forget(session, actor):
        record(session, actor, "staff.back", object_type="user", object_id=actor.user_id)


def _forget(session: Session, actor: Actor) -> int:
    done: Any = session.execute(sa.delete(StaffAway).where(col(StaffAway.staff_id) == actor.user_id))
    return int(done.rowcount)
