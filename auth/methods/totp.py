"""One-time codes of an app (A19; RFC 6238): six digits that change every half minute."""

import base64
import hmac
import os
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

_SECONDS, _DIGITS = 30, 6  # with SHA-1 what every app can do, and safe in an HMAC
_KEY = 20  # bytes: as long as the hash, as RFC 4226 wants it


def new_secret() -> str:
    """A secret to share with an app, in the letters that apps take."""
    return base64.b32encode(os.urandom(_KEY)).decode()


def address(secret: str, account: str, issuer: str) -> str:
    """The `otpauth:` address that an app reads from a QR code."""
    return _codes(secret).get_provisioning_uri(account, issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute whose code this is: now, the one before or the one after; None for any other code."""
    if not (len(code) == _DIGITS and code.isascii() and code.isdigit()):
        return None
    codes, current = _codes(secret), int(now.timestamp()) // _SECONDS
    steps = (current, current - 1, current + 1)
    return next((one for one in steps if hmac.compare_digest(codes.generate(one * _SECONDS), code.encode())), None)


def _codes(secret: str) -> "TOTP":
    from cryptography.hazmat.primitives.hashes import SHA1  # here: 6 MB that most processes never need
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    return TOTP(base64.b32decode(secret), _DIGITS, SHA1(), _SECONDS)  # noqa: S303  # as above
