"""Documents by staff: put up for premises, a house or a customer, and withdrawn with a reason (C13, E08)."""

from contextlib import suppress
from datetime import date
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, somebody, state, writing
from models import documents, drafts, notice_drafts
from models.threads import NEWEST
from models.types import DocumentKind, is_public_id, new_public_id, utc_now
from views.language import text
from views.message_form import TAKES
from views.pages import page, redirect_to
from views.routes import Routes
from views.staff_notices import Words, clean, may_write
from views.uploads import received

staff_documents = Routes("staff_documents", __name__)
_ALL = "/staff/documents"
_PAGE, _TITLE, _REASON = 50, 200, 500  # rows; characters


@staff_documents.get(_ALL, "staff notices view")
def list_all() -> Response:
    """The latest, and the form for more."""
    return _show({"kind": DocumentKind.OTHER, "issued": state().clock.today().isoformat()})


def _show(typed: Words, status: int = 200, **words: Any) -> Response:
    before = min(max(request.args.get("before", NEWEST, int), 0), NEWEST)
    rows, done = documents.latest(reading(), before, _PAGE + 1), request.args.get("done", "")
    return page(
        "staff/documents.html", status=status, found=rows[:_PAGE], older=rows[_PAGE - 1].id if rows[_PAGE:] else 0,
        typed=typed | {"once": new_public_id()}, may_write=may_write(), done=done,
        **{"wrong": {}, "refused": ()} | words,
    )  # fmt: skip


@staff_documents.post(_ALL, "staff notices act")
def add() -> Response:
    """Put up all of the files, or none of them where something is wrong."""
    typed, wrong = {name: clean(value) for name, value in request.form.items()}, Words()
    if not is_public_id(typed.get("once", "")):
        abort(400)
    about = _about(typed, wrong)
    stored, refused = ([], []) if wrong else received()
    if not (wrong or stored or refused):
        wrong["files"] = text("Choose at least one file")
    if wrong or refused:
        return _show(typed, 422, wrong=wrong, refused=refused)
    with suppress(IntegrityError), writing() as session:  # of a form that was sent before
        for one in stored:
            drafts.hold(session, one)
        documents.put_up(session, somebody().actor(), typed["once"], stored, **about)
    return redirect_to(f"{_ALL}?done=added")


add.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


def _about(typed: Words, wrong: Words) -> dict[str, Any]:
    """The columns that the form fills."""
    title, place = " ".join(typed.get("title", "").split()), typed.get("to", "")
    if len(title) > _TITLE:
        wrong["title"] = text("Write a title of at most %(most)s characters, in one line", most=_TITLE)
    table, number = notice_drafts.named(reading(), [place])[0].get(place, ("", 0))
    about: dict[str, Any] = {"title": title, f"{table}_id": number}
    if table not in ("house", "premises", "customer"):
        wrong["to"] = text("Not found, or more than one of them: %(names)s", names=place)
    try:
        about |= {"kind": DocumentKind(typed.get("kind", "")), "issued_on": date.fromisoformat(typed.get("issued", ""))}
    except ValueError:
        wrong["issued"] = text("Choose a category and the day of the document")
    return about


@staff_documents.post(_ALL + "/withdraw", "staff notices act")
def withdraw() -> Response:
    """Nobody reads it from now on; why is kept."""
    number, reason = request.form.get("document", 0, int), clean(request.form.get("reason", ""))
    if not 0 < len(reason) <= _REASON:
        return _show({}, 422, wrong={"reason": text("Write a reason of at most %(most)s characters", most=_REASON)})
    with writing() as session:
        documents.withdraw(session, somebody().actor(), min(max(number, 0), NEWEST), reason, utc_now())
    return redirect_to(f"{_ALL}?done=withdrawn")
