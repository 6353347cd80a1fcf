"""Links to readings as letters carry them (D19)."""

from datetime import date

import sqlalchemy as sa
from flask import Flask

from models.customers import CustomerUser
from models.meters import Meter, Register
from models.people import User
from models.reading_links import Link, token
from models.readings import Reading
from tests.cast import Cast
from tests.standing import fetch

OPENS = date(2026, 11, 29)  # of the window that is open


def customer(app: Flask) -> int:
    of_anna = sa.select(CustomerUser.customer_id).join(User, User.id == CustomerUser.user_id).where(User.username == "anna")
    return fetch(app, of_anna.order_by(CustomerUser.customer_id))[0].customer_id


def link(app: Flask, cast: Cast, flat: str = "", opens: date = OPENS) -> str:
    settings = app.extensions["ekabinets"].settings
    return f"/r/{token(settings.secret_key, Link(customer(app), flat or cast.flat, opens))}"


def current(app: Flask, meter: str) -> Reading:
    of_it = sa.select(Reading.__table__).join(Register, Register.id == Reading.register_id).join(Meter).where(Meter.public_id == meter)
    return fetch(app, of_it.where(Reading.superseded_at.is_(None)).order_by(Reading.read_on.desc(), Reading.id.desc()))[0]


def usual(app: Flask, meter: str) -> str:
    """A value that nobody wonders about."""
    return f"{(current(app, meter).value + 3000) / 1000:.3f}"
