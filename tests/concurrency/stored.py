"""What the database holds after all that, read from outside."""

from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select

from models.audit import AuditRow
from models.database import Database, metadata
from models.meters import Meter, Register
from models.readings import Reading
from models.types import Source

DRAWN = {"public_id", "identifier_encrypted", "received_at", "changed_at", "created_at", "superseded_at", "announced_at"}  # by lot or from the clock


def stored(database: Database, mid: str) -> list[Reading]:
    """What people sent for a meter, in order; and it hangs together: one stands, each other was replaced by the next."""
    query = select(Reading).join(Register, col(Register.id) == Reading.register_id).join(Meter, col(Meter.id) == Register.meter_id)
    with database.write() as session:
        rows = list(session.scalars(query.where(Meter.public_id == mid, Reading.source == Source.SELF).order_by(col(Reading.id))).all())
        session.expunge_all()
    assert [row.superseded_by_id for row in rows] == [row.id for row in rows[1:]] + [None] * bool(rows)
    assert [row.superseded_at is None for row in rows] == [False] * (len(rows) - 1) + [True] * bool(rows)
    return rows


def receipts(database: Database) -> int:
    with database.write() as session:
        return len(session.scalars(select(AuditRow).where(AuditRow.action == "reading.submitted")).all())


def contents(database: Database) -> dict[str, str]:
    """A hash of each table but the audit trail: ids as their rank, what is drawn as whether it is there."""
    tables = [table for table in metadata().sorted_tables if table.name != "audit"]
    with database.read() as connection:
        rows = {table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).mappings().all() for table in tables}
    ranks = {name: {row["id"]: rank for rank, row in enumerate(found)} for name, found in rows.items() if found and "id" in found[0]}

    def plain(column: sa.Column[object], value: object) -> object:
        if value is None or column.name in DRAWN:
            return value is not None
        target = column.table if column.name == "id" else next((key.column.table for key in column.foreign_keys), None)
        return value if target is None else ranks[target.name][value]

    return {
        table.name: sha256(repr([[plain(column, row[column.name]) for column in table.c] for row in rows[table.name]]).encode()).hexdigest()
        for table in tables
    }


def assert_nothing_is_left(database: Database, folder: Path) -> None:
    """The database is sound and nobody holds anything in it; in storage is nothing but whole files."""
    with database.read() as connection:
        if database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        else:
            locks = "FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database() AND pid <> pg_backend_pid()"
            assert connection.exec_driver_sql(f"SELECT locktype, mode {locks}").fetchall() == []
    database.dispose()
    assert [path.name for path in folder.iterdir() if path.name.endswith(("-wal", "-journal"))] == []
    for path in (folder / "files").rglob("*"):
        assert path.is_dir() or sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name
