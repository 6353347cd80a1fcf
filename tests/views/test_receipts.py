"""Receipts of readings, and the page that proves them to whoever holds one (D20)."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.people import User
from models.readings import Reading
from models.types import ExternalStatus, Source
from tests.auth.strangers import settle
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, fetch, main
from tests.tools import run
from tests.views.by_link import current
from tests.views.reading_form import send


def receipt(anna: Browser, mid: str, number: int) -> str:
    """The address of one; it is opened."""
    path = f"/meters/{mid}/receipt.pdf?reading={number}"
    anna.get(path)
    return path


def proof(anna: Browser, folder: Path) -> str:
    """Where the code on the paper leads."""
    (folder / "receipt.pdf").write_bytes(anna.response.data)
    run("pdftoppm", "-r", "150", "-png", folder / "receipt.pdf", folder / "page")
    [page] = folder.glob("page*.png")
    return run("zbarimg", "--raw", "-q", page).strip().removeprefix("http://localhost")


def text(folder: Path) -> str:
    """What is printed."""
    return " ".join(run("pdftotext", "-layout", folder / "receipt.pdf", "-").split())


@pytest.fixture
def sent(anna: Browser, app: Flask, cast: Cast) -> Reading:
    """A reading that Anna has sent."""
    send(anna, cast.cold, "195,5")
    return current(app, cast.cold)


def test_a_receipt_says_what_came_when_and_from_whom(anna: Browser, cast: Cast, sent: Reading, tmp_path: Path):
    assert f"/meters/{cast.cold}/receipt.pdf?reading={sent.id}" in anna.get(f"/meters/{cast.cold}").links
    receipt(anna, cast.cold, sent.id)
    assert anna.status == 200 and anna.response.mimetype == "application/pdf"
    proof(anna, tmp_path)
    said = text(tmp_path)
    assert all(words in said for words in ("195.500 m³", "Brīvības iela 12–34, Ogre", "Cold water", "12345678", "Anna Ozoliņa"))


def test_the_code_on_it_opens_the_proof_without_a_login_a_name_or_a_flat(anna: Browser, app: Flask, cast: Cast, sent: Reading, tmp_path: Path):
    receipt(anna, cast.cold, sent.id)
    reader, where = Browser(app), proof(anna, tmp_path)
    page = reader.get(where)
    assert "The receipt is genuine, and the reading stands." in main(page) and "195.500" in main(page) and "Brīvības iela 12," in main(page)
    assert not [word for word in ("Anna", "20417", "12–34", "12345678") if word in main(page)]


def test_one_letter_changed_and_it_is_not_ours(anna: Browser, app: Flask, cast: Cast, sent: Reading, tmp_path: Path):
    receipt(anna, cast.cold, sent.id)
    reader, where = Browser(app), proof(anna, tmp_path)
    for at in range(len("/receipts/"), len(where), 7):
        page = reader.get(f"{where[:at]}{'A' if where[at] != 'A' else 'B'}{where[at + 1 :]}")
        assert reader.status == 404 and "This receipt is not ours." in main(page)


@pytest.mark.parametrize(("what", "said"), [
    ({"status": ExternalStatus.REJECTED}, "was not accepted"), ({"value": 195_501}, "We do not hold this reading any more"),
])  # fmt: skip
def test_what_became_of_the_reading_is_told(anna: Browser, app: Flask, cast: Cast, sent: Reading, tmp_path: Path, what: dict, said: str):
    receipt(anna, cast.cold, sent.id)
    where = proof(anna, tmp_path)
    change(app, sa.update(Reading).where(Reading.id == sent.id).values(what))
    assert said in main(Browser(app).get(where))


def test_a_reading_that_was_corrected_is_said_to_be_replaced(anna: Browser, app: Flask, cast: Cast, sent: Reading, tmp_path: Path):
    receipt(anna, cast.cold, sent.id)
    where = proof(anna, tmp_path)
    send(anna, cast.cold, "195,7")
    assert "replaced by another one later" in main(Browser(app).get(where))


def test_a_receipt_is_only_for_readings_of_ones_own_meters_and_days(anna: Browser, app: Flask, cast: Cast):
    whose = settle(app, cast)
    shared = next(mid for mid in whose["anna"]["mid"] if mid in whose["peteris"]["mid"] and mid != cast.house_meter)
    theirs = [row.id for row in fetch(app, sa.select(Reading.id).where(Reading.value == 70_707))]
    for mid in (shared, cast.cold):
        for number in (*theirs, "0", "-1", "²", "9" * 15, "x", ""):
            receipt(anna, mid, number)
            assert anna.status == 404
    receipt(anna, cast.stranger_meter, current(app, cast.stranger_meter).id)
    assert anna.status == 404


def test_no_member_of_staff_is_named_on_it(anna: Browser, app: Flask, cast: Cast, sent: Reading, tmp_path: Path):
    ilze = fetch(app, sa.select(User.id).where(User.username == "ilze"))[0].id
    change(app, sa.update(Reading).where(Reading.id == sent.id).values(actor_user_id=ilze, source=Source.CALL))
    receipt(anna, cast.cold, sent.id)
    (tmp_path / "receipt.pdf").write_bytes(anna.response.data)
    assert "195.500" in text(tmp_path) and "Ilze" not in text(tmp_path)
