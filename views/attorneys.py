"""The desk for powers of attorney: what waits, the checklist, what came of it (F06; OG-03..05; features.md §6, 9)."""

from typing import Any

from flask import Response, abort, request
from sqlmodel import Session

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, attorneys, lending
from models.activity import NEWEST
from models.attorneys import Attorney
from models.mandates import Mandate
from models.rules.days import parse_day
from models.rules.mandates import Ending, MandateState, rights_of, state_of
from models.types import AnyRow, new_public_id, utc_now
from views.downloads import stored
from views.limits import file_limit
from views.pages import page, redirect_to
from views.routes import Routes
from views.signing import signatures_of, signers

desk = Routes("attorneys", __name__)
_HOME = "/staff/attorneys"
_PAGE = 50
_LONGEST = 500  # characters of each thing that is written down
_SEEN = ("identity", "document", "scope")  # what is written down of it
_STANDS = (MandateState.ACTIVE, MandateState.SUSPENDED)


@desk.get(_HOME, "staff customers view")
def queue() -> Response:
    """What waits, and what ends soon; or all that was decided, the latest first."""
    shows_all, before = request.args.get("view") == "all", request.args.get("before", NEWEST, int)
    before = min(max(before, 0), NEWEST)
    found = attorneys.decided(reading(), _PAGE + 1, before) if shows_all else attorneys.waiting(reading(), _PAGE + 1)
    today = state().clock.today()
    return page(
        "staff/attorneys.html", found=found[:_PAGE], older=found[_PAGE - 1].id if found[_PAGE:] else 0,
        shows_all=shows_all, ending=() if shows_all else attorneys.ending(reading(), today),
        states={row.id: _state(row) for row in found}, done=request.args.get("done", ""),
    )  # fmt: skip


def _state(row: AnyRow) -> str:
    """Where it stands: "waiting", "refused", or as the mandate that came of it."""
    return state_of(row, state().clock.today()) if row.mandate_id else "refused" if row.decided_at else "waiting"


@desk.get(_HOME + "/<poid>", "staff customers view")
def show(poid: AnyRow) -> Response:
    """One of them, and where its customer stands today; who is concerned can read that it was seen."""
    return _show(poid)


def _show(row: AnyRow, status: int = 200, **words: Any) -> Response:
    person, today = somebody(), state().clock.today()
    decides = staff_right("customers", person.role) >= Right.ACT
    kept: dict[str, Any] = row.checked or {}
    typed: dict[str, Any] = dict.fromkeys((*_SEEN, "until", "revocation", "rights"), "") | {"premises": []} | kept
    typed["customer"] = request.args.get("customer", "").strip() or kept.get("customer") or row.code
    values: dict[str, Any] = {"typed": typed, "wrong": (), "problem": "", "reason": ""} | words
    known = values["typed"]["customer"]
    places = attorneys.stands(reading(), known, today).values() if known.isprintable() else ()
    with writing() as session:
        at = [one.at for one in places]
        activity.looked(session, "attorney", "settings", [row.user_id], at, today, person.actor())
    looks = decides and "signatures" in request.args
    report = signatures_of(row.file_name, row.file_hash) if looks else None
    known_codes = attorneys.whose_codes(reading(), row.user_id, places) if looks else {}
    return page(
        "staff/attorney.html", status=status, row=row, where=_state(row), places=[*places], decides=decides,
        is_first=kept.get("by_id") == person.user_id, two=state().site.second_pair, report=report,
        signers=[*signers(report, known_codes)] if report else (), lent=rights_of(kept.get("rights", "").split()),
        given=rights_of((row.rights or "").split()), done=request.args.get("done", ""), **values,
    )  # fmt: skip


@desk.get(_HOME + "/<poid>/document", "staff customers act", file_limit)
def document(poid: AnyRow) -> Response:
    """The document, to be saved; the applicant can read that it was opened."""
    answer = stored(poid.file_hash, poid.file_name, saved=True)
    with writing() as session:
        attorneys.note(session, somebody().actor(), poid, "attorney.opened", purpose="attorney")
    return answer


