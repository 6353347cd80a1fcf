"""What people want to be written about, kind by kind, and whether they want offers (E04, I04; LU-43, LG-16).

A row stands where somebody has chosen; without one the default of the kind holds. That the last choice was made, and
each before it, stands in the audit trail: a consent has to be proved.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.audit import Actor, record
from models.rules.signed import sign, signed
from models.types import AnyRow

OFFERS = "offers"  # a consent: never given by default
KINDS = ("reading_reminder", "new_invoice", "notices", "answers", "verification")  # wanted unless said otherwise


class Preference(SQLModel, table=True):
    """What one person has chosen for one kind of letter."""

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=32)
    wanted: bool
    changed_at: datetime


_CHOSEN = sa.select(col(Preference.kind), col(Preference.wanted), col(Preference.changed_at)).where(
    col(Preference.user_id) == sa.bindparam("user_id")
)


def chosen(connection: Connection, user_id: int) -> dict[str, AnyRow]:
    """What she has chosen so far: kind → wanted, changed_at."""
    return {row.kind: row for row in connection.execute(_CHOSEN, {"user_id": user_id})}


def wanted(choices: Mapping[str, AnyRow], kind: str) -> bool:
    """Whether she wants letters of a kind."""
    return choices[kind].wanted if kind in choices else kind != OFFERS


def unwanted(user_id: Any, kind: str) -> sa.ColumnElement[bool]:
    """In SQL: this user has switched this kind off."""
    off = (col(Preference.user_id) == user_id, col(Preference.kind) == kind, ~col(Preference.wanted))
    return sa.exists(sa.select(1).select_from(Preference).where(*off))


def choose(session: Session, actor: Actor, choices: Mapping[str, bool], now: datetime) -> bool:
    """Write down what differs from before, with an audit row; whether anything did."""
    user_id = actor.user_id or 0
    before = chosen(session.connection(), user_id)
    new = {kind: word for kind, word in choices.items() if word != wanted(before, kind)}
    for kind, word in new.items():
        session.merge(Preference(user_id=user_id, kind=kind, wanted=word, changed_at=now))
    if new:
        record(session, actor, "consent.changed" if OFFERS in new else "notifications.changed", detail=new)
    return bool(new)


def token(secret_key: str, user_id: int, kind: str) -> str:
    """For the link in a letter that switches its kind off without a login (RFC 8058). It holds for nothing else."""
    return sign(secret_key, "unsubscribe", f"{user_id}:{kind}")


def read_token(secret_key: str, text: str) -> tuple[int, str] | None:
    """The user and the kind of a link's token, None when we have not made it."""
    user_id, _, kind = (signed(secret_key, "unsubscribe", text) or "").partition(":")
    return (int(user_id), kind) if user_id else None
