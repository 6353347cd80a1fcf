"""Data out: readings for the billing system, as CSV (D15; docs/integration.md)."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.database import Database
from models.meters import Meter, Register
from models.readings import Reading
from models.rules.numbers import format_plain
from models.types import ExternalStatus

COLUMNS = (
    "external_id", "meter", "register", "value", "date", "period", "source", "received_at", "corrects", "status",
    "status_reason", "flag",
)  # fmt: skip
CHUNK = 2000  # rows

_OWN_ID = sa.literal("P").concat(sa.cast(col(Reading.id), sa.String))
_PAGE = sa.select(col(Reading.id)).where(col(Reading.id) > sa.bindparam("after")).order_by(col(Reading.id)).limit(CHUNK)
_PAGE_SINCE = _PAGE.where(col(Reading.changed_at) >= sa.bindparam("since"))
_IDS: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
_MARK = (
    sa.update(Reading)
    .where(col(Reading.id).in_(_IDS))
    .where(col(Reading.external_id).is_(None) | (col(Reading.status) == ExternalStatus.RECEIVED))
    .values(
        external_id=sa.func.coalesce(col(Reading.external_id), _OWN_ID),
        status=sa.case(
            (col(Reading.status) == ExternalStatus.RECEIVED, ExternalStatus.EXPORTED.value), else_=col(Reading.status)
        ),
    )
)
_ROWS: sa.Executable = (
    sa.select(
        col(Reading.id),
        col(Reading.external_id),
        col(Meter.external_id).label("meter"),
        col(Register.ordinal),
        col(Reading.register_id),
        col(Reading.value),
        col(Reading.read_on),
        col(Reading.period),
        col(Reading.source),
        col(Reading.received_at),
        col(Reading.status),
        col(Reading.status_reason),
        col(Reading.flag),
    )
    .join_from(Reading, Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(col(Reading.id).in_(_IDS))
    .order_by(col(Reading.id))
)
# By register, because that is indexed and superseded_by_id is not.
_CORRECTED = (
    sa.select(col(Reading.superseded_by_id), sa.func.coalesce(col(Reading.external_id), _OWN_ID))
    .where(col(Reading.register_id).in_(sa.bindparam("registers", expanding=True)))
    .where(col(Reading.superseded_at).is_not(None), col(Reading.superseded_by_id).in_(_IDS))
    .order_by(col(Reading.id))
)


def export_readings(database: Database, since: datetime | None, out: TextIO) -> int:
    """Write every reading that changed at or after `since` (aware; None: all) and return how many.

    A reading that came through the portal gets its external id here, `P` and a number, and the status exported
    instead of received, in the same unit of work; changed_at stays, so the same `since` gives the same rows
    again. A unit of work is 2,000 readings and is committed before they are written to `out`.
    """
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    after, count = 0, 0
    while True:
        with database.write() as session:
            rows = _page(session.connection(), after, since)
        if not rows:
            return count
        writer.writerows(_lines(*rows))
        after, count = rows[0][-1].id, count + len(rows[0])


def _page(
    connection: Connection, after: int, since: datetime | None
) -> tuple[Sequence[sa.Row[Any]], dict[int, str]] | None:
    """The next readings, marked as exported, and what they correct."""
    parameters = {"after": after} | ({"since": since.astimezone(UTC)} if since else {})
    ids = connection.execute(_PAGE_SINCE if since else _PAGE, parameters).scalars().all()
    if not ids:
        return None
    connection.execute(_MARK, {"ids": ids})
    rows = connection.execute(_ROWS, {"ids": ids}).all()
    registers = {row.register_id for row in rows}
    corrected = connection.execute(_CORRECTED, {"ids": ids, "registers": list(registers)})
    return rows, {new: old for new, old in corrected if new}


def _lines(rows: Sequence[sa.Row[Any]], corrected: dict[int, str]) -> Iterator[list[str]]:
    for row in rows:
        cells = (
            row.external_id,
            row.meter,
            str(row.ordinal),
            format_plain(row.value, 0).replace(".", ","),
            row.read_on.isoformat(),
            row.period.strftime("%Y-%m") if row.period else "",
            row.source,
            row.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            corrected.get(row.id, ""),
            row.status,
            row.status_reason,
            row.flag,
        )
        yield [safe(cell or "") for cell in cells]


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (ASVS 1.2.10); import takes the apostrophe away again."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
