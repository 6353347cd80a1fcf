"""Imports by a page: a file that somebody of the staff brought, checked by the worker, then taken in by it (H12).

`busy` is unique: one at a time is checked or taken in. What a worker leaves when it is killed is whole chunks of rows
(`jobs.exchange.intake`): the next one begins again, finds them as they should be, and goes on from there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.people import User
from models.types import ONE, AnyRow, Numbered, choice, utc_now

LARGEST = 50 * 10**6  # bytes; what is bigger comes by the command
LEASE = timedelta(minutes=5)  # for which a claimed one belongs to one worker; each chunk begins it anew
MOST_TRIES, BROKEN = 3, "broken off"
ARCHIVE = "archive"  # a ZIP of the exchange format
KINDS = (  # the tables of the exchange format
    "customers", "houses", "entrances", "premises", "tenures", "meters", "readings", "invoices", "invoice_lines",
    "einvoices", "payments", "bank_entries", "estimates", "documents", "notices", "users",
)  # fmt: skip
XML = ("bank_entries", "einvoices")  # which may come as XML, too


class ImportState(StrEnum):
    """How far it has come."""

    CHECKING = "checking"
    READY = "ready"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImportJob(Numbered, table=True):
    """One file and what became of it."""

    __tablename__ = "import_job"

    kind: str = Field(max_length=16)
    file_name: str = Field(max_length=120)
    file_hash: str = Field(max_length=64)
    created_by_user_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now)
    state: ImportState = choice(ImportState, default=ImportState.CHECKING)
    busy: bool | None = Field(default=True, unique=True)  # True or nothing
    leased_until: datetime | None = None
    attempts: int = 0
    rows: int = 0  # done so far
    part: int = 0  # of the file that is being read, in percent
    report: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    error: str = Field(default="", max_length=500)
    finished_at: datetime | None = None


_TABLE: sa.Table = ImportJob.__table__  # type: ignore[attr-defined]
_ROWS = sa.select(_TABLE, col(User.name).label("who")).join(User, col(User.id) == _TABLE.c.created_by_user_id)
_FAILED_FIRST = (_TABLE.c.state == ImportState.FAILED).desc(), _TABLE.c.id.desc()
_ONE = _ROWS.where(_TABLE.c.id == sa.bindparam("number"))
_FREE = sa.or_(_TABLE.c.leased_until.is_(None), _TABLE.c.leased_until <= sa.bindparam("now"))
_NEXT = sa.select(_TABLE.c.id).where(_TABLE.c.busy, _FREE).limit(ONE).with_for_update(skip_locked=True)


def latest(connection: Connection) -> Sequence[AnyRow]:
    """The last hundred, first those that failed."""
    return connection.execute(_ROWS.order_by(*_FAILED_FIRST).limit(sa.literal_column("100"))).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """One of them, with the name of who brought it."""
    return connection.execute(_ONE, {"number": number}).first()


def add(session: Session, actor: Actor, kind: str, name: str, file_hash: str) -> int:
    """Let it be checked; its number. Raises `IntegrityError` while another is checked or taken in."""
    job = ImportJob(kind=kind, file_name=name, file_hash=file_hash, created_by_user_id=actor.user_id or 0)
    session.add(job)
    session.flush()
    record(session, actor, "import.uploaded", object_type="import", object_id=job.id, detail={"kind": kind})
    return job.id or 0


def decide(session: Session, actor: Actor, number: int, *, take: bool) -> bool:
    """Take in what was checked, or give it up; False where that was decided. Raises `IntegrityError` as `add`."""
    ready = sa.update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.state == ImportState.READY)
    state = ImportState.IMPORTING if take else ImportState.CANCELLED
    done: Any = session.execute(ready.values(state=state, busy=take or None, attempts=0))
    if done.rowcount:
        about = {"object_type": "import", "object_id": number}
        record(session, actor, "import.confirmed" if take else "import.cancelled", **about)
    return bool(done.rowcount)


def claim(session: Session, now: datetime) -> AnyRow | None:
    """The one that is to be worked on, for `LEASE`; one that ended its worker each time fails."""
    values = {"leased_until": now + LEASE, "attempts": _TABLE.c.attempts + 1}
    taken = sa.update(_TABLE).where(_TABLE.c.id.in_(_NEXT)).values(values).returning(*_TABLE.c)
    row = session.execute(taken, {"now": now}).first()
    if row is None or row.attempts <= MOST_TRIES:
        return row
    finish(session, row.id, now, state=ImportState.FAILED, error=BROKEN)
    return None


def went_on(session: Session, number: int, rows: int, part: float, now: datetime) -> None:
    """How far it is."""
    values = {"rows": rows, "part": int(part * 100), "leased_until": now + LEASE}
    session.execute(sa.update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.busy).values(values))


def finish(session: Session, number: int, now: datetime, **outcome: Any) -> None:
    """It is checked, taken in, or failed. `outcome`: state, and report or error."""
    ended = {"busy": None, "leased_until": None, "finished_at": now} | outcome
    session.execute(sa.update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.busy).values(ended))
