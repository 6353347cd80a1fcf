"""Readings that staff look at: what was flagged, who has sent none, and what came late (H10)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import outbox
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.meters import Meter, Register
from models.people import User
from models.premises import House, Premises
from models.reading_photos import ReadingPhoto
from models.readings import Reading
from models.tenures import Tenure, during
from models.types import ONE, AnyRow, AnySelect, ExternalStatus, Role, Source

_MEMORY = timedelta(days=400)  # how far back what was read before is looked for
_ROWS: AnySelect = (
    sa.select(Reading.__table__, col(Meter.kind), col(Meter.serial), col(Meter.place), col(User.name))  # type: ignore[attr-defined]
    .add_columns(col(Premises.id).label("premises_id"), col(Premises.house_id), col(Premises.address))
    .add_columns(col(Meter.public_id), col(Register.decimals), col(Meter.valid_until))
    .add_columns(col(ReadingPhoto.public_id).label("photo"))
    .join(Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .join(Premises, col(Premises.id) == col(Meter.premises_id))
    .outerjoin(User, col(User.id) == col(Reading.actor_user_id))
    .outerjoin(ReadingPhoto, col(ReadingPhoto.reading_id) == col(Reading.id))
)
_FLAGGED = _ROWS.where(
    col(Reading.flag).is_not(None), col(Reading.superseded_at).is_(None), col(Reading.reviewed_at).is_(None)
)
_SUSPICIOUS = _FLAGGED.where(col(Reading.id) > sa.bindparam("after")).order_by(col(Reading.id))
# In the words of the index, so that it is used.
_BY_STAFF = _ROWS.where(sa.text("reading.source IN ('staff', 'slip')"), col(Reading.superseded_at).is_(None))
_RECENT = _BY_STAFF.where(col(Reading.id) < sa.bindparam("before")).order_by(col(Reading.id).desc())
_BEFORE = (
    sa.select(col(Reading.register_id), col(Reading.id), col(Reading.value), col(Reading.read_on))
    .where(col(Reading.register_id).in_(sa.bindparam("registers", expanding=True)))
    .where(col(Reading.superseded_at).is_(None), col(Reading.read_on) >= sa.bindparam("since"))
    .order_by(col(Reading.read_on).desc(), col(Reading.id).desc())
)  # fmt: skip
_CURRENT = sa.select(col(Reading.read_on)).where(
    col(Reading.register_id) == col(Register.id), col(Reading.superseded_at).is_(None),
    col(Reading.source) != Source.ESTIMATE, col(Reading.status) != ExternalStatus.REJECTED,
)  # fmt: skip
_NEWEST = (col(Reading.read_on).desc(), col(Reading.id).desc())
_LAST = _CURRENT.order_by(*_NEWEST).limit(ONE).scalar_subquery()
_VALUE = _CURRENT.with_only_columns(col(Reading.value)).order_by(*_NEWEST).limit(ONE).scalar_subquery()
_DIALS: AnySelect = (
    sa.select(col(Premises.house_id), col(Meter.kind), _LAST.label("last"))
    .select_from(Premises)
    .join(Meter, col(Meter.premises_id) == col(Premises.id))
    .join(Register, col(Register.meter_id) == col(Meter.id))
    .where(
        col(Premises.house_id).in_(sa.bindparam("houses", expanding=True)), col(Meter.is_remote).is_(False),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > sa.bindparam("today")),
    )
)  # fmt: skip
_COUNTED = _DIALS.subquery()
_COUNTS: AnySelect = sa.select(_COUNTED, sa.func.count().label("dials")).group_by(*_COUNTED.c)
_OF_HOUSE = _DIALS.add_columns(
    _VALUE.label("value"), col(Meter.serial), col(Meter.place), col(Register.name).label("dial"),
    col(Register.decimals), col(Premises.id).label("premises_id"), col(Premises.address), col(Premises.flat),
    col(Premises.public_id),
)  # fmt: skip
_STANDS = (
    sa.select(col(Tenure.premises_id), col(Tenure.customer_id), col(Customer.name), col(Customer.code))
    .join(Customer, col(Customer.id) == col(Tenure.customer_id))
    .where(col(Tenure.premises_id).in_(sa.bindparam("premises", expanding=True)), during(sa.bindparam("today")))
    .distinct().order_by(col(Customer.code))
)  # fmt: skip
_HOUSES: AnySelect = sa.select(House.__table__).order_by(col(House.address), col(House.id))  # type: ignore[attr-defined]
_AFTER: sa.BindParameter[int] = sa.bindparam("after", type_=sa.Integer)
_KEY = sa.select(col(House.address)).where(col(House.id) == _AFTER).scalar_subquery()
_BEGIN = sa.case((_AFTER == 0, ""), else_=_KEY)
_NEXT = _HOUSES.where(sa.tuple_(col(House.address), col(House.id)) > sa.tuple_(_BEGIN, _AFTER))


def _few(connection: Connection, statement: AnySelect, most: int, **values: Any) -> Sequence[AnyRow]:
    return connection.execute(statement.limit(sa.literal_column(f"{most}")), values).fetchall()


def suspicious(connection: Connection, most: int, after: int = 0) -> Sequence[AnyRow]:
    """No more than `most` flagged readings with an id above `after` that nobody has looked at, the oldest first."""
    return _few(connection, _SUSPICIOUS, most, after=after)


def by_staff(connection: Connection, most: int, before: int) -> Sequence[AnyRow]:
    """No more than `most` readings below the id `before` that came by customer service or on paper, latest first."""
    return _few(connection, _RECENT, most, before=before)


def earlier(connection: Connection, rows: Sequence[AnyRow], most: int) -> dict[int, list[AnyRow]]:
    """What was read before each of these readings, by its id: no more than `most`, the latest first. One statement."""
    if not rows:
        return {}
    values = {"registers": [row.register_id for row in rows], "since": min(row.read_on for row in rows) - _MEMORY}
    found: dict[int, list[AnyRow]] = {}
    for one in connection.execute(_BEFORE, values):
        found.setdefault(one.register_id, []).append(one)
    keys = {row.id: (row.read_on, row.id) for row in rows}
    return {
        row.id: [one for one in found.get(row.register_id, ()) if (one.read_on, one.id) < keys[row.id]][:most]
        for row in rows
    }


def settle(session: Session, actor: Actor, number: int, now: datetime, reason: str = "") -> bool:
    """A flagged reading is right, or with a reason (at most 200 characters) rejected, of which who sent it is told.

    False where a colleague or a correction was faster. It stands in the record of whose reading it is.
    """
    row = session.execute(_FLAGGED.where(col(Reading.id) == number)).first()
    reading = session.get(Reading, number, with_for_update=True) if row else None
    if row is None or reading is None or reading.reviewed_at or reading.superseded_at:
        return False
    reading.reviewed_at = now
    if reason:
        reading.status, reading.status_reason, reading.changed_at = ExternalStatus.REJECTED, reason, now
        decimals = 3 if row.decimals is None else row.decimals
        said = {"value": row.value, "decimals": decimals, "serial": row.serial, "reason": reason}
        for user in _senders(session, reading):
            outbox.write_to(session, user, user.email, "reading_rejected", mid=row.public_id, at=row.address, **said)
    actor = replace(actor, principal_customer_id=reading.principal_customer_id)
    detail = {"value": row.value, "flag": row.flag, "reason": reason}
    about: dict[str, Any] = {"object_type": "reading", "object_id": number, "premises_id": row.premises_id}
    record(session, actor, "reading.rejected" if reason else "reading.accepted", detail=detail, **about)
    return True


def _senders(session: Session, reading: Reading) -> Sequence[User]:
    """Who is told: the resident who sent it; where staff did, those who are the customer."""
    open_ones = sa.select(User).where(col(User.role) == Role.RESIDENT, col(User.disabled_at).is_(None))
    sender = session.scalars(open_ones.where(col(User.id) == reading.actor_user_id)).all()
    theirs = sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id) == reading.principal_customer_id)
    return sender or session.scalars(open_ones.where(col(User.id).in_(theirs)).order_by(col(User.id))).all()


def houses(connection: Connection, most: int, after: int) -> Sequence[AnyRow]:
    """No more than `most` houses by address, those after the house with the id `after` (0: the first)."""
    return _few(connection, _NEXT, most, after=after)


def house(connection: Connection, number: int) -> AnyRow | None:
    """One of them."""
    return connection.execute(_HOUSES.where(col(House.id) == number)).first()


def dials(connection: Connection, numbers: Collection[int], today: date) -> Sequence[AnyRow]:
    """How many dials of each kind in these houses residents read, by the day on which they were read `last`."""
    return connection.execute(_COUNTS, {"houses": [*numbers], "today": today}).fetchall()


def of_house(connection: Connection, number: int, today: date) -> list[AnyRow]:
    """Each of the dials of a house with what it showed last, by flat."""
    found = connection.execute(_OF_HOUSE, {"houses": [number], "today": today}).fetchall()
    return sorted(found, key=lambda row: (len(row.flat), row.flat, row.premises_id, row.kind, row.serial, row.dial))


def who_stands(connection: Connection, premises: Collection[int], today: date) -> Mapping[int, list[AnyRow]]:
    """The customers of these premises today, by premises."""
    found: dict[int, list[AnyRow]] = {}
    for row in connection.execute(_STANDS, {"premises": [*premises], "today": today}):
        found.setdefault(row.premises_id, []).append(row)
    return found
