"""Powers of attorney: somebody shows a document, staff check it and let her in (F06; OG-03..05; features.md §6, 9).

Nobody looks whether a customer has the code that was typed before staff do, so the form tells nothing of it. The
document opens for nobody but staff; what they checked stands in the audit trail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

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
from models.rules.mandates import REMIND, reminder_of
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
    checked: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)  # the first one's list, where two check


_TABLE: sa.Table = Attorney.__table__  # type: ignore[attr-defined]
_ALL = sa.select(_TABLE, col(User.name)).join(User, col(User.id) == _TABLE.c.user_id).order_by(_TABLE.c.id)
_DECIDED = (
    _ALL.with_only_columns(*_TABLE.c, col(User.name), col(Mandate.rights), col(Mandate.ends_on), col(Mandate.ending))
    .add_columns(col(Mandate.accepted_at), col(Mandate.suspended_at), col(Mandate.ended_at))
    .outerjoin(Mandate, col(Mandate.id) == _TABLE.c.mandate_id).order_by(None)
)  # fmt: skip
_AT = (
    sa.select(col(Customer.id), col(Customer.name), col(Premises.id).label("at"), col(Premises.external_id))
    .add_columns(col(Premises.address), col(Customer.identifier_hash))
    .join(Tenure, col(Tenure.premises_id) == col(Premises.id))
    .join(Customer, col(Customer.id) == col(Tenure.customer_id)).order_by(col(Premises.id))
    .where(col(Customer.code).in_([sa.bindparam("typed"), sa.bindparam("code")]), during(sa.bindparam("today")))
)  # fmt: skip
_ENDING = (
    sa.select(_TABLE.c.id, col(Mandate.ends_on), col(Mandate.name), col(Customer.code)).select_from(Mandate)
    .add_columns(sa.exists().where(col(CustomerUser.customer_id) == col(Customer.id)).label("told"))
    .join(_TABLE, _TABLE.c.mandate_id == col(Mandate.id))
    .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
    .join(Customer, col(Customer.id) == col(MandatePremises.customer_id))
    .where(col(Mandate.granted_by).is_(None), col(Mandate.ended_at).is_(None))
    .where(col(Mandate.ends_on).between(sa.bindparam("today"), sa.bindparam("last")))
    .distinct().order_by(col(Mandate.ends_on), _TABLE.c.id)
)  # fmt: skip


def of(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """This person's applications, in their order."""
    return connection.execute(_ALL.where(_TABLE.c.user_id == user_id)).fetchall()


def waiting(connection: Connection, most: int) -> Sequence[AnyRow]:
    """No more than `most` that staff have to decide, oldest first, with the applicant's name."""
    found = _ALL.where(_TABLE.c.decided_at.is_(None)).limit(sa.literal_column(f"{most}"))
    return connection.execute(found).fetchall()


def decided(connection: Connection, most: int, before: int) -> Sequence[AnyRow]:
    """No more than `most` decided ones below the id `before`, the latest first, with what came of each."""
    found = _DECIDED.where(_TABLE.c.decided_at.is_not(None), _TABLE.c.id < before).order_by(_TABLE.c.id.desc())
    return connection.execute(found.limit(sa.literal_column(f"{most}"))).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """An application, with the applicant's name and the mandate that came of it."""
    return connection.execute(_DECIDED.where(_TABLE.c.id == number)).first()


def ending(connection: Connection, today: date) -> Sequence[AnyRow]:
    """What ends within `REMIND` days, soonest first: for which customer, and whether she has an account to be told."""
    return connection.execute(_ENDING, {"today": today, "last": today + timedelta(days=max(REMIND))}).fetchall()


def stands(connection: Connection | Session, code: str, today: date) -> dict[str, AnyRow]:
    """Where the customer with this code stands today, by external id: `id` and `name`, `identifier_hash`, premises
    (`at`), `address`.
    """
    found = connection.execute(_AT, {"typed": code.strip(), "code": fold_code(code), "today": today})
    return {row.external_id: row for row in found}


