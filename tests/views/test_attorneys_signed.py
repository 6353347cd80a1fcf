"""The desk says who signed the document of a power of attorney, and what is proved of it (G02; LG-20, OG-05)."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models import quarantine
from models.attorneys import Attorney
from models.customers import Customer
from models.identifiers import Identifiers
from models.identities import Identity
from tests.browser import Browser
from tests.cast import ZONE
from tests.models.test_intake import picture
from tests.powers import DESK, applied, apply, supervisor
from tests.signing import ANNA, ANNA_CODE, FILES, LIGA, YESTERDAY, Signer, container, signed_pdf, trusting, xades
from tests.standing import change, main

AT = f"{YESTERDAY.astimezone(ZONE):%-d %b %Y, %H:%M}"
VALID = "valid and trusted; whether it was revoked is not checked"
STRANGER = Signer(issuer="OTHER CA", issued_by=8)


@pytest.fixture
def liga(app: Flask) -> Browser:
    """Līga, at a site that trusts our authority."""
    browser = Browser(app)
    browser.log_in("liga")
    return browser


@pytest.fixture(autouse=True)
def trust(app: Flask, tmp_path: Path) -> None:
    """Our authority is trusted, Anna's code stands in the billing data, Līga's was proved by a bank."""
    (tmp_path / "trust").mkdir()
    held, known = app.extensions["ekabinets"], Identifiers("i" * 40)
    settings = held.settings.model_copy(update={"trust_dir": str(trusting(tmp_path / "trust"))})
    app.extensions["ekabinets"] = replace(held, settings=settings)
    change(app, sa.update(Customer).where(Customer.code == "20417").values(identifier_hash=known.hash(ANNA_CODE)))
    liga = sa.text("SELECT id FROM user_account WHERE username = 'liga'")
    with held.database.write() as session:
        number = session.execute(liga).scalar_one()
        session.add(Identity(user_id=number, family="bank", provider="Banka", issuer="b", subject="l", code_hash=known.hash("32000000001")))


def shown(app: Flask) -> str:
    """What is said of the signatures."""
    said = main(supervisor(app).get(f"{DESK}/1?signatures=1"))
    return said[said.index("Signatures:") : said.index("Who has this code")]


def test_signers_are_named_and_recognised(app: Flask, liga: Browser):
    apply(liga, "pilnvara.edoc", container(signatures=[xades(), xades(who=LIGA), xades(who=Signer("X Y", "PNOLV-33000000002"))]))
    said = shown(app)
    for line in (
        f"Signatures: {VALID}", f"ANNA OZOLIŅA , {AT}: {VALID}; the customer’s personal code ( Anna Ozoliņa )", f"LĪGA OZOLIŅA , {AT}: {VALID}; the applicant’s personal code",
        f"X Y , {AT}: {VALID}; neither the applicant’s nor the customer’s personal code",
    ):  # fmt: skip
        assert line in said


def test_what_only_a_certificate_says_is_shown_as_that(app: Flask, liga: Browser):
    apply(liga, "pilnvara.asice", container(signatures=[xades(who=STRANGER)]))
    doubt = "intact, but nobody we trust says whose it is"
    said = shown(app)
    assert f"Signatures: {doubt}" in said and f"ANNA OZOLIŅA , {AT}: {doubt}; the customer’s personal code ( Anna Ozoliņa ), as only the certificate itself says" in said
    assert "no authority in trust_dir vouches for its certificate as one for signing" in said


def test_where_no_code_is_known_there_is_nothing_to_compare(app: Flask, liga: Browser):
    change(app, sa.delete(Identity))
    change(app, sa.update(Customer).values(identifier_hash=None))
    apply(liga, "pilnvara.pdf", signed_pdf(ANNA))
    assert f"Signatures: {VALID}" in shown(app) and f"{VALID}; no personal code to compare with" in shown(app)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.edoc", container(FILES | {"more.txt": b"x"}, [xades()]), "invalid"), ("a.edoc", container(head="<!DOCTYPE a>"), "invalid “META-INF/signatures0.xml” declares a document type"),
    ("a.edoc", container(signatures=[]), "no signature"), ("a.png", picture("PNG"), "no signature"), ("a.pdf", b"%PDF-1.7 by my hand", "not checked it cannot be read as a PDF"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_words(app: Flask, liga: Browser, name: str, content: bytes, words: str):
    apply(liga, name, content)
    assert shown(app).startswith(f"Signatures: {words}") and "personal code" not in shown(app)


def test_a_file_that_is_kept_back_or_lost_is_not_looked_into(app: Flask, liga: Browser):
    apply(liga, "a.edoc", container())
    with app.extensions["ekabinets"].database.write() as session:
        quarantine.hold(session, applied(app)[0].file_hash)
    assert shown(app).startswith("Signatures: not checked it cannot be opened")
    change(app, sa.delete(quarantine.Quarantined))
    change(app, sa.update(Attorney).values(file_hash="0" * 64))
    assert shown(app).startswith("Signatures: not checked it cannot be opened")
