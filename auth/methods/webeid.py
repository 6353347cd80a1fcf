"""Login with the identity card in the browser (A09; Web eID 1.x): what its token proves, checked in the given order.

Facts: identity-and-money.md §2. Whose cards are believed say the certificates in the site's folder; without them the
method stays closed.
"""

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auth.methods.base import Begun, Person, Refused, of_serial
from models.remote import Remote

ISSUER = "web-eid"
_HASHES: dict[str, type[Any]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
_MOBILE_ID = "1.3.6.1.4.1.10015.1.3"  # of Estonia, with all below it


class Cards:
    """The cards that are believed here, and the script with which a browser reads one: files of the site's folder."""

    def __init__(self, script: Path, origin: str, hosts: Sequence[str], remote: Remote) -> None:
        """`hosts`: that may be asked by OCSP whether a card is still good; without any, nobody is asked.

        Raises `ValueError` for a file that holds no certificate.
        """
        self.script, self._origin, self._hosts, self._remote = script, origin, hosts, remote
        files = [file.read_bytes() for file in sorted(script.parent.glob("*.pem"))]
        self.trusted = [one for text in files for one in x509.load_pem_x509_certificates(text)]

    def begin(self, address: str) -> Begun:
        """A challenge for the page at `address`; the program of Web eID asks for 44 characters."""
        return Begun(address, "", b64encode(secrets.token_bytes(32)).decode())

    def finish(self, text: str, begun: Begun, now: datetime) -> Person:
        """Who answered it. Raises `Refused` or `ProviderAway`."""
        from auth.methods.ocsp import check  # here, for most sites ask nobody

        def revoked(card: x509.Certificate, issuer: x509.Certificate) -> None:
            if self._hosts:
                check(card, issuer, self._hosts, self._remote, now)

        return person_of(text, self._origin, begun.nonce, self.trusted, now, revoked)


def person_of(
    text: str, origin: str, nonce: str, trusted: Sequence[x509.Certificate], now: datetime,
    revoked: Callable[[x509.Certificate, x509.Certificate], None] = lambda *_: None,
) -> Person:  # fmt: skip
    """Who answered the challenge `nonce` at `origin`. Raises `Refused`, and what `revoked` raises.

    `text`: the token as the browser sent it. `origin`: scheme, host and port, without a slash at the end. `trusted`:
    certificates of the authorities that issue cards; `now` is aware. `revoked` is asked last, of card and issuer.
    """
    token = _parsed(text)
    try:
        card = x509.load_der_x509_certificate(b64decode(token["unverifiedCertificate"], validate=True))
        signature = b64decode(token["signature"], validate=True)
        _check_card(card, now)
        issuer = _issuer(card, trusted, now)
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise Refused("certificate") from None
    _check_signature(card, token["algorithm"], signature, origin, nonce)
    revoked(card, issuer)
    return _person(card)


def _parsed(text: str) -> dict[str, str]:
    try:
        token: Any = json.loads(text) if 100 <= len(text) <= 10_000 else None
    except (ValueError, RecursionError):
        token = None
    names = ("unverifiedCertificate", "algorithm", "signature", "format")
    if not isinstance(token, dict) or not all(isinstance(token.get(name), str) for name in names):
        raise Refused("token")
    if not re.fullmatch(r"web-eid:1(\.\d+)?", token["format"], re.ASCII):
        raise Refused("format")
    return token


def _check_card(card: x509.Certificate, now: datetime) -> None:
    """Valid now, for signing a login, and not of a telephone, whose holder the page cannot see."""
    if not card.not_valid_before_utc <= now <= card.not_valid_after_utc:
        raise Refused("certificate: not valid now")
    extensions = card.extensions
    if not extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
        raise Refused("certificate: key usage")
    purposes = [one.value for one in extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
    if any(ExtendedKeyUsageOID.CLIENT_AUTH not in purpose for purpose in purposes):
        raise Refused("certificate: purpose")
    policies = [one.value for one in extensions if isinstance(one.value, x509.CertificatePolicies)]
    named = [policy.policy_identifier.dotted_string for value in policies for policy in value]
    if any(f"{name}.".startswith(f"{_MOBILE_ID}.") for name in named):
        raise Refused("certificate: policy")


def _issuer(card: x509.Certificate, trusted: Sequence[x509.Certificate], now: datetime) -> x509.Certificate:
    for authority in trusted:
        if authority.subject == card.issuer and authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
            try:
                card.verify_directly_issued_by(authority)
            except InvalidSignature:
                continue
            return authority
    raise Refused("certificate: issuer")


def _check_signature(card: x509.Certificate, algorithm: str, signature: bytes, origin: str, nonce: str) -> None:
    """The card signed this origin and this challenge: H(H(origin) ‖ H(nonce)) with the H of the algorithm."""
    match, key = re.fullmatch("(ES|PS|RS)(256|384|512)", algorithm), card.public_key()
    if match is None:
        raise Refused("algorithm")
    digest, hashed = _HASHES[match[2]](), f"sha{match[2]}"
    data = b"".join(hashlib.new(hashed, part.encode()).digest() for part in (origin, nonce))
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and match[1] == "ES":
            half = (key.curve.key_size + 7) // 8
            if len(signature) != 2 * half:
                raise InvalidSignature
            pair = (int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
            key.verify(utils.encode_dss_signature(*pair), data, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and match[1] == "PS":
            key.verify(signature, data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        elif isinstance(key, rsa.RSAPublicKey) and match[1] == "RS":
            key.verify(signature, data, padding.PKCS1v15(), digest)
        else:
            raise InvalidSignature
    except InvalidSignature:
        raise Refused("signature") from None


def _person(card: x509.Certificate) -> Person:
    """Only now, that it is proved, is it read whose card it is."""
    found = {oid: [str(one.value) for one in card.subject.get_attributes_for_oid(oid)] for oid in
             (NameOID.SERIAL_NUMBER, NameOID.GIVEN_NAME, NameOID.SURNAME)}  # fmt: skip
    if any(len(values) != 1 or not values[0].isprintable() for values in found.values()):
        raise Refused("subject")
    serial, given, family = (values[0] for values in found.values())
    subject, code = of_serial(serial)
    return Person(ISSUER, subject, f"{given} {family}"[:200], code, ISSUER)
