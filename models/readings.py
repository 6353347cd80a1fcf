"""Readings: what a dial showed, kept for ever; a correction supersedes, it never overwrites."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.types import ExternalStatus, Numbered, Source, choice, utc_now


class Reading(Numbered, table=True):
    """A value of one register on one day, in thousandths of the unit.

    Consumption is not stored: it is the difference to the reading before, plus the dial's range where
    `rolled_over`. `flag` names what staff should look at (lower, rollover, high, zero, swapped, absence).
    """

    __table_args__ = (sa.Index("ix_reading_register_day", "register_id", "read_on", "id", "superseded_at", "value"),)

    external_id: str | None = Field(default=None, unique=True, max_length=64)
    register_id: int = Field(foreign_key="register.id")
    value: int = Field(sa_type=sa.BigInteger)
    read_on: date  # the local day the dial was read
    received_at: datetime = Field(default_factory=utc_now)
    period: date | None = None  # first day of the month it is for
    source: Source = choice(Source)
    rolled_over: bool = False
    flag: str | None = Field(default=None, max_length=16)
    superseded_at: datetime | None = None
    superseded_by_id: int | None = Field(default=None, foreign_key="reading.id")
    status: ExternalStatus = choice(ExternalStatus, default=ExternalStatus.RECEIVED)
    status_reason: str | None = Field(default=None, max_length=200)
    changed_at: datetime = Field(default_factory=utc_now, index=True)  # what `flask data export --since` reads
    actor_user_id: int | None = Field(default=None, foreign_key="user_account.id")
    principal_customer_id: int | None = Field(default=None, foreign_key="customer.id")
    mandate_version: int | None = None
    session_method: str | None = Field(default=None, max_length=16)
