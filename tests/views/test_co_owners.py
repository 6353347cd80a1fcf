"""A residence with several owners: whoever they are to the operator, they are equals (B05)."""

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from models.customers import Customer, CustomerUser
from models.invoices import Invoice
from models.premises import Premises
from models.tenures import Tenure
from models.types import TenureRole
from tests.browser import Browser, Page
from tests.cast import Cast, month
from tests.registering import user
from tests.standing import change, fetch, main
from tests.views.reading_form import send

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
def test_both_see_the_same_meters_notices_and_papers(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns, one_customer: bool) -> None:
    owns(same=one_customer)
    home = f"/properties/{cast.flat}"
    invoices = (home, f"{home}/invoices", f"/invoices/{cast.invoice}") if one_customer else ()
    for path in (*invoices, f"{home}/meters", f"/meters/{cast.cold}", f"/notices/{cast.notice}", f"{home}/documents"):
        annas, ligas = (without_herself(browser.get(path)) for browser in (anna, liga))
        assert annas == ligas and liga.status == 200, path


def test_both_send_readings_and_see_what_the_other_sent(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns()
    send(liga, cast.cold, "195,5")
    send(anna, cast.hot, "528")
    for browser in (anna, liga):
        assert "195.5" in main(browser.get(f"/meters/{cast.cold}")) and "528" in main(browser.get(f"/meters/{cast.hot}"))
    page = send(anna, cast.cold, "196")
    assert anna.status == 200 and "196" in main(anna.get(f"/meters/{cast.cold}")), page.text


def test_each_sees_the_invoices_that_are_addressed_to_her(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    """Decision 0009: what the other owes is the other's to show."""
    owns()
    ligas = fetch(app, sa.select(Customer.id).where(Customer.code == "20999"))[0].id
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.paid).values(customer_id=ligas))
    for end in ("", ".pdf", "/qr.svg"):
        assert liga.client.get(f"/invoices/{cast.invoice}{end}").status_code == 404
    assert [browser.client.get(f"/invoices/{cast.paid}").status_code for browser in (anna, liga)] == [404, 200]
    assert [cast.paid in browser.get(f"/properties/{cast.flat}/invoices?year=2026").html for browser in (anna, liga)] == [False, True]


def test_papers_of_one_customer_are_hers_alone(app: Flask, anna: Browser, liga: Browser, cast: Cast, owns: Owns) -> None:
    owns()
    annas = fetch(app, sa.select(Customer.id).where(Customer.code == "20417"))[0].id
    change(app, sa.text(f"UPDATE document SET premises_id = NULL, customer_id = {annas} WHERE public_id = '{cast.document}'"))
    assert [browser.client.get(f"/documents/{cast.document}/file").status_code for browser in (anna, liga)] == [200, 404]
