"""The reading form: its fields read into entries, and the answers put back beside them."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import request
from sqlalchemy.exc import IntegrityError

from auth.state import somebody, writing
from models.cards import Dial, Mark, MeterCard
from models.entries import BY_PEOPLE, Answer, Entry
from models.entries import submit as store
from models.places import Place
from models.types import Source, utc_now
from models.windows import Calendar

if TYPE_CHECKING:
    from views.meters import MeterView

__all__ = ["BY_PEOPLE", "form_for", "status_of", "submit", "with_answers"]
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,43}")


@dataclass(frozen=True)
class Form:
    """What a template needs to show a reading form again: a fresh submission id and an answer per register."""

    once: str
    answers: Mapping[int, Answer]

    def typed(self, register_id: int) -> str:
        """What stands in a field."""
        answer = self.answers.get(register_id)
        return answer.text if answer else ""


def form_for(answers: Sequence[Answer]) -> Form:
    """A form with a new submission id; an id that was not used up by an answer costs nothing to replace."""
    return Form(secrets.token_urlsafe(16), {answer.register_id: answer for answer in answers})


def submit(
    place: Place,
    views: Sequence["MeterView"],
    calendar: Calendar,
    seal: Callable[[str], str],
    all_needed: bool = False,
) -> list[Answer]:
    """Read the form's fields for these meters and take the readings. `all_needed`: an empty field is a problem."""
    entries = [_entry(view, dial) for view in views for dial in view.card.dials]
    typed = [entry for entry in entries if entry.text.strip()]
    wanted = entries if all_needed or not typed else typed
    if any(not entry.text.strip() for entry in wanted):
        return [_empty(entry) for entry in wanted]
    person = somebody()
    actor = person.actor(Source.SELF, place.customer_ids[0])
    once = request.form.get("once", "")
    once = once if _ONCE.fullmatch(once) else secrets.token_urlsafe(16)
    for last_try in (False, True):
        try:
            with writing() as session:
                return store(session, place, wanted, actor, once, utc_now(), calendar.today, seal)
        except IntegrityError:  # the same form won elsewhere a moment ago: its receipt has the answer
            if last_try:
                raise
    raise AssertionError  # the loop returns or raises


def _entry(view: "MeterView", dial: Dial) -> Entry:
    field = f"{view.card.public_id}-{dial.ordinal}"
    seen = request.form.get(f"seen-{field}", "")
    return Entry(
        view.card, dial, view.rule, view.window, request.form.get(f"r-{field}", "")[:200],
        request.form.get(f"reply-{field}", "")[:80], int(seen) if re.fullmatch(r"[0-9]{1,18}", seen) else None,
    )  # fmt: skip


def _empty(entry: Entry) -> Answer:
    if entry.text.strip():
        return Answer(entry.dial.register_id, "question", "unsent", entry.text)
    return Answer(entry.dial.register_id, "problem", "empty")


def status_of(answers: Sequence[Answer]) -> int:
    """422 when something cannot be a reading, 409 when something is to be confirmed, else 200 (ux.md §1.5)."""
    states = {answer.state for answer in answers}
    return 422 if "problem" in states else 409 if "question" in states else 200


def with_answers(card: MeterCard, answers: Sequence[Answer], calendar: Calendar) -> MeterCard:
    """The card as it is after these answers were stored."""
    by_register = {answer.register_id: answer for answer in answers if answer.state == "saved"}
    window = calendar.open_window(card)
    dials = []
    for dial in card.dials:
        answer = by_register.get(dial.register_id)
        if answer and answer.value is not None and answer.at and window:
            corrected = dial.last and dial.last.period == window.period and dial.last.source in BY_PEOPLE
            mark = Mark(
                0, answer.value, calendar.today, Source.SELF, answer.at, window.period,
                answer.code == "rollover_likely", somebody().user_id,
            )  # fmt: skip
            dial = replace(dial, last=mark, before=dial.before if corrected else dial.last)
        dials.append(dial)
    return replace(card, dials=tuple(dials))
