"""Quarantine: files that no scanner has cleared. They are stored, and never given out."""

from datetime import datetime, timedelta
from io import BytesIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.database import Database
from models.files import FileMissing, Storage
from models.scanner import Scanner, ScannerAway
from models.types import utc_now

_AGAIN = timedelta(minutes=5)
_BATCH = 10


class Quarantined(SQLModel, table=True):
    """A file that waits to be scanned, or (`found`) has a virus in it.

    A row for a content and not a mark on what names it, so that the same bytes are held back whoever sends them.
    """

    __tablename__ = "quarantine"

    file_hash: str = Field(primary_key=True, max_length=64)
    found: str = Field(default="", max_length=200)
    held_at: datetime = Field(default_factory=utc_now)
    due_at: datetime = Field(default_factory=utc_now, index=True)


class HeldBack(Exception):
    """The file is in quarantine; its argument says what was found in it, "" that nobody has looked yet."""


_NAMED = col(Quarantined.file_hash).in_(sa.bindparam("hashes", expanding=True))
_FOUND = sa.select(col(Quarantined.found)).where(_NAMED)
_WAITING = (
    sa.select(col(Quarantined.file_hash))
    .where(col(Quarantined.found) == "", col(Quarantined.due_at) <= sa.bindparam("now"))
    .limit(_BATCH)
)


def hold(session: Session, file_hash: str) -> None:
    """Keep a file back until it is scanned; in the unit of work that first names it."""
    session.merge(Quarantined(file_hash=file_hash))


def check(connection: Connection, *file_hashes: str) -> None:
    """Raise `HeldBack` where one of these files is in quarantine."""
    found = connection.execute(_FOUND, {"hashes": file_hashes}).scalar()
    if found is not None:
        raise HeldBack(found)


def scan_waiting(database: Database, storage: Storage, scanner: Scanner, now: datetime) -> int:
    """Scan what waits: what is clean is released. How many were scanned; while the scanner is away, all wait on."""
    with database.read() as connection:
        waiting = connection.execute(_WAITING, {"now": now}).scalars().all()
    for file_hash in waiting:
        mine = col(Quarantined.file_hash) == file_hash
        try:
            found = scanner.scan(BytesIO(storage.open(file_hash)))
        except FileMissing:
            found = None  # nothing is there to be kept back
        except (ScannerAway, OSError):
            with database.write() as session:
                session.execute(sa.update(Quarantined).where(col(Quarantined.found) == "").values(due_at=now + _AGAIN))
            return 0
        verdict = sa.update(Quarantined).values(found=found) if found else sa.delete(Quarantined)
        with database.write() as session:
            session.execute(verdict.where(mine))
    return len(waiting)
