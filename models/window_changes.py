"""The calendar of reading windows: the months ahead, and how staff change them from a day on (D07; decisions.md 28)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models.audit import Actor, record
from models.overrides import Override, WindowChange, rule_for
from models.premises import House
from models.rules.mandates import months_on
from models.rules.windows import Window, window_on
from models.site import Site
from models.types import AnyRow, MeterKind

MONTHS = 12  # ahead, after this one
_LONGEST = timedelta(days=62)  # from the day on which a window opens to the last on which it can close
_LASTS = sa.or_(col(Override.valid_until).is_(None), col(Override.valid_until) >= sa.bindparam("today"))
_CHANGES = (
    sa.select(Override.__table__, col(House.address))  # type: ignore[attr-defined]
    .outerjoin(House, col(House.id) == col(Override.house_id))
    .where(_LASTS).order_by(col(Override.valid_from), col(Override.id))
)  # fmt: skip
Months = list[tuple[tuple[MeterKind, ...], list[Window]]]


class Conflict(ValueError):
    """Another change is about the same house and kind on some of these days; its argument is that row."""


def changes(connection: Connection, today: date) -> Sequence[AnyRow]:
    """What holds today or later, in the order of time, each with the address of its house."""
    return connection.execute(_CHANGES, {"today": today}).fetchall()


def months(site: Site, overrides: Iterable[WindowChange], house_id: int | None, today: date) -> Months:
    """The windows of this month and the next `MONTHS` in a house (None: in one without changes of its own).

    Kinds of meters with the same rules stand together. A window that has closed is left out; one in whose middle
    another rule begins to hold is cut as residents will find it.
    """
    groups: dict[tuple[Any, ...], list[MeterKind]] = {}
    ours = [one for one in overrides if one.house_id in (None, house_id)]
    for kind, rule in site.meters.items():
        about = tuple(one.id for one in ours if one.meter_kind in (None, kind))
        groups.setdefault((rule.opens, rule.closes, about), []).append(kind)
    return [(tuple(kinds), _ahead(site, ours, house_id, kinds[0], today)) for kinds in groups.values()]


def _ahead(
    site: Site, overrides: Sequence[WindowChange], house_id: int | None, kind: MeterKind, today: date
) -> list[Window]:
    """Day by day, because any day may have a rule of its own."""
    first, last = today - _LONGEST, months_on(today.replace(day=1), MONTHS + 1)
    found: dict[date, Window] = {}
    for number in range((last + _LONGEST - first).days):
        day = first + timedelta(days=number)
        window = window_on(rule_for(site, overrides, house_id, kind, day).window, day, site.is_working)
        if window:
            known = found.get(window.period)
            found[window.period] = replace(window, opens=known.opens if known else day, closes=day)
    return [one for one in found.values() if one.closes >= today and one.period < last]


def change(session: Session, actor: Actor, row: Override) -> None:
    """A change from a day on, or another one in its place as long as that has not begun (`row.id`).

    Raises `Conflict`.
    """
    others = _CHANGES.where(
        col(Override.house_id).is_not_distinct_from(row.house_id), col(Override.id) != (row.id or 0),
        col(Override.meter_kind).is_not_distinct_from(row.meter_kind),
        col(Override.valid_from) <= (row.valid_until or date.max),
    )  # fmt: skip
    if other := session.execute(others, {"today": row.valid_from}).first():
        raise Conflict(other)
    row = session.merge(row)
    session.flush()
    _note(session, actor, row, "window.changed")


def end(session: Session, actor: Actor, number: int, today: date) -> bool:
    """It holds today for the last time; one that has not begun is taken back. False where it is over."""
    row = session.get(Override, number, with_for_update=True)
    if row is None or (row.valid_until or date.max) <= today:
        return False
    if row.valid_from > today:
        session.delete(row)
    else:
        row.valid_until = today
    _note(session, actor, row, "window.ended")
    return True


def _note(session: Session, actor: Actor, row: Override, action: str) -> None:
    detail = row.model_dump(mode="json", exclude={"id", "external_id", "created_at", "created_by_user_id"})
    record(session, actor, action, object_type="override", object_id=row.id, detail=detail)
