"""The life of an account: issued, invited, visited for the first time, disabled, closed (A11, A12, A17, A20)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import emails, lending, outbox, search, sessions, throttle, tokens
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.database import metadata
from models.people import BY_LOGIN, User
from models.privacy import PERIODS
from models.rules.identifiers import fold_login
from models.rules.mail import address_ok, header_safe
from models.sessions import KnownDevice
from models.types import AnyRow, Role, new_public_id

INVITATION = "account.invitation"  # the purpose of its link
ACTS = ("unlocked", "invited_again", "link_sent", "email")  # of staff, for somebody's account
AGAIN_AFTER = timedelta(minutes=5)  # the same form sent twice writes one letter
_LETTERS = {"invited_again": "invitation", "link_sent": "password_reset"}
_DEVICES = sa.select(col(KnownDevice.token_hash)).where(col(KnownDevice.user_id) == sa.bindparam("user_id"))
_CONTACTS = sa.select(col(User.email), col(User.email_wanted), col(User.phone), col(User.name)).where(
    col(User.id) == sa.bindparam("user_id")
)
_TO_INVITE = sa.select(User).where(
    col(User.password_hash).is_(None), col(User.email).is_not(None), col(User.disabled_at).is_(None)
)


class AccountError(ValueError):
    """An account cannot be made like this; the message says why."""


def contacts(connection: Connection, user_id: int) -> AnyRow:
    """E-mail address, the one that waits for its confirmation, telephone, and the name."""
    return connection.execute(_CONTACTS, {"user_id": user_id}).one()


def issue(session: Session, user: User, codes: Sequence[str]) -> None:
    """Add an account for these customers, by their codes. Raises `AccountError`."""
    user.username, user.email = fold_login(user.username), fold_login(user.email or "") or None
    _check(user)
    names = [name for name in (user.username, user.email) if name]
    taken = sa.select(col(User.id)).where(sa.or_(col(User.username).in_(names), col(User.email).in_(names)))
    if session.execute(taken).first():
        raise AccountError("this user name or e-mail address is taken")
    found = session.scalars(sa.select(Customer).where(col(Customer.code).in_(codes))).all()
    if unknown := {*codes} - {customer.code for customer in found}:
        raise AccountError(f"no customer has the code {', '.join(sorted(unknown))}")
    session.add(user)
    session.flush()
    session.add_all([CustomerUser(user_id=user.id or 0, customer_id=customer.id or 0) for customer in found])
    record(session, Actor(None, "command"), "account.issued", object_type="user", object_id=user.id)


def _check(user: User) -> None:
    """Names and address are such that nobody else's login, and no line of a letter, is touched (security rule 15)."""
    fine = {
        "a user name of 1 to 100 characters": 0 < len(user.username) <= 100 and header_safe(user.username),
        "a name of 1 to 200 characters": 0 < len(user.name.strip()) <= 200 and header_safe(user.name),
        "an e-mail address such as anna@example.com": not user.email or address_ok(user.email),
        "a user name with @ only as the own e-mail address": "@" not in user.username or user.username == user.email,
    }
    if problems := [expected for expected, holds in fine.items() if not holds]:
        raise AccountError(f"expected {problems[0]}")


def is_known(connection: Connection, address: str) -> bool:
    """Whether somebody signs in by this address (folded)."""
    return connection.execute(BY_LOGIN.with_only_columns(col(User.id)), {"login": address}).first() is not None


def begin(session: Session, address: str, name: str, language: str) -> int:
    """An account for who holds a link that went to this address. Raises `IntegrityError` for one that is known."""
    user = User(username=address, email=address, name=name, language=language)
    session.add(user)
    session.flush()
    record(session, Actor(user.id, "web"), "account.registered", object_type="user", object_id=user.id)
    return user.id or 0


def invite(session: Session, now: datetime, *, again: bool = False, only: User | None = None) -> int:
    """Queue one letter to each account without a password, or to this one, with a link to set it (LG-06); how many.

    Nobody is invited twice, unless `again`. Two commands at once share the accounts between them.
    """
    waiting = _TO_INVITE if again else _TO_INVITE.where(col(User.invited_at).is_(None))
    if only:
        waiting = waiting.where(col(User.id) == only.id)
    count = 0
    for user in session.scalars(waiting.with_for_update()).all():
        if address_ok(user.email or ""):
            user.invited_at, count = now, count + 1
            outbox.write_to(session, user, user.email, "invitation")
    if count:
        record(session, Actor(None, "command"), "account.invited", detail={"count": count})
    return count


