"""What people read when something is wrong: in their language, with the contacts, and nothing they typed lost."""

import logging
import secrets
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from auth.access import opens
from auth.guard import STEPS, LockedSection, NotLoggedIn, StalePage, StepFirst
from auth.methods.password import Busy
from auth.state import somebody, state, visitor, writing
from models.audit import record
from models.files import FileMissing, StorageAway
from models.quarantine import HeldBack
from models.types import Role
from views.language import text
from views.pages import fragment, here, is_fragment, page, redirect_to, settle_language
from views.pdf import PdfBusy, PdfFailed
from views.problems import problem_json

log = logging.getLogger("ekabinets")
# What a form is never shown again with.
_SECRET_FIELDS = {"csrf_token", "password", "old", "code", "answer"}
CODES = (400, 403, 404, 405, 410, 413, 415, 422, 429, 503)


def install(app: Flask) -> None:
    """Answer every error with a page or, to htmx, with a message on top of the form."""
    handlers: dict[type[Exception], Any] = {
        NotLoggedIn: _not_logged_in, StalePage: _stale_page, LockedSection: _locked, StepFirst: _step_first,
        Busy: _busy, PdfBusy: _busy, PdfFailed: _busy, FileMissing: _no_file, StorageAway: _no_file,
        HeldBack: _held_back, HTTPException: _http, Exception: _broken,
    }  # fmt: skip
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def problem(code: int, **context: Any) -> Response:
    """The page of an error code; to htmx a message for the top of its target, and the form stays; to a program JSON."""
    if request.path.startswith("/api/"):
        return problem_json(code, str(context.get("number") or ""))
    if is_fragment():
        response = fragment("errors/_message.html", status=code, code=code, **context)
        # In the place of a poll, which then asks no more.
        response.headers["HX-Reswap"] = "outerHTML" if request.endpoint == "composing.poll" else "afterbegin"
        return response
    return page("errors/page.html", status=code, code=code, **context)


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code >= 500 and code != 503:
        return _broken(error)
    # Who was only too fast sends the same again, without typing it; the form's token was checked before its limit.
    again = {"resend": _typed()} if code == 429 and request.method == "POST" else {}
    is_page = not request.path.startswith("/api/")
    response = problem(code if code in CODES else 400, **again) if is_page else _told_a_program(error)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    if code == 429:
        response.headers["Retry-After"] = "60"  # the limits of `views.limits` are per minute, but for letters
    return response


def _told_a_program(error: HTTPException) -> Response:
    """What the framework would say, as a problem; its headers say what a program should do."""
    code = error.code or 500
    response = problem_json(code, str(error.description or ""))
    response.headers.extend([one for one in error.get_headers() if one[0] == "WWW-Authenticate"])
    return response


def _not_logged_in(_error: NotLoggedIn) -> Response:
    if request.method in ("GET", "HEAD") and not is_fragment():
        return redirect_to(f"{'/staff' if request.path.startswith('/staff') else ''}/login?next={quote(here())}")
    return problem(401, resend=_typed())


def _step_first(_error: StepFirst) -> Response:
    path = STEPS[somebody().step]
    if request.method in ("GET", "HEAD") and not is_fragment():
        return redirect_to(f"{path}?next={quote(here())}")
    return problem(403, step=path)


def _stale_page(_error: StalePage) -> Response:
    return problem(400, stale=True, resend=_typed()) if _from_our_page() else problem(400)


def _typed() -> list[tuple[str, str]]:
    """What was typed, to be sent once more by the person's own act; passwords are typed again."""
    sent = request.form.items(multi=True) if request.method == "POST" else ()  # reading what is too big would raise
    return [(name, value) for name, value in sent if name not in _SECRET_FIELDS]


def _from_our_page() -> bool:
    """Whether the form came from a page of ours: a stranger's must not be offered for sending again."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    return site == "same-origin" or (site is None and origin in (None, request.host_url.rstrip("/")))


def _locked(error: LockedSection) -> Response:
    person = visitor()
    if person:
        with writing() as session:
            record(session, person.actor(), "access.refused", detail={"endpoint": request.endpoint or ""})
        if person.role is not Role.RESIDENT:  # of another role than this page of theirs, or where residents are
            return problem(403) if request.path.startswith("/staff") else problem(403, staff=True)
        section, least = error.args
        if opens(state().site, section) >= least:
            if request.method in ("GET", "HEAD") and not is_fragment():
                return redirect_to("/verify?next=" + quote(here(), safe=""))
            return problem(403, verify=True, resend=_typed())  # what she typed is kept until she has proved herself
    return problem(403)


def _busy(_error: Exception) -> Response:
    response = problem(503)
    response.headers["Retry-After"] = "5"
    return response


def _no_file(error: Exception) -> Response:
    """The row stays, its file cannot be had now (ux.md §2.7): 503, and a line in the log."""
    log.warning("a file of %s is not available: %s", request.endpoint, error)
    words = text("The file cannot be opened at the moment. Try again in a few minutes; if it stays so, contact us.")
    return problem(503, sentence=words)


def _held_back(error: Exception) -> Response:
    """A file that no scanner has cleared (ux.md §2.8)."""
    if str(error):
        return problem(403, sentence=text("A virus was found in this file, so it is not given out."))
    return problem(503, sentence=text("This file is still being checked for viruses. Try again in a few minutes."))


def _broken(error: Exception) -> Response:
    """500: a number that is also in the log, never a trace (security rule 20)."""
    number = secrets.token_hex(4)
    log.error("error %s on %s %s", number, request.method, request.endpoint, exc_info=error)
    try:
        if "language" not in g:
            settle_language()
        return problem(500, number=number)
    except Exception:
        log.exception("error %s: its page failed too", number)
        return Response(f"Sistēmas kļūda · System error · Ошибка системы: {number}", 500, mimetype="text/plain")
