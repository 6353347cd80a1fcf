"""Absences: the days on which nobody is at home, announced and ended (B06)."""

from datetime import timedelta

from flask import Response, request

from auth.access import Right, may
from auth.state import reading, somebody, state, writing
from models import absences as table
from models.places import Place
from models.rules.absences import Days, announced
from views.pages import page, redirect_to
from views.routes import Routes

absences = Routes("absences", __name__)
_SHOWN = timedelta(days=366)  # for which one that is over stands in the list


@absences.get("/properties/<pid>/absences", "meters view")
def list_all(pid: Place, wrong: dict[str, str] | None = None, other: Days | None = None) -> Response:
    """The absences of a place, and the form for another one, with what is wrong in it or was told before."""
    today = state().clock.today()
    return page(
        "absences/list.html", status=422 if wrong else 200, current="meters", place=pid, wrong=wrong or {},
        found=table.of_place(reading(), pid, today - _SHOWN), other=other, done=request.args.get("done", ""),
        typed={name: request.form.get(name, "")[:40] for name in ("starts", "ends", "valves")},
        may_act=may(state().site, somebody(), "meters", pid) >= Right.ACT and not pid.has_ended(today),
    )  # fmt: skip


@absences.post("/properties/<pid>/absences", "meters act")
def change(pid: Place) -> Response:
    """Note the days, or end what `end` names. What shares a day with an absence that is known already is refused."""
    form, today = request.form, state().clock.today()
    actor = somebody().at(pid)
    if "end" in form or pid.has_ended(today):
        with writing() as session:
            table.end(session, actor, pid, form.get("end", ""), today)
        return redirect_to(f"/properties/{pid.public_id}/absences?done=ended")
    days = announced(form.get("starts", "")[:40], form.get("ends", "")[:40], today)
    if isinstance(days, dict):
        return list_all(pid, days)
    with writing() as session:
        other = table.announce(session, actor, pid, days, bool(form.get("valves")), today)
    if other:
        return list_all(pid, {"starts": "overlap"}, other)
    return redirect_to(f"/properties/{pid.public_id}/absences?done=told")
