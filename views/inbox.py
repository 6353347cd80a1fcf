"""The inbox of staff: its views, a conversation, answers and notes (G01, G04, H01, H02, H04, H06; ux.md §2.13)."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, answering, inbox, threads
from models.threads import Message
from models.types import AnyRow, Role
from views.downloads import stored
from views.limits import file_limit
from views.message_form import TAKES, Written, fresh, written
from views.pages import page, redirect_to
from views.routes import Routes

staff_inbox = Routes("staff_inbox", __name__)
INBOX = "/staff/inbox"
_PAGE = 50
_NOTE = 5000  # characters


@staff_inbox.get(INBOX, "staff inbox view")
def queue() -> Response:
    """A view of the queue: what waits, first what is due first; or all, the latest first."""
    return show_queue()


def show_queue(status: int = 200, **words: Any) -> Response:
    """The page of the view that the request names, with what is wrong in the form below it."""
    values: dict[str, Any] = {"wrong": "", "ticked": set(), "until": "", "act": "", "thread": None} | words
    done, left = (min(request.args.get(name, 0, int), 999) for name in ("done", "left"))
    return page("staff/inbox.html", status=status, **_listing(), **values, done=max(done, 0), left=max(left, 0))


def colleagues() -> tuple[Any, dict[str, int]]:
    """Who of the staff may answer, and how many conversations stand in each view."""
    roles = [role for role in Role if staff_right("inbox", role) >= Right.ACT]
    return inbox.desk(reading(), somebody().user_id, state().clock.today(), roles)


def _listing() -> dict[str, Any]:
    """What the list shows: the view of the request, from the row on that its address names."""
    view, after, me = request.values.get("view", ""), request.values.get("after", ""), somebody()
    view = view if view in inbox.VIEWS else inbox.VIEWS[0]
    rows = inbox.listed(reading(), view, me.user_id, state().clock.today(), _PAGE + 1, after)
    staff, counts = colleagues()
    return {
        "rows": rows[:_PAGE], "more": inbox.key(view, rows[_PAGE - 1]) if rows[_PAGE:] else "", "after": after,
        "view": view, "views": inbox.VIEWS, "counts": counts, "most": inbox.MOST, "colleagues": staff,
        "desk": state().site.desk, "now": state().clock.now(), "me": me.user_id,
        "may_write": staff_right("inbox", me.role) >= Right.ACT,
    }  # fmt: skip


@staff_inbox.get(INBOX + "/<thid>", "staff inbox view")
def show(thid: AnyRow) -> Response:
    """A conversation with its notes; who it is about can read that it was seen."""
    return show_thread(thid, fresh())


def show_thread(row: AnyRow, form: Written, status: int = 200, **words: Any) -> Response:
    """The page of a conversation, between the list that it was opened from and its customer."""
    person, today = somebody(), state().clock.today()
    with writing() as session:
        users, at = ([one] if one else [] for one in (row.user_id, row.premises_id))
        activity.looked(session, "message", "messages", users, at, today, person.actor())
    found = threads.messages(reading(), row.id)
    method = next((one.session_method for one, _ in reversed(found) if not one.from_staff), None)
    fine = dict.fromkeys(("note", "wrong_note", "newer", "changed", "until", "into", "wrong_merge", "bulk"), "")
    return page(
        "staff/thread.html", status=status, thread=row, found=found, form=form, method=method,
        beside=inbox.beside(reading(), row, today), is_strong=method in state().site.strong,
        done=request.args.get("done", ""), was=request.args.get("was", "")[:9], **_listing() | fine | words,
    )  # fmt: skip


def back(number: int, **said: object) -> Response:
    """To a conversation, with what was done there, beside the list from which it was opened."""
    view = request.form.get("view", "")
    return redirect_to(f"{INBOX}/{number}?{urlencode(said | ({'view': view} if view in inbox.VIEWS else {}))}")


@staff_inbox.post(INBOX + "/<thid>/replies", "staff inbox act")
def reply(thid: AnyRow) -> Response:
    """Answer. What came since the page was opened is shown first, and what was typed is kept (ux.md §6.3)."""
    form, seen, person = written(), request.form.get("seen", ""), somebody()
    if form.status == 409:  # sent before: what is new in it is shown again, to be sent if it is meant
        before = threads.sent(reading(), person.user_id, request.form["once"])
        if before and before.body == form.typed["body"]:
            return back(thid.id, done="sent")
    if not form.is_sent:
        return show_thread(_goes_on(thid), form, form.answer)
    done = "sent"
    try:
        with writing() as session:
            if not answering.answer(
                session, thid.id, _message(form), (), state().clock.today(), resolve="resolve" in request.form,
                actor=person.actor(), seen=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
            ):  # fmt: skip
                done = "closed"
    except answering.Newer:
        return show_thread(_goes_on(thid), form, 409, newer=True)
    except IntegrityError:  # the same form at the same moment: it is sent
        pass
    return back(thid.id, done=done)


def _goes_on(thid: AnyRow) -> AnyRow:
    """As it is now, or the one that it was merged into meanwhile: there the answer is sent from."""
    row = inbox.one(reading(), thid.id) or thid
    return (inbox.one(reading(), row.merged_into) if row.merged_into else None) or row


def _message(form: Written) -> Message:
    author = somebody().name[:100]
    return Message(public_id=form.once, author=author, body=form.typed["body"], sent_at=state().clock.now())


reply.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


@staff_inbox.post(INBOX + "/<thid>/notes", "staff inbox act")
def note(thid: AnyRow) -> Response:
    """Write something down for colleagues: a thing of its own, which no answer can quote."""
    typed = request.form.get("note", "").strip()
    if not 0 < len(typed) <= _NOTE or "\0" in typed:
        return show_thread(thid, fresh(), 422, note=typed[: _NOTE + 1].replace("\0", ""), wrong_note=True)
    with writing() as session:
        answering.note(session, thid.merged_into or thid.id, somebody().name[:100], typed, somebody().actor())
    return back(thid.merged_into or thid.id, done="noted")


@staff_inbox.get(INBOX + "/<thid>/files/<afid>", "staff inbox view", file_limit)
def file(thid: AnyRow, afid: AnyRow) -> Response:
    """A file of one of its messages, always to be saved (security rule 16)."""
    if afid.thread_id != thid.id:
        abort(404)
    return stored(afid.file_hash, afid.name, saved=True)
