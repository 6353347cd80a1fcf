"""Staff write in a conversation: an answer or a note, drafts, who else is there, what is new (H02, H04; ux.md §6)."""

from datetime import timedelta
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.state import noting, reading, somebody, state, writing
from models import answering, composing, drafts, inbox, mentions, threads
from models.rules.canned import UNFILLED
from models.rules.mentions import mentioned
from models.types import AnyRow, is_public_id, utc_now
from views.inbox import INBOX, back, show_thread
from views.language import text
from views.message_form import TAKES, Written, written
from views.pages import fragment, is_fragment, page, redirect_to
from views.replies import inserted
from views.routes import Routes

desk_writes = Routes("composing", __name__)
_ONE = INBOX + "/<thid>"
_QUIET = 60  # seconds between two things that are said aloud
_LONGEST = 5000  # characters of a draft
_AHEAD = 50  # conversations among which the next one is looked for; mentions


@desk_writes.post(_ONE + "/replies", "staff inbox act")
def reply(thid: AnyRow) -> Response:
    """Answer, or note something for colleagues, as the form says: without its word it is an answer.

    What came since the page was opened is shown first (ux.md §6.3). What is not sent is kept as a draft.
    """
    is_note, form, person, thid = _is_note(), written(), somebody(), _goes_on(thid)
    if form.status == 409:  # sent before: what is new in it is shown again, to be sent if it is meant
        before = threads.sent(reading(), person.user_id, request.form["once"])
        if before and before.body == form.typed["body"]:
            return _onward(thid, "sent")
    if is_note and form.files:
        form.wrong["files"] = text("Notes take no files. Remove them, or send them with an answer.")
    if not is_note and UNFILLED in form.typed["body"] and form.is_sent:
        form.wrong["body"] = text("Fill in what stands in the double square brackets")
    if form.is_sent:
        return (_note if is_note else _answer)(thid, form)
    if {"keep", "discard"} & {*request.form} and form.answer == 200:
        _keep(thid, form)
        return back(thid.id, done="" if "discard" in request.form else "kept")
    return _again(thid, form, form.answer)


reply.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


def _goes_on(thid: AnyRow) -> AnyRow:
    """Itself, or the one that it was merged into."""
    return (inbox.one(reading(), thid.merged_into) if thid.merged_into else None) or thid


def _is_note() -> bool:
    """What the form says; nothing is guessed of what no page of ours has said."""
    kind = request.form.get("kind", "answer")
    if kind not in ("answer", "note"):
        abort(400)
    return kind == "note"


def _again(thid: AnyRow, form: Written, status: int, **words: Any) -> Response:
    _keep(thid, form)
    return show_thread(thid, form, status, is_note=_is_note(), inserted="insert" in request.form, **words)


def _keep(thid: AnyRow, form: Written) -> None:
    """What was typed is her draft; buttons add to it that of a colleague ("take"), or a prepared reply ("insert")."""
    person, whose = somebody().user_id, request.form.get("take", "")
    wanted = request.form.get("insert") or request.form.get("canned", "")
    added = inserted(thid, _number(wanted)) if "insert" in request.form else ""
    with writing() as session:
        taken = composing.take(session, thid.id, int(whose), person, form.once) if _number(whose) else None
        form.typed["body"] = "\n\n".join(filter(None, (form.typed["body"], taken, added)))
        composing.keep(session, thid.id, person, utc_now(), _draft(form.typed["body"], form.once))
        if "discard" in request.form:
            composing.drop(session, thid.id, person)
    if taken:
        form.files = drafts.of(reading(), person, form.once)


def _draft(body: str, once: str) -> dict[str, Any]:
    return {"is_note": _is_note(), "body": body[:_LONGEST].replace("\0", ""), "once": once}


def _answer(thid: AnyRow, form: Written) -> Response:
    """It is sent after the moments in which she can take it back."""
    person, wait = somebody().user_id, timedelta(seconds=state().settings.undo_seconds)
    draft = _draft(form.typed["body"], form.once)
    is_this = request.path == f"{INBOX}/{thid.id}/replies"  # else what it goes on in was not on her page
    seen = _number(request.form.get("seen", "")) if is_this else 0
    try:
        with writing() as session:
            how = {"due_at": utc_now() + wait, "resolve": "resolve" in request.form}
            is_open = composing.hold(session, thid.id, person, seen, draft, **how)
            if not wait:
                composing.deliver(session, thid.id, person, utc_now(), state().clock)
    except answering.Newer:
        return _again(inbox.one(reading(), thid.id) or thid, form, 409, newer=True)
    except IntegrityError:  # the same form at the same moment: it is sent
        is_open = True
    if not is_open:
        _keep(thid, form)
    return _onward(thid, ("held" if wait else "sent") if is_open else "closed")


