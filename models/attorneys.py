"""Powers of attorney: somebody shows a document, staff check it and let her in (F06; OG-03..05; features.md §6, 9).

Nobody looks whether a customer has the code that was typed before staff do, so the form tells nothing of it. The
document opens for nobody but staff; what they checked stands in the audit trail.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models import identities, joining, outbox
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.mandates import Mandate, MandatePremises
from models.people import User
from models.premises import Premises
from models.rules.identifiers import fold_code
from models.rules.mandates import REMIND, Lent, reminder_of
from models.tenures import Tenure, during
from models.types import AnyRow, utc_now

MOST = 5  # applications of one person that wait


class Attorney(SQLModel, table=True):
    """One person's application to act for a customer, with the document that lets her."""

    __tablename__ = "power_of_attorney"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=32)  # that of its form: sent once
    user_id: int = Field(foreign_key="user_account.id", index=True)
    code: str = Field(max_length=32)  # of the customer, as it was typed
    about: str = Field(max_length=300)  # in her own words
    file_hash: str = Field(max_length=64)
    file_name: str = Field(max_length=120)
    asked_at: datetime = Field(default_factory=utc_now)
    decided_at: datetime | None = Field(default=None, index=True)  # so that what waits is found
    reason: str = Field(default="", max_length=500)  # of a refusal
    mandate_id: int | None = Field(default=None, foreign_key="mandate.id", index=True)  # what came of it


_TABLE: sa.Table = Attorney.__table__  # type: ignore[attr-defined]
_ALL = sa.select(_TABLE, col(User.name)).join(User, col(User.id) == _TABLE.c.user_id).order_by(_TABLE.c.id)
_AT = (
    sa.select(col(Customer.id), col(Customer.name), col(Premises.id).label("at"), col(Premises.external_id))
    .add_columns(col(Premises.address), col(Customer.identifier_hash))
    .join(Tenure, col(Tenure.premises_id) == col(Premises.id))
    .join(Customer, col(Customer.id) == col(Tenure.customer_id)).order_by(col(Premises.id))
    .where(col(Customer.code).in_([sa.bindparam("typed"), sa.bindparam("code")]), during(sa.bindparam("today")))
)  # fmt: skip
_ENDING = (
    sa.select(col(Mandate.id), col(Mandate.delegate_id), col(Mandate.ends_on), col(Mandate.name), col(Customer.code))
    .add_columns(sa.exists().where(col(CustomerUser.customer_id) == col(Customer.id)).label("told"))
    .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
    .join(Customer, col(Customer.id) == col(MandatePremises.customer_id))
    .where(col(Mandate.granted_by).is_(None), col(Mandate.ended_at).is_(None))
    .where(col(Mandate.ends_on).between(sa.bindparam("today"), sa.bindparam("last")))
    .distinct().order_by(col(Mandate.ends_on), col(Mandate.id))
)  # fmt: skip


def of(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """This person's applications, in their order."""
    return connection.execute(_ALL.where(_TABLE.c.user_id == user_id)).fetchall()


def waiting(connection: Connection | Session) -> Sequence[AnyRow]:
    """What staff have to decide, oldest first, with the applicant's name."""
    return connection.execute(_ALL.where(_TABLE.c.decided_at.is_(None))).fetchall()


def ending(connection: Connection | Session, today: date) -> Sequence[AnyRow]:
    """What ends within `REMIND` days, soonest first: for which customer, and whether she has an account to be told."""
    return connection.execute(_ENDING, {"today": today, "last": today + timedelta(days=max(REMIND))}).fetchall()


def premises_of(session: Session, mandates: Collection[int]) -> Sequence[int]:
    """The premises that these mandates are for."""
    statement = sa.select(col(MandatePremises.premises_id)).where(col(MandatePremises.mandate_id).in_(mandates))
    return session.scalars(statement).all()


def stands(connection: Connection | Session, code: str, today: date) -> dict[str, AnyRow]:
    """Where the customer with this code stands today, by external id: `id` and `name`, `identifier_hash`, premises
    (`at`), `address`.
    """
    found = connection.execute(_AT, {"typed": code.strip(), "code": fold_code(code), "today": today})
    return {row.external_id: row for row in found}


def whose_codes(session: Session, row: Attorney, places: Iterable[AnyRow]) -> dict[str, str]:
    """Who would sign such a document, by the keyed hash of her code: the applicant, the customers of these rows of
    `stands`; as far as their codes are known.
    """
    found = {one.identifier_hash: f"the customer {one.name}" for one in places if one.identifier_hash}
    return found | {one.code_hash: "the applicant" for one in identities.own(session, row.user_id) if one.code_hash}


def apply(session: Session, row: Attorney, method: str) -> None:
    """An application waits. Raises `IntegrityError` for a form that was sent before."""
    session.add(row)
    session.flush()
    actor = Actor(row.user_id, "web", session_method=method)
    record(session, actor, "attorney.asked", object_type="attorney", object_id=row.id)


def accept(
    session: Session, row: Attorney, places: Sequence[AnyRow], rights: Sequence[Lent], ends_on: date,
    checked: Mapping[str, str | None], today: date, now: datetime,
) -> str:  # fmt: skip
    """The applicant may act at these rows of `stands`, until and with a day, by strong logins; why not, else "".

    `checked` is the whole list, for the audit trail. Both sides get a letter.
    """
    customer, user = places[0].id, session.get_one(User, row.user_id)
    if user.disabled_at or session.get(CustomerUser, (user.id, customer)):
        return "the applicant's account is closed, or the applicant is this customer"
    mandate = Mandate(
        delegate_id=user.id, address=user.email or "", name=user.name[:100], language=user.language or "",
        rights=" ".join(rights), strong=True, starts_on=today, ends_on=ends_on, invited_at=now, accepted_at=now,
        reminded=reminder_of(ends_on, today),
    )  # fmt: skip
    session.add(mandate)
    session.flush()
    for place in places:
        session.add(MandatePremises(mandate_id=mandate.id or 0, premises_id=place.at, customer_id=customer))
    row.decided_at, row.mandate_id, until = now, mandate.id, ends_on.isoformat()
    detail = {"version": 1, "rights": mandate.rights, "ends_on": until, "address": mandate.address, "attorney": row.id}
    detail |= {"premises": [place.at for place in places], **checked}
    actor = Actor(None, "command", customer, 1)
    record(session, actor, "mandate.granted", object_type="mandate", object_id=mandate.id, detail=detail)
    joining.tell(session, user, [customer], "attorney_granted", name=user.name, until=until)
    _answer(session, row)
    return ""


def refuse(session: Session, row: Attorney, now: datetime, by: str, reason: str) -> None:
    """Staff say no, and why."""
    row.decided_at, row.reason = now, reason
    note(session, row, "attorney.refused", by=by, reason=reason)
    _answer(session, row)


def note(session: Session, row: Attorney, action: str, **detail: str) -> None:
    """What staff did with an application, in the audit trail, where the applicant reads it (I06)."""
    told = {"attorney": row.id, "category": "documents", **detail}
    record(session, Actor(None, "command"), action, object_type="user", object_id=row.user_id, detail=told)


def _answer(session: Session, row: Attorney) -> None:
    user = session.get_one(User, row.user_id)
    outbox.write_to(session, user, user.email, "attorney", code=row.code, reason=row.reason)
