"""A stand-in for the eParaksts service: the addresses and answers that LVRTC documents. Never in production."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from auth.methods.eparaksts import FLOWS, SCOPE
from demo.bank import Bank

SERVER = "/trustedx-authserver/oauth/lvrtc-eipsign-as"
_METHODS = {
    "mobile": "urn:safelayer:tws:policies:authentication:adaptive:methods:mobileid",
    "eid": "urn:eparaksts:tws:policies:authentication:adaptive:methods:sc_plugin",
}


class Stand(Bank):
    """It knows no discovery, no key and no id_token; who somebody is tells the userinfo call."""

    def install(self, app: Flask) -> None:
        app.add_url_rule(SERVER, view_func=self.authorize, methods=["GET", "POST"])
        app.add_url_rule(f"{SERVER}/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/trustedx-resources/openid/v1/users/me", view_func=self.userinfo)
        app.add_url_rule("/trustedx-authserver/lvrtc-eipsign-idp/logout", view_func=self.logout)

    def wrong(self, asked: Mapping[str, str]) -> str:
        if asked.get("scope") != SCOPE:
            return "invalid_scope"
        fine = asked.get("response_type") == "code" and asked.get("acr_values") in FLOWS.values()
        return "" if fine else "invalid_request"

    def fits(self, grant: Mapping[str, Any], form: Mapping[str, str]) -> bool:
        return bool(grant["redirect_uri"] == form.get("redirect_uri"))

    def more(self, grant: Mapping[str, Any], secret: str) -> dict[str, str]:
        kind = next(kind for kind, flow in FLOWS.items() if flow == grant["acr_values"])
        self.tokens[secret] = f"{kind} {grant['subject']}"
        return {"scope": SCOPE}

    def userinfo(self) -> tuple[Response, int] | Response:
        held = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if held is None:
            return jsonify(error="invalid_token"), 401
        kind, subject = held.split(" ", 1)
        return jsonify(self.told(kind, subject))

    def told(self, kind: str, subject: str) -> dict[str, Any]:
        """What is told of a person: her names in capitals, and another `sub` with each means."""
        return {
            "sub": f"{kind}-{subject}", "domain": "citizen", "acr": FLOWS[kind].split("|")[0], "amr": [_METHODS[kind]],
            "serial_number": subject, **self.people[subject],
        }  # fmt: skip
