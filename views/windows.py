"""The calendar of reading windows, and its changes from a day on, each with a look at what it does (D07)."""

from contextlib import suppress
from typing import Any

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import review, window_changes
from models.overrides import Override, WindowChange, overrides_for
from models.rules.days import parse_day
from models.rules.windows import Window, parse_rule
from models.types import AnyRow, MeterKind
from models.window_changes import Conflict
from views.pages import page, redirect_to
from views.routes import Routes

desk = Routes("windows", __name__)
_HOME = "/staff/windows"
_FIELDS = ("house", "kind", "opens", "closes", "from", "until", "number")
_MOST = 500  # houses to choose from
_NEWER = 2**31 - 1  # the number of a change that is not saved yet: of equals the newest counts


@desk.get(_HOME, "staff windows view")
def calendar() -> Response:
    """The months ahead, of the site or of a house; the changes that hold or will; the form for another."""
    house = _number("house", request.args)
    found = window_changes.changes(reading(), state().clock.today())
    row = next((one for one in found if one.id == _number("change", request.args)), None)
    return _calendar({"house": f"{house or ''}"} | (_typed(row) if row else {}))


def _number(name: str, sent: Any) -> int:
    text = sent.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _typed(row: AnyRow) -> dict[str, str]:
    """A change as the form shows it."""
    days = {"from": f"{row.valid_from}", "until": f"{row.valid_until or ''}", "number": f"{row.id}"}
    days |= {"opens": row.opens, "closes": row.closes}
    return {"house": f"{row.house_id or ''}", "kind": row.meter_kind or ""} | days


def _calendar(typed: dict[str, str], status: int = 200, **words: Any) -> Response:
    today, house = state().clock.today(), _number("house", typed)
    months = window_changes.months(state().site, overrides_for(reading(), None, today), house or None, today)
    values: dict[str, Any] = {"wrong": (), "conflict": None, "preview": None, "done": request.args.get("done", "")}
    return page(
        "staff/windows.html", status=status, typed=dict.fromkeys(_FIELDS, "") | typed, months=months,
        changes=window_changes.changes(reading(), today), houses=review.houses(reading(), _MOST, 0),
        decides=staff_right("windows", somebody().role) >= Right.ACT, **values | words,
    )  # fmt: skip


@desk.post(_HOME, "staff windows act")
def decide() -> Response:
    """Look at what a change does, save it, or end one."""
    act, today, actor = request.form.get("act"), state().clock.today(), somebody().actor()
    if act == "end":
        with writing() as session:
            is_done = window_changes.end(session, actor, _number("number", request.form), today)
        return redirect_to(f"{_HOME}?done={'ended' if is_done else 'before'}")
    if act not in ("preview", "save"):
        abort(404)
    typed = {name: request.form.get(name, "").strip()[:40].replace("\0", "?") for name in _FIELDS}
    row, wrong = _change(typed)
    if wrong:
        return _calendar(typed, 422, wrong=wrong)
    if act == "preview":
        return _calendar(typed, preview=_preview(row))
    try:
        with writing() as session:
            window_changes.change(session, actor, row)
    except Conflict as conflict:
        return _calendar(typed, 409, conflict=conflict.args[0])
    return redirect_to(f"{_HOME}?house={row.house_id or ''}&done=saved")


def _change(typed: dict[str, str]) -> tuple[Override, set[str]]:
    """The change that a form says, and which of its fields are wrong."""
    today, house, number = state().clock.today(), _number("house", typed), _number("number", typed)
    start, end = parse_day(typed["from"]), parse_day(typed["until"])
    old = next((one for one in window_changes.changes(reading(), today) if one.id == number), None)
    kind = MeterKind(typed["kind"]) if typed["kind"] in [*MeterKind] else None
    is_wrong: dict[str, Any] = {"house": typed["house"] and not review.house(reading(), house), "rule": True}
    is_wrong |= {"kind": typed["kind"] and not kind, "number": number and not (old and old.valid_from > today)}
    is_wrong |= {"from": not start or start < today, "until": typed["until"] and not (start and end and end >= start)}
    with suppress(ValueError):
        is_wrong["rule"] = not parse_rule(typed["opens"], typed["closes"])
    row = Override(
        id=number or None, house_id=house or None, meter_kind=kind, opens=typed["opens"], closes=typed["closes"],
        valid_from=start or today, valid_until=end, created_by_user_id=somebody().user_id,
    )  # fmt: skip
    return row, {name for name, wrong in is_wrong.items() if wrong}


def _preview(row: Override) -> list[tuple[tuple[MeterKind, ...], Window | None, Window | None]]:
    """What is open now and would be then, for each kind and month in which that differs."""
    site, today = state().site, state().clock.today()
    before, found = overrides_for(reading(), None, today), []
    new = WindowChange(_NEWER, row.house_id, row.meter_kind, row.opens, row.closes, row.valid_from, row.valid_until)
    after = [one for one in before if one.id != row.id] + [new]
    old = {kind: there for kinds, there in window_changes.months(site, before, row.house_id, today) for kind in kinds}
    for kinds, windows in window_changes.months(site, after, row.house_id, today):
        then, was = ({one.period: one for one in there} for there in (windows, old[kinds[0]]))
        periods = sorted({*then, *was})
        found += [(kinds, was.get(one), then.get(one)) for one in periods if was.get(one) != then.get(one)]
    return found
