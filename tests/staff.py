"""The app for codes of the operator's staff, in tests."""

import sqlalchemy as sa
from flask import Flask

from auth.methods.second import about
from models.factors import Factor
from models.identifiers import Identifiers
from models.people import User
from models.types import utc_now
from tests.views.factor_help import SECOND, code_of

STAFF = ("ilze",)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def app_code(app: Flask, username: str) -> str:
    """A code that lets her in, however often she has signed in this half minute: her app is as good as new."""
    held = app.extensions["ekabinets"]
    with held.database.write() as session:
        number = session.scalars(sa.select(User.id).where(User.username == username)).one()
        sealed = Identifiers(held.settings.identifier_key).seal(SECRET, about(number))
        session.execute(sa.delete(Factor).where(Factor.user_id == number, Factor.kind == "totp"))
        session.add(Factor(user_id=number, kind="totp", secret=sealed))
    return code_of(SECRET, utc_now())


__all__ = ["SECOND", "STAFF", "app_code"]
