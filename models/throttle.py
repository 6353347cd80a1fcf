"""Counters of failed logins, per account and per address; they survive a restart (A05; LU-54, LU-55).

An account is paused, an address only slowed: a library or a house behind one address is never locked out
(decisions.md 14). The counters run on the real clock.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel

ACCOUNT_TRIES = 10  # wrong passwords in a row before the account is paused
WARN_FROM = 5  # from the fifth on the page says how many tries are left
PAUSE = timedelta(minutes=15)
ADDRESS_TRIES = 100  # wrong passwords from one address within the pause time before it is slowed
SLOW = timedelta(seconds=2)


class Throttle(SQLModel, table=True):
    """Failures in a row under one key: "account:…" or "address:…", hashed."""

    key: str = Field(primary_key=True, max_length=80)
    failures: int = 0
    last_failed_at: datetime
    blocked_until: datetime | None = None


@dataclass(frozen=True)
class Wait:
    """Not now: `until` when, and whether it is the account or the address that waits."""

    until: datetime
    scope: str  # "account" or "address"


def _key(scope: str, name: str) -> str:
    return f"{scope}:{hashlib.sha256(name.encode()).hexdigest()}"


def waiting(session: Session, account: str, address: str, now: datetime) -> Wait | None:
    """Whether a login to `account` from `address` has to wait; the same for known and unknown accounts."""
    for scope, name in (("account", account), ("address", address)):
        row = session.get(Throttle, _key(scope, name))
        if row and row.blocked_until and row.blocked_until > now:
            return Wait(row.blocked_until, scope)
    return None


def take_try(session: Session, account: str, now: datetime) -> int:
    """Count one try before the password is checked. Returns how many are left (0: paused unless this one is right)."""
    row = _count(session, _key("account", account), now, reset_after=None)
    if row.failures >= ACCOUNT_TRIES:
        row.blocked_until = now + PAUSE
    return max(0, ACCOUNT_TRIES - row.failures)


def slow_address(session: Session, address: str, now: datetime) -> None:
    """Count a wrong password against the address; beyond its measure, one try every SLOW."""
    row = _count(session, _key("address", address), now, reset_after=PAUSE)
    if row.failures >= ADDRESS_TRIES:
        row.blocked_until = now + SLOW


def succeeded(session: Session, account: str) -> None:
    """A right password starts the account's count anew; the address keeps its own."""
    session.execute(sa.delete(Throttle).where(sa.column("key") == _key("account", account)))


def _count(session: Session, key: str, now: datetime, reset_after: timedelta | None) -> Throttle:
    row = session.get(Throttle, key, with_for_update=True)
    if row is None:
        row = Throttle(key=key, last_failed_at=now)
    elif reset_after and now - row.last_failed_at > reset_after:
        row.failures = 0
    row.failures += 1
    row.last_failed_at = now
    session.add(row)
    return row
