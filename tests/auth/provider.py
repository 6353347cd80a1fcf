"""A bank of our own with a switch for every fault, and one login there and back as a browser does it."""

import hmac
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from flask import Flask, Response, request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from werkzeug.serving import make_server

from auth.methods.oidc_logout import EVENT
from auth.methods.outside import SCRIPT, Outside
from demo.bank import Bank, Client
from demo.eparaksts import Stand
from models.providers import Eparaksts, Provider
from tests.auth.cards import site_with_cards
from views.assets import Assets

BACK = "http://localhost/login/bank/demo/return"
ANNA = "PNOLV-120365-11114"
PEOPLE = {
    ANNA: {"name": "ANNA OZOLIŅA", "country": "LV", "given_name": "ANNA", "family_name": "OZOLIŅA", "attributes": {"https://x.example/code": "120365-11114", "codes": ["120365-11114"]}},
    "SE-1": {"name": "SVEN", "country": "SE"},
}  # fmt: skip
KEYS = {number: RSAKey.generate_key(2048, {"use": "sig", "kid": number}) for number in ("1", "2")}
EC = ECKey.generate_key("P-256", {"use": "sig", "kid": "ec"})
Kind = TypeVar("Kind", bound=Bank)
Change = Callable[[Any], Any]


@dataclass
class Hostile(Bank):
    """A bank that is as good as `Bank` until something is changed."""

    changes: dict[str, Change] = field(default_factory=dict)  # by what is answered
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "1"})
    signed_with: Any = field(default_factory=lambda: KEYS["1"])
    published: list[Any] = field(default_factory=lambda: [KEYS["1"].as_dict(private=False)])
    asked: list[str] = field(default_factory=list)  # paths

    def app(self) -> Flask:
        app = super().app()
        app.before_request(lambda: self.asked.append(request.path))
        app.after_request(self._changed)
        return app

    def _changed(self, response: Response) -> Response:
        change = self.changes.get(request.path)
        return change(response) if change else response

    def _with(self, what: str, value: Any) -> Any:
        return self.changes.get(what, lambda same: same)(value)

    def metadata(self) -> dict[str, Any]:
        return self._with("metadata", super().metadata())

    def keys(self) -> dict[str, Any]:
        return {"keys": self.published}

    def answer(self, query: dict[str, str]) -> dict[str, str]:
        return self._with("answer", query)

    def claims(self, grant: Any, secret: str) -> dict[str, Any]:
        return self._with("claims", super().claims(grant, secret))

    def logout_token(self, **changed: Any) -> str:
        """That Anna's sessions end, with these claims changed; None leaves one out."""
        now = int(time.time())
        own = {"iss": self.issuer, "aud": CLIENT.id, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(9), "sub": ANNA, "events": {EVENT: {}}}
        return self.sign({name: value for name, value in (own | changed).items() if value is not None})

    def sign(self, claims: dict[str, Any]) -> str:
        registry = JWSRegistry(algorithms=[self.header["alg"]])
        registry.max_header_length = 100_000
        return self._with("id_token", jwt.encode(self.header, claims, self.signed_with, registry=registry))


CLIENT = Client("portal", "s3cret:ā+ /", (BACK, "http://localhost/login/eparaksts/mobile/return", "http://localhost/login/eparaksts/eid/return"))


def bank() -> AbstractContextManager[Hostile]:
    """A running bank."""
    return serving(Hostile("", "Banka", CLIENT, PEOPLE))


@contextmanager
def serving(held: Kind) -> Iterator[Kind]:
    """A provider that answers, at an address of its own."""
    with serve(held.app()) as held.issuer:
        yield held


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """The address where an application answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)  # a test that fails ends all the same
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def set_up(app: Flask, **more: Any) -> Iterator[Hostile]:
    """Inside, the application has a bank and eParaksts that answer, and takes cards; `more` is said of the bank."""
    held = app.extensions["ekabinets"]
    folder, assets = TemporaryDirectory(), app.extensions["assets"]
    with folder as beside, bank() as ours, serving(Stand("", "eParaksts", CLIENT, {ANNA: PEOPLE[ANNA]})) as service:
        provider = Provider(slug="demo", name="Banka", issuer=ours.issuer, client_id="portal", secret=CLIENT.secret, **more)
        signs = Eparaksts(host=service.issuer, client_id="portal", secret=CLIENT.secret)
        set_up = {"providers": (provider,), "eparaksts": signs, "site": site_with_cards(Path(beside))}
        settings = held.settings.model_copy(update=set_up)
        app.extensions["assets"] = Assets(held.site, Path(beside) / "ours" / SCRIPT)
        app.extensions["ekabinets"] = replace(held, settings=settings, outside=Outside(held.site, settings, held.database))
        try:
            yield ours
        finally:
            app.extensions |= {"ekabinets": held, "assets": assets}


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_rest: Any) -> None:
        return None


def choose(url: str, person: str = ANNA) -> dict[str, str]:
    """Press a person's button on the bank's page; the query with which the browser comes back."""
    data = f"person={person}".encode() if person else b"cancel=1"
    try:
        build_opener(_Stay).open(Request(url, data))
    except HTTPError as redirect:
        return dict(parse_qsl(urlsplit(redirect.headers["Location"]).query))
    raise AssertionError("the bank sent nobody back")


def by_the_public_key(token: str) -> str:
    """The same token, signed with the published key as if that were a shared secret."""
    head, payload = urlsafe_b64encode(b'{"alg":"HS256","kid":"1"}').rstrip(b"="), token.split(".")[1].encode()
    proof = hmac.digest(KEYS["1"].as_pem(private=False), head + b"." + payload, "sha256")
    return b".".join((head, payload, urlsafe_b64encode(proof).rstrip(b"="))).decode()
