"""Access to a flat is asked for by who has none (F09): its owner answers, or staff, and nobody learns whose it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import access_requests
from models.access_requests import AccessRequest
from models.customers import CustomerUser
from models.outbox import Mail
from models.people import User
from models.premises import Premises
from models.privacy import PERIODS
from models.tenures import Tenure
from models.types import TenureRole, utc_now
from tests import letters
from tests.browser import Browser, Page
from tests.cast import PASSWORD, TODAY, Cast
from tests.keeping import copy_of, purge
from tests.lend import INVITE, LIGA, mandate
from tests.mailserver import Mailbox, text
from tests.powers import ASKED, REFUSE, REQUEST, noted, supervisor
from tests.standing import change, fetch, main

KEPT = timedelta(days=PERIODS["requests"]["days"])
deliver, mailbox = letters.deliver, letters.mailbox
FLAT = "Brīvības iela 12–34, Ogre"


@pytest.fixture
def liga(app: Flask) -> Browser:
    """Līga, logged in; nothing is hers."""
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def ask(browser: Browser, wanted: str = FLAT, who: str = "Anna's daughter") -> Page:
    """Ask, and let the worker pass it on."""
    page = browser.submit(browser.get(REQUEST), REQUEST, wanted=wanted, who=who)
    access_requests.pass_on(browser.app.extensions["ekabinets"].database, TODAY, utc_now())
    return page


def waiting(app: Flask) -> list[tuple]:
    """Who is asked for what; nobody: staff."""
    rows = sa.select(User.username, AccessRequest.wanted).select_from(AccessRequest).outerjoin(User, User.id == AccessRequest.owner_id)
    return [tuple(row) for row in fetch(app, rows.order_by(AccessRequest.id))]


@pytest.mark.parametrize("wanted", [FLAT, "brivibas iela 12-34", "Brīvības iela 12 - 34 , Ogre", "BRĪVĪBAS IELA 12–34", "20417", "20 417"])
def test_the_owner_is_written_to_and_sees_who_asks(app: Flask, liga: Browser, anna: Browser, mailbox: Mailbox, deliver: Callable, wanted: str):
    assert REQUEST in liga.get("/properties").links and "We have your request." in ask(liga, wanted).text
    assert waiting(app) == [("anna", " ".join(wanted.split()))] and deliver() == ["anna@example.com"]
    assert "Līga Ozoliņa" in text(mailbox.letters[0]) and "Anna's daughter" in text(mailbox.letters[0])
    page = main(anna.get("/users"))
    assert "Līga Ozoliņa" in page and LIGA in page and "Anna's daughter" in page


def test_giving_access_begins_with_her_name_and_address_and_answers_the_request(app: Flask, liga: Browser, anna: Browser, cast: Cast):
    ask(liga)
    [link] = [link for link in anna.get("/users").links if link.startswith(f"{INVITE}?request=")]
    form = anna.get(link).form(INVITE).fields
    assert (form["email"], form["name"]) == (LIGA, "Līga Ozoliņa")
    anna.post(INVITE, form | {"at": [cast.flat], "right": ["meters"], "term": "12", "act": "send", "old": PASSWORD})
    assert mandate(app).address == LIGA and waiting(app) == [] and noted(app, "access.granted").actor_user_id == 1


def test_what_was_passed_on_is_not_passed_on_again(app: Flask, liga: Browser, deliver: Callable):
    ask(liga)
    ask(liga, "99999")
    assert deliver() == ["anna@example.com"] and waiting(app) == [("anna", FLAT), (None, "99999")]


def test_two_people_ask_for_two_flats(app: Flask, liga: Browser):
    viktors = Browser(app)
    viktors.log_in("viktors")
    ask(liga, "99999")
    ask(liga, "99998")
    ask(viktors, "99999")
    assert waiting(app) == [(None, "99999"), (None, "99998"), (None, "99999")]


def test_before_anybody_has_looked_whose_it_is_it_waits_for_nobody(app: Flask, liga: Browser):
    liga.submit(liga.get(REQUEST), REQUEST, wanted="99999", who="Anna's daughter")
    assert "Nothing waits here." in main(supervisor(app).get(ASKED))


def test_an_answer_ends_the_one_that_it_is_for(app: Flask, liga: Browser):
    ask(liga, "99999")
    ask(liga, "99998")
    ilze = supervisor(app)
    ilze.submit(ilze.get(ASKED), ASKED, number=str(fetch(app, sa.select(sa.func.min(AccessRequest.id)))[0][0]))
    assert waiting(app) == [(None, "99998")]


def test_refusing_tells_nobody(app: Flask, liga: Browser, anna: Browser, deliver: Callable):
    ask(liga)
    deliver()
    page = anna.submit(anna.get("/users"), REFUSE, request=str(fetch(app, sa.select(AccessRequest.id))[0].id))
    assert "The request is refused." in page.text and waiting(app) == [] and deliver() == [] and noted(app, "access.denied").object_id


def test_every_owner_is_asked_and_the_first_answer_counts(app: Flask, liga: Browser, anna: Browser):
    change(app, sa.insert(Tenure).values(external_id="co", customer_id=2, premises_id=1, role=TenureRole.CO_OWNER, starts_on=TODAY))
    ask(liga)
    assert sorted(waiting(app)) == [("anna", FLAT), ("viktors", FLAT)]
    anna.submit(anna.get("/users"), REFUSE, request=str(fetch(app, sa.select(AccessRequest.id).where(AccessRequest.owner_id == 1))[0].id))
    assert waiting(app) == []


@pytest.mark.parametrize(("wanted", "statement"), [
    ("Nekur 1–1", None), ("99999", None), ("10001", None), (FLAT, sa.delete(CustomerUser)), (FLAT, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now())),
    (FLAT, sa.update(Tenure).values(role=TenureRole.TENANT)), ("Brīvības iela 12–34", sa.update(Premises).where(Premises.id == 2).values(address="Brīvības iela 12–34, Ķegums")),
])  # fmt: skip
def test_what_concerns_nobody_with_an_account_waits_for_staff_and_the_answer_is_the_same(app: Flask, liga: Browser, wanted: str, statement: sa.Executable | None):
    if statement is not None:
        change(app, statement)
    assert "We have your request." in ask(liga, wanted).text and waiting(app) == [(None, wanted)] and fetch(app, sa.select(Mail.id)) == []
    said = main(supervisor(app).get(ASKED))
    assert all(words in said for words in ("Līga Ozoliņa", LIGA, wanted, "Anna's daughter"))


def test_the_form_writes_the_same_for_every_flat(app: Flask, liga: Browser, statements: list[str]):
    sent = []
    ask(liga, "once, so that her own counters are there")
    for wanted in (FLAT, "Nekur 1–1", "20417"):
        page = liga.get(REQUEST)
        statements.clear()
        liga.submit(page, REQUEST, follow=False, wanted=wanted, who="x")
        sent.append(tuple(statements))
    assert len({*sent}) == 1


def test_who_asks_again_stands_there_once_and_who_asks_too_often_waits(app: Flask, liga: Browser):
    for _ in range(2):
        ask(liga)
    assert len(waiting(app)) == 1
    for number in range(7):
        ask(liga, f"Nekur {number}")
    assert liga.status == 200 and "There were too many attempts." in main([ask(liga, f"Nekur {number}") for number in range(7, 9)][-1]) and liga.status == 429


@pytest.mark.parametrize("typed", [{"wanted": " "}, {"wanted": "x" * 241}, {"who": ""}, {"who": "a\0b"}, {"who": "x" * 201}])
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(app: Flask, liga: Browser, typed: dict):
    page = ask(liga, **typed)
    assert liga.status == 422 and waiting(app) == []
    assert ("Enter the address or the customer code" in main(page)) == ("wanted" in typed) and ("Write who you are" in main(page)) == ("who" in typed)
    assert "who" in typed or page.form(REQUEST).fields["who"] == "Anna's daughter"


def test_who_has_no_address_for_the_invitation_is_told_where_to_enter_one(app: Flask, liga: Browser):
    change(app, sa.update(User).where(User.username == "liga").values(email=None))
    page = ask(liga)
    assert liga.status == 422 and "/profile/email" in page.links and waiting(app) == []


def test_nobody_answers_what_others_were_asked(app: Flask, liga: Browser, anna: Browser):
    ask(liga)
    number, viktors = str(fetch(app, sa.select(AccessRequest.id))[0].id), Browser(app)
    viktors.log_in("viktors")
    token = viktors.get(INVITE).form(INVITE).fields["csrf_token"]
    for wanted in (number, "", "x", "99999999999999999999"):
        assert viktors.client.post(REFUSE, data={"csrf_token": token, "request": wanted}).status_code == 404
        assert viktors.client.get(f"{INVITE}?request={wanted}").status_code == 404
    assert "Līga" not in viktors.get("/users").text and len(waiting(app)) == 1


def test_ones_own_flat_is_no_request_to_oneself(app: Flask, anna: Browser):
    ask(anna)
    assert waiting(app) == [(None, FLAT)]


def test_what_nobody_answers_goes(app: Flask, liga: Browser):
    ask(liga)
    for ago, left in ((KEPT - timedelta(days=1), 1), (KEPT + timedelta(days=1), 0)):
        change(app, sa.update(AccessRequest).values(asked_at=utc_now() - ago))
        purge(app)
        assert len(waiting(app)) == left


def test_it_goes_with_the_account_of_who_asks(app: Flask, liga: Browser):
    ask(liga)
    liga.submit(liga.get("/profile/close-account"), "/profile/close-account", old=PASSWORD)
    assert waiting(app) == []


def test_the_copy_of_her_data_does_not_tell_whether_the_flat_has_owners_here(app: Flask, liga: Browser):
    """Each owner has a row of her own, and what is refused goes: both would show in it."""
    ask(liga)
    assert waiting(app) == [("anna", FLAT)] and FLAT not in copy_of(app, liga).read("data.json").decode()
