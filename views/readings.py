"""The reading form: its fields read into entries, and the answers put back beside them."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import g, request
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from auth.state import somebody, state, visitor, writing
from models import reading_photos
from models.audit import Actor
from models.cards import Dial, Mark, MeterCard
from models.entries import submit as store
from models.places import Place
from models.rules.noted import Noted, noted
from models.types import Source, utc_now
from models.weighing import Answer, Entry, stands
from models.windows import Calendar
from views.photos import Photo, of_form

if TYPE_CHECKING:
    from views.meter_views import MeterView

Told = Callable[[Session, Sequence[Answer]], None]
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,43}")
_FIELD = re.compile(r"r-([A-Za-z0-9_-]{1,32})-[0-9]")
_LONGEST = 200  # of a field: what is longer is no reading, and is not shown again whole


@dataclass(frozen=True)
class Form:
    """What a template needs to show a reading form again: a fresh submission id and an answer per register."""

    once: str
    answers: Mapping[int, Answer]
    photos: Mapping[str, Photo]

    def photo(self, card: MeterCard) -> Photo | None:
        """What the field for a photo shows; None where all of the meter's readings were taken."""
        told = [self.answers.get(dial.register_id) for dial in card.dials]
        if all(answer and answer.state == "saved" for answer in told):
            return None
        return replace(self.photos.get(card.public_id, Photo()), asked=any(answer and answer.seal for answer in told))

    def typed(self, register_id: int, language: str) -> str:
        """What stands in a field: what was typed; what we filled in with the reader's decimal sign."""
        answer = self.answers.get(register_id)
        if answer and answer.code == "filled" and language != "en":
            return answer.text.replace(".", ",")
        return answer.text if answer else ""


def form_for(answers: Sequence[Answer]) -> Form:
    """A form with a new submission id; an id that was not used up by an answer costs nothing to replace."""
    return Form(secrets.token_urlsafe(16), {answer.register_id: answer for answer in answers}, g.get("photos", {}))


def submit(
    place: Place, views: Sequence["MeterView"], calendar: Calendar, seal: Callable[[str], str],
    all_needed: bool = False, photos: bool = False, actor: Actor | None = None, told: Told | None = None, **about: Any,
) -> list[Answer]:  # fmt: skip
    """Take the readings that stand in the form's fields for these meters.

    `all_needed`: all of the fields, not one of them. `photos`: the form takes them. `actor`: who stands on them, else
    who is here; `about`: what else the audit row keeps. `told`: what else is written, in the same unit of work.
    """
    g.photos = of_form(views) if photos else {}  # for the form, should it be shown again
    entries = [_entry(view, dial, photos) for view in views for dial in view.card.dials]
    typed = [entry for entry in entries if entry.text.strip()]
    on_form = [entry for entry in entries if _field(entry.card, entry.dial) in request.form] if all_needed else typed
    wanted = on_form or [entry for entry in entries if not entry.card.refusal(calendar.today)] or entries
    if not typed or len(typed) < len(wanted):
        return [_empty(entry) for entry in wanted]
    unsent, wanted, files = _by_photo(wanted)
    actor, once = actor or somebody().at(place), _once()
    for last_try in (False, True):
        try:
            with writing() as session:
                answers = store(session, place, wanted, actor, once, utc_now(), calendar.today, seal, about)
                reading_photos.keep(session, answers, files)
                if told:
                    told(session, answers)
                return [*unsent, *answers]
        except IntegrityError:  # the same form won elsewhere a moment ago: its receipt has the answer
            if last_try:
                raise
    raise AssertionError  # the loop returns or raises


def _once() -> str:
    sent = request.form.get("once", "")
    return sent if _ONCE.fullmatch(sent) else secrets.token_urlsafe(16)


def _field(card: MeterCard, dial: Dial) -> str:
    return f"r-{card.public_id}-{dial.ordinal}"


