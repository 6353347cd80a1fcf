"""Who has 500 premises of her own and 200 that were lent to her opens each as quickly as who has one (B07, F01)."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session, col

from models.customers import Customer, CustomerUser
from models.mandates import Mandate, MandatePremises
from models.people import User
from models.premises import Premises
from models.tenures import Tenure
from models.types import TenureRole, utc_now
from tests.browser import Browser
from tests.cast import Cast

OWN, LENT, SINCE = 500, 200, date(2020, 1, 1)


def make(session: Session, username: str) -> None:
    """Give this user so many premises."""
    user = session.scalars(sa.select(col(User.id)).where(col(User.username) == username)).one()
    house = session.scalars(sa.select(sa.func.min(col(Premises.house_id)))).one()
    names = range(OWN + LENT)
    flats = [Premises(external_id=f"M{n}", public_id=f"many{n}", house_id=house, address=f"Jaunā iela {n}") for n in names]
    people = [Customer(external_id=f"M{n}", code=f"9{n:05d}", name="Z") for n in names]
    lent = [Mandate(delegate_id=user, address=f"{n}@example.lv", name="x", language="lv", rights="submit meters notices invoices documents", starts_on=SINCE, accepted_at=utc_now()) for n in range(LENT)]
    session.add_all([*flats, *people, *lent])
    session.flush()
    session.add_all(Tenure(external_id=f"M{n}", premises_id=flats[n].id, customer_id=people[n].id, role=TenureRole.OWNER, starts_on=SINCE) for n in names)
    session.add_all(CustomerUser(user_id=user, customer_id=people[n].id) for n in range(OWN))
    session.add_all(MandatePremises(mandate_id=lent[n].id, premises_id=flats[OWN + n].id, customer_id=people[OWN + n].id) for n in range(LENT))


@pytest.mark.parametrize("there", [f"many{OWN - 1}", f"many{OWN + LENT - 1}"])
def test_home_of_who_has_hundreds_asks_hardly_more_than_that_of_who_has_one(app: Flask, cast: Cast, statements: list[str], there: str):
    viktors, liga, counts = Browser(app), Browser(app), []
    with app.extensions["ekabinets"].database.write() as session:
        make(session, "liga")
    viktors.log_in("viktors")
    liga.log_in("liga")
    for browser, place in ((viktors, cast.neighbour), (liga, there)):
        for _ in range(2):  # the first time notes that she is here
            statements.clear()
            browser.get(f"/properties/{place}")
        assert browser.status == 200
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 2
    assert len({href.split("/")[2] for href in liga.get("/properties").links if "/properties/many" in href}) == OWN + LENT
