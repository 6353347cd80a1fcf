"""Readings: what a dial showed, kept for ever; a correction supersedes, it never overwrites."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.types import ExternalStatus, Numbered, Source, choice, utc_now

_FLAGGED = sa.text("flag IS NOT NULL AND superseded_at IS NULL AND reviewed_at IS NULL")  # for staff to look at
_BY_STAFF = sa.text("source IN ('staff', 'slip') AND superseded_at IS NULL")  # who may come after a window


class Reading(Numbered, table=True):
    """A value of one register on one day, in thousandths of the unit.

    Consumption is not stored: it is the difference to the reading before, plus the dial's range where
    `rolled_over`. `flag` names what staff should look at (lower, high, zero, transposed, swapped, absence …).
    """

    __table_args__ = (
        sa.Index("ix_reading_register_day", "register_id", "read_on", "id", "superseded_at", "value"),
        sa.Index("ix_reading_flagged", "id", sqlite_where=_FLAGGED, postgresql_where=_FLAGGED),
        sa.Index("ix_reading_by_staff", "id", sqlite_where=_BY_STAFF, postgresql_where=_BY_STAFF),
    )

    external_id: str | None = Field(default=None, unique=True, max_length=64)
    register_id: int = Field(foreign_key="register.id")
    value: int = Field(sa_type=sa.BigInteger)
    read_on: date  # the local day the dial was read
    taken_at: datetime | None = None  # noted then, on a device without a connection, and sent later
    received_at: datetime = Field(default_factory=utc_now)
    period: date | None = None  # first day of the month it is for
    source: Source = choice(Source)
    rolled_over: bool = False
    flag: str | None = Field(default=None, max_length=16)
    reviewed_at: datetime | None = None  # by staff, what is flagged
    superseded_at: datetime | None = None
    superseded_by_id: int | None = Field(default=None, foreign_key="reading.id")
    status: ExternalStatus = choice(ExternalStatus, default=ExternalStatus.RECEIVED)
    status_reason: str | None = Field(default=None, max_length=200)
    changed_at: datetime = Field(default_factory=utc_now, index=True)  # what `flask data export --since` reads
    actor_user_id: int | None = Field(default=None, foreign_key="user_account.id")
    principal_customer_id: int | None = Field(default=None, foreign_key="customer.id")
    mandate_version: int | None = None
    session_method: str | None = Field(default=None, max_length=16)
