"""Words that only we can have written: for links that open one small thing without a login. Pure."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

_LENGTH = 32


def sign(secret_key: str, purpose: str, told: str) -> str:
    """`told` with its proof, as letters of an address. It holds for this purpose alone."""
    raw = told.encode()
    return urlsafe_b64encode(raw + _proof(secret_key, purpose, raw)).decode().rstrip("=")


def signed(secret_key: str, purpose: str, text: str) -> str | None:
    """What was told; None when we have not signed it for this purpose."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"==")
    except ValueError:
        return None
    told = raw[:-_LENGTH]
    if urlsafe_b64encode(raw).decode().rstrip("=") != text:  # so it has one name only
        return None
    return told.decode() if hmac.compare_digest(raw[-_LENGTH:], _proof(secret_key, purpose, told)) else None


def _proof(secret_key: str, purpose: str, told: bytes) -> bytes:
    return hmac.new(secret_key.encode(), f"{purpose}:".encode() + told, hashlib.sha256).digest()
