"""Certificates of signatures: whose they are, whether they may be used, and whether an authority vouches for them.

Imported by the child that checks signatures, and where `flask check` looks at the authorities.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from models.signatures import Signature, State

CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
LEAST_RSA = 2048  # bits
_FAST = timedelta(hours=1)  # that the signer's clock may be


class Refused(ValueError):
    """The signature, or the document, is wrong; the argument says why."""


class Unclear(ValueError):
    """It cannot be told here; the argument says why."""


def anchors(folder: Path) -> list[asn1.Certificate]:
    """The certificates in the files of a folder, PEM (one or several) or DER. Raises `ValueError` for other files."""
    found: list[x509.Certificate] = []
    for file in sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")):
        data = file.read_bytes()
        try:
            text = b"-----BEGIN" in data
            held = x509.load_pem_x509_certificates(data) if text else [x509.load_der_x509_certificate(data)]
            is_fine = all(one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for one in held)
        except (ValueError, x509.ExtensionNotFound):
            is_fine = False
        if not is_fine:
            raise ValueError(f"{file.name} is no certificate of an authority")
        found += held
    return [_asn1(one) for one in found]


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


class Judge:
    """What is known here when a document is checked: the moment, and whom the operator trusts."""

    def __init__(self, folder: Path | None, now: datetime) -> None:
        """Reads the folder. Raises as `anchors`."""
        self.now, found = now, anchors(folder) if folder else None
        self._anchors = found and [one for one in found if one.not_valid_before <= now <= one.not_valid_after]

    def signed(self, own: x509.Certificate, others: Iterable[x509.Certificate], at: datetime | None) -> Signature:
        """An intact signature by the key of `own`, made at a moment that the signer says. Raises `Refused`."""
        _check_key(own)
        moment = at or self.now
        if moment > self.now + _FAST:
            raise Refused("it says to be signed in the future")
        if not own.not_valid_before_utc <= moment <= own.not_valid_after_utc:
            raise Refused("its certificate was not valid when it was signed")
        doubt = self._doubt(own, others)
        return Signature(
            State.INTACT if doubt else State.TRUSTED, doubt, _part(own.subject, NameOID.COMMON_NAME),
            _part(own.subject, NameOID.SERIAL_NUMBER), _part(own.issuer, NameOID.COMMON_NAME), at,
        )  # fmt: skip

    def _doubt(self, own: x509.Certificate, others: Iterable[x509.Certificate]) -> str:
        """Why it is not trusted: a moment that only the signer says proves nothing, so its certificate is valid now."""
        if self._anchors is None:
            return "trust was not checked, there is no trust_dir"
        if own.not_valid_after_utc < self.now:
            return "its certificate has expired since, so that nothing proves when it was signed"
        context = ValidationContext(trust_roots=self._anchors, moment=self.now, allow_fetching=False)
        try:
            validator = CertificateValidator(_asn1(own), [_asn1(one) for one in others], context)
            asyncio.run(validator.async_validate_usage({"non_repudiation"}))
        except (ValidationError, PathError, ValueError):
            return "no authority in trust_dir vouches for its certificate as one for signing"
        return ""

    def each(self, checks: Sequence[Callable[[], Signature]]) -> list[Signature]:
        """What comes of each check, also where it stumbles over what no honest program writes."""
        return [self._tried(check) for check in checks]

    def _tried(self, check: Callable[[], Signature]) -> Signature:
        try:
            return check()
        except Refused as refused:
            return Signature(State.INVALID, str(refused))
        except Unclear as unclear:
            return Signature(State.UNCHECKED, str(unclear))
        except Exception as error:  # of a parser that is fed with anything at all; nothing of it may pass for a verdict
            return Signature(State.UNCHECKED, f"the check failed ({type(error).__name__})")


def _check_key(certificate: x509.Certificate) -> None:
    key: Any = certificate.public_key()
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA
    if not is_rsa and not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES)):
        raise Refused("its key is too weak or of another kind")


def _part(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The one value of a name; two of them would be a riddle."""
    values = [str(one.value) for one in name.get_attributes_for_oid(oid)]
    return values[0] if len(values) == 1 else ""
