"""Second factors of a person and her recovery codes (A19): what is stored, and that each proof is taken once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import outbox, sessions
from models.audit import Actor, record
from models.people import User
from models.types import AnyRow, Numbered, Role, utc_now

KINDS = ("totp", "passkey")  # what a login asks for; recovery codes stand in for these


class Factor(Numbered, table=True):
    """An app that makes codes ("totp"), a passkey, or one recovery code ("recovery")."""

    user_id: int = Field(foreign_key="user_account.id", index=True)
    kind: str = Field(max_length=16)
    name: str = Field(default="", max_length=60)  # what she calls a passkey; of a recovery code its first group
    # The encrypted secret of an app, the public key of a passkey, the password hash of the rest of a recovery code.
    secret: str
    credential_id: str | None = Field(default=None, unique=True, max_length=1400)
    counter: int = Field(default=0, sa_type=sa.BigInteger)  # the last time step used, or the passkey's signatures
    created_at: datetime = Field(default_factory=utc_now)
    used_at: datetime | None = None


_TABLE: sa.Table = Factor.__table__  # type: ignore[attr-defined]
_OWN = sa.select(_TABLE).where(_TABLE.c.user_id == sa.bindparam("user_id")).order_by(_TABLE.c.id)
_HAS = sa.exists().where(_TABLE.c.user_id == col(User.id), _TABLE.c.kind.in_(KINDS)).label("has")
_ASKED = sa.select(col(User.role), _HAS).where(col(User.id) == sa.bindparam("user_id"))
_PASSKEY = (
    sa.select(_TABLE, col(User.role))
    .join(User, col(User.id) == _TABLE.c.user_id)
    .where(_TABLE.c.credential_id == sa.bindparam("credential_id"), col(User.disabled_at).is_(None))
)


def own(connection: Connection | Session, user_id: int) -> Sequence[AnyRow]:
    """All of a person's, recovery codes too, oldest first."""
    return connection.execute(_OWN, {"user_id": user_id}).fetchall()


def asked(session: Session, user_id: int) -> tuple[bool, bool]:
    """Whether a login by password is only half of it, and whether it is one of the operator's staff.

    Of staff it always is (security rule 6.3.3): who of them has no second factor does not get in.
    """
    row = session.execute(_ASKED, {"user_id": user_id}).one()
    is_staff = row.role is not Role.RESIDENT
    return is_staff or row.has, is_staff


def passkey(session: Session, credential_id: str) -> AnyRow | None:
    """The passkey of this number, of whoever may log in."""
    return session.execute(_PASSKEY, {"credential_id": credential_id}).first()


def add(session: Session, actor: Actor, session_id: int, now: datetime, factor: Factor) -> bool:
    """Add a passkey, or an app instead of the one before. False when this passkey is somebody's already."""
    if factor.credential_id and passkey(session, factor.credential_id):
        return False
    if factor.kind == "totp":
        session.execute(sa.delete(_TABLE).where(_TABLE.c.user_id == factor.user_id, _TABLE.c.kind == "totp"))
    session.add(factor)
    _changed(session, actor, f"{factor.kind}_added", session_id, now)
    return True


def remove(session: Session, actor: Actor, session_id: int, now: datetime, number: int) -> bool:
    """Remove one of her own; with the last one her recovery codes go, which stand in for nothing then.

    False for the last one of staff, who always need one.
    """
    user = session.get_one(User, actor.user_id, with_for_update=True)
    mine = [row.id for row in own(session, actor.user_id or 0) if row.kind in KINDS]
    if mine == [number] and user.role is not Role.RESIDENT:
        return False
    if number not in mine:
        return True
    gone = sa.true() if mine == [number] else _TABLE.c.id == number
    session.execute(sa.delete(_TABLE).where(_TABLE.c.user_id == actor.user_id, gone))
    _changed(session, actor, "removed", session_id, now)
    return True


def renew_codes(session: Session, actor: Actor, hashes: Mapping[str, str]) -> None:
    """New recovery codes instead of all older ones: the hash of each by its first group."""
    user_id = actor.user_id or 0
    older: Any = session.execute(sa.delete(_TABLE).where(_TABLE.c.user_id == user_id, _TABLE.c.kind == "recovery"))
    if older.rowcount:
        tell(session, user_id, "codes_renewed")
    same = {"user_id": user_id, "kind": "recovery", "counter": 0, "created_at": utc_now()}
    session.execute(sa.insert(_TABLE), [same | {"name": name, "secret": text} for name, text in hashes.items()])
    record(session, actor, "factor.codes_renewed")


def use(session: Session, row: AnyRow, counter: int, now: datetime) -> bool:
    """Take a proof: of an app only a later step than the last, a recovery code once. False when it was taken before."""
    one = _TABLE.c.id == row.id
    if row.kind == "recovery":
        taken: Any = session.execute(sa.delete(_TABLE).where(one))
        tell(session, row.user_id, "code_used")
    else:
        later = _TABLE.c.counter < counter if row.kind == "totp" else sa.true()
        taken = session.execute(sa.update(_TABLE).where(one, later).values(counter=counter, used_at=now))
    return bool(taken.rowcount)


def _changed(session: Session, actor: Actor, what: str, session_id: int, now: datetime) -> None:
    """Noted, told in a letter (ASVS 6.3.7), and every other session of hers ends (ASVS 7.4.3)."""
    record(session, actor, f"factor.{what}")
    sessions.end_others(session, actor.user_id or 0, session_id, now)
    tell(session, actor.user_id or 0, what)


def tell(session: Session, user_id: int, what: str) -> None:
    """Write to a person that something about her ways of logging in has changed."""
    user = session.get_one(User, user_id)
    outbox.write_to(session, user, user.email, "factor_changed", what=what)
