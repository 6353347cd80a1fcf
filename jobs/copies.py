"""Copies of what is held about a person: a ZIP with a page to read, the same as JSON, and her files."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from flask import Flask

from auth.state import State
from models import copies, noticeboard
from models.files import FileMissing, Storage
from models.types import AnyRow, utc_now

log = logging.getLogger("ekabinets.copies")
LARGEST = 50_000_000  # bytes of files in one copy, because it goes out in one piece (docs/decisions/0015)
_UNITS = "money in cents, prices in 1/10000 EUR, readings and quantities in 1/1000 of their unit, moments in UTC"


def make_due(app: Flask) -> int:
    """Make the copy that waits longest; how many were claimed. One that fails is tried again after its lease."""
    held: State = app.extensions["ekabinets"]
    with held.database.write() as session:
        row = copies.claim(session, utc_now())
    if row is None:
        return 0
    try:
        with TemporaryFile() as file:
            _write(app, held, row, file)
            size, name = file.seek(0, 2), held.storage.put(file)
        with held.database.write() as session:
            copies.finish(session, row, name, size, held.site.retention["copies"], utc_now())
    except Exception:  # of this copy, or the storage is away: no letter may wait for that
        log.exception("copy %s cannot be made", row.id)
    return 1


def _write(app: Flask, held: State, row: AnyRow, file: BinaryIO) -> None:
    today, first = held.clock.today(), held.site.languages[0]
    reader = noticeboard.Reader(row.user_id, held.clock.now(), row.language, first, today, strong=True)
    told = {"site": held.site, "language": row.language, "made_at": utc_now()}
    page = app.extensions["languages"][row.language].get_template("copies/_copy.html")
    with ZipFile(file, "w", ZIP_DEFLATED) as archive, held.database.read() as connection:
        notices = [notice.id for notice in noticeboard.of(connection, reader)]
        who = vars(reader) | {"notices": notices}
        files = [*_files(archive, held.storage, copies.files(connection, who))]
        with archive.open("index.html", "w") as out:
            page.stream(tables=copies.rows(connection, who), files=files, **told).dump(out, "utf-8")
        with archive.open("data.json", "w") as out:
            out.write(f'{{"about": {_json(told | {"site": held.site.name, "units": _UNITS})}'.encode())
            for name, rows in copies.rows(connection, who):  # a row on each line
                out.write(f',\n"{name}": ['.encode())
                out.writelines(f"{',' if n else ''}\n{_json(row)}".encode() for n, row in enumerate(rows))
                out.write(b"\n]")
            out.write(b"\n}\n")


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=lambda moment: moment.isoformat())


def _files(archive: ZipFile, storage: Storage, found: Iterator[tuple[str, AnyRow]]) -> Iterator[tuple[str, str]]:
    """Each file's own name with its name in the archive, "" where it is not there: lost, held back, or too much."""
    left = LARGEST
    for table, row in found:
        name, data = f"files/{table}-{row.id}-" + re.sub(r"[^A-Za-z0-9.-]+", "_", row.name), b""
        with suppress(FileMissing):
            if not row.held and storage.size(row.file_hash) <= left:
                data = storage.open(row.file_hash)
                archive.writestr(name, data)
        left -= len(data)
        yield row.name, name if data else ""
