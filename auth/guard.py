"""The guard: one `before_request` that enforces what routes only declare. Closed by default.

A route is marked `public`, or `needs` a section and a right (`views.routes`); one that says nothing, or whose path
has a variable that `auth.scope` cannot fetch, stops the application from starting. Somebody else's object is a 404,
decided before any 403 (decisions.md 5).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from auth import csrf
from auth.access import Right, lent, may, right, staff_right
from auth.scope import FETCH, FOR_STAFF, Reach
from auth.state import State, noting, reading, state
from auth.visitor import Visitor
from models import api_tokens, sessions
from models.places import Place
from models.rules.first_steps import next_step, terms_are_new
from models.types import AnyRow, Role, utc_now

View = TypeVar("View", bound=Callable[..., Any])
SAFE = {"GET", "HEAD"}
STAFF = "staff "  # before the section of a page of theirs
# Files without a visitor: no session is looked up.
SAME_FOR_ALL = ("help.static_file", "help.favicon", "api.described", "offline.manifest")
# Pages whose address with this field may be asked for by itself: nobody need be there.
QUIET = {
    "help.show": "q", "help.suggestions": "subject", "composing.poll": "thread", "composing.keep": "auto",
    "staff_imports.one": "poll",
}  # fmt: skip
FOR_BOTH = "factors."  # pages about a person's own login: staff have them as residents do
STEPS = {"password": "/password/change", "visit": "/first-visit"}  # where a first step is done
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")  # what an id can be; nothing else reaches the database


def public(view: View) -> View:
    """Open to everyone."""
    view.access = None  # type: ignore[attr-defined]  # the mark that `enforce` reads
    return view


def signed(view: View) -> View:
    """Open to whoever brings a signature, which the view checks, and can show no form of ours.

    That is a mail program with an address of ours (RFC 8058), or a bank with a token.
    """
    view.signed = True  # type: ignore[attr-defined]  # as above
    return public(view)


def bearer(scope: str) -> Callable[[View], View]:
    """Open to a program whose token has this scope, in which {table} stands for that of the path.

    Nobody is here then, whatever cookies came along: no session reaches such a route, and no token any other.
    """
    if scope.replace("{table}", "readings") not in api_tokens.SCOPES:
        raise KeyError(scope)

    def mark(view: View) -> View:
        view.bearer = scope  # type: ignore[attr-defined]  # as above
        return public(view)

    return mark


def needs(section: str, least: Right) -> Callable[[View], View]:
    """Open to logged-in residents whose login method and mandates give at least this right to this section.

    A section of the operator's staff ("staff customers"): to those of them whose role gives it. For everybody else it
    does not exist.
    """

    def mark(view: View) -> View:
        view.access = (section, least)  # type: ignore[attr-defined]
        return view

    return mark


class Unmarked(Exception):
    """A route without an access mark, or with a path variable that nobody fetches."""


class NotLoggedIn(Exception):
    """Nobody is here: to login on GET, 401 with the form kept on POST."""


class LockedSection(Exception):
    """The section (first argument) is closed for this visitor's login; asked was for this right (second)."""


class StepFirst(Exception):
    """Something has to be done before: there on GET, 403 on POST."""


class StalePage(Exception):
    """The csrf token is missing or old: the form is shown again to be sent once more (400)."""


