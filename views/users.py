"""Users and rights: what I have lent, and what was lent to me (F01–F05; LG-17, LG-18, OG-03; ux.md §2.10)."""

from dataclasses import replace
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, is_strong
from auth.guard import LockedSection
from auth.state import reading, somebody, state, writing
from models import access_requests, lending, mandates
from models.mandates import Mandate, MandateView
from models.rules.mandates import LINK_LASTS, PRESETS, Ending, MandateState, needs_strong
from models.throttle import Wait
from models.types import new_public_id, utc_now
from views import wishes
from views.account import unconfirmed
from views.asking import requested
from views.language import text
from views.pages import page, redirect_to
from views.qr import text_qr_svg
from views.routes import Routes
from views.wishes import Typed

users = Routes("users", __name__)
_LASTING = (MandateState.INVITED, MandateState.ACTIVE, MandateState.SUSPENDED)


@users.get("/users", "users view")
def list_all() -> Response:
    """Who has access to what is mine, and to whose I have."""
    held, now = state(), utc_now()
    found = mandates.of(reading(), somebody().user_id, held.clock.today(), now)
    lasting = [view for view in found if view.state in _LASTING]
    ours, theirs = ([view for view in lasting if view.row.is_ours is is_ours] for is_ours in (True, False))
    undelivered = mandates.undelivered(reading(), somebody().user_id, now - LINK_LASTS)
    return page(
        "users/list.html", current="users", ours=ours, theirs=theirs, ended=[v for v in found if v not in lasting],
        done=request.args.get("done", ""), may_invite=bool(wishes.own_places()), undelivered=undelivered,
        asked=access_requests.of(reading(), somebody().user_id),
    )  # fmt: skip


@users.get("/users/invite", "users act")
def form() -> Response:
    """Whom, where, what, and until when; for who has asked for it, her name and address."""
    if not wishes.own_places():  # who has nothing of her own lends nothing
        return redirect_to("/users")
    row = requested(request.args["request"]) if "request" in request.args else None
    return _form(wishes.fresh(new_public_id(), row.email or "" if row else "", row.name[:100] if row else ""))


@users.post("/users/invite", "users act")
def invite() -> Response:
    """Show what was filled in for a check, then send the invitation."""
    return _act(wishes.of_form())


@users.get("/users/<uid>", "users act")
def edit(uid: MandateView) -> Response:
    """The same form, filled in; or the check page for another year."""
    _demand_own(uid)
    if "extend" in request.args:
        return _check(wishes.of_mandate(uid, "12"), uid)
    return _form(wishes.of_mandate(uid), uid)


@users.post("/users/<uid>", "users act")
def change(uid: MandateView) -> Response:
    """Another version of it."""
    _demand_own(uid)
    return _act(wishes.of_form(uid), uid)


def _demand_own(view: MandateView) -> None:
    """Only who has lent it changes what it says, also when its time is over; others of the same customer end it."""
    if view.row.granted_by != somebody().user_id or view.state is MandateState.ENDED:
        abort(404)


def _form(typed: Typed, view: MandateView | None = None, status: int = 200, **words: Any) -> Response:
    values = {"wait": None, "twin": None, "newer": False, "without_end": state().site.lend_without_end} | words
    values |= {"places": wishes.own_places(), "offered": wishes.offered()}
    return page("users/form.html", status=status, current="users", typed=typed, view=view, **values)


def _check(typed: Typed, view: MandateView | None, status: int = 200, **words: Any) -> Response:
    """What she is about to lend, and what not; her password, unless she has just shown who she is."""
    values = {"wrong": "", "wait": None} | words
    asked = not is_strong(state().site, somebody())
    return page("users/check.html", status=status, current="users", typed=typed, view=view, asked=asked, **values)


