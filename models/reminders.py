"""Reminders: of a window to who has not sent every reading yet, and of the dates of meters (D09, D10; UD-07, UD-11).

A row for each person, kind and date makes every run repeatable: what was missed is caught up, and nothing is written
twice, however often and by however many workers it is run. What a window is told by the rule of its days, so that a
changed one reminds anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel, col

from models.absences import Absence
from models.customers import CustomerUser
from models.database import Database
from models.mandates import HOLDS, Mandate, MandatePremises
from models.meters import Meter, Register
from models.outbox import MANY, Mail
from models.overrides import WindowChange, rule_for
from models.people import User
from models.preferences import unwanted
from models.premises import Premises
from models.readings import Reading
from models.rules.mandates import Lent
from models.rules.reminders import VALID, of_valid_until, of_window
from models.rules.windows import Window, window_on
from models.site import Site
from models.tenures import Tenure, during
from models.types import AnySelect, ExternalStatus, MeterKind, Role, Source, ValidKind

AT_ONCE = 5000  # people whose letters are one unit of work: nobody's reading waits for four hundred thousand


class Reminder(SQLModel, table=True):
    """One reminder that was written to one person. `about`: the day on which a window opens, or a meter's date."""

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=16)  # opens, closes; valid 90, … : days before
    about: date = Field(primary_key=True, index=True)
    written_at: datetime


@dataclass(frozen=True)
class Due:
    """What is to be told today to whom it concerns: a letter, its words, and which meters it is about."""

    letter: str  # its kind, which is also what people switch off
    kind: str
    about: date
    words: dict[str, str]
    meters: sa.ColumnElement[bool]


def due(connection: Connection, site: Site, overrides: Sequence[WindowChange], today: date) -> list[Due]:
    """Everything that somebody may have to be told on `today`: windows by the days they open, then dates."""
    return [*_windows(site, overrides, today), *_dates(connection, site, today)]


def _windows(site: Site, overrides: Sequence[WindowChange], today: date) -> Iterator[Due]:
    """The windows that are open, each with the meters it is for: those of houses with rules of their own apart."""
    found: dict[Window, dict[int | frozenset[int], list[MeterKind]]] = {}  # in a house, or in all but these → kinds
    for kind in site.meters:
        own = frozenset(one.house_id for one in overrides if one.house_id and one.holds(one.house_id, kind, today))
        for house in (None, *sorted(own)):
            if window := _window(site, overrides, house, kind, today):
                found.setdefault(window, {}).setdefault(house or own, []).append(kind)
    for window, houses in sorted(found.items(), key=lambda item: (item[0].opens, item[0].closes)):
        words = {"opens": f"{window.opens}", "closes": f"{window.closes}", "what": of_window(window, today)}
        meters = sa.or_(*(sa.and_(col(Meter.kind).in_(kinds), _there(house)) for house, kinds in houses.items()))
        yield Due("reading_reminder", words["what"], window.opens, words, sa.and_(meters, _unread(window)))


def _there(house: int | frozenset[int]) -> sa.ColumnElement[bool]:
    where = col(Premises.house_id)
    return where == house if isinstance(house, int) else where.not_in(house) if house else sa.true()


def _window(
    site: Site, overrides: Iterable[WindowChange], house: int | None, kind: MeterKind, day: date
) -> Window | None:
    return window_on(rule_for(site, overrides, house, kind, day).window, day, site.is_working)


def _unread(window: Window) -> sa.ColumnElement[bool]:
    """A meter with a dial of which there is no reading of this window."""
    read = sa.exists().where(
        col(Reading.register_id) == col(Register.id), col(Reading.read_on) >= window.opens,
        col(Reading.superseded_at).is_(None), col(Reading.source) != Source.ESTIMATE,
        col(Reading.status) != ExternalStatus.REJECTED,
    ).correlate(Register)  # fmt: skip
    return sa.exists().where(col(Register.meter_id) == col(Meter.id), ~read).correlate(Meter)


_NEAR = sa.select(col(Meter.valid_until), col(Meter.valid_kind)).distinct().where(
    col(Meter.valid_until).between(sa.bindparam("today"), sa.bindparam("last")), col(Meter.removed_on).is_(None),
    col(Meter.valid_kind) != ValidKind.NONE,
)  # fmt: skip


def _dates(connection: Connection, site: Site, today: date) -> Iterator[Due]:
    last = date.fromordinal(today.toordinal() + VALID[0])
    rows = connection.execute(_NEAR, {"today": today, "last": last}).fetchall()
    for row in sorted(rows, key=lambda row: (row.valid_until, row.valid_kind)):
        days = of_valid_until(row.valid_until, today, site.valid_warning_days)
        if days:
            meters = sa.and_(col(Meter.valid_until) == row.valid_until, col(Meter.valid_kind) == row.valid_kind)
            words = {"until": f"{row.valid_until}", "what": row.valid_kind}
            yield Due("verification", f"{row.valid_kind[:8]} {days}", row.valid_until, words, meters)


_TODAY: sa.BindParameter[Any] = sa.bindparam("today")
_RANGE = (sa.bindparam("after", type_=sa.Integer), sa.bindparam("upto", type_=sa.Integer))


