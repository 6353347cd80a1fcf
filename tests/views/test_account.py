"""The first steps in an account, contact details, changed terms, and its end (A03, A11, A12, A20; LU-09, LU-10, LG-05, LG-15, OG-14)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from models import accounts
from models.audit import Actor, AuditRow
from models.customers import CustomerUser
from models.invoices import Invoice
from models.outbox import Mail
from models.people import User
from models.readings import Reading
from models.sessions import KnownDevice, WebSession
from models.tokens import Token
from models.types import Role, utc_now
from tests import letters, standing
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast
from tests.gallery.scenes import link_for
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from tests.walk import ids_of, routes

deliver, mailbox = letters.deliver, letters.mailbox

NEW = "zaļa zāle aug lēnām 7"
FIRST, CHANGE, CLOSE, PHONE = "/first-visit", "/password/change", "/profile/close-account", "/profile/contact"


def person(app: Flask, name: str = "anna"):
    """The row of a user."""
    return fetch(app, sa.select(User.__table__).where(User.username == name))[0]


def actions(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))]


@pytest.fixture
def newcomer(app: Flask) -> Browser:
    """Anna, if she had never been here, logged in with the password that she was given."""
    change(app, sa.update(User).where(User.username == "anna").values(password_issued=True, terms_version=0))
    browser = Browser(app)
    browser.log_in("anna")
    return browser


@pytest.fixture
def visitor(newcomer: Browser, app: Flask) -> Browser:
    """The same with a password of her own."""
    change(app, sa.update(User).values(password_issued=False))
    return newcomer


def visit(browser: Browser, **typed: str) -> Page:
    return browser.submit(browser.get(FIRST), FIRST, **{"terms": "1"} | typed)


def where(browser: Browser) -> str:
    return browser.response.request.path


def test_an_issued_password_is_changed_then_contacts_are_checked_then_the_wanted_page_opens(newcomer: Browser, cast: Cast, app: Flask):
    page = newcomer.get(f"/meters/{cast.cold}")
    assert where(newcomer) == CHANGE and page.headings == ["Choose your own password"]
    page = newcomer.submit(page, CHANGE, old=PASSWORD, password=NEW)
    assert where(newcomer) == FIRST and page.headings == ["Welcome"]
    newcomer.submit(page, FIRST, phone="2000 0001", terms="1")
    assert where(newcomer) == f"/meters/{cast.cold}", "where she wanted to go"
    row = person(app)
    assert (row.password_issued, row.terms_version, row.phone, row.email) == (False, 1, "+37120000001", "anna@example.com")
    assert [one for one in actions(app) if one in ("password.changed", "terms.accepted")] == ["password.changed", "terms.accepted"]
    assert newcomer.get("/profile").headings == ["Profile"] and "2000 0001" in newcomer.get("/profile").text.replace("\xa0", " ")


@pytest.mark.parametrize("step", ["password", "visit"])
def test_until_then_every_page_leads_there_and_nothing_is_written(newcomer: Browser, app: Flask, cast: Cast, step: str):
    change(app, sa.update(User).values(password_issued=step == "password"))
    fields = {"csrf_token": newcomer.get("/help").form("/logout").fields["csrf_token"]}
    before, asked = standing.dump(app, ["web_session"]), 0
    own = CHANGE if step == "password" else FIRST
    for route in routes(app, ids_of("anna", cast)):
        if route.mark is None or route.for_staff or route.path == own:
            continue
        answer = newcomer.client.open(route.path, method=route.verb, data=None if route.verb in ("GET", "HEAD") else fields)
        safe = route.verb in ("GET", "HEAD")
        assert answer.status_code == (303 if safe else 403), route
        assert not safe or answer.location.startswith(f"{own}?next=/"), route
        asked += 1
    assert asked > 40 and standing.dump(app, ["web_session"]) == before


def test_meanwhile_public_pages_the_language_and_signing_out_work_and_nothing_else_is_offered(newcomer: Browser, cast: Cast):
    for path in ("/help", "/terms", "/contact"):
        page = newcomer.get(path)
        assert where(newcomer) == path and cast.flat not in page.html and "Main menu" not in page.html
    assert newcomer.get(f"{CHANGE}?lang=lv").lang == "lv"
    newcomer.submit(newcomer.get(CHANGE), "/logout")
    assert where(newcomer) == "/signed-out"


def test_a_form_sent_in_between_is_refused_with_the_way_on_also_by_htmx(visitor: Browser, cast: Cast):
    fields = visitor.get(FIRST).form(FIRST).fields
    address = f"/meters/{cast.cold}/reading"
    page = visitor.post(address, fields)
    assert visitor.status == 403 and FIRST in page.links and "Something has to be done first." in page.text
    page = visitor.post(address, fields, headers={"HX-Request": "true"})
    assert visitor.status == 403 and FIRST in page.links and visitor.response.headers["HX-Reswap"] == "afterbegin"
    visitor.get(address, headers={"HX-Request": "true"})
    assert visitor.status == 403


def test_the_issued_password_itself_cannot_be_kept(newcomer: Browser):
    page = newcomer.submit(newcomer.get(CHANGE), CHANGE, old=PASSWORD, password=PASSWORD)
    assert newcomer.status == 422 and "Choose another password than the one that you have now" in page.text
    newcomer.submit(newcomer.get(CHANGE), CHANGE, old="wrong", password=NEW)
    assert newcomer.status == 422 and newcomer.get("/profile").headings == ["Choose your own password"]


def test_who_has_a_link_needs_no_old_password_and_still_makes_her_first_visit(app: Flask, newcomer: Browser):
    browser, path = Browser(app), "/password/reset/" + link_for(app, "anna")
    browser.submit(browser.get(path), path, password=NEW)
    assert where(browser) == FIRST and not person(app).password_issued


@pytest.mark.parametrize(("typed", "said"), [
    ({"email": ""}, "Enter your e-mail address"), ({"email": "anna"}, "Enter an e-mail address such as"), ({"phone": "12"}, "Enter a telephone number such as"),
    ({"terms": None}, "Read the terms of use and tick the box"), ({"email": "=?utf-8?q?a=0D=0ABcc=3A?=@x.lv"}, "Enter an e-mail address such as"),
    ({"email": "a@b.lv\r\nBcc: c@d.lv"}, "Enter an e-mail address such as"), ({"email": "a@b.lv\u2028c"}, "Enter an e-mail address such as"), ({"email": "x" * 300 + "@b.lv"}, "such as"),
])  # fmt: skip
def test_what_is_wrong_at_the_first_visit_is_said_at_its_field_and_what_was_typed_stays(visitor: Browser, app: Flask, typed, said: str):
    page = visit(visitor, **{"phone": "2000 0001"} | typed)
    assert visitor.status == 422 and said in page.text and len([at for at in page.focus if "id" in at]) == 1
    values = {field["name"]: field.get("value") for field in page.inputs if "name" in field}
    assert values["phone"] == typed.get("phone", "2000 0001")
    assert person(app).terms_version == 0 and fetch(app, sa.select(Mail.id)) == []


def test_who_has_no_e_mail_address_gives_it_or_a_telephone(visitor: Browser, app: Flask):
    change(app, sa.update(User).where(User.username == "anna").values(email=None))
    page = visit(visitor)
    assert visitor.status == 422 and "Enter an e-mail address or a telephone number" in page.text
    visit(visitor, phone="+44 20 7946 0000")
    assert person(app).phone == "+442079460000" and person(app).terms_version == 1


def test_another_address_at_the_first_visit_waits_for_its_confirmation_and_the_portal_does_not(visitor: Browser, app: Flask, mailbox: Mailbox, deliver):
    visit(visitor, email="new@example.lv")
    assert where(visitor).startswith("/properties/")
    assert (person(app).email, person(app).email_wanted) == ("anna@example.com", "new@example.lv")
    assert sorted(deliver()) == ["anna@example.com", "new@example.lv"]


def test_after_the_first_visit_its_form_changes_nothing(visitor: Browser, app: Flask):
    """Else it would be a way to another address without the password."""
    form = visitor.get(FIRST)
    visit(visitor)
    visitor.submit(form, FIRST, email="thief@example.lv", terms="1")
    assert where(visitor).startswith("/properties/") and person(app).email_wanted is None
    visitor.get(FIRST)
    assert where(visitor).startswith("/properties/")


def test_staff_and_a_closed_profile_know_no_first_steps(app: Flask):
    change(app, sa.update(User).values(password_issued=True, terms_version=0))
    ilze = Browser(app)
    ilze.log_in("ilze")
    assert ilze.status == 200 and where(ilze) == "/staff"
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"access": {"settings": {"password": "-"}}}))
    anna = Browser(app)
    anna.log_in("anna")
    app.extensions["ekabinets"] = held
    assert where(anna).startswith("/properties/") and anna.status == 200


def test_who_comes_by_a_bank_keeps_an_issued_password_that_she_does_not_use(anna: Browser, app: Flask):
    change(app, sa.update(User).where(User.username == "anna").values(password_issued=True))
    assert anna.client.get("/profile").status_code == 303
    change(app, sa.update(WebSession).values(method="bank"))
    assert anna.client.get("/profile").status_code == 200


@pytest.fixture
def newer_terms(app: Flask) -> None:
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"terms_version": 2}))
    yield
    app.extensions["ekabinets"] = held


def test_changed_terms_are_a_notice_with_a_button_and_no_wall(anna: Browser, app: Flask, newer_terms: None, cast: Cast):
    path = f"/properties/{cast.flat}/meters"
    page = anna.get(path)
    assert where(anna) == path and "The terms of use have changed." in page.text and "/terms" in page.links
    page = anna.submit(page, "/profile/terms")
    assert where(anna) == path and "The terms of use have changed." not in page.text
    anna.post("/profile/terms", {"csrf_token": page.form("/logout").fields["csrf_token"]})
    rows = fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "terms.accepted"))
    assert [row.detail for row in rows] == [{"version": 2}] and person(app).terms_version == 2
    assert "The terms of use have changed." not in Browser(app).get("/help").text


def test_the_telephone_is_changed_and_taken_away_in_the_profile(anna: Browser, app: Flask):
    assert PHONE in anna.get("/profile").links and "/profile/email" in anna.get("/profile").links
    page = anna.submit(anna.get(PHONE), PHONE, phone="(371) 2")
    assert anna.status == 422 and 'value="(371) 2"' in page.html
    page = anna.submit(anna.get(PHONE), PHONE, phone="29 111-222")
    assert where(anna) == "/profile" and "Your telephone number is saved." in page.text
    assert person(app).phone == "+37129111222" and 'value="+37129111222"' in anna.get(PHONE).html
    anna.submit(anna.get(PHONE), PHONE, phone="")
    assert person(app).phone is None and actions(app)[-1] == "phone.changed"


def test_closing_says_what_is_lost_and_what_the_law_keeps_and_asks_for_the_password(anna: Browser, app: Flask):
    page = anna.get(CLOSE)
    assert CLOSE in anna.get("/profile").links
    assert "invoices and payments for five years (Accounting Law, section 28)" in main(page) and "cannot be undone" in main(page)
    for old, said in (("", "Enter your current password"), ("wrong", "This is not your current password")):
        assert said in anna.submit(page, CLOSE, old=old).text and anna.status == 422
    for _ in range(9):
        anna.submit(page, CLOSE, old="wrong")
    assert "paused until" in anna.submit(page, CLOSE, old=PASSWORD).text and anna.status == 429
    assert person(app).closed_at is None


def test_a_closed_account_is_nobodys_and_what_belongs_to_the_customer_stays(anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    link, other, stored = link_for(app, "anna"), Browser(app), [sa.select(table.__table__) for table in (Invoice, Reading)]
    other.log_in("anna", remember="1")
    before = [fetch(app, one) for one in stored]
    page = anna.submit(anna.get(CLOSE), CLOSE, old=PASSWORD)
    assert page.headings == ["Your account is closed"] and where(anna) == "/signed-out"
    assert anna.client.get_cookie("session") is None
    [row] = fetch(app, sa.select(User.__table__).where(User.closed_at.is_not(None)))
    assert row.username.startswith("closed-") and not any((row.name, row.email, row.phone, row.password_hash, row.email_wanted, row.language))
    assert [fetch(app, one) for one in stored] == before and row.disabled_at
    for table in (CustomerUser, KnownDevice):
        assert [one for one in fetch(app, sa.select(table.user_id)) if one.user_id == row.id] == []
    other.get("/profile")
    assert where(other) == "/login" and other.get("/password/reset/" + link).headings == ["This link no longer works"]
    assert deliver() == ["anna@example.com"] and "piecus gadus" in text(mailbox.letters[0]) and "account.closed" in actions(app)
    other.log_in("anna")
    assert other.status == 422


def test_closing_twice_at_once_is_the_same_as_once(anna: Browser, app: Flask):
    held, anna_id = app.extensions["ekabinets"], person(app).id
    for _ in range(2):
        with held.database.write() as session:
            accounts.close(session, Actor(anna_id, "web"), utc_now())
    assert actions(app).count("account.closed") == 1 and len(fetch(app, sa.select(Mail.id))) == 1


def test_staff_cannot_close_their_accounts(app: Flask):
    change(app, sa.update(User).where(User.username == "anna").values(role=Role.AGENT))
    held = app.extensions["ekabinets"]
    with pytest.raises(accounts.AccountError), held.database.write() as session:
        accounts.close(session, Actor(person(app).id, "web"), utc_now())
    assert person(app).closed_at is None
    ilze = Browser(app)
    ilze.log_in("ilze")
    ilze.get(CLOSE)
    assert ilze.status == 403


def test_what_was_on_its_way_to_a_closed_account_opens_nothing(anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    browser = Browser(app)
    browser.submit(browser.get("/password/forgot"), "/password/forgot", username="anna")
    anna.submit(anna.get(CLOSE), CLOSE, old=PASSWORD)
    assert deliver() == ["anna@example.com"] and len(mailbox.letters) == 1, "the goodbye alone"
    assert fetch(app, sa.select(Token.id)) == []
    assert fetch(app, sa.select(WebSession.id)) == [], "where she logged in from is gone, too"
