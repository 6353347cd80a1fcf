"""The prepared replies of staff: a list, a form for each, and what is filled in for a conversation (H03)."""

from typing import Any

from flask import Response, abort, current_app, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import canned
from models.rules.canned import VARIABLES, filled
from models.types import AnyRow
from views.pages import page, redirect_to
from views.routes import Routes

prepared = Routes("replies", __name__)
_LIST = "/staff/replies"
_LONGEST = {"title": 80, **dict.fromkeys(canned.TEXTS, 3000)}  # characters


@prepared.get(_LIST, "staff inbox act")
@prepared.get(_LIST + "/<crid>", "staff inbox act")
def show(crid: AnyRow | None = None) -> Response:
    """The team's and her own with a form for a new one; or one of them, to be changed where she may."""
    return _page(crid)


@prepared.get(_LIST + "/from/<meid>", "staff inbox act")
def copied(meid: AnyRow) -> Response:
    """A form with what she has answered once, to be freed of what is about one customer, and saved."""
    typed = canned.CannedReply(title="", topic=meid.topic, user_id=somebody().user_id).model_dump()
    return _page(None, typed=typed | {meid.language: meid.body}, is_copy=True)


@prepared.post(_LIST, "staff inbox act")
@prepared.post(_LIST + "/<crid>", "staff inbox act")
def save(crid: AnyRow | None = None) -> Response:
    """Add one, change one or take it away; the team's only supervisors."""
    if crid and not _may(crid.user_id):
        abort(403)
    if crid is None or request.form.get("act") != "delete":
        return _save(crid)
    with writing() as session:
        canned.remove(session, crid.id)
    return redirect_to(_LIST + "?done=deleted")


def _may(owner: int | None) -> bool:
    return owner is not None or staff_right("replies", somebody().role) >= Right.ACT


def _page(row: AnyRow | None, status: int = 200, **words: Any) -> Response:
    me = somebody().user_id
    typed = row._mapping if row else canned.CannedReply(title="", user_id=me).model_dump()
    values = {"typed": typed, "bad": {}, "is_copy": "copy" in request.form} | words
    values["found"] = () if row or values["is_copy"] else canned.everything(reading(), me)
    return page(
        "staff/reply.html" if row else "staff/replies.html", status=status, row=row, desk=state().site.desk,
        texts=canned.TEXTS, names=VARIABLES, done=request.args.get("done", ""), for_team=_may(None),
        may_change=row is None or _may(row.user_id), **values,
    )  # fmt: skip


def _save(row: AnyRow | None) -> Response:
    form, topics = request.form, state().site.desk.topics
    typed: dict[str, Any] = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in _LONGEST}
    bad = {name for name, most in _LONGEST.items() if len(typed[name]) > most or "\0" in typed[name]}
    bad |= set() if typed["title"].isprintable() and typed["title"] else {"title"}
    bad |= set() if any(typed[name] for name in canned.TEXTS) else {canned.TEXTS[0]}
    typed["topic"] = form.get("topic") if form.get("topic") in topics else ""
    typed["user_id"] = None if "team" in form and _may(None) else somebody().user_id
    if bad:
        return _page(row, 422, typed=typed, bad=bad)
    with writing() as session:
        canned.save(session, row.id if row else None, typed)
    return redirect_to(_LIST + "?done=saved")


def inserted(thread: AnyRow, number: int) -> str:
    """A prepared reply in the customer's language, filled in for a conversation; "" where there is none for her."""
    row, person = canned.one(reading(), number, somebody().user_id), somebody()
    text = getattr(row, thread.language, "")
    if not text:
        return ""
    formats = current_app.extensions["languages"][thread.language].filters
    kind, _, invoice = thread.about.partition(":")
    cents = canned.owed(reading(), invoice) if kind == "iid" and "{amount}" in text else None
    with writing() as session:
        canned.used(session, number)
    return filled(text, {
        "client_code": thread.code or "", "address": thread.address or "", "staff": person.name,
        "period": formats["month"](state().clock.today()), "amount": "" if cents is None else formats["eur"](cents),
    })  # fmt: skip