def visit(
    session: Session, terms: int, actor: Actor, email: str | None, phone: str | None, now: datetime
) -> throttle.Wait | None:
    """The first visit: contact details are right and this version of the terms accepted (LG-05, OG-14).

    An address that is not the account's own waits for its confirmation. `Wait` for too many letters.
    """
    user = session.get_one(User, actor.user_id)
    if email and email != user.email and (wait := emails.ask(session, actor, email, now)):
        return wait
    user.phone = phone
    accept_terms(session, terms, actor)
    return None


def accept_terms(session: Session, terms: int, actor: Actor) -> None:
    """She has read this version of the terms; the audit row says when."""
    user = session.get_one(User, actor.user_id)
    if user.terms_version != terms:
        user.terms_version = terms
        record(session, actor, "terms.accepted", detail={"version": terms})


def set_phone(session: Session, actor: Actor, phone: str | None) -> None:
    """Another telephone (E.164), or none."""
    user = session.get_one(User, actor.user_id)
    if user.phone != phone:
        user.phone = phone
        record(session, actor, "phone.changed")


def refusal(user: AnyRow, act: str) -> str:
    """Why staff cannot do one of `ACTS` for a user (of `dossier.users`): "blocked", "no_address", …; "" if they can.

    Another address needs a former one, which is told of it: else whoever calls could take an account over.
    """
    registered = user.has_password or user.confirmed
    if user.disabled_at or (act != "unlocked" and not user.email):
        return "blocked" if user.disabled_at else "no_address"
    wrong = {"invited_again": ("registered", registered), "link_sent": ("not_registered", not registered)}
    why, holds = wrong.get(act, ("", False))
    return why if holds else ""


def help_out(
    session: Session, actor: Actor, user_id: int, act: str, reason: str, now: datetime, address: str = ""
) -> throttle.Wait | None:
    """Staff do one of `ACTS`, and she reads why. `address`: the wanted one, folded (see `models.emails.ask`).

    Unlocking ends the pause after wrong passwords; that after wrong second proofs stays. `Wait` for too many letters.
    """
    about: dict[str, Any] = {"object_type": "user", "object_id": user_id}
    about["detail"] = {"purpose": reason, "category": "settings"}
    if act == "email":
        return emails.ask(session, actor, address, now, user_id, **about)
    user = session.get_one(User, user_id, with_for_update=True)
    if act == "unlocked":
        names = [f"login {name}" for name in {user.username, user.email} if name]
        devices = session.scalars(_DEVICES, {"user_id": user_id}).all()
        throttle.release(session, [*names, *(f"{name} {device}" for name in names for device in devices)])
    elif not outbox.lately(session, user_id, _LETTERS[act], now - AGAIN_AFTER):
        user.invited_at = now if act == "invited_again" else user.invited_at
        outbox.write_to(session, user, user.email, _LETTERS[act])
    record(session, actor, f"account.{act}", **about)
    return None


def disable(session: Session, username: str, now: datetime) -> bool:
    """Nobody gets in by this account any more, and who is in is out. False for an unknown name."""
    user = session.scalars(sa.select(User).where(col(User.username) == fold_login(username))).first()
    if user is None:
        return False
    shut(session, user, now)
    record(session, Actor(None, "command"), "account.disabled", object_type="user", object_id=user.id)
    return True


def close(session: Session, actor: Actor, now: datetime) -> None:
    """End one's own account: nothing personal stays, customers keep what the law wants kept (A20; GDPR 17).

    Invoices, payments and readings belong to the customer and stay; the audit trail stays. Closing twice is the
    same as once. Raises `AccountError` for staff, whose accounts the operator ends.
    """
    user = session.get_one(User, actor.user_id, with_for_update=True)
    if user.role is not Role.RESIDENT:
        raise AccountError("staff accounts are disabled, not closed")
    if user.closed_at:
        return
    lending.end_all(session, actor, now)
    address, language = user.email, user.language or ""
    shut(session, user, now)
    user.closed_at, user.username, user.name = now, f"closed-{new_public_id()}", ""
    user.email = user.email_wanted = user.phone = user.password_hash = user.language = None
    search.rename(session, user.id or 0)
    for rule in PERIODS["closed_accounts"]["rules"]:
        if {*rule} == {"table", "rows"}:  # what takes longer is the purge's
            table = metadata().tables[rule["table"]]
            session.execute(sa.delete(table).where(table.c.user_id == user.id))
    record(session, actor, "account.closed")
    if address and address_ok(address):
        outbox.queue(session, "account_closed", None, address, language)


def shut(session: Session, user: User, now: datetime) -> None:
    """Nobody gets in by this account: its sessions end, and links in letters open nothing."""
    user.disabled_at = now
    sessions.end_others(session, user.id or 0, 0, now)
    tokens.void(session, None, user.id or 0, now)
