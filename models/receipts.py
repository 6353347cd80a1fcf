"""Receipts of readings: when one came and from whom, provable to anybody who holds the paper (D20)."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.cards import MeterCard
from models.meters import Meter, Register
from models.people import User
from models.premises import House, Premises
from models.readings import Reading
from models.rules.signed import sign, signed
from models.types import AnyRow, ExternalStatus, Role

PURPOSE = "receipt"


class Receipt(NamedTuple):
    """What is printed on one: the value in thousandths, shown with so many decimals."""

    number: int
    value: int
    decimals: int
    read_on: date
    received_at: datetime


_COLUMNS: tuple[Any, ...] = (
    col(Reading.id), col(Reading.value), col(Reading.read_on), col(Reading.received_at), col(Reading.source),
    col(Reading.superseded_at), col(Reading.status), col(Reading.register_id), col(Register.name).label("dial"),
)  # fmt: skip
_HERS = (
    sa.select(*_COLUMNS, col(User.name).label("by"))
    .join(Register, col(Register.id) == col(Reading.register_id))
    .outerjoin(User, (col(User.id) == col(Reading.actor_user_id)) & (col(User.role) == Role.RESIDENT))  # no staff
    .where(
        col(Reading.id) == sa.bindparam("number"),
        col(Register.meter_id) == sa.bindparam("meter_id"),
        col(Reading.read_on).between(sa.bindparam("since"), sa.bindparam("until")),
    )
)
_ANY = (
    sa.select(*_COLUMNS, col(Meter.kind), col(Meter.serial), col(House.address), col(House.town))
    .join(Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .outerjoin(Premises, col(Premises.id) == col(Meter.premises_id))
    .join(House, col(House.id) == sa.func.coalesce(col(Meter.house_id), col(Premises.house_id)))
    .where(col(Reading.id) == sa.bindparam("number"))
)


def of_meter(connection: Connection, card: MeterCard, number: int) -> AnyRow | None:
    """A reading of this meter in the days that its resident may see, with who sent it; None for any other."""
    values = {"number": number, "meter_id": card.id, "since": card.place.since, "until": card.place.until}
    return connection.execute(_HERS, values).first()


def token(secret_key: str, receipt: Receipt) -> str:
    """The end of the address that proves it."""
    number, value, decimals, read_on, received_at = receipt
    return sign(secret_key, PURPOSE, f"{number}:{value}:{decimals}:{read_on}:{int(received_at.timestamp())}")


def proved(secret_key: str, text: str) -> Receipt | None:
    """What a receipt of ours says; None for anything that we have not signed."""
    told = signed(secret_key, PURPOSE, text)
    if told is None:
        return None
    number, value, decimals, read_on, seconds = told.split(":")
    received_at = datetime.fromtimestamp(int(seconds), UTC)
    return Receipt(int(number), int(value), int(decimals), date.fromisoformat(read_on), received_at)


def state_of(connection: Connection, receipt: Receipt) -> tuple[AnyRow | None, str]:
    """The reading as it is now, and what became of it: "stands", "replaced", "refused" or "gone"."""
    row = connection.execute(_ANY, {"number": receipt.number}).first()
    if row is None or row.value != receipt.value:
        return None, "gone"
    if row.superseded_at:
        return row, "replaced"
    return row, "refused" if row.status is ExternalStatus.REJECTED else "stands"
