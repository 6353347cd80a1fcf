"""What people want to be written about, and the consent to offers (E04, I04, I05; LU-43, LG-16)."""

from flask import Response, request

from auth.state import reading, somebody, state, writing
from models import accounts, preferences
from models.audit import Actor
from models.preferences import KINDS, OFFERS
from models.types import utc_now
from views.pages import page, redirect_to
from views.routes import Routes

notifications = Routes("notifications", __name__)


@notifications.get("/profile/notifications", "settings view")
def show() -> Response:
    """What is sent to which address, and whether offers may be."""
    connection, person = reading(), somebody()
    chosen = preferences.chosen(connection, person.user_id)
    return page(
        "profile/notifications.html", current="profile", address=accounts.contacts(connection, person.user_id).email,
        kinds=[(kind, preferences.wanted(chosen, kind)) for kind in KINDS], offers=chosen.get(OFFERS),
        saved="saved" in request.args,
    )  # fmt: skip


@notifications.post("/profile/notifications", "settings act")
def save() -> Response:
    """One Save for all kinds: a box that is not ticked is not sent."""
    return _choose({kind: kind in request.form for kind in KINDS})


@notifications.post("/profile/consents", "settings act")
def consent() -> Response:
    """Give the consent to offers, or withdraw it; a form of its own, as nothing else depends on it."""
    return _choose({OFFERS: OFFERS in request.form})


def _choose(choices: dict[str, bool]) -> Response:
    with writing() as session:
        preferences.choose(session, somebody().actor(), choices, utc_now())
    return redirect_to("/profile/notifications?saved=1")


@notifications.get("/unsubscribe/<signature>", "signed")
def ask(signature: str) -> Response:
    """The page behind the link of a letter: scanners open links, so it only asks (security rule 6)."""
    return _unsubscribe(signature, done=False)


@notifications.post("/unsubscribe/<signature>", "signed", limit=None)
def stop(signature: str) -> Response:
    """Switch one kind of letter off, from that page or by the mail program itself, in one click (RFC 8058)."""
    return _unsubscribe(signature, done=True)


def _unsubscribe(signature: str, done: bool) -> Response:
    found = preferences.read_token(state().settings.secret_key, signature)
    if found is None:
        return page("passwords/void.html", status=410, again="")
    user_id, kind = found
    if done:
        with writing() as session:
            preferences.choose(session, Actor(user_id, "letter"), {kind: False}, utc_now())
    return page("profile/unsubscribe.html", kind=kind, done=done)
