"""The inbox of staff: its views, a conversation, answers and notes (G01, G04, H01, H02, H04, H06; ux.md §2.13)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, attorneys, composing, drafts, inbox, mentions, threads
from models.rules.file_names import ending
from models.signatures import KINDS
from models.types import AnyRow, Role, utc_now
from views.downloads import stored
from views.limits import file_limit
from views.message_form import Written, fresh
from views.pages import fragment, is_fragment, page, redirect_to
from views.routes import Routes
from views.signing import signatures_of, signers

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


def _listing(number: int = 0, *, listed: bool = True) -> dict[str, Any]:
    """What the list shows: the view of the request, from the row on that its address names; and who is `around`.

    Without its rows where it is not `listed`: it stands beside what is swapped.
    """
    view, after, me = request.values.get("view", ""), request.values.get("after", ""), somebody()
    view = view if view in inbox.VIEWS else inbox.VIEWS[0]
    rows = inbox.listed(reading(), view, me.user_id, state().clock.today(), _PAGE + 1, after) if listed else ()
    staff, counts = colleagues()
    now = utc_now()
    around = composing.around(reading(), number, now)
    inside = {one.thread_id: one for one in around if one.user_id != me.user_id and one.seen_at > now - composing.LIVE}
    return {
        "rows": rows[:_PAGE], "more": inbox.key(view, rows[_PAGE - 1]) if rows[_PAGE:] else "", "after": after,
        "view": view, "views": inbox.VIEWS, "counts": counts, "most": inbox.MOST, "colleagues": staff,
        "desk": state().site.desk, "now": state().clock.now(), "me": me.user_id,
        "inside": inside, "around": around,
        "may_write": staff_right("inbox", me.role) >= Right.ACT,
    }  # fmt: skip


@staff_inbox.get(INBOX + "/<thid>", "staff inbox view")
def show(thid: AnyRow) -> Response:
    """A conversation with its notes; who it is about can read that it was seen."""
    return show_thread(thid)


def show_thread(row: AnyRow, form: Written | None = None, status: int = 200, **words: Any) -> Response:
    """The page of a conversation, between the list that it was opened from and its customer; htmx has that list.

    Without a `form` with the draft of who looks, else with an empty one.
    """
    person, today = somebody(), state().clock.today()
    with writing() as session:
        users, at = ([one] if one else [] for one in (row.user_id, row.premises_id))
        activity.looked(session, "message", "messages", users, at, today, person.actor())
    found, beside = threads.messages(reading(), row.id), inbox.beside(reading(), row, person.user_id, today)
    if any(one.figure for one in beside["note"]):
        with writing() as session:
            mentions.opened(session, row.id, person.user_id)
    alone = is_fragment()
    listing = _listing(row.id, listed=not alone)
    method = next((one.session_method for one, _ in reversed(found) if not one.from_staff), None)
    fine = dict.fromkeys(("newer", "too_late", "changed", "until", "into", "wrong_merge", "bulk", "inserted"), "")
    return (fragment if alone else page)(
        f"staff/{'_' * alone}thread.html", status=status, swapped=alone and request.method == "GET", thread=row,
        found=found, method=method, beside=beside, is_strong=method in state().site.strong,
        undo=request.args.get("undo", 0, int), done=request.args.get("done", ""), was=request.args.get("was", "")[:9],
        **listing | fine | _composer(row.id, listing["around"], form) | words,
    )  # fmt: skip


def _composer(number: int, rows: Sequence[AnyRow], form: Written | None) -> dict[str, Any]:
    """What is being written in a conversation: her own form, colleagues' drafts, answers that are not sent yet."""
    me, around = somebody().user_id, [one for one in rows if one.thread_id == number]
    held = [one for one in around if one.due_at]
    mine = next((one for one in around if one.user_id == me and one.body and not one.due_at), None)
    writes = form is not None or me not in [one.user_id for one in held]
    if form is None:
        form = fresh(mine.once, drafts.of(reading(), me, mine.once), body=mine.body) if mine else fresh()
    theirs = [one for one in around if one.body and not one.due_at and one.user_id != me]
    is_note = bool(mine and mine.is_note)
    return {"form": form, "mine": mine, "held": held, "writes": writes, "theirs": theirs, "is_note": is_note}


def back(number: int, **said: object) -> Response:
    """To a conversation, with what was done there, beside the list from which it was opened."""
    view = request.form.get("view", "")
    return redirect_to(f"{INBOX}/{number}?{urlencode(said | ({'view': view} if view in inbox.VIEWS else {}))}")


@staff_inbox.get(INBOX + "/<thid>/files/<afid>", "staff inbox view", file_limit)
def file(thid: AnyRow, afid: AnyRow) -> Response:
    """A file of one of its messages, always to be saved (security rule 16)."""
    if afid.thread_id != thid.id:
        abort(404)
    return stored(afid.file_hash, afid.name, saved=True)


@staff_inbox.get(INBOX + "/<thid>/files/<afid>/signatures", "staff inbox view", file_limit)
def signatures(thid: AnyRow, afid: AnyRow) -> Response:
    """Who signed a file, and whether it is who sent it (LG-20, OG-30)."""
    if afid.thread_id != thid.id or ending(afid.name) not in KINDS:
        abort(404)
    report = signatures_of(afid.name, afid.file_hash)
    known = attorneys.whose_codes(reading(), thid.user_id or 0, ())
    return page("staff/signatures.html", thread=thid, file=afid, report=report, signers=[*signers(report, known)])
