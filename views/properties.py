"""Addresses and the home page of each (B01, B03, I09; LU-14..LU-19, OG-24, OG-25)."""

import sqlalchemy as sa
from flask import Response, g, request

from auth.access import Right, may
from auth.state import reading, somebody, state
from models import cards, handovers, invoices, missed, noticeboard
from models import payments as online
from models.places import Place
from views.meter_views import calendar_for, meter_views, sorted_out
from views.notices import reader
from views.pages import page, redirect_to
from views.routes import Routes

properties = Routes("properties", __name__)

_LAST_USED = sa.text(
    "SELECT premises_id FROM audit WHERE actor_user_id = :user_id AND premises_id IS NOT NULL ORDER BY id DESC LIMIT 1"
)


@properties.get("/properties", "addresses view")
def list_all(status: int = 200, unreasoned: str = "") -> Response:
    """Every address of the visitor, and her hand-overs; a designed empty page for somebody without any.

    `unreasoned`: the hand-over that she refuses without a word.
    """
    found = handovers.mine(reading(), somebody().user_id)
    may_add = state().site.registration and may(state().site, somebody(), "addresses") >= Right.ACT
    done = request.args.get("done", "")
    return page(
        "properties/list.html", status=status, current="home", places=g.reach.places, may_add=may_add, done=done,
        handovers=found, unreasoned=unreasoned,
    )  # fmt: skip


@properties.get("/properties/last", "addresses view")
def last() -> Response:
    """The address last acted on, else the first, else the list."""
    places: list[Place] = g.reach.places
    if not places:
        return redirect_to("/properties")
    used = reading().execute(_LAST_USED, {"user_id": somebody().user_id}).scalar()
    place = next((place for place in places if place.id == used), places[0])
    return redirect_to(f"/properties/{place.public_id}")


@properties.get("/properties/<pid>", "addresses view")
def home(pid: Place) -> Response:
    """Home: address, what is due, newest invoice, meters; the order never changes (ux.md §2.4).

    A section that is closed to this login is no more to be seen here than on its own page.
    """
    connection, site, person, who = reading(), state().site, somebody(), reader()
    rights = {section: may(site, person, section, pid) for section in ("invoices", "meters", "notices", "messages")}
    bill = invoices.newest(connection, pid) if rights["invoices"] else None
    coming = online.under_way(connection, pid).get(bill.row.id) if bill and bill.row.coming else None
    fresh = noticeboard.on_home(connection, who) if rights["notices"] else []
    banners = [row.id for row in fresh if row.banner and not row.for_all]
    to = noticeboard.addressed(connection, who, banners) if banners else {}
    calendar = calendar_for(connection, pid)
    found = cards.cards(connection, pid, calendar.today) if rights["meters"] else []
    late = missed.of_cards(connection, found, calendar)
    return page(
        "properties/home.html", current="home", place=pid, home=pid, others=pid.others, bill=bill, coming=coming,
        fresh=fresh, missed=max(late.values(), default=0), to=to, rights=rights, may_act=rights["meters"] >= Right.ACT,
        **sorted_out(meter_views(found, calendar)),
    )  # fmt: skip


@properties.get("/more", "help view")
def more() -> Response:
    """Everything that has no room in the bottom bar of a phone."""
    return page("properties/more.html", current="more")
