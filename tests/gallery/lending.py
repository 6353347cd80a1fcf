"""The states of the pages about users and rights, and of an invitation."""

from datetime import timedelta

import sqlalchemy as sa

from models import lending as verbs
from models.mandates import Mandate
from models.outbox import Mail
from models.people import User
from models.rules.mandates import Ending
from models.sessions import WebSession
from models.throttle import Throttle
from models.types import utc_now
from tests.cast import PASSWORD, TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra, slow_down_everybody
from tests.lend import INVITE, LIGA, fill, invite, lend, made, mandate
from tests.registering import GOOD
from tests.standing import change, fetch

WRONG = (
    {"email": "", "name": "", "at": [], "right": [], "term": ""}, {"email": "x", "term": "date", "until": "x"},
    {"email": "anna@example.com", "strong": "1", "term": "date", "until": "2020-01-01"}, {"term": "date", "until": "2040-01-01"},
)  # fmt: skip
NEW = "zane@example.lv"


def lends(gallery: Gallery, _extra: Extra) -> None:
    """Anna lends something to Līga and to somebody new; to Līga she ends it, the other declines."""
    anna = gallery.visitor("anna", again=True)
    _form(gallery, anna)
    _invited(gallery, anna)
    _acting(gallery, anna)
    _strangers(gallery, anna)
    change(gallery.app, sa.update(Mandate).where(Mandate.delegate_id.is_not(None), Mandate.ended_at.is_(None)).values(ended_at=utc_now(), ending="closed"))
    change(gallery.app, sa.delete(Throttle))


def _form(gallery: Gallery, anna: Visitor) -> None:
    cast, form = gallery.cast, anna.get(INVITE).form(INVITE).fields
    sent = {"csrf_token": form["csrf_token"], "once": form["once"], **fill(cast)}
    for typed in WRONG:
        anna.post(INVITE, {**sent, **typed, "act": "check"})
    for act in ({"preset": "bills"}, {"act": "check"}, {"act": "back"}, {"act": "send"}, {"act": "send", "old": "x"}):
        anna.post(INVITE, {**sent, **act})
    anna.post(INVITE, {**sent, "right": ["invoices"], "act": "send"})
    anna.post(INVITE, {**sent, "once": "?"})
    slow_down_everybody(gallery.app, utc_now() + timedelta(hours=1))
    anna.post(INVITE, {**sent, "act": "send", "old": PASSWORD})
    change(gallery.app, sa.update(WebSession).values(method="bank"))
    anna.post(INVITE, {**sent, "act": "check", "strong": "1"})
    anna.post(INVITE, {**sent, "act": "send"})
    change(gallery.app, sa.update(WebSession).values(method="password"))
    slow_down_everybody(gallery.app, utc_now())
    with gallery.when(site=gallery.app.extensions["ekabinets"].site.model_copy(update={"lend_without_end": True})):
        anna.get(INVITE)


def _link(gallery: Gallery, number: int, purpose: str = verbs.INVITATION) -> str:
    """What stands in the letter of a mandate."""
    from models import tokens

    with gallery.app.extensions["ekabinets"].database.write() as session:
        secret = tokens.issue(session, purpose, 1, timedelta(hours=1), utc_now(), number, mandate=number)
    return f"/invitations/{secret}"


def _invited(gallery: Gallery, anna: Visitor) -> None:
    cast = gallery.cast
    invite(anna, cast)
    invite(anna, cast)
    change(gallery.app, sa.update(Mail).where(Mail.kind == "mandate_invited").values(parked_at=utc_now()))
    where = f"/users/{mandate(gallery.app).public_id}"
    anna.get("/users")
    for act in ("resend", "nonsense"):
        anna.submit(anna.get("/users"), f"{where}/state", act=act)
    slow_down_everybody(gallery.app, utc_now() + timedelta(hours=1))
    anna.submit(anna.get("/users"), f"{where}/state", act="resend")
    slow_down_everybody(gallery.app, utc_now())
    page = anna.get(where)
    for typed in ({"email": ""}, {"act": "check"}, {"act": "send", "old": PASSWORD}):
        anna.post(where, {**page.form(where).fields, **fill(cast, email="liga@work.example.com"), **typed})
    anna.post(where, {**page.form(where).fields, **fill(cast), "act": "send", "old": PASSWORD})  # of a version that is no more
    for address in ("invited@example.com", "liga@example.com"):
        anna.post(where, {**anna.get(where).form(where).fields, **fill(cast, email=address), "act": "send", "old": PASSWORD})
    anna.post(f"{where}/code", anna.get("/users").form(f"{where}/state").fields)
    link = _link(gallery, mandate(gallery.app).id)
    for who in ("", "viktors", "liga"):
        person = gallery.visitor(who, again=True)
        person.get(link)
    person.submit(person.get(link), link, act="nonsense")
    person.submit(person.get(link), link, act="accept")
    person.get(link)


