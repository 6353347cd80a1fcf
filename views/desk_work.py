"""What staff do with conversations apart from writing: take, give, put off, close, merge; absences (H01, H09)."""

from typing import Any

from flask import Response, abort, request

from auth.state import reading, somebody, state, writing
from models import desk_work, inbox, substitutes
from models.desk_work import Changed, Wish
from models.rules.absences import announced
from models.rules.days import parse_day
from models.rules.threads import may_wait
from models.types import AnyRow
from views.inbox import INBOX, back, colleagues, show_queue, show_thread
from views.pages import page, redirect_to
from views.routes import Routes

staff_work = Routes("staff_work", __name__)
_AWAY = "/staff/away"
_MOST = 100  # conversations at once
_PLAIN = {"wake": "woken", "wait": "waits", "close": "closed"}  # acts that need no more, and what is said of each


def _number(text: str) -> int:
    """A number as a form brings it; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _wish(act: str) -> Wish | str:
    """What is to be done by this act, or the name of the field with something wrong in it."""
    me, to = somebody().user_id, _number(request.form.get("to", ""))
    until = parse_day(request.form.get("until", "")[:40].strip())
    if act == "give" and request.form.get("to") != "":
        return Wish("assign", to=to) if to in {one.id for one in colleagues()[0]} else "to"
    if act == "snooze":
        return Wish("snooze", until=until) if may_wait(until, state().clock.today()) else "until"
    known = {"take": Wish("assign", to=me), "give": Wish("assign")} | {one: Wish(one) for one in _PLAIN}
    return known.get(act) or abort(404)


@staff_work.post(INBOX, "staff inbox act")
def several() -> Response:
    """The same with all that are ticked. It is said with how many it was done, and with how many not."""
    act, typed = request.form.get("act", ""), request.form.get("until", "")[:40]
    numbers = {_number(one) for one in request.form.getlist("thread")[:_MOST]} - {0}
    wish = _wish(act) if numbers else "none"
    if isinstance(wish, str):
        return show_queue(422, wrong=wish, ticked=numbers, until=typed.replace("\0", ""), act=act)
    with writing() as session:
        done = desk_work.change(session, somebody().actor(), _name(), [*numbers], wish, state().clock.now())
    view = request.form.get("view", "")
    view = view if view in inbox.VIEWS else inbox.VIEWS[0]
    return redirect_to(f"{INBOX}?view={view}&done={done}&left={len(numbers) - done}")


def _name() -> str:
    return somebody().name[:100]


@staff_work.post(INBOX + "/<thid>/assign", "staff inbox act")
def assign(thid: AnyRow) -> Response:
    """Take it, give it to a colleague, or give it back; whoever had it before gets it again by one more click."""
    return _one(thid, "take" if "take" in request.form else "give", done="assigned", was=thid.assignee_id or "")


@staff_work.post(INBOX + "/<thid>/snooze", "staff inbox act")
def snooze(thid: AnyRow) -> Response:
    """Put it off until a day, see it again before, or wait for the customer instead."""
    act = next((one for one in ("wake", "wait") if one in request.form), "snooze")
    return _one(thid, act, done=_PLAIN.get(act, "snoozed"))


@staff_work.post(INBOX + "/<thid>/close", "staff inbox act")
def close(thid: AnyRow) -> Response:
    """End it for good; closed twice is closed."""
    return _one(thid, "close", done="closed")


def _one(thid: AnyRow, act: str, **said: object) -> Response:
    wish = _wish(act)
    if isinstance(wish, str):
        return show_thread(thid, None, 422, wrong=wish, until=request.form.get("until", "")[:40].replace("\0", ""))
    try:
        with writing() as session:
            found = (session, somebody().actor(), _name(), [thid.id], wish, state().clock.now())
            done = desk_work.change(*found, _seen())
    except Changed:
        return _changed(thid)
    return back(thid.id, **said if done else {"done": "closed"})


def _seen() -> int:
    """The version that her page showed; none that there is where it does not say."""
    shown = request.form.get("version", "")
    return _number(shown) if shown.isdecimal() else -1


def _changed(thid: AnyRow) -> Response:
    """As it is now, and who has made it so."""
    return show_thread(inbox.one(reading(), thid.id) or thid, None, 409, changed=True)


@staff_work.post(INBOX + "/<thid>/merge", "staff inbox act")
def merge(thid: AnyRow) -> Response:
    """Let it go on in another conversation of the same person, which is opened; or say why not."""
    typed = request.form.get("into", "").strip()[:12]
    target = _number(typed)
    try:
        with writing() as session:
            about = (session, somebody().actor(), _name(), thid.id, target, _seen(), state().clock.now())
            wrong = desk_work.merge(*about)
    except Changed:
        return _changed(thid)
    if wrong:
        return show_thread(thid, None, 422, wrong_merge=wrong, into=typed if typed.isprintable() else "")
    return back(target, done="merged")


@staff_work.get(_AWAY, "staff inbox act")
def away() -> Response:
    """When she is away, and who works in her place."""
    return _away({})


def _away(wrong: dict[str, str]) -> Response:
    mine, others = substitutes.absence(reading(), somebody().user_id), colleagues()[0]
    fields = ("starts", "ends", "substitute")
    typed: dict[str, Any] = {name: request.form.get(name, "")[:40].replace("\0", "") for name in fields}
    return page(
        "staff/away.html", status=422 if wrong else 200, wrong=wrong, typed=typed, mine=mine, other=None,
        others=[one for one in others if one.id != somebody().user_id], done=request.args.get("done", ""),
    )  # fmt: skip


@staff_work.post(_AWAY, "staff inbox act")
def go_away() -> Response:
    """Say it, in place of what was said before; or that she is back."""
    form, me = request.form, somebody()
    if "back" in form:
        with writing() as session:
            substitutes.end_absence(session, me.actor())
        return redirect_to(f"{_AWAY}?done=back")
    days = announced(form.get("starts", "")[:40], form.get("ends", "")[:40], state().clock.today())
    substitute = _number(form.get("substitute", ""))
    wrong = dict(days) if isinstance(days, dict) else {}
    if substitute == me.user_id or substitute not in {one.id for one in colleagues()[0]}:
        wrong["substitute"] = "nobody"
    if wrong or isinstance(days, dict):
        return _away(wrong)
    with writing() as session:
        substitutes.announce(session, me.actor(), substitute, *days)
    return redirect_to(f"{_AWAY}?done=away")
