"""What the tests of second factors share: an app for codes, and an authenticator that signs whatever it is told to."""

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import PASSWORD

HOME = "/profile/second-factor"
SECOND = "/login/second-factor"
CODE = re.compile(r"\b[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}\b")


def code_of(secret: str, at: datetime) -> str:
    """What an app shows at a moment, reckoned by the library itself."""
    return TOTP(base64.b32decode(secret), 6, hashes.SHA1(), 30).generate(int(at.timestamp())).decode()


def later(half_minutes: int = 0) -> datetime:
    """Now, or so many half minutes from now."""
    return utc_now() + timedelta(seconds=30 * half_minutes)


def secret_of(page: Page) -> str:
    """The secret on the page, as a person types it."""
    return "".join(re.search(r"secret=([A-Z2-7]{32})", page.html)[1])


def add_app(browser: Browser) -> tuple[str, list[str]]:
    """Set up an app; its secret, and the recovery codes that came with it. This half minute's code is used up."""
    page = browser.get(f"{HOME}/totp")
    secret = secret_of(page)
    page = browser.submit(page, f"{HOME}/totp", code=code_of(secret, later()), old=PASSWORD)
    return secret, CODE.findall(page.text)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """Holds one passkey. What a forger would change can be changed: origin, host, challenge, flags, key."""

    origin: str = "http://localhost"
    host: str = "localhost"
    flags: int = 0x05  # present and verified
    count: int = 1
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    number: bytes = b"passkey number one"

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, **response: bytes) -> str:
        fields = {name: b64(value) for name, value in response.items()}
        return json.dumps({"id": b64(self.number), "rawId": b64(self.number), "type": "public-key", "response": fields, "clientExtensionResults": {}})

    def make(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        data = self._data(self.flags | 0x40) + bytes(16) + len(self.number).to_bytes(2) + self.number + public
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=self._client("webauthn.create", options["challenge"]), attestationObject=attested)

    def sign(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        client, data = self._client("webauthn.get", options["challenge"]), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=b"whoever")


def asked(page: Page) -> dict[str, Any]:
    """The question to a passkey that stands in a page."""
    return dict(json.loads(html.unescape(re.search(r'data-passkey="(\{[^"]+)"', page.html)[1])))


def add_passkey(browser: Browser, device: Authenticator, name: str = "My phone") -> Page:
    """Add what a device holds; the page after it."""
    page = browser.submit(browser.get(f"{HOME}/passkey"), f"{HOME}/passkey/begin", name=name, old=PASSWORD)
    return browser.submit(page, f"{HOME}/passkey", answer=device.make(asked(page)))


def begin(browser: Browser) -> Page:
    """Press "Sign in with a passkey"."""
    return browser.post("/login/passkey/begin", browser.get("/login").form("/login").fields)
