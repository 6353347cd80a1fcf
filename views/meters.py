"""Meters and readings: cards, the form of one meter, the form of all, and the history (D01–D13)."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, abort, g, request

from auth.access import Right, may
from auth.state import reading, somebody, state
from models import cards, history, house_use, missed
from models.cards import MeterCard
from models.overrides import text_for
from models.places import Place
from models.reading_links import BY_LINK
from models.rules.numbers import format_plain
from models.weighing import Answer
from models.windows import Calendar
from views import leaks, readings
from views.downloads import plain, spreadsheet
from views.language import text
from views.meter_views import MeterView, calendar_for, meter_views, sorted_out
from views.pages import fragment, is_fragment, page, redirect_to
from views.photos import TAKES
from views.routes import Routes

meters = Routes("meters", __name__)


@meters.get("/properties/<pid>/meters", "meters view")
def list_all(
    pid: Place, status: int = 200, editing: MeterView | None = None, answers: Sequence[Answer] = ()
) -> Response:
    """The cards of a place, one of them with its form open, as `editing` has it."""
    connection = reading()
    calendar = calendar_for(connection, pid)
    found = cards.cards(connection, pid, calendar.today)
    late = missed.of_cards(connection, found, calendar)
    shown = meter_views(found, calendar)
    just = next((view for view in shown if view.card.public_id == request.args.get("sent")), None)
    opened = editing.card.public_id if editing else ""
    if editing and opened not in {view.card.public_id for view in shown}:
        shown.append(editing)  # removed while its form was open: what was typed is still told
    return page(
        "meters/list.html", status=status, current="meters", place=pid, **sorted_out(shown), editing=opened,
        sent_to=request.args.get("sent", ""), form=readings.form_for(answers), may_act=_may_act(pid), missed=late,
        by_link=any(mark.source in BY_LINK for one in shown for dial in one.card.dials if (mark := one.standing(dial))),
        follows=_what_follows(max(late.values(), default=0), calendar),
        leaks=leaks.sent(just) if just else {},
    )  # fmt: skip


def _what_follows(late: int, calendar: Calendar) -> list[str]:
    """What so many missed windows mean; from the last but one on also what their number leads to (D21)."""
    site, limit = calendar.site, calendar.site.missed_limit
    keys = ["missed_reading"] * bool(late) + ["missed_limit"] * bool(late and limit and late >= limit - 1)
    return [line for key in keys for line in text_for(reading(), site, key, g.language, calendar.today)]


def _may_act(place: Place) -> bool:
    return may(state().site, somebody(), "meters", place) >= Right.ACT


@meters.get("/meters/<mid>", "meters view")
def show(mid: MeterCard) -> Response:
    """One meter: its card, 36 months of history as chart and table. htmx gets the card alone (Cancel)."""
    connection = reading()
    calendar = calendar_for(connection, mid.place)
    view = meter_views([mid], calendar)[0]
    if is_fragment():
        return _card_fragment(view)
    day = min(calendar.today, mid.place.until)
    lines = history.of_meter(connection, view.card, 36, day)
    middles = {} if mid.is_house else house_use.medians(connection, calendar.site, mid, day)
    return page(
        "meters/show.html", current="meters", place=mid.place, meter=view, history=lines,
        charts=[history.chart(dial, lines, day, middles) for dial in view.card.dials], may_act=_may_act(mid.place),
        before=history.predecessor(connection, view.card), leaks=leaks.of_history(view.card, lines),
        may_ask=may(state().site, somebody(), "messages", mid.place) >= Right.ACT,
    )  # fmt: skip


def _card_fragment(view: MeterView) -> Response:
    place = view.card.place
    return fragment("meters/_card.html", place=place, meter=view, back=True, may_act=_may_act(place))


@meters.get("/meters/<mid>/reading", "meters act")
def edit(mid: MeterCard) -> Response:
    """The form of one meter: in its card for htmx, else the meters page with that card open. No window, no form."""
    view = meter_views([mid], calendar_for(reading(), mid.place))[0]
    if not is_fragment():
        return list_all(mid.place, editing=view if view.window else None)
    return _form_fragment(view, ()) if view.window else _card_fragment(view)


@meters.post("/meters/<mid>/reading", "meters act")
def send(mid: MeterCard) -> Response:
    """Take the reading of one meter: 200, 409 to be confirmed, or 422 to be mended."""
    calendar = calendar_for(reading(), mid.place)
    view = meter_views([mid], calendar)[0]
    answers = readings.submit(mid.place, [view], calendar, seal, all_needed=True, photos=True)
    status = readings.status_of(answers)
    if not is_fragment():
        if status == 200:
            return redirect_to(f"/properties/{mid.place.public_id}/meters?sent={mid.public_id}#meter-{mid.public_id}")
        return list_all(mid.place, status, view, answers)
    if status != 200:
        return _form_fragment(view, answers, status)
    return _sent_fragment(mid, calendar, answers)


send.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


def _form_fragment(view: MeterView, answers: Sequence[Answer], status: int = 200) -> Response:
    form = readings.form_for(answers)
    return fragment("meters/_form.html", status=status, place=view.card.place, meter=view, form=form)


def _sent_fragment(mid: MeterCard, calendar: Calendar, answers: Sequence[Answer]) -> Response:
    """The card after sending, made from what was just stored: no second look at the database."""
    card = readings.with_answers(mid, answers, calendar)
    view = meter_views([card], calendar)[0]
    doubts = leaks.of_answers([view], answers)
    return fragment("meters/_card.html", place=mid.place, meter=view, sent=answers, may_act=True, leaks=doubts)


@meters.get("/properties/<pid>/readings", "meters act")
def edit_all(pid: Place) -> Response:
    """One form for all meters of a place: filled in the basement, sent upstairs (UX11)."""
    return _all(pid)


@meters.post("/properties/<pid>/readings", "meters act")
def send_all(pid: Place) -> Response:
    """Take what can be taken; what cannot stays in the form with its reason."""
    connection = reading()
    calendar = calendar_for(connection, pid)
    shown = meter_views(cards.cards(connection, pid, calendar.today), calendar)
    if not all(map(g.reach.meter, readings.others(shown))):
        abort(404)  # one that is not hers refuses the whole
    answers, left_over = readings.submit(pid, shown, calendar, seal, photos=True), readings.left_over(shown)
    status = readings.status_of(answers)
    return _all(pid, 409 if left_over and status == 200 else status, answers, left_over)


send_all.takes = TAKES  # type: ignore[attr-defined]  # as above


def _all(place: Place, status: int = 200, answers: Sequence[Answer] = (), left_over: Sequence[str] = ()) -> Response:
    connection = reading()
    calendar = calendar_for(connection, place)
    shown = meter_views(cards.cards(connection, place, calendar.today), calendar)
    form = readings.form_for(answers)
    told = form.answers
    fields = [view for view in shown if view.window or any(dial.register_id in told for dial in view.card.dials)]
    return page(
        "meters/all.html", status=status, current="meters", place=place, form=form, fields=fields, left_over=left_over,
        leaks=leaks.of_answers(shown, answers), **sorted_out([view for view in shown if view.enterable]),
    )  # fmt: skip


@meters.get("/meters/<mid>/history.csv", "meters view")
def export(mid: MeterCard) -> Response:
    """The history as a table for a spreadsheet, in the reader's language (ux.md §5.3)."""
    today = min(state().clock.today(), mid.place.until)
    card = Calendar(state().site, (), today).fitted([mid])[0]
    lines = history.of_meter(reading(), card, history.EVER, today)
    return spreadsheet(_table(lines, len(card.dials) > 1, g.language != "en"), f"{mid.serial}.csv")


def _table(lines: Iterable[history.Line], named: bool, comma: bool) -> Iterator[list[str]]:
    """The rows of the export: what counts, so without corrected readings; the registers named where there are two."""
    yield [text("Date"), *([text("Register")] if named else []), text("Reading"), text("Consumption")]
    for line in lines:
        if not line.superseded:
            figures = ["" if number is None else format_plain(number, 3) for number in (line.value, line.used)]
            name = [plain(line.register_name)] if named else []
            yield [line.read_on.isoformat(), *name, *(f.replace(".", ",") if comma else f for f in figures)]


def seal(words: str) -> str:
    """Proves that a question was ours and to this person."""
    key = state().settings.secret_key.encode()
    return hmac.new(key, f"answer:{somebody().user_id}:{words}".encode(), hashlib.sha256).hexdigest()[:32]