def _whose() -> sa.Subquery:
    """Who may enter readings where, by her own customer or because somebody has lent it."""
    hers, theirs = col(CustomerUser.user_id), col(Mandate.delegate_id)
    own: AnySelect = (
        sa.select(hers.label("user_id"), col(Tenure.premises_id), col(Tenure.customer_id))
        .join(Tenure, col(Tenure.customer_id) == col(CustomerUser.customer_id))
        .where(during(_TODAY), hers > _RANGE[0], hers <= _RANGE[1])
    )
    there = (
        col(Tenure.customer_id) == col(MandatePremises.customer_id),
        col(Tenure.premises_id) == col(MandatePremises.premises_id),
    )
    lent: AnySelect = (
        sa.select(theirs, col(Tenure.premises_id), col(Tenure.customer_id))
        .join(MandatePremises, col(MandatePremises.mandate_id) == col(Mandate.id))
        .join(Tenure, sa.and_(*there))
        .where(HOLDS, col(Mandate.rights).contains(Lent.SUBMIT), col(Mandate.starts_on) <= _TODAY, during(_TODAY))
        .where(theirs > _RANGE[0], theirs <= _RANGE[1])
    )
    return own.union_all(lent).subquery("whose")


_AWAY = sa.exists().where(
    col(Absence.premises_id) == col(Premises.id), col(Absence.starts_on) <= _TODAY, col(Absence.ends_on) >= _TODAY
).correlate(Premises)  # fmt: skip


def _concerned(due: Due, *columns: Any) -> AnySelect:
    """Whom it concerns and at which premises: a row for each way in which somebody came by the right there."""
    whose = _whose()
    told = sa.exists().where(
        col(Reminder.user_id) == col(User.id), col(Reminder.kind) == due.kind, col(Reminder.about) == due.about
    ).correlate(User)  # fmt: skip
    meter = sa.exists().where(
        due.meters, col(Meter.premises_id) == col(Premises.id), col(Meter.is_remote).is_(False),
        sa.or_(col(Meter.removed_on).is_(None), col(Meter.removed_on) > _TODAY),
    ).correlate(Premises)  # fmt: skip
    return (
        sa.select(*columns).select_from(whose).join(User, col(User.id) == whose.c.user_id)
        .join(Premises, col(Premises.id) == whose.c.premises_id)
        .where(
            meter, ~_AWAY, ~told, ~unwanted(col(User.id), due.letter),
            col(User.id) > _RANGE[0], col(User.id) <= _RANGE[1],  # said here, too: else all are gone through each time
            col(User.role) == Role.RESIDENT, col(User.disabled_at).is_(None), col(User.email).is_not(None),
        )
    )  # fmt: skip


def count(connection: Connection, due: Due, today: date) -> int:
    """How many people it would be written to now."""
    people = _concerned(due, sa.func.count(sa.distinct(col(User.id))))
    return int(connection.execute(people, {"today": today, "after": 0, "upto": _LAST_ID}).scalar_one())


_MAIL: sa.Table = Mail.__table__  # type: ignore[attr-defined]  # SQLModel does not tell of it
_LAST_ID = 2**31 - 1
_UPTO: AnySelect = sa.select(sa.func.max(sa.column("id"))).select_from(
    sa.select(col(User.id)).where(col(User.id) > _RANGE[0]).order_by(col(User.id)).limit(AT_ONCE).subquery()
)


def write(database: Database, site: Site, due: Due, today: date, now: datetime, due_at: datetime) -> int:
    """Write the letters of it, to be sent from `due_at` on; how many. In parts, each a unit of work of its own."""
    letters, noted = _letters(database, site, due), _noted(due)
    values: dict[str, Any] = {"today": today, "now": now, "due_at": due_at, "after": 0}
    written = 0
    while True:
        with database.change() as connection:
            values["upto"] = connection.execute(_UPTO, values).scalar_one()
            if values["upto"] is None:
                return written
            written += connection.execute(letters, values).rowcount
            connection.execute(noted, values)
        values["after"] = values["upto"]


def _letters(database: Database, site: Site, due: Due) -> sa.Insert:
    an_object, array, rows = (
        (sa.func.json_object, sa.func.json_array, sa.func.json_group_array) if database.is_sqlite
        else (sa.func.json_build_object, sa.func.json_build_array, sa.func.json_agg)
    )  # fmt: skip
    said = [sa.cast(word, sa.Text) for pair in due.words.items() for word in pair]
    at = rows(array(col(Premises.public_id), col(Premises.address), sa.literal_column("whose.customer_id")))
    values: dict[str, Any] = {
        "kind": sa.literal(due.letter), "user_id": col(User.id), "address": col(User.email),
        "language": sa.case((col(User.language).in_(site.languages), col(User.language)), else_=site.languages[0]),
        "detail": an_object(*said, sa.cast("at", sa.Text), at), "rank": sa.literal(MANY),
        "created_at": sa.bindparam("now", type_=_MAIL.c.created_at.type),
        "due_at": sa.bindparam("due_at", type_=_MAIL.c.due_at.type),
    }  # fmt: skip
    letters = _concerned(due, *values.values()).group_by(col(User.id))
    return sa.insert(_MAIL).from_select([*values], letters).execution_options(preserve_rowcount=True)


def _noted(due: Due) -> sa.Insert:
    """Those to whom letters were written just now. A second worker fails here, and with it its letters."""
    now = sa.bindparam("now", type_=_MAIL.c.created_at.type)
    written = sa.select(_MAIL.c.user_id, sa.literal(due.kind), sa.literal(due.about, sa.Date), now).where(
        _MAIL.c.user_id > _RANGE[0], _MAIL.c.user_id <= _RANGE[1],
        _MAIL.c.kind == due.letter, _MAIL.c.created_at == now,
    )  # fmt: skip
    return sa.insert(Reminder).from_select(["user_id", "kind", "about", "written_at"], written)