def _acting(gallery: Gallery, anna: Visitor) -> None:
    """Līga acts for Anna; Anna suspends, extends and revokes it, and Līga gives up another."""
    cast, liga, where = gallery.cast, gallery.visitor("liga", again=True), f"/users/{mandate(gallery.app).public_id}"
    for path in ("/properties", f"/properties/{cast.flat}", f"/meters/{cast.cold}", f"/properties/{cast.flat}/documents", "/users", "/more", f"{where}/revoke"):
        liga.get(path)
    anna.get(f"{where}?extend=1")
    for act in ("suspend", "resume"):
        anna.submit(anna.get("/users"), f"{where}/state", act=act)
    page = anna.get(where)
    anna.submit(anna.submit(page, where, act="check", at=cast.flat, right="meters", term="12"), where, act="send", old=PASSWORD)
    anna.submit(anna.get(f"{where}/revoke"), f"{where}/revoke")
    for number, ending in enumerate((*Ending, None)):
        columns = {"ended_at": utc_now(), "ending": ending} if ending else {"ends_on": TODAY - timedelta(days=1)}
        lend(gallery.app, cast, "submit meters notices invoices documents house_file", public_id=f"ended{number}", address=f"e{number}@example.com", **columns)
    lend(gallery.app, cast, "meters house_file", public_id="without-end", address="x@example.com", ends_on=None, strong=True)
    anna.get("/users")
    looked = lend(gallery.app, cast, "meters invoices", public_id="looked-at")
    liga.get(f"/properties/{cast.flat}/statement")
    change(gallery.app, sa.update(Mandate).where(Mandate.public_id == looked).values(ended_at=utc_now(), ending=Ending.RESIGNED))
    liga.submit(liga.get("/users/without-end/revoke"), "/users/without-end/revoke")
    with gallery.when(site=gallery.app.extensions["ekabinets"].site.model_copy(update={"access": {"users": {"password": "view"}}})):
        anna.post(where, token_of(anna))


def token_of(person: Visitor) -> dict[str, str]:
    return {"csrf_token": person.get("/profile/language").form("/profile/language").fields["csrf_token"]}


def _strangers(gallery: Gallery, anna: Visitor) -> None:
    """Somebody without an account begins one; another declines."""
    invite(anna, gallery.cast, email=NEW)
    [row] = [one for one in made(gallery.app) if one.address == NEW]
    link, nobody = _link(gallery, row.id), gallery.visitor("", again=True)
    page = nobody.get(link)
    nobody.submit(page, link, act="register", name="")
    nobody.submit(page, link, act="accept")
    page = nobody.submit(page, link, act="register", name="Zane Liepa")
    nobody.submit(page, nobody.response.request.path, password=GOOD)
    change(gallery.app, sa.update(User).where(User.email == NEW).values(disabled_at=utc_now()))
    change(gallery.app, sa.delete(Throttle))
    invite(anna, gallery.cast, email=LIGA)
    [row] = [one for one in made(gallery.app) if one.address == LIGA and not one.ended_at]
    link, other = _link(gallery, row.id), gallery.visitor("", again=True)
    other.submit(other.get(link), link, act="decline")
    assert fetch(gallery.app, sa.select(Mandate.ending).where(Mandate.id == row.id))[0].ending == "declined"
