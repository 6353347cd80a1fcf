"""What the tests of mandates share: lending by the real form, and accepting by the real letter."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.mandates import Mandate, MandatePremises
from models.people import User
from models.premises import Premises
from models.rules.mandates import PRESETS
from models.tenures import Tenure
from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import INVITED, PASSWORD, Cast
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.standing import change, fetch

INVITE, LIGA = "/users/invite", "liga@example.com"


def fill(cast: Cast, **changed: object) -> dict[str, object]:
    """The fields of the form as Anna fills it in for Līga: readings at her flat, for a year."""
    return {"email": LIGA, "name": "Līga", "language": "lv", "at": [cast.flat], "right": ["submit", "meters", "notices"], "term": "12"} | changed


def invite(browser: Browser, cast: Cast, old: str = PASSWORD, **changed: object) -> Page:
    """Fill in the form, look at the check page, confirm it."""
    form = browser.get(INVITE).form(INVITE).fields
    sent = {name: form[name] for name in ("csrf_token", "once")} | fill(cast, **changed)
    page = browser.post(INVITE, {**sent, "act": "check"})
    if browser.status != 200 or not any(form.action == INVITE and "old" in form.fields for form in page.forms):
        return page
    return browser.post(INVITE, {**sent, "act": "send", "old": old})


@pytest.fixture
def accepted(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> Callable[..., Browser]:
    """Anna lends something to Līga, who accepts it; Līga's browser."""

    def accepted(anna: Browser, **changed: object) -> Browser:
        invite(anna, cast, **changed)
        deliver()
        return accept(app, link_in(mailbox, LIGA))

    return accepted


def accept(app: Flask, path: str, who: str = "liga") -> Browser:
    """Sign in and accept what is behind a link."""
    browser = Browser(app)
    browser.log_in(who)
    browser.submit(browser.get(path), path, act="accept")
    return browser


def lend(app: Flask, cast: Cast, rights: str = "submit meters notices", who: str = "liga", at: str = "", **columns: object) -> str:
    """A mandate of Anna's that is accepted, put there without any page; its public id."""
    users = {row.username: row.id for row in fetch(app, sa.select(User.username, User.id))}
    owner = columns.pop("owner", "anna")
    values = {
        "granted_by": users[owner], "delegate_id": users[who], "address": f"{who}@example.com", "name": who, "language": "lv",
        "rights": rights, "strong": False, "starts_on": date(2026, 1, 1), "version": 1, "accepted_at": utc_now(), "invited_at": utc_now(),
        "public_id": f"{who}-{owner}".ljust(16, "-")[:16],
    } | columns  # fmt: skip
    change(app, sa.insert(Mandate.__table__).values(values))
    number = fetch(app, sa.select(Mandate.id).where(Mandate.public_id == values["public_id"]))[0].id
    stands = sa.select(Premises.id, Tenure.customer_id).join(Tenure, Tenure.premises_id == Premises.id)
    for row in fetch(app, stands.where(Premises.public_id == (at or cast.flat), Tenure.ends_on.is_(None))):
        change(app, sa.insert(MandatePremises.__table__).values(mandate_id=number, premises_id=row.id, customer_id=row.customer_id))
    return str(values["public_id"])


def made(app: Flask) -> Sequence[Any]:
    """The mandates that a test has made: without those of the cast."""
    return fetch(app, sa.select(Mandate.__table__).where(Mandate.address != INVITED).order_by(Mandate.id))


def mandate(app: Flask) -> Any:
    """The only one of them."""
    [row] = made(app)
    return row


def of_rights(preset: str) -> list[str]:
    """The words of a preset, as the form sends them."""
    return [right.value for right in PRESETS[preset]]
