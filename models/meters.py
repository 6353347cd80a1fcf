"""Meters and their registers. A meter stands in premises, or in a house for all of it."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from models.types import Addressed, Imported, MeterKind, Numbered, ValidKind, choice


class Meter(Imported, Addressed, table=True):
    """A meter with 1 to 4 registers (D12). Exactly one of `premises_id` and `house_id` is set."""

    __table_args__ = (sa.CheckConstraint("(premises_id IS NULL) <> (house_id IS NULL)", name="one_place"),)

    premises_id: int | None = Field(default=None, foreign_key="premises.id", index=True)
    house_id: int | None = Field(default=None, foreign_key="house.id", index=True)
    kind: MeterKind = choice(MeterKind)
    place: str = Field(
        default="", max_length=32
    )  # kitchen, bathroom, toilet, hall, boiler, cellar or the operator's word
    serial: str = Field(index=True, max_length=32)
    is_remote: bool = False
    installed_on: date | None = None
    removed_on: date | None = None
    valid_until: date | None = Field(default=None, index=True)
    valid_kind: ValidKind = choice(ValidKind, default=ValidKind.NONE)
    replaces_id: int | None = Field(default=None, foreign_key="meter.id", index=True)


class Register(Numbered, table=True):
    """One dial of a meter. `digits` before and `decimals` after the comma come from the site where the row has none."""

    __table_args__ = (sa.UniqueConstraint("meter_id", "ordinal"),)

    meter_id: int = Field(foreign_key="meter.id")
    ordinal: int = 1
    name: str = Field(default="", max_length=32)  # "T1", "diena"; empty when there is one
    digits: int | None = None
    decimals: int | None = None
