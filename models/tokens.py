"""Links in letters: single use, short-lived, stored as a hash, used up by POST only (security rule 6)."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.types import utc_now

Purpose = str | tuple[str, ...]  # of a link, or those that one page takes


class Token(SQLModel, table=True):
    """A secret that was sent to one person for one purpose."""

    __tablename__ = "mail_token"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    purpose: str = Field(max_length=32)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # e.g. the new e-mail address
    created_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    used_at: datetime | None = None  # also when a newer one made it void


@dataclass(frozen=True)
class Found:
    """A token that can be used."""

    id: int
    user_id: int
    detail: Mapping[str, Any]


def issue(
    session: Session, purpose: str, user_id: int, lifetime: timedelta, now: datetime, **detail: Any
) -> str:
    """A new secret for the link; the person's older ones for this purpose are void from now on."""
    void(session, purpose, user_id, now)
    secret = secrets.token_urlsafe(32)
    session.add(
        Token(
            token_hash=_hash(secret), purpose=purpose, user_id=user_id, detail=detail, created_at=now,
            expires_at=now + lifetime,
        )
    )  # fmt: skip
    return secret


def void(session: Session, purpose: Purpose | None, user_id: int, now: datetime) -> None:
    """No link of this purpose, or of any, sent to this person works any more."""
    mine = [col(Token.user_id) == user_id, col(Token.used_at).is_(None)]
    if purpose:
        mine.append(_is_for(purpose))
    session.execute(sa.update(Token).where(*mine).values(used_at=now))


def look(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> Found | None:
    """What a link is for, without using it up; None for every kind of bad one alike."""
    table = Token.__table__  # type: ignore[attr-defined]
    query = sa.select(table.c.id, table.c.user_id, table.c.detail).where(*_usable(purpose, secret, now))
    row = connection.execute(query).first()
    return Found(row.id, row.user_id, row.detail) if row else None


def use(session: Session, purpose: Purpose, secret: str, now: datetime) -> Found | None:
    """Use a link up: of two at once only one gets it; None for every kind of bad one alike."""
    table = Token.__table__  # type: ignore[attr-defined]
    taken = sa.update(Token).where(*_usable(purpose, secret, now)).values(used_at=now)
    row = session.execute(taken.returning(table.c.id, table.c.user_id, table.c.detail)).first()
    return Found(row.id, row.user_id, row.detail) if row else None


def _usable(purpose: Purpose, secret: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Token.token_hash) == _hash(secret), _is_for(purpose), col(Token.used_at).is_(None),
        col(Token.expires_at) > now,
    )  # fmt: skip


def _is_for(purpose: Purpose) -> sa.ColumnElement[bool]:
    return col(Token.purpose).in_((purpose,) if isinstance(purpose, str) else purpose)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
