"""A small payment provider for the demo, as Klix documents itself: purchases, a page with three buttons, callbacks.

It keeps everything in memory and moves no money (identity-and-money.md §4.2). Never in production.
"""

import base64
import json
import secrets
import threading
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask, Response, jsonify, redirect, render_template, request

API = "/api/v1"
WORDS = {
    "lv": {
        "what": "Tikai demonstrācijai: nauda netiek pārskaitīta. Izvēlieties, ko izdarīt.",
        "paid": "Apmaksāt", "error": "Nav naudas kontā", "cancelled": "Atcelt",
    },
    "en": {
        "what": "For demonstration only: no money moves. Choose what to do.",
        "paid": "Pay", "error": "No money on the account", "cancelled": "Cancel",
    },
    "ru": {
        "what": "Только для демонстрации: деньги не переводятся. Выберите действие.",
        "paid": "Оплатить", "error": "Нет денег на счёте", "cancelled": "Отменить",
    },
}  # fmt: skip


@dataclass
class DemoTill:
    """One contract, its purchases, and the key that it signs with."""

    address: str
    brand: str
    secret: str
    purchases: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))

    def app(self) -> Flask:
        """The provider as an application."""
        app = Flask(__name__, static_folder=None, template_folder=".")
        app.add_url_rule(f"{API}/public_key/", view_func=lambda: jsonify(self.public_key()), endpoint="key")
        app.add_url_rule(f"{API}/purchases/", view_func=self.begin, methods=["POST"])
        app.add_url_rule(f"{API}/purchases/<number>/", view_func=self.look)
        app.add_url_rule("/p/<number>/", view_func=self.page, methods=["GET", "POST"])
        return app

    def public_key(self) -> str:
        """As PEM."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def _is_ours(self) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.secret}"

    def begin(self) -> tuple[Response, int]:
        """A purchase, from the portal."""
        asked: dict[str, Any] = request.get_json()
        if not self._is_ours() or asked.get("brand_id") != self.brand:
            return jsonify(error="unauthorized"), 401
        number = secrets.token_hex(16)
        asked["purchase"]["total"] = sum(one["price"] for one in asked["purchase"]["products"])
        told = {"id": number, "status": "created", "checkout_url": f"{self.address}/p/{number}/"}
        self.purchases[number] = asked | told
        return jsonify(self.purchases[number]), 201

    def look(self, number: str) -> tuple[Response, int]:
        """A purchase as it is now, to the portal."""
        known = self._is_ours() and number in self.purchases
        return (jsonify(self.purchases[number]), 200) if known else (jsonify(error="unknown"), 404)

    def page(self, number: str) -> Any:
        """What a person sees, and what she does."""
        purchase = self.purchases.get(number)
        if purchase is None:
            return Response("unknown", 404)
        if request.method == "GET":
            language, total = purchase["purchase"]["language"], purchase["purchase"]["total"]
            sum_ = f"{total // 100},{total % 100:02}"
            return render_template("till.html", language=language, words=WORDS[language], total=sum_)
        status = request.form.get("status", "")
        if status in WORDS["en"] and purchase["status"] != "paid":
            purchase["status"] = status
            threading.Thread(target=self.call, args=(purchase,)).start()
        ways = {"paid": "success_redirect", "error": "failure_redirect"}
        return redirect(purchase[ways.get(status, "cancel_redirect")], 303)

    def sign(self, body: bytes) -> str:
        """What stands in X-Signature."""
        return base64.b64encode(self.key.sign(body, PKCS1v15(), SHA256())).decode()

    def call(self, purchase: dict[str, Any]) -> None:
        """Tell the portal."""
        body = json.dumps(purchase).encode()
        headers = {"Content-Type": "application/json", "X-Signature": self.sign(body)}
        with suppress(OSError):
            asked = urllib.request.Request(purchase["success_callback"], body, headers)  # noqa: S310  # the portal's own
            urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310  # as above
