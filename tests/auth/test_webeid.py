"""The card in the browser: a token is believed only when every link of its proof holds (A09; Web eID)."""

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from auth.methods.base import Refused
from auth.methods.webeid import person_of
from tests.auth.cards import ANOTHER, KEY, NONCE, NOW, ORIGIN, RSA, Card, authority

TRUSTED = [authority(ANOTHER), authority()]


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
