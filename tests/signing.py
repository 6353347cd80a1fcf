"""What people sign: containers and PDF by signers of our own, whom our own authority has certified."""

import io
import re
import zipfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import new
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from lxml import etree
from pyhanko.pdf_utils.generic import NameObject, NumberObject, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen.canvas import Canvas

from models.types import utc_now

NOW, YEAR = utc_now().replace(microsecond=0), timedelta(days=365)
YESTERDAY = NOW - timedelta(days=1)
ASICE, ANNA_CODE = "application/vnd.etsi.asic-e+zip", "120365-11114"
ASIC, DS, XADES = "http://uri.etsi.org/02918/v1.2.1#", "http://www.w3.org/2000/09/xmldsig#", "http://uri.etsi.org/01903/v1.3.2#"
C14N, MORE = "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/04/xmldsig-more#"
DIGESTS = {"sha1": f"{DS}sha1", "sha256": "http://www.w3.org/2001/04/xmlenc#sha256", "sha384": f"{MORE}sha384", "sha512": "http://www.w3.org/2001/04/xmlenc#sha512"}
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
FILES = {"pilnvara.txt": b"Es, Anna, pilnvaroju.", "plāns (1).xml": b'<!DOCTYPE plan><plan wall="1"/>'}


@cache
def key(kind: str = "P-256", _number: int = 0) -> Any:
    """A key, made once; another number is another key."""
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-192": ec.SECP192R1()}[kind])


def named(common: str, serial: str = "") -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common), *([x509.NameAttribute(NameOID.SERIAL_NUMBER, serial)] if serial else [])])


def authority(common: str = "DEMO eSign CA", number: int = 9, begins: datetime = NOW - 9 * YEAR, ends: datetime = NOW + 9 * YEAR) -> x509.Certificate:
    """The certificate of an authority."""
    own = key("P-256", number)
    made = x509.CertificateBuilder().subject_name(named(common)).issuer_name(named(common)).public_key(own.public_key())
    made = made.serial_number(number).not_valid_before(begins).not_valid_after(ends).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True).sign(own, hashes.SHA256())


@dataclass(frozen=True)
class Signer:
    """Somebody with a certificate of the authority."""

    name: str = "ANNA OZOLIŅA"
    serial: str = f"PNOLV-{ANNA_CODE}"
    kind: str = "P-256"
    begins: datetime = NOW - YEAR
    ends: datetime = NOW + YEAR
    for_signing: bool = True
    issuer: str = "DEMO eSign CA"
    issued_by: int = 9  # the number of the authority's key
    own: int = 0  # and of hers
    asks: str = ""  # the address where its status and its issuer could be had

    @property
    def certificate(self) -> x509.Certificate:
        """Hers; the same one each time."""
        return certificate_of(self)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        """As XML has it: the two numbers of ECDSA one after the other."""
        own, algorithm = key(self.kind, self.own), HASHES[digest]()
        if self.kind.startswith("RSA"):
            return own.sign(data, padding.PKCS1v15(), algorithm)
        half = (own.curve.key_size + 7) // 8
        return b"".join(number.to_bytes(half) for number in utils.decode_dss_signature(own.sign(data, ec.ECDSA(algorithm))))


@cache
def certificate_of(signer: Signer) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(named(signer.name, signer.serial)).issuer_name(named(signer.issuer)).public_key(key(signer.kind, signer.own).public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(signer.begins).not_valid_after(signer.ends)
    usage = x509.KeyUsage(not signer.for_signing, signer.for_signing, False, False, False, False, False, False, False)
    if signer.asks:
        at = x509.UniformResourceIdentifier(signer.asks)
        means = (AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS)
        made = made.add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(one, at) for one in means]), critical=False)
        made = made.add_extension(x509.CRLDistributionPoints([x509.DistributionPoint([at], None, None, None)]), critical=False)
    return made.add_extension(usage, critical=True).sign(key("P-256", signer.issued_by), hashes.SHA256())


ANNA, LIGA = Signer(), Signer("LĪGA OZOLIŅA", "PNOLV-32000000001", "RSA2048")


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def c14n(element: Any, inclusive: bool = False) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=not inclusive)


