"""Forgotten and changed passwords, and the rules while one is typed (A04, A06; LU-44, LU-45, LU-50..53)."""

from typing import Any

from flask import Response, request

from auth.methods import renewal
from auth.state import reading, somebody, state, visitor
from models import tokens
from models.rules.passwords import LONGEST, RULES, normal_password
from models.types import utc_now
from views.account import unconfirmed
from views.limits import act_limit
from views.login import enter, next_page, onward, this_browser
from views.pages import fragment, is_fragment, page, redirect_to
from views.routes import Routes

passwords = Routes("passwords", __name__)


@passwords.get("/password/forgot", "public")
def forgot() -> Response:
    """Where to send a link."""
    return page("passwords/forgot.html", typed="")


@passwords.post("/password/forgot", "public")
def ask() -> Response:
    """The same answer for everybody, whether there is such an account or not (security rule 7)."""
    typed = request.form.get("username", "").strip()
    if not typed or len(typed) > 254 or not typed.isprintable():
        return page("passwords/forgot.html", status=422, typed=typed[:254])
    renewal.ask(state().database, typed, utc_now())
    return redirect_to("/password/forgot/sent")


@passwords.get("/password/forgot/sent", "public")
def sent() -> Response:
    """What happens next, and what to do when nothing comes (LU-52)."""
    return page("passwords/sent.html")


@passwords.get("/password/reset/<token>", "public")
def reset(token: str, status: int = 200, broken: list[str] | None = None, password: str = "") -> Response:
    """The form behind the link, or the page of every kind of bad one alike.

    The link is used up by POST only, because scanners open links (security rule 6).
    """
    if tokens.look(reading(), renewal.PURPOSES, token, utc_now()) is None:
        return _void()
    return page("passwords/reset.html", status=status, token=token, **rules_shown(broken, password))


@passwords.post("/password/reset/<token>", "public")
def renew(token: str) -> Response:
    """Set the password and sign in."""
    held, now, password = state(), utc_now(), request.form.get("password", "")
    found = tokens.look(reading(), renewal.PURPOSES, token, now)
    if found is None:
        return reset(token)
    if broken := renewal.broken(reading(), held.site, found.user_id, password):
        return reset(token, 422, broken, password)
    outcome = renewal.renew(held.database, held.passwords, token, password, this_browser(), now)
    return enter(outcome) if outcome else _void()


def _void() -> Response:
    return page("passwords/void.html", status=410, again="/password/forgot")


def rules_shown(broken: list[str] | None = None, password: str = "") -> dict[str, Any]:
    """Which rules are kept; None while nothing has been typed."""
    kept = {rule: rule not in broken if broken is not None and password else None for rule in RULES}
    return {"rules": kept, "least": state().site.password_min, "failed": bool(broken), "same": False}


@passwords.get("/profile/password", "settings act")
@passwords.get("/password/change", "settings act")
def form(status: int = 200, broken: list[str] | None = None, password: str = "", **more: Any) -> Response:
    """The old password once, the new one once with "show" (LU-44 as decisions.md has it; LU-10)."""
    words = rules_shown(broken, password) | {"next_page": next_page()} | more
    return page("passwords/change.html", status=status, current="profile", **words)


@passwords.post("/profile/password", "settings act")
@passwords.post("/password/change", "settings act")
def change() -> Response:
    """Set a new password; every other device is signed out."""
    held, person, now = state(), somebody(), utc_now()
    old, new = request.form.get("old", ""), request.form.get("password", "")
    broken = renewal.broken(reading(), held.site, person.user_id, new)
    same = bool(old) and normal_password(old) == normal_password(new)
    problem = {} if old and (broken or same) else unconfirmed()
    if broken or same or problem:
        failed = {"status": 422, "same": same, "failed": bool(broken) or same}
        return form(broken=broken, password=new, **failed | problem)
    renewal.change(held.database, person.actor(), held.passwords.hash(new), person.session_id, now)
    return onward() if person.step else redirect_to("/profile?changed=password")


@passwords.post("/password/check", "public", act_limit)
def check() -> Response:
    """The list of rules for what has been typed so far; nothing is stored or logged (ux.md §3.3)."""
    if not is_fragment():  # no page sends it there
        return redirect_to("/profile/password")
    password, person = request.form.get("password", "")[: LONGEST + 1], visitor()
    broken = renewal.broken(reading(), state().site, person.user_id if person else None, password)
    return fragment("passwords/_rules.html", **rules_shown(broken, password))


@passwords.get("/.well-known/change-password", "public")
def well_known() -> Response:
    """Where password managers send people."""
    response = redirect_to("/profile/password")
    response.status_code = 302  # what the specification asks for
    return response
