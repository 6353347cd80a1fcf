"""Tokens of programs that use the API, stored as hashes; and what was answered to a request that may come again."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session

from models.audit import Actor, record
from models.imports import KINDS
from models.types import AnyRow, Numbered, utc_now

# What a token can be for, each by its own name: whoever may write users may make an administrator.
SCOPES = ("readings:read", *(f"{kind}:write" for kind in KINDS))
PREFIX = "ekab_"  # so that scanners of leaked secrets know one
_TOUCH = timedelta(minutes=5)


class ApiToken(Numbered, table=True):
    """A program that may use the API."""

    __tablename__ = "api_token"

    name: str = Field(unique=True, max_length=64)
    token_hash: str = Field(unique=True, max_length=64)
    scopes: list[str] = Field(sa_type=sa.JSON)
    created_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    used_at: datetime | None = None  # to some minutes
    revoked_at: datetime | None = None


class ApiReceipt(Numbered, table=True):
    """What was answered to a request with an idempotency key."""

    __tablename__ = "api_receipt"
    __table_args__ = (sa.UniqueConstraint("once", "token_id"),)

    token_id: int = Field(foreign_key="api_token.id")
    once: str = Field(max_length=64)
    content_hash: str = Field(max_length=64)
    created_at: datetime = Field(default_factory=utc_now, index=True)
    status: int
    answer: dict[str, Any] = Field(sa_type=sa.JSON)


_TABLE: sa.Table = ApiToken.__table__  # type: ignore[attr-defined]
_RECEIPT: sa.Table = ApiReceipt.__table__  # type: ignore[attr-defined]
_USABLE = sa.select(_TABLE).where(
    _TABLE.c.token_hash == sa.bindparam("hash"), _TABLE.c.revoked_at.is_(None),
    _TABLE.c.expires_at > sa.bindparam("now"),
)  # fmt: skip
_ANSWERED = sa.select(_RECEIPT).where(
    _RECEIPT.c.once == sa.bindparam("once"), _RECEIPT.c.token_id == sa.bindparam("token_id")
)


def make(session: Session, actor: Actor, name: str, scopes: Collection[str], expires_at: datetime) -> str:
    """The secret of a new token, which is told this once. Raises `IntegrityError` where one has this name."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(name=name, token_hash=_hash(secret), scopes=sorted(scopes), expires_at=expires_at)
    session.add(token)
    session.flush()
    detail = {"name": name, "scopes": token.scopes}
    record(session, actor, "api.token_made", object_type="api_token", object_id=token.id, detail=detail)
    return secret


def find(connection: Connection, secret: str, now: datetime) -> AnyRow | None:
    """Whose token this is; None for every kind of bad one alike."""
    return connection.execute(_USABLE, {"hash": _hash(secret), "now": now}).first()


def needs_touch(token: AnyRow, now: datetime) -> bool:
    """Whether it is time to note that it was used."""
    return token.used_at is None or now - token.used_at > _TOUCH


def touch(connection: Connection, number: int, now: datetime) -> None:
    """Note that it was used."""
    connection.execute(sa.update(_TABLE).where(_TABLE.c.id == number).values(used_at=now))


def revoke(session: Session, actor: Actor, name: str, now: datetime) -> bool:
    """From now on it opens nothing; False where no such token works."""
    mine = sa.update(_TABLE).where(_TABLE.c.name == name, _TABLE.c.revoked_at.is_(None)).values(revoked_at=now)
    number = session.execute(mine.returning(_TABLE.c.id)).scalar()
    if number:
        record(session, actor, "api.token_revoked", object_type="api_token", object_id=number, detail={"name": name})
    return bool(number)


def everyone(connection: Connection) -> Sequence[AnyRow]:
    """All of them, those that were revoked too."""
    return connection.execute(sa.select(_TABLE).order_by(_TABLE.c.name)).fetchall()


def answered(connection: Connection, token_id: int, once: str) -> AnyRow | None:
    """What this program was answered when it asked with this key."""
    return connection.execute(_ANSWERED, {"token_id": token_id, "once": once}).first()


def keep(session: Session, token_id: int, once: str, content_hash: str, status: int, answer: dict[str, Any]) -> None:
    """Answer so again. Raises `IntegrityError` where the same key was answered at the same moment."""
    receipt = ApiReceipt(token_id=token_id, once=once, content_hash=content_hash, status=status, answer=answer)
    session.add(receipt)
    session.flush()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
