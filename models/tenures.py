"""Tenures: which customer stood on which premises, in which role, from when until when (B04)."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, col

from models.customers import Customer
from models.types import Imported, TenureRole, choice


class Tenure(Imported, table=True):
    """One customer's time on premises, both days inclusive; `ends_on` None means still there."""

    __table_args__ = (
        sa.Index("ix_tenure_customer_premises", "customer_id", "premises_id"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="days_in_order"),
    )

    customer_id: int = Field(foreign_key="customer.id")
    premises_id: int = Field(foreign_key="premises.id", index=True)
    role: TenureRole = choice(TenureRole, default=TenureRole.OWNER)
    starts_on: date
    ends_on: date | None = None


def during(day: Any) -> sa.ColumnElement[bool]:
    """Of a tenure: whether it lasts on this day."""
    return sa.and_(col(Tenure.starts_on) <= day, sa.func.coalesce(col(Tenure.ends_on), day) >= day)


def owns(day: date) -> sa.ColumnElement[bool]:
    """Of a customer: whether she owns something on this day, alone or with others."""
    mine = (col(Tenure.customer_id) == col(Customer.id), col(Tenure.role) != TenureRole.TENANT)
    return sa.exists().where(*mine, during(day))
