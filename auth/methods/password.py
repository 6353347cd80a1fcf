"""Login with user name or e-mail and password (A01; LU-06): argon2id, and the same answer for everyone unknown."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col

from auth.methods import new_device
from models import factors, pending, sessions, throttle
from models.audit import Actor, record
from models.database import Database
from models.people import BY_LOGIN, User
from models.rules.identifiers import fold_login
from models.rules.passwords import normal_password

Opened = TypeVar("Opened")
WAIT_SECONDS = 5  # for a place to hash in
STAFF_HOURS = timedelta(hours=10)


class Busy(Exception):
    """Every hashing place is taken: try again in a moment (503)."""


@dataclass(frozen=True)
class Refused:
    """The pair is wrong; `left` tries remain before a pause, at least one."""

    left: int


@dataclass(frozen=True)
class Welcome:
    """The pair is right: the secrets for the session and, where it is remembered, for the device cookie."""

    user_id: int
    token: str
    device: str | None
    is_staff: bool = False


@dataclass(frozen=True)
class Second:
    """The pair is right and only half of it: the secret under which the browser may show a second factor."""

    token: str


class Passwords:
    """Hashing with the deployment's cost, never more than `parallel` at a time (security rules 9, 13)."""

    def __init__(self, memory_kib: int, time_cost: int, parallel: int) -> None:
        """Cost as argon2id takes it; the defaults of the settings are OWASP's 19 MiB, t=2, p=1."""
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._places = threading.BoundedSemaphore(parallel)
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

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
        return right and bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise Busy
        try:
            yield
        finally:
            self._places.release()


def one_time_password() -> str:
    """A password to hand over on paper, 77 random bits; it has to be changed at the first login (LU-09)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # none looks like another
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def set_password(session: Session, passwords: Passwords, user: User, password: str) -> None:
    """Give a user a password. The caller has checked it against the rules."""
    user.password_hash = passwords.hash(password)
    session.add(user)


def log_in(
    database: Database, passwords: Passwords, name: str, password: str, login: sessions.Login,
    device: str | None, now: datetime, finish: Callable[[Session, int], Opened],
) -> Opened | Refused | throttle.Wait:  # fmt: skip
    """Check a pair, count tries; and when it is right, `finish` in the same unit of work, for this user.

    The try is counted before the password is looked at, so that parallel guesses cannot slip through, and the
    slow hash runs outside of any transaction. A device that the person has used before counts its own tries, so
    a paused account still lets its owner in from there (security rule 8).
    """
    name, address = fold_login(name), login.address or None
    lane = f"login {name}"  # else "anna confirm", typed as a name, would count against another lane of hers
    with database.write() as session:
        user = session.scalars(BY_LOGIN, {"login": name}).first()
        user_id = user.id if user else None
        stored = user.password_hash if user and user.disabled_at is None else None
        if user_id and device and sessions.is_known_device(session, user_id, device):
            lane, address = f"{lane} {sessions.token_hash(device)}", None
        left = throttle.take_try(session, lane, address, now)
    if isinstance(left, throttle.Wait):
        return left
    right = passwords.matches(stored, password)
    renewed = passwords.hash(password) if right and stored and passwords.is_outdated(stored) else None
    with database.write() as session:
        if user_id is None or not right:
            return _refuse(session, user_id, login, left, now)
        throttle.succeeded(session, lane)
        if renewed:
            session.execute(sa.update(User).where(col(User.id) == user_id).values(password_hash=renewed))
        return finish(session, user_id)


def confirm(
    database: Database, passwords: Passwords, user_id: int, username: str, password: str, now: datetime
) -> bool | throttle.Wait:
    """Whether somebody who is logged in knows her password; wrong ones count as at login, on a lane of its own."""
    lane = f"{username} confirm"
    with database.write() as session:
        stored = session.execute(sa.select(col(User.password_hash)).where(col(User.id) == user_id)).scalar()
        left = throttle.take_try(session, lane, None, now)
    if isinstance(left, throttle.Wait):
        return left
    right = passwords.matches(stored, password)
    with database.write() as session:
        if right:
            throttle.succeeded(session, lane)
        else:
            record(session, Actor(user_id, "web", session_method="password"), "password.not_confirmed")
    return right or (False if left else throttle.Wait(now + throttle.PAUSE, "account"))


def _refuse(
    session: Session, user_id: int | None, login: sessions.Login, left: int, now: datetime
) -> Refused | throttle.Wait:
    what = "login.failed" if left else "login.paused"
    record(session, Actor(user_id, "web", session_method="password"), what, detail={"address": login.address})
    throttle.slow_address(session, login.address, now)
    return Refused(left) if left else throttle.Wait(now + throttle.PAUSE, "account")


def welcome(
    session: Session, user_id: int, login: sessions.Login, device: str | None, now: datetime
) -> Welcome | Second:
    """Open a session for somebody who has proved who she is, with its audit row; first ask for what is still missing.

    Every way in leads through here, a new password by letter too (ASVS 6.4.3). Staff have sessions of their own:
    never remembered, and at most `STAFF_HOURS` long (decisions.md 13).
    """
    actor = Actor(user_id, "web", session_method=login.method)
    is_half, is_staff = factors.asked(session, user_id)
    if is_staff:
        login = replace(login, lifetime=min(login.lifetime, STAFF_HOURS), remembered=False)
    if login.method == "password" and login.acr is None and is_half:
        record(session, actor, "login.half", detail={"device": login.device})
        return Second(pending.begin(session, "login", user_id, now, remember=login.remembered))
    new_device.tell(session, user_id, login, device, now)
    record(session, actor, "login.succeeded", detail={"device": login.device, "acr": login.acr})
    token = sessions.begin(session, user_id, login, now)
    mine = sessions.remember_device(session, user_id, device, now) if login.remembered else None
    return Welcome(user_id, token, mine, is_staff)
