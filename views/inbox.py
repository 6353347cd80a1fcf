"""The inbox of staff: what waits for an answer, a conversation, answers and notes (G01, G04, H02, H04, H06)."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, answering, inbox, threads
from models.threads import Message
from models.types import AnyRow
from views.downloads import stored
from views.limits import file_limit
from views.message_form import TAKES, Written, fresh, written
from views.pages import page, redirect_to
from views.routes import Routes

staff_inbox = Routes("staff_inbox", __name__)
_INBOX = "/staff/inbox"
_PAGE = 50
_NOTE = 5000  # characters


@staff_inbox.get(_INBOX, "staff inbox view")
def queue() -> Response:
    """What waits, first what is due first; or all, the latest first."""
    shows_all, before = request.args.get("view") == "all", request.args.get("before", threads.NEWEST, int)
    before = min(max(before, 0), threads.NEWEST)
    rows = inbox.everything(reading(), _PAGE + 1, before) if shows_all else inbox.waiting(reading(), _PAGE + 1)
    older = rows[_PAGE - 1].latest_id if rows[_PAGE:] else 0
    return page(
        "staff/inbox.html", found=rows[:_PAGE], older=older, shows_all=shows_all, desk=state().site.desk,
        now=state().clock.now(),
    )  # fmt: skip


@staff_inbox.get(_INBOX + "/<thid>", "staff inbox view")
def show(thid: AnyRow) -> Response:
    """A conversation with its notes; who it is about can read that it was seen."""
    return _show(thid, fresh())


def _show(row: AnyRow, form: Written, status: int = 200, **words: Any) -> Response:
    person, today = somebody(), state().clock.today()
    with writing() as session:
        users, at = ([one] if one else [] for one in (row.user_id, row.premises_id))
        activity.looked(session, "message", "messages", users, at, today, person.actor())
    values: dict[str, Any] = {"note": "", "wrong_note": False, "newer": False} | words
    return page(
        "staff/thread.html", status=status, thread=row, found=threads.messages(reading(), row.id), form=form,
        notes=inbox.notes(reading(), row.id), desk=state().site.desk, now=state().clock.now(),
        done=request.args.get("done", ""), may_write=staff_right("inbox", person.role) >= Right.ACT, **values,
    )  # fmt: skip


@staff_inbox.post(_INBOX + "/<thid>/replies", "staff inbox act")
def reply(thid: AnyRow) -> Response:
    """Answer. What came since the page was opened is shown first, and what was typed is kept (ux.md §6.3)."""
    form, seen, person = written(), request.form.get("seen", ""), somebody()
    if form.status == 409:  # sent before: what is new in it is shown again, to be sent if it is meant
        before = threads.sent(reading(), person.user_id, request.form["once"])
        if before and before.body == form.typed["body"]:
            return redirect_to(f"{_INBOX}/{thid.id}?done=sent")
    if not form.is_sent:
        return _show(thid, form, form.answer)
    done = "sent"
    try:
        with writing() as session:
            if not answering.answer(
                session, thid.id, _message(form), (), state().clock.today(), resolve="resolve" in request.form,
                actor=person.actor(), seen=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
            ):  # fmt: skip
                done = "closed"
    except answering.Newer:
        return _show(inbox.one(reading(), thid.id) or thid, form, 409, newer=True)
    except IntegrityError:  # the same form at the same moment: it is sent
        pass
    return redirect_to(f"{_INBOX}/{thid.id}?done={done}")


def _message(form: Written) -> Message:
    author = somebody().name[:100]
    return Message(public_id=form.once, author=author, body=form.typed["body"], sent_at=state().clock.now())


reply.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


@staff_inbox.post(_INBOX + "/<thid>/notes", "staff inbox act")
def note(thid: AnyRow) -> Response:
    """Write something down for colleagues: a thing of its own, which no answer can quote."""
    typed = request.form.get("note", "").strip()
    if not 0 < len(typed) <= _NOTE or "\0" in typed:
        return _show(thid, fresh(), 422, note=typed[: _NOTE + 1].replace("\0", ""), wrong_note=True)
    with writing() as session:
        answering.note(session, thid.id, somebody().name[:100], typed, somebody().actor())
    return redirect_to(f"{_INBOX}/{thid.id}?done=noted")


@staff_inbox.post(_INBOX + "/<thid>/close", "staff inbox act")
def close(thid: AnyRow) -> Response:
    """End it for good; closed twice is closed."""
    with writing() as session:
        answering.close(session, thid.id, state().clock.now(), somebody().actor(), by=somebody().name[:100])
    return redirect_to(f"{_INBOX}/{thid.id}?done=closed")


@staff_inbox.get(_INBOX + "/<thid>/files/<afid>", "staff inbox view", file_limit)
def file(thid: AnyRow, afid: AnyRow) -> Response:
    """A file of one of its messages, always to be saved (security rule 16)."""
    if afid.thread_id != thid.id:
        abort(404)
    return stored(afid.file_hash, afid.name, saved=True)
