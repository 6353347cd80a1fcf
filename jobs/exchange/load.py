"""The importer: takes in an exchange file by file. What happens to a file stands in `intake`."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from jobs.exchange.batch import Table, Work
from jobs.exchange.intake import SEEN, FileImport
from jobs.exchange.lock import only_one
from jobs.exchange.report import Problem, Progress, Report
from jobs.exchange.source import ExchangeError, Source, open_source
from jobs.exchange.tables import TABLES
from models.audit import Actor, record
from models.database import Database
from models.files import Storage
from models.identifiers import Identifiers
from models.site import Site


class _Hashing:
    """The storage of a dry run: names files and stores none."""

    def put(self, data: bytes) -> str:
        """The name that a storage would give."""
        return sha256(data).hexdigest()


def import_folder(
    database: Database, storage: Storage, site: Site, identifier_key: str, path: Path, *, dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Take in the folder or ZIP at `path` (D15; docs/integration.md) and tell what changed and what was refused.

    A row with a problem is left out and stops nothing. Raises `ExchangeError` where nothing can be taken at
    all, as `ImportBusy` while another import runs.
    """
    report = Report(dry_run)
    with open_source(path) as source, only_one(database), database.write() as session:
        work = Work(session, source, _Hashing() if dry_run else storage, site, Identifiers(identifier_key))  # type: ignore[arg-type]  # only put is called
        with _mapped_out(work):
            work.connection.exec_driver_sql("DROP TABLE IF EXISTS exchange_seen")  # of an import that was broken off
            SEEN.create(work.connection)
            try:
                for table, name in _files(source, report):
                    FileImport(work, table, name, report, progress or _silent).run()
            except (IntegrityError, database.engine.dialect.loaded_dbapi.IntegrityError):
                again = "Somebody else changed the same rows; import again, it goes on from here."
                raise ExchangeError(again) from None
            SEEN.drop(work.connection)
        if dry_run:
            session.rollback()
        else:
            record(session, Actor(None, "command"), "import.finished", detail=report.summary())
    return report


@contextmanager
def _mapped_out(work: Work) -> Iterator[None]:
    """SQLite's connection without its memory map, which would grow with the database and gives nothing here."""
    if work.connection.dialect.name != "sqlite":
        yield
        return
    before = work.connection.exec_driver_sql("PRAGMA mmap_size").scalar()
    work.connection.exec_driver_sql("PRAGMA mmap_size=0")
    try:
        yield
    finally:
        work.connection.exec_driver_sql(f"PRAGMA mmap_size={before}")


def _silent(_file: str, _rows: int, _part: float) -> None:
    """Nobody watches."""


def _files(source: Source, report: Report) -> Iterator[tuple[Table, str]]:
    """The files to read, in the order of the tables; what cannot be a table is reported."""
    names = [name for name in source.names() if name.endswith((".csv", ".xlsx"))]
    for name in names:
        if name.rpartition(".")[0] not in TABLES:
            expected = "the name of a table: " + ", ".join(TABLES)
            report.add_problems([Problem(name, 0, "", "", expected)])
    for table in TABLES.values():
        found = [name for name in names if name.rpartition(".")[0] == table.name]
        if len(found) > 1:
            report.add_problems([Problem(found[1], 0, "", "", f"not also {found[0]}; neither was read")])
        elif found:
            yield table, found[0]
