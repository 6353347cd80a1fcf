"""The states of the pages about registration and about adding a property."""

from datetime import timedelta

import sqlalchemy as sa

from models import emails, tokens
from models.customers import CustomerUser
from models.identities import Identity
from models.pending import Pending
from models.people import User
from models.rules.registration import Registration
from models.throttle import Throttle
from models.types import utc_now
from tests.auth.provider import set_up
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra, slow_down_everybody
from tests.registering import ADD, CODE, GOOD, IDENTITY, NEW, add, printed, prove, user
from tests.standing import change, fetch

HOUR = timedelta(hours=1)
NUMBER = Registration(ways=("identity", "code"), proof="number", code_digits=5)
AMOUNT = Registration(ways=("code",), proof="amount")


def registrations(gallery: Gallery, _extra: Extra) -> None:
    """By an identity, by the code of a number and of a sum, and from inside."""
    with set_up(gallery.app):
        _new_user(gallery)
    for asked, right in ((NUMBER, printed(gallery.app)), (AMOUNT, "82,28")):
        change(gallery.app, sa.delete(Throttle))
        site = gallery.app.extensions["ekabinets"].site.model_copy(update={"registration": asked})
        with gallery.when(site=site):
            _by_code(gallery)
            _from_inside(gallery, right)
    change(gallery.app, sa.delete(Throttle))


def _new_user(gallery: Gallery) -> None:
    person = gallery.visitor("", again=True)
    person.get(IDENTITY)
    prove(person)
    page = person.get(IDENTITY)
    for email, password, terms in (("", "", None), ("x", GOOD, "1"), (NEW, "short", "1"), (NEW, GOOD, None), (NEW, GOOD, "1")):
        person.submit(page, IDENTITY, email=email, password=password, terms=terms)
    _problems(gallery)
    add(person, "20417", printed(gallery.app))
    person.get("/register/check-email")
    (row,) = fetch(gallery.app, sa.select(User.id).where(User.email_wanted == NEW))
    with gallery.app.extensions["ekabinets"].database.write() as session:
        link = "/profile/email/confirm/" + tokens.issue(session, emails.PURPOSE, row.id, HOUR, utc_now(), address=NEW)
    person.submit(person.get(link), link)
    change(gallery.app, sa.delete(CustomerUser).where(CustomerUser.user_id == row.id))


def _problems(gallery: Gallery) -> None:
    """Her account is gone again, and she has tried too often; then her identity and her code are two people's."""
    change(gallery.app, sa.delete(Identity))
    other = gallery.visitor("", again=True)
    prove(other)
    page = other.get(IDENTITY)
    typed = {"email": "other@example.lv", "password": GOOD, "terms": "1"}
    slow_down_everybody(gallery.app, utc_now() + HOUR)
    other.submit(page, IDENTITY, **typed)
    slow_down_everybody(gallery.app, utc_now())
    proved = fetch(gallery.app, sa.select(Pending.detail).where(Pending.purpose == "choose"))[-1].detail["identity"]
    for name, changed in (("viktors", {"code_hash": None}), ("liga", {"subject": "another"})):
        change(gallery.app, sa.insert(Identity).values(user_id=user(gallery.app, name), linked_at=utc_now(), used_at=utc_now(), **proved | changed))
    other.submit(page, IDENTITY, **typed)
    change(gallery.app, sa.delete(Identity))


def _by_code(gallery: Gallery) -> None:
    nobody = gallery.visitor("", again=True)
    nobody.get("/register")
    _wrong(nobody, CODE)
    page = nobody.get(CODE)
    for _ in range(11):
        nobody.submit(page, CODE, code="20418", secret="12,50", email=NEW)


def _wrong(person: Visitor, address: str) -> None:
    for code, secret, email in (("", "", ""), ("A" * 40, "1" * 70, "x"), ("20417", "1" * 70, "x"), ("20417", "12,50", "x")):
        typed = {"code": code, "secret": secret} | ({"email": email} if address == CODE else {})
        if address == CODE or code != "20417" or secret != "12,50":
            person.submit(person.get(address), address, **typed)


def _from_inside(gallery: Gallery, right: str) -> None:
    liga = gallery.visitor("liga", again=True)
    _wrong(liga, ADD)
    page = liga.get(ADD)
    for secret in ("12,50", right, *["12,50"] * 9):
        liga.submit(page, ADD, code="20417", secret=secret)
    change(gallery.app, sa.delete(CustomerUser).where(CustomerUser.user_id == user(gallery.app, "liga")))
