"""Signatures of strangers' documents: what holds, what does not, and what nobody can tell (G02; LG-20, OG-05)."""

import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models import signatures
from models.certificates import anchors
from models.children import Limits
from models.identifiers import Identifiers
from models.signatures import (
    LARGEST,
    Offline,
    Report,
    Signature,
    State,
    code_hash,
    read,
    report_of,
    trust_problems,
    write,
)
from models.signatures_child import report, stay_inside
from models.signatures_container import MOST
from tests.models.test_intake import WORD, archive
from tests.signing import (
    ANNA,
    ANNA_CODE,
    FILES,
    LIGA,
    NOW,
    YEAR,
    YESTERDAY,
    Signer,
    authority,
    container,
    filled,
    pdf,
    proved,
    rotated,
    signed_pdf,
    trusting,
    xades,
)

ROOT = Path(__file__).parents[2]
TRUSTED, INTACT, INVALID, UNCHECKED, UNSIGNED = State.TRUSTED, State.INTACT, State.INVALID, State.UNCHECKED, State.UNSIGNED
STRANGER, IMPOSTOR, CARD = Signer(issuer="OTHER CA", issued_by=8), Signer(issued_by=8), Signer(for_signing=False)
ONCE = Signer(begins=NOW - 2 * YEAR, ends=NOW - timedelta(days=100))  # whose certificate has expired
THEN, LATER = NOW - YEAR, f"{YESTERDAY:%SZ}</xades→{(YESTERDAY.second + 1) % 60:02}Z</xades"
ENTITIES = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
AGAIN = '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
TWICE = '</ds:Signature>→<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#S0"><xades:SignedProperties/></xades:QualifyingProperties></ds:Object></ds:Signature>'
LESS = {"pilnvara.txt": FILES["pilnvara.txt"]}
Case = tuple[str, str, Callable[[], bytes], State, str]

