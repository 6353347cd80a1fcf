"""Whether a card has been revoked, asked of its issuer (RFC 6960); whatever is not a clear "good" is a refusal.

The card names whom to ask, so only hosts that the operator has listed are asked (security rule 13).
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from auth.methods.base import Refused
from models.remote import Remote

_SKEW = timedelta(minutes=15)  # between the issuer's clock and ours
_AGE = timedelta(minutes=2)


def check(
    card: x509.Certificate, issuer: x509.Certificate, hosts: Sequence[str], remote: Remote, now: datetime
) -> None:
    """Ask the address in the card. Raises `Refused`, or `ProviderAway` where nobody answers."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(card, issuer, hashes.SHA1())  # noqa: S303  # a name, no proof
    nonce = x509.OCSPNonce(os.urandom(32))
    request = asked.add_extension(nonce, critical=False).build()
    headers = {"Content-Type": "application/ocsp-request"}
    data = remote.fetch(_address(card, hosts), request.public_bytes(Encoding.DER), headers)
    try:
        answer = ocsp.load_der_ocsp_response(data)
        if problem := _problem(answer, request, nonce, issuer, now):
            raise Refused(f"ocsp: {problem}")
    except (ValueError, TypeError, x509.DuplicateExtension):
        raise Refused("ocsp: no answer") from None


def _address(card: x509.Certificate, hosts: Sequence[str]) -> str:
    access = [part.value for part in card.extensions if isinstance(part.value, x509.AuthorityInformationAccess)]
    for one in (one for part in access for one in part if one.access_method == AuthorityInformationAccessOID.OCSP):
        place = str(one.access_location.value)
        if urlsplit(place).scheme in ("http", "https") and urlsplit(place).hostname in hosts:
            return place
    raise Refused("ocsp: address")


def _problem(
    answer: ocsp.OCSPResponse, request: ocsp.OCSPRequest, nonce: x509.OCSPNonce, issuer: x509.Certificate, now: datetime
) -> str:
    """What is wrong with an answer; ValueError where it has no body."""
    returned = [one.value for one in answer.extensions if isinstance(one.value, x509.OCSPNonce)]
    same = (answer.serial_number, answer.issuer_key_hash) == (request.serial_number, request.issuer_key_hash)
    until = answer.next_update_utc
    right = {
        "another card": same,
        "nonce": returned in ([], [nonce]),  # not every responder returns it; the answer is new all the same
        "age": now - _SKEW - _AGE <= answer.this_update_utc <= now + _SKEW and (not until or now - _SKEW <= until),
        "signature": any(_signed(answer, one) for one in (issuer, *_delegates(answer, issuer, now))),
        "not good": answer.certificate_status is ocsp.OCSPCertStatus.GOOD,
    }
    return next((problem for problem, is_right in right.items() if not is_right), "")


def _delegates(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> list[x509.Certificate]:
    """Who may answer for the issuer: whom it has itself certified for that (RFC 6960 §4.2.2.2)."""
    found = []
    for one in answer.certificates:
        purposes = [part.value for part in one.extensions if isinstance(part.value, x509.ExtendedKeyUsage)]
        is_valid = one.not_valid_before_utc <= now <= one.not_valid_after_utc
        if is_valid and any(ExtendedKeyUsageOID.OCSP_SIGNING in purpose for purpose in purposes):
            try:
                one.verify_directly_issued_by(issuer)
            except InvalidSignature:
                continue
            found.append(one)
    return found


def _signed(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    key, algorithm = by.public_key(), answer.signature_hash_algorithm
    if not isinstance(algorithm, (hashes.SHA256, hashes.SHA384, hashes.SHA512)):
        return False
    is_ec = isinstance(key, ec.EllipticCurvePublicKey)
    scheme: tuple[Any, ...] = (ec.ECDSA(algorithm),) if is_ec else (padding.PKCS1v15(), algorithm)
    try:
        key.verify(answer.signature, answer.tbs_response_bytes, *scheme)  # type: ignore[union-attr]  # else the errors below
    except (InvalidSignature, TypeError, AttributeError):
        return False
    return True
