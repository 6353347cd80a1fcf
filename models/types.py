"""Column types and vocabularies shared by the tables: enums, public ids, exact numbers.

Money is whole cents and a reading whole thousandths of its unit (litres for m³), both plain integers: exact
on every database, in SQL and in Python. Prices are ten-thousandths of a euro.
"""

import re
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

# Nothing is validated by a table: what pydantic builds for that would be a megabyte of each process.
SQLModel.model_config["defer_build"] = True


class MeterKind(StrEnum):
    """What a meter measures (D12; DD-03, UD-02)."""

    COLD_WATER = "cold_water"
    HOT_WATER = "hot_water"
    GAS = "gas"
    LPG = "lpg"
    HEAT = "heat"
    ELECTRICITY = "electricity"

    @property
    def unit(self) -> str:
        """The unit of its readings as the templates name it: m3, mwh or kwh."""
        return {"heat": "mwh", "electricity": "kwh"}.get(self.value, "m3")


class ValidKind(StrEnum):
    """What a meter's valid-until date means (D09): since 2025 flat meters in Latvia are not verified again."""

    VERIFICATION = "verification"
    REPLACEMENT = "replacement"
    NONE = "none"


class TenureRole(StrEnum):
    """How a customer stands to premises."""

    OWNER = "owner"
    CO_OWNER = "co_owner"
    TENANT = "tenant"


class Source(StrEnum):
    """By which door a reading came in."""

    SELF = "self"
    DELEGATE = "delegate"
    STAFF = "staff"
    CALL = "call"  # staff, on behalf of who told it by telephone,
    VISIT = "visit"  # at the counter,
    LETTER = "letter"
    EMAIL = "email"  # in an e-mail
    MESSAGE = "message"  # and in a conversation
    LINK = "link"
    SLIP = "slip"
    IMPORT = "import"
    REMOTE = "remote"
    ESTIMATE = "estimate"


class ExternalStatus(StrEnum):
    """What the billing system has done with a reading."""

    RECEIVED = "received"
    EXPORTED = "exported"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Settlement(StrEnum):
    """How a customer pays (LG-14): by what was metered, in equal payments, or in instalments of a debt."""

    METERED = "metered"
    EQUALISED = "equalised"
    INSTALMENTS = "instalments"


class Role(StrEnum):
    """Who a user is to the operator."""

    RESIDENT = "resident"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class DocumentKind(StrEnum):
    """The groups of the documents page, then those of the house file."""

    CONTRACT = "contract"
    ESTIMATE = "estimate"
    ACT = "act"
    REPORT = "report"
    OTHER = "other"
    BUILDING = "building"
    WORKS = "works_plan"
    SAVINGS = "savings"
    INSPECTION = "inspection"
    MINUTES = "minutes"
    ENERGY = "energy"

    @property
    def in_house_file(self) -> bool:
        """Whether it is about a whole house and opens only by a strong login (E07, E09; OG-21..23)."""
        return [*DocumentKind].index(self) > [*DocumentKind].index(DocumentKind.OTHER)


# A row and a SELECT of whatever columns (SQLAlchemy counts them in the type).
AnyRow = sa.Row[*tuple[Any, ...]]
AnySelect = sa.Select[*tuple[Any, ...]]
# For `limit` in a prebuilt statement: SQLite prepares a statement anew, which costs 100 µs, whenever a bound LIMIT
# may change its plan.
ONE: sa.ColumnElement[int] = sa.literal_column("1")


def choice(kind: type[StrEnum], **column: Any) -> Any:
    """A column that holds one of an enum's values as short text (no native database type: downgrades stay clean)."""
    values = sa.Enum(kind, native_enum=False, length=16, values_callable=lambda e: [m.value for m in e])
    return Field(sa_type=values, **column)


def new_public_id() -> str:
    """A fresh opaque id for a URL: 96 random bits, never a client code or number (ux.md §1.3)."""
    return secrets.token_urlsafe(12)


def is_public_id(text: str) -> bool:
    """Whether `new_public_id` could have made it: what else a form brings as its id, no page of ours has given it."""
    return re.fullmatch(r"[A-Za-z0-9_-]{16}", text) is not None


def utc_now() -> datetime:
    """This instant by the real clock, aware, in UTC. The business day is `models.clock.today`, not this."""
    return datetime.now(UTC)


class Changed(Exception):
    """Somebody has changed it since it was opened."""


class Numbered(SQLModel):
    """A row with a number, which it has once it is in the database."""

    id: int | None = Field(default=None, primary_key=True)


class Addressed(Numbered):
    """One that has pages: it stands in their addresses."""

    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)


class Imported(Numbered):
    """One that the billing system brought, by the name that it has there (docs/integration.md)."""

    external_id: str = Field(unique=True, max_length=64)
