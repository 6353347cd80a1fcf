"""Readings of one flat by a link, without a login; and "it was not us" of those who live there (D19, I07)."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Response, abort, request
from sqlmodel import Session, col

from auth.state import reading, somebody, state, writing
from models import cards, reading_links
from models.audit import Actor
from models.places import Place
from models.premises import House
from models.reading_links import BY_LINK, Link
from models.rules.registration import cents, problem
from models.rules.signed import sign
from models.throttle import Wait
from models.types import Source, utc_now
from models.weighing import Answer
from models.windows import Calendar
from views import readings
from views.limits import come_back, link_limit
from views.meter_views import MeterView, calendar_for, meter_views
from views.pages import page, redirect_to
from views.photos import TAKES
from views.routes import Routes

by_link = Routes("reading_links", __name__)
_HOUSE = sa.select(col(House.address), col(House.town)).where(col(House.id) == sa.bindparam("number"))


@by_link.get("/r", "public")
def ask(status: int = 200, **words: Any) -> Response:
    """The form for who has an invoice at hand, and no account or no password: customer code, number and sum."""
    if not _by_invoice():
        return redirect_to("/login")
    typed = {name: request.form.get(name, "")[:64] for name in ("code", "number", "amount")}
    return page("readings/ask.html", status=status, typed=typed, **{"wrong": (), "wait": None, "told": ""} | words)


def _by_invoice() -> bool:
    return state().site.reading_links and state().site.readings_by_invoice


@by_link.post("/r", "public")
def find() -> Response:
    """To the form behind a link, where the three agree; else the same answer, whichever of them is another."""
    typed = {name: request.form.get(name, "").strip() for name in ("code", "number", "amount")}
    wrong = {name for name, said in typed.items() if problem(said, str.isprintable)}
    wrong |= {"amount"} if cents(typed["amount"]) is None else set()
    if wrong or not _by_invoice():
        return ask(422, wrong=wrong)
    with writing() as session:
        address, today = request.remote_addr or "", state().clock.today()
        found = reading_links.by_invoice(session, **typed, address=address, today=today, now=utc_now())
    if isinstance(found, Wait):
        return come_back(ask(429, wait=found), found)
    if found is None:
        return ask(422, told="different")
    return _to_form(*found)


def _to_form(customer_id: int, place: Place) -> Response:
    """To the meters that are still to be read, of these to those whose window closes first."""
    shown = meter_views(cards.cards(reading(), place, state().clock.today()), calendar_for(reading(), place))
    opened = [(one.done, one.window.closes, one.window.opens) for one in shown if one.window]
    if not opened:
        return ask(409, told="closed", waiting=[one for one in shown if one.next_window])
    ends = int((utc_now() + reading_links.SHORT).timestamp())
    link = Link(customer_id, place.public_id, min(opened)[2], ends)
    return redirect_to(f"/r/{reading_links.token(state().settings.secret_key, link)}")


@by_link.get("/r/<token>", "public")
def show(token: str) -> Response:
    """The form: of the flat no more than its house, of a meter its kind, place and last three digits."""
    found = _open(token)
    return _page(token, found) if found else _void()


@by_link.post("/r/<token>", "public", link_limit)
def send(token: str) -> Response:
    """Take them. What came by a link before is replaced; what somebody sent who was logged in is not."""
    found = _open(token)
    if found is None:
        return _void()
    link, place, calendar, free = found.link, found.place, found.calendar, found.free
    actor = Actor(None, Source.LINK, link.customer_id)

    def told(session: Session, answers: Sequence[Answer]) -> None:
        reading_links.tell(session, place, link.customer_id, [*_values(free, answers)])

    seal = partial(_seal, token)
    answers = readings.submit(place, free, calendar, seal, photos=True, actor=actor, told=told)
    status = readings.status_of(answers)
    if status == 200:
        return redirect_to(f"/r/{token}?sent={len(answers)}")
    return _page(token, _open(token) or abort(410), status=status, answers=answers)


def _takes(token: str) -> int | None:
    """Room for photos, for whoever has a link of ours."""
    return TAKES if reading_links.read(state().settings.secret_key, token) else None


send.takes = _takes  # type: ignore[attr-defined]  # for `auth.guard`


class _Opened(NamedTuple):
    """What a link opens: its place, and the meters whose window is the one that it was made for."""

    link: Link
    place: Place
    calendar: Calendar
    shown: list[MeterView]

    @property
    def free(self) -> list[MeterView]:
        """Those of which nobody has sent a reading of this window by another way."""
        return [
            one for one in self.shown
            if all(mark.source in BY_LINK for dial in one.card.dials if (mark := one.standing(dial)))
        ]  # fmt: skip


def _open(token: str) -> _Opened | None:
    """What it opens today."""
    held = state()
    link = reading_links.read(held.settings.secret_key, token) if held.site.reading_links else None
    place = reading_links.place(reading(), link, held.clock.today()) if link else None
    if link is None or place is None:
        return None
    calendar = calendar_for(reading(), place)
    found = meter_views(cards.cards(reading(), place, calendar.today), calendar)
    shown = [one for one in found if one.window and one.window.opens == link.opens]
    return _Opened(link, place, calendar, shown) if shown else None


def _values(shown: list[MeterView], answers: Sequence[Answer]) -> Iterator[dict[str, Any]]:
    """What was taken, as the letter says it."""
    values = {answer.register_id: answer.value for answer in answers if answer.state == "saved"}
    for card in (one.card for one in shown):
        for dial in card.dials:
            if dial.register_id in values:
                value, decimals = values[dial.register_id], dial.decimals
                yield {"kind": card.kind, "room": card.where, "value": value, "decimals": decimals}


def _seal(token: str, words: str) -> str:
    """Proves that a question was ours and to who has this link."""
    return sign(state().settings.secret_key, f"answer:{token}", words)[-32:]


def _page(token: str, opened: _Opened, status: int = 200, answers: Sequence[Answer] = ()) -> Response:
    shown, free = opened.shown, opened.free
    house = reading().execute(_HOUSE, {"number": opened.place.house_id}).one()
    return page(
        "readings/link.html", status=status, token=token, house=house, fields=free, done=len(shown) - len(free),
        form=readings.form_for(answers), sent=request.args.get("sent", ""), window=shown[0].window,
    )  # fmt: skip


def _void() -> Response:
    return page("readings/void.html", status=410)


@by_link.post("/properties/<pid>/not-ours", "meters act")
def disown(pid: Place) -> Response:
    """It was not us: what came by links in the windows that are open goes, and no link works in them any more."""
    calendar = calendar_for(reading(), pid)
    found = meter_views(cards.cards(reading(), pid, calendar.today), calendar)
    with writing() as session:
        for window in {one.window for one in found if one.window}:
            reading_links.disown(session, somebody().at(pid), pid, window, utc_now())
    return redirect_to(f"/properties/{pid.public_id}/meters")
