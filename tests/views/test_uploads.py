"""A file that is not taken is named with the reason, in three languages; one that is kept back is told of when opened."""

import io

import pytest
import sqlalchemy as sa
from flask import Flask

from models import quarantine
from models.documents import Document
from models.intake import Refused, take
from models.quarantine import Quarantined
from tests.browser import Browser
from tests.cast import Cast
from tests.speaking import speaking
from tests.standing import change, fetch
from views.language import LANGUAGES
from views.uploads import refusal

REASONS = ("kind", "empty", "large", "many", "content", "pixels", "packed", "damaged", "virus")


@pytest.mark.parametrize("reason", REASONS)
def test_each_refusal_names_the_file_and_says_why_in_the_readers_language(app: Flask, reason: str):
    said = set()
    with app.test_request_context():
        for language in LANGUAGES:
            with speaking(language):
                said.add(refusal(Refused("100% <b>līgums</b>.pdf", reason)))
    assert len(said) == 3 and all("100% <b>līgums</b>.pdf" in one and "%(" not in one for one in said)


def test_a_real_refusal_has_its_sentence(app: Flask):
    with app.test_request_context(), speaking("en"), pytest.raises(Refused) as caught:
        take("../IMG_1.GIF", io.BytesIO(b"x"))
    with app.test_request_context(), speaking("en"):
        assert refusal(caught.value) == "“IMG_1.GIF” cannot be taken: send a PDF, JPG, PNG, WEBP, HEIC, DOCX, EDOC or ASICE file."


@pytest.mark.parametrize(("found", "status", "words"), [("", 503, "still being checked for viruses"), ("Test.Marker", 403, "A virus was found in this file")])
def test_what_is_in_quarantine_is_not_given_out_by_any_door(anna: Browser, app: Flask, cast: Cast, found: str, status: int, words: str):
    """ASVS 5.4.3; ux.md §2.8."""
    name = fetch(app, sa.select(Document.file_hash).where(Document.public_id == cast.document))[0][0]
    change(app, sa.text("UPDATE invoice SET file_hash = :name").bindparams(name=name))
    with app.extensions["ekabinets"].database.write() as session:
        quarantine.hold(session, name)
    change(app, sa.update(Quarantined).values(found=found))
    for path in (f"/documents/{cast.document}/file", f"/invoices/{cast.invoice}.pdf"):
        page = anna.get(path)
        assert anna.status == status and words in page.text and "Test.Marker" not in page.html and b"%PDF" not in anna.response.get_data()
    change(app, sa.delete(Quarantined))
    assert anna.client.get(f"/documents/{cast.document}/file").get_data() == b"%PDF-1.4 contract"
