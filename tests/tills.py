"""Stand-ins of the payment providers with a switch for every fault, and the application that takes money by them."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pytest
import sqlalchemy as sa
from flask import Flask, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey

from auth.methods.outside import Outside
from demo.till import DemoTill
from models.invoices import Invoice
from models.payments import OnlinePayment
from models.providers import Gateway
from models.tills import till_of
from tests.auth.provider import serve
from tests.browser import Browser, Page
from tests.cast import IBAN, Cast
from tests.standing import fetch

SECRET = "a secret of forty characters, or of more"
BRAND = "brand-1"


class Stand(Protocol):
    """What a test does to either of them."""

    address: str
    asked: list[str]  # paths

    def set(self, number: str, **now: Any) -> None:
        """What is true of a payment there: state, reference, cents, currency, owner."""

    def webhook(self, number: str, **said: Any) -> tuple[bytes, dict[str, str]]:
        """What it sends by itself, with something else said; `key`: signed by somebody else."""


@dataclass
class Klix(DemoTill):
    """The demo's own, with faults."""

    asked: list[str] = field(default_factory=list)
    status: int = 0  # what it answers with instead

    def app(self) -> Flask:
        app = super().app()
        app.before_request(lambda: self.asked.append(f"{request.method} {request.path}") or (("no", self.status) if self.status else None))
        return app

    def set(self, number: str, **now: Any) -> None:
        self.purchases[number] = self._with(number, **now)

    def _with(self, number: str, **said: Any) -> dict[str, Any]:
        held = json.loads(json.dumps(self.purchases[number]))
        names = {"state": "status", "owner": "brand_id", "cents": "total"}
        for name, value in said.items():
            (held["purchase"] if name in ("cents", "currency") else held)[names.get(name, name)] = value
        return held

    def webhook(self, number: str, key: Any = None, **said: Any) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(self._with(number, **({"state": "paid"} | said))).encode()
        return body, {"X-Signature": (key or self).sign(body), "Content-Type": "application/json"}


@dataclass
class Montonio:
    """Orders by tokens, as Montonio documents them (identity-and-money.md §4.3)."""

    address: str = ""
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 0

    def app(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.before_request(lambda: self.asked.append(f"{request.method} {request.path}") or (("no", self.status) if self.status else None))
        app.add_url_rule("/api/orders", view_func=self.begin, methods=["POST"])
        app.add_url_rule("/api/orders/<number>", view_func=self.look)
        app.add_url_rule("/<number>", view_func=lambda number: redirect(self.orders[number]["returnUrl"]), endpoint="pay")
        return app

    def _read(self, token: str) -> dict[str, Any]:
        claims = jwt.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"]).claims
        assert claims["accessKey"] == BRAND and 0 < claims["exp"] - time.time() <= 600
        return claims

    def begin(self) -> Any:
        asked, number = self._read(request.get_json()["data"]), str(uuid.uuid4())
        asked |= {"uuid": number, "paymentStatus": "PENDING", "paymentUrl": f"{self.address}/{number}"}
        self.orders[number] = asked
        return jsonify({name: asked[name] for name in ("uuid", "paymentUrl", "paymentStatus")}), 201

    def look(self, number: str) -> Any:
        self._read(request.headers["Authorization"].removeprefix("Bearer "))
        return jsonify(self.orders[number])

    def set(self, number: str, **now: Any) -> None:
        self.orders[number] |= self._named(now)

    @staticmethod
    def _named(said: dict[str, Any]) -> dict[str, Any]:
        states = {"paid": "PAID", "cancelled": "VOIDED", "expired": "ABANDONED", "refunded": "REFUNDED", "chargeback": "PARTIALLY_REFUNDED", "created": "PENDING"}
        names = {"state": "paymentStatus", "reference": "merchantReference", "cents": "grandTotal", "owner": "accessKey", "id": "uuid"}
        change = {"cents": lambda cents: cents / 100, "state": lambda state: states.get(state, state)}
        return {names.get(name, name): change.get(name, lambda same: same)(value) for name, value in said.items()}

    def webhook(self, number: str, key: Any = None, **said: Any) -> tuple[bytes, dict[str, str]]:
        claims = {**self.orders[number], "accessKey": BRAND, "exp": int(time.time()) + 600} | self._named({"state": "paid"} | said)
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("somebody else's secret, as long as ours" if key else SECRET))
        return json.dumps({"orderToken": token}).encode(), {"Content-Type": "application/json"}


@contextmanager
def open_till(app: Flask, name: str) -> Iterator[Any]:
    """Inside, the application takes money by this provider."""
    held, stand = app.extensions["ekabinets"], Klix("", BRAND, SECRET) if name == "klix" else Montonio()
    with serve(stand.app()) as stand.address:
        payee = held.site.payee.model_copy(update={"iban": IBAN})
        site = held.site.model_copy(update={"payments": name, "payee": payee})
        settings = held.settings.model_copy(update={"payments": Gateway(client_id=BRAND, secret=SECRET, host=stand.address)})
        parts = {"site": site, "settings": settings, "outside": Outside(site, settings, held.database), "till": till_of(site, settings, held.database)}
        app.extensions["ekabinets"] = replace(held, **parts)
        try:
            yield stand
        finally:
            app.extensions["ekabinets"] = held


@pytest.fixture(params=["klix", "montonio"])
def till(app: Flask, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Either of them."""
    with open_till(app, request.param) as stand:
        yield stand


@pytest.fixture
def klix(app: Flask) -> Iterator[Klix]:
    with open_till(app, "klix") as stand:
        yield stand


@pytest.fixture
def montonio(app: Flask) -> Iterator[Montonio]:
    with open_till(app, "montonio") as stand:
        yield stand


def page_of(browser: Browser, flat: str, *invoices: str) -> Page:
    """The page with the sum of these invoices."""
    return browser.get(f"/properties/{flat}/pay?" + "&".join(f"invoice={one}" for one in invoices))


def begin(browser: Browser, flat: str, *invoices: str, **changed: object) -> Page:
    """Press the button; the address of the provider is not followed."""
    path = f"/properties/{flat}/pay"
    fields = page_of(browser, flat, *invoices).form(path).fields | {"invoice": [*invoices]} | changed
    return browser.post(path, fields, follow=False)


def rows(app: Flask) -> list[Any]:
    """The payments, oldest first."""
    return [*fetch(app, sa.select(OnlinePayment.__table__).where(OnlinePayment.provider != "before").order_by(OnlinePayment.id))]


def pending(app: Flask, anna: Browser, cast: Cast) -> Any:
    """Anna has begun to pay her newest invoice."""
    begin(anna, cast.flat, cast.invoice)
    return rows(app)[-1]


def tell(app: Flask, row: Any, sent: tuple[bytes, dict[str, str]]) -> int:
    """What a provider sends to the address of a payment; the status that it gets."""
    body, headers = sent
    return app.test_client().post(f"/payments/told/{row.hook}", data=body, headers=headers).status_code


def number_of(app: Flask, public_id: str) -> int:
    return fetch(app, sa.select(Invoice.id).where(Invoice.public_id == public_id))[0].id
