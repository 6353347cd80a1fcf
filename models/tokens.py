"""Links in letters: single use, short-lived, stored as a hash, used up by POST only (security rule 6)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.types import AnyRow, Numbered, utc_now

Purpose = str | tuple[str, ...]  # of a link, or those that one page takes


class Token(Numbered, table=True):
    """A secret that was sent to one person for one purpose."""

    __tablename__ = "mail_token"

    token_hash: str = Field(unique=True, max_length=64)
    purpose: str = Field(max_length=32)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    # What it is about, where one person can have several links of a purpose at once.
    about: int | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # e.g. the new e-mail address
    created_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    used_at: datetime | None = None  # also when a newer one made it void


_TABLE: sa.Table = Token.__table__  # type: ignore[attr-defined]


def issue(
    session: Session, purpose: str, user_id: int, lifetime: timedelta, now: datetime, about: int | None = None,
    **detail: Any,
) -> str:  # fmt: skip
    """A new secret for the link; the person's older ones for this purpose (`about` this) are void from now on."""
    void(session, purpose, user_id, now, about)
    secret = secrets.token_urlsafe(32)
    session.add(
        Token(
            token_hash=_hash(secret), purpose=purpose, user_id=user_id, about=about, detail=detail, created_at=now,
            expires_at=now + lifetime,
        )
    )  # fmt: skip
    return secret


def void(session: Session, purpose: Purpose | None, user_id: int, now: datetime, about: int | None = None) -> None:
    """No link of this purpose (`about` this), or of any, that was made for this person works any more."""
    mine = [col(Token.user_id) == user_id, col(Token.used_at).is_(None)]
    if purpose:
        mine.append(_is_for(purpose))
    if about is not None:
        mine.append(col(Token.about) == about)
    session.execute(sa.update(Token).where(*mine).values(used_at=now))


def look(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> AnyRow | None:
    """What a link is for, without using it up; None for every kind of bad one alike."""
    return connection.execute(sa.select(_TABLE).where(*_usable(purpose, secret, now))).first()


def use(session: Session, purpose: Purpose, secret: str, now: datetime) -> AnyRow | None:
    """Use a link up: of two at once only one gets it; None for every kind of bad one alike."""
    taken = sa.update(_TABLE).where(*_usable(purpose, secret, now)).values(used_at=now)
    return session.execute(taken.returning(*_TABLE.c)).first()


def _usable(purpose: Purpose, secret: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Token.token_hash) == _hash(secret), _is_for(purpose), col(Token.used_at).is_(None),
        col(Token.expires_at) > now,
    )  # fmt: skip


def _is_for(purpose: Purpose) -> sa.ColumnElement[bool]:
    return col(Token.purpose).in_((purpose,) if isinstance(purpose, str) else purpose)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
