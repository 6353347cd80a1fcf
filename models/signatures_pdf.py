"""Signed PDF (PAdES; ETSI EN 319 142-1), checked in the child: pyHanko reads it, offline."""

from datetime import UTC
from functools import partial
from io import BytesIO
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel, StandardDiffPolicy
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.form_field_rules import SigFieldCreationRule, SigFieldModificationRule
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from models.certificates import Judge, Refused, Unclear
from models.signatures import Signature

MOST_SIGNATURES = 20
_DIGESTS = ("sha256", "sha384", "sha512")
_FORMS = ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached")
# What may come after a signature: other signatures, time stamps and proofs for them; no field that is filled in later.
_LATER = StandardDiffPolicy(
    DEFAULT_DIFF_POLICY.global_rules, FormUpdatingRule([SigFieldCreationRule(), SigFieldModificationRule()])
)
_WRONG = (PdfError, ValueError, TypeError, KeyError)  # what pyHanko raises for what it cannot read


def signatures_of(data: bytes, judge: Judge) -> list[Signature]:
    """The signatures of a PDF, without time stamps. Raises `Unclear` of the file as a whole."""
    try:
        reader = PdfFileReader(BytesIO(data))
        if reader.encrypted or reader.xrefs.hybrid_xrefs_present:
            raise Unclear("it is encrypted, or two documents for two kinds of programs")
        fields = [(name, field, value.get_object()) for name, value, field in enumerate_sig_fields(reader) if value]
    except _WRONG as error:
        raise error if isinstance(error, Unclear) else Unclear("it cannot be read as a PDF") from None
    if len(fields) > MOST_SIGNATURES:
        raise Unclear("it has too many signatures")
    signed = [one for one in fields if one[2].get("/Type", "/Sig") == "/Sig"]
    return judge.each([partial(_checked, reader, *one, judge) for one in signed])


def _checked(reader: PdfFileReader, name: str, field: Any, value: Any, judge: Judge) -> Signature:
    """One signature. Raises `Refused` or `Unclear`."""
    if value.get("/SubFilter") not in _FORMS:
        raise Unclear("it is a signature of another kind")
    try:
        one = EmbeddedPdfSignature(reader, field, name)
        nobody = ValidationContext(trust_roots=[], moment=judge.now, allow_fetching=False)  # trust is for the judge
        status = validate_pdf_signature(one, nobody, diff_policy=_LATER)
    except SignatureValidationError as error:
        raise Refused(f"it does not fit, or uses what is not taken ({type(error).__name__})") from None
    except _WRONG:
        raise Unclear("it cannot be read") from None
    _check(status, one.md_algorithm)
    held = [x509.load_der_x509_certificate(part.dump()) for part in (one.signer_cert, *one.other_embedded_certs)]
    at = status.signer_reported_dt
    return judge.signed(held[0], held[1:], at and (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC))


def _check(status: PdfSignatureStatus, digest: str) -> None:
    """It is of this content, with digests that are taken, and nothing came later but signatures."""
    if not (status.intact and status.valid):
        raise Refused("it does not fit what was signed")
    if digest not in _DIGESTS:
        raise Refused("it uses a digest that is not taken")
    if status.coverage is None or status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        raise Refused("it does not cover the document")
    changes = status.diff_result
    as_allowed = isinstance(changes, DiffResult) and changes.modification_level <= ModificationLevel.FORM_FILLING
    if not as_allowed or not status.docmdp_ok:
        raise Refused("the document was changed after it was signed")
