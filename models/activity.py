"""What the audit trail tells a resident: who did something for her, who saw her data, what she did (F07, I06).

Her own are the rows of her customers, those about her as a user, and those that she caused. Customers count as long
as they are hers; what somebody lent her is another's record.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models.audit import Actor, AuditRow, record_each
from models.customers import Customer, CustomerUser
from models.database import rows
from models.people import User
from models.premises import Premises
from models.tenures import Tenure, during
from models.types import AnyRow, AnySelect, Role

NEWEST = 2**31 - 1  # "before" it everything is: the highest id there can be
_COMMAND = Actor(None, "command")
BY_LINK = "link"  # source of what was done without signing in

_ME: sa.BindParameter[int] = sa.bindparam("user_id")
_ID, _ACTOR = col(AuditRow.id), col(AuditRow.actor_user_id)
_SHOWN = col(AuditRow.action).in_(sa.bindparam("actions", expanding=True))
_IDS = sa.select(_ID).where(sa.bindparam("before") > _ID, _SHOWN)
_MINE = sa.select(col(CustomerUser.customer_id)).where(col(CustomerUser.user_id) == _ME)
_OF_MINE = _IDS.where(col(AuditRow.principal_customer_id).in_(_MINE))
# The kind of object stands in the statement itself, so that the index of these is searched.
_ABOUT_ME = _IDS.where(sa.text("audit.object_type = 'user'"), col(AuditRow.object_id) == _ME)
_ROWS: AnySelect = (
    sa.select(AuditRow.__table__, col(User.name), col(User.role), col(Premises.address))  # type: ignore[attr-defined]
    .add_columns(col(Customer.name).label("principal"))
    .outerjoin(User, col(User.id) == _ACTOR)
    .outerjoin(Premises, col(Premises.id) == col(AuditRow.premises_id))
    .outerjoin(Customer, col(Customer.id) == col(AuditRow.principal_customer_id))
    .order_by(_ID.desc())
)
# Or somebody with the link of an invitation, who need not be signed in to decline it.
_IS_RESIDENT = sa.or_(col(User.role) == Role.RESIDENT, col(AuditRow.source) == BY_LINK)
_IS_STAFF = sa.or_(~_IS_RESIDENT, sa.and_(_ACTOR.is_(None), col(AuditRow.source) != BY_LINK))
_THEY: sa.BindParameter[Any] = sa.bindparam("users", expanding=True)
_ABOUT_THEM = _IDS.where(sa.text("audit.object_type = 'user'"), col(AuditRow.object_id).in_(_THEY))
_FOR_HER = _IDS.where(col(AuditRow.principal_customer_id) == sa.bindparam("customer_id"))
_OF_CUSTOMER = sa.union(_FOR_HER, _ABOUT_THEM).subquery()
LISTS = {
    "others": _ROWS.where(_ID.in_(_OF_MINE), _IS_RESIDENT, _ACTOR.is_distinct_from(_ME)),
    "data": _ROWS.where(_ID.in_(sa.union_all(_OF_MINE, _ABOUT_ME)), _IS_STAFF),
    "own": _ROWS.where(_ID.in_(_IDS.where(_ACTOR == _ME))),
}


def looked(
    session: Session, purpose: str, category: str, users: Iterable[int], at: Iterable[int], today: date,
    ours: Actor = _COMMAND,
) -> None:  # fmt: skip
    """Staff see data of these users, and of the customers who stand `at` these premises today: a row for each (I06).

    `category` is a section of auth/access.toml; `purpose` is for residents to read, or one that the page of
    activities has words for. `ours`: who of the staff. One statement.
    """
    standing: AnySelect = sa.select(col(Tenure.premises_id), col(Tenure.customer_id).label("principal_customer_id"))
    there = standing.where(col(Tenure.premises_id).in_({*at}), during(today)).distinct()
    detail = {"purpose": purpose, "category": category}
    persons = [{"object_type": "user", "object_id": user} for user in sorted({*users})]
    record_each(session, ours, "customer.viewed", persons, there, detail)


def newest(connection: Connection, name: str, most: int, **values: object) -> Sequence[AnyRow]:
    """No more than `most` rows of one of `LISTS`, newest first: of `user_id`, of `actions`, below the id `before`."""
    return rows(connection, LISTS[name].limit(sa.literal_column(f"{most}")), **values)


def of_customer(
    connection: Connection, customer_id: int, users: Iterable[int], actions: Iterable[str], most: int
) -> Sequence[AnyRow]:
    """The newest of all that was done for this customer or about these users, who sign in as her, for staff."""
    values = {"customer_id": customer_id, "users": [*users], "actions": [*actions], "before": NEWEST}
    latest = sa.select(_OF_CUSTOMER.c.id).order_by(_OF_CUSTOMER.c.id.desc()).limit(sa.literal_column(f"{most}"))
    return rows(connection, _ROWS.where(_ID.in_(latest)), **values)  # found first: else PostgreSQL reads backwards