def xades(
    files: Mapping[str, bytes] = FILES, who: Signer = ANNA, at: datetime | None = YESTERDAY, digest: str = "sha256", claims: Signer | None = None,
    says: str = "sha256", type_: str = "http://uri.etsi.org/01903#SignedProperties", more: str = "", cut: str = "", twist: str = "",
    inclusive: bool = False, by: Signer | None = None,
) -> str:  # fmt: skip
    """One signature over these files. `claims`: whose certificate it says to be made by, `says`: the digest of that; `cut` is left out, `by`: who really signs."""
    method = f"{MORE}{'rsa' if who.kind.startswith('RSA') else 'ecdsa'}-{digest}" if digest != "sha1" or not who.kind.startswith("RSA") else f"{DS}rsa-sha1"
    one = "".join(
        f'<ds:Reference Id="r{n}" URI="{quote(name)}">{more}<ds:DigestMethod Algorithm="{DIGESTS[digest]}"/><ds:DigestValue>{b64(new(digest, data).digest())}</ds:DigestValue></ds:Reference>'
        for n, (name, data) in enumerate(files.items())
    )
    cert = f'<ds:DigestMethod Algorithm="{DIGESTS[says]}"/><ds:DigestValue>{b64(new(says, (claims or who).der).digest())}</ds:DigestValue>'
    time = f"<xades:SigningTime>{at:%Y-%m-%dT%H:%M:%SZ}</xades:SigningTime>" if at else ""
    text = f"""<ds:Signature xmlns:ds="{DS}" Id="S0"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14N}"/><ds:SignatureMethod Algorithm="{method}"/>{one}
<ds:Reference Type="{type_}" URI="#P0"><ds:Transforms><ds:Transform Algorithm="{C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{DIGESTS[digest]}"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{b64(who.der)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#S0"><xades:SignedProperties Id="P0"><xades:SignedSignatureProperties>{time}
<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>{cert}</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>
</xades:QualifyingProperties></ds:Object></ds:Signature>"""
    text = text.replace(C14N, "http://www.w3.org/2006/12/xml-c14n11") if inclusive else text
    around = etree.fromstring(f'<asic:XAdESSignatures xmlns:asic="{ASIC}">{re.sub(cut, "", text, flags=re.S) if cut else text}</asic:XAdESSignatures>')
    root = around[0]
    info, properties = root[0], root[3][0][0]
    info[-1][-1].text = b64(new(digest, c14n(properties, inclusive)).digest())
    root[1].text = b64((by or who).sign(c14n(info, inclusive), digest))
    return etree.tostring(root).decode().replace(*(twist.split("→") if twist else ("", "")))


def container(
    files: Mapping[str, bytes] = FILES, signatures: Sequence[str] | None = None, head: str = "", more: Sequence[tuple[str, bytes]] = (), kind: str = ASICE, hidden: str = "",
) -> bytes:  # fmt: skip
    """An .edoc: these files and signatures, one XML file each; signed by Anna where nothing else is said. `hidden` stands in no directory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", kind)
        for name, data in files.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
        for number, one in enumerate([xades(files)] if signatures is None else signatures):
            archive.writestr(f"META-INF/signatures{number}.xml", f'{head}<asic:XAdESSignatures xmlns:asic="{ASIC}">{one}</asic:XAdESSignatures>')
        for name, data in more:
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
        archive.filelist = [entry for entry in archive.filelist if entry.filename != hidden]
    return out.getvalue()


def pdf() -> bytes:
    """A page with a sentence and a field for a name."""
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=0)
    canvas.drawString(72, 720, "Es, Anna, pilnvaroju.")
    canvas.acroForm.textfield(name="vards", x=72, y=600)
    canvas.save()
    return out.getvalue()


def signed_pdf(who: Signer = ANNA, document: bytes = b"", field: str = "S1", digest: str = "sha256") -> bytes:
    """A PDF that somebody has signed, now."""
    own = key(who.kind, who.own).private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signer = SimpleSigner(asn1.Certificate.load(who.der), asn1_keys.PrivateKeyInfo.load(own), SimpleCertificateStore())
    writer, about = IncrementalPdfFileWriter(io.BytesIO(document or pdf())), PdfSignatureMetadata(field, md_algorithm=digest)
    with ThreadPoolExecutor(1) as apart:  # the library runs a loop of its own, and a browser's may run in this thread
        return apart.submit(sign_pdf, writer, about, signer=signer).result().getvalue()


def proved(document: bytes) -> bytes:
    """The same with certificates for later, as a signature that is to last has them (B-LT)."""
    out = io.BytesIO(document)
    DocumentSecurityStore.add_dss(out, sig_contents=None, certs=[asn1.Certificate.load(authority().public_bytes(serialization.Encoding.DER))])
    return out.getvalue()


def rotated(document: bytes) -> bytes:
    """The same with its page turned, in the way that leaves every signed byte in its place."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    page = writer.root["/Pages"]["/Kids"][0]
    page[NameObject("/Rotate")] = NumberObject(90)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def filled(document: bytes) -> bytes:
    """The same with a name in its field, in the same way."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    field = next(one.get_object() for one in writer.root["/AcroForm"]["/Fields"] if one.get_object().get("/T") == "vards")
    field[NameObject("/V")] = pdf_string("Viktors")
    writer.update_container(field)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def trusting(folder: Path, *certificates: x509.Certificate) -> Path:
    """A folder with these certificates, ours where none is given: the first as DER, the others in one PEM file."""
    first, *others = certificates or (authority(),)
    (folder / "one.der").write_bytes(first.public_bytes(serialization.Encoding.DER))
    if others:
        (folder / "others.pem").write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in others))
    return folder