def chosen(connection: Connection | Session, code: str, names: Sequence[str], today: date) -> list[AnyRow]:
    """The rows of `stands` with these external ids; none where one is missing, or where they are two customers'."""
    known = stands(connection, code, today)
    places = [known[name] for name in sorted({*names} & {*known})]
    return places if len(places) == len({*names}) and len({place.id for place in places}) == 1 else []


def whose_codes(connection: Connection, user_id: int, places: Iterable[AnyRow]) -> dict[str, str]:
    """Who would sign such a document, by the keyed hash of her code: "" for the applicant, else the name of one of the
    customers of these rows of `stands`; as far as their codes are known.
    """
    found = {one.identifier_hash: f"{one.name}" for one in places if one.identifier_hash}
    return found | {one.code_hash: "" for one in identities.own(connection, user_id) if one.code_hash}


def apply(session: Session, row: Attorney, method: str) -> None:
    """An application waits. Raises `IntegrityError` for a form that was sent before."""
    session.add(row)
    session.flush()
    actor = Actor(row.user_id, "web", session_method=method)
    record(session, actor, "attorney.asked", object_type="attorney", object_id=row.id)


def check(session: Session, actor: Actor, row: Attorney, checked: dict[str, Any]) -> None:
    """One of the staff has gone through the whole list; another one has to (`accept`)."""
    row.checked = checked
    note(session, actor, row, "attorney.checked")


def accept(session: Session, actor: Actor, row: Attorney, checked: dict[str, Any], today: date, now: datetime) -> str:
    """The applicant may act as the list says, until and with a day, by strong logins. Both sides get a letter.

    `checked` is the whole list: `customer` (a code), `premises` (external ids), `rights`, `until`, and what was seen,
    for the audit trail. Returns why not, else "": "places", "over", "closed" (of the applicant's account), "own".
    """
    places, ends_on = chosen(session, checked["customer"], checked["premises"], today), checked["until"]
    customer, user = places[0].id if places else 0, session.get_one(User, row.user_id)
    problems = {"places": not places, "over": ends_on < f"{today}", "closed": user.disabled_at}
    problems["own"] = session.get(CustomerUser, (user.id, customer))
    if problem := next((code for code, is_so in problems.items() if is_so), ""):
        return problem
    last, detail = date.fromisoformat(ends_on), {"version": 1, "ends_on": ends_on, "attorney": row.id}
    mandate = Mandate(
        delegate_id=user.id, address=user.email or "", name=user.name[:100], language=user.language or "",
        rights=checked["rights"], strong=True, starts_on=today, ends_on=last, invited_at=now, accepted_at=now,
        reminded=reminder_of(last, today),
    )  # fmt: skip
    session.add(mandate)
    session.flush()
    for place in places:
        session.add(MandatePremises(mandate_id=mandate.id or 0, premises_id=place.at, customer_id=customer))
    row.decided_at, row.mandate_id, row.checked = now, mandate.id, None
    detail |= {name: checked[name] for name in checked if name not in ("customer", "until", "list")}
    detail |= {"address": mandate.address, "premises": [place.at for place in places]}
    actor = replace(actor, principal_customer_id=customer, mandate_version=1)
    record(session, actor, "mandate.granted", object_type="mandate", object_id=mandate.id, detail=detail)
    joining.tell(session, user, [customer], "attorney_granted", name=user.name, until=ends_on)
    _answer(session, row)
    return ""


def refuse(session: Session, actor: Actor, row: Attorney, now: datetime, reason: str) -> None:
    """Staff say no, and why."""
    row.decided_at, row.reason, row.checked = now, reason, None
    note(session, actor, row, "attorney.refused", reason=reason)
    _answer(session, row)


def note(session: Session, actor: Actor, row: Attorney | AnyRow, action: str, **detail: str) -> None:
    """What staff did with an application, in the audit trail, where the applicant reads it (I06)."""
    told = {"attorney": row.id, "category": "documents", **detail}
    record(session, actor, action, object_type="user", object_id=row.user_id, detail=told)


def _answer(session: Session, row: Attorney) -> None:
    user = session.get_one(User, row.user_id)
    outbox.write_to(session, user, user.email, "attorney", code=row.code, reason=row.reason)
