"""A small bank for the demo: an OpenID provider with four invented people, a button for each and one to cancel.

It does what the real ones document (identity-and-money.md §3) and keeps everything in memory. Never in production.
"""

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Flask, Response, jsonify, redirect, render_template, request
from joserfc import jwt
from joserfc.jwk import RSAKey

from models.types import utc_now

WELL_KNOWN = "/.well-known/openid-configuration"
CODE_SECONDS = 60
TOKEN_SECONDS = 300
WORDS = {
    "lv": {"what": "Tikai demonstrācijai: šeit nevienu nepārbauda. Izvēlieties, kas Jūs esat.", "cancel": "Atcelt"},
    "en": {"what": "For demonstration only: nobody is checked here. Choose who you are.", "cancel": "Cancel"},
    "ru": {"what": "Только для демонстрации: здесь никого не проверяют. Выберите, кто вы.", "cancel": "Отменить"},
}


@dataclass(frozen=True)
class Client:
    """A portal that may ask."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]


@dataclass
class Bank:
    """One provider: whom it knows, who may ask, and the codes that are on their way."""

    issuer: str
    name: str
    client: Client
    people: Mapping[str, Mapping[str, Any]]  # subject → claims
    hints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # subject → who that is, by language
    acr: str = "urn:demo:substantial"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "1"}))
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # access token → subject

    def app(self) -> Flask:
        """The provider as an application."""
        app = Flask(__name__, static_folder=None, template_folder=".")
        self.install(app)
        return app

    def install(self, app: Flask) -> None:
        """Its addresses."""
        app.add_url_rule(WELL_KNOWN, view_func=lambda: jsonify(self.metadata()), endpoint="meta")
        app.add_url_rule("/jwks", view_func=lambda: jsonify(self.keys()), endpoint="jwks")
        app.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self.userinfo)
        app.add_url_rule("/logout", view_func=self.logout)

    def metadata(self) -> dict[str, Any]:
        """What discovery tells."""
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
        ends = {f"{end}_endpoint": f"{self.issuer}/{path}" for end, path in names.items()}
        return ends | {
            "issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self) -> Response | str:
        """Ask who somebody is, and send her back with a code or with her refusal."""
        asked = request.args
        if asked.get("client_id") != self.client.id or asked.get("redirect_uri") not in self.client.redirect_uris:
            return Response("unknown client", 400)
        if error := self.wrong(asked):
            return self._back({"error": error})
        if request.method == "GET":
            return self._page(asked.get("ui_locales", "lv"))
        subject = request.form.get("person", "")
        if subject not in self.people:
            return self._back({"error": "access_denied"})
        code = secrets.token_urlsafe(24)
        about = {"subject": subject, "until": utc_now().timestamp() + CODE_SECONDS, "sid": secrets.token_urlsafe(12)}
        self.grants[code] = {**asked.to_dict(), **about}
        return self._back({"code": code})

    def _page(self, language: str) -> str:
        language = language if language in WORDS else "lv"
        about = {"name": self.name, "people": self.people, "hints": self.hints}
        return render_template("bank.html", language=language, words=WORDS[language], **about)

    def wrong(self, asked: Mapping[str, str]) -> str:
        """What is wrong with a request, as the specification calls it."""
        fine = asked.get("code_challenge_method") == "S256" and asked.get("response_type") == "code"
        return "" if fine else "invalid_request"

    def _back(self, answer: dict[str, str]) -> Response:
        query = self.answer(answer | {"state": request.args.get("state", ""), "iss": self.issuer})
        return redirect(f"{request.args['redirect_uri']}?{urlencode(query)}", 303)  # type: ignore[return-value]

    def answer(self, query: dict[str, str]) -> dict[str, str]:
        """What stands in the address of the return."""
        return query

    def token(self) -> tuple[Response, int] | Response:
        """Tokens for a code: once, to the client that asked, who knows the verifier."""
        grant = self.grants.pop(request.form.get("code", ""), None)
        if not self._is_client():
            return jsonify(error="invalid_client"), 401
        if grant is None or grant["until"] < utc_now().timestamp() or not self.fits(grant, request.form):
            return jsonify(error="invalid_grant"), 400
        secret = secrets.token_urlsafe(24)
        self.tokens[secret] = grant["subject"]
        answer = {"access_token": secret, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return jsonify(answer | self.more(grant, secret))

    def fits(self, grant: Mapping[str, Any], form: Mapping[str, str]) -> bool:
        """Whether who brings a code is who asked for it."""
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(proof).rstrip(b"=").decode()
        return bool(grant["code_challenge"] == challenge and grant["redirect_uri"] == form.get("redirect_uri"))

    def more(self, grant: Mapping[str, Any], secret: str) -> dict[str, str]:
        """What comes with the access token."""
        return {"id_token": self.sign(self.claims(grant, secret))}

    def _is_client(self) -> bool:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        name, _, secret = b64decode(text).decode().partition(":")
        return kind == "Basic" and (unquote(name), unquote(secret)) == (self.client.id, self.client.secret)

    def claims(self, grant: Mapping[str, Any], secret: str) -> dict[str, Any]:
        """What the id_token says."""
        now, half = int(utc_now().timestamp()), hashlib.sha256(secret.encode()).digest()[:16]
        return {
            "iss": self.issuer, "aud": self.client.id, "sub": grant["subject"], "iat": now, "exp": now + TOKEN_SECONDS,
            "nonce": grant.get("nonce", ""), "acr": self.acr, "auth_time": now, "sid": grant["sid"],
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(), **self.people[grant["subject"]],
        }  # fmt: skip

    def sign(self, claims: dict[str, Any]) -> str:
        """An id_token."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def userinfo(self) -> tuple[Response, int] | Response:
        """The claims again, for who holds the access token."""
        subject = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if subject is None:
            return jsonify(error="invalid_token"), 401
        return jsonify({"sub": subject, **self.people[subject]})

    def logout(self) -> Response:
        """Back to where the portal wants; it has forgotten everybody at once."""
        back = request.args.get("post_logout_redirect_uri") or request.args.get("redirect_uri", "")
        ours = tuple(uri.split("/login/")[0] + "/" for uri in self.client.redirect_uris)
        return redirect(back, 303) if back.startswith(ours) else Response("signed out")  # type: ignore[return-value]
