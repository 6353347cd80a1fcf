"""What a browser has begun and not finished: a login that waits for its second factor, a question to a passkey.

The secret in the browser's session cookie finds it, and opens nothing else. Single use, within minutes (security
rules 4 and 5).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.sessions import token_hash
from models.types import AnyRow

LIFETIME = timedelta(minutes=10)


class Pending(SQLModel, table=True):
    """One for each browser."""

    __tablename__ = "pending_login"

    token_hash: str = Field(primary_key=True, max_length=64)
    purpose: str = Field(max_length=16)  # "login", "passkey", "add", "verify", "provider", "choose", "logout"
    user_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    challenge: str = Field(max_length=64)  # what a passkey is to sign
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    expires_at: datetime = Field(index=True)


_TABLE: sa.Table = Pending.__table__  # type: ignore[attr-defined]
_PUT = sa.text(
    "INSERT INTO pending_login (token_hash, purpose, user_id, challenge, detail, expires_at)"
    " VALUES (:token_hash, :purpose, :user_id, :challenge, :detail, :expires_at)"
    " ON CONFLICT (token_hash) DO UPDATE SET purpose = excluded.purpose, user_id = excluded.user_id,"
    " challenge = excluded.challenge, detail = excluded.detail, expires_at = excluded.expires_at"
).bindparams(*(sa.bindparam(name, type_=_TABLE.c[name].type) for name in ("detail", "expires_at")))


def begin(session: Session, purpose: str, user_id: int | None, now: datetime, token: str = "", **detail: Any) -> str:
    """Note what was begun, instead of what this browser began before; returns the secret for its session cookie.

    `token`: the secret that lies there already and stays, where it is one that we gave out.
    """
    token = token or secrets.token_urlsafe(32)
    row = {"token_hash": token_hash(token), "purpose": purpose, "user_id": user_id, "detail": detail}
    session.execute(_PUT, row | {"challenge": secrets.token_urlsafe(32), "expires_at": now + LIFETIME})
    return token


def look(connection: Connection, purpose: str, token: str, now: datetime) -> AnyRow | None:
    """What this browser has begun, without finishing it."""
    return connection.execute(sa.select(_TABLE).where(*_mine(purpose, token, now))).first()


def take(session: Session, purpose: str, token: str, now: datetime) -> AnyRow | None:
    """Finish it: of two at once only one gets it."""
    taken = sa.delete(_TABLE).where(*_mine(purpose, token, now)).returning(*_TABLE.c)
    return session.execute(taken).first()


def _mine(purpose: str, token: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    mine = (col(Pending.token_hash) == token_hash(token), col(Pending.purpose) == purpose)
    return (*mine, col(Pending.expires_at) > now)
