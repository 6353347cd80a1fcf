"""Signed containers: ASiC-E with XAdES (.edoc, .asice; ETSI EN 319 162-1, EN 319 132-1), checked in the child.

signxml checks one signature's mathematics, its digests and the digest of its certificate. What it does not look at is
here: the archive, that every file in it is signed, which algorithms are taken, whose certificate it is.
"""

import re
import struct
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from models.certificates import Judge, Refused, Unclear
from models.rules.archives import is_odd, swells
from models.signatures import Signature

MOST, UNPACKED, RATIO = 100, 50 * 10**6, 200  # entries, bytes, unpacked ÷ packed
MOST_SIGNATURES = 20
ASICE = b"application/vnd.etsi.asic-e+zip"
PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"  # type of the reference to them
_NS = {"ds": "http://www.w3.org/2000/09/xmldsig#", "xades": "http://uri.etsi.org/01903/v1.3.2#"}
_HOLDER = "ds:Object/xades:QualifyingProperties/xades:SignedProperties"
_SIGNED = f"{_HOLDER}/xades:SignedSignatureProperties"
_CERTIFICATE = ("SigningCertificateV2", "SigningCertificate")  # the newer one first
_OURS = re.compile(r"META-INF/[^/]*signatures[^/]*\.xml", re.I)
_OTHERS = re.compile(r"META-INF/[^/]*\.(p7s|tst)", re.I)
_SHA = r"SHA(256|384|512)"
_DIGESTS = frozenset(one for one in DigestAlgorithm if re.fullmatch(_SHA, one.name))
_METHODS = frozenset(one for one in SignatureMethod if re.fullmatch(rf"(RSA|ECDSA)_{_SHA}|{_SHA}_RSA_MGF1", one.name))
_WRONG = (SignXMLException, etree.LxmlError, ValueError, TypeError)  # what signxml raises for a signature that is none


def signatures_of(data: bytes, judge: Judge) -> list[Signature]:
    """The signatures of a container, in the order of its entries. Raises `Refused` or `Unclear` of it as a whole."""
    files = _unpacked(data)
    payload = {name: content for name, content in files.items() if name != "mimetype" and name[:9] != "META-INF/"}
    found = [(name, one) for name in files if _OURS.fullmatch(name) for one in _elements(name, files[name])]
    if len(found) > MOST_SIGNATURES:
        raise Unclear("it has too many signatures")
    others = [partial(_not_understood, name) for name in files if _OTHERS.fullmatch(name)]
    return judge.each([*(partial(_checked, one, payload, judge) for _, one in found), *others])


