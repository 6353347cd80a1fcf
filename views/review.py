"""The desk for readings: what looks wrong, who has sent none, what came late (H10)."""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, current_app, g, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, review
from models.activity import NEWEST
from models.overrides import WindowChange, overrides_for, rule_for
from models.rules.numbers import format_plain
from models.rules.windows import Window, window_of
from models.types import AnyRow, MeterKind, utc_now
from models.windows import SINCE, latest
from views.downloads import plain, spreadsheet
from views.language import text
from views.pages import page, redirect_to
from views.routes import Routes

desk = Routes("review", __name__)
_HOME = "/staff/readings"
_PAGE, _HOUSES = 25, 20
_LONGEST = 200  # characters of a reason


@desk.get(_HOME, "staff readings view")
def queue() -> Response:
    """One of the three lists; what is shown of somebody is noted."""
    shown, key = request.args.get("state", ""), request.args.get("key", 0, int)
    lists = {"missing": _houses, "late": _late}
    return lists.get(shown, _suspicious)(min(max(key, 0), NEWEST))


def _suspicious(after: int, status: int = 200, wrong: int = 0, reason: str = "") -> Response:
    found = review.suspicious(reading(), _PAGE + 1, after)
    rows = found[:_PAGE]
    _looked(rows)
    return page(
        "staff/suspicious.html", status=status, found=rows, key=rows[-1].id if found[_PAGE:] else 0, wrong=wrong,
        earlier=review.earlier(reading(), rows, 3), decides=staff_right("readings", somebody().role) >= Right.ACT,
        reason=reason, done=request.args.get("done", ""), after=after,
    )  # fmt: skip


def _looked(rows: Sequence[AnyRow]) -> None:
    at = {row.premises_id for row in rows}
    with writing() as session:
        activity.looked(session, "readings", "meters", (), at, state().clock.today(), somebody().actor())


@desk.post(_HOME, "staff readings act")
def decide() -> Response:
    """Accept a flagged reading, or reject it with a reason; what a colleague has decided meanwhile stays."""
    typed, after = request.form.get("number", ""), request.form.get("key", 0, int)
    act, reason = request.form.get("act"), request.form.get("reason", "").strip()
    if act not in ("accept", "reject") or not (typed.isdecimal() and len(typed) < 10):
        abort(404)
    after, number = min(max(after, 0), NEWEST), int(typed)
    if act == "reject" and not (0 < len(reason) <= _LONGEST and "\0" not in reason):
        return _suspicious(after, 422, number, reason.replace("\0", ""))
    with writing() as session:
        reason = reason if act == "reject" else ""
        is_done = review.settle(session, somebody().actor(), number, utc_now(), reason)
    return redirect_to(f"{_HOME}?key={after}&done={act if is_done else 'before'}")


def _late(before: int) -> Response:
    """What customer service or a paper slip brought after its window, or of a meter whose valid-until date was over."""
    found = review.by_staff(reading(), _PAGE + 1, before or NEWEST)
    rows = found[:_PAGE]
    since = min((row.read_on for row in rows), default=state().clock.today()) - SINCE
    overrides = overrides_for(reading(), {row.house_id for row in rows}, since)
    late = [(row, window) for row in rows if (window := _window(row, overrides)) and _is_late(row, window)]
    _looked([row for row, _ in late])
    return page("staff/late.html", found=late, key=rows[-1].id if found[_PAGE:] else 0)


def _window(row: AnyRow, overrides: Sequence[WindowChange]) -> Window | None:
    """The window of the month that a reading is for."""
    site = state().site
    rule = rule_for(site, overrides, row.house_id, row.kind, row.period).window if row.period else None
    return window_of(rule, row.period, site.is_working) if rule else None


def _is_late(row: AnyRow, window: Window) -> bool:
    came = state().clock.local(row.received_at).date()
    return came > window.closes or bool(row.valid_until and row.valid_until < row.read_on)


def _houses(after: int) -> Response:
    """Houses by address, each with how many dials nobody has read in the window that is open, or was last."""
    found, today = review.houses(reading(), _HOUSES + 1, after), state().clock.today()
    rows = found[:_HOUSES]
    missing = {row.id: 0 for row in rows}
    overrides = overrides_for(reading(), missing, today - SINCE)
    windows: dict[tuple[int, MeterKind], Window] = {}
    for one in review.dials(reading(), missing, today):
        key = (one.house_id, one.kind)
        windows[key] = windows.get(key) or latest(state().site, overrides, *key, today)
        missing[one.house_id] += one.dials if one.last is None or one.last < windows[key].opens else 0
    return page("staff/missing.html", found=rows, missing=missing, key=rows[-1].id if found[_HOUSES:] else 0)


def _missing(row: AnyRow) -> tuple[list[AnyRow], dict[MeterKind, Window], Any]:
    """The dials of a house that nobody has read in time, the windows by kind, and who stands where."""
    today = state().clock.today()
    overrides, found = overrides_for(reading(), {row.id}, today - SINCE), review.of_house(reading(), row.id, today)
    windows = {kind: latest(state().site, overrides, row.id, kind, today) for kind in {one.kind for one in found}}
    late = [one for one in found if one.last is None or one.last < windows[one.kind].opens]
    who = review.who_stands(reading(), {one.premises_id for one in late}, today)
    _looked(late)
    return late, windows, who


@desk.get(_HOME + "/houses/<hoid>", "staff readings view")
def house(hoid: AnyRow) -> Response:
    """Who of a house has sent no reading, to be printed."""
    found, windows, who = _missing(hoid)
    decides = staff_right("readings", somebody().role) >= Right.ACT
    return page("staff/house.html", house=hoid, found=found, windows=windows, who=who, decides=decides)


@desk.get(_HOME + "/houses/<hoid>/missing.csv", "staff readings view")
def house_table(hoid: AnyRow) -> Response:
    """The same as a table for spreadsheets."""
    found, _, who = _missing(hoid)
    kinds = current_app.extensions["languages"][g.language].globals["kinds"]
    lines = [[text("Address"), text("Customer"), text("Meter"), text("Number"), text("Last reading"), text("Read on")]]
    for one in found:
        names = ", ".join(f"{person.name} ({person.code})" for person in who.get(one.premises_id, ()))
        value = "" if one.value is None else format_plain(one.value, 0).replace(".", "." if g.language == "en" else ",")
        cells = (one.address, names, kinds[one.kind], one.serial, value, f"{one.last or ''}")
        lines.append([plain(cell) for cell in cells])
    return spreadsheet(lines, "missing.csv")
