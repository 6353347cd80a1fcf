"""“My data”: a copy of everything that the portal holds about a person (I06; GDPR 15 and 20)."""

from datetime import timedelta
from typing import Any

from flask import Response, g

from auth.state import reading, somebody, state, writing
from models import copies as table
from models.types import AnyRow, utc_now
from views.account import unconfirmed
from views.downloads import stored
from views.limits import file_limit
from views.pages import page, redirect_to
from views.routes import Routes

copies = Routes("copies", __name__)


@copies.get("/profile/data", "settings act")
def show(**problem: Any) -> Response:
    """The copies that she has, and the form for another one, with what was wrong in it."""
    user_id, now, days = somebody().user_id, utc_now(), state().site.retention["copies"]
    rows = table.own(reading(), user_id, days, now)
    told: dict[str, Any] = {"copies": rows, "kept": timedelta(days), "may_ask": table.may_ask(rows, now)}
    return page("copies/page.html", current="profile", **told, **problem)


@copies.post("/profile/data", "settings act")
def ask() -> Response:
    """Ask for one. Who sends it twice has asked once."""
    if problem := unconfirmed():
        return show(**problem)
    with writing() as session:
        table.ask(session, somebody().actor(), g.language, utc_now())
    return redirect_to("/profile/data")


@copies.get("/profile/data/<cid>/file", "settings act", file_limit)
def file(cid: AnyRow) -> Response:
    """The copy itself."""
    return stored(cid.file_hash, f"{state().site.slug}-{cid.made_at:%Y-%m-%d}.zip", saved=True)
