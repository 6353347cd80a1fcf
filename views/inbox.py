"""The inbox of staff: what waits for an answer, and a conversation (G01, G04, H02, H04, H06)."""

from typing import Any

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, answering, canned, composing, drafts, inbox, threads
from models.types import AnyRow, utc_now
from views.downloads import stored
from views.limits import file_limit
from views.message_form import Written, fresh
from views.pages import page, redirect_to
from views.routes import Routes

staff_inbox = Routes("staff_inbox", __name__)
INBOX = "/staff/inbox"
_PAGE = 50


@staff_inbox.get(INBOX, "staff inbox view")
def queue() -> Response:
    """What waits, first what is due first; or all, the latest first."""
    shows_all, before = request.args.get("view") == "all", request.args.get("before", threads.NEWEST, int)
    before = min(max(before, 0), threads.NEWEST)
    rows = inbox.everything(reading(), _PAGE + 1, before) if shows_all else inbox.waiting(reading(), _PAGE + 1)
    older = rows[_PAGE - 1].latest_id if rows[_PAGE:] else 0
    return page(
        "staff/inbox.html", found=rows[:_PAGE], older=older, shows_all=shows_all, desk=state().site.desk,
        now=state().clock.now(), inside=composing.inside(reading(), somebody().user_id, utc_now()),
    )  # fmt: skip


@staff_inbox.get(INBOX + "/<thid>", "staff inbox view")
def show(thid: AnyRow) -> Response:
    """A conversation with its notes; who it is about can read that it was seen."""
    return shown(thid)


def shown(row: AnyRow, form: Written | None = None, status: int = 200, **words: Any) -> Response:
    """The page of a conversation; without a `form` with the draft of who looks, else with an empty one."""
    person, today = somebody(), state().clock.today()
    with writing() as session:
        users, at = ([one] if one else [] for one in (row.user_id, row.premises_id))
        activity.looked(session, "message", "messages", users, at, today, person.actor())
    around = composing.of(reading(), row.id)
    held = [one for one in around if one.due_at]
    mine = next((one for one in around if one.user_id == person.user_id and one.body and not one.due_at), None)
    writes = form is not None or person.user_id not in [one.user_id for one in held]
    if form is None:
        form = fresh(mine.once, drafts.of(reading(), mine.user_id, mine.once), body=mine.body) if mine else fresh()
    notes = inbox.notes(reading(), row.id, person.user_id)
    if any(note.names_me for note in notes):
        with writing() as session:
            inbox.opened(session, row.id, person.user_id)
    values: dict[str, Any] = {"is_note": bool(mine and mine.is_note), "newer": False, "too_late": False} | words
    return page(
        "staff/thread.html", status=status, thread=row, found=threads.messages(reading(), row.id), mine=mine,
        form=form, notes=notes, held=held, writes=writes, desk=state().site.desk, now=state().clock.now(),
        theirs=[one for one in around if one.body and not one.due_at and one.user_id != person.user_id],
        prepared=canned.titles(reading(), person.user_id, row.topic, row.language),
        undo=request.args.get("undo", 0, int), done=request.args.get("done", ""),
        may_write=staff_right("inbox", person.role) >= Right.ACT, **values,
    )  # fmt: skip


@staff_inbox.post(INBOX + "/<thid>/close", "staff inbox act")
def close(thid: AnyRow) -> Response:
    """End it for good; closed twice is closed."""
    with writing() as session:
        answering.close(session, thid.id, state().clock.now(), somebody().actor(), by=somebody().name[:100])
    return redirect_to(f"{INBOX}/{thid.id}?done=closed")


@staff_inbox.get(INBOX + "/<thid>/files/<afid>", "staff inbox view", file_limit)
def file(thid: AnyRow, afid: AnyRow) -> Response:
    """A file of one of its messages, always to be saved (security rule 16)."""
    if afid.thread_id != thid.id:
        abort(404)
    return stored(afid.file_hash, afid.name, saved=True)
