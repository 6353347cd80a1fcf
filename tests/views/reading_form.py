"""What the tests of readings share: the form of a meter, sent by a page or by htmx, and what is stored then."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlmodel import col, select

from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.meters import Meter, Register
from models.people import User
from models.readings import Reading
from models.types import Source
from tests.browser import Browser, Page

HTMX = {"HX-Request": "true"}


class Sender:
    """Sends readings as one person: `by` page, as a browser without JavaScript does, or by htmx."""

    def __init__(self, browser: Browser, by: str = "page") -> None:
        self.browser, self.more = browser, {"headers": HTMX} if by == "htmx" else {}

    def open(self, mid: str) -> Page:
        """The form of a meter."""
        return self._fitting(self.browser.get(path(mid), **self.more))

    def send(self, mid: str, value: str, page: Page | None = None, dial: int = 1, **more: str) -> Page:
        """The form of `page`, else newly opened, with this value; `reply` answers the question of the page."""
        page = page or self.open(mid)
        if "reply" in more:
            more[f"reply-{mid}-{dial}"] = more.pop("reply")
        return self._fitting(self.browser.fill(page, path(mid), {f"r-{mid}-{dial}": value, **more}, **self.more))

    def _fitting(self, page: Page) -> Page:
        """A whole page for a browser, one section for htmx, whatever the status."""
        start = "<section " if self.more else "<!doctype html>"
        assert page.html.lstrip().startswith(start) and ("<html" in page.html) != bool(self.more)
        return page

    @property
    def status(self) -> int:
        """Of the last answer."""
        return self.browser.status


def path(mid: str) -> str:
    """Where the form of a meter is sent."""
    return f"/meters/{mid}/reading"


def send(browser: Browser, mid: str, value: str, **more: Any) -> Page:
    """Open the form of one meter and send it, without JavaScript."""
    return Sender(browser).send(mid, value, **more)


def field(page: Page, mid: str, dial: int = 1) -> dict[str, str]:
    """The input of a register."""
    return next(at for at in page.inputs if at.get("name") == f"r-{mid}-{dial}")


def focused(page: Page) -> list[dict[str, str]]:
    """What asks for the focus when the page opens: not the button of the closed dialog about the session."""
    return [at for at in page.focus if at.get("type") != "submit"]


def choices(page: Page, mid: str, dial: int = 1) -> list[str]:
    """The answers that a page offers to its question, in their order."""
    return page.form(path(mid)).choices[f"reply-{mid}-{dial}"]


def stored(app: Flask, mid: str) -> list[Reading]:
    """The readings of a meter that people sent, oldest first."""
    query = (
        select(Reading)
        .join(Register, col(Register.id) == col(Reading.register_id))
        .join(Meter, col(Meter.id) == col(Register.meter_id))
        .where(col(Meter.public_id) == mid, col(Reading.source) == Source.SELF)
        .order_by(col(Reading.id))
    )
    return _all(app, query)


def audit(app: Flask, action: str = "reading.submitted") -> list[AuditRow]:
    """The audit rows of an action, oldest first."""
    return _all(app, select(AuditRow).where(col(AuditRow.action) == action).order_by(col(AuditRow.id)))


def register_ids(app: Flask, mid: str) -> list[int]:
    """The registers of a meter, in their order."""
    query = select(Register).join(Meter).where(col(Meter.public_id) == mid).order_by(col(Register.ordinal))
    return [row.id for row in _all(app, query)]


def change(app: Flask, statement: sa.Executable) -> None:
    """What the operator's import would do meanwhile."""
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(statement)


def set_meter(app: Flask, mid: str, **values: Any) -> None:
    """Change columns of a meter."""
    change(app, sa.update(Meter).where(col(Meter.public_id) == mid).values(**values))


def shift_readings(app: Flask, mid: str, by: int) -> None:
    """Add so many thousandths to every reading of a meter."""
    ids = register_ids(app, mid)
    change(app, sa.update(Reading).where(col(Reading.register_id).in_(ids)).values(value=Reading.value + by))


def second_person(app: Flask, username: str = "marta") -> Browser:
    """Another user of Anna's customer, logged in: a co-owner with her own account."""
    with app.extensions["ekabinets"].database.write() as session:
        anna = session.scalars(select(User).where(col(User.username) == "anna")).one()
        theirs = session.scalars(select(Customer).where(col(Customer.code) == "20417")).one()
        other = User(username=username, name="Marta Ozoliņa", password_hash=anna.password_hash, terms_version=1)
        session.add(other)
        session.flush()
        session.add(CustomerUser(user_id=other.id, customer_id=theirs.id))
    browser = Browser(app)
    browser.log_in(username)
    return browser


def _all(app: Flask, query: Any) -> list[Any]:
    with app.extensions["ekabinets"].database.write() as session:
        rows = session.scalars(query).all()
        session.expunge_all()
    return list(rows)
