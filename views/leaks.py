"""What looks like a leak, said after a reading is sent and on the page of its meter, unless she has muted it (D24)."""

from collections.abc import Sequence

from flask import Response

from auth.state import reading, somebody, state, writing
from models import history, preferences
from models.cards import MeterCard
from models.history import Leak, Line
from models.rules.consumption import MORE
from models.types import utc_now
from models.weighing import Answer
from views.meter_views import MeterView
from views.pages import redirect_to
from views.routes import Routes

leaking = Routes("leaks", __name__)


@leaking.post("/meters/<mid>/quiet", "meters act")
def mute(mid: MeterCard) -> Response:
    """Do not tell me of leaks at this meter again this year; others who read it are told."""
    with writing() as session:
        preferences.choose(session, somebody().actor(), {_name(mid): False}, utc_now())
    return redirect_to(f"/meters/{mid.public_id}")


def sent(view: MeterView) -> dict[int, Leak]:
    """By register what the readings show that were just sent. A look at the database only where much was used."""
    if max((answer.used or 0 for answer in view.sent), default=0) < MORE:
        return {}
    return of_history(view.card, history.of_meter(reading(), view.card, 36, state().clock.today()))


def of_answers(views: Sequence[MeterView], answers: Sequence[Answer]) -> dict[int, Leak]:
    """The same as the answers say it."""
    return _unmuted([view.card for view in views], {one.register_id: one.leak for one in answers if one.leak})


def of_history(card: MeterCard, lines: Sequence[Line]) -> dict[int, Leak]:
    """By register what the newest of its readings show."""
    return _unmuted([card], history.leaks(card, lines))


def _unmuted(cards: Sequence[MeterCard], found: dict[int, Leak]) -> dict[int, Leak]:
    if not found:
        return {}
    chosen = preferences.chosen(reading(), somebody().user_id)
    loud = {dial.register_id for card in cards if preferences.wanted(chosen, _name(card)) for dial in card.dials}
    return {number: leak for number, leak in found.items() if number in loud}


def _name(card: MeterCard) -> str:
    """What is muted: this meter, in this year."""
    return f"leak {card.public_id} {state().clock.today().year}"
