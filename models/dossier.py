"""Everything about a customer, for staff: each part in one statement, at most `MOST` of any (H07; ux.md §2.14)."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.cards import nth_last
from models.customers import Customer, CustomerUser
from models.identities import Identity
from models.meters import Meter, Register
from models.people import User
from models.places import COLUMNS, FOR_EVER, Place, natural, place_of
from models.premises import Premises
from models.readings import Reading
from models.tenures import Tenure, during
from models.types import AnyRow, Role

MOST = 10
_MOST: sa.ColumnElement[int] = sa.literal_column(f"{MOST}")
_NUMBER: sa.BindParameter[Any] = sa.bindparam("number")
_TODAY: sa.BindParameter[Any] = sa.bindparam("today")
_ENDS = sa.func.coalesce(col(Tenure.ends_on), FOR_EVER)
_TABLE: sa.Table = Customer.__table__  # type: ignore[attr-defined]
_KNOWN = [_TABLE.c[name] for name in ("id", "code", "name", "email", "phone", "language")]
_CUSTOMER = sa.select(*_KNOWN).where(_TABLE.c.id == _NUMBER)
# As a person sees her places who is this customer, and no other.
_LENT = {"mandate_id", "version", "rights", "strong"}
_PLACES = (
    sa.select(*(sa.null().label(one.key) if one.key in _LENT else one for one in COLUMNS)).select_from(Tenure)
    .join(Premises, col(Premises.id) == col(Tenure.premises_id))
    .join(Customer, col(Customer.id) == col(Tenure.customer_id))
    .where(col(Tenure.customer_id) == _NUMBER, col(Tenure.starts_on) <= _TODAY)
    .order_by(col(Premises.id), _ENDS.desc(), col(Tenure.starts_on), col(Tenure.id))
)  # fmt: skip
_WHO: sa.Table = User.__table__  # type: ignore[attr-defined]
_USERS = (
    sa.select(*(_WHO.c[name] for name in ("id", "name", "username", "email", "phone", "invited_at", "disabled_at")))
    .add_columns(_WHO.c.password_hash.is_not(None).label("has_password"))
    .add_columns(sa.exists().where(col(Identity.user_id) == col(User.id)).label("confirmed"))
    .join(CustomerUser, col(CustomerUser.user_id) == col(User.id))
    .where(col(CustomerUser.customer_id) == _NUMBER, col(User.role) == Role.RESIDENT)
    .order_by(col(User.id)).limit(_MOST)
)  # fmt: skip
_READINGS = (
    sa.select(col(Meter.kind), col(Meter.place), col(Meter.serial), col(Register.name), col(Register.decimals))
    .add_columns(col(Premises.address), col(Reading.value), col(Reading.read_on), col(Reading.source))
    .select_from(Tenure)
    .join(Premises, col(Premises.id) == col(Tenure.premises_id))
    .join(Meter, col(Meter.premises_id) == col(Premises.id))
    .join(Register, col(Register.meter_id) == col(Meter.id))
    .outerjoin(Reading, col(Reading.id) == nth_last(0, col(Tenure.starts_on), _ENDS))
    .where(
        col(Tenure.customer_id) == _NUMBER, during(_TODAY),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > _TODAY),
    )
    .order_by(col(Premises.id), col(Meter.id), col(Register.ordinal)).limit(_MOST)
)  # fmt: skip


def customer(connection: Connection, number: int) -> AnyRow | None:
    """One customer as the billing system knows her; nothing of her personal code."""
    return connection.execute(_CUSTOMER, {"number": number}).first()


def places(connection: Connection, number: int, today: date) -> list[Place]:
    """Where this customer stands and stood, the current ones first, whether or not she has an account."""
    rows = connection.execute(_PLACES, {"number": number, "today": today})
    found = [place_of(list(tenures)) for _, tenures in groupby(rows, key=lambda row: row.place_id)]
    return sorted(found, key=lambda place: (*place.order(today), *natural(place.address)))


def users(connection: Connection, number: int) -> Sequence[AnyRow]:
    """Who signs in as her: whether with a password, and whether a bank or eParaksts has `confirmed` who it is."""
    return connection.execute(_USERS, {"number": number}).fetchall()


def last_readings(connection: Connection, number: int, today: date) -> Sequence[AnyRow]:
    """The last reading in her time of each dial where she stands today; its `value` in thousandths, or None."""
    return connection.execute(_READINGS, {"number": number, "today": today}).fetchall()
