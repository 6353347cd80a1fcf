"""Copies of what is held about a person, at her wish (I06; GDPR 15 and 20): who waits for one, and what is in it.

The worker makes them (`jobs.copies`). What she gets of each table says privacy.toml; `who` has the values of its
conditions: user_id, today, notices (ids of those on her board), her language and the site's first one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import outbox
from models.audit import Actor, record
from models.database import clause, metadata
from models.people import User
from models.privacy import TABLES
from models.quarantine import Quarantined
from models.types import ONE, Addressed, AnyRow, utc_now

AGAIN = timedelta(days=1)  # one copy a day is enough
LEASE = timedelta(minutes=10)  # for which a claimed one belongs to one worker
_WAITS = sa.text("file_hash IS NULL")


class DataCopy(Addressed, table=True):
    """One copy; it waits until it has a file."""

    __tablename__ = "data_copy"
    __table_args__ = (sa.Index("ix_data_copy_waiting", "due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),)

    user_id: int = Field(foreign_key="user_account.id", index=True)
    language: str = Field(max_length=2)
    asked_at: datetime = Field(default_factory=utc_now)
    due_at: datetime = Field(default_factory=utc_now)  # not to be begun before
    made_at: datetime | None = None
    file_hash: str | None = Field(default=None, max_length=64)
    size: int = 0  # bytes


_TABLE: sa.Table = DataCopy.__table__  # type: ignore[attr-defined]
_OWN = sa.select(_TABLE).where(_TABLE.c.user_id == sa.bindparam("user_id")).order_by(_TABLE.c.id.desc())
_DUE = sa.select(_TABLE.c.id).where(_TABLE.c.file_hash.is_(None), _TABLE.c.due_at <= sa.bindparam("now"))
_NEXT = _DUE.order_by(_TABLE.c.due_at).limit(ONE).with_for_update(skip_locked=True)


def own(connection: Connection, user_id: int, days: int, now: datetime) -> Sequence[AnyRow]:
    """Her copies that were made, or asked for, within so many days; the newest first."""
    since = now - timedelta(days)
    return [row for row in connection.execute(_OWN, {"user_id": user_id}) if (row.made_at or row.asked_at) > since]


def may_ask(rows: Sequence[AnyRow], now: datetime) -> bool:
    """Whether another may be asked for beside these: none waits, and a day has gone by."""
    return all(row.file_hash and row.asked_at <= now - AGAIN for row in rows)


def ask(session: Session, actor: Actor, language: str, now: datetime) -> None:
    """Ask for a copy; the same again, and of two at once one, asks for nothing."""
    user = session.get_one(User, actor.user_id, with_for_update=True)
    if may_ask(session.execute(_OWN, {"user_id": user.id}).fetchall(), now):
        session.add(DataCopy(user_id=user.id or 0, language=language, asked_at=now, due_at=now))
        record(session, actor, "data.asked")


def claim(session: Session, now: datetime) -> AnyRow | None:
    """Take the one that waits longest, for `LEASE`: who is killed meanwhile has it made again by the next."""
    taken = sa.update(_TABLE).where(_TABLE.c.id.in_(_NEXT)).values(due_at=now + LEASE).returning(*_TABLE.c)
    return session.execute(taken, {"now": now}).first()


def finish(session: Session, row: AnyRow, file_hash: str, size: int, days: int, now: datetime) -> None:
    """It is stored, for so many days: written to her, once whoever else has made it as well."""
    made = sa.update(_TABLE).where(_TABLE.c.id == row.id, _TABLE.c.made_at.is_(None)).returning(_TABLE.c.id)
    if session.execute(made.values(file_hash=file_hash, size=size, made_at=now)).first():
        user = session.get_one(User, row.user_id)
        outbox.write_to(session, user, None if user.disabled_at else user.email, "data_copy", days=days)


def rows(connection: Connection, who: dict[str, Any]) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Table by table, row by row, what she gets a copy of; `of` says in words what a row belongs to."""
    for name, how in TABLES.items():
        if "hers" in how:
            table, of = metadata().tables[name], f"({how.get('of', 'NULL')}) AS of"
            hers = sa.select(sa.text(of), *(table.c[column] for column in how["columns"].split()))
            found = connection.execute(hers.where(clause(how["hers"], who)).order_by(*table.primary_key))
            yield name, (dict(row._mapping) for row in found)


def files(connection: Connection, who: dict[str, Any]) -> Iterator[tuple[str, AnyRow]]:
    """Her files by the table that names them, the newest first: id, name, file_hash; `held` in quarantine."""
    for name, how in TABLES.items():
        if "file" in how:
            table = metadata().tables[name]
            held = sa.exists().where(col(Quarantined.file_hash) == table.c.file_hash).label("held")
            hers = sa.select(table.c.id, sa.literal_column(how["file"]).label("name"), table.c.file_hash, held)
            hers = hers.where(clause(how["hers"], who), table.c.file_hash.is_not(None)).order_by(table.c.id.desc())
            yield from ((name, row) for row in connection.execute(hers))
