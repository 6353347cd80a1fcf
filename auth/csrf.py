"""Cross-site request forgery: a token that only our own pages can show.

The token is an HMAC over a cookie of its own (not over the session: a page left open over a new login still
works), masked anew in each response so that compressing the page gives nothing away (decisions.md 8).
"""

import base64
import hashlib
import hmac
import secrets

_LENGTH = 32


def new_cookie() -> str:
    """A fresh value for the csrf cookie."""
    return secrets.token_urlsafe(24)


def token(secret_key: str, cookie: str) -> str:
    """A masked token for this cookie; different each time, all of them valid."""
    mask = secrets.token_bytes(_LENGTH)
    return base64.urlsafe_b64encode(mask + _xor(mask, _proof(secret_key, cookie))).decode()


def valid(secret_key: str, cookie: str, candidate: str) -> bool:
    """Whether `candidate` was made for this cookie."""
    try:
        raw = base64.urlsafe_b64decode(candidate.encode("ascii", "strict"))
    except ValueError:
        return False
    if not cookie or len(raw) != 2 * _LENGTH:
        return False
    return hmac.compare_digest(_xor(raw[:_LENGTH], raw[_LENGTH:]), _proof(secret_key, cookie))


def _proof(secret_key: str, cookie: str) -> bytes:
    return hmac.new(secret_key.encode(), b"csrf:" + cookie.encode("utf-8", "replace"), hashlib.sha256).digest()


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a) ^ int.from_bytes(b)).to_bytes(_LENGTH)
