"""Another e-mail address (A16; LU-46, LU-47): confirmed at the new one, told to the old one, which works meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from models import outbox, sessions, throttle, tokens
from models.audit import Actor, record
from models.database import Database
from models.people import BY_LOGIN, User

PURPOSE = "email.confirm"
AGAIN_AFTER = timedelta(minutes=1)  # the same form sent twice writes one letter

_OTHERS = BY_LOGIN.where(col(User.id) != sa.bindparam("user_id"))


def ask(
    session: Session, actor: Actor, address: str, now: datetime, user_id: int | None = None, **about: Any
) -> throttle.Wait | None:
    """Note the wanted address (folded, `address_ok`) and send a link to it; also once more to the same one.

    `user_id`: whose it is, where staff do it for her, with what the audit row then says `about` it.

    Nobody can tell that an address is another's (security rule 7): then its owner is told, and no link is made.
    Letters are counted as wrong passwords are, so that nobody is flooded with them: `Wait` for too many.
    """
    left = throttle.take_try(session, f"{user_id or actor.user_id} email", None, now)
    if isinstance(left, throttle.Wait):
        return left
    user = session.get_one(User, user_id or actor.user_id)
    if user.email_wanted != address:
        tokens.void(session, PURPOSE, user.id or 0, now)
        user.email_wanted = address
        record(session, actor, "email.change_asked", **about)
        outbox.write_to(session, user, user.email, "email_asked")
    owner = session.scalars(_OTHERS, {"login": address, "user_id": user.id}).first()
    kind, reader = ("email_taken", owner) if owner else ("email_confirm", user)
    if address not in [row.address for row in outbox.lately(session, reader.id, kind, now - AGAIN_AFTER)]:
        outbox.write_to(session, reader, address, kind)
    return None


def cancel(session: Session, actor: Actor, now: datetime) -> None:
    """Everything stays as it was; the link in the letter is void."""
    user = session.get_one(User, actor.user_id)
    if user.email_wanted:
        user.email_wanted = None
        tokens.void(session, PURPOSE, user.id or 0, now)
        record(session, actor, "email.change_cancelled")


def confirm(database: Database, secret: str, kept_session: int, now: datetime) -> str | None:
    """Use the link up: the wanted address is hers from now on. The former one, "" where there was none.

    None for every kind of bad link alike. Every session but `kept_session` ends, and so does every link that was
    sent to the old address.
    """
    try:
        with database.write() as session:
            found = tokens.use(session, PURPOSE, secret, now)
            user = session.get_one(User, found.user_id) if found else None
            former = user.email or "" if user else ""
            if found is None or user is None:
                return None
            if not prove(session, user, found.detail.get("address"), now, kept_session):
                return None
    except IntegrityError:  # somebody else's in this very moment
        return None
    return former


def prove(session: Session, user: User, address: str | None, now: datetime, kept_session: int = 0) -> bool:
    """Make an address hers whose link she has opened. False unless she wants it still and it is nobody else's.

    Raises `IntegrityError` where it becomes somebody else's in this very moment.
    """
    if user.disabled_at or not address or user.email_wanted != address:
        return False
    if session.scalars(_OTHERS, {"login": address, "user_id": user.id}).first() is not None:
        return False
    _move(session, user, kept_session, now)
    return True


def _move(session: Session, user: User, kept_session: int, now: datetime) -> None:
    old, user_id = user.email, user.id or 0
    if user.username == old:  # a user name with @ is her own address, so that no two people share a login
        user.username = user.email_wanted or old
    user.email, user.email_wanted = user.email_wanted, None
    session.flush()
    sessions.end_others(session, user_id, kept_session, now)
    tokens.void(session, None, user_id, now)
    record(session, Actor(user_id, "web"), "email.changed")
    outbox.write_to(session, user, old, "email_changed")
