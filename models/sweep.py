"""The sweep of files both ways: rows whose file is missing, and files that no row names any more."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from models.attorneys import Attorney
from models.copies import DataCopy
from models.database import Database
from models.documents import Document
from models.files import FileMissing, RenderedFile, Storage
from models.imports import ImportJob
from models.invoices import Invoice
from models.notices import NoticeFile
from models.quarantine import Quarantined
from models.reading_photos import ReadingPhoto
from models.threads import MessageDraft, MessageFile

AGE = timedelta(days=1)  # of an orphan: twice `files.FRESH`, so that what was just put and is not yet named stays
# Every column that names a file; tests/models/test_sweep.py finds one that is not here.
_NAMERS = (
    Attorney, Document, Invoice, NoticeFile, RenderedFile, Quarantined, DataCopy, MessageFile, MessageDraft, ImportJob,
    ReadingPhoto,
)  # fmt: skip
NAMING = (*(table.file_hash for table in _NAMERS), Invoice.ubl_hash)
_MADE_AGAIN = ("rendered_file", "quarantine", "data_copy")  # where a missing file is no loss


@dataclass(frozen=True)
class Sweep:
    """What was found: rows as "document 12" with the name of their missing file; names of orphans."""

    missing: list[tuple[str, str]]
    orphans: list[str]


def look(database: Database, storage: Storage, now: datetime) -> Sweep:
    """Compare rows and files. Rows are read first: the file of a row that comes meanwhile is younger than an orphan."""
    rows = [*_rows(database)]
    wanted, stored = {name for _, name in rows}, dict(storage.names())
    return Sweep(
        missing=[(row, name) for row, name in rows if name not in stored and not row.startswith(_MADE_AGAIN)],
        orphans=sorted(name for name, date in stored.items() if name not in wanted and date < now - AGE),
    )


def remove(storage: Storage, orphans: list[str], now: datetime) -> int:
    """Remove those of them that nobody has put again since; how many."""
    removed = 0
    for name in orphans:
        with suppress(FileMissing):
            removed += storage.remove(name, now - AGE)
    return removed


def _rows(database: Database) -> Iterator[tuple[str, str]]:
    with database.read() as connection:
        for named in NAMING:
            column = col(named)
            table = column.table  # type: ignore[attr-defined]  # of a column of a table
            key = next(iter(table.primary_key.columns))
            for row in connection.execute(sa.select(key, column.label("name")).where(column.is_not(None))):
                yield f"{table.name} {row[0]}", row.name
