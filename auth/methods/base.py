"""What every outside way of logging in begins with and gives back, and what is checked alike in all of them."""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Person:
    """Whom a provider has identified. A user is found by issuer and subject, or by the state's own code (rule 4)."""

    issuer: str
    subject: str
    name: str
    code: str | None  # the 11 digits of a personal code, where the provider proves it
    acr: str | None  # the strength that the provider returned
    # What is kept as long as the session, to end it there with ours or ours with it: of `models.sessions.WebSession`.
    told: Mapping[str, str] = field(default_factory=dict)


_SERIAL = re.compile(r"(PNO|PAS|IDC)([A-Z]{2})-([A-Z0-9-]{1,40})")


@dataclass(frozen=True)
class Begun:
    """A login on its way: what our side keeps until the person comes back (single use, ten minutes; rule 5)."""

    url: str  # to send the person to
    state: str
    nonce: str = ""
    verifier: str = ""


class Refused(Exception):
    """The answer is not what it must be; the text is for the log and never quotes a value."""


class Cancelled(Exception):
    """The person went back from the provider's page."""


def code_of(answer: Mapping[str, str], begun: Begun) -> str:
    """The code with which somebody came back, checked to be of the login that was begun (RFC 6749 §4.1.2, 10.12)."""
    if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise Refused("state")
    if "error" in answer:
        raise Cancelled if answer["error"] in ("access_denied", "user_cancel") else Refused("error of the provider")
    code = answer.get("code", "")
    if not 0 < len(code) <= 4096 or not code.isprintable():
        raise Refused("code")
    return code


def basic(client_id: str, secret: str) -> Mapping[str, str]:
    """The header of a client; each part is form-encoded first (RFC 6749 §2.3.1), which many clients leave out."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


def bearer(token: Any) -> str:
    """The access token in the answer of a token endpoint. Raises `Refused` for any other kind of token."""
    token = token if isinstance(token, dict) else {}
    kind, secret = token.get("token_type"), token.get("access_token")
    if not isinstance(kind, str) or kind.casefold() != "bearer":
        raise Refused("token_type")
    if not isinstance(secret, str) or not re.fullmatch(r"[\x21-\x7e]{1,8192}", secret):
        raise Refused("access_token")
    return secret


def of_serial(serial: object) -> tuple[str, str | None]:
    """A person's serial number (ETSI EN 319 412-1) in one form, and the 11 digits where it is a Latvian code.

    Latvia writes "PNOLV-010180-15097", others leave the inner hyphen out. Raises `Refused`.
    """
    match = _SERIAL.fullmatch(serial) if isinstance(serial, str) else None
    if match is None:
        raise Refused("serial number")
    code = match[3].replace("-", "") if match[1] + match[2] == "PNOLV" else None
    if code is not None and not re.fullmatch("[0-9]{11}", code):
        raise Refused("personal code")
    return f"{match[1]}{match[2]}-{code or match[3]}", code
