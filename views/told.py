"""What somebody tells staff: readings that they enter for her, and a call or a visit that they log (D14, H08)."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, somebody, state, writing
from models import answering, cards, dossier, threads
from models.audit import Actor
from models.places import Place
from models.threads import Message, Thread
from models.types import AnyRow, Source, is_public_id, new_public_id
from models.weighing import Answer
from views import readings
from views.customers import CUSTOMER, looked, purpose, thread_of
from views.meter_views import MeterView, calendar_for, meter_views, sorted_out
from views.meters import seal
from views.pages import page, redirect_to
from views.routes import Routes

told = Routes("told", __name__)
_TYPED = {"via": 8, "topic": 32, "subject": 120, "body": 5000, "answer": 5000, "reader": 9}  # most characters
WAYS = ("call", "visit")
_HEARD = (Source.CALL, Source.VISIT, Source.LETTER, Source.MESSAGE)


def places_now(customer: AnyRow) -> list[Place]:
    """Where she stands today, first the address that was asked for; 404 where that is none of them."""
    today, wanted = state().clock.today(), request.args.get("at")
    found = [place for place in dossier.places(reading(), customer.id, today) if not place.has_ended(today)]
    if wanted not in (None, *(place.public_id for place in found)):
        abort(404)
    return sorted(found, key=lambda place: place.public_id != wanted)


@told.get(CUSTOMER + "/readings", "staff readings act")
def edit_readings(
    custid: AnyRow, status: int = 200, answers: Sequence[Answer] = (), left_over: Sequence[str] = (), wrong: str = ""
) -> Response:
    """The form of all meters at one of her addresses, as she has it herself, and how the figures were told."""
    places, form = places_now(custid), readings.form_for(answers)
    seen = looked(custid, "meters", premises_id=places[0].id if places else None)
    shown = meters_at(places[0]) if places else []
    why, _, number = seen["why"].partition(":")
    first = {"heard": Source.MESSAGE.value if number else why, "thread": number}
    return page(
        "staff/readings.html", status=status, places=places, form=form, left_over=left_over, wrong=wrong, heard=_HEARD,
        fields=[one for one in shown if one.window or {dial.register_id for dial in one.card.dials} & {*form.answers}],
        typed={name: request.form.get(name, value)[:9] for name, value in first.items()},
        **sorted_out([view for view in shown if view.enterable]), **seen,
    )  # fmt: skip


def meters_at(place: Place) -> list[MeterView]:
    """The meters at an address, as she has them herself."""
    calendar = calendar_for(reading(), place)
    return meter_views(cards.cards(reading(), place, calendar.today), calendar)


@told.post(CUSTOMER + "/readings", "staff readings act")
def send_readings(custid: AnyRow) -> Response:
    """Take them as hers, weighed as she is asked herself; a window that is closed is closed to staff, too."""
    purpose(custid)  # before anything is stored
    place = next(iter(places_now(custid)), None) or abort(404)
    heard, number = request.form.get("heard", ""), thread_of(custid, request.form.get("thread", ""))
    shown = meters_at(place)
    if readings.others(shown):
        abort(404)
    if heard not in _HEARD or (heard == Source.MESSAGE and not number):
        return edit_readings(custid, 422, readings.kept(shown), wrong="thread" if heard in _HEARD else "heard")
    actor = Actor(somebody().user_id, heard, custid.id, None, somebody().method)
    about: dict[str, Any] = {"thread": number} if heard == Source.MESSAGE else {}
    answers = readings.submit(place, shown, calendar_for(reading(), place), seal, actor=actor, **about)
    left_over, status = readings.left_over(shown), readings.status_of(answers)
    return edit_readings(custid, 409 if left_over and status == 200 else status, answers, left_over)


@told.get(CUSTOMER + "/contacts", "staff inbox act")
def contact(custid: AnyRow, status: int = 200, once: str = "", **wrong: bool) -> Response:
    """What was said by telephone or at the counter, and what was answered (H08)."""
    seen = looked(custid, "messages")
    form = request.form if request.form else {"via": seen["why"]}
    typed = {name: form.get(name, "").strip()[: most + 1].replace("\0", "") for name, most in _TYPED.items()}
    return page(
        "staff/contact.html", status=status, once=once or new_public_id(), topics=state().site.desk.offered,
        typed=typed, ways=WAYS, users=dossier.users(reading(), custid.id), wrong=wrong, **seen,
    )  # fmt: skip


@told.post(CUSTOMER + "/contacts", "staff inbox act")
def log(custid: AnyRow) -> Response:
    """Log it, once for a form: with an answer it is done, without one it waits in the queue."""
    held, person, once = state(), somebody(), request.form.get("once", "")
    typed = {name: request.form.get(name, "").replace("\r\n", "\n").strip() for name in _TYPED}
    long = {name: len(typed[name]) > most or "\0" in typed[name] for name, most in _TYPED.items()}
    users = {str(user.id): user for user in dossier.users(reading(), custid.id)}
    wrong = long | {"via": typed["via"] not in WAYS, "topic": typed["topic"] not in held.site.desk.offered}
    wrong |= {"subject": long["subject"] or not typed["subject"].isprintable()}
    wrong |= {"body": long["body"] or not typed["body"], "reader": typed["reader"] not in ("", *users)}
    if not is_public_id(once):
        abort(400)
    if any(wrong.values()):
        return contact(custid, 422, once, **wrong)
    if (before := threads.sent(reading(), person.user_id, once)) and before.body != typed["body"]:
        return contact(custid, 409)
    reader, now = users.get(typed["reader"]), held.clock.now()
    thread = Thread(
        user_id=reader.id if reader else None, customer_id=custid.id, topic=typed["topic"], subject=typed["subject"],
        via=typed["via"], language=custid.language or held.site.languages[0], began_on=held.clock.today(),
        due_at=held.site.desk.due(typed["topic"], held.clock.local(now), held.site.working_days),
    )  # fmt: skip
    said = Message(public_id=once, author=person.name[:100], body=typed["body"], sent_at=now)
    with suppress(IntegrityError), writing() as session:  # sent before
        answering.log(session, person.actor(), thread, said, typed["answer"])
    return redirect_to(f"/staff/customers/{custid.id}?from={quote(request.args.get('from', ''))}&done=logged")
