"""The profile: language, appearance, and the devices that are logged in (A18, I01, I05)."""

import sqlalchemy as sa
from flask import Response, g, request
from sqlmodel import col

from auth.guard import NotLoggedIn
from auth.state import reading, somebody, state, visitor, writing
from models import accounts, sessions
from models.audit import record
from models.people import User
from models.types import utc_now
from views.assets import THEMES
from views.pages import YEAR, page, redirect_to, set_cookie
from views.routes import Routes

profile = Routes("profile", __name__)


@profile.get("/profile", "settings view")
def show() -> Response:
    """Who I am here."""
    contacts = accounts.contacts(reading(), somebody().user_id)
    return page("profile/page.html", current="profile", contacts=contacts, changed=request.args.get("changed", ""))


@profile.get("/profile/language", "settings view")
def language() -> Response:
    """In which language pages and letters are (I01)."""
    return page("profile/language.html", current="profile", chosen=somebody().language or g.language)


@profile.post("/profile/language", "settings act")
def set_language() -> Response:
    """Keep the language, on this device and for letters."""
    chosen = request.form.get("language", "")
    if chosen not in state().site.languages:
        return page("profile/language.html", status=422, current="profile", chosen=chosen)
    _keep(language=chosen)
    response = redirect_to("/profile?changed=language")
    set_cookie(response, state().settings.cookie("lang"), chosen, max_age=YEAR)
    return response


@profile.get("/profile/appearance", "settings view")
def appearance() -> Response:
    """Light, dark, or as the device has it (I05)."""
    return page("profile/appearance.html", current="profile", chosen=somebody().theme or "device")


@profile.post("/profile/appearance", "settings act")
def set_appearance() -> Response:
    """Keep how the pages look, on every device."""
    chosen = request.form.get("theme", "")
    if chosen not in ("device", *THEMES):
        return page("profile/appearance.html", status=422, current="profile", chosen=chosen)
    _keep(theme=None if chosen == "device" else chosen)
    return redirect_to("/profile?changed=appearance")


def _keep(**wish: str | None) -> None:
    """Store it on the user, with who did it."""
    person = somebody()
    with writing() as session:
        session.execute(sa.update(User).where(col(User.id) == person.user_id).values(wish))
        record(session, person.actor(), "profile.changed", object_type="user", object_id=person.user_id, detail=wish)


@profile.get("/profile/sessions", "settings view")
def devices() -> Response:
    """Where I am logged in."""
    live = sessions.live(reading(), somebody().user_id, utc_now(), state().settings.idle)
    return page("profile/sessions.html", current="profile", sessions=live)


@profile.post("/profile/sessions/<sid>/end", "settings act", limit=None)
def end(sid: int) -> Response:
    """End one of them; its next request finds nobody."""
    person = somebody()
    with writing() as session:
        sessions.end(session, person.user_id, sid, utc_now())
        record(session, person.actor(), "session.ended", object_type="session", object_id=sid)
    return redirect_to("/login" if sid == person.session_id else "/profile/sessions")


@profile.post("/profile/sessions/end-others", "settings act", limit=None)
def end_others() -> Response:
    """End every session but this one."""
    person = somebody()
    with writing() as session:
        sessions.end_others(session, person.user_id, person.session_id, utc_now())
        record(session, person.actor(), "session.ended_others")
    return redirect_to("/profile/sessions")


@profile.post("/session/extend", "public", limit=None)
def extend() -> Response:
    """The person, of whatever role, is still here: the guard has noted it."""
    if visitor() is None:
        raise NotLoggedIn
    return Response(status=204)
