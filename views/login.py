"""Logging in and out (A01, A02, A05; LU-06..08, LU-48, LU-49, LU-54, LU-55, DD-23)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Response, g, request
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from auth.methods.password import Refused, Second, Welcome, log_in, welcome
from auth.state import reading, state, visitor, writing
from models import noticeboard, sessions
from models.audit import record
from models.rules.passwords import LONGEST
from models.throttle import ACCOUNT_TRIES, WARN_FROM, Wait
from models.types import AnyRow, Role, utc_now
from views.devices import device_name
from views.limits import come_back
from views.notices import reader
from views.pages import page, redirect_to, safe_next, set_cookie
from views.routes import Routes

login = Routes("login", __name__)
_YEAR = 365 * 24 * 3600


@login.get("/", "public")
def start() -> Response:
    """To the home of the address last used, or to login."""
    return redirect_to(_home() if visitor() else "/login")


def _home() -> str:
    """Where this visitor's day begins."""
    person = visitor()
    return "/staff" if person and person.role is not Role.RESIDENT else "/properties/last"


@login.get("/login", "public")
@login.get("/staff/login", "public")
def form() -> Response:
    """The ways to log in that this site offers and that are built; for staff, a door without those of residents."""
    if visitor():
        return redirect_to(safe_next(request.args.get("next")) or _home())
    return _form(expired="expired" in request.args)


@login.post("/login", "public")
@login.post("/staff/login", "public")
def submit() -> Response:
    """User name or e-mail and password."""
    name, password, missing, impossible = typed_pair()
    if missing or impossible:
        return _form(422, name=name, missing=missing, wrong=not missing)
    held, now = state(), utc_now()
    remember = bool(request.form.get("remember"))
    attempt = this_browser(remember=remember)
    device = known_device()

    def finish(session: Session, user_id: int) -> Welcome | Second:
        return welcome(session, user_id, attempt, device, now)

    outcome = log_in(held.database, held.passwords, name, password, attempt, device, now, finish)
    if isinstance(outcome, Wait):
        return come_back(_form(429, name=name, wait=outcome), outcome)
    if isinstance(outcome, Refused):
        left = outcome.left if outcome.left <= ACCOUNT_TRIES - WARN_FROM else None
        return _form(422, name=name, wrong=True, left=left)
    return enter(outcome, remember)


def typed_pair() -> tuple[str, str, list[str], bool]:
    """User name and password of a form, the fields that are empty, and whether no account can have the pair."""
    name, password = request.form.get("username", "").strip(), request.form.get("password", "")
    missing = [field for field, value in (("username", name), ("password", password)) if not value]
    # PostgreSQL takes no NUL.
    return name, password, missing, len(name) > 254 or not name.isprintable() or len(password) > LONGEST


@login.post("/logout", "public", limit=None)
def log_out() -> Response:
    """End the session here and on the server, and leave nothing in the browser; then at its provider, if so set."""
    person = visitor()
    by_others = person is not None and person.method != "password"
    told = sessions.told(reading(), person.session_id) if person and by_others else None
    _end_session()
    there = state().outside.farewell(told.told_by, told.id_token) if told and told.told_by else None
    return leave(there or "/signed-out")


def leave(path: str) -> Response:
    """To a page for everybody, with nothing left in the browser."""
    response, settings = redirect_to(path), state().settings
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


@login.get("/signed-out", "public")
def signed_out() -> Response:
    """What the person sees after logging out, or closing her account."""
    return page("login/signed_out.html", closed="closed" in request.args)


def _form(status: int = 200, **context: Any) -> Response:
    held = state()
    values: dict[str, Any] = {
        "name": "",
        "missing": [],
        "wrong": False,
        "left": None,
        "expired": False,
        "trouble": request.args.get("trouble", ""),
        "emergencies": _emergencies(),
        **context,
    }
    template = "login/staff.html" if request.path == "/staff/login" else "login/page.html"
    return page(template, status=status, offered=held.outside.offered, next_page=next_page(), **values)


def _emergencies() -> Sequence[AnyRow]:
    """What everybody should know now; nothing while the database is away, for the page itself needs none."""
    try:
        return noticeboard.emergencies(reading(), reader())
    except OperationalError:
        return ()


def next_page() -> str | None:
    """Where a person wanted to go, as the address or the form says."""
    return safe_next(request.values.get("next"))


def onward() -> Response:
    """To where she wanted to go, else to her home."""
    return redirect_to(next_page() or "/properties/last")


def this_browser(
    acr: str | None = None, *, remember: bool = False, family: str = "password", told: Mapping[str, str] = {}
) -> sessions.Login:
    """What a session here will be like; `acr`: what was proved besides a password, or instead of it."""
    held = state()
    lifetime = timedelta(days=held.site.remember_days) if remember else timedelta(hours=held.settings.session_hours)
    device = device_name(request.user_agent.string)
    return sessions.Login(family, acr, device, request.remote_addr or "", lifetime, remember, told)


def known_device() -> str | None:
    """The secret by which this browser is known to somebody."""
    return request.cookies.get(state().settings.cookie("device"))


def enter(outcome: Welcome | Second, remember: bool = False, wanted: str | None = None) -> Response:
    """Into the portal with a new session, or to the second factor; whoever was logged in here is so no longer."""
    _end_session()  # a new one begins, also for the same person (security rule 2)
    if isinstance(outcome, Second):
        response = redirect_to("/login/second-factor" + next_query())
        keep_session(response, outcome.token)
        return response
    if outcome.is_staff:
        wanted = wanted or next_page() or "/staff"
    response = redirect_to(wanted) if wanted else onward()
    keep_session(response, outcome.token, remember)
    if outcome.device:  # a device that is hers; a library's computer keeps nothing
        set_cookie(response, state().settings.cookie("device"), outcome.device, max_age=_YEAR)
    return response


def keep_session(response: Response, token: str, remember: bool = False) -> None:
    """Put the secret of a session, or of what has been begun, into the browser."""
    days = state().site.remember_days * 24 * 3600 if remember else None
    set_cookie(response, state().settings.cookie("session"), token, max_age=days)


def next_query() -> str:
    """Where the form leads in the end, for the address of a page in between."""
    return f"?next={quote(wanted, safe='')}" if (wanted := next_page()) else ""
