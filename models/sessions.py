"""Login sessions and known devices: the database is the truth, the browser holds an opaque secret.

Idle and absolute limits: decisions.md 13. The secret is 256 random bits; only its SHA-256 is stored.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.overrides import CHANGES_OF_TERMS
from models.people import User
from models.threads import Thread
from models.types import AnyRow, Numbered, utc_now

_HOLDS_TOKEN = sa.text("id_token IS NOT NULL")


class WebSession(Numbered, table=True):
    """One login on one browser."""

    __tablename__ = "web_session"
    __table_args__ = (
        sa.Index("ix_web_session_sid", "told_by", "sid"),
        sa.Index("ix_web_session_subject", "told_by", "subject"),
        sa.Index("ix_web_session_id_token", "expires_at", sqlite_where=_HOLDS_TOKEN, postgresql_where=_HOLDS_TOKEN),
    )

    token_hash: str = Field(unique=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    method: str = Field(max_length=16)  # "password", "bank", "eparaksts"
    acr: str | None = Field(default=None, max_length=100)  # the strength that the provider returned
    authenticated_at: datetime = Field(default_factory=utc_now)
    created_at: datetime = Field(default_factory=utc_now)
    seen_at: datetime = Field(default_factory=utc_now)  # last act of the person, never of a poll
    expires_at: datetime  # the absolute limit
    remembered: bool = False  # no idle limit: the person said that this device is hers
    device: str = Field(default="", max_length=100)  # "Chrome, Android"
    address: str = Field(default="", max_length=45)
    ended_at: datetime | None = None
    # Of a session that its provider may end, or that ends there, too:
    told_by: str | None = Field(default=None, max_length=200)  # the issuer
    subject: str | None = Field(default=None, max_length=255)
    sid: str | None = Field(default=None, max_length=255)  # the provider's session
    id_token: str | None = None  # sealed, for it may tell a personal code; gone with the session


class KnownDevice(Numbered, table=True):
    """A browser on which this user has logged in before: still let in while somebody guesses (security rule 8)."""

    __tablename__ = "known_device"
    __table_args__ = (sa.UniqueConstraint("token_hash", "user_id"),)

    token_hash: str = Field(max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    seen_at: datetime = Field(default_factory=utc_now)


_TOUCH = timedelta(minutes=1)

# Answers that she has not opened, for the menu: a statement of their own on each page would cost more.
_UNREAD = (
    sa.select(sa.func.count()).select_from(Thread).where(
        col(Thread.user_id) == col(User.id), col(Thread.unread), col(Thread.mandate_version).is_(None)
    ).correlate(User).scalar_subquery()
)  # fmt: skip
_FIND = (
    sa.select(
        col(WebSession.id), col(WebSession.user_id), col(WebSession.method), col(WebSession.acr),
        col(WebSession.authenticated_at), col(WebSession.seen_at), col(WebSession.expires_at),
        col(WebSession.remembered), col(User.name), col(User.username), col(User.language), col(User.theme),
        col(User.role), col(User.password_issued), col(User.terms_version),
        col(User.password_hash).is_not(None).label("has_password"), _UNREAD.label("unread"),
        CHANGES_OF_TERMS.label("terms_changes"),
    )
    .join(User, col(User.id) == col(WebSession.user_id))
    .where(
        col(WebSession.token_hash) == sa.bindparam("token_hash"),
        col(WebSession.ended_at).is_(None),
        col(User.disabled_at).is_(None),
    )
)  # fmt: skip
_OF_USER = (
    sa.select(WebSession.__table__)  # type: ignore[attr-defined]
    .where(
        col(WebSession.user_id) == sa.bindparam("user_id"),
        col(WebSession.ended_at).is_(None),
        col(WebSession.expires_at) > sa.bindparam("now"),
        sa.or_(col(WebSession.remembered), col(WebSession.seen_at) > sa.bindparam("idle_since")),
    )
    .order_by(col(WebSession.seen_at).desc())
)
_TOUCHED = sa.update(WebSession).where(col(WebSession.id) == sa.bindparam("number")).values(seen_at=sa.bindparam("now"))
_TOLD = sa.select(col(WebSession.told_by), col(WebSession.id_token)).where(col(WebSession.id) == sa.bindparam("id"))


def token_hash(token: str) -> str:
    """What is stored of a secret that lies in a browser."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Login:
    """What a login method proved: method, returned strength, and the browser it happened in."""

    method: str
    acr: str | None = None
    device: str = ""
    address: str = ""
    lifetime: timedelta = timedelta(hours=12)  # the absolute limit
    remembered: bool = False  # no idle limit
    told: Mapping[str, Any] = field(default_factory=dict)  # told_by, subject, sid and id_token, as far as they are kept


