"""Mandates: what customers lend to other people at their premises (F01–F05; LG-17, LG-18, OG-03).

The principal is the customer; whoever logs in as her manages what she has lent. A mandate is read again on each
request, together with the tenure that it hangs on: what has ended, was suspended or changed holds at once, in every
open tab and on every instance. What is stored of former versions are the audit rows of its changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel, col

from models.customers import ALL, Customer, CustomerUser, shown
from models.outbox import Mail
from models.people import User
from models.premises import Premises
from models.rules.mandates import KEPT, Ending, Lent, MandateState, rights_of, state_of
from models.tenures import Tenure, during
from models.types import AnyRow, AnySelect, choice, new_public_id, utc_now


class Mandate(SQLModel, table=True):
    """Lent to one person, who has accepted it or is still invited."""

    __table_args__ = (
        # One at a time for one address: changing it is a new version, not a second mandate.
        sa.Index(
            "ux_mandate_live", "granted_by", "address", unique=True,
            sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=32)  # that of its form: sent once
    # Who lent it; None: staff, by a power of attorney.
    granted_by: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    delegate_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    address: str = Field(max_length=254)  # where the invitation went
    name: str = Field(max_length=100)  # as the principal calls her
    language: str = Field(max_length=2)
    rights: str = Field(max_length=100)  # words of `Lent`
    strong: bool = False  # opens only to a strong login of the delegate
    starts_on: date
    ends_on: date | None = None  # its last day
    version: int = 1
    reminded: int | None = None  # days before its last day, of the last reminder
    invited_at: datetime = Field(default_factory=utc_now)
    accepted_at: datetime | None = None
    suspended_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = choice(Ending, default=None, nullable=True)


class MandatePremises(SQLModel, table=True):
    """One of the premises that a mandate is for, and of which customer's tenure there."""

    __tablename__ = "mandate_premises"

    mandate_id: int = Field(foreign_key="mandate.id", primary_key=True)
    premises_id: int = Field(foreign_key="premises.id", primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)


_TABLE: sa.Table = Mandate.__table__  # type: ignore[attr-defined]
# Who has lent it is the customer still, and may sign in: what she may not see, nobody sees by her (features.md §6, 1).
GRANTED = sa.or_(
    col(Mandate.granted_by).is_(None),
    sa.exists().where(
        col(CustomerUser.user_id) == col(Mandate.granted_by), col(User.id) == col(Mandate.granted_by),
        col(CustomerUser.customer_id) == col(MandatePremises.customer_id), col(User.disabled_at).is_(None),
    ).correlate(Mandate, MandatePremises),
)  # fmt: skip
HOLDS = sa.and_(  # of a mandate and one of its premises, on `:today`; the tenure there apart
    GRANTED,
    col(Mandate.accepted_at).is_not(None), col(Mandate.suspended_at).is_(None), col(Mandate.ended_at).is_(None),
    sa.or_(col(Mandate.ends_on).is_(None), col(Mandate.ends_on) >= sa.bindparam("today")),
)  # fmt: skip


def standing() -> sa.Subquery:
    """For which customers `:user_id` stands on `:today`: as herself, with `mandate_id` None, or by a mandate.

    Only a mandate's rows name premises, one row for each.
    """
    own = sa.select(
        col(CustomerUser.user_id), col(CustomerUser.customer_id), sa.null().label("premises_id"),
        sa.null().label("mandate_id"), sa.null().label("version"), sa.null().label("rights"),
        sa.false().label("strong"), sa.null().label("since"),
    ).where(col(CustomerUser.user_id) == sa.bindparam("user_id"), shown(col(CustomerUser.customer_id)))  # fmt: skip
    lent = (
        sa.select(
            col(Mandate.delegate_id), col(MandatePremises.customer_id), col(MandatePremises.premises_id),
            col(Mandate.id), col(Mandate.version), col(Mandate.rights), col(Mandate.strong), col(Mandate.starts_on),
        )
        .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
        .where(col(Mandate.delegate_id) == sa.bindparam("user_id"), ALL, HOLDS)
    )  # fmt: skip
    return own.union_all(lent).subquery("standing")


