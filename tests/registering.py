"""What the tests of registration share: the forms, what stands on an invoice, and the worker."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.identifiers import Identifiers
from models.invoices import Invoice
from models.outbox import Mail
from models.people import User
from models.registrations import Waiting, settle
from models.types import utc_now
from tests.auth.provider import choose
from tests.browser import Browser, Page
from tests.standing import change, fetch

CODE, ADD, IDENTITY = "/register/code", "/properties/add", "/register/identity"
NEW = "berta@example.lv"
GOOD = "zaļa zāle aug lēnām 7"


@pytest.fixture
def arrive(app: Flask, deliver: Callable[[], list[str]]) -> Callable[[], list[str]]:
    """What the worker does: whose data match is let in, then letters are sent; to whom."""

    def arrive() -> list[str]:
        settle(app.extensions["ekabinets"].database, utc_now())
        return deliver()

    return arrive


def printed(app: Flask, code: str = "20417", ago: int = 0) -> str:
    """The number of one of the last invoices of a customer."""
    newest = sa.select(Invoice.number).join(Customer, Customer.id == Invoice.customer_id).where(Customer.code == code)
    return fetch(app, newest.order_by(Invoice.issued_on.desc(), Invoice.id.desc()))[ago].number


def register(browser: Browser, code: str, secret: str, email: str = NEW) -> Page:
    """By the customer code."""
    return browser.submit(browser.get(CODE), CODE, code=code, secret=secret, email=email)


def add(browser: Browser, code: str, secret: str) -> Page:
    """One more property, from inside."""
    return browser.submit(browser.get(ADD), ADD, code=code, secret=secret)


def customers_of(app: Flask, **which: object) -> list[str]:
    """The codes of the customers that a user is."""
    hers = sa.select(Customer.code).join(CustomerUser, CustomerUser.customer_id == Customer.id).join(User, User.id == CustomerUser.user_id)
    return sorted(row.code for row in fetch(app, hers.where(*(getattr(User, name) == value for name, value in which.items()))))


def queue(app: Flask) -> list[tuple]:
    """Who waits, for which code."""
    return [tuple(row) for row in fetch(app, sa.select(Waiting.email, Waiting.user_id, Waiting.code, Waiting.customer_id).order_by(Waiting.id))]


def letters(app: Flask) -> list[tuple[str, str]]:
    """Kind and address of everything that was written."""
    return [tuple(row) for row in fetch(app, sa.select(Mail.kind, Mail.address).order_by(Mail.id))]


def actions(app: Flask, like: str) -> list[str]:
    """What the audit trail has."""
    return [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like(like)).order_by(AuditRow.id))]


def user(app: Flask, username: str) -> int:
    """A user's number."""
    return fetch(app, sa.select(User.id).where(User.username == username))[0].id


def billed(app: Flask, code: str, **values: object) -> None:
    """The billing data have this of a customer."""
    change(app, sa.update(Customer).where(Customer.code == code).values(**values))


MOBILE, BANK = "/login/eparaksts/mobile", "/login/bank/demo"


def prove(browser: Browser, at: str = MOBILE) -> Page:
    """Let a provider say who one is: eParaksts with her personal code, the bank without; inside `set_up`."""
    page = browser.get("/register")
    answer = browser.client.post(at, data=next(form for form in page.forms if form.action == at).fields)
    return browser.get(f"{at}/return", query_string=choose(answer.headers["Location"]))


def begin(browser: Browser, email: str = NEW, at: str = MOBILE, **changed: str) -> Page:
    """Register as whom the provider knows."""
    prove(browser, at)
    return browser.submit(browser.get(IDENTITY), IDENTITY, **{"email": email, "password": GOOD, "terms": "1"} | changed)


def in_billing(app: Flask, code: str = "20417") -> None:
    """The billing data have the personal code of the provider's Anna for this customer."""
    billed(app, code, identifier_hash=Identifiers("i" * 40).hash("12036511114"))
