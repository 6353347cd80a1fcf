"""Login with user name or e-mail and password (A01; LU-06): argon2id, and the same answer for everyone unknown."""

import threading
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col

from auth.methods.base import register
from models import sessions, throttle
from models.audit import Actor, record
from models.database import Database
from models.people import User
from models.rules.identifiers import fold_login
from models.rules.passwords import normal_password


@dataclass(frozen=True)
class PasswordMethod:
    """The password family."""

    family: str = "password"


register(PasswordMethod())


class Busy(Exception):
    """Every hashing place is taken: try again in a moment (503)."""


@dataclass(frozen=True)
class Refused:
    """The pair is wrong; `left` tries remain before a pause."""

    left: int


@dataclass(frozen=True)
class Welcome:
    """The pair is right: the secrets for the session and the device cookie."""

    user_id: int
    token: str
    device: str


class Passwords:
    """Hashing with the deployment's cost, never more than `parallel` at a time (security rules 9, 13)."""

    def __init__(self, memory_kib: int, time_cost: int, parallel: int) -> None:
        """Cost as argon2id takes it; the defaults of the settings are OWASP's 19 MiB, t=2, p=1."""
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._places = threading.BoundedSemaphore(parallel)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """A new salted hash of a password."""
        with self._place():
            return self._hasher.hash(normal_password(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; takes as long when there is none (no enumeration)."""
        with self._place():
            try:
                right = self._hasher.verify(stored or self._nobody, normal_password(password))
            except (VerificationError, InvalidHashError):
                return False
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _place(self) -> "_Place":
        return _Place(self._places)


class _Place:
    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=5):
            raise Busy

    def __exit__(self, *_error: object) -> None:
        self._places.release()


def set_password(session: Session, passwords: Passwords, user: User, password: str) -> None:
    """Give a user a password. The caller has checked it against the rules."""
    user.password_hash = passwords.hash(password)
    session.add(user)


_BY_NAME = sa.select(User).where(
    sa.or_(col(User.username) == sa.bindparam("name"), col(User.email) == sa.bindparam("name"))
)


def log_in(
    database: Database, passwords: Passwords, name: str, password: str, login: sessions.Login,
    device: str | None, now: datetime,
) -> Welcome | Refused | throttle.Wait:  # fmt: skip
    """Check a pair, count tries, open a session.

    The try is counted before the password is looked at, so that parallel guesses cannot slip through, and the
    slow hash runs outside of any transaction. A paused account still lets its owner in from a device she has
    used before (security rule 8).
    """
    account = fold_login(name)
    with database.write() as session:
        user = session.scalars(_BY_NAME, {"name": account}).first()
        known = bool(user and device and sessions.is_known_device(session, user.id or 0, device))
        if not known and (wait := throttle.waiting(session, account, login.address, now)):
            return wait
        left = throttle.take_try(session, account, now)
        user_id = user.id if user else None
        stored = user.password_hash if user and user.disabled_at is None else None
    right = passwords.matches(stored, password)
    renewed = passwords.hash(password) if right and stored and passwords.is_outdated(stored) else None
    with database.write() as session:
        actor = Actor(user_id, "web", session_method="password")
        if user_id is None or not right:
            record(session, actor, "login.failed", detail={"address": login.address})
            throttle.slow_address(session, login.address, now)
            return Refused(left)
        throttle.succeeded(session, account)
        if renewed:
            session.execute(sa.update(User).where(col(User.id) == user_id).values(password_hash=renewed))
        record(session, actor, "login.succeeded", detail={"device": login.device})
        token = sessions.begin(session, user_id, login, now)
        return Welcome(user_id, token, sessions.remember_device(session, user_id, device, now))