def _act(typed: Typed, view: MandateView | None = None) -> Response:
    act, preset = request.form.get("act"), request.form.get("preset", "")
    if preset in PRESETS:
        return _form(typed.with_rights(PRESETS[preset]), view)
    if any(typed.wrong.values()) or typed.wish is None:
        return _form(typed, view, 422)
    if act == "back":
        return _form(typed, view)
    if act != "send":
        return _check(typed, view)
    if not is_strong(state().site, somebody()):
        if needs_strong(typed.wish.rights):
            raise LockedSection("users", Right.ACT)
        if problem := unconfirmed():
            return _check(typed, view, **problem)
    return _store(typed, view)


def _store(typed: Typed, view: MandateView | None) -> Response:
    person, today, now = somebody(), state().clock.today(), utc_now()
    wish = typed.wish
    if wish is None:
        raise RuntimeError("only a form without faults is stored")
    asked = access_requests.of(reading(), person.user_id)
    try:
        with writing() as session:
            if view:
                mandate = session.get_one(Mandate, view.row.id, with_for_update=True)
                wait = lending.change(session, person.actor(), mandate, wish, today, now, typed.version)
            else:
                wait = lending.invite(session, person.actor(), typed.once, wish, today, now)
                for row in asked:
                    if wait is None and row.email == wish.address:
                        access_requests.close(session, person.actor(), row, "access.granted")
    except (lending.NewerVersion, IntegrityError):
        return _collided(typed, view, wish.address)
    if isinstance(wait, Wait):
        return _form(typed, view, 429, wait=wait)
    return redirect_to("/users?done=" + ("changed" if view else "invited"))


def _collided(typed: Typed, view: MandateView | None, address: str) -> Response:
    """It was sent before, or changed meanwhile, or somebody with this address has something of hers already."""
    user_id = somebody().user_id
    found = mandates.one(reading(), user_id, state().clock.today(), typed.once)
    if found and view is None:
        return redirect_to("/users?done=invited")
    if found and found.row.version != typed.version:
        return _form(replace(typed, version=found.row.version), found, 409, newer=True)
    return _form(typed, view, 409, twin=mandates.twin(reading(), user_id, address))


@users.get("/users/<uid>/revoke", "users view")
def leaving(uid: MandateView) -> Response:
    """What stops at once, and what stays: for who has lent it, and for who gives it up."""
    if uid.state not in _LASTING:
        abort(404)
    return page("users/revoke.html", current="users", view=uid)


@users.post("/users/<uid>/revoke", "users act")
def revoke(uid: MandateView) -> Response:
    """It ends."""
    ending = Ending.REVOKED if uid.row.is_ours else Ending.RESIGNED
    with writing() as session:
        mandate = session.get_one(Mandate, uid.row.id, with_for_update=True)
        lending.end(session, somebody().actor(), mandate, ending, utc_now())
    return redirect_to("/users?done=ended")


@users.post("/users/<uid>/state", "users act")
def set_state(uid: MandateView) -> Response:
    """Suspend it, resume it, or send the invitation once more."""
    if not uid.row.is_ours or uid.state not in _LASTING:
        abort(404)
    act, now = request.form.get("act", ""), utc_now()
    if act == "resume" and needs_strong(uid.rights) and not is_strong(state().site, somebody()):
        raise LockedSection("users", Right.ACT)  # it is lent anew
    with writing() as session:
        mandate, actor = session.get_one(Mandate, uid.row.id, with_for_update=True), somebody().actor()
        if act == "resend" and uid.state is MandateState.INVITED:
            act = "wait" if lending.resend(session, actor, mandate, now) else act
        elif act in ("suspend", "resume"):
            lending.suspend(session, actor, mandate, now if act == "suspend" else None)
        else:
            abort(422)
    return redirect_to(f"/users?done={act}")


@users.post("/users/<uid>/code", "users act")
def code(uid: MandateView) -> Response:
    """A code that her own phone reads off this screen, where both stand together."""
    _demand_own(uid)
    if uid.state is not MandateState.INVITED:
        abort(404)
    with writing() as session:
        secret = lending.code(session, session.get_one(Mandate, uid.row.id), utc_now())
    link = f"{state().settings.base_url}/invitations/{secret}"
    return page("users/code.html", current="users", code=text_qr_svg(link, text("A code for the other phone")))
