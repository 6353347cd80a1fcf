"""What happened in a person's account: what others did, who saw her data, what she did herself (F07, I06)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import Response, current_app, g, request

from auth.state import reading, somebody, state
from models import activity as trail
from models.types import AnyRow, Role
from views.downloads import plain, spreadsheet
from views.language import text
from views.pages import page
from views.routes import Routes

activity = Routes("activity", __name__)
PAGE, FILE = 50, 10_000  # how many acts they have at most


@activity.get("/activity", "settings view")
def show() -> Response:
    """A page of one of the lists, by days."""
    before = min(max(request.args.get("before", trail.NEWEST, int), 0), trail.NEWEST)
    chosen, words, found = _look(PAGE + 1, before)
    lines = [_line(row, words) for row in found[:PAGE]]
    days = [(day, [*acts]) for day, acts in groupby(lines, key=lambda line: line[0].date())]
    older = found[PAGE:] and found[PAGE - 1].id
    return page("activity/list.html", current="profile", words=words, chosen=chosen, days=days, older=older)


@activity.get("/activity.csv", "settings view")
def export() -> Response:
    """The same list for a spreadsheet, not by pages."""
    chosen, words, found = _look(FILE)
    table = ([f"{at:%Y-%m-%d %H:%M}", *map(plain, cells)] for at, *cells in (_line(row, words) for row in found))
    return spreadsheet([words["columns"], *table], f"{chosen}.csv")


def _look(most: int, before: int = trail.NEWEST) -> tuple[str, dict[str, Any], Sequence[AnyRow]]:
    """The list that was asked for, else the first; the words of the page; the newest rows of it."""
    chosen = next((name for name in trail.LISTS if name == request.args.get("show")), "others")
    words = vars(current_app.extensions["languages"][g.language].get_template("activity/_words.txt").module)
    about = {"user_id": somebody().user_id, "before": before, "actions": [*words["acts"]]}
    return chosen, words, trail.newest(reading(), chosen, most, **about)


def _line(row: AnyRow, words: dict[str, Any]) -> tuple[Any, ...]:
    """When by the site's clock, and what stands below `words["columns"]` after that; what is not known is empty.

    Residents have their names, staff the operator's and their own only where the site says so.
    """
    site, by_link, mine = state().site, row.source == trail.BY_LINK, row.actor_user_id == somebody().user_id
    is_resident = by_link or row.role is Role.RESIDENT
    staff = f"{row.name}, {site.name}" if row.role and site.staff_names else site.name
    who = (row.name or words["by_link" if by_link else "closed"]) if is_resident else staff
    for_her = is_resident and row.mandate_version  # that staff have registered a mandate has its version, too
    way = words["ways"]["delegate" if for_her else "customer" if is_resident and not mine else ""]
    if mine and for_her and row.principal:
        way = text("in the name of: %(name)s", name=row.principal)
    purpose, kind = (str(row.detail.get(key, "")) for key in ("purpose", "category"))
    return (
        state().clock.local(row.at), words["acts"][row.action], who, way, row.address or "",
        words["purposes"].get(purpose, purpose), words["categories"].get(kind, kind),
    )  # fmt: skip
