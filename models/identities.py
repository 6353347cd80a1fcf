"""Who a person is for banks and eParaksts: identities that a provider proved, linked to one user (A15; OG-20).

Linked only by issuer and subject, or by the state's own code that the provider proved; never by e-mail (rule 4).
"""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.joining import join
from models.people import User
from models.tenures import owns
from models.types import AnyRow, Numbered, utc_now


class Identity(Numbered, table=True):
    """One person at one provider. The code is kept as a keyed hash; a person may exchange hers for a new one."""

    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    user_id: int = Field(foreign_key="user_account.id", index=True)
    family: str = Field(max_length=16)  # "bank" or "eparaksts"
    provider: str = Field(max_length=60)  # as people read it
    issuer: str = Field(max_length=200)
    subject: str = Field(max_length=255)
    code_hash: str | None = Field(default=None, index=True, max_length=64)
    linked_at: datetime = Field(default_factory=utc_now)
    used_at: datetime = Field(default_factory=utc_now)


class Another(Exception):
    """The identity, or its code, is another user's: nothing is linked, and staff can see it in the audit trail."""


_TABLE: sa.Table = Identity.__table__  # type: ignore[attr-defined]
_OWNERS = (
    sa.select(_TABLE.c.id, _TABLE.c.user_id, _TABLE.c.issuer, _TABLE.c.subject, _TABLE.c.code_hash)
    .where(
        sa.or_(
            sa.and_(_TABLE.c.issuer == sa.bindparam("issuer"), _TABLE.c.subject == sa.bindparam("subject")),
            _TABLE.c.code_hash == sa.bindparam("code_hash"),
        )
    )
    .order_by(_TABLE.c.id)
)
_OWN = sa.select(_TABLE).where(_TABLE.c.user_id == sa.bindparam("user_id")).order_by(_TABLE.c.id)


def own(connection: Connection | Session, user_id: int) -> Sequence[AnyRow]:
    """The identities of a user, oldest first."""
    return connection.execute(_OWN, {"user_id": user_id}).fetchall()


def recognise(session: Session, identity: Identity, now: datetime) -> int | None:
    """The user whose identity this is, which is noted; None for somebody new. Raises `Another`.

    By issuer and subject; else by the code, and then this provider is linked too. An identity that comes back with
    another code keeps its user (codes are exchanged), unless that code is somebody else's.
    """
    mine, owners = _owners(session, identity)
    if len(owners) > 1:
        record(session, Actor(None, "web"), "identity.conflict", detail={"users": sorted(owners)})
        raise Another
    if not owners:
        return None
    (user_id,) = owners
    if mine is None:
        _link(session, identity, user_id, now)
    else:
        found = {"used_at": now} | ({"code_hash": identity.code_hash} if identity.code_hash else {})
        session.execute(sa.update(_TABLE).where(_TABLE.c.id == mine.id).values(found))
    return user_id


def link(session: Session, actor: Actor, identity: Identity, now: datetime) -> None:
    """Link an identity to who is logged in, freshly proved. Raises `Another` where it is somebody else's."""
    mine, owners = _owners(session, identity)
    if owners - {actor.user_id}:
        record(session, actor, "identity.refused", detail={"provider": identity.provider})
        raise Another
    if mine is None:
        _link(session, identity, actor.user_id or 0, now, actor)


def unlink(session: Session, actor: Actor, number: int) -> bool:
    """Take one of one's own identities away. False for another's, and for the last way in."""
    rows = own(session, actor.user_id or 0)
    user = session.get_one(User, actor.user_id)
    if number not in [row.id for row in rows] or (len(rows) == 1 and user.password_hash is None):
        return False
    session.execute(sa.delete(_TABLE).where(_TABLE.c.id == number))
    record(session, actor, "identity.unlinked", object_type="identity", object_id=number)
    return True


def claim(session: Session, user_id: int, now: datetime, owners_on: date | None = None) -> int:
    """Make the user of proved identities the customers that have the same code in the billing data; how many.

    `owners_on`: only those who own something on that day (OG-02).
    """
    hashes = [row.code_hash for row in own(session, user_id) if row.code_hash]
    if not hashes:
        return 0
    known = sa.select(col(CustomerUser.customer_id)).where(col(CustomerUser.user_id) == user_id)
    mine = sa.select(col(Customer.id)).where(col(Customer.identifier_hash).in_(hashes), col(Customer.id).not_in(known))
    if owners_on:
        mine = mine.where(owns(owners_on))
    new = [number for (number,) in session.execute(mine) if number is not None]
    if new:
        join(session, Actor(user_id, "web"), session.get_one(User, user_id), new, "customers.claimed")
    return len(new)


def _owners(session: Session, identity: Identity) -> tuple[AnyRow | None, set[int]]:
    """The row of this very identity, and every user who has it or its code."""
    values = {"issuer": identity.issuer, "subject": identity.subject, "code_hash": identity.code_hash}
    rows = session.execute(_OWNERS, values).fetchall()
    mine = next((row for row in rows if (row.issuer, row.subject) == (identity.issuer, identity.subject)), None)
    return mine, {row.user_id for row in rows}


def _link(session: Session, identity: Identity, user_id: int, now: datetime, actor: Actor | None = None) -> None:
    identity.user_id, identity.linked_at, identity.used_at = user_id, now, now
    session.add(identity)
    record(session, actor or Actor(user_id, "web"), "identity.linked", detail={"provider": identity.provider})
