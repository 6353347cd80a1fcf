"""Moving in and out of Anna's flat for good, and for a while."""

from datetime import date

import sqlalchemy as sa
from flask import Flask

from models.absences import Absence
from models.customers import Customer, CustomerUser
from models.people import User
from models.premises import Premises
from models.tenures import Tenure
from models.types import TenureRole
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch


def moves_in(app: Flask, cast: Cast, username: str, since: date, until: date | None = None, code: str = "20999") -> Browser:
    """Somebody is a customer of her own in Anna's flat; her browser, logged in."""
    with app.extensions["ekabinets"].database.write() as session:
        customer = Customer(external_id=f"C{code}", code=code, name="Līga Ozoliņa")
        session.add(customer)
        session.flush()
        flat = session.scalars(sa.select(Premises).where(Premises.public_id == cast.flat)).one()
        user = session.scalars(sa.select(User).where(User.username == username)).one()
        session.add(CustomerUser(user_id=user.id, customer_id=customer.id))
        session.add(Tenure(external_id=f"T{code}", customer_id=customer.id, premises_id=flat.id, role=TenureRole.OWNER, starts_on=since, ends_on=until))
    browser = Browser(app)
    browser.log_in(username)
    return browser


def moves_out(app: Flask, code: str, until: date) -> None:
    """The last day of a customer's tenures."""
    mine = sa.select(Customer.id).where(Customer.code == code).scalar_subquery()
    change(app, sa.update(Tenure).where(Tenure.customer_id == mine).values(ends_on=until))


def home(cast: Cast) -> str:
    """The page of the absences of Anna's flat."""
    return f"/properties/{cast.flat}/absences"


def tell(browser: Browser, cast: Cast, starts: str, ends: str, **more: str) -> Page:
    """Announce an absence."""
    return browser.submit(browser.get(home(cast)), home(cast), starts=starts, ends=ends, **more)


def is_away(app: Flask, cast: Cast, since: date, until: date) -> None:
    """An absence that Anna announced on its first day."""
    flat = sa.text("SELECT id FROM premises WHERE public_id = :flat").bindparams(flat=cast.flat)
    number = fetch(app, flat)[0].id
    change(app, sa.insert(Absence).values(public_id=f"away-{since}", premises_id=number, starts_on=since, ends_on=until, valves_closed=False, announced_on=since))


def typed(cast: Cast, cold: str = "195,5", **more: str) -> dict[str, str]:
    """The fields of a right form; of two dials each shows the same."""
    dials = {f"r-{cast.two_dials}-{number}": "2260" for number in (1, 2)}
    return {"day": f"{TODAY}", "to": "liga@example.com", f"r-{cast.cold}-1": cold, f"r-{cast.hot}-1": "528", **dials, **more}


def hand_over(browser: Browser, cast: Cast, page: Page | None = None, **more: str) -> Page:
    address = f"/properties/{cast.flat}/handover"
    return browser.fill(page or browser.get(address), address, typed(cast, **more))
