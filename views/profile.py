"""The profile and the devices that are logged in (A18)."""

from flask import Blueprint, Response, request

from auth.access import Right
from auth.guard import needs
from auth.state import reading, somebody, state, writing
from models import accounts, sessions
from models.audit import record
from models.types import utc_now
from views.pages import page, redirect_to

profile = Blueprint("profile", __name__)


@profile.get("/profile")
@needs("settings", Right.VIEW)
def show() -> Response:
    """Who I am here."""
    contacts = accounts.contacts(reading(), somebody().user_id)
    return page("profile/page.html", current="profile", contacts=contacts, changed=request.args.get("changed", ""))


@profile.get("/profile/sessions")
@needs("settings", Right.VIEW)
def devices() -> Response:
    """Where I am logged in."""
    live = sessions.live(reading(), somebody().user_id, utc_now(), state().settings.idle)
    return page("profile/sessions.html", current="profile", sessions=live)


@profile.post("/profile/sessions/<sid>/end")
@needs("settings", Right.ACT)
def end(sid: int) -> Response:
    """End one of them; its next request finds nobody."""
    person = somebody()
    with writing() as session:
        sessions.end(session, person.user_id, sid, utc_now())
        record(session, person.actor(), "session.ended", object_type="session", object_id=sid)
    return redirect_to("/login" if sid == person.session_id else "/profile/sessions")


@profile.post("/profile/sessions/end-others")
@needs("settings", Right.ACT)
def end_others() -> Response:
    """End every session but this one."""
    person = somebody()
    with writing() as session:
        sessions.end_others(session, person.user_id, person.session_id, utc_now())
        record(session, person.actor(), "session.ended_others")
    return redirect_to("/profile/sessions")


@profile.post("/session/extend")
@needs("settings", Right.VIEW)
def extend() -> Response:
    """The person is still here: the guard has noted it."""
    return Response(status=204)