def begin(session: Session, user_id: int, login: Login, now: datetime) -> str:
    """Open a session and return its secret for the cookie; the secret is stored nowhere."""
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=token_hash(token), user_id=user_id, method=login.method, acr=login.acr,
            authenticated_at=now, created_at=now, seen_at=now, expires_at=now + login.lifetime,
            remembered=login.remembered, device=login.device, address=login.address, **login.told,
        )
    )  # fmt: skip
    return token


def find(connection: Connection, token: str, now: datetime, idle: timedelta, today: date) -> AnyRow | None:
    """The live session of this secret with its user's name, language and role; None when it has ended."""
    row = connection.execute(_FIND, {"token_hash": token_hash(token), "today": today}).first()
    if row is None or row.expires_at <= now:
        return None
    return row if row.remembered or now - row.seen_at < idle else None


def needs_touch(row: AnyRow, now: datetime) -> bool:
    """Whether the last activity is old enough to be written again (once a minute at most)."""
    return bool(now - row.seen_at >= _TOUCH)


def touch(connection: Connection, session_id: int, now: datetime) -> None:
    """The person did something just now."""
    connection.execute(_TOUCHED, {"number": session_id, "now": now})


def live(connection: Connection, user_id: int, now: datetime, idle: timedelta) -> Sequence[AnyRow]:
    """The user's live sessions, latest activity first (A18)."""
    return connection.execute(_OF_USER, {"user_id": user_id, "now": now, "idle_since": now - idle}).fetchall()


def end(session: Session, user_id: int, session_id: int, now: datetime) -> None:
    """End one session of this user; its next request finds nobody."""
    _end(session, user_id, col(WebSession.id) == session_id, now)


def end_others(session: Session, user_id: int, kept_id: int, now: datetime) -> None:
    """End every session of this user but one."""
    _end(session, user_id, col(WebSession.id) != kept_id, now)


def end_told(session: Session, told_by: str, named: Mapping[str, str], now: datetime) -> Sequence[int]:
    """End the sessions that a provider names by `subject`, `sid` or both; whose they were."""
    of_theirs = [col(WebSession.told_by) == told_by, *(getattr(WebSession, key) == named[key] for key in named)]
    ended = sa.update(WebSession).where(col(WebSession.ended_at).is_(None), *of_theirs)
    return session.execute(ended.values(ended_at=now, id_token=None).returning(col(WebSession.user_id))).scalars().all()


def told(connection: Connection, session_id: int) -> AnyRow | None:
    """Who has told us of a session, and the sealed id_token."""
    return connection.execute(_TOLD, {"id": session_id}).first()


def _end(session: Session, user_id: int, which: sa.ColumnElement[bool], now: datetime) -> None:
    session.execute(
        sa.update(WebSession)
        .where(col(WebSession.user_id) == user_id, col(WebSession.ended_at).is_(None), which)
        .values(ended_at=now, id_token=None)
    )


_REMEMBER = sa.text(
    "INSERT INTO known_device (token_hash, user_id, seen_at) VALUES (:token_hash, :user_id, :now)"
    " ON CONFLICT (token_hash, user_id) DO UPDATE SET seen_at = excluded.seen_at"
).bindparams(sa.bindparam("now", type_=KnownDevice.__table__.c.seen_at.type))  # type: ignore[attr-defined]


def remember_device(session: Session, user_id: int, token: str | None, now: datetime) -> str:
    """Note that this user logged in on this browser; returns the secret for the device cookie.

    It is the browser's own `token` where we gave it out, else a new one: a planted cookie makes nothing known.
    """
    token = token or ""
    ours = sa.select(col(KnownDevice.id)).where(col(KnownDevice.token_hash) == token_hash(token))
    if session.execute(ours).first() is None:
        token = secrets.token_urlsafe(32)
    session.execute(_REMEMBER, {"token_hash": token_hash(token), "user_id": user_id, "now": now})
    return token


def is_known_device(session: Session, user_id: int, token: str) -> bool:
    """Whether this user has logged in on this browser before."""
    query = sa.select(col(KnownDevice.id)).where(
        col(KnownDevice.token_hash) == token_hash(token), col(KnownDevice.user_id) == user_id
    )
    return session.execute(query).first() is not None
