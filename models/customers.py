"""Customers: the parties of a contract, as the billing system knows them, and which users they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.types import Imported, Settlement, choice


class Customer(Imported, table=True):
    """A contract party. The personal code or registration number is kept as keyed hash plus encrypted value."""

    code: str = Field(unique=True, max_length=32)  # the customer code printed on invoices (DD-08)
    name: str = Field(max_length=200)
    is_company: bool = False
    identifier_hash: str | None = Field(default=None, index=True, max_length=64)
    identifier_encrypted: str | None = Field(default=None, max_length=400)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=32)
    language: str | None = Field(default=None, max_length=2)
    settlement: Settlement = choice(Settlement, default=Settlement.METERED)
    folded: str = Field(default="", sa_column_kwargs={"server_default": ""})  # how staff search her


class CustomerUser(SQLModel, table=True):
    """This user is this customer: acts as the principal, not for her."""

    __tablename__ = "customer_user"

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", primary_key=True, index=True)


_ALONE: ContextVar[int | None] = ContextVar("alone", default=None)
_ONLY: sa.BindParameter[Any] = sa.bindparam("only", callable_=_ALONE.get, type_=sa.Integer)
ALL = _ONLY.is_(None)  # not inside of `alone`


@contextmanager
def alone(customer_id: int) -> Iterator[None]:
    """Inside, everybody stands for this customer alone: for no other of hers, and for nobody by a mandate (H07)."""
    token = _ALONE.set(customer_id)
    try:
        yield
    finally:
        _ALONE.reset(token)


def shown(customer_id: Any) -> sa.ColumnElement[bool]:
    """Whether what belongs to this customer may be shown; everything, but inside of `alone`."""
    return sa.or_(ALL, customer_id == _ONLY)
