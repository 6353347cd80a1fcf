"""The states of the pages about banks and eParaksts, with a bank and a service that answer."""

from datetime import timedelta
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlmodel import col

from models.factors import Factor
from models.people import User
from models.sessions import WebSession
from models.throttle import Throttle
from models.types import utc_now
from tests.auth.cards import token_for
from tests.auth.provider import choose, set_up
from tests.cast import PASSWORD
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch

DEMO, METHODS, CHOOSE = "/login/bank/demo", "/profile/methods", "/login/choose"
BEGIN, CARD = "/login/eparaksts/card", "/login/card"
TROUBLES = ("cancelled", "refused", "away", "expired")


def banks(gallery: Gallery, _extra: Extra) -> None:
    """A bank and eParaksts are set up; Viktors connects, others meet what goes wrong."""
    with set_up(gallery.app, backchannel_logout=True) as bank:
        _pages(gallery)
        _card(gallery)
        for token in (bank.logout_token(), ""):
            answer = gallery.app.test_client().post(f"{DEMO}/logout", data={"logout_token": token})
            gallery.hang("a bank", answer)
        _connecting(gallery)
        _connected(gallery)
    change(gallery.app, sa.delete(Throttle))


def _pages(gallery: Gallery) -> None:
    nobody, viktors = gallery.visitor("", again=True), gallery.visitor("viktors")
    for trouble in ("", *TROUBLES):
        nobody.get(f"/login?trouble={trouble}")
        for path in ("/verify", METHODS):
            viktors.get(f"{path}?trouble={trouble}")
    viktors.get("/profile")


def send(person: Visitor, at: str, **fields: str) -> str:
    """Press a button that leads to a provider; where the browser is sent, if it is."""
    form = (person.get("/contact").forms or person.get("/login").forms)[0]
    answer = person.client.post(at, data={"csrf_token": form.fields["csrf_token"], **fields})
    person.gallery.hang(person.who, answer)
    return str(answer.headers.get("Location", ""))


def _card(gallery: Gallery) -> None:
    """The question to an identity card, and its answer."""
    person = gallery.visitor("", again=True)
    page = person.submit(person.get("/login"), BEGIN)
    person.submit(page, CARD, answer=token_for(page.html))


def _connecting(gallery: Gallery) -> None:
    """Somebody whom the bank knows and we do not."""
    person = gallery.visitor("", again=True)
    page = person.get(f"{DEMO}/return?{urlencode(choose(send(person, DEMO)))}")
    (number,) = next(iter(fetch(gallery.app, sa.select(User.id).where(User.username == "liga"))))
    change(gallery.app, sa.insert(Factor).values(user_id=number, kind="totp", name="", secret="", counter=0))
    for name, password in (("", ""), ("liga", "wrong"), ("liga", PASSWORD)):
        person.submit(page, CHOOSE, username=name, password=password)
    change(gallery.app, sa.delete(Factor))
    for _ in range(11):
        person.submit(page, CHOOSE, username="nobody", password="wrong")
    person.submit(page, CHOOSE, username="viktors", password=PASSWORD)
    person.get(METHODS)
    anna = gallery.visitor("anna")
    anna.get(f"{DEMO}/return?{urlencode(choose(send(anna, DEMO, act='verify')))}")  # another person


def _connected(gallery: Gallery) -> None:
    """Connecting from inside, and taking away."""
    anna, viktors = gallery.visitor("anna"), gallery.visitor("viktors")
    form = f"{METHODS}/remove"
    ((number,),) = fetch(gallery.app, sa.text("SELECT id FROM identity"))
    for password in ("", "wrong", PASSWORD):
        viktors.submit(viktors.get(METHODS), form, identity=str(number), old=password)
        send(anna, DEMO, act="link", old=password and "wrong")
    viktors.get(f"{DEMO}/return?{urlencode(choose(send(viktors, DEMO, act='link', old=PASSWORD)))}")
    for _ in range(11):
        send(anna, DEMO, act="link", old="wrong")
    anna.submit(anna.get(METHODS), form, identity="1", old="wrong")
    _without_password(gallery, viktors)
    change(gallery.app, sa.text("DELETE FROM identity"))


def _without_password(gallery: Gallery, person: Visitor) -> None:
    """Somebody who signed in by a bank an hour ago and has no password to be asked for."""
    ((kept,),) = fetch(gallery.app, sa.select(User.password_hash).where(User.username == "viktors"))
    mine = sa.update(User).where(col(User.username) == "viktors")
    change(gallery.app, mine.values(password_hash=None))
    change(gallery.app, sa.update(WebSession).values(authenticated_at=utc_now() - timedelta(hours=1)))
    for path in (METHODS, "/profile/close-account"):
        person.submit(person.get(path), path if path != METHODS else f"{METHODS}/remove")
    change(gallery.app, mine.values(password_hash=kept))
    change(gallery.app, sa.update(WebSession).values(authenticated_at=utc_now()))
