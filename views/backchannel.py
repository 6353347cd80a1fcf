"""A bank or broker ends sessions here that it has opened (OpenID Connect Back-Channel Logout 1.0; A08)."""

import logging

from flask import Response, jsonify, make_response, request
from sqlmodel import Session

from auth.methods.base import Refused
from auth.state import state, writing
from models import pending, sessions
from models.audit import Actor, record
from models.remote import ProviderAway
from models.types import utc_now
from views.routes import Routes

backchannel = Routes("backchannel", __name__)
_log = logging.getLogger(__name__)


@backchannel.post("/login/bank/<name>/logout", "signed")
def ended(name: str) -> Response:
    """From server to server: exactly the sessions that its signed logout_token names."""
    try:
        issuer, named, once = state().outside.ended(name, request.form.get("logout_token", ""))
        with writing() as session:
            _end(session, issuer, named, once)
        return jsonify({})
    except (Refused, ProviderAway) as refused:
        _log.warning("logout by a provider refused: %s", refused)  # no audit row for what anybody could send
        return make_response({"error": "invalid_request"}, 400)


def _end(session: Session, issuer: str, named: dict[str, str], once: str) -> None:
    """Raises `Refused` for a token that was here before; it is remembered for longer than it could be valid."""
    now, name = utc_now(), f"{issuer} {once}"
    if pending.look(session.connection(), "logout", name, now):
        raise Refused("logout_token: jti")
    pending.begin(session, "logout", None, now, name)
    for user_id in sessions.end_told(session, issuer, named, now):
        record(session, Actor(user_id, "web", session_method="bank"), "logout.by_provider")
