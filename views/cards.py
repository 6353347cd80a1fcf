"""Reading an identity card in the browser, a way of eParaksts where the operator has set it up (Web eID; A09)."""

from flask import Response, request

from auth.methods.outside import CARD
from auth.state import reading
from models import pending
from models.types import utc_now
from views.outside import returned, trouble
from views.pages import page
from views.routes import Routes
from views.second import cookie

cards = Routes("cards", __name__)


@cards.get(CARD, "public")
def ask() -> Response:
    """The question to the card, which the browser's own extension asks."""
    row = pending.look(reading(), "provider", cookie(), utc_now())
    if row is None or row.detail["name"] != "card":
        return trouble("login", "expired", "")
    return page("outside/card.html", nonce=row.detail["begun"]["nonce"], act=row.detail["act"])


@cards.post(CARD, "public")
def answer() -> Response:
    """What the card has signed."""
    return returned("eparaksts", "card", request.form)
