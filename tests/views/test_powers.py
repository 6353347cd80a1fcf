"""Powers of attorney are shown on a page (F06; OG-03, OG-05): taken whole or refused in words, and told to nobody."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.attorneys import MOST, Attorney
from models.files import FolderStorage
from models.intake import LARGEST
from models.outbox import Mail
from models.quarantine import Quarantined
from models.types import utc_now
from tests.browser import Browser
from tests.clamserver import MARKER, clam_server
from tests.models.test_intake import SIGNED, archive, picture
from tests.powers import PDF, POWERS, REFUSED, applied, apply, noted
from tests.standing import change, fetch, main
from views.limits import limiter


@pytest.fixture
def liga(app: Flask) -> Browser:
    """Līga, logged in; nothing is hers."""
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def stored(app: Flask, row: Attorney) -> bytes:
    return app.extensions["ekabinets"].storage.open(row.file_hash)


def test_an_application_waits_with_its_document_and_its_applicant_sees_so(app: Flask, liga: Browser):
    page = apply(liga)
    assert "We have your application." in main(page) and "Waits for our answer" in main(page) and "Customer code 20417" in main(page)
    [row] = applied(app)
    assert (row.code, row.about, row.file_name, stored(app, row)) == ("20417", "I look after my mother's flat.", "pilnvara.pdf", PDF)
    assert noted(app, "attorney.asked").object_id == row.id and fetch(app, sa.select(Mail.id)) == []
    assert POWERS in liga.get("/users").links


@pytest.mark.parametrize("name", ["pilnvara.edoc", "pilnvara.ASICE"])
def test_what_is_signed_is_kept_bit_by_bit(app: Flask, liga: Browser, name: str):
    content = archive(SIGNED)
    apply(liga, name, content)
    assert stored(app, applied(app)[0]) == content


@pytest.mark.parametrize(("name", "form"), [("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_a_scan_is_taken(app: Flask, liga: Browser, name: str, form: str):
    apply(liga, name, picture(form))
    assert applied(app)[0].file_name == name


@pytest.mark.parametrize(("name", "content", "words"), REFUSED)
def test_a_document_that_is_not_taken_is_told_beside_its_field_and_nothing_typed_is_lost(app: Flask, liga: Browser, name: str, content: bytes, words: str):
    page = apply(liga, name, content)
    assert liga.status == 422 and words in main(page) and applied(app) == []
    assert page.form(POWERS).fields["code"] == "20417" and "I look after my mother's flat." in main(page)


def test_several_files_are_asked_for_as_one(app: Flask, liga: Browser):
    page = apply(liga, document=[(io.BytesIO(PDF), f"{n}.pdf") for n in range(2)])
    assert liga.status == 422 and "Choose one file. Put several pages into one PDF." in main(page) and applied(app) == []


@pytest.mark.parametrize("typed", [{"code": " "}, {"code": "x" * 33}, {"code": "204\x0017"}, {"about": ""}, {"about": "x" * 301}])
def test_what_is_wrong_with_the_words_is_said_and_the_file_is_asked_for_again(app: Flask, liga: Browser, typed: dict):
    page = apply(liga, **typed)
    assert liga.status == 422 and applied(app) == [] and "Choose the file once more." in main(page)
    assert ("Enter the customer code" in main(page)) == ("code" in typed) and ("Write one or two sentences" in main(page)) == ("about" in typed)


def test_a_code_that_nobody_has_is_taken_like_any_other(app: Flask, liga: Browser):
    pages = []
    for code in ("20417", "99999"):
        pages.append(main(apply(liga, code=code)).replace(code, "CODE"))
        change(app, sa.delete(Attorney))
    assert pages[0] == pages[1]


def test_a_form_sent_twice_is_one_application(app: Flask, liga: Browser):
    once = liga.get(POWERS).form(POWERS).fields["once"]
    for _ in range(2):
        assert "We have your application." in main(apply(liga, once=once))
    assert len(applied(app)) == 1
    apply(liga, once="?")
    assert liga.status == 400


def test_more_than_five_do_not_wait(app: Flask, liga: Browser):
    for _ in range(MOST):
        apply(liga)
    page = apply(liga, about="One more.")
    assert liga.status == 429 and "Five of your applications are waiting already." in main(page) and "One more." in main(page)
    change(app, sa.update(Attorney).where(Attorney.id == 1).values(decided_at=utc_now(), reason="no"))
    apply(liga)
    assert liga.status == 200 and len(applied(app)) == MOST + 1


def test_while_nothing_can_be_stored_nothing_is_sent_and_what_was_typed_stays(app: Flask, liga: Browser, tmp_path: Path):
    (tmp_path / "broken").write_bytes(b"no folder")
    held, form = app.extensions["ekabinets"], liga.get(POWERS).form(POWERS).fields
    app.extensions["ekabinets"] = replace(held, storage=FolderStorage(tmp_path / "broken" / "files"))
    page = apply(liga, form=form, about="Kept words.")
    assert liga.status == 503 and "We cannot store the document at the moment, so nothing was sent." in main(page) and applied(app) == []
    kept = page.form(POWERS).fields
    assert (kept["code"], kept["once"], "Kept words." in main(page)) == ("20417", form["once"], True)
    app.extensions["ekabinets"] = held
    apply(liga, form=kept, about="Kept words.")
    assert [row.about for row in applied(app)] == ["Kept words."]


def test_nobody_else_sees_it_and_no_address_gives_the_document_out(app: Flask, liga: Browser, anna: Browser):
    apply(liga)
    assert "pilnvara.pdf" not in anna.get(POWERS).text and "pilnvara.pdf" not in anna.get("/users").text
    assert [rule.rule for rule in app.url_map.iter_rules() if "power" in rule.rule] == [POWERS, POWERS]


def test_a_virus_is_refused_and_what_nobody_could_scan_is_held_back(app: Flask, liga: Browser):
    held = app.extensions["ekabinets"]
    with clam_server() as url:
        app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update={"scanner": url}))
        assert "A virus was found in “a.pdf”" in main(apply(liga, "a.pdf", PDF + MARKER)) and liga.status == 422
    apply(liga)
    assert [row.file_hash for row in fetch(app, sa.select(Quarantined.file_hash))] == [applied(app)[0].file_hash]


def test_only_who_is_signed_in_may_send_much(app: Flask, liga: Browser):
    token = liga.get(POWERS).form(POWERS).fields["csrf_token"]
    big = {"csrf_token": token, "document": (io.BytesIO(b"x" * 2_000_000), "a.pdf")}
    nobody = Browser(app)
    assert nobody.client.post(POWERS, data=big | {"document": (io.BytesIO(b"x" * 2_000_000), "a.pdf")}).status_code == 413
    assert liga.client.post("/profile/language", data=big).status_code == 413
    limiter.reset()
    assert liga.client.post(POWERS, data={"csrf_token": token, "document": (io.BytesIO(b"x" * (3 * LARGEST + 1)), "a.pdf")}).status_code == 413
