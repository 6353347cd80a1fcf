"""Requests for access to a flat: its owner or staff answer, and nobody learns who owns it (F09; features.md §6, 10).

The form does the same for whatever was typed. The worker looks afterwards whom it concerns: each owner with an account
gets a row of her own, and what concerns none of them waits for staff.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import outbox, throttle
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.database import Database
from models.people import User
from models.premises import Premises
from models.registrations import PAUSE
from models.rules.identifiers import fold_address, fold_code
from models.tenures import Tenure, during
from models.types import AnyRow, Numbered, TenureRole, utc_now


class AccessRequest(Numbered, table=True):
    """One person who asks one owner for access, or somebody whom nobody has found yet."""

    __tablename__ = "access_request"

    user_id: int = Field(foreign_key="user_account.id", index=True)
    owner_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    wanted: str = Field(max_length=240)  # a customer code or an address, as it was typed
    who: str = Field(max_length=200)  # she says she is
    asked_at: datetime = Field(default_factory=utc_now)
    looked_at: datetime | None = None  # by the worker; without an owner it is for staff then


_TABLE: sa.Table = AccessRequest.__table__  # type: ignore[attr-defined]
_ASKED = sa.select(_TABLE, col(User.name), col(User.email)).join(User, col(User.id) == _TABLE.c.user_id)
_NEW = sa.select(AccessRequest).where(col(AccessRequest.looked_at).is_(None))
_OWNERS = (
    sa.select(User).join(CustomerUser, col(CustomerUser.user_id) == col(User.id))
    .join(Customer, col(Customer.id) == col(CustomerUser.customer_id))
    .join(Tenure, col(Tenure.customer_id) == col(Customer.id)).distinct()
    .where(col(Tenure.role) != TenureRole.TENANT, during(sa.bindparam("today")), col(User.disabled_at).is_(None))
    .where(col(User.id) != sa.bindparam("user_id"))
)  # fmt: skip


def ask(
    session: Session, actor: Actor, wanted: str, who: str, address: str | None, now: datetime
) -> throttle.Wait | None:
    """Note it, in the same way whether there is such a flat or not; once, however often she asks. `Wait`: too often."""
    for lane in (f"{fold_address(wanted)} flat", f"{actor.user_id} request"):
        left = throttle.take_try(session, lane, address, now, PAUSE)
        if isinstance(left, throttle.Wait):
            return left
    throttle.slow_address(session, address or "", now)
    if not session.scalars(sa.select(_TABLE.c.id).where(_of(actor.user_id, wanted))).first():
        session.add(AccessRequest(user_id=actor.user_id or 0, wanted=wanted, who=who))
    record(session, actor, "access.asked")
    return None


def _of(user_id: int | None, wanted: str) -> sa.ColumnElement[bool]:
    return sa.and_(_TABLE.c.user_id == user_id, _TABLE.c.wanted == wanted)


def pass_on(database: Database, today: date, now: datetime) -> None:
    """Write to the owners of what was asked for since; the rest is for staff."""
    with database.read() as connection:
        if not connection.execute(_NEW.limit(1)).first():
            return
        places: defaultdict[str, set[int]] = defaultdict(set)  # by address, with and without its town
        for number, address in connection.execute(sa.select(col(Premises.id), col(Premises.address))):
            for name in (address, address.partition(",")[0]):
                places[fold_address(name)].add(number or 0)
    with database.write() as session:
        for row in session.scalars(_NEW.with_for_update(skip_locked=True)).all():
            row.looked_at, name = now, session.get_one(User, row.user_id).name
            owners = _owners(session, row, places[fold_address(row.wanted)], today)
            for owner in owners:
                session.add(AccessRequest(**row.model_dump(exclude={"id", "owner_id"}), owner_id=owner.id))
                outbox.write_to(session, owner, owner.email, "access_request", name=name, who=row.who)
            if owners:
                session.delete(row)


def _owners(session: Session, row: AccessRequest, there: set[int], today: date) -> Sequence[User]:
    """Of the customer with this code, and of the premises with this address where these are the only ones."""
    codes, there = [row.wanted, fold_code(row.wanted)], there if len(there) == 1 else set()
    where = sa.or_(col(Customer.code).in_(codes), col(Tenure.premises_id).in_(there))
    return session.scalars(_OWNERS.where(where), {"today": today, "user_id": row.user_id}).all()


def of(connection: Connection | Session, owner_id: int | None) -> Sequence[AnyRow]:
    """What this owner was asked, with name and e-mail address of who asks."""
    mine = _ASKED.where(_TABLE.c.owner_id == owner_id, _TABLE.c.looked_at.is_not(None))
    return connection.execute(mine.order_by(_TABLE.c.id)).fetchall()


def for_staff(connection: Connection, most: int) -> Sequence[AnyRow]:
    """No more than `most` that found no owner, the oldest first, as `of` gives them."""
    theirs = _ASKED.where(_TABLE.c.owner_id.is_(None), _TABLE.c.looked_at.is_not(None)).order_by(_TABLE.c.id)
    return connection.execute(theirs.limit(sa.literal_column(f"{most}"))).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """One of those."""
    mine = _ASKED.where(_TABLE.c.id == number, _TABLE.c.owner_id.is_(None), _TABLE.c.looked_at.is_not(None))
    return connection.execute(mine).first()


def close(session: Session, actor: Actor, row: AnyRow, action: str) -> None:
    """One of these is decided, for all who were asked the same."""
    session.execute(sa.delete(_TABLE).where(_of(row.user_id, row.wanted)))
    record(session, actor, action, object_type="user", object_id=row.user_id)
