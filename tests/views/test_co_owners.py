"""A residence with several owners: whoever they are to the operator, they are equals (B05)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.customers import Customer, CustomerUser
from models.invoices import Invoice
from models.places import places_of
from models.premises import Premises
from models.tenures import Tenure
from models.types import TenureRole
from tests import standing
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast, month
from tests.registering import user
from tests.standing import change, fetch, main
from tests.views.reading_form import send

app = standing.app
Owns = Callable[..., None]
LONG_AGO = month(24)


@pytest.fixture
def owns(app: Flask, cast: Cast) -> Owns:
    """Līga owns Anna's flat as well: as a customer of her own, or as the same one."""

    def owns(since: date = LONG_AGO, until: date | None = None, role: TenureRole = TenureRole.CO_OWNER, same: bool = False) -> None:
        with app.extensions["ekabinets"].database.write() as session:
            customer = session.scalars(sa.select(Customer).where(Customer.code == "20417")).one()
            if not same:
                customer = Customer(external_id="CL", code="20999", name="Līga Ozoliņa")
                session.add(customer)
                session.flush()
                flat = session.scalars(sa.select(Premises).where(Premises.public_id == cast.flat)).one()
                session.add(Tenure(external_id="TL", customer_id=customer.id, premises_id=flat.id, role=role, starts_on=since, ends_on=until))
            session.add(CustomerUser(user_id=user(app, "liga"), customer_id=customer.id))

    return owns


@pytest.fixture
def liga(app: Flask) -> Browser:
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def without_herself(page: Page) -> str:
    """What a page says, without who reads it, and whether she has another address."""
    return main(page).replace("20999", "20417").replace(" Change the address", "")


@pytest.mark.parametrize("one_customer", [True, False], ids=["two users of one customer", "two customers of one flat"])
def test_both_see_the_same_home_invoices_meters_and_notices(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns, one_customer: bool) -> None:
    owns(same=one_customer)
    home = f"/properties/{cast.flat}"
    for path in (home, f"{home}/invoices", f"/invoices/{cast.invoice}", f"{home}/meters", f"/meters/{cast.cold}", f"/notices/{cast.notice}", f"{home}/documents"):
        annas, ligas = (without_herself(browser.get(path)) for browser in (anna, liga))
        assert annas == ligas and liga.status == 200, path


def test_none_of_them_is_shown_as_the_lesser_one(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    assert "Owner" in anna.get("/properties").text
    owns()
    for browser in (anna, liga):
        first = main(browser.get("/properties")).partition("Mālkalnes")[0]
        assert "Co-owner" in first and "· Owner" not in first


def test_both_send_readings_and_see_what_the_other_sent(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns()
    send(liga, cast.cold, "195,5")
    send(anna, cast.hot, "528")
    for browser in (anna, liga):
        assert "195.5" in main(browser.get(f"/meters/{cast.cold}")) and "528" in main(browser.get(f"/meters/{cast.hot}"))
    page = send(anna, cast.cold, "196")
    assert anna.status == 200 and "196" in main(anna.get(f"/meters/{cast.cold}")), page.text


def test_an_invoice_is_seen_by_every_way_and_says_to_whom_it_was_sent(app: Flask, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns()
    for end in ("", ".pdf", "/qr.svg"):
        assert liga.client.get(f"/invoices/{cast.invoice}{end}").status_code == 200
    held = app.extensions["ekabinets"]
    with held.database.read() as connection:
        (place,) = places_of(connection, user(app, "liga"), TODAY)
    assert place.co_owner_ids and place.customer_code == "20999"
    assert liga.client.get(f"/invoices/{cast.former_invoice}").status_code == 404, "of an owner before both"


@pytest.mark.parametrize(("since", "until", "sees_newest", "sees_older"), [
    (month(24), None, True, True), (month(1), None, True, False), (month(24), month(2) - timedelta(days=1), False, True), (month(0), None, False, False),
])  # fmt: skip
def test_of_the_others_invoices_only_those_of_the_own_days(app: Flask, liga: Browser, cast: Cast, owns: Owns, since: date, until: date | None, sees_newest: bool, sees_older: bool) -> None:
    owns(since, until)
    older = fetch(app, sa.select(Invoice.public_id).where(Invoice.period_start == month(5), Invoice.customer_id == fetch(app, sa.select(Customer.id).where(Customer.code == "20417"))[0].id))[0].public_id
    found = [liga.client.get(f"/invoices/{iid}").status_code for iid in (cast.invoice, older)]
    assert found == [200 if sees else 404 for sees in (sees_newest, sees_older)]
    html = "".join(liga.get(f"/properties/{cast.flat}/invoices?year={year}").html for year in (2025, 2026))
    assert [f"/invoices/{iid}" in html for iid in (cast.invoice, older)] == [sees_newest, sees_older]


def test_a_tenant_sees_no_invoice_of_the_owner_and_the_owner_none_of_hers(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns(role=TenureRole.TENANT)
    assert liga.client.get(f"/invoices/{cast.invoice}").status_code == 404
    tenants = fetch(app, sa.select(Customer.id).where(Customer.code == "20999"))[0].id
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.paid).values(customer_id=tenants))
    assert [browser.client.get(f"/invoices/{cast.paid}").status_code for browser in (anna, liga)] == [404, 200]


def test_papers_of_one_customer_are_hers_alone(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns()
    annas = fetch(app, sa.select(Customer.id).where(Customer.code == "20417"))[0].id
    change(app, sa.text(f"UPDATE document SET premises_id = NULL, customer_id = {annas} WHERE public_id = '{cast.document}'"))
    assert [browser.client.get(f"/documents/{cast.document}/file").status_code for browser in (anna, liga)] == [200, 404]
