"""Invitations to somebody's premises: looked at by link, accepted by who is signed in (F02; LG-17)."""

from datetime import timedelta
from typing import Any

from flask import Response, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, state, visitor, writing
from auth.visitor import Visitor
from models import accounts, lending, mandates, tokens
from models.audit import Actor
from models.mandates import Mandate, MandateView
from models.rules.mail import header_safe
from models.rules.mandates import Ending
from models.types import Role, utc_now
from views.pages import page, redirect_to
from views.routes import Routes

invitations = Routes("invitations", __name__)


@invitations.get("/invitations/<token>", "public")
def show(token: str, status: int = 200, **words: Any) -> Response:
    """Who lends what to whom, until when; the link is used up by POST only (security rule 6)."""
    view, by_letter = _found(token)
    if view is None:
        return _void()
    fits = _fits(view, by_letter, visitor())
    values = {"bad_name": False, "name": view.row.name} | words
    return page("users/invitation.html", status=status, view=view, token=token, fits=fits, **values)


@invitations.post("/invitations/<token>", "public")
def answer(token: str) -> Response:
    """Accept it, as who is signed in or with a new account; or decline it."""
    view, by_letter = _found(token)
    act, person = request.form.get("act"), visitor()
    if view is None:
        return _void()
    if act == "decline":
        return _decline(view, person)
    fits = _fits(view, by_letter, person)
    if act == "accept" and person and fits == "hers":
        with writing() as session:
            done = lending.accept(session, person.user_id, person.method, token, utc_now())
        return redirect_to("/users?done=accepted") if done else _void()
    if act == "register" and fits == "new":
        return _register(token, view)
    return show(token, 403)


def _found(token: str) -> tuple[MandateView | None, bool]:
    """The mandate that a link is for, and whether the link came in a letter; None for every kind of bad link."""
    connection, now = reading(), utc_now()
    for purpose in (lending.INVITATION, lending.QR):
        if found := tokens.look(connection, purpose, token, now):
            today = state().clock.today()
            return mandates.invitation(connection, found.detail["mandate"], today), purpose == lending.INVITATION
    return None, False


def _fits(view: MandateView, by_letter: bool, person: Visitor | None) -> str:
    """Who can accept it here: "hers", who is signed in; "other", not she; "known" or "new", who has to sign in first.

    A letter is for whom it was sent to. A code on the screen is for who stands before it.
    """
    if person is None:
        is_new = by_letter and not accounts.is_known(reading(), view.row.address)
        return "new" if is_new else "known"
    own = accounts.contacts(reading(), person.user_id).email
    fits = not by_letter or own == view.row.address
    lends = mandates.one(reading(), person.user_id, view.today, view.row.public_id) is not None
    return "hers" if person.role is Role.RESIDENT and fits and not lends else "other"


def _decline(view: MandateView, person: Visitor | None) -> Response:
    actor = person.actor() if person else Actor(None, "link")
    with writing() as session:
        mandate = session.get_one(Mandate, view.row.id, with_for_update=True)
        lending.end(session, actor, mandate, Ending.DECLINED, utc_now())
    return redirect_to("/invitations-declined")


@invitations.get("/invitations-declined", "public")
def declined() -> Response:
    """Nothing more to do."""
    return page("users/declined.html")


def _register(token: str, view: MandateView) -> Response:
    """A new account for the address that the letter came to; its password is chosen on the next page."""
    name = " ".join(request.form.get("name", "").split())
    if not 0 < len(name) <= 100 or not header_safe(name):
        return show(token, 422, bad_name=True, name=name[:100])
    now = utc_now()
    try:
        with writing() as session:
            user_id = accounts.begin(session, view.row.address, name, view.row.language)
            if not lending.accept(session, user_id, None, token, now):
                session.rollback()
                return _void()
            secret = tokens.issue(session, accounts.INVITATION, user_id, timedelta(hours=1), now)
    except IntegrityError:  # she has got an account in this very moment
        return show(token)
    return redirect_to(f"/password/reset/{secret}")


def _void() -> Response:
    return page("users/void.html", status=410)