# As docs/signatures.md lists them: kind, what it is, the document, its state, a part of the reason.
CASES: list[Case] = [
    ("edoc", "signed by one", container, TRUSTED, ""),
    ("edoc", "signed by two, each in a file of its own", lambda: container(signatures=[xades(), xades(who=LIGA)]), TRUSTED, ""),
    ("edoc", "signed by two in one file", lambda: container(signatures=[xades() + xades(who=LIGA)]), TRUSTED, ""),
    ("edoc", "RSA of 2048 bits with SHA-512", lambda: container(signatures=[xades(who=LIGA, digest="sha512")]), TRUSTED, ""),
    ("edoc", "P-384 with SHA-384", lambda: container(signatures=[xades(who=Signer(kind="P-384"), digest="sha384")]), TRUSTED, ""),
    ("edoc", "in the inclusive canonical form", lambda: container(signatures=[xades(inclusive=True)]), TRUSTED, ""),
    ("edoc", "by a certificate of an authority that is not in `trust_dir`", lambda: container(signatures=[xades(who=STRANGER)]), INTACT, "no authority"),
    ("edoc", "by a certificate that only names an authority of `trust_dir`", lambda: container(signatures=[xades(who=IMPOSTOR)]), INTACT, "no authority"),
    ("edoc", "by a certificate for logging in", lambda: container(signatures=[xades(who=CARD)]), INTACT, "as one for signing"),
    ("edoc", "by a certificate that has expired since", lambda: container(signatures=[xades(who=ONCE, at=THEN)]), INTACT, "has expired since"),
    ("edoc", "without a moment of signing, by a valid certificate", lambda: container(signatures=[xades(at=None)]), TRUSTED, ""),
    ("edoc", "one signature trusted and one by a stranger", lambda: container(signatures=[xades(), xades(who=STRANGER)]), INTACT, "no authority"),
    ("edoc", "by a certificate that had expired when it was signed", lambda: container(signatures=[xades(who=ONCE)]), INVALID, "was not valid when"),
    ("edoc", "by a certificate that was not valid yet", lambda: container(signatures=[xades(at=NOW - 2 * YEAR)]), INVALID, "was not valid when"),
    ("edoc", "signed tomorrow", lambda: container(signatures=[xades(at=NOW + timedelta(days=1))]), INVALID, "in the future"),
    ("edoc", "a file was changed", lambda: container(FILES | {"pilnvara.txt": b"Es, Viktors"}, [xades()]), INVALID, "does not fit"),
    ("edoc", "a file was added", lambda: container(FILES | {"more.txt": b"x"}, [xades()]), INVALID, "“more.txt” is not signed"),
    ("edoc", "a file was removed", lambda: container(LESS, [xades()]), INVALID, "(1).xml” was signed and is not here"),
    ("edoc", "one of two signatures leaves a file out", lambda: container(signatures=[xades(), xades(LESS, LIGA)]), INVALID, "is not signed"),
    ("edoc", "nothing is signed", lambda: container({}, [xades({})]), INVALID, "it signs nothing"),
    ("edoc", "SHA-1", lambda: container(signatures=[xades(who=LIGA, digest="sha1")]), INVALID, "uses what is not taken"),
    ("edoc", "the certificate is named by SHA-1", lambda: container(signatures=[xades(says="sha1")]), INVALID, "says so too weakly"),
    ("edoc", "RSA of 1024 bits", lambda: container(signatures=[xades(who=Signer(kind="RSA1024"))]), INVALID, "too weak"),
    ("edoc", "a curve of 192 bits", lambda: container(signatures=[xades(who=Signer(kind="P-192"))]), INVALID, "too weak"),
    ("edoc", "it says to be by another certificate", lambda: container(signatures=[xades(claims=LIGA)]), INVALID, "another certificate"),
    ("edoc", "it does not say by which certificate", lambda: container(signatures=[xades(cut="<xades:SigningCertificateV2>.*V2>")]), INVALID, "whose it is"),
    ("edoc", "it was made with another key", lambda: container(signatures=[xades(by=Signer(own=1))]), INVALID, "does not fit"),
    ("edoc", "its moment was changed afterwards", lambda: container(signatures=[xades(twist=LATER)]), INVALID, "does not fit"),
    ("edoc", "its properties are not signed", lambda: container(signatures=[xades(type_="urn:x")]), INVALID, "properties are not signed"),
    ("edoc", "its properties name another signature", lambda: container(signatures=[xades(twist='Target="#S0"→Target="#S1"')]), INVALID, "properties"),
    ("edoc", "it has properties twice", lambda: container(signatures=[xades(twist=TWICE)]), INVALID, "properties"),
    ("edoc", "its certificate is damaged", lambda: container(signatures=[xades(twist="X509Certificate>MII→X509Certificate>AAA")]), INVALID, "damaged"),
    ("edoc", "a file is signed in another form than it has", lambda: container(signatures=[xades(more=AGAIN)]), UNCHECKED, "in another form"),
    ("edoc", "a document type with entities", lambda: container(head=ENTITIES), INVALID, "declares a document type"),
    ("edoc", "an entity that names a file of ours", lambda: container(head=OUTSIDE), INVALID, "declares a document type"),
    ("edoc", "a file for signatures that is no XML", lambda: container(signatures=["<"]), INVALID, "signatures0.xml” is damaged"),
    ("edoc", "a file for signatures without one", lambda: container(signatures=[""]), INVALID, "has no signature in it"),
    ("edoc", "a name that leads out", lambda: container(more=[("../a.txt", b"x")]), INVALID, "a name that no container has"),
    ("edoc", "a name from the root", lambda: container(more=[("/a.txt", b"x")]), INVALID, "a name that no container has"),
    ("edoc", "a folder with something in it", lambda: container(more=[("a/", b"x")]), INVALID, "a name that no container has"),
    ("edoc", "the same name twice", lambda: container(more=[("a.txt", b"x"), ("b.txt", b"y")]).replace(b"b.txt", b"a.txt"), INVALID, "a name that"),
    ("edoc", "an entry that unpacks to a thousand times its size", lambda: container(more=[("a.txt", bytes(5 * 10**6))]), UNCHECKED, "far more than it is"),
    ("edoc", "more than a hundred entries", lambda: container(more=[(f"{n}.txt", b"") for n in range(MOST)]), UNCHECKED, "unpacks to too much"),
    ("edoc", "a PDF before the archive", lambda: pdf() + container(), INVALID, "beside its entries"),
    ("edoc", "a PDF behind the archive", lambda: container() + pdf(), INVALID, "beside its entries"),
    ("edoc", "another archive before it", lambda: container(LESS) + container(), INVALID, "beside its entries"),
    ("edoc", "a file between the entries", lambda: container(FILES | {"a.txt": b"x"}, [xades()], hidden="a.txt"), INVALID, "beside its entries"),
    ("edoc", "a file between the entries and the directory", lambda: container(more=[("a.txt", b"x")], hidden="a.txt"), INVALID, "beside its entries"),
    ("edoc", "cut off", lambda: container()[:-40], INVALID, "damaged"),
    ("edoc", "a byte of a file is damaged", lambda: container().replace(b"zip" + b"PK", b"ziq" + b"PK"), INVALID, "damaged"),
    ("edoc", "an archive that does not begin with its type", lambda: archive(WORD), INVALID, "does not begin"),
    ("edoc", "a container of another kind", lambda: container(kind="application/epub+zip"), UNCHECKED, "of another kind"),
    ("edoc", "a signature that is not XML (CAdES)", lambda: container(signatures=[], more=[("META-INF/a.p7s", b"x")]), UNCHECKED, "of another kind"),
    ("edoc", "no signature", lambda: container(signatures=[]), UNSIGNED, ""),
    ("pdf", "signed by one", signed_pdf, TRUSTED, ""),
    ("pdf", "signed by two", lambda: signed_pdf(LIGA, signed_pdf(), "S2"), TRUSTED, ""),
    ("pdf", "proofs were added after it was signed (B-LT)", lambda: proved(signed_pdf()), TRUSTED, ""),
    ("pdf", "by a certificate of an authority that is not in `trust_dir`", lambda: signed_pdf(STRANGER), INTACT, "no authority"),
    ("pdf", "by a certificate for logging in", lambda: signed_pdf(CARD), INTACT, "as one for signing"),
    ("pdf", "by a certificate that had expired when it was signed", lambda: signed_pdf(ONCE), INVALID, "was not valid when"),
    ("pdf", "a word was changed", lambda: signed_pdf().replace(b"pilnvaroju", b"nepilnvaro"), INVALID, "does not fit"),
    ("pdf", "a page was turned after it was signed", lambda: rotated(signed_pdf()), INVALID, "changed after it was signed"),
    ("pdf", "a field was filled in after it was signed", lambda: filled(signed_pdf()), INVALID, "changed after it was signed"),
    ("pdf", "another signature was put into its place", lambda: swapped(signed_pdf()), INVALID, "does not fit"),
    ("pdf", "its signature is damaged", lambda: smashed(signed_pdf()), UNCHECKED, "cannot be read"),
    ("pdf", "RSA of 1024 bits", lambda: signed_pdf(Signer(kind="RSA1024")), INVALID, "too weak"),
    ("pdf", "SHA-1", lambda: signed_pdf(LIGA, digest="sha1"), INVALID, ""),
    ("pdf", "an archive behind it", lambda: signed_pdf() + container(), UNCHECKED, "cannot be read"),
    ("pdf", "cut off", lambda: signed_pdf()[:-500], UNCHECKED, "cannot be read"),
    ("pdf", "no PDF but for its first bytes", lambda: b"%PDF-1.7 by my hand", UNCHECKED, "cannot be read"),
    ("pdf", "no signature", pdf, UNSIGNED, ""),
]  # fmt: skip


