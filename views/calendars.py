"""The calendar that a telephone subscribes to: its secret address, and what stands behind it (D22)."""

from datetime import UTC, datetime, timedelta

from flask import Response, abort, g, request

from auth.access import Right, may
from auth.scope import Reach
from auth.state import reading, somebody, state, writing
from auth.visitor import Visitor
from models import calendars, noticeboard, tokens
from models.audit import record
from models.places import Place
from models.rules.icalendar import Days, icalendar
from models.types import AnyRow, utc_now
from views.language import text
from views.pages import page, redirect_to
from views.routes import Routes

calendar = Routes("calendars", __name__)
_PAGE = "/profile/calendar"


@calendar.get(_PAGE, "settings view")
def show(address: str = "") -> Response:
    """Whether there is an address; it is shown on the page that makes it and on no other."""
    made = calendars.made(reading(), somebody().user_id)
    return page("profile/calendar.html", current="profile", made=made, address=address)


@calendar.post(_PAGE, "settings act")
def make() -> Response:
    """Make an address; the one before opens nothing any more."""
    person = somebody()
    with writing() as session:
        secret = tokens.issue(session, calendars.PURPOSE, person.user_id, calendars.LIFETIME, utc_now())
        record(session, person.actor(), "calendar.opened")
    return show(f"{state().settings.base_url}/calendar/{secret}.ics")


@calendar.post(_PAGE + "/off", "settings act")
def switch_off() -> Response:
    """The address opens nothing any more."""
    person = somebody()
    with writing() as session:
        tokens.void(session, calendars.PURPOSE, person.user_id, utc_now())
        record(session, person.actor(), "calendar.closed")
    return redirect_to(_PAGE)


@calendar.get("/calendar/<token>.ics", "public")
def feed(token: str) -> Response:
    """The calendar behind an address: what a login by password would show, in her language."""
    found = tokens.look(reading(), calendars.PURPOSE, token, utc_now())
    row = found and calendars.whose(reading(), found.user_id)
    if not row:
        abort(404)
    held = state()
    g.language = row.language if row.language in held.site.languages else held.site.languages[0]
    body = icalendar(held.site.name, _entries(row), held.clock.today())
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _entries(row: AnyRow) -> list[Days]:
    """Her days in words, as somebody sees them who has logged in long ago and by nothing strong."""
    held = state()
    long_ago = datetime.min.replace(tzinfo=UTC)
    person = Visitor(row.id, 0, "", "", row.language, row.role, "password", None, long_ago, False)
    reach, today = Reach(person, held.clock.today(), timedelta()), held.clock.today()

    def sees(section: str, place: Place | None = None) -> bool:
        return may(held.site, person, section, place) >= Right.VIEW

    places = [place for place in reach.places if not place.has_ended(today)]
    days = calendars.days(reading(), held.site, places, sees, today)
    if sees("notices"):
        told = noticeboard.of(reading(), reach.reader())
        days += calendars.works(told, lambda moment: held.clock.local(moment).date(), today)
    words = {
        "window": text("Submit meter readings"), "due": text("An invoice is due"), "works": text("Planned works"),
        "verification": text("A meter has to be verified"), "replacement": text("A meter has to be replaced"),
    }  # fmt: skip
    base, host = held.settings.base_url, held.settings.base_url.partition("//")[2]
    return [Days(f"{d.what}-{d.about}@{host}", d.first, d.last, words[d.what], f"{base}{d.path}") for d in days]
