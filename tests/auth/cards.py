"""Identity cards of our own making: their certificates, and the tokens that a browser would send."""

import json
import shutil
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import new
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from models.site import FOLDER
from models.types import utc_now

ORIGIN, NONCE, NOW = "https://portal.example", "12345678123456781234567812345678912356789123", utc_now().replace(microsecond=0)
KEY, ANOTHER, AUTHORITY = (ec.generate_private_key(ec.SECP384R1()) for _ in range(3))
RSA = rsa.generate_private_key(65537, 2048)
SCRIPT = b"/* of Web eID */"
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
    ocsp: str = ""  # the address that is asked whether it is still good
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
        .public_key(card.key.public_key()).serial_number(len(card.serial)).not_valid_before(card.begins).not_valid_after(card.ends).add_extension(usage, critical=True)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(card.policy), None)]), critical=False)
    )  # fmt: skip
    if card.purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([card.purpose]), critical=False)
    if card.ocsp:
        place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(card.ocsp))
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    return builder.sign(card.issued_by, hashes.SHA384())


def authority(key: Any = AUTHORITY, ends: datetime = NOW + AT) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(name(common="DEMO CA")).issuer_name(name(common="DEMO ROOT")).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW - AT).not_valid_after(ends)
    return made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA384())


def signed(key: Any, algorithm: str, origin: str, nonce: str) -> bytes:
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}.get(algorithm[2:], hashes.SHA384)()
    data = b"".join(new(digest.name, part.encode()).digest() for part in (origin, nonce))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size) if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
    half = (key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(half) for number in utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest))))


def site_with_cards(folder: Path, script: bytes = SCRIPT, pem: bytes | None = None) -> str:
    """A site file with what an operator puts beside it."""
    shutil.copy(FOLDER / "ogre.toml", folder / "ours.toml")
    beside = folder / "ours"
    beside.mkdir(exist_ok=True)
    if script:
        (beside / "web-eid.js").write_bytes(script)
    pem = authority().public_bytes(serialization.Encoding.PEM) if pem is None else pem
    if pem:
        (beside / "issuers.pem").write_bytes(pem)
    return str(folder / "ours.toml")


def challenge(html: str) -> str:
    """What the page asks the card to sign."""
    return html.partition('/login/card" data-card="')[2].partition('"')[0]


def token_for(html: str) -> str:
    """The right answer to that page."""
    return Card(nonce=challenge(html), origin="http://localhost").token()
