"""What was lent and ends by itself: reminders, the last day, and the end of the tenure that it hangs on (F04)."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from models.audit import Actor
from models.database import Database
from models.lending import end, tell
from models.mandates import Mandate, MandatePremises
from models.rules.mandates import REMIND, Ending, reminder_due
from models.tenures import Tenure

_AT_ONCE = 100
_FIRST, _SECOND = REMIND
# Opens nothing from the day after a tenure; a billing system that ends one by mistake has a week to say so.
_MOVED = timedelta(days=7)
_LASTS = col(Mandate.ended_at).is_(None)
_ENDING = sa.select(Mandate).where(
    col(Mandate.ends_on) <= sa.bindparam("first"), _LASTS, col(Mandate.accepted_at).is_not(None),
    sa.or_(
        col(Mandate.reminded).is_(None),
        sa.and_(col(Mandate.reminded) > _SECOND, col(Mandate.ends_on) <= sa.bindparam("second")),
        sa.and_(col(Mandate.reminded) > 0, col(Mandate.ends_on) < sa.bindparam("today")),
    ),
).limit(_AT_ONCE)  # fmt: skip
_LIVES_THERE = (
    sa.exists(sa.select(1).select_from(MandatePremises))
    .where(
        col(MandatePremises.mandate_id) == col(Mandate.id), col(Tenure.premises_id) == col(MandatePremises.premises_id),
        col(Tenure.customer_id) == col(MandatePremises.customer_id),
        sa.or_(col(Tenure.ends_on).is_(None), col(Tenure.ends_on) >= sa.bindparam("then")),
    )
)  # fmt: skip
_OVER = sa.select(Mandate).where(_LASTS, ~_LIVES_THERE).limit(_AT_ONCE)


def end_due(database: Database, today: date, now: datetime) -> None:
    """What comes with a new day. Several workers share what is due between them."""
    while remind(database, today) == _AT_ONCE:
        pass
    while end_moved(database, today, now) == _AT_ONCE:
        pass


def remind(database: Database, today: date) -> int:
    """Write to both sides 30 and 7 days before the last day, and when it is over (decisions.md 22); of how many."""
    days_on = {"today": today, "first": today + timedelta(days=_FIRST), "second": today + timedelta(days=_SECOND)}
    with database.write() as session:
        due = session.scalars(_ENDING.with_for_update(skip_locked=True), days_on).all()
        for mandate in due:
            mandate.reminded = reminder_due(mandate, mandate.reminded, today)
        tell(session, [mandate for mandate in due if mandate.reminded], "ending")
        tell(session, [mandate for mandate in due if not mandate.reminded], "expired")
    return len(due)


def end_moved(database: Database, today: date, now: datetime) -> int:
    """End what hangs on no tenure any more, so that none begins again with a later one; how many."""
    with database.write() as session:
        due = session.scalars(_OVER.with_for_update(skip_locked=True), {"then": today - _MOVED}).all()
        for mandate in due:
            end(session, Actor(None, "command"), mandate, Ending.MOVED, now)
    return len(due)
