"""The card in the browser: a token is believed only when every link of its proof holds (A09; Web eID)."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import new
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auth.methods.base import Refused
from auth.methods.webeid import person_of

ORIGIN, NONCE, NOW = "https://portal.example", "12345678123456781234567812345678912356789123", datetime(2026, 11, 22, tzinfo=UTC)
KEY, ANOTHER, AUTHORITY = (ec.generate_private_key(ec.SECP384R1()) for _ in range(3))
RSA = rsa.generate_private_key(65537, 2048)
CARD, AT = NameOID.SERIAL_NUMBER, timedelta(days=400)


def name(**parts: str) -> x509.Name:
    oids = {"serial": CARD, "given": NameOID.GIVEN_NAME, "family": NameOID.SURNAME, "common": NameOID.COMMON_NAME}
    return x509.Name([x509.NameAttribute(oids[part], value) for part, value in parts.items()])


@dataclass(frozen=True)
class Card:
    """A card and what its token says."""

    key: Any = KEY
    serial: str = "PNOLV-120365-11114"
    given: str = "ANNA"
    signs: bool = True
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH
    policy: str = "1.3.6.1.4.1.32061.2.1.2.1"
    begins: datetime = NOW - AT
    ends: datetime = NOW + AT
    issued_by: Any = AUTHORITY
    issuer: str = "DEMO CA"
    algorithm: str = "ES384"
    origin: str = ORIGIN
    nonce: str = NONCE
    signed_with: Any = None
    more: dict[str, Any] = field(default_factory=dict)

    def token(self) -> str:
        """What the browser sends."""
        der = certificate(self).public_bytes(serialization.Encoding.DER)
        told = {"unverifiedCertificate": b64encode(der).decode(), "algorithm": self.algorithm, "format": "web-eid:1.0", "appVersion": "https://web-eid.eu/"}
        signature = b64encode(signed(self.signed_with or self.key, self.algorithm, self.origin, self.nonce)).decode()
        return json.dumps({key: value for key, value in {**told, "signature": signature, **self.more}.items() if value is not None})


def certificate(card: Card) -> x509.Certificate:
    usage = x509.KeyUsage(card.signs, False, False, False, True, False, False, False, False)
    builder = (
        x509.CertificateBuilder().subject_name(name(serial=card.serial, given=card.given, family="OZOLIŅA")).issuer_name(name(common=card.issuer))
        .public_key(card.key.public_key()).serial_number(7).not_valid_before(card.begins).not_valid_after(card.ends).add_extension(usage, critical=True)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(card.policy), None)]), critical=False)
    )  # fmt: skip
    if card.purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([card.purpose]), critical=False)
    return builder.sign(card.issued_by, hashes.SHA384())


def authority(key: Any = AUTHORITY, ends: datetime = NOW + AT) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(name(common="DEMO CA")).issuer_name(name(common="DEMO ROOT")).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW - AT).not_valid_after(ends)
    return made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA384())


TRUSTED = [authority(ANOTHER), authority()]


def signed(key: Any, algorithm: str, origin: str, nonce: str) -> bytes:
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}.get(algorithm[2:], hashes.SHA384)()
    data = b"".join(new(digest.name, part.encode()).digest() for part in (origin, nonce))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size) if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
    half = (key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(half) for number in utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest))))


def ask(card: Card, trusted: list[x509.Certificate] = TRUSTED) -> Any:
    return person_of(card.token(), ORIGIN, NONCE, trusted, NOW)


@pytest.mark.parametrize("card", [
    Card(), Card(algorithm="ES256"), Card(algorithm="ES512"), Card(key=RSA, algorithm="RS256"), Card(key=RSA, algorithm="PS384"), Card(purpose=None),
    Card(key=ec.generate_private_key(ec.SECP521R1()), algorithm="ES512"), Card(more={"format": "web-eid:1"}), Card(more={"later": "field"}),
])  # fmt: skip
def test_a_card_proves_whose_it_is(card: Card) -> None:
    person = ask(card)
    assert (person.subject, person.code, person.name) == ("PNOLV-12036511114", "12036511114", "ANNA OZOLIŅA")


FAULTS: dict[str, Card] = {
    "another origin": Card(origin="https://evil.example"), "an origin with a slash": Card(origin=ORIGIN + "/"), "another challenge": Card(nonce="x" * 44),
    "another's key": Card(signed_with=ANOTHER), "RS256 of an EC key": Card(signed_with=RSA, algorithm="RS256"), "no algorithm": Card(more={"algorithm": "none"}),
    "HS256": Card(more={"algorithm": "HS256"}), "another hash than it says": Card(more={"algorithm": "ES256"}), "empty signature": Card(more={"signature": ""}),
    "a signature of zeros": Card(more={"signature": b64encode(bytes(96)).decode()}), "a signature that is too long": Card(more={"signature": b64encode(bytes(98)).decode()}),
    "a signature that is no base64": Card(more={"signature": "*" * 128}), "expired": Card(ends=NOW - timedelta(days=1)), "not yet valid": Card(begins=NOW + timedelta(days=1)),
    "not for signing": Card(signs=False), "for servers": Card(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "of a telephone": Card(policy="1.3.6.1.4.1.10015.1.3.2"),
    "of nobody we know": Card(issued_by=ANOTHER, issuer="OTHER CA"), "in the name of one we know": Card(issued_by=KEY), "another format": Card(more={"format": "web-eid:2.0"}),
    "a format with more": Card(more={"format": "web-eid:1.0 "}), "no certificate": Card(more={"unverifiedCertificate": None}), "a certificate that is none": Card(more={"unverifiedCertificate": "AAAA"}),
    "fields that are numbers": Card(more={"signature": 7}), "huge": Card(more={"later": "x" * 10_000}), "no serial that we know": Card(serial="TINLV-120365-11114"),
    "ten digits": Card(serial="PNOLV-120365-1111"), "a name that turns the line": Card(given="ANNA\u202eX"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_with_a_fault_proves_nothing(fault: str) -> None:
    with pytest.raises(Refused):
        ask(FAULTS[fault])


def test_an_authority_counts_while_it_is_valid_and_configured() -> None:
    for trusted in ([], [authority(ends=NOW - timedelta(days=1))], [authority(ANOTHER)]):
        with pytest.raises(Refused, match="issuer"):
            ask(Card(), trusted)


@pytest.mark.parametrize("text", ["", "{}", "[" * 5000, "null" + " " * 200, "x" * 200, json.dumps(["a" * 200]), "{" + " " * 9_990 + "}"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        person_of(text, ORIGIN, NONCE, TRUSTED, NOW)
