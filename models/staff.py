"""The operator's staff: who of them has an account, by invitation only, and what waits for them (H11; ASVS 6.3.2).

There is no account to begin with: `flask staff invite` writes to an address, and the link in that letter lets its
reader choose a password and add an app for codes, both at once. Nobody of the staff gets in without both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import accounts, factors, outbox, sessions, tokens
from models.access_requests import AccessRequest
from models.attorneys import Attorney
from models.audit import Actor, record
from models.bank import BankEntry, EntryState
from models.factors import Factor
from models.people import BY_LOGIN, User
from models.reading_mails import ReadingMail
from models.registrations import Waiting
from models.rules.identifiers import fold_login
from models.rules.mail import address_ok, header_safe
from models.rules.threads import ThreadState
from models.sessions import WebSession
from models.threads import Thread
from models.types import AnyRow, Role

INVITATION = "staff"  # the purpose of its link
_RANKS = [role for role in Role if role is not Role.RESIDENT]
# Counted, because PostgreSQL would read all factors of everybody for an EXISTS.
_HERS = sa.select(sa.func.count()).select_from(Factor).where(col(Factor.user_id) == col(User.id))
_KINDS = [_HERS.where(col(Factor.kind) == kind).scalar_subquery().label(kind) for kind in factors.KINDS]
_ALL = (
    sa.select(col(User.id), col(User.name), col(User.email), col(User.username), col(User.role), col(User.disabled_at))
    .add_columns(*_KINDS, sa.func.max(col(WebSession.seen_at)).label("seen_at"))
    .outerjoin(WebSession, col(WebSession.user_id) == col(User.id))
    .where(col(User.role).in_(_RANKS)).group_by(col(User.id)).order_by(col(User.name), col(User.id))
)  # fmt: skip
_ONE = _ALL.where(col(User.id) == sa.bindparam("number"))
_WAIT: Mapping[str, tuple[Any, sa.ColumnElement[bool]]] = {
    "messages": (col(Thread.changed_at), col(Thread.state) == ThreadState.OPEN),
    "registrations": (col(Waiting.asked_at), col(Waiting.customer_id).is_(None)),
    "powers": (col(Attorney.asked_at), col(Attorney.decided_at).is_(None)),
    "requests": (
        col(AccessRequest.asked_at), col(AccessRequest.owner_id).is_(None) & col(AccessRequest.looked_at).is_not(None),
    ),
    "emails": (col(ReadingMail.received_at), col(ReadingMail.decided_at).is_(None)),
    "payments": (col(BankEntry.booked_on), col(BankEntry.state) == EntryState.OPEN),
}  # fmt: skip
_WAITING = sa.select(*(
    sa.select(figure).where(waits).scalar_subquery()
    for at, waits in _WAIT.values() for figure in (sa.func.count(at), sa.func.min(at))
))  # fmt: skip


class StaffError(ValueError):
    """Who cannot be invited, in one sentence."""


class Refused(ValueError):
    """It was not done: "own", because it is about herself, or "changed", as a colleague was faster."""


def invite(session: Session, actor: Actor, address: str, name: str, role: Role, language: str, now: datetime) -> None:
    """Write to this address with a link; to one of the staff again, with what is said of her now, and a new link.

    Until she opens it she gets in as before. Raises `StaffError` for a resident's address or one that is none.
    """
    address, name = fold_login(address), " ".join(name.split())
    if not (address_ok(address) and 0 < len(name) <= 200 and header_safe(name)):
        raise StaffError("expected an e-mail address and a name of 1 to 200 characters")
    user = session.scalars(BY_LOGIN, {"login": address}).first() or User(username=address, email=address, name=name)
    if user.id and (user.role is Role.RESIDENT or user.email != address):
        raise StaffError("this address is a resident's: staff need another one")
    if user.id and user.role is not role:  # what is open in her tabs was opened by the old one
        sessions.end_others(session, user.id, 0, now)
    user.name, user.role, user.language, user.invited_at, user.disabled_at = name, role, language, now, None
    session.add(user)
    session.flush()
    record(session, actor, "staff.invited", object_type="user", object_id=user.id, detail={"role": role})
    outbox.write_to(session, user, address, "staff_invitation")


def change(session: Session, actor: Actor, number: int, act: str, role: Role, now: datetime) -> None:
    """`act`: her "role" becomes this one, "disable" or "enable" her account, "invite" her again (ASVS 7.4.2, 8.3.2).

    Nobody does it about herself, and whoever does it is an administrator still while it is done, as the rows of all of
    them are held: so one always stays. Where the right is another, or none, what is open ends. Raises `Refused`.
    """
    concerned = sa.or_(col(User.role) == Role.ADMINISTRATOR, col(User.id) == number)
    held = sa.select(User).where(concerned, col(User.role).in_(_RANKS)).order_by(col(User.id)).with_for_update()
    rows = {user.id: user for user in session.scalars(held)}
    user, mine = rows.get(number), rows.get(actor.user_id)
    if user is mine or user is None or mine is None or mine.disabled_at or mine.role is not Role.ADMINISTRATOR:
        raise Refused("own" if number == actor.user_id else "changed")
    about: dict[str, Any] = {"object_type": "user", "object_id": number}
    if act == "invite":
        if user.disabled_at or not user.email:
            raise Refused("changed")
        invite(session, actor, user.email, user.name, user.role, user.language or "", now)
    elif act == "role" and user.role is not role:
        record(session, actor, "staff.role_changed", **about, detail={"from": user.role, "to": role})
        user.role = role
        sessions.end_others(session, number, 0, now)
    elif act == "disable" and not user.disabled_at:
        record(session, actor, "account.disabled", **about)
        accounts.shut(session, user, now)
    elif act == "enable" and user.disabled_at:
        record(session, actor, "account.enabled", **about)
        user.disabled_at = None


def enter(session: Session, secret: str, hashed: str, app: Factor, codes: Mapping[str, str], now: datetime) -> bool:
    """Use up the link: from now on she gets in by this password and this app (or these codes), and by nothing older.

    `hashed`: of the password. `codes`: hashes of recovery codes, as `factors.renew_codes` takes them. False when the
    link is dead.
    """
    found = tokens.use(session, INVITATION, secret, now)
    user = session.get_one(User, found.user_id) if found else None
    if found is None or user is None or user.disabled_at or found.detail.get("address") != user.email:
        return False
    actor = Actor(user.id, "web", session_method="password")
    user.password_hash, user.password_issued = hashed, False
    session.execute(sa.delete(Factor).where(col(Factor.user_id) == user.id))
    tokens.void(session, None, user.id or 0, now)
    record(session, actor, "password.changed")
    factors.add(session, actor, 0, now, app)
    factors.renew_codes(session, actor, codes)
    return True


def everybody(connection: Connection) -> Sequence[AnyRow]:
    """All of the staff by name: by how many apps ("totp") and passkeys each signs in, and when she was seen last."""
    return connection.execute(_ALL).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """The same of one of them."""
    return connection.execute(_ONE, {"number": number}).first()


def waiting(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """How much waits for staff at each desk, and since when the oldest of it, in one statement."""
    row = connection.execute(_WAITING).one()
    return {desk: (row[2 * place], row[2 * place + 1]) for place, desk in enumerate(_WAIT)}
