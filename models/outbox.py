"""The outbox: a letter is a row written with its cause, and a worker sends it later (security rule 11).

A row holds no secret: links that open something are made when it is sent. The state of a letter is read from its
times: waiting, sent, or parked after too many tries for a person to look at.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.people import User
from models.rules.mail import address_ok, header_safe
from models.types import AnyRow, Numbered, utc_now

LEASE = timedelta(minutes=5)  # for which a claimed letter belongs to one worker
# Letters of a lower rank go first: to one person, to many at once about an emergency, to many at once.
ONE_PERSON, SOONER, MANY = 0, 1, 2
# How long to wait after each failed try; after the last one the letter is parked.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))


_PARKED = sa.text("parked_at IS NOT NULL")


class Mail(Numbered, table=True):
    """One letter to one address."""

    kind: str = Field(max_length=32)  # names its template in templates/mail/
    user_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    notice_id: int | None = Field(default=None, foreign_key="notice.id", index=True)
    address: str = Field(max_length=254)
    language: str = Field(max_length=2)  # "": that of the site
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # what its template is given
    created_at: datetime = Field(default_factory=utc_now)
    due_at: datetime = Field(default_factory=utc_now)  # not before
    rank: int = ONE_PERSON  # so that nobody's forgotten password waits behind ten thousand notices
    attempts: int = 0
    leased_until: datetime | None = None
    sent_at: datetime | None = None
    parked_at: datetime | None = None
    error: str = Field(default="", max_length=200)  # why the last try failed

    __table_args__ = (
        sa.Index(
            "ix_mail_waiting", "rank", "due_at",
            sqlite_where=sa.text("sent_at IS NULL AND parked_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND parked_at IS NULL"),
        ),
        sa.Index("ix_mail_parked", "parked_at", sqlite_where=_PARKED, postgresql_where=_PARKED),
    )  # fmt: skip


def queue(session: Session, kind: str, user_id: int | None, address: str, language: str, **detail: Any) -> None:
    """Write a letter in the unit of work of its cause. Raises `ValueError` for an address that breaks a header."""
    if not header_safe(address):
        raise ValueError("address")
    session.add(Mail(kind=kind, user_id=user_id, address=address, language=language, detail=detail))


def write_to(session: Session, user: User, address: str | None, kind: str, **detail: Any) -> None:
    """A letter to a person at this address, in her language, else the site's; none where it can be none."""
    if address and address_ok(address):
        queue(session, kind, user.id, address, user.language or "", **detail)


_LATELY = sa.select(col(Mail.address), col(Mail.detail)).where(
    col(Mail.user_id) == sa.bindparam("user_id"),
    col(Mail.kind) == sa.bindparam("kind"),
    col(Mail.created_at) > sa.bindparam("since"),
)


def lately(session: Session, user_id: int | None, kind: str, since: datetime) -> Sequence[AnyRow]:
    """Address and detail of each letter of a kind that was written to a person after a moment."""
    return session.execute(_LATELY, {"user_id": user_id, "kind": kind, "since": since}).fetchall()


_WAITING = (col(Mail.sent_at).is_(None), col(Mail.parked_at).is_(None))


def claim(session: Session, now: datetime, most: int) -> Sequence[AnyRow]:
    """Take up to `most` letters that are due, for `LEASE`, by rank and age. No other worker gets them meanwhile."""
    table: sa.Table = Mail.__table__  # type: ignore[attr-defined]
    due = (
        sa.select(table.c.id)
        .where(*_WAITING, table.c.due_at <= now)
        .where(sa.or_(table.c.leased_until.is_(None), table.c.leased_until <= now))
        .order_by(table.c.rank, table.c.due_at, table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # SQLite's unit of work holds the only write lock anyway
    )
    taken = sa.update(table).where(table.c.id.in_(due)).returning(*table.c)
    taken = taken.values(leased_until=now + LEASE, attempts=table.c.attempts + 1)
    return sorted(session.execute(taken).fetchall(), key=lambda row: (row.rank, row.id))


_SENT = (
    "UPDATE mail SET sent_at = CURRENT_TIMESTAMP, leased_until = NULL, error = ''"
    " WHERE id = ? AND sent_at IS NULL AND parked_at IS NULL"
)


def mark_sent(run: Callable[..., object], number: int) -> None:
    """The server has taken it. `run`: of `Database.each`."""
    run(_SENT, number)


def mark_failed(session: Session, letter: AnyRow, now: datetime, error: str, *, for_good: bool = False) -> None:
    """A try failed: again later, or parked when it was the last one or no other can help (`for_good`)."""
    values: dict[str, Any] = {"leased_until": None, "error": error[:200]}
    if for_good or letter.attempts > len(WAITS):
        values["parked_at"] = now
    else:
        values["due_at"] = now + WAITS[letter.attempts - 1]
    session.execute(sa.update(Mail).where(col(Mail.id) == letter.id, *_WAITING).values(values))


def give_back(session: Session, numbers: Sequence[int], due_at: datetime) -> None:
    """Claimed and not tried, because the server is away or others have to go first: due then, and no try counted."""
    values = {"leased_until": None, "due_at": due_at, "attempts": col(Mail.attempts) - 1}
    session.execute(sa.update(Mail).where(col(Mail.id).in_(numbers), *_WAITING).values(values))


def unsent(connection: Connection) -> Sequence[AnyRow]:
    """Letters that wait or are parked, oldest first."""
    table = Mail.__table__  # type: ignore[attr-defined]
    return connection.execute(sa.select(table).where(table.c.sent_at.is_(None)).order_by(table.c.id)).fetchall()


def unpark(session: Session, number: int, now: datetime) -> bool:
    """Send a parked letter once more, with all its tries; False when it is not parked."""
    parked = sa.update(Mail).where(col(Mail.id) == number, col(Mail.parked_at).is_not(None))
    return bool(session.execute(parked.values(parked_at=None, due_at=now, attempts=0, error="")).rowcount)  # type: ignore[attr-defined]
