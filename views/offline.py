"""Where there is no connection: what a remembered device shows instead of a page, its worker, its name (D18)."""

import json

from flask import Response, abort, g, make_response

from auth.access import Right, may
from auth.state import reading, state, visitor
from models import cards
from views.language import render
from views.pages import Shell, assets
from views.routes import Routes

offline = Routes("offline", __name__)


@offline.get("/offline", "public")
def show() -> Response:
    """What a remembered device shows in place of any page: an empty field per dial, nobody's name and no address.

    It keeps this page until the next one comes, so nothing in it may tell more than docs/decisions/0028 lets it.
    """
    shell, today = Shell(None, "meters"), state().clock.today()
    person, shell.visitor = shell.visitor, None
    if person is None or not person.device:
        abort(404)
    open_to_her = (one for one in g.reach.places if may(state().site, person, "meters", one) >= Right.ACT)
    places = {place.id: place.public_id for place in open_to_her if not place.has_ended(today)}
    told = {"dials": cards.named(reading(), places, today), "places": places, "device": person.device, "today": today}
    return make_response(render("meters/offline.html", shell=shell, status=200, **told))


@offline.get("/sw.js", "public")
def worker() -> Response:
    """The service worker of a remembered device; for any other one that goes, and takes along what it kept."""
    person = visitor()
    name = "sw.js" if person and person.device else "gone.js"
    return Response(assets().content(name), mimetype="text/javascript")


@offline.get("/manifest.webmanifest", "public")
def manifest() -> Response:
    """How the portal is called where somebody puts it on her home screen."""
    site, icon = state().site, {"src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml"}
    said = {"name": site.name, "short_name": site.short_name, "start_url": "/", "display": "minimal-ui"}
    return Response(json.dumps(said | {"icons": [icon]}), mimetype="application/manifest+json")
