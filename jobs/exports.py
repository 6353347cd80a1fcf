"""Data out: readings for the billing system, and who wants no paper, as CSV (C04, D15; docs/integration.md)."""

import csv
from datetime import UTC, datetime
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.customers import Customer, CustomerUser
from models.database import Database
from models.einvoices import EInvoice, reached
from models.meters import Meter, Register
from models.people import User
from models.readings import Reading
from models.rules.numbers import format_plain
from models.types import ExternalStatus

CHUNK = 2000  # rows

_IDS: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
_PAGE = sa.select(col(Reading.id)).where(col(Reading.id) > sa.bindparam("after")).order_by(col(Reading.id)).limit(CHUNK)


def _shown_id(reading: type[Reading]) -> sa.ColumnElement[str]:
    own = sa.literal("P").concat(sa.cast(col(reading.id), sa.String))
    return sa.func.coalesce(col(reading.external_id), own)


_IS_NEW = col(Reading.status) == ExternalStatus.RECEIVED
_MARK = (
    sa.update(Reading)
    .where(col(Reading.id).in_(_IDS), col(Reading.external_id).is_(None) | _IS_NEW)
    .values(
        external_id=_shown_id(Reading),
        status=sa.case((_IS_NEW, ExternalStatus.EXPORTED.value), else_=col(Reading.status)),
    )
)
_OLD = aliased(Reading)
_CORRECTS = (  # by register, because that is indexed and superseded_by_id is not
    sa.select(_shown_id(_OLD))
    .where(col(_OLD.register_id) == col(Reading.register_id), col(_OLD.superseded_by_id) == col(Reading.id))
    .where(col(_OLD.superseded_at).is_not(None))
    .order_by(col(_OLD.id).desc())
    .limit(1)
    .scalar_subquery()
)
# Column of the file → what stands there, and how it is written where that is not its text.
_COLUMNS: dict[str, tuple[Any, Any]] = {
    "external_id": (col(Reading.external_id), str),
    "meter": (col(Meter.external_id), str),
    "register": (col(Register.ordinal), str),
    "value": (col(Reading.value), lambda value: format_plain(value, 0).replace(".", ",")),
    "date": (col(Reading.read_on), str),
    "period": (col(Reading.period), lambda first: f"{first:%Y-%m}"),
    "source": (col(Reading.source), str),
    "received_at": (col(Reading.received_at), lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
    "corrects": (_CORRECTS, str),
    "status": (col(Reading.status), str),
    "status_reason": (col(Reading.status_reason), str),
    "flag": (col(Reading.flag), str),
}
COLUMNS = tuple(_COLUMNS)
_ROWS: sa.Executable = (
    sa.select(*(what for what, _ in _COLUMNS.values()))
    .join_from(Reading, Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(col(Reading.id).in_(_IDS))
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
    page = _PAGE.where(col(Reading.changed_at) >= since.astimezone(UTC)) if since else _PAGE
    after, count = 0, 0
    while True:
        with database.write() as session:
            connection = session.connection()
            ids: Any = connection.execute(page, {"after": after}).scalars().all()
            rows = [["" if cell is None else safe(cell) for cell in row] for row in marked(connection, ids)]
        if not ids:
            return count
        writer.writerows(rows)
        after, count = ids[-1], count + len(ids)


def marked(connection: Connection, ids: Any) -> list[list[str | None]]:
    """The cells of these readings, by their ids, which are exported with this."""
    if not ids:
        return []
    connection.execute(_MARK, {"ids": ids})
    writers = [write for _, write in _COLUMNS.values()]
    return [
        [None if value is None else write(value) for value, write in zip(row, writers, strict=True)]
        for row in connection.execute(_ROWS, {"ids": ids})
    ]


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (ASVS 1.2.10); import takes the apostrophe away again."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


_PAPERLESS = (
    sa.select(col(Customer.external_id), col(Customer.code), sa.func.min(col(EInvoice.changed_at)))
    .join(EInvoice, col(EInvoice.customer_id) == col(Customer.id))
    .join(CustomerUser, sa.and_(
        col(CustomerUser.customer_id) == col(Customer.id), col(CustomerUser.user_id) == col(EInvoice.user_id)
    ))
    .join(User, col(User.id) == col(EInvoice.user_id))
    .where(col(EInvoice.paper_off), *reached()).group_by(col(Customer.id)).order_by(col(Customer.id))
)  # fmt: skip


def export_paperless(database: Database, out: TextIO) -> None:
    """Write the customers to whom no paper is to be sent, each with the moment since when: all of today, every time."""
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(("external_id", "code", "since"))
    with database.read() as connection:
        for external_id, code, since in connection.execute(_PAPERLESS):
            writer.writerow((safe(external_id), safe(code), f"{since:%Y-%m-%dT%H:%M:%SZ}"))
