"""Forgotten and changed passwords (A06, A16; LU-44, LU-45, LU-50..53, DD-20, DD-21): by link only."""

from contextlib import suppress
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from auth.methods.password import Passwords, Second, Welcome, welcome
from models import emails, outbox, sessions, tokens
from models.accounts import INVITATION
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.database import Database
from models.people import BY_LOGIN, User
from models.rules.identifiers import fold_login
from models.rules.passwords import broken_rules
from models.site import Site

PURPOSE = "password.reset"
PURPOSES = (PURPOSE, INVITATION)  # a page for both
AGAIN_AFTER = timedelta(minutes=5)  # a second letter before that would only confuse, and could be used to annoy

_CODES = (
    sa.select(col(Customer.code), col(Customer.name))
    .join(CustomerUser, col(CustomerUser.customer_id) == col(Customer.id))
    .where(col(CustomerUser.user_id) == sa.bindparam("user_id"))
)


def ask(database: Database, name: str, now: datetime) -> None:
    """Queue a letter with a link for whoever has this e-mail or user name; the same work and no word otherwise."""
    with database.write() as session:
        user = session.scalars(BY_LOGIN.where(col(User.disabled_at).is_(None)), {"login": fold_login(name)}).first()
        record(session, Actor(user.id if user else None, "web"), "password.reset_requested")
        if user and not outbox.lately(session, user.id, "password_reset", now - AGAIN_AFTER):
            outbox.write_to(session, user, user.email, "password_reset")


def broken(connection: Connection, site: Site, user_id: int | None, password: str, *more: str) -> list[str]:
    """Which rules a new password of this user breaks; without a user, those that hold for everybody.

    `more`: words of her own that are not stored yet.
    """
    own: list[str] = [site.name, site.short_name, *more]
    if user_id:
        names = sa.select(col(User.username), col(User.name), col(User.email)).where(col(User.id) == user_id)
        username, name, email = connection.execute(names).one()
        own += [username, name, email or "", (email or "").partition("@")[0]]
        own += [word for row in connection.execute(_CODES, {"user_id": user_id}) for word in row]
    return broken_rules(password, site.password_min, own)


def renew(
    database: Database, passwords: Passwords, secret: str, password: str, login: sessions.Login, now: datetime
) -> Welcome | Second | None:
    """Use up the link of a letter, set the password and begin a session or its second step; None for a dead link.

    The caller has checked the password. Every older session of the user ends. An account that was begun with its
    customer code gets its address now, when that is proved.
    """
    hashed = passwords.hash(password)  # takes long: before anything is locked
    with suppress(IntegrityError), database.write() as session:  # the address is another's in this very moment
        found = tokens.use(session, PURPOSES, secret, now)
        user = session.get_one(User, found.user_id) if found else None
        if found and user and user.email is None:
            emails.prove(session, user, found.detail.get("address"), now)
        # Sent to an address that is hers no more, or to an account that has ended since.
        if found is None or user is None or user.disabled_at or found.detail.get("address", user.email) != user.email:
            return None
        actor = Actor(found.user_id, "web", session_method="password")
        _set(session, actor, hashed, now, kept_session=0)
        session.flush()  # the change is written before the login that follows from it
        return welcome(session, found.user_id, login, None, now)
    return None


def change(database: Database, actor: Actor, hashed: str, session_id: int, now: datetime) -> None:
    """Set the hash of a new password; every other session of the user ends and links on their way are void."""
    with database.write() as session:
        _set(session, actor, hashed, now, kept_session=session_id)


def _set(session: Session, actor: Actor, hashed: str, now: datetime, kept_session: int) -> None:
    user = session.get_one(User, actor.user_id)
    user.password_hash, user.password_issued = hashed, False
    sessions.end_others(session, user.id or 0, kept_session, now)
    tokens.void(session, PURPOSES, user.id or 0, now)
    record(session, actor, "password.changed")
    outbox.write_to(session, user, user.email, "password_changed")
