"""What a visitor reaches: hers, from the day it is hers until the day it was (B03, B04; OG-24)."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from auth.scope import FETCH, Reach
from models.customers import Customer, CustomerUser
from models.documents import Document
from models.invoices import Invoice
from models.people import User
from models.premises import House, Premises
from models.tenures import Tenure
from models.types import TenureRole
from tests.browser import Browser
from tests.cast import TODAY, Cast, month
from tests.lend import lend
from tests.standing import change, fetch
from tests.walk import ids_of


def row(app: Flask, table: type, **which: object):
    """One row of a table."""
    conditions = [getattr(table, name) == value for name, value in which.items()]
    return fetch(app, sa.select(table.__table__).where(*conditions))[0]  # type: ignore[attr-defined]


def lives(app: Flask, username: str, pid: str, starts: date, ends: date | None = None, role: TenureRole = TenureRole.OWNER):
    """Let somebody hold premises, as a customer of her own."""
    user, place = row(app, User, username=username), row(app, Premises, public_id=pid)
    number = len(fetch(app, sa.select(Tenure.id)))
    with app.extensions["ekabinets"].database.write() as session:
        customer = Customer(external_id=f"new{number}", code=f"9000{number}", name=user.name)
        session.add(customer)
        session.flush()
        session.add(CustomerUser(user_id=user.id, customer_id=customer.id))
        session.add(Tenure(external_id=f"new{number}", customer_id=customer.id, premises_id=place.id, role=role, starts_on=starts, ends_on=ends))
        return customer.id


def paper(app: Flask, issued_on: date, pid: str | None = None, house: str | None = None) -> str:
    """A document of a flat or a house."""
    premises = row(app, Premises, public_id=pid).id if pid else None
    content = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 paper")
    document = Document(external_id=f"{issued_on}{pid}", premises_id=premises, house_id=house, title=f"Paper of {issued_on}", issued_on=issued_on, file_hash=content, file_name="paper.pdf", size=14)
    with app.extensions["ekabinets"].database.write() as session:
        session.add(document)
        session.flush()
        return document.public_id


@pytest.fixture
def liga(app: Flask) -> Browser:
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def statuses(browser: Browser, *paths: str) -> list[int]:
    return [browser.client.get(path).status_code for path in paths]


def test_a_tenure_opens_the_place_on_its_first_day_and_not_before(app: Flask, liga: Browser, cast: Cast):
    lives(app, "liga", cast.second, TODAY + timedelta(days=1))
    assert statuses(liga, f"/properties/{cast.second}") == [404] and cast.second not in liga.get("/properties").html
    change(app, sa.update(Tenure).where(Tenure.external_id.startswith("new")).values(starts_on=TODAY))
    assert statuses(liga, f"/properties/{cast.second}") == [200]


@pytest.mark.parametrize("role", list(TenureRole))
def test_who_holds_a_place_in_any_role_sees_it_but_not_the_invoices_to_others(app: Flask, liga: Browser, cast: Cast, role: TenureRole):
    lives(app, "liga", cast.flat, month(2), role=role)
    assert statuses(liga, f"/properties/{cast.flat}", f"/meters/{cast.cold}", f"/meters/{cast.house_meter}") == [200] * 3
    paths = [f"/invoices/{iid}{end}" for iid in (cast.invoice, cast.paid, cast.former_invoice) for end in ("", ".pdf", "/qr.svg")]
    assert set(statuses(liga, *paths)) == {404}
    assert "There is no invoice yet" in liga.get(f"/properties/{cast.flat}/invoices").text


def test_two_people_of_one_customer_see_the_same_invoices(app: Flask, liga: Browser, cast: Cast):
    customer = row(app, Customer, code="20417").id
    change(app, sa.insert(CustomerUser.__table__).values(user_id=row(app, User, username="liga").id, customer_id=customer))
    assert statuses(liga, f"/invoices/{cast.invoice}", f"/documents/{cast.document}/file") == [200, 200]


def test_the_former_owner_keeps_his_invoices_and_nothing_newer(app: Flask, cast: Cast):
    peteris = Browser(app)
    peteris.log_in("peteris")
    assert statuses(peteris, f"/invoices/{cast.former_invoice}", f"/invoices/{cast.invoice}", f"/invoices/{cast.paid}") == [200, 404, 404]
    page = peteris.get(f"/properties/{cast.flat}/invoices")
    assert f"/invoices/{cast.former_invoice}" in page.links and f"/invoices/{cast.invoice}" not in page.links


def test_the_new_owner_sees_no_invoice_of_the_former_one(anna: Browser, cast: Cast):
    assert statuses(anna, f"/invoices/{cast.former_invoice}", f"/invoices/{cast.former_invoice}.pdf", f"/invoices/{cast.former_invoice}/qr.svg") == [404] * 3
    for year in (2024, 2025, 2026):
        assert cast.former_invoice not in anna.get(f"/properties/{cast.flat}/invoices?year={year}").html


def test_a_flats_papers_belong_to_the_time_they_are_from(app: Flask, anna: Browser, cast: Cast):
    peteris, moved = Browser(app), month(24)
    peteris.log_in("peteris")
    before, on_the_day = paper(app, moved - timedelta(days=1), cast.flat), paper(app, moved, cast.flat)
    files = [f"/documents/{did}/file" for did in (before, on_the_day)]
    assert (statuses(anna, *files), statuses(peteris, *files)) == ([404, 200], [200, 404])
    for browser, seen, hidden in ((anna, on_the_day, before), (peteris, before, on_the_day)):
        html = browser.get(f"/properties/{cast.flat}/documents").html
        assert seen in html and hidden not in html


def test_a_houses_papers_are_for_all_who_live_there_until_they_leave(app: Flask, anna: Browser, liga: Browser, cast: Cast):
    house = row(app, House, external_id="H1").id
    old, new = paper(app, month(40), house=house), paper(app, month(1), house=house)
    peteris, viktors = Browser(app), Browser(app)
    peteris.log_in("peteris")
    viktors.log_in("viktors")
    files = [f"/documents/{did}/file" for did in (old, new)]
    assert [statuses(person, *files) for person in (anna, viktors, peteris, liga)] == [[200, 200], [200, 200], [200, 404], [404, 404]]
    assert old not in anna.get(f"/properties/{cast.second}/documents").html, "another house"
    last = [paper(app, month(24) - timedelta(days=days), house=house) for days in (1, 0)]
    assert statuses(peteris, *(f"/documents/{did}/file" for did in last)) == [200, 404], "his last day, and the next"


def test_a_neighbour_of_the_same_house_has_his_own_flat_only(app: Flask, anna: Browser, cast: Cast):
    assert statuses(anna, f"/properties/{cast.neighbour}", f"/meters/{cast.stranger_meter}", f"/invoices/{cast.stranger_invoice}", f"/documents/{cast.stranger_document}/file") == [404] * 4


def test_who_comes_back_has_the_place_of_the_last_time(app: Flask, cast: Cast):
    lives(app, "peteris", cast.second, month(1))
    lives(app, "peteris", cast.flat, TODAY - timedelta(days=3))
    peteris = Browser(app)
    peteris.log_in("peteris")
    page = peteris.get("/properties")
    assert page.text.count("Brīvības iela 12–34") == 1 and "ended" not in page.text


def test_an_invoice_to_her_for_premises_that_are_not_hers_stays_closed(app: Flask, anna: Browser, cast: Cast):
    elsewhere = row(app, Premises, public_id=cast.neighbour).id
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(premises_id=elsewhere))
    assert statuses(anna, f"/invoices/{cast.invoice}") == [404]


def test_ids_of_one_kind_open_nothing_of_another(anna: Browser, cast: Cast):
    ids = {name: values[0] for name, values in ids_of("anna", cast).items()}
    addresses = {"pid": "/properties/%s", "mid": "/meters/%s", "iid": "/invoices/%s", "did": "/documents/%s/file"}
    for name, address in addresses.items():
        for other, value in ids.items():
            assert statuses(anna, address % value) == [200 if other == name else 404], (name, other)


def test_the_places_are_read_once_in_a_request(anna: Browser, cast: Cast, statements: list[str]):
    anna.get(f"/properties/{cast.flat}/documents")
    assert sum("JOIN tenure" in one and "document" not in one for one in statements) == 1
    statements.clear()
    anna.client.get("/favicon.ico")
    assert statements == []


def test_many_mandates_are_read_by_the_statements_of_one(app: Flask, liga: Browser, cast: Cast, statements: list[str]) -> None:
    counts = []
    for number in range(20):
        lend(app, cast, public_id=f"{number}" * 16, address=f"{number}@example.com")
        if number in (0, 19):
            liga.get(f"/properties/{cast.flat}")
            statements.clear()
            assert "You act for" in liga.get(f"/properties/{cast.flat}").text
            counts.append((len(statements), sum("mandate" in one and "notice" not in one for one in statements)))
    assert counts[0] == counts[1] and counts[0][1] <= 2, "one of them decides about access"


def test_an_owner_at_one_address_is_a_helper_at_another_in_one_session(app: Flask, cast: Cast) -> None:
    lend(app, cast, who="viktors")
    viktors = Browser(app)
    viktors.log_in("viktors")
    pages = [viktors.get(f"/properties/{pid}").text for pid in (cast.neighbour, cast.flat)]
    assert ["You act for" in page for page in pages] == [False, True]
    assert [viktors.client.get(f"/properties/{pid}/invoices").status_code for pid in (cast.neighbour, cast.flat)] == [200, 404]


def test_every_kind_of_object_is_fetched_by_the_reach_itself():
    assert all(fetch.__qualname__.startswith(f"{Reach.__name__}.") for fetch in FETCH.values())