def _note(thid: AnyRow, form: Written) -> Response:
    """A note for colleagues; those whom it names find it among their mentions."""
    person, body = somebody(), form.typed["body"]
    named, unknown = mentioned(body, mentions.staff(reading()) if "@" in body else {})
    if unknown:
        form.wrong["body"] = text("Nobody of the staff is called %(names)s", names=", ".join(unknown))
        return _again(thid, form, 422)
    with writing() as session:
        answering.note(session, thid.id, person.name[:100], body, person.actor(), named - {person.user_id})
        composing.drop(session, thid.id, person.user_id)
    return _onward(thid, "noted")


@desk_writes.get("/staff/mentions", "staff inbox view")
def named() -> Response:
    """Notes that name her, as long as she has not opened them."""
    return page("staff/mentions.html", found=mentions.of(reading(), somebody().user_id, _AHEAD))


def _onward(thid: AnyRow, done: str) -> Response:
    """To the conversation, or to the next one that waits where that was asked for and there is one."""
    if "next" in request.form and done != "closed":
        passed = {thid.id, *(row.thread_id for row in composing.held(reading()))}
        rows = inbox.listed(reading(), "waiting", somebody().user_id, state().clock.today(), _AHEAD)
        if after := next((row for row in rows if row.id not in passed), None):
            return back(after.id, done="next", **({"undo": thid.id} if done == "held" else {}))
    return back(thid.id, done=done)


@desk_writes.post(_ONE + "/undo", "staff inbox act")
def undo(thid: AnyRow) -> Response:
    """Take an answer back into the form; 409 where it was sent."""
    with writing() as session:
        is_back = composing.undo(session, thid.id, somebody().user_id, utc_now())
    return redirect_to(f"{INBOX}/{thid.id}#composer") if is_back else show_thread(thid, status=409, too_late=True)


@desk_writes.post(_ONE + "/draft", "staff inbox act")
def keep(thid: AnyRow) -> Response:
    """What she is typing, kept by her browser whenever she pauses."""
    body, once = request.form.get("body", "").replace("\r\n", "\n").strip(), request.form.get("once", "")
    with writing() as session:
        draft = _draft(body, once if is_public_id(once) else "")
        composing.keep(session, thid.merged_into or thid.id, somebody().user_id, utc_now(), draft)
    return Response(status=204)


def _number(typed: str) -> int:
    """A number of the database; 0 for what can be none."""
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


@desk_writes.post("/staff/poll", "staff inbox view", None)
def poll() -> Response:
    """What is new, and who else has this conversation open; 204 where that is what the page already says."""
    if not is_fragment():
        return redirect_to(INBOX)
    told = {name: request.args.get(name, "") for name in ("thread", "since", "waiting", "fresh", "said", "who")}
    number, since, person, now = _number(told["thread"]), _number(told["since"]), somebody(), utc_now()
    rows = composing.news(reading(), number, now, state().clock.today(), since or threads.NEWEST)
    writes = bool(request.form.get("composing"))
    mine = next((row for row in rows if row.user_id == person.user_id), None)
    if number and (not mine or writes != bool(mine.began) or now - mine.seen_at > composing.RENEWED):
        with noting() as connection:
            composing.seen(connection, number, person.user_id, now, writes=writes)
    others = [row for row in rows if row.user_id not in (None, person.user_id)]
    who = ".".join(f"{row.user_id}{'w' if row.began else 'r'}" for row in others)
    new = {"waiting": rows[0].waiting, "fresh": rows[0].fresh, "who": who, "inside": others}
    if since and all(str(new[name]) == told[name] for name in ("waiting", "fresh", "who")):
        return Response(status=204)
    said, moment = _number(told["said"]), int(now.timestamp()) % 10**9
    aloud = new["fresh"] > _number(told["fresh"]) and not 0 <= moment - said < _QUIET
    new |= {"since": since or rows[0].latest, "aloud": aloud, "said": moment if aloud else said}
    return fragment("staff/_poll.html", number=number, **new)