_CUSTOMERS = sa.select(col(CustomerUser.customer_id)).where(col(CustomerUser.user_id) == sa.bindparam("user_id"))
_LENT = sa.select(col(MandatePremises.mandate_id)).where(col(MandatePremises.customer_id).in_(_CUSTOMERS))
_BOTH = _LENT.union(sa.select(col(Mandate.id)).where(col(Mandate.delegate_id) == sa.bindparam("user_id")))
_DELEGATE, _GRANTER = sa.orm.aliased(User, name="delegate"), sa.orm.aliased(User, name="granter")
# Who lends it: the user who has lent it; by a power of attorney, the customer.
GRANTER = sa.func.coalesce(
    sa.select(col(_GRANTER.name)).where(col(_GRANTER.id) == col(Mandate.granted_by)).scalar_subquery(),
    sa.select(sa.func.min(col(Customer.name)))
    .where(col(MandatePremises.mandate_id) == col(Mandate.id), col(Customer.id) == col(MandatePremises.customer_id))
    .scalar_subquery(),
)
_MANDATES = (
    sa.select(
        _TABLE, col(_DELEGATE.name).label("delegate"), GRANTER.label("granter"),
        col(Mandate.id).in_(_LENT).label("is_ours"),
    )
    .outerjoin(_DELEGATE, col(_DELEGATE.id) == col(Mandate.delegate_id))
)  # fmt: skip
_HERS = _MANDATES.where(
    col(Mandate.id).in_(_BOTH),
    sa.or_(col(Mandate.ended_at).is_(None), col(Mandate.ended_at) > sa.bindparam("since")),
).order_by(col(Mandate.id).desc())
_ONE = _MANDATES.where(col(Mandate.public_id) == sa.bindparam("public_id"), col(Mandate.id).in_(_BOTH))
_LINKED = _MANDATES.where(col(Mandate.id) == sa.bindparam("number"))
_BY_CUSTOMER = col(MandatePremises.customer_id) == sa.bindparam("customer_id")
_LENT_BY = sa.select(col(MandatePremises.mandate_id)).where(_BY_CUSTOMER)
_OF_CUSTOMER = _MANDATES.where(col(Mandate.id).in_(_LENT_BY)).order_by(col(Mandate.id).desc())
_LIVES_THERE = sa.exists().where(
    col(Tenure.customer_id) == col(MandatePremises.customer_id), col(Tenure.premises_id) == col(Premises.id),
    during(sa.bindparam("today")),
)  # fmt: skip
_AT = (
    sa.select(
        col(MandatePremises.mandate_id), col(Premises.id), col(Premises.public_id), col(Premises.address),
        col(MandatePremises.customer_id), sa.and_(_LIVES_THERE, GRANTED).label("holds"),
    )
    .join(Premises, col(Premises.id) == col(MandatePremises.premises_id))
    .join(Mandate, col(Mandate.id) == col(MandatePremises.mandate_id))
    .where(
        col(MandatePremises.mandate_id).in_(sa.bindparam("numbers", expanding=True)),
        # Who is one of the principal's customers is not told of the others; nor is there anybody to be (0) by a link.
        sa.or_(
            col(Mandate.granted_by) == sa.bindparam("user_id"), col(Mandate.delegate_id) == sa.bindparam("user_id"),
            col(MandatePremises.customer_id).in_(_CUSTOMERS), sa.bindparam("user_id", type_=sa.Integer) == 0,
        ),
    )
    .order_by(col(Premises.address))
)  # fmt: skip


_INVITATIONS = (
    sa.select(col(Mail.detail), col(Mail.parked_at))
    .where(
        col(Mail.user_id) == sa.bindparam("user_id"), col(Mail.kind) == "mandate_invited",
        col(Mail.created_at) > sa.bindparam("since"),
    )
    .order_by(col(Mail.id))
)  # fmt: skip
_TWIN = sa.select(col(Mandate.public_id)).where(
    col(Mandate.granted_by) == sa.bindparam("user_id"), col(Mandate.address) == sa.bindparam("address"),
    col(Mandate.ended_at).is_(None),
)  # fmt: skip


@dataclass(frozen=True)
class MandateView:
    """A mandate as one of its two sides sees it; `row.is_ours`: as the principal does."""

    row: AnyRow  # with the names of both people
    at: Sequence[AnyRow]  # its premises; `holds`: the principal's tenure lasts
    today: date

    @property
    def rights(self) -> tuple[Lent, ...]:
        """What is lent, in the order of the form."""
        return rights_of(self.row.rights.split())

    @property
    def state(self) -> MandateState:
        """Where it stands; it ends with the last of its tenures, too."""
        state = state_of(self.row, self.today)
        over = state is not MandateState.ENDED and not any(place.holds for place in self.at)
        return MandateState.EXPIRED if over else state


def of(connection: Connection, user_id: int, today: date, now: datetime) -> list[MandateView]:
    """What this user's customers have lent and what was lent to her, newest first; ended ones for `KEPT`.

    Two statements.
    """
    return _views(connection, _HERS, today, user_id=user_id, since=now - KEPT)


def one(connection: Connection, user_id: int, today: date, public_id: str) -> MandateView | None:
    """One of those; None for anybody else's."""
    return next(iter(_views(connection, _ONE, today, user_id=user_id, public_id=public_id)), None)


def of_customer(connection: Connection, customer_id: int, today: date, most: int) -> list[MandateView]:
    """The newest that this customer has lent, for staff. Two statements."""
    newest_first = _OF_CUSTOMER.limit(sa.literal_column(f"{most}"))
    return _views(connection, newest_first, today, user_id=0, customer_id=customer_id)


def invitation(connection: Connection, number: int, today: date) -> MandateView | None:
    """The mandate that a link is for; None unless it still waits to be accepted."""
    found = next(iter(_views(connection, _LINKED, today, user_id=0, number=number)), None)
    return found if found and found.state is MandateState.INVITED else None


def _views(connection: Connection, statement: AnySelect, today: date, **values: object) -> list[MandateView]:
    rows = connection.execute(statement, values).fetchall()
    at: dict[int, list[AnyRow]] = {row.id: [] for row in rows}
    for place in connection.execute(_AT, values | {"numbers": [*at], "today": today}) if at else ():
        at[place.mandate_id].append(place)
    return [MandateView(row, at[row.id], today) for row in rows]


def undelivered(connection: Connection, user_id: int, since: datetime) -> set[int]:
    """Those of her mandates whose last invitation could not be delivered."""
    letters = connection.execute(_INVITATIONS, {"user_id": user_id, "since": since})
    last = {letter.detail["mandate"]: letter.parked_at for letter in letters}
    return {number for number, parked_at in last.items() if parked_at}


def twin(connection: Connection, user_id: int, address: str) -> str | None:
    """The public id of what she has lent this address already."""
    found: str | None = connection.execute(_TWIN, {"user_id": user_id, "address": address}).scalar()
    return found
