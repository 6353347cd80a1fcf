"""The house file: of the owners of a house, by a strong login, and by one door only (E07, E09; OG-21..23)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models.documents import Document
from models.premises import Premises
from models.tenures import Tenure
from models.types import DocumentKind, TenureRole
from tests import standing
from tests.browser import Browser
from tests.cast import Cast
from tests.lend import lend
from tests.standing import change, main

house_file = standing.house_file


def test_a_password_opens_neither_the_house_file_nor_a_paper_of_it(anna: Browser, cast: Cast):
    for path in (f"/properties/{cast.second}/house", f"/house-files/{cast.house_paper}/file"):
        answer = anna.client.get(path)
        assert answer.status_code in (303, 403) and b"%PDF" not in answer.get_data() and b"protokols" not in answer.get_data(), path


def test_a_paper_of_the_house_file_has_one_address_and_is_in_no_other_list(anna: Browser, cast: Cast, house_file):
    """Security rule 1: the same object by any path gives the same answer."""
    page = anna.get(f"/properties/{cast.second}/documents")
    assert cast.house_paper not in page.html and "Kopsapulces protokols" not in page.text
    assert anna.client.get(f"/documents/{cast.house_paper}/file").status_code == 404
    assert anna.client.get(f"/house-files/{cast.document}/file").status_code == 404


def test_who_may_reads_the_building_its_papers_and_the_way_to_the_state_register(anna: Browser, cast: Cast, house_file):
    page = anna.get(f"/properties/{cast.second}/house")
    text = main(page)
    assert "Mālkalnes prospekts 3, Ogre" in text and "Building manager" in text
    assert "Minutes of owners’ meetings" in text and "Kopsapulces protokols (PDF, 1" in page.links[f"/house-files/{cast.house_paper}/file"]
    assert "https://bis.gov.lv" in page.links and "Construction Information System" in text
    assert anna.client.get(f"/house-files/{cast.house_paper}/file").get_data() == b"%PDF-1.4 contract"
    assert f"/properties/{cast.flat}/house" in anna.get("/more").links


def test_an_empty_house_file_says_so(anna: Browser, cast: Cast, house_file):
    text = anna.get(f"/properties/{cast.flat}/house").text
    assert "There are no documents in this house file yet." in text and "Cost estimate of the building" in text


def test_another_house_and_another_flat_do_not_exist(anna: Browser, cast: Cast, house_file):
    for path in (f"/house-files/{cast.other_paper}/file", f"/properties/{cast.neighbour}/house"):
        assert anna.client.get(path).status_code == 404


def test_the_house_file_is_its_owners_and_not_its_tenants(anna: Browser, app: Flask, cast: Cast, house_file):
    change(app, sa.update(Tenure).values(role=TenureRole.TENANT))
    assert anna.client.get(f"/properties/{cast.flat}/house").status_code == 403
    assert anna.client.get(f"/house-files/{cast.house_paper}/file").status_code == 404
    links = anna.get(f"/properties/{cast.flat}/documents").links
    assert f"/properties/{cast.flat}/house" not in links and f"/documents/{cast.document}/file" in links


def test_a_mandate_for_strong_logins_locks_nothing_that_another_opens(app: Flask, cast: Cast, house_file):
    house = sa.select(Premises.house_id).where(Premises.public_id == cast.flat).scalar_subquery()
    change(app, sa.update(Document).where(Document.public_id == cast.house_paper).values(house_id=house))
    lend(app, cast, "house_file", strong=True)
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.client.get(f"/house-files/{cast.house_paper}/file").status_code == 303
    for owner, at in (("viktors", cast.neighbour), ("anna", cast.flat)):
        lend(app, cast, "house_file", owner=owner, at=at, public_id=owner.ljust(16, "-"), address=f"{owner}@liga.example")
        assert liga.client.get(f"/house-files/{cast.house_paper}/file").status_code == 200


def test_the_way_there_is_shown_and_says_what_will_be_asked(anna: Browser, cast: Cast, request: pytest.FixtureRequest):
    """A14: people look for it."""
    address = f"/properties/{cast.flat}/house"
    assert "You will be asked to prove who you are" in anna.get(f"/properties/{cast.flat}/documents").links[address]
    request.getfixturevalue("house_file")
    assert "prove" not in anna.get(f"/properties/{cast.flat}/documents").links[address]


def test_without_the_right_a_paper_is_in_no_list_either(anna: Browser, cast: Cast):
    assert cast.house_paper not in anna.get(f"/properties/{cast.second}/documents").html
    assert anna.client.get(f"/documents/{cast.house_paper}/file").status_code == 404


@pytest.mark.parametrize("kind", DocumentKind)
def test_each_kind_of_document_has_one_place(anna: Browser, app: Flask, cast: Cast, house_file, kind: DocumentKind):
    change(app, sa.update(Document).where(Document.public_id == cast.house_paper).values(kind=kind))
    doors = [anna.client.get(f"/{door}/{cast.house_paper}/file").status_code for door in ("documents", "house-files")]
    assert doors == ([404, 200] if kind.in_house_file else [200, 404])
    assert kind.in_house_file == (kind in {"building", "works_plan", "savings", "inspection", "minutes", "energy"})
