"""Short desks of staff: requests that found no owner, hand-overs, absences (F09, B06, B08)."""

from datetime import timedelta

from flask import Response, abort, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import absences, access_requests, activity, handovers
from models.types import Source
from views.pages import page, redirect_to
from views.routes import Routes

desks = Routes("desks", __name__)
_REQUESTS, _PREMISES = "/staff/requests", "/staff/premises"
_PAGE = 50
_YEAR = timedelta(days=366)


def _decides() -> bool:
    return staff_right("customers", somebody().role) >= Right.ACT


def _number() -> int:
    typed = request.form.get("number", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else abort(404)


@desks.get(_REQUESTS, "staff customers view")
def requests() -> Response:
    """Who asks for access to what no owner with an account could be found for; they read that it was seen."""
    found, person = access_requests.for_staff(reading(), _PAGE + 1), somebody()
    with writing() as session:
        users = [row.user_id for row in found[:_PAGE]]
        activity.looked(session, "request", "settings", users, (), state().clock.today(), person.actor())
    done = request.args.get("done", "")
    return page("staff/requests.html", found=found[:_PAGE], more=found[_PAGE:], decides=_decides(), done=done)


@desks.post(_REQUESTS, "staff customers act")
def answered() -> Response:
    """A request to which somebody has replied; done twice it is done."""
    row = access_requests.one(reading(), _number())
    if row is not None:
        with writing() as session:
            access_requests.close(session, somebody().actor(), row, "access.answered")
    return redirect_to(f"{_REQUESTS}?done={'answered' if row else 'before'}")


@desks.get(_PREMISES, "staff customers view")
def premises() -> Response:
    """Hand-overs that wait for the new owner or for the billing system, and where nobody is or will be at home."""
    today, person = state().clock.today(), somebody()
    moving = handovers.waiting(reading(), today - _YEAR, _PAGE + 1)
    away = absences.everywhere(reading(), today, _PAGE + 1)
    with writing() as session:
        at = [row.premises_id for row in (*moving[:_PAGE], *away[:_PAGE])]
        activity.looked(session, "premises", "addresses", (), at, today, person.actor())
    return page(
        "staff/premises.html", moving=moving[:_PAGE], away=away[:_PAGE], more=moving[_PAGE:] or away[_PAGE:],
        decides=_decides(), done=request.args.get("done", ""),
    )  # fmt: skip


@desks.post(_PREMISES, "staff customers act")
def confirm() -> Response:
    """Confirm a hand-over in the new owner's place: her word is there on paper."""
    with writing() as session:
        is_done = handovers.answer(session, somebody().actor(), _number(), "confirmed", source=Source.STAFF)
    return redirect_to(f"{_PREMISES}?done={'confirmed' if is_done else 'before'}")