def swapped(document: bytes) -> bytes:
    """With the last bytes of its signature, which are those of the number, changed."""
    start = document.index(b"/Contents <") + len(b"/Contents <")
    held = document[start : document.index(b">", start)].rstrip(b"0")
    return document[: start + len(held) - 4] + bytes(b"0123456789abcdef"[-1 - b"0123456789abcdef".index(one)] for one in held[-4:].lower()) + document[start + len(held) :]


def smashed(document: bytes) -> bytes:
    """With the first bytes of its signature overwritten."""
    start = document.index(b"/Contents <") + len(b"/Contents <")
    return document[:start] + b"ff" * 8 + document[start + 16 :]


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where our authority is trusted."""
    return trusting(tmp_path_factory.mktemp("trust"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[1]}")
def test_each_document_gets_its_state(trust: Path, case: Case):
    kind, _, made, state, reason = case
    found = report(kind, made(), trust, NOW + timedelta(minutes=5))
    assert found.state is state, found
    assert reason in " ".join([found.reason, *(one.reason for one in found.signatures)]), found


def test_the_document_for_readers_lists_them_all():
    lines = (ROOT / "docs" / "signatures.md").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith(("| edoc", "| pdf"))] == [f"| {kind} | {what} | {state} |" for kind, what, _, state, _ in CASES]


@pytest.mark.parametrize(("kind", "made"), [("edoc", container), ("pdf", signed_pdf)])
def test_without_authorities_nothing_is_trusted(kind: str, made: Callable[[], bytes]):
    found = report(kind, made(), None, NOW + timedelta(minutes=5))
    assert found.state is INTACT and "there is no trust_dir" in found.signatures[0].reason


def test_who_signed_and_when_is_told_of_each(trust: Path):
    found = report("edoc", container(signatures=[xades(), xades(who=LIGA)]), trust, NOW)
    assert found.signatures == (
        Signature(TRUSTED, "", "ANNA OZOLIŅA", f"PNOLV-{ANNA_CODE}", "DEMO eSign CA", YESTERDAY),
        Signature(TRUSTED, "", "LĪGA OZOLIŅA", "PNOLV-32000000001", "DEMO eSign CA", YESTERDAY),
    )  # fmt: skip
    both = report("pdf", signed_pdf(LIGA, signed_pdf(), "S2"), trust, NOW + timedelta(minutes=5)).signatures
    assert [(one.name, one.signed_at is not None) for one in both] == [("ANNA OZOLIŅA", True), ("LĪGA OZOLIŅA", True)]


def test_a_name_cannot_play_with_the_terminal(trust: Path):
    found = Offline(trust).check("a.edoc", container(signatures=[xades(who=Signer("A\x1b[2J\nB"))]), NOW)
    assert found.signatures[0].name == "A?[2J?B"
    assert read(write(Report(INVALID, "“\x9b\u202e” is not signed"))).reason == "“??” is not signed"


def test_a_new_certificate_of_the_same_authority_does_not_unseat_the_old_one(tmp_path: Path):
    folder = trusting(tmp_path, authority("NEW CA", 7), authority())
    assert report("edoc", container(), folder, NOW).state is TRUSTED and len(anchors(folder)) == 2


def test_an_authority_that_has_expired_vouches_for_nobody(tmp_path: Path):
    folder = trusting(tmp_path, authority(ends=NOW - timedelta(days=1)))
    assert report("edoc", container(), folder, NOW).state is INTACT


@pytest.mark.parametrize("name", ["a.edoc", "A.ASICE"])
def test_the_child_says_the_same(trust: Path, name: str):
    assert Offline(trust).check(name, container(), NOW) == report("edoc", container(), trust, NOW)


def test_the_child_reads_a_pdf(trust: Path):
    assert Offline(trust).check("a.pdf", signed_pdf(), NOW + timedelta(minutes=5)).state is TRUSTED


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.docx"])
def test_what_cannot_be_signed_is_unsigned(trust: Path, name: str):
    assert Offline(trust).check(name, b"x", NOW) == Report(UNSIGNED)


def test_what_is_too_large_is_not_checked():
    assert Offline(None).check("a.pdf", bytes(LARGEST + 1), NOW) == Report(UNCHECKED, "it is too large")


@pytest.mark.parametrize(("limits", "reason"), [
    (Limits(wall_seconds=0.01), "it took too long"), (Limits(memory_bytes=40 * 2**20), "the check failed"),
])  # fmt: skip
def test_a_child_that_takes_too_much_leaves_it_unchecked(trust: Path, limits: Limits, reason: str):
    assert Offline(trust, limits).check("a.edoc", container(), NOW) == Report(UNCHECKED, reason)


def test_a_child_that_dies_leaves_it_unchecked(trust: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signatures, "CHILD", (sys.executable, "-c", "import os; os.abort()"))
    assert Offline(trust).check("a.edoc", container(), NOW) == Report(UNCHECKED, "the check failed")


def test_who_waits_in_vain_for_a_turn_is_told_so(trust: Path):
    with signatures._one:
        assert Offline(trust, Limits(wait_seconds=0)).check("a.edoc", container(), NOW).reason == "others are being checked"


def test_authorities_that_cannot_be_read_trust_nobody(tmp_path: Path):
    assert Offline(tmp_path / "none").check("a.edoc", container(), NOW) == Report(UNCHECKED, "the check failed")


def test_nothing_in_a_document_makes_anybody_be_asked(trust: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        told, unknown, soon = Signer(asks=url), Signer(asks=url, issuer="OTHER CA", issued_by=8), NOW + timedelta(minutes=5)
        states = [Offline(trust).check("a.pdf", signed_pdf(one), soon).state for one in (told, unknown)]
        states += [Offline(trust).check("a.edoc", made, NOW).state for made in (
            container(signatures=[xades(who=told)]), container(signatures=[xades(who=unknown)]), container(signatures=[xades(FILES | {url: b"x"}, told)]),
            container(head=f'<!DOCTYPE a SYSTEM "{url}">'), container(head=OUTSIDE.replace("file:///etc/passwd", url), signatures=["&x;"]),
        )]  # fmt: skip
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert states == [TRUSTED, INTACT, TRUSTED, INTACT, INVALID, INVALID, INVALID]


@pytest.mark.parametrize("event", ["socket.connect", "socket.getaddrinfo", "subprocess.Popen"])
def test_the_child_reaches_nothing(event: str):
    with pytest.raises(PermissionError):
        stay_inside(event, ())
    stay_inside("open", ())


def test_a_report_survives_its_way():
    one = Signature(INTACT, "x", "Anna", "PNOLV-1", "CA", NOW)
    found = report_of([one, replace(one, state=TRUSTED, signed_at=None)])
    assert read(write(found)) == found and found.state is INTACT and report_of([]).state is UNSIGNED


@pytest.mark.parametrize(("serial", "same"), [
    (f"PNOLV-{ANNA_CODE}", True), ("PNOLV-12036511114", True), (f"PNOEE-{ANNA_CODE}", False), (f"PASLV-{ANNA_CODE}", False), ("PNOLV-1", False), ("", False), (ANNA_CODE, False),
])  # fmt: skip
def test_a_code_is_compared_by_its_keyed_hash_and_only_a_latvian_one(serial: str, same: bool):
    known = Identifiers("i" * 40)
    assert (code_hash(known, Signature(TRUSTED, serial=serial)) == known.hash(ANNA_CODE)) is same


def test_a_folder_of_authorities_is_checked_before_it_is_needed(tmp_path: Path):
    assert trust_problems(None) == [] and trust_problems(tmp_path) == ["trust_dir: has no certificate"]
    assert "cannot be used" in trust_problems(tmp_path / "none")[0]
    assert trust_problems(trusting(tmp_path, authority(), authority("NEW CA", 7))) == []
    for content in (b"x", ANNA.der):
        (tmp_path / "a.txt").write_bytes(content)
        assert trust_problems(tmp_path) == ["trust_dir: cannot be used (a.txt is no certificate of an authority)"]
