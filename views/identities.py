"""The banks and eParaksts that are connected with an account (A15; OG-20)."""

from typing import Any

from flask import Response, request
from sqlmodel import Session

from auth.state import reading, somebody, state, writing
from models import factors, identities
from models.types import utc_now
from views.account import unconfirmed
from views.pages import page, redirect_to
from views.routes import Routes

linked = Routes("linked", __name__)
METHODS = "/profile/methods"


@linked.get(METHODS, "settings view")
def methods(status: int = 200, **words: Any) -> Response:
    """Which banks and eParaksts are connected, with what is wrong with the password that each change asks again."""
    told = {name: request.args.get(name, "") for name in ("changed", "trouble")}
    own = identities.own(reading(), somebody().user_id)
    offered = state().outside.offered
    return page("outside/methods.html", status=status, current="profile", own=own, offered=offered, **told | words)


@linked.post(METHODS + "/remove", "settings act")
def remove() -> Response:
    """Take one away, never the last way in; taken away twice is taken away."""
    if problem := unconfirmed():
        return methods(**problem)
    person, number = somebody(), request.form.get("identity", "")
    gone = False
    with writing() as session:
        if number.isascii() and number.isdigit() and len(number) < 10:
            gone = identities.unlink(session, person.actor(), int(number))
        if gone:
            factors.tell(session, person.user_id, "identity_unlinked")
    return redirect_to(METHODS + ("?changed=unlinked" if gone else ""))


def claim(session: Session, user_id: int) -> None:
    """The customers of her proved code are hers, as far as the site lets people register (OG-02)."""
    asked = state().site.registration
    owners_on = state().clock.today() if asked and asked.who == "owners" else None
    identities.claim(session, user_id, utc_now(), owners_on)