def _not_understood(name: str) -> Signature:
    raise Unclear(f"“{name}” is a signature of another kind")


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Every file of the archive by its name, in their order."""
    try:
        with zipfile.ZipFile(BytesIO(data), metadata_encoding="utf-8") as archive:
            entries = archive.infolist()
            if len(entries) > MOST or sum(one.file_size for one in entries) > UNPACKED:
                raise Unclear("it unpacks to too much")
            if any(swells(one, RATIO) for one in entries):
                raise Unclear("it unpacks to far more than it is")
            names = [one.filename for one in entries]
            if any(_is_odd(one) for one in entries) or len({*names}) < len(names):
                raise Refused("an entry has a name that no container has, or is encrypted")
            if not _is_seamless(data, entries, archive.start_dir):
                raise Refused("it holds something beside its entries")
            files = {one.filename: archive.read(one) for one in entries if not one.is_dir()}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, UnicodeDecodeError, struct.error):
        raise Refused("it is damaged") from None
    if names[:1] != ["mimetype"] or entries[0].header_offset or entries[0].compress_type != zipfile.ZIP_STORED:
        raise Refused("it does not begin with its type")
    if files["mimetype"].strip() != ASICE:
        raise Unclear("it is a container of another kind")
    return files


def _is_odd(one: zipfile.ZipInfo) -> bool:
    """Also with a zero byte in its name, where zipfile cuts it, or a folder that holds what would be in no file."""
    return is_odd(one) or one.orig_filename != one.filename or (one.is_dir() and one.file_size > 0)


def _is_seamless(data: bytes, entries: Sequence[zipfile.ZipInfo], directory: int) -> bool:
    """Nothing before, between or behind the entries, where another program would find another document."""
    expected = {0}
    for one in sorted(entries, key=lambda entry: entry.header_offset):
        if one.header_offset not in expected:
            return False
        name, extra = struct.unpack("<HH", data[one.header_offset + 26 : one.header_offset + 30])
        end = one.header_offset + 30 + name + extra + one.compress_size
        expected = {end, end + 12, end + 16} if one.flag_bits & 8 else {end}  # sizes may follow the content
    mark, size, start, comment = struct.unpack("<4s8xIIH", data[-22:])
    return directory == start in expected and mark == b"PK\5\6" and not comment and start + size == len(data) - 22


def _elements(name: str, text: bytes) -> Iterator[Any]:
    """The signatures in one of the files for them."""
    try:
        root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        raise Refused(f"“{name}” is damaged") from None
    if root.getroottree().docinfo.doctype:
        raise Refused(f"“{name}” declares a document type")
    found = root.findall("ds:Signature", _NS) if etree.QName(root).localname == "XAdESSignatures" else []
    if not found:
        raise Refused(f"“{name}” has no signature in it")
    yield from found


class _Verifier(XAdESVerifier):
    """Leaves data files as the bytes that they are: signxml would read each as XML and refuse a signed web page."""

    payload: Mapping[str, bytes]

    def _fromstring(self, xml_string: Any, **options: Any) -> Any:
        if any(xml_string is content for content in self.payload.values()):
            raise etree.XMLSyntaxError("a data file", 0, 0, 0)
        return super()._fromstring(xml_string, **options)  # type: ignore[no-untyped-call]  # theirs


def _checked(element: Any, payload: Mapping[str, bytes], judge: Judge) -> Signature:
    """One signature. Raises `Refused` or `Unclear`."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    _check_references(alone, payload)
    held = _known(alone)
    own, at = _own(alone, held), _moment(alone)
    signed = judge.signed(own, held, at)  # first, for signxml would say less well what is wrong with a certificate
    verifier = _Verifier()
    verifier.payload = payload
    rules = XAdESSignatureConfiguration(
        expect_references=True, signature_methods=_METHODS, digest_algorithms=_DIGESTS,
        verification_time=at or judge.now,
    )  # fmt: skip
    try:
        verifier.verify(
            alone, x509_cert=own, uri_resolver=lambda uri: payload.get(unquote(uri)), id_attribute="Id",
            expect_config=rules,
        )  # fmt: skip
    except _WRONG as error:
        raise Refused(f"it does not fit what was signed, or uses what is not taken ({type(error).__name__})") from None
    return signed


def _check_references(signature: Any, payload: Mapping[str, bytes]) -> None:
    """Every file is signed, nothing else that is not here, and the properties are those of this very signature."""
    references = signature.findall("ds:SignedInfo/ds:Reference", _NS)
    holders = signature.findall(_HOLDER, _NS)
    named = [one.get("URI") for one in references if one.get("Type") == PROPERTIES]
    target = {one.getparent().get("Target") for one in holders}
    if len(holders) != 1 or named != [f"#{holders[0].get('Id')}"] or target != {f"#{signature.get('Id')}"}:
        raise Refused("its properties are not signed")
    files = [one for one in references if not (one.get("URI") or "#").startswith("#")]
    covered = [unquote(one.get("URI")) for one in files]
    for name in sorted(payload.keys() ^ {*covered}):
        raise Refused(f"“{name}” is not signed" if name in payload else f"“{name}” was signed and is not here")
    if not covered or len({*covered}) < len(covered):
        raise Refused("it signs nothing, or a file twice")
    if any(one.find("ds:Transforms", _NS) is not None for one in files):
        raise Unclear("it signs files in another form than they are")


def _known(signature: Any) -> list[x509.Certificate]:
    """The certificates that came with it."""
    texts = [one.text or "" for one in signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", _NS)]
    try:
        return [x509.load_der_x509_certificate(b64decode(text)) for text in texts]
    except ValueError:
        raise Refused("its certificate is damaged") from None


def _own(signature: Any, known: Sequence[x509.Certificate]) -> x509.Certificate:
    """The one of them whose digest the signer signed; that the digest is signed, signxml sees to."""
    said = (signature.find(f"{_SIGNED}/xades:{name}/xades:Cert/xades:CertDigest", _NS) for name in _CERTIFICATE)
    try:
        digest = next(one for one in said if one is not None)
        method = DigestAlgorithm(digest.find("ds:DigestMethod", _NS).get("Algorithm"))
        value = b64decode(digest.findtext("ds:DigestValue", "", _NS))
    except (StopIteration, AttributeError, ValueError):
        raise Refused("it does not say whose it is") from None
    if method in _DIGESTS:
        for one in known:
            if one.fingerprint(method.implementation()) == value:
                return one
    raise Refused("it was made by another certificate than it says, or says so too weakly")


def _moment(signature: Any) -> datetime | None:
    text = signature.findtext(f"{_SIGNED}/xades:SigningTime", None, _NS)
    try:
        moment = datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        raise Refused("it does not say when it was signed") from None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
