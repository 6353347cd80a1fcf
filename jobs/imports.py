"""Imports by a page: what waits is checked, or taken in, by the worker (`models.imports`)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from auth.state import State
from jobs.exchange.load import FOLDERS, import_folder
from jobs.exchange.source import VERSION, ExchangeError
from models import imports
from models.audit import Actor
from models.imports import ImportState
from models.types import AnyRow, utc_now

log = logging.getLogger("ekabinets.imports")


def import_due(held: State) -> int:
    """Work on the one that waits; how many were claimed. What breaks off is tried again when its lease is over."""
    with held.database.write() as session:
        row = imports.claim(session, utc_now())
    if row is None:
        return 0
    try:
        outcome = _outcome(held, row)
        with held.database.write() as session:
            imports.finish(session, row.id, utc_now(), **outcome)
    except Exception:  # of this import, or the storage is away: no letter may wait for that
        log.exception("import %s broke off", row.id)
    return 1


def _outcome(held: State, row: AnyRow) -> dict[str, Any]:
    """Its state and its report, or the error of a file that cannot be taken at all."""
    checking = row.state is ImportState.CHECKING

    def progress(_file: str, rows: int, part: float) -> None:
        if not checking:  # which holds one unit of work from its beginning to its end
            with held.database.write() as session:
                imports.went_on(session, row.id, rows, part, utc_now())

    parts, actor = (held.storage, held.site, held.settings.identifier_key), Actor(row.created_by_user_id, "web")
    with _laid_out(held, row) as path:
        try:
            report = import_folder(held.database, *parts, path, dry_run=checking, progress=progress, actor=actor)
        except ExchangeError as error:
            return {"state": ImportState.FAILED, "error": error.message.replace(str(path), row.file_name)[:500]}
    tables = {name: asdict(counts) for name, counts in report.tables.items()}
    told = {"problems": [astuple(one) for one in report.problems], "count": report.problem_count}
    state = ImportState.READY if checking else ImportState.DONE
    return {"state": state, "report": {"tables": tables, "formats": report.formats, **told}}


@contextmanager
def _laid_out(held: State, row: AnyRow) -> Iterator[Path]:
    """The file as the importer takes it: a ZIP, or a folder with one table."""
    with TemporaryDirectory() as folder:
        alone = row.kind != imports.ARCHIVE
        ending = row.file_name[row.file_name.rindex(".") :].lower()
        path = Path(folder, FOLDERS[row.kind] if ending == ".xml" else "", (row.kind if alone else "exchange") + ending)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(held.storage.open(row.file_hash))
        Path(folder, "exchange.toml").write_text(f"version = {VERSION}\n", "utf-8")
        yield Path(folder) if alone else path
