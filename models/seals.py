"""The seals of the audit trail: one for each row, a hash over it and over the seal before it (security rule 18).

Writers never wait for each other: the worker seals what they have committed (decisions.md 29), strictly in the order
of ids. An id is given before its row is committed, so a lower one may come after a higher one. Nothing is sealed
while such a row can still come: whoever could bring it was writing into `audit` when the highest id was looked up,
holds PostgreSQL's lock on the table for that until the end, and is waited for. Later writers get higher ids (the
sequence must keep its cache of 1), SQLite has one writer at a time. So what has no seal below a sealed row was not
there in time: it was put in.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel

from models.audit import AuditRow
from models.database import Database
from models.types import AnyRow

BATCH = 1000  # rows and seals that are written or read at a time


class AuditSeal(SQLModel, table=True):
    """The seal of one audit row. No foreign key: it outlives a row that somebody removes."""

    __tablename__ = "audit_seal"

    audit_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(max_length=64)


_AUDIT: sa.Table = AuditRow.__table__  # type: ignore[attr-defined]
_SEALS: sa.Table = AuditSeal.__table__  # type: ignore[attr-defined]
TOP = sa.select(sa.func.max(_AUDIT.c.id))
_HEAD = sa.select(_SEALS).where(_SEALS.c.audit_id == sa.select(sa.func.max(_SEALS.c.audit_id)).scalar_subquery())
_WRITING = sa.text("""SELECT virtualtransaction FROM pg_locks WHERE mode = 'RowExclusiveLock'
    AND relation = 'audit'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")
# As the database keeps them: what somebody has put there need be no moment and no JSON.
_RAW = {"at": sa.type_coerce(_AUDIT.c.at, sa.String), "detail": sa.cast(_AUDIT.c.detail, sa.Text)}
_COLUMNS = [_RAW.get(column.name, column).label(column.name) for column in _AUDIT.c]
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.select(*_COLUMNS).where(_AUDIT.c.id > _AFTER, _AUDIT.c.id <= sa.bindparam("to")).order_by(_AUDIT.c.id)
_BATCH = sa.select(_SEALS).where(_SEALS.c.audit_id > _AFTER).order_by(_SEALS.c.audit_id).limit(BATCH)


def digest(before: str, row: AnyRow) -> str:
    """The seal of a row after the seal `before`: what the row holds, in one form on both databases.

    What is empty is left out, so that a column added later changes no seal.
    """
    content = {name: value for name, value in row._mapping.items() if value is not None}
    return sha256(f"{before}\n{json.dumps(content, sort_keys=True, default=_plain)}".encode()).hexdigest()


def _plain(value: object) -> str:
    """PostgreSQL gives a moment in the zone of the connection, SQLite the very text that is written here."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)


class Sealer:
    """Seals what is committed. Several may run at once: of two with the same rows one finds them sealed."""

    def __init__(self, database: Database) -> None:
        """Looks at nothing yet."""
        self._database, self._top = database, 0  # to be sealed up to here …
        self._writers: set[str] | None = None  # … as soon as none of those writes any more

    def seal_due(self) -> int:
        """Seal up to a batch of rows; how many. None while somebody may still commit a row before them."""
        with self._database.read() as connection:
            last = _head(connection)[0]
            if self._top <= last:
                self._top, self._writers = connection.execute(TOP).scalar() or 0, None
            if self._top <= last:
                return 0
            writing = set() if self._database.is_sqlite else {*connection.execute(_WRITING).scalars()}
            self._writers = writing if self._writers is None else self._writers & writing
        try:
            return 0 if self._writers else self._seal()
        except IntegrityError:  # another worker was first
            return 0

    def _seal(self) -> int:
        with self._database.write() as session:
            after, last = _head(session.connection())
            seals = []
            for row in session.execute(_ROWS.limit(BATCH), {"after": after, "to": self._top}):
                last = digest(last, row)
                seals.append({"audit_id": row.id, "hash": last})
            if seals:
                session.execute(sa.insert(_SEALS), seals)
        return len(seals)


def _head(connection: Connection) -> tuple[int, str]:
    return tuple(connection.execute(_HEAD).first() or (0, ""))


def verify(connection: Connection, kept: str = "") -> tuple[str, str]:
    """Read every sealed row and its seal again, a batch at a time: what shows the first change, else "", and the head.

    The head is the last seal with its number: NUMBER:HASH. Whoever keeps it elsewhere can prove later that nothing up
    to it was written anew: `kept` has to be among them.
    """
    head, last, after, is_known = "", "", -(2**63), not kept
    while seals := {row.audit_id: row.hash for row in connection.execute(_BATCH, {"after": after})}:
        # One row more than there are seals shows that one of them has none.
        rows = {row.id: row for row in connection.execute(_ROWS.limit(BATCH + 1), {"after": after, "to": max(seals)})}
        for after in sorted({*seals, *rows}):
            if fault := _fault(rows.get(after), last, seals.get(after)):
                return f"row {after}: {fault}", head
            head, last = f"{after}:{seals[after]}", seals[after]
            is_known |= head == kept
    return "" if is_known else f"{kept}: is not among the seals (any more): the trail was cut off or written anew", head


def _fault(row: AnyRow | None, before: str, seal: str | None) -> str:
    if row is None or seal is None:
        return "has no seal: it was put in later, or its seal was removed" if row else "was sealed and is gone"
    return "" if digest(before, row) == seal else "it, or its seal, was changed"
