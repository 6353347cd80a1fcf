"""Announcing notices: published with a letter to each of its people, withdrawn with those not yet sent (E03, E04)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models.audit import Actor, record
from models.customers import CustomerUser
from models.mandates import HOLDS, Mandate, MandatePremises
from models.notices import Notice, NoticeAudience, NoticeReceipt
from models.outbox import MANY, SOONER, Mail
from models.people import User
from models.preferences import unwanted
from models.premises import House, Premises
from models.rules.mandates import Lent
from models.tenures import Tenure, during
from models.types import AnyRow, AnySelect, Role

KIND = "notice"
MOST = 500  # houses that are counted one by one
OLD = timedelta(days=1)  # what was published longer ago than this when it comes is for the archive: no letters

_DAY: sa.BindParameter[Any] = sa.bindparam("today")
_LIVED_THERE = (
    sa.select(col(CustomerUser.user_id))
    .join(Tenure, col(Tenure.customer_id) == col(CustomerUser.customer_id))
    .where(during(_DAY))
)
# To whom notices are lent there; a union with those above would be read from end to end for each person.
_HELPED_THERE: AnySelect = (
    sa.select(col(Mandate.delegate_id).label("user_id"))
    .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
    .join(
        Tenure,
        sa.and_(
            col(Tenure.customer_id) == col(MandatePremises.customer_id),
            col(Tenure.premises_id) == col(MandatePremises.premises_id),
        ),
    )
    .where(HOLDS, col(Mandate.rights).contains(Lent.NOTICES), col(Mandate.starts_on) <= _DAY, during(_DAY))
)


def _named(target: str) -> Any:
    ids = getattr(NoticeAudience, f"{target}_id")
    return sa.select(ids).where(col(NoticeAudience.notice_id) == sa.bindparam("notice_id"))


_ANYWHERE = sa.or_(
    sa.exists(_LIVED_THERE.where(col(CustomerUser.user_id) == col(User.id)).correlate(User)),
    sa.exists(_HELPED_THERE.where(col(Mandate.delegate_id) == col(User.id)).correlate(User)),
)
_IN = {"house": Premises.house_id, "entrance": Premises.entrance_id, "premises": Premises.id}
_AMONG = col(User.id).in_(
    sa.union(
        *(
            people.join(Premises, col(Premises.id) == col(Tenure.premises_id)).where(col(place).in_(_named(target)))
            for people in (_LIVED_THERE, _HELPED_THERE)
            for target, place in _IN.items()
        ),
        sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id).in_(_named("customer"))),
    )
)


def names(
    connection: Connection, notice: AnyRow, today: date, most: int, *, after: int = 0, silent: bool = False
) -> Sequence[AnyRow]:
    """No more than `most` of the people of a notice, from above the number `after`; `silent`: who has not confirmed."""
    done = (col(NoticeReceipt.notice_id) == notice.id, col(NoticeReceipt.confirmed_at).is_not(None))
    query = sa.select(col(User.id), col(User.name)).where(*_people(notice), col(User.id) > after).order_by(col(User.id))
    if silent:
        query = query.where(~sa.exists().where(*done, col(NoticeReceipt.user_id) == col(User.id)))
    return connection.execute(query.limit(most).params(today=today, notice_id=notice.id)).fetchall()


def _people(notice: Notice | AnyRow) -> tuple[sa.ColumnElement[bool], ...]:
    return (_ANYWHERE if notice.for_all else _AMONG, col(User.role) == Role.RESIDENT, col(User.disabled_at).is_(None))


def count(session: Session | Connection, notice: Notice | AnyRow, today: date | None = None) -> tuple[int, int]:
    """How many people a notice is for, each counted once, and how many letters that makes.

    `today` stands in for the day of a draft, which has none yet.
    """
    letters = sa.func.count(sa.case((sa.and_(*_wanted(notice)), 1)))
    query = sa.select(sa.func.count(), letters).select_from(User).where(*_people(notice))
    people, written = session.execute(query.params(today=today or notice.published_on, notice_id=notice.id)).one()
    return people, written


_REACHED = sa.union(*(
    people.add_columns(col(Tenure.premises_id), col(Premises.house_id))
    .join(Premises, col(Premises.id) == col(Tenure.premises_id))
    for people in (_LIVED_THERE, _HELPED_THERE)
)).subquery("reached")  # fmt: skip
_REACH = (
    sa.select(*(sa.func.count(sa.distinct(_REACHED.c[name])) for name in ("user_id", "premises_id")))
    .select_from(_REACHED).join(User, col(User.id) == _REACHED.c.user_id)
    .where(col(User.role) == Role.RESIDENT, col(User.disabled_at).is_(None))
)  # fmt: skip
_OF_HOUSES = (
    _REACH.add_columns(col(House.address), col(House.town)).join(House, col(House.id) == _REACHED.c.house_id)
    .group_by(col(House.id)).order_by(col(House.address), col(House.id)).limit(sa.literal_column(f"{MOST}"))
)  # fmt: skip


def reach(connection: Connection, today: date) -> tuple[AnyRow, Sequence[AnyRow]]:
    """How many people of how many premises a notice reaches: one to everybody; one to each house, `MOST` of these."""
    values = {"today": today}
    return connection.execute(_REACH, values).one(), connection.execute(_OF_HOUSES, values).fetchall()


def _wanted(notice: Notice | AnyRow) -> tuple[sa.ColumnElement[bool], ...]:
    has_address = col(User.email).is_not(None)
    return (has_address,) if notice.emergency else (has_address, ~unwanted(col(User.id), "notices"))


def announce(
    session: Session, notice: Notice, languages: Sequence[str], now: datetime, wait: timedelta = timedelta()
) -> None:
    """Write a letter to each of the notice's people who wants one and has an address: one statement.

    An emergency goes to those too who want none. `languages`: those of the site, the first its own. `wait`: the
    letters are not sent before that time has passed.
    """
    mail: sa.Table = Mail.__table__  # type: ignore[attr-defined]
    values: dict[str, Any] = {
        "kind": sa.literal(KIND), "user_id": col(User.id), "address": col(User.email),
        "language": sa.case((col(User.language).in_(languages), col(User.language)), else_=languages[0]),
        "detail": sa.literal({"notice": notice.id}, sa.JSON), "notice_id": sa.literal(notice.id),
        "due_at": sa.literal(now + wait, mail.c.due_at.type),
        "rank": sa.literal(SOONER if notice.emergency else MANY),
    }  # fmt: skip
    letters = sa.select(*values.values()).where(*_people(notice), *_wanted(notice))
    letters = letters.params(today=notice.published_on, notice_id=notice.id)
    notice.announced_at = now
    session.execute(sa.insert(mail).from_select([*values], letters))


def announce_due(session: Session, languages: Sequence[str], business: datetime, now: datetime) -> None:
    """Announce what was to be published until `business`, the moment of the business day; several may do so at once."""
    due = (
        sa.select(Notice)
        .where(*_WAITING, col(Notice.published_at) <= business)
        .with_for_update(skip_locked=True)  # SQLite's unit of work holds the only write lock anyway
    )
    for notice in session.scalars(due).all():
        if notice.valid_until is not None and notice.valid_until <= business:
            notice.announced_at = now  # it came, or the worker came back, when it was over
        else:
            announce(session, notice, languages, now)


_WAITING = (col(Notice.announced_at).is_(None), col(Notice.withdrawn_at).is_(None))
ANY_DUE = sa.select(1).where(*_WAITING, col(Notice.published_at) <= sa.bindparam("business")).limit(1)


def withdraw(session: Session, external_id: str, actor: Actor, now: datetime) -> bool:
    """Take a notice back: nobody reads it from now on, and what was not yet sent is not. False: there is none."""
    which = sa.select(Notice).where(col(Notice.external_id) == external_id, col(Notice.withdrawn_at).is_(None))
    notice = session.scalars(which.with_for_update()).first()
    if notice is None:
        return False
    notice.withdrawn_at = now
    session.execute(sa.delete(Mail).where(col(Mail.notice_id) == notice.id, col(Mail.sent_at).is_(None)))
    record(session, actor, "notice.withdrawn", object_type="notice", object_id=notice.id)
    return True