@desk.post(_HOME + "/<poid>", "staff customers act")
def decide(poid: AnyRow) -> Response:
    """Go through the list, confirm a colleague's, refuse; or suspend, resume and revoke what came of it."""
    act = request.form.get("act", "")
    if act == "check":
        return _check(poid)
    if act == "refuse":
        return _refuse(poid)
    if act in ("suspend", "resume", "revoke"):
        return _govern(poid, act)
    return _confirm(poid) if act == "confirm" else abort(404)


def _ok(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and "\0" not in text  # which PostgreSQL takes nowhere


def _list() -> tuple[dict[str, Any], set[str]]:
    """The checklist as it was filled in, and which of its fields are wrong."""
    today, names = state().clock.today(), ("customer", *_SEEN, "until", "revocation")
    typed: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names}
    typed["premises"], rights = request.form.getlist("premises"), rights_of(request.form.getlist("right"))
    until, looked = parse_day(typed["until"]), parse_day(typed["revocation"])
    is_wrong = {name: not _ok(typed[name]) for name in _SEEN} | {"right": not rights}
    is_wrong |= {"until": not until or until < today, "revocation": not looked or looked > today}
    is_text = typed["customer"].isprintable()
    is_wrong["premises"] = not (is_text and attorneys.chosen(reading(), typed["customer"], typed["premises"], today))
    typed |= {"rights": " ".join(rights), "by": somebody().name, "by_id": somebody().user_id, "list": new_public_id()}
    typed |= {"until": f"{until or typed['until']}", "revocation": f"{looked or typed['revocation']}"}
    return typed, {name for name, wrong in is_wrong.items() if wrong}


def _check(row: AnyRow) -> Response:
    typed, wrong = _list()
    if wrong:
        return _show(row, 422, typed=typed, wrong=wrong)
    return _settle(row, typed, alone=not state().site.second_pair)


def _confirm(row: AnyRow) -> Response:
    if not row.checked or row.checked["list"] != request.form.get("seen") or row.checked["by_id"] == somebody().user_id:
        return redirect_to(f"{_HOME}/{row.id}?done=before")
    return _settle(row, row.checked | {"second": somebody().name}, alone=True)


def _settle(row: AnyRow, checked: dict[str, Any], *, alone: bool) -> Response:
    """Note the list for a colleague, or accept by it; what was decided or listed meanwhile stays."""
    actor, problem = somebody().actor(), ""
    with writing() as session:
        mine = _waiting(session, row)
        if mine is None:
            return redirect_to(f"{_HOME}/{row.id}?done=before")
        if alone:
            problem = attorneys.accept(session, actor, mine, checked, state().clock.today(), utc_now())
        else:
            attorneys.check(session, actor, mine, checked)
    if problem:
        return _show(row, 409, typed=checked, problem=problem)
    return redirect_to(f"{_HOME}?done=accepted" if alone else f"{_HOME}/{row.id}?done=checked")


def _waiting(session: Session, row: AnyRow) -> Attorney | None:
    """The row, locked, as long as it waits and says what stood on the page."""
    mine = session.get(Attorney, row.id, with_for_update=True)
    return None if mine is None or mine.decided_at or mine.checked != row.checked else mine


def _refuse(row: AnyRow) -> Response:
    reason = request.form.get("reason", "").strip()
    if not _ok(reason):
        return _show(row, 422, reason=reason.replace("\0", ""), wrong={"reason"})
    with writing() as session:
        mine = _waiting(session, row)
        if mine:
            attorneys.refuse(session, somebody().actor(), mine, utc_now(), reason)
    return redirect_to(f"{_HOME}?done=refused" if mine else f"{_HOME}/{row.id}?done=before")


def _govern(row: AnyRow, act: str) -> Response:
    """For a while, again, or for good; what has ended stays so."""
    with writing() as session:
        mandate = session.get(Mandate, row.mandate_id or 0, with_for_update=True)
        if mandate is None or state_of(mandate, state().clock.today()) not in _STANDS:
            return redirect_to(f"{_HOME}/{row.id}?done=before")
        if act == "revoke":
            lending.end(session, somebody().actor(), mandate, Ending.REVOKED, utc_now())
        else:
            lending.suspend(session, somebody().actor(), mandate, utc_now() if act == "suspend" else None)
    return redirect_to(f"{_HOME}/{row.id}?done={act}")