def _by_photo(wanted: Sequence[Entry]) -> tuple[list[Answer], list[Entry], dict[int, dict[str, Any]]]:
    """What waits because of its photo, what goes, and with which photo, by register."""
    found = [(entry, g.photos.get(entry.card.public_id, Photo())) for entry in wanted]
    unsent = [entry.problem("photo") for entry, photo in found if photo.wrong]
    files = {entry.dial.register_id: photo.file for entry, photo in found if photo.file}
    return unsent, [entry for entry, photo in found if not photo.wrong], files


def _entry(view: "MeterView", dial: Dial, photos: bool = False) -> Entry:
    """What stands in the fields of a dial; where a photo is needed, nobody says without one that a reading is right."""
    field = _field(view.card, dial)
    reply = request.form.get(field.replace("r-", "reply-", 1), "")[:80]
    if photos and state().site.photos == "required" and view.card.public_id not in g.photos:
        reply = "consumption" if reply == "consumption" else ""
    seen = request.form.get(field.replace("r-", "seen-", 1), "")
    return Entry(
        view.card, dial, view.rule, view.window, request.form.get(field, "")[:_LONGEST], reply,
        int(seen) if re.fullmatch(r"[0-9]{1,18}", seen) else None, _noted(field),
    )  # fmt: skip


def _noted(field: str) -> Noted | None:
    """When it was written down without a connection, of which only a remembered device may tell (D18)."""
    person, clock = visitor(), state().clock
    said = request.form.get(f"taken-{field}", "")[:_LONGEST] if person and person.device else ""
    return noted(said, utc_now(), clock.today(), clock.timezone)


def _empty(entry: Entry) -> Answer:
    if entry.text.strip():
        return Answer(entry.dial.register_id, "question", "unsent", entry.text, seen=entry.seen)
    return entry.problem("empty")


def others(views: Sequence["MeterView"]) -> set[str]:
    """The ids of the meters that the form names beside these."""
    named = (_FIELD.fullmatch(name) for name in request.form)
    return {name[1] for name in named if name} - {view.card.public_id for view in views}


def left_over(views: Sequence["MeterView"]) -> list[str]:
    """What was typed for meters that are not here (any more): nothing typed may vanish without a word."""
    here = {_field(view.card, dial) for view in views for dial in view.card.dials}
    typed = [text[:_LONGEST] for name, text in request.form.items() if name.startswith("r-") and name not in here]
    return [text for text in typed if text.strip()][:10]


def kept(views: Sequence["MeterView"]) -> list[Answer]:
    """What was typed for these meters, to be shown again without having been weighed."""
    entries = [_entry(view, dial) for view in views for dial in view.card.dials]
    return [Answer(entry.dial.register_id, "empty", "", entry.text, seen=entry.seen) for entry in entries]


def status_of(answers: Sequence[Answer]) -> int:
    """422 when something cannot be a reading, 409 when something is to be confirmed, else 200 (ux.md §1.5)."""
    states = {answer.state for answer in answers}
    return 409 if "question" in states and "problem" not in states else 200 if states == {"saved"} else 422


def with_answers(card: MeterCard, answers: Sequence[Answer], calendar: Calendar) -> MeterCard:
    """The card as it is after these answers were stored."""
    by_register = {answer.register_id: answer for answer in answers if answer.state == "saved"}
    window = calendar.open_window(card)
    dials = []
    for dial in card.dials:
        answer = by_register.get(dial.register_id)
        if answer and answer.value is not None and answer.at and window and _is_news(dial, answer.at):
            mark = Mark(
                0, answer.value, answer.read_on or calendar.today, Source(somebody().at(card.place).source), answer.at,
                window.period, answer.code == "rollover_likely", somebody().user_id, answer.code or None,
            )  # fmt: skip
            corrected = dial.last and stands(dial.last, window)
            dial = replace(dial, last=mark, before=dial.before if corrected else dial.last)
        dials.append(dial)
    return replace(card, dials=tuple(dials))


def _is_news(dial: Dial, at: datetime) -> bool:
    """Whether a reading was received after the one on the card; the answer to a form sent again is older."""
    return dial.last is None or dial.last.received_at < at