def install(app: Flask) -> None:
    """Check every route's mark, then enforce them on each request."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "access"):
            raise Unmarked(f"{rule.rule} ({rule.endpoint}): no access mark")
        # Objects are fetched through a visitor, so a public route cannot name one.
        known = rule.arguments & set(FOR_STAFF if view.access and view.access[0].startswith(STAFF) else FETCH)
        if wrong := known if view.access is None else rule.arguments - known:
            raise Unmarked(f"{rule.rule} ({rule.endpoint}): nobody fetches {', '.join(sorted(wrong))}")
    app.before_request(enforce)


def enforce() -> None:
    """Find the visitor, check the csrf token, fetch what the path names, compare rights: in this order."""
    held = state()
    g.csrf_cookie = request.cookies.get(held.settings.cookie("csrf")) or ""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if hasattr(view, "bearer"):
        g.client = _client(view)
        return
    g.visitor = None if request.endpoint in SAME_FOR_ALL else _visitor(held)
    if view is None:
        return  # an unknown path or method: Flask answers 404 or 405
    if request.method not in SAFE and not hasattr(view, "signed") and not _csrf_ok(held, view):
        raise StalePage
    if view.access is None:
        return
    if g.visitor is None:
        raise NotLoggedIn
    section, least = view.access
    if section.startswith(STAFF):
        _enforce_for_staff(g.visitor, section.removeprefix(STAFF), least)
    else:
        for_residents(g.visitor, section, least)


def for_residents(person: Visitor, section: str, least: Right) -> None:
    """Fetch what the path names as this resident, and let her no further than her rights go."""
    if person.role is not Role.RESIDENT and str(request.endpoint).startswith(FOR_BOTH):
        return
    place = _fetch(FETCH)
    if lent(place, section) < least:  # it may be there, but not for her
        abort(404)
    if person.step and request.path != STEPS[person.step]:
        raise StepFirst
    if may(state().site, person, section, place) < least:
        raise LockedSection(section, least)


def _enforce_for_staff(person: Visitor, section: str, least: Right) -> None:
    if person.role is Role.RESIDENT:
        abort(404)
    if staff_right(section, person.role) < least:
        raise LockedSection(section, least)
    _fetch(FOR_STAFF)


def _visitor(held: State) -> Visitor | None:
    token = request.cookies.get(held.settings.cookie("session"))
    if not token:
        return None
    now = utc_now()
    row = sessions.find(reading(), token, now, held.settings.idle, held.clock.today())
    if row is None:
        return None
    is_quiet = QUIET.get(request.endpoint or "") in request.args
    if not is_quiet and sessions.needs_touch(row, now):
        with noting() as connection:
            sessions.touch(connection, row.id, now)
    person = Visitor(
        user_id=row.user_id, session_id=row.id, name=row.name, username=row.username, language=row.language,
        theme=row.theme, role=row.role, method=row.method, acr=row.acr, authenticated_at=row.authenticated_at,
        remembered=row.remembered, has_password=bool(row.has_password), unread=row.unread,
        terms=held.site.terms_version + row.terms_changes, **_first_steps(held, row),
    )  # fmt: skip
    g.reach = Reach(person, held.clock.today(), held.settings.idle)  # on public pages too: the menu asks it
    return person


def _client(view: Any) -> AnyRow:
    """The program whose token came with the request, if it may do this."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    now = utc_now()
    token = api_tokens.find(reading(), secret.strip(), now) if kind.casefold() == "bearer" else None
    if token is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    scope = view.bearer.format(**(request.view_args or {}))
    if scope not in api_tokens.SCOPES:
        abort(404)
    if scope not in token.scopes:
        abort(403, f"this token has not the scope {scope}")
    request.max_content_length = getattr(view, "takes", None)
    if api_tokens.needs_touch(token, now):
        with noting() as connection:
            api_tokens.touch(connection, token.id, now)
    return token


def _first_steps(held: State, row: AnyRow) -> dict[str, Any]:
    """What a resident still has to do; nothing where the site closes her profile to this way of logging in."""
    if row.role is not Role.RESIDENT or right(held.site, "settings", row.method) < Right.ACT:
        return {}
    issued = row.password_issued and row.method == "password"
    return {
        "step": next_step(issued_password=issued, terms_version=row.terms_version),
        "terms_are_new": terms_are_new(row.terms_version, held.site.terms_version + row.terms_changes),
    }


def _csrf_ok(held: State, view: Any) -> bool:
    if g.visitor or view.access is None:  # before anything of the form is read
        takes = getattr(view, "takes", None)
        request.max_content_length = takes(**(request.view_args or {})) if callable(takes) else takes
    sent = request.form.get("csrf_token") or request.headers.get("X-CSRFToken") or ""
    return csrf.valid(held.settings.secret_key, g.csrf_cookie, sent)


def _fetch(known: Mapping[str, Callable[[Reach, str], object | None]]) -> Place | None:
    """Replace each opaque id in the path by the object that it names; the place where they are."""
    place = None
    arguments = request.view_args or {}
    for name, value in arguments.items():
        found = known[name](g.reach, value) if _ID.fullmatch(value) else None
        if found is None:
            abort(404)
        arguments[name] = found
        place = found if isinstance(found, Place) else getattr(found, "place", place)
    return place
