"""What a person asks for at what is another's: to act by a power of attorney, or to be let in (F06, F09; OG-03)."""

import logging
from contextlib import suppress
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, somebody, state, writing
from models import access_requests, accounts, attorneys, quarantine
from models.attorneys import MOST, Attorney
from models.files import StorageAway
from models.intake import LARGEST, Taken, take_all
from models.rules.file_names import ending
from models.scanner import scanner_of
from models.types import AnyRow, is_public_id, new_public_id, utc_now
from views.language import text
from views.pages import page, redirect_to
from views.routes import Routes
from views.uploads import refusal

asking = Routes("asking", __name__)
_POWERS = "/powers-of-attorney"
_REQUEST = "/properties/request"
_SHOWN, _REQUESTED = {"code": 32, "about": 300}, {"wanted": 240, "who": 200}  # fields with their most characters
_RIGHT = {"code": False, "about": False, "document": ""}  # field → what is wrong with it


@asking.get(_POWERS, "users view")
def powers(once: str = "", status: int = 200, **words: Any) -> Response:
    """What she has applied for, and the form."""
    mine = attorneys.of(reading(), somebody().user_id)
    values: dict[str, Any] = {"wrong": _RIGHT, "typed": _typed(_SHOWN), "done": "done" in request.args} | words
    return page("users/powers.html", status=status, current="users", once=once or new_public_id(), mine=mine, **values)


def _typed(fields: dict[str, int]) -> dict[str, str]:
    return {name: " ".join(request.form.get(name, "").split())[:500] for name in fields}


def _wrong(typed: dict[str, str], fields: dict[str, int]) -> dict[str, Any]:
    return {name: not (0 < len(typed[name]) <= most and typed[name].isprintable()) for name, most in fields.items()}


@asking.post(_POWERS, "users act")
def apply() -> Response:
    """It waits for staff; sent twice, it is one application."""
    person, once, typed, (taken, bad) = somebody(), request.form.get("once", ""), _typed(_SHOWN), _document()
    if not is_public_id(once):
        abort(400)
    wrong = _wrong(typed, _SHOWN)
    if taken is None or any(wrong.values()):
        return powers(once, 422, wrong=wrong | {"document": bad})
    others = [row for row in attorneys.of(reading(), person.user_id) if row.public_id != once]
    if sum(not row.decided_at for row in others) >= MOST:
        return powers(once, 429)
    try:
        name = state().storage.put(taken.file)
    except StorageAway as away:
        logging.getLogger("ekabinets").warning("a document was not stored: %s", away)
        return powers(once, 503)
    row = Attorney(public_id=once, user_id=person.user_id, file_hash=name, file_name=taken.name, **typed)  # type: ignore[arg-type]  # words
    with suppress(IntegrityError), writing() as session:  # sent before
        attorneys.apply(session, row, person.method)
        if taken.waits:
            quarantine.hold(session, name)
    return redirect_to(f"{_POWERS}?done=1")


apply.takes = 3 * LARGEST  # type: ignore[attr-defined]  # for `auth.guard`: too large a file is told beside its field


def _document() -> tuple[Taken | None, str]:
    """The one file of the form, or the sentence that says what is wrong with it."""
    sent: list[Any] = [(file.filename, file.stream) for file in request.files.getlist("document") if file.filename]
    if len(sent) != 1:
        return None, text("Choose one file. Put several pages into one PDF.") if sent else text("Choose the document")
    taken, refused = take_all(sent, scanner_of(state().settings))
    if refused and refused[0].reason != "kind":
        return None, refusal(refused[0])
    if refused or ending(taken[0].name) == "docx":
        return None, text("Send the document as a PDF, EDOC, ASICE, JPG, PNG, WEBP or HEIC file.")
    return taken[0], ""


@asking.get(_REQUEST, "addresses act")
def form() -> Response:
    """Which flat, and who she is."""
    return page("users/request.html", current="home", wrong={}, wait=None, typed=_typed(_REQUESTED))


@asking.post(_REQUEST, "addresses act")
def ask() -> Response:
    """The same answer for everybody (security rule 7)."""
    person, typed = somebody(), _typed(_REQUESTED)
    wrong = _wrong(typed, _REQUESTED) | {"email": not accounts.contacts(reading(), person.user_id).email}
    wait = None
    if not any(wrong.values()):
        with writing() as session:
            wait = access_requests.ask(session, person.actor(), **typed, address=request.remote_addr, now=utc_now())
        if wait is None:
            return redirect_to("/properties?done=requested")
    return page("users/request.html", status=429 if wait else 422, current="home", wrong=wrong, wait=wait, typed=typed)


@asking.post("/users/requests/refuse", "users act")
def refuse() -> Response:
    """The owner says no; nobody is told."""
    row = requested(request.form.get("request", ""))
    with writing() as session:
        access_requests.close(session, somebody().actor(), row, "access.denied")
    return redirect_to("/users?done=refused")


def requested(number: str) -> AnyRow:
    """What somebody has asked the visitor for; 404 for anybody else's."""
    mine = access_requests.of(reading(), somebody().user_id)
    return next((row for row in mine if str(row.id) == number), None) or abort(404)
