"""The importer: takes in an exchange file by file. What happens to a file stands in `intake`."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from jobs.exchange.batch import Table
from jobs.exchange.einvoices import FOLDER
from jobs.exchange.given import Given
from jobs.exchange.intake import SEEN, FileImport
from jobs.exchange.report import Problem, Progress, Report
from jobs.exchange.source import ExchangeError, Source, open_source
from jobs.exchange.tables import TABLES
from jobs.exchange.work import Work
from models import locks
from models.audit import Actor, record
from models.database import Database
from models.files import Storage
from models.identifiers import Identifiers
from models.site import Site

_COMMAND = Actor(None, "command")
FOLDERS = {"bank_entries": "bank/", "einvoices": FOLDER}  # of XML files, one after the other


class ImportBusy(ExchangeError):
    """Another import is running on this database."""


class _Hashing:
    """The storage of a dry run: names files and stores none."""

    def put(self, data: bytes) -> str:
        return sha256(data).hexdigest()


def import_folder(
    database: Database, storage: Storage, site: Site, identifier_key: str, path: Path, *, dry_run: bool = False,
    progress: Progress = lambda _file, _rows, _part: None, actor: Actor = _COMMAND,
) -> Report:  # fmt: skip
    """Take in the folder or ZIP at `path` (D15; docs/integration.md) and tell what changed and what was refused.

    A row with a problem is left out and stops nothing. Raises `ExchangeError` where nothing can be taken at
    all, as `ImportBusy` while another import runs.
    """
    report = Report(dry_run)
    with open_source(path) as source, only_one(database), database.write() as session:
        work = Work(session, source, _Hashing() if dry_run else storage, site, Identifiers(identifier_key))  # type: ignore[arg-type]  # only put is called
        with _taking(database, work, report, actor):
            for table, name in _files(source, report):
                FileImport(work, table, name, report, progress).run()
    return report


def import_rows(
    database: Database, storage: Storage, site: Site, identifier_key: str, table: str, given: Given, *,
    dry_run: bool = False, actor: Actor = _COMMAND, wait: float = 0,
) -> Report:  # fmt: skip
    """Take in rows of one table as from its file (`given`), and tell the same. Raises as `import_folder`."""
    report = Report(dry_run)
    with only_one(database, wait), database.write() as session:
        work = Work(session, given, _Hashing() if dry_run else storage, site, Identifiers(identifier_key))  # type: ignore[arg-type]  # as above
        with _taking(database, work, report, actor):
            FileImport(work, TABLES[table], table, report, lambda _file, _rows, _part: None).run()
    return report


@contextmanager
def _taking(database: Database, work: Work, report: Report, actor: Actor) -> Iterator[None]:
    """Around an import: its memory of what it has seen, what becomes of it at the end, its row in the audit trail."""
    with _mapped_out(work):
        work.connection.exec_driver_sql("DROP TABLE IF EXISTS exchange_seen")  # of an import that was broken off
        SEEN.create(work.connection)
        try:
            yield
        except (IntegrityError, database.engine.dialect.loaded_dbapi.IntegrityError):
            raise ExchangeError("Somebody else changed the same rows; import again, it goes on from here.") from None
        SEEN.drop(work.connection)
    if report.dry_run:
        work.session.rollback()
    else:
        record(work.session, actor, "import.finished", detail=report.summary())


@contextmanager
def only_one(database: Database, wait: float = 0) -> Iterator[None]:
    """Hold the lock of imports. Raises `ImportBusy` where somebody else holds it, still after `wait` seconds."""
    try:
        with locks.only_one(database, "import", wait):
            yield
    except locks.Taken:
        raise ImportBusy("Another import is running; wait until it has ended.") from None


@contextmanager
def _mapped_out(work: Work) -> Iterator[None]:
    """SQLite's connection without its memory map, which would grow with the database and gives nothing here."""
    if not work.is_sqlite:
        yield
        return
    before = work.connection.exec_driver_sql("PRAGMA mmap_size").scalar()
    work.connection.exec_driver_sql("PRAGMA mmap_size=0")
    try:
        yield
    finally:
        work.connection.exec_driver_sql(f"PRAGMA mmap_size={before}")


def _files(source: Source, report: Report) -> Iterator[tuple[Table, str]]:
    """The files to read, in the order of the tables; what cannot be a table is reported."""
    found: dict[str, list[str]] = {name: [] for name in TABLES}
    for file in source.names():
        if file.endswith((".csv", ".xlsx")):
            found.setdefault(file.rpartition(".")[0], []).append(file)
    for name, files in found.items():
        if name not in TABLES:
            expected = "the name of a table: " + ", ".join(TABLES)
            report.add_problems(Problem(file, 0, "", "", expected) for file in files)
    for name, table in TABLES.items():
        files = found[name]
        if len(files) > 1:
            report.add_problems([Problem(files[1], 0, "", "", f"not also {files[0]}; neither was read")])
        elif files:
            yield table, files[0]
        yield from ((table, file) for file in source.xml(FOLDERS.get(name)))
