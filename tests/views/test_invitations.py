"""Invitations (F02; LG-17): single use, for whom they were sent to, accepted, declined, or with a new account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import endings
from models import lending as verbs
from models.audit import Actor
from models.mandates import Mandate
from models.outbox import Mail
from models.people import User
from models.rules.mandates import Ending
from models.tokens import Token
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY, Cast
from tests.lend import LIGA, accept, fill, invite, lend, made, mandate
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.registering import GOOD
from tests.standing import change, fetch, main

deliver, mailbox = letters.deliver, letters.mailbox
NEW = "berta@example.lv"


@pytest.fixture
def sent(anna: Browser, cast: Cast, mailbox: Mailbox, deliver: Callable) -> Callable[..., str]:
    """Anna invites somebody; the link in the letter."""

    def sent(to: str = LIGA) -> str:
        invite(anna, cast, email=to)
        deliver()
        return link_in(mailbox, to)

    return sent


def test_the_letter_says_who_invites_and_its_link_shows_what_it_is(app: Flask, sent: Callable, mailbox: Mailbox):
    path = sent()
    assert "Anna Ozoliņa dod Jums piekļuvi" in text(mailbox.to(LIGA)[0]) and "30.11.2027" in text(mailbox.to(LIGA)[0])
    page = Browser(app).get(path)
    assert "Anna Ozoliņa gives you access to these addresses: Brīvības iela 12–34, Ogre" in main(page)
    assert "Submit and correct meter readings" in main(page) and "Sign in to accept the invitation." in main(page)
    assert mandate(app).accepted_at is None, "looking at a link uses nothing up"


def test_who_is_not_signed_in_signs_in_and_comes_back(app: Flask, sent: Callable):
    path, liga = sent(), Browser(app)
    page = liga.get(f"/login?next={path}")
    liga.submit(page, "/login", username="liga", password="zaļa upe tek lēni")
    assert liga.response.request.path == path
    page = liga.submit(liga.get(path), path, act="accept")
    assert "You have accepted the invitation." in page.text and mandate(app).delegate_id


def test_a_used_withdrawn_replaced_or_old_link_is_a_page_of_its_own(app: Flask, anna: Browser, cast: Cast, sent: Callable, mailbox: Mailbox, deliver: Callable):
    first = sent()
    anna.submit(anna.get("/users"), f"/users/{mandate(app).public_id}/state", act="resend")
    deliver()
    second, liga = link_in(mailbox, LIGA), Browser(app)
    liga.log_in("liga")
    assert first != second and "This link no longer works" in liga.get(first).text and liga.status == 410
    change(app, sa.update(Token).where(Token.purpose == verbs.INVITATION).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert liga.get(second) and liga.status == 410
    change(app, sa.update(Token).where(Token.purpose == verbs.INVITATION).values(expires_at=utc_now() + timedelta(days=1)))
    token = liga.get(second).form(second).fields["csrf_token"]
    for status in (200, 410):
        liga.post(second, {"csrf_token": token, "act": "accept"})
        assert liga.status == status
    assert liga.get("/invitations/" + "A" * 43) and liga.status == 410


@pytest.mark.parametrize("what", [{"ended_at": utc_now()}, {"ends_on": TODAY - timedelta(days=1)}])
def test_what_was_withdrawn_or_is_over_cannot_be_accepted(app: Flask, sent: Callable, what: dict):
    path = sent()
    change(app, sa.update(Mandate).where(Mandate.address == LIGA).values(**what))
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.get(path) and liga.status == 410
    token = liga.get("/profile/language").form("/profile/language").fields["csrf_token"]
    liga.post(path, {"csrf_token": token, "act": "accept"})
    assert liga.status == 410 and mandate(app).delegate_id is None


@pytest.mark.parametrize("who", ["viktors", "anna", "ilze"])
def test_somebody_elses_invitation_is_refused_and_says_whose_account_this_is(app: Flask, sent: Callable, who: str):
    path, other = sent(), Browser(app)
    other.log_in(who)
    page = other.get(path)
    assert "the invitation is for somebody else" in main(page)
    other.post(path, {"csrf_token": page.form(path).fields["csrf_token"], "act": "accept"})
    assert other.status == 403 and mandate(app).accepted_at is None


def test_who_has_no_account_begins_one_with_the_invitation(app: Flask, cast: Cast, sent: Callable):
    path, berta = sent(NEW), Browser(app)
    page = berta.submit(berta.get(path), path, act="register", name=" ")
    assert berta.status == 422 and "Enter a name of at most 100 characters" in main(page)
    page = berta.submit(berta.get(path), path, act="register", name="Berta Ozoliņa")
    berta.submit(page, berta.response.request.path, password=GOOD)
    assert mandate(app).accepted_at and fetch(app, sa.select(User.username, User.name).where(User.email == NEW)) == [(NEW, "Berta Ozoliņa")]
    berta.submit(berta.get("/first-visit"), "/first-visit", email=NEW, terms="1")
    assert berta.client.get(f"/properties/{cast.flat}").status_code == 200
    again = Browser(app)
    again.log_in(NEW, GOOD)
    assert again.status == 200 and "Brīvības iela 12–34" in again.get("/properties").text


def test_a_known_address_gets_no_second_account(app: Flask, sent: Callable):
    path, browser = sent(), Browser(app)
    token = browser.get(path).form(path).fields["csrf_token"]
    browser.post(path, {"csrf_token": token, "act": "register", "name": "Līga"})
    assert browser.status == 403 and len(fetch(app, sa.select(User.id).where(User.email == LIGA))) == 1


def test_declined_without_signing_in_is_told_to_the_owner(app: Flask, anna: Browser, sent: Callable, deliver: Callable, mailbox: Mailbox):
    path, nobody = sent(), Browser(app)
    page = nobody.submit(nobody.get(path), path, act="decline")
    assert "The invitation was declined" in page.text and mandate(app).ending == "declined"
    assert deliver() == ["anna@example.com"] and "The invitation was declined" in anna.get("/users").text


def test_a_code_on_the_screen_is_accepted_on_the_other_phone_by_whoever_stands_there(app: Flask, anna: Browser, cast: Cast, sent: Callable):
    letter = sent("liga@work.example.com")
    where = f"/users/{mandate(app).public_id}"
    page = anna.post(f"{where}/code", anna.get("/users").form(f"{where}/state").fields)
    assert '<svg role="img"' in page.html and "A code for the other phone" in page.text
    with app.extensions["ekabinets"].database.write() as session:
        secret = verbs.code(session, session.get_one(Mandate, mandate(app).id), utc_now())
    liga = accept(app, f"/invitations/{secret}")
    assert liga.client.get(f"/properties/{cast.flat}").status_code == 200
    assert liga.get(letter) and liga.status == 410, "the letter's link is used up with it"
    assert Browser(app).client.get(f"/invitations/{secret}").status_code == 410


def test_a_closed_account_ends_what_it_has_lent_and_was_lent(app: Flask, cast: Cast, anna: Browser):
    lend(app, cast)
    lend(app, cast, who="anna", owner="viktors", at=cast.neighbour)
    anna.submit(anna.get("/profile/close-account"), "/profile/close-account", old="zaļa upe tek lēni")
    assert {row.ending for row in made(app)} == {"closed"}
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.client.get(f"/properties/{cast.flat}").status_code == 404


@pytest.mark.parametrize("days, what", [(30, "ending"), (7, "ending"), (-1, "expired")])
def test_both_sides_are_reminded_once(app: Flask, cast: Cast, deliver: Callable, days: int, what: str):
    lend(app, cast, ends_on=TODAY + timedelta(days=days))
    lend(app, cast, who="viktors", ends_on=TODAY + timedelta(days=31))
    for expected in ([LIGA, "anna@example.com"], []):
        endings.remind(app.extensions["ekabinets"].database, TODAY)
        assert sorted(deliver()) == sorted(expected)


def test_what_the_form_offers_is_what_the_site_has(app: Flask, anna: Browser, cast: Cast):
    offered = [at["value"] for at in anna.get("/users/invite").inputs if at.get("name") == "right"]
    assert offered == ["submit", "meters", "notices", "invoices", "documents", "messages", "threads"] and fill(cast)["right"] == offered[:3]


def begun(app: Flask, work: Callable[..., Any], *values: Any) -> Any:
    """A unit of work that is done in a thread, with what comes of it."""
    with app.extensions["ekabinets"].database.write() as session:
        return work(session, *values)


def test_withdrawn_while_it_is_accepted_it_is_withdrawn_and_nobody_waits_for_ever(app: Flask, sent: Callable, dialect: str):
    secret, database = sent().rpartition("/")[2], app.extensions["ekabinets"].database
    waits = sa.text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            row = session.get_one(Mandate, mandate(app).id, with_for_update=True)
            accepting = pool.submit(begun, app, verbs.accept, 4, "password", secret, utc_now())
            while dialect == "postgres" and not fetch(app, waits):
                assert not accepting.done()
            verbs.end(session, Actor(1, "web"), row, Ending.REVOKED, utc_now())
        assert accepting.result() is None
    assert mandate(app).delegate_id is None and mandate(app).ending == "revoked"


def test_what_was_answered_a_moment_ago_is_not_declined_sent_again_or_changed(app: Flask, sent: Callable, cast: Cast):
    sent()
    row, letters, actor = mandate(app), fetch(app, sa.select(Mail.id)), Actor(1, "web")
    wish = verbs.Wish(NEW, "Berta", "lv", [], [], None, strong=False)
    change(app, sa.update(Mandate).where(Mandate.id == row.id).values(accepted_at=utc_now()))
    with app.extensions["ekabinets"].database.write() as session:
        verbs.end(session, actor, session.get_one(Mandate, row.id), Ending.DECLINED, utc_now())
        verbs.resend(session, actor, session.get_one(Mandate, row.id), utc_now())
    change(app, sa.update(Mandate).where(Mandate.id == row.id).values(ended_at=utc_now()))
    with app.extensions["ekabinets"].database.write() as session:
        verbs.change(session, actor, session.get_one(Mandate, row.id), wish, TODAY, utc_now(), 1)
    assert (mandate(app).ending, mandate(app).version) == (None, 1) and fetch(app, sa.select(Mail.id)) == letters


def test_the_link_to_what_was_changed_is_void_at_once(app: Flask, anna: Browser, cast: Cast, sent: Callable):
    path, where = sent(), f"/users/{mandate(app).public_id}"
    anna.post(where, {**anna.get(where).form(where).fields, **fill(cast, right=["meters"]), "act": "send", "old": PASSWORD})
    liga = Browser(app)
    liga.log_in("liga")
    assert mandate(app).version == 2 and liga.client.get(path).status_code == 410
