"""The API's way to the exchange: rows in as from a file, readings out as into one, and what both are like (OpenAPI)."""

import base64
import binascii
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from auth.state import State
from jobs.exchange.given import Given
from jobs.exchange.load import ImportBusy, import_rows
from jobs.exchange.openapi import document
from jobs.exchange.source import ExchangeError
from jobs.exports import COLUMNS, marked
from models.audit import Actor, record
from models.database import Database
from models.readings import Reading
from models.types import AnyRow, ExternalStatus, utc_now

__all__ = ["MOST_ROWS", "ExchangeError", "ImportBusy", "Wrong", "document", "given", "pull", "take"]
MOST_ROWS = 10_000  # of a request
PAGE = 1000  # readings
LAG = timedelta(seconds=10)  # who writes a reading has committed it by then
_WAIT = 3.0  # seconds, for another import
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Wrong(ValueError):
    """What came cannot be read at all: `field`, and what is expected there."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(expected)
        self.field, self.expected = field, expected


def given(body: bytes) -> Given:
    """The rows and files of a request. Numbers stay as they were written. Raises `Wrong`."""
    try:
        told = json.loads(body, parse_float=str, parse_int=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Wrong("", "JSON in UTF-8") from None
    if not isinstance(told, dict) or (unknown := told.keys() - {"rows", "files"}):
        raise Wrong(sorted(unknown)[0] if isinstance(told, dict) else "", "an object with rows and, if need be, files")
    rows, files = told.get("rows"), told.get("files", {})
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS or not all(type(row) is dict for row in rows):
        raise Wrong("rows", f"a list of 1 to {MOST_ROWS} objects")
    if not isinstance(files, dict):
        raise Wrong("files", "an object with the content of each file by its name, in base64")
    return Given(rows=rows, files={name: _decoded(name, content) for name, content in files.items()})


def _refuse(_constant: str) -> None:
    raise ValueError


def _decoded(name: str, content: object) -> bytes:
    try:
        return base64.b64decode(str(content), validate=True)
    except (ValueError, binascii.Error):
        raise Wrong(f"files.{name}", "the content of a file in base64") from None


def take(
    held: State, table: str, source: Given, actor: Actor, *, dry_run: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What became of the rows, and what is wrong with those that were left out. Raises as `import_rows`."""
    parts = (held.database, held.storage, held.site, held.settings.identifier_key)
    report = import_rows(*parts, table, source, dry_run=dry_run, actor=actor, wait=_WAIT)
    counts = asdict(report.tables[table])
    done = {name: counts[name] for name in ("read", "added", "changed", "unchanged")}
    problems = [
        {
            "row": one.row, "column": one.column, "value": one.value, "detail": f"expected {one.expected}",
            "pointer": f"#/rows/{max(0, one.row - 1)}/{one.column}".rstrip("/"),
        }
        for one in report.problems
    ]  # fmt: skip
    return {"table": table, **done, "refused": report.problem_count, "dry_run": dry_run}, problems


_AT: sa.BindParameter[datetime] = sa.bindparam("at")
_ID: sa.BindParameter[int] = sa.bindparam("number")
_CHANGED = (
    sa.select(col(Reading.id), col(Reading.changed_at))
    .where(col(Reading.changed_at) >= _AT, sa.or_(col(Reading.changed_at) > _AT, col(Reading.id) > _ID))
    .where(col(Reading.changed_at) <= sa.bindparam("until"))
    .order_by(col(Reading.changed_at), col(Reading.id))
    .limit(PAGE)
)
_OPEN = _CHANGED.where(col(Reading.status).in_((ExternalStatus.RECEIVED, ExternalStatus.EXPORTED)))


def pull(database: Database, cursor: str, actor: Actor, *, is_open: bool) -> dict[str, Any]:
    """Readings that changed after what `cursor` has seen, oldest first; they are exported with this. Raises `Wrong`.

    `is_open`: only those that wait for an answer.
    """
    after, number = _seen(cursor or "0-0")
    values = {"at": after, "number": number, "until": utc_now() - LAG}
    with database.read() as connection:
        found = connection.execute(_OPEN if is_open else _CHANGED, values).fetchall()
    if not found:
        return {"readings": [], "next": cursor, "more": False}
    with database.write() as session:
        cells = marked(session.connection(), [row.id for row in found])
        record(session, actor, "readings.exported", detail={"count": len(found)})
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    for row in rows:
        row["value"] = str(row["value"]).replace(",", ".")
    return {"readings": rows, "next": _cursor(found[-1]), "more": len(found) == PAGE}


def _cursor(last: AnyRow) -> str:
    return f"{(last.changed_at - _EPOCH) // timedelta(microseconds=1)}-{last.id}"


def _seen(cursor: str) -> tuple[datetime, int]:
    parts = re.fullmatch("([0-9]{1,16})-([0-9]{1,16})", cursor)
    if parts is None:
        raise Wrong("after", "the next of an answer before")
    return _EPOCH + timedelta(microseconds=int(parts[1])), int(parts[2])
