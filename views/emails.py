"""Another e-mail address: asked for with the password, confirmed by a link (A16; LU-46, LU-47)."""

from typing import Any

from flask import Response, request

from auth.state import reading, somebody, state, visitor, writing
from models import accounts, tokens
from models import emails as verbs
from models.types import AnyRow, utc_now
from views.account import typed_email, unconfirmed
from views.pages import page, redirect_to
from views.routes import Routes

emails = Routes("emails", __name__)


@emails.get("/profile/email", "settings act")
def form(status: int = 200, **more: Any) -> Response:
    """The address, the one that waits for its confirmation, and the form for another."""
    row = accounts.contacts(reading(), somebody().user_id)
    words: dict[str, Any] = {"bad": "", "sent": "sent" in request.args} | more
    typed = request.form.get("email", "")[:254]
    return page("account/email.html", status=status, current="profile", row=row, typed=typed, **words)


@emails.post("/profile/email", "settings act")
def ask() -> Response:
    """The same answer whether the address is another's or not (security rule 7)."""
    address, bad = typed_email()
    if address and address == accounts.contacts(reading(), somebody().user_id).email:
        bad = "same"
    problem = {} if bad and request.form.get("old") else unconfirmed()
    if bad or problem or not address:
        words: dict[str, Any] = {"status": 422, "bad": bad} | problem
        return form(**words)
    return _send(address)


@emails.post("/profile/email/wanted", "settings act")
def wanted() -> Response:
    """The link once more, or no other address after all."""
    address = accounts.contacts(reading(), somebody().user_id).email_wanted
    if address and request.form.get("act") == "again":
        return _send(address)
    with writing() as session:
        verbs.cancel(session, somebody().actor(), utc_now())
    return redirect_to("/profile/email")


def _send(address: str) -> Response:
    with writing() as session:
        wait = verbs.ask(session, somebody().actor(), address, utc_now())
    return form(429, wait=wait) if wait else redirect_to("/profile/email?sent=1")


@emails.get("/profile/email/confirm/<token>", "public")
def link(token: str) -> Response:
    """The button behind the link: it is used up by POST only, because scanners open links (security rule 6)."""
    found = _found(token)
    if found is None:
        return _void()
    name = accounts.contacts(reading(), found.user_id).name  # so that nobody confirms for another's account
    return page("account/confirm.html", token=token, address=found.detail["address"], name=name)


@emails.post("/profile/email/confirm/<token>", "public")
def confirm(token: str) -> Response:
    """It is the address of the account now; every other session ends."""
    held, person = state(), visitor()
    kept = person.session_id if person else 0
    former = verbs.confirm(held.database, token, kept, utc_now()) if _found(token) else None
    if former is None:
        return _void()
    if former and person:
        return redirect_to("/profile?changed=email")
    return redirect_to("/profile/email/confirmed" + ("" if former else "?first=1"))


@emails.get("/profile/email/confirmed", "public")
def confirmed() -> Response:
    """For who confirmed on another device than she is signed in on, and for her very first address (OG-17)."""
    return page("account/confirmed.html", first="first" in request.args)


def _found(token: str) -> AnyRow | None:
    """What a link confirms; None where it does not work, or somebody else is signed in here."""
    found, person = tokens.look(reading(), verbs.PURPOSE, token, utc_now()), visitor()
    return found if found and (person is None or person.user_id == found.user_id) else None


def _void() -> Response:
    return page("passwords/void.html", status=410, again="/profile/email")
