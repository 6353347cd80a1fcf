"""Counters of failed logins, per account and per address; they survive a restart (A05; LU-54, LU-55).

An account is paused, an address only slowed: a library or a house behind one address is never locked out
(decisions.md 14). The counters run on the real clock.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col

ACCOUNT_TRIES = 10  # wrong passwords in a row before the account is paused
AFTER_PAUSE = 3  # tries when a pause is over: a mistyped one does not pause her at once again
WARN_FROM = 5  # from the fifth on the page says how many tries are left
PAUSE = timedelta(minutes=15)
ADDRESS_TRIES = 100  # wrong passwords from one address within the pause time before it is slowed
SLOW = timedelta(seconds=2)


class Throttle(SQLModel, table=True):
    """Failures in a row under one key: "account:…" or "address:…", hashed."""

    key: str = Field(primary_key=True, max_length=80)
    failures: int = 0
    last_failed_at: datetime = Field(index=True)
    blocked_until: datetime | None = None


@dataclass(frozen=True)
class Wait:
    """Not now: `until` when, and whether it is the account or the address that waits."""

    until: datetime
    scope: str  # "account" or "address"


_NEW = sa.text(
    "INSERT INTO throttle (key, failures, last_failed_at) VALUES (:key, 0, :now)"
    # An update of nothing, where DO NOTHING would not lock: a row that is there must not be deleted before we read it.
    " ON CONFLICT (key) DO UPDATE SET failures = throttle.failures"
).bindparams(sa.bindparam("now", type_=Throttle.__table__.c.last_failed_at.type))  # type: ignore[attr-defined]


def take_try(session: Session, lane: str, address: str | None, now: datetime, pause: timedelta = PAUSE) -> int | Wait:
    """Count one try before the password is checked. Returns how many are left (0: paused unless this one is right).

    `lane` is the account's name as it was typed, with the device where that is a known one: what strangers guess
    uses up no try of hers. `address` None: not slowed. The lane is locked first, so parallel guesses cannot slip
    through; it is the same for known and unknown accounts.
    """
    row = _locked(session, _key("account", lane), now)
    slowed = session.get(Throttle, _key("address", network(address))) if address else None
    for scope, held in (("account", row), ("address", slowed)):
        if held and held.blocked_until and held.blocked_until > now:
            return Wait(held.blocked_until, scope)
    if row.blocked_until:
        row.failures, row.blocked_until = ACCOUNT_TRIES - AFTER_PAUSE, None
    row.failures, row.last_failed_at = row.failures + 1, now
    if row.failures >= ACCOUNT_TRIES:
        row.blocked_until = now + pause
    return max(0, ACCOUNT_TRIES - row.failures)


def slow_address(session: Session, address: str, now: datetime) -> None:
    """Count a wrong password against the address; beyond its measure, one try every SLOW."""
    row = _locked(session, _key("address", network(address)), now)
    row.failures = 1 if now - row.last_failed_at > PAUSE else row.failures + 1
    row.last_failed_at = now
    if row.failures >= ADDRESS_TRIES:
        row.blocked_until = now + SLOW


def succeeded(session: Session, lane: str) -> None:
    """A right password starts the lane's count anew; the address keeps its own."""
    session.execute(sa.delete(Throttle).where(col(Throttle.key) == _key("account", lane)))


def release(session: Session, lanes: Sequence[str]) -> None:
    """End the pauses of these lanes."""
    session.execute(sa.delete(Throttle).where(col(Throttle.key).in_([_key("account", lane) for lane in lanes])))


def network(address: str) -> str:
    """What counts as one address: of IPv6 the /64 that a home or a phone has to itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    return str(ip.ipv4_mapped or ipaddress.IPv6Network((int(ip), 64), strict=False))


def _key(scope: str, name: str) -> str:
    return f"{scope}:{hashlib.sha256(name.encode()).hexdigest()}"


def _locked(session: Session, key: str, now: datetime) -> Throttle:
    """The row of `key`, made where there is none, locked until the unit of work ends."""
    session.execute(_NEW, {"key": key, "now": now})
    return session.get_one(Throttle, key, with_for_update=True)
