"""Login at a bank or broker by OpenID Connect (A08; OG-08, OG-19, LG-03): one strict client for all of them.

Code with PKCE, nonce and `iss` (RFC 7636, 9207, 9700); what the provider returned is checked before anything that
follows from it is asked for. Facts about providers: identity-and-money.md §3; security rules 3 to 5.
"""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from auth.methods.base import Begun, Person, Refused, basic, bearer, code_of
from auth.methods.oidc_logout import LEEWAY, named_in, told_of
from models.providers import Documents, Provider
from models.remote import ProviderAway, Remote
from models.rules.identifiers import normal_identifier

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384")
_HEADER = 16_384  # bytes of a token's header: some send a chain of certificates
_TOKEN = 64_000  # characters of an id_token


class Oidc:
    """One provider, as a site configures it."""

    def __init__(self, provider: Provider, documents: Documents, remote: Remote) -> None:
        """Nothing is asked yet."""
        self.provider, self._documents, self._remote = provider, documents, remote

    def begin(self, redirect_uri: str, language: str) -> Begun:
        """Where to send a person, and what to keep for her return. Raises `ProviderAway`."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # here: 17 MB that no page needs

        meta = self._metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        query = {
            "response_type": "code", "client_id": self.provider.client_id, "redirect_uri": redirect_uri,
            "scope": self.provider.scope, "state": state, "nonce": nonce, "ui_locales": language,
            "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        if self.provider.acr_values:
            query["acr_values"] = self.provider.acr_values
        at = meta["authorization_endpoint"]
        return Begun(f"{at}{'&' if urlsplit(at).query else '?'}{urlencode(query)}", state, nonce, verifier)

    def finish(self, answer: Mapping[str, str], begun: Begun, redirect_uri: str, now: int) -> Person:
        """Who came back. `answer` is the query of the return, `now` in seconds since 1970.

        Raises `Cancelled`, `Refused` or `ProviderAway`; each check that fails ends it before the next call.
        """
        code = self._code(answer, begun)
        meta = self._metadata()
        token = self._redeem(meta, code, begun.verifier, redirect_uri)
        claims = self._claims(meta, token, begun.nonce, now)
        if self.provider.userinfo:
            claims |= self._userinfo(meta, token, claims["sub"])
        person = self._person(claims)
        return replace(person, told=told_of(self.provider, claims, token["id_token"]))

    def farewell(self, back: str, hint: str) -> str | None:
        """Where somebody signs out there (RP-Initiated Logout 1.0), if anywhere; `hint`: her id_token, or nothing."""
        at = self._metadata().get("end_session_endpoint")
        if not self._usable(at):
            return None
        query = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back}
        return f"{at}{'&' if urlsplit(at).query else '?'}{urlencode(query | ({'id_token_hint': hint} if hint else {}))}"

    def ended(self, text: str, now: int) -> tuple[dict[str, str], str]:
        """Whose sessions end by this logout_token (Back-Channel Logout 1.0 §2.6), and its `jti`.

        Raises `Refused` or `ProviderAway`.
        """
        from joserfc.errors import JoseError  # as above

        meta = self._metadata()
        try:
            signed = self._verified(meta, text[:_TOKEN], _names(meta))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(f"logout_token: {type(error).__name__}") from None
        return named_in(signed, self.provider, now)

    def _code(self, answer: Mapping[str, str], begun: Begun) -> str:
        code, issuer = code_of(answer, begun), answer.get("iss")
        if issuer != self.provider.issuer and (issuer is not None or self._says_issuer()):
            raise Refused("iss of the answer")
        return code

    def _says_issuer(self) -> bool:
        return self._metadata().get("authorization_response_iss_parameter_supported") is True

    def _metadata(self) -> dict[str, Any]:
        """The provider's own description. Raises `ProviderAway` where it is not about the configured issuer."""
        address = self.provider.issuer + "/.well-known/openid-configuration"
        meta: dict[str, Any] = self._documents.get(address, lambda: self._described(self._remote.ask(address)))
        return meta

    def _described(self, meta: Any) -> dict[str, Any]:
        ends = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
        ends += ["userinfo_endpoint"] if self.provider.userinfo else []
        if not isinstance(meta, dict) or meta.get("issuer") != self.provider.issuer:
            raise ProviderAway("another issuer")
        for end in ends:
            if not self._usable(meta.get(end)):
                raise ProviderAway(end)
        offered = meta.get("id_token_signing_alg_values_supported", ["RS256"])
        if not isinstance(offered, list) or not {*ALGORITHMS} & {one for one in offered if isinstance(one, str)}:
            raise ProviderAway("no algorithm that is taken")
        return meta

    def _usable(self, address: Any) -> bool:
        """Whether something is an address, and as safe as the issuer's own."""
        schemes = ("https",) if self.provider.issuer.startswith("https://") else ("https", "http")
        return isinstance(address, str) and urlsplit(address).scheme in schemes

    def _redeem(self, meta: Mapping[str, Any], code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The answer to the code: its tokens."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        }  # fmt: skip
        token = self._remote.ask(meta["token_endpoint"], form, basic(self.provider.client_id, self.provider.secret))
        bearer(token)
        if not isinstance(token.get("id_token"), str) or len(token["id_token"]) > _TOKEN:
            raise Refused("id_token")
        return dict(token)

    def _claims(self, meta: Mapping[str, Any], token: Mapping[str, Any], nonce: str, now: int) -> dict[str, Any]:
        """What the id_token says, after its signature and every claim were checked."""
        from authlib.oidc.core import CodeIDToken  # as above
        from joserfc.errors import JoseError

        options: Any = {
            "iss": {"essential": True, "value": self.provider.issuer}, "sub": {"essential": True},
            "aud": {"essential": True, "value": self.provider.client_id},
        }  # fmt: skip
        if self.provider.acr:
            options["acr"] = {"essential": True, "values": [*self.provider.acr]}
        params = {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")}
        try:
            signed = self._verified(meta, token["id_token"], _names(meta))
            claims = CodeIDToken(signed.claims, signed.header, options, params)
            claims.validate(now, LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(f"id_token: {type(error).__name__}") from None
        fine = all(math.isfinite(claims[time]) for time in ("exp", "iat")) and len(claims["sub"]) <= 255
        if not fine or not isinstance(claims.get("acr", ""), str):
            raise Refused("id_token: a claim")
        return dict(claims)

    def _verified(self, meta: Mapping[str, Any], text: str, names: Sequence[str]) -> Any:
        """The token, its signature checked by the provider's published keys; once more with fresh ones if it fails."""
        from joserfc.errors import JoseError  # as above

        address = meta["jwks_uri"]

        def ask() -> Any:
            return _keys(self._remote.ask(address))

        try:
            return _decode(text, self._documents.get(address, ask), names)
        except (JoseError, ValueError, TypeError, KeyError):
            fresh = self._documents.renew(address, ask)
            if fresh is None:  # they were asked for less than a minute ago
                raise
            return _decode(text, fresh, names)

    def _userinfo(self, meta: Mapping[str, Any], token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        more = self._remote.ask(meta["userinfo_endpoint"], headers={"Authorization": f"Bearer {bearer(token)}"})
        if not isinstance(more, dict) or more.get("sub") != subject:
            raise Refused("userinfo of somebody else")
        return {name: value for name, value in more.items() if name not in ("iss", "aud", "acr", "amr", "auth_time")}

    def _person(self, claims: Mapping[str, Any]) -> Person:
        """The claims that the site's map names. Raises `Refused` without a name or with a code that is none."""
        found = {key: _at(claims, path) for key, path in self.provider.claims.items()}
        name = found.get("name") or " ".join(filter(None, (found.get("given"), found.get("family"))))
        if not name or found.get("country", "LV") != "LV":
            raise Refused("claims")
        typed = found.get("code")
        try:
            code = normal_identifier(typed) if typed else None
        except ValueError:
            raise Refused("personal code") from None
        return Person(self.provider.issuer, claims["sub"], " ".join(name.split())[:200], code, claims.get("acr"))


def _names(meta: Mapping[str, Any]) -> list[str]:
    """The algorithms that the provider offers and we take."""
    return [name for name in ALGORITHMS if name in meta.get("id_token_signing_alg_values_supported", ["RS256"])]


def _keys(document: Any) -> Any:
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ProviderAway("jwks")
    return document


def _decode(text: str, document: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The token, verified by the one key that it names, or by the only key that there is."""
    from joserfc import jwt  # as above
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=[*names])
    registry.max_header_length = _HEADER
    usable = [key for key in document["keys"] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    public = [key for key in usable if key.get("kty") in ("RSA", "EC")]  # never a shared secret
    return jwt.decode(text, KeySet.import_key_set({"keys": public}), registry=registry)


def _at(claims: Any, path: Sequence[str | int]) -> str | None:
    """The text at a path of names and places; keys may hold dots, so a path is a list."""
    for step in path:
        if isinstance(claims, dict) and isinstance(step, str):
            claims = claims.get(step)
        elif isinstance(claims, list) and isinstance(step, int) and -len(claims) <= step < len(claims):
            claims = claims[step]
        else:
            return None
    return claims if isinstance(claims, str) and claims.isprintable() else None
