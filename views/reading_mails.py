"""The desk for e-mails with readings: what came, what it seems to say, and what staff take of it (D26)."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from flask import Response, abort, request
from sqlmodel import Session

from auth.state import reading, somebody, state, writing
from models import activity, audit, dossier, reading_mails
from models.activity import NEWEST
from models.audit import Actor
from models.places import Place
from models.rules.identifiers import fold_login
from models.rules.reading_mail import Spot, codes, own_words, propose
from models.types import AnyRow, Source
from models.weighing import Answer
from views import readings
from views.limits import search_limit
from views.meter_views import MeterView, calendar_for, sorted_out
from views.meters import seal
from views.pages import page, redirect_to
from views.routes import Routes
from views.told import meters_at, places_now

desk = Routes("reading_mails", __name__)
_HOME = "/staff/reading-mails"
_PAGE, _LONGEST = 25, 500  # e-mails of a page, characters of a reason
_ACTS = {"dismiss": "dismissed", "undo": "undone", "accept": "done"}


class _Faster(Exception):
    """A colleague has settled it meanwhile."""


@desk.get(_HOME, "staff readings act")
def queue() -> Response:
    """What waits, or what was decided."""
    is_done, key = request.args.get("show") == "done", request.args.get("key", 0, int)
    key = min(max(key, 0), NEWEST) or (NEWEST if is_done else 0)
    found, done = reading_mails.found(reading(), key, _PAGE + 1, is_done=is_done), request.args.get("done", "")
    key = found[_PAGE - 1].id if found[_PAGE:] else 0
    return page("staff/reading_mails.html", found=found[:_PAGE], key=key, is_done=is_done, done=done)


@desk.get(_HOME + "/<emid>", "staff readings act", search_limit)
def show(
    emid: AnyRow, status: int = 200, answers: Sequence[Answer] = (), left_over: Sequence[str] = (), wrong: str = ""
) -> Response:
    """Its text, and beside it the meters of whom it seems to be about, filled with what it says; a look is told."""
    waits = emid.decided_at is None
    people, places = _about(emid) if waits else ((), [])
    shown, today, known = meters_at(places[0]) if places else [], state().clock.today(), set[str]()
    if people:
        users = dossier.users(reading(), people[0].id)
        known = {fold_login(one.email) for one in (people[0], *users) if one.email}
        with writing() as session:
            at, they = {place.id for place in places[:1]}, {user.id for user in users}
            activity.looked(session, "email", "meters", () if at else they, at, today, somebody().actor())
    form = readings.form_for(answers or (_proposed(emid, people, places[0], shown) if places else ()))
    return page(
        "staff/reading_mail.html", status=status, row=emid, people=people, places=places, form=form, wrong=wrong,
        fields=[one for one in shown if one.window or {dial.register_id for dial in one.card.dials} & {*form.answers}],
        told=answers, left_over=left_over, is_known=emid.sender in known, waits=waits, typed=_typed(),
        done=request.args.get("done", ""), reason=request.form.get("reason", "")[:_LONGEST],
        **sorted_out([view for view in shown if view.enterable]),
    )  # fmt: skip


def _typed() -> str:
    """Whose code or meter was looked up."""
    return request.args.get("code", "").replace("\0", "")[:64].strip()


def _about(mail: AnyRow) -> tuple[Sequence[AnyRow], list[Place]]:
    """The customers whom it may be about, and where the first of them stands; one who was looked up comes first."""
    words, today = codes(f"{mail.subject}\n{own_words(mail.subject, mail.text)}"), state().clock.today()
    found = reading_mails.whose(reading(), words, mail.sender, today)
    if typed := _typed():
        first = reading_mails.whose(reading(), [typed], "", today)
        found = [*first, *(one for one in found if one not in first)] if first else ()
    return found, places_now(found[0]) if found else []


def _proposed(mail: AnyRow, people: Sequence[AnyRow], place: Place, views: Sequence[MeterView]) -> list[Answer]:
    """What it says of these meters, as if it had been typed."""
    flat = re.search(r"[0-9]\w*[-–](\w+)", place.address)
    same = {"flat": flat[1] if flat else "", "code": people[0].code}
    dials = [(view, dial) for view in views if view.window for dial in view.card.dials]
    spots = [
        Spot(dial.register_id, dial.digits or 5, dial.decimals or 0, {
            "kind": view.card.kind, "meter": view.card.serial, "room": view.card.where, "name": dial.name, **same
        }) for view, dial in dials
    ]  # fmt: skip
    said = propose(own_words(mail.subject, mail.text), spots, [one.code for one in people])
    seen = {dial.register_id: standing.id for view, dial in dials if (standing := view.standing(dial))}
    return [Answer(number, "empty", "", value, seen=seen.get(number)) for number, value in said.items()]


@desk.post(_HOME + "/<emid>", "staff readings act")
def decide(emid: AnyRow) -> Response:
    """Save what stands in the fields, dismiss it with a reason, or let it wait again."""
    act, once = request.form.get("act", "accept"), request.form.get("once", "")[:43].replace("\0", "")
    reason = request.form.get("reason", "").replace("\r\n", "\n").strip() if act == "dismiss" else ""
    if act not in _ACTS:
        abort(400)
    if act == "dismiss" and not (0 < len(reason) <= _LONGEST and "\0" not in reason):
        return show(emid, 422, wrong="reason")
    if act == "accept" and emid.decided_at is None:
        with suppress(_Faster):
            return _accept(emid)
    is_done = bool(once and audit.receipt(reading(), once, somebody().user_id))
    if act != "accept" and not is_done:
        with writing() as session:
            is_done = reading_mails.settle(session, somebody().actor(), emid.id, _ACTS[act], reason, once or None)
    return redirect_to(f"{_HOME}?done={act if is_done else 'before'}")


def _accept(mail: AnyRow) -> Response:
    """Take them as hers, weighed as she is asked herself."""
    people, places = _about(mail)
    shown = meters_at(places[0]) if places else []
    if not shown or readings.others(shown):
        abort(404)
    actor = Actor(somebody().user_id, Source.EMAIL, people[0].id, None, somebody().method)
    left_over = readings.left_over(shown)
    is_all = not left_over and "more" not in request.form
    calendar, done = calendar_for(reading(), places[0]), partial(_done, mail, actor, is_all)
    answers = readings.submit(places[0], shown, calendar, seal, actor=actor, told=done, mail=mail.id)
    status = readings.status_of(answers)
    if left_over or status != 200:
        return show(mail, 409 if status == 200 else status, answers, left_over)
    return redirect_to(f"{_HOME}/{mail.id}?done=more" if "more" in request.form else f"{_HOME}?done=accept")


def _done(mail: AnyRow, actor: Actor, is_all: bool, session: Session, answers: Sequence[Answer]) -> None:
    """Nothing of it waits any more, unless there is more in it. Raises `_Faster`: then nothing of it is stored."""
    is_all = is_all and all(answer.state == "saved" for answer in answers)
    if not (reading_mails.settle(session, actor, mail.id, "done") if is_all else reading_mails.waits(session, mail.id)):
        raise _Faster
