"""Hand-over of premises: begun by who leaves, confirmed by who comes (B08)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from flask import Response, abort, request

from auth.state import reading, somebody, state, writing
from models import cards
from models import handovers as table
from models.places import Place
from models.rules import handovers as rules
from models.rules.windows import Window
from models.weighing import Answer
from models.windows import Calendar
from views import readings
from views.limits import letter_limit
from views.meter_views import MeterView, calendar_for, meter_views
from views.meters import seal
from views.pages import page, redirect_to
from views.properties import list_all
from views.routes import Routes

handovers = Routes("handovers", __name__)


@handovers.get("/properties/<pid>/handover", "settings act")
def form(
    pid: Place, day: date | None = None, status: int = 200, answers: Sequence[Answer] = (), wrong: Collection[str] = ()
) -> Response:
    """Who comes, since when, and what the meters showed."""
    day = day or state().clock.today()
    typed = {"day": request.form.get("day", f"{day}")[:40], "to": request.form.get("to", "")[:254]}
    return page(
        "handovers/form.html", status=status, current="home", place=pid, typed=typed, wrong=wrong,
        form=readings.form_for(answers), fields=_meters(pid, day)[0],
    )  # fmt: skip


def _meters(place: Place, day: date) -> tuple[list[MeterView], Calendar]:
    """The meters to read at the end of the day before the change, as if a window were open."""
    last = min(day - timedelta(days=1), place.until)  # nobody looks past her own time
    calendar, window = replace(calendar_for(reading(), place), today=last), Window(last, last, last, is_final=True)
    found = meter_views(cards.cards(reading(), replace(place, until=last), last), calendar)
    return [replace(view, window=window) for view in found if view.enterable], calendar


@handovers.post("/properties/<pid>/handover", "settings act", letter_limit)
def ask(pid: Place) -> Response:
    """Take the final readings as any others, and ask the new owner."""
    typed, today = request.form, state().clock.today()
    asked = rules.asked(typed.get("day", "")[:40], typed.get("to", "")[:300], pid.since, pid.until, today)
    if isinstance(asked, set):
        return form(pid, today, 422, readings.kept(_meters(pid, today)[0]), asked)
    meters, calendar = _meters(pid, asked[0])
    answers = readings.submit(pid, meters, calendar, seal, all_needed=True) if meters else []
    meters, _ = _meters(pid, asked[0])  # some may have been stored with an earlier form
    if not all(view.done for view in meters) or (answers and readings.status_of(answers) != 200):
        return form(pid, asked[0], 409 if readings.status_of(answers) == 409 else 422, answers)
    said = [
        {"kind": view.card.kind, "where": view.card.where, "serial": view.card.serial, "name": dial.name,
         "register": dial.register_id, "value": dial.last and dial.last.value, "decimals": dial.decimals}
        for view in meters for dial in view.card.dials
    ]  # fmt: skip
    with writing() as session:
        actor = somebody().at(pid)
        is_new = table.ask(session, actor, pid, *asked, said)
    return redirect_to("/properties?done=" + ("handover" if is_new else "open"))


@handovers.post("/handover", "settings act")
def answer() -> Response:
    """Confirm or refuse, or withdraw what she herself has asked."""
    number, act, reason = (request.form.get(name, "").strip()[:300] for name in ("handover", "act", "reason"))
    found = {row.public_id: row for row in table.mine(reading(), somebody().user_id)}
    row = found.get(number) or abort(404)
    if act not in (["withdrawn"] if row.user_id == somebody().user_id else ["confirmed", "refused"]):
        abort(404)
    if act == "refused" and not reason:
        return list_all(422, unreasoned=number)
    with writing() as session:
        table.answer(session, somebody().actor(), row.id, act, reason)
    return redirect_to("/properties?done=answered")
