"""Logging in and out (A01, A02, A05; LU-06..08, LU-48, LU-49, LU-54, LU-55, DD-23)."""

import math
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, request

from auth.guard import public
from auth.methods.base import METHODS
from auth.methods.password import Refused, Welcome, log_in
from auth.state import reading, state, visitor, writing
from models import noticeboard, sessions
from models.audit import record
from models.rules.passwords import LONGEST
from models.throttle import ACCOUNT_TRIES, WARN_FROM, Wait
from models.types import utc_now
from views.devices import device_name
from views.limits import login_limit
from views.notices import reader
from views.pages import page, redirect_to, safe_next, set_cookie

login = Blueprint("login", __name__)
_YEAR = 365 * 24 * 3600


@login.get("/")
@public
def start() -> Response:
    """To the home of the address last used, or to login."""
    return redirect_to("/login" if visitor() is None else "/properties/last")


@login.get("/login")
@public
def form() -> Response:
    """The ways to log in that this site offers and that are built."""
    if visitor():
        return redirect_to(safe_next(request.args.get("next")) or "/properties/last")
    return _form(expired="expired" in request.args)


@login.post("/login")
@public
@login_limit
def submit() -> Response:
    """User name or e-mail and password."""
    name, password = request.form.get("username", "").strip(), request.form.get("password", "")
    missing = [field for field, value in (("username", name), ("password", password)) if not value]
    # No account has such a name or password, and PostgreSQL takes no NUL.
    if missing or len(name) > 254 or not name.isprintable() or len(password) > LONGEST:
        return _form(422, name=name, missing=missing, wrong=not missing)
    held, now = state(), utc_now()
    remember = bool(request.form.get("remember"))
    lifetime = timedelta(days=held.site.remember_days) if remember else timedelta(hours=held.settings.session_hours)
    device = device_name(request.user_agent.string)
    attempt = sessions.Login("password", None, device, request.remote_addr or "", lifetime, remember)
    known = request.cookies.get(held.settings.cookie("device"))
    outcome = log_in(held.database, held.passwords, name, password, attempt, known, now)
    if isinstance(outcome, Wait):
        return _wait(outcome, name)
    if isinstance(outcome, Refused):
        left = outcome.left if outcome.left <= ACCOUNT_TRIES - WARN_FROM else None
        return _form(422, name=name, wrong=True, left=left)
    return enter(outcome, remember)


@login.post("/logout")
@public
def log_out() -> Response:
    """End the session here and on the server, and leave nothing in the browser."""
    _end_session()
    response, settings = redirect_to("/signed-out"), state().settings
    for name in ("session", "csrf"):
        set_cookie(response, settings.cookie(name), "", max_age=0)
    set_cookie(response, settings.cookie("lang"), g.language, max_age=60)  # for the page that says goodbye
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _end_session() -> None:
    """Whoever is logged in on this browser is so no longer."""
    if person := visitor():
        with writing() as session:
            sessions.end(session, person.user_id, person.session_id, utc_now())
            record(session, person.actor(), "logout")


@login.get("/signed-out")
@public
def signed_out() -> Response:
    """What the person sees after logging out."""
    return page("login/signed_out.html")


def _form(status: int = 200, **context: Any) -> Response:
    held = state()
    families = [family for family in held.site.login if family in METHODS]
    values: dict[str, Any] = {
        "name": "",
        "missing": [],
        "wrong": False,
        "left": None,
        "expired": False,
        "emergencies": noticeboard.emergencies(reading(), reader()),
        **context,
    }
    next_page = safe_next(request.values.get("next"))
    return page("login/page.html", status=status, families=families, next_page=next_page, **values)


def _wait(wait: Wait, name: str) -> Response:
    response = _form(429, name=name, wait=wait)
    seconds = math.ceil((wait.until - utc_now()).total_seconds())
    response.headers["Retry-After"] = str(max(1, seconds))
    return response


def enter(outcome: Welcome, remember: bool = False) -> Response:
    """Into the portal with a new session; whoever was logged in on this browser is so no longer."""
    _end_session()  # a new one begins, also for the same person (security rule 2)
    held = state()
    days = held.site.remember_days * 24 * 3600 if remember else None
    response = redirect_to(safe_next(request.form.get("next")) or "/properties/last")
    set_cookie(response, held.settings.session_cookie, outcome.token, max_age=days)
    if outcome.device:  # a device that is hers; a library's computer keeps nothing
        set_cookie(response, held.settings.cookie("device"), outcome.device, max_age=_YEAR)
    return response
