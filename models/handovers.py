"""Hand-overs of premises: the former and the new owner confirm the same final readings (B08; decision 0017)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import outbox
from models.audit import Actor, record
from models.customers import Customer, CustomerUser, shown
from models.people import User
from models.places import Place
from models.premises import Premises
from models.readings import Reading
from models.rules.identifiers import fold_code
from models.types import Addressed, AnyRow, Source


class Handover(Addressed, table=True):
    """One hand-over. `state`: asked, then confirmed, refused or withdrawn; what follows is the billing system's."""

    premises_id: int = Field(foreign_key="premises.id", index=True)
    user_id: int | None = Field(foreign_key="user_account.id", index=True)  # who hands over
    customer_id: int | None = Field(default=None, foreign_key="customer.id")  # for whom: whose the premises are
    to_whom: str = Field(max_length=254)  # an e-mail address or a customer code, as she named the new owner
    to_email: str | None = Field(default=None, index=True, max_length=254)  # who signs in with it may answer
    changes_on: date  # the first day of the new owner
    readings: list[dict[str, Any]] = Field(sa_type=sa.JSON)  # as both see them: meter, register, value
    state: str = Field(default="asked", max_length=16, index=True)  # so that staff find what waits
    reason: str = Field(default="", max_length=300)  # of a refusal


_TABLE: sa.Table = Handover.__table__  # type: ignore[attr-defined]
_EMAIL = sa.select(col(User.email)).where(col(User.id) == sa.bindparam("user_id")).scalar_subquery()
_ALL = sa.select(_TABLE, col(Premises.address)).join(Premises).order_by(_TABLE.c.id.desc())
_BOTH = (_TABLE.c.user_id == sa.bindparam("user_id")) | (_TABLE.c.to_email == _EMAIL)
_MINE = _ALL.where(_BOTH, shown(_TABLE.c.customer_id))
_WAITING = _ALL.where(_TABLE.c.state.in_(["asked", "confirmed"]), _TABLE.c.changes_on >= sa.bindparam("since"))
_OF_CODE = (
    sa.select(col(User.email))
    .join(CustomerUser, col(CustomerUser.user_id) == col(User.id))
    .join(Customer, col(Customer.id) == col(CustomerUser.customer_id))
    .where(col(Customer.code).in_([sa.bindparam("typed"), sa.bindparam("code")]), col(User.disabled_at).is_(None))
    .where(col(User.email).is_not(None))
    .order_by(col(User.id))
)


def mine(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """The hand-overs that this user has begun (her `user_id`) or may answer, with the address, newest first."""
    return connection.execute(_MINE, {"user_id": user_id}).fetchall()


def waiting(connection: Connection, since: date, most: int) -> Sequence[AnyRow]:
    """No more than `most` since a day that the new owner has to answer or the billing system has to carry out."""
    return connection.execute(_WAITING.limit(sa.literal_column(f"{most}")), {"since": since}).fetchall()


def ask(session: Session, actor: Actor, place: Place, day: date, to_whom: str, readings: list[dict[str, Any]]) -> bool:
    """Ask the new owner, by e-mail address or customer code; whether there is such a person shows nowhere.

    False where an earlier one waits for its answer: it is to be answered or withdrawn before there is another.
    """
    session.get_one(Premises, place.id, with_for_update=True)  # of two forms at once the second sees the first
    row = Handover(premises_id=place.id, user_id=actor.user_id, to_whom=to_whom, changes_on=day, readings=readings)
    row.customer_id = actor.principal_customer_id
    known = session.scalars(_OF_CODE, {"typed": to_whom.upper(), "code": fold_code(to_whom)}).first()
    row.to_email = to_whom if "@" in to_whom else known
    asked = sa.select(Handover).filter_by(premises_id=place.id, user_id=actor.user_id, state="asked")
    if session.scalars(asked).first():
        return False
    session.add(row)
    session.flush()
    _note(session, actor, row)
    return True


def answer(
    session: Session, actor: Actor, number: int, state: str, reason: str = "", source: Source = Source.SELF
) -> bool:
    """Confirm, refuse with a reason or withdraw what was asked; False where that was done before. `source`: whose word.

    It stands in the record of the customer who hands over (F08). What both have confirmed is also the first reading in
    the new owner's time; no customer of hers is known there yet.
    """
    row = session.get(Handover, number, with_for_update=True)
    if row is None or row.state != "asked":
        return False
    actor = replace(actor, principal_customer_id=row.customer_id)
    row.state, row.reason = state, reason
    for one in row.readings if state == "confirmed" else ():
        first = Reading(register_id=one["register"], value=one["value"], read_on=row.changes_on, source=source)
        first.actor_user_id, first.session_method = actor.user_id, actor.session_method
        session.add(first)
    _note(session, actor, row)
    return True


def _note(session: Session, actor: Actor, row: Handover) -> None:
    """The audit row, and a letter to both."""
    detail = {"on": f"{row.changes_on}", "readings": row.readings, "reason": row.reason}
    about: dict[str, Any] = {"premises_id": row.premises_id, "object_type": "handover", "object_id": row.id}
    record(session, actor, f"handover.{row.state}", **about, detail=detail)
    said = {"state": row.state, "premises": session.get_one(Premises, row.premises_id).address}
    whose = sa.or_(col(User.id) == row.user_id, col(User.email) == (row.to_email or ""))
    people = session.scalars(sa.select(User).where(whose)).all()
    for user in people:
        outbox.write_to(session, user, user.email, "handover", **said)
    if row.to_email and row.to_email not in {user.email for user in people}:
        outbox.queue(session, "handover", None, row.to_email, "", **said)
