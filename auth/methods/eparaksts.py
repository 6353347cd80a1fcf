"""Login by eParaksts of LVRTC (A09; OG-09, LG-03): OAuth 2.0 and a userinfo call, as documented; no id_token.

There is nothing to verify by a signature: trust is TLS to the configured host, the state and the client's secret. The
person is her serial number, for `sub` is another one with each means of hers (identity-and-money.md §1).
"""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from auth.methods.base import Begun, Person, Refused, basic, bearer, code_of, of_serial
from models.providers import Eparaksts
from models.remote import Remote

SCOPE = "urn:lvrtc:fpeil:aa"
_FLOW = "urn:eparaksts:authentication:flow:"
# The button → what is asked for; a card can be read by a reader or by a telephone.
FLOWS = {"mobile": f"{_FLOW}mobileid", "eid": f"{_FLOW}sc_plugin|{_FLOW}mobile-eid"}
# What may come back; all else is closed. The platform has changed what it says twice, so these are lists.
ACRS = {
    "urn:safelayer:tws:policies:authentication:level:high",
    *(_FLOW + flow for flow in ("mobileid", "mobileid:cross-device", "sc_plugin", "mobile-eid")),
}
_METHOD = "tws:policies:authentication:adaptive:methods:"
AMRS = {f"urn:safelayer:{_METHOD}mobileid", f"urn:eparaksts:{_METHOD}sc_plugin"}


class Service:
    """The service, as a site's contract opens it."""

    def __init__(self, contract: Eparaksts, remote: Remote) -> None:
        """Nothing is asked yet."""
        self.contract, self._remote = contract, remote
        self._authorize = f"{contract.host}/trustedx-authserver/oauth/{contract.server}"

    def begin(self, kind: str, redirect_uri: str, language: str) -> Begun:
        """Where to send a person; `kind` is a key of `FLOWS`."""
        state = secrets.token_urlsafe(32)
        query = {
            "response_type": "code", "client_id": self.contract.client_id, "redirect_uri": redirect_uri,
            "state": state, "scope": SCOPE, "prompt": "login", "acr_values": FLOWS[kind], "ui_locales": language,
        }  # fmt: skip
        return Begun(f"{self._authorize}?{urlencode(query)}", state)

    def finish(self, answer: Mapping[str, str], begun: Begun, redirect_uri: str) -> Person:
        """Who came back. Raises `Cancelled`, `Refused` or `ProviderAway`."""
        code = code_of(answer, begun)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        credentials = basic(self.contract.client_id, self.contract.secret)
        token = self._remote.ask(f"{self._authorize}/token", form, credentials)
        address = f"{self.contract.host}/trustedx-resources/openid/v1/users/me"
        return self._person(self._remote.ask(address, headers={"Authorization": f"Bearer {bearer(token)}"}))

    def logout(self, back: str) -> str:
        """Where to send somebody who ends her session there too."""
        return f"{self.contract.host}/trustedx-authserver/lvrtc-eipsign-idp/logout?{urlencode({'redirect_uri': back})}"

    def _person(self, told: Any) -> Person:
        """Raises `Refused` for every strength and every kind of person that is not known."""
        if not isinstance(told, dict) or told.get("domain") != "citizen":
            raise Refused("domain")
        acr, amr, name = told.get("acr"), told.get("amr"), told.get("name")
        if not isinstance(acr, str) or acr not in ACRS:
            raise Refused("acr")
        if not isinstance(amr, list) or not amr or not all(isinstance(one, str) and one in AMRS for one in amr):
            raise Refused("amr")
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise Refused("name")
        subject, code = of_serial(told.get("serial_number"))
        told = {"told_by": self.contract.host} if self.contract.logout else {}
        return Person(self.contract.host, subject, " ".join(name.split())[:200], code, acr, told)
