"""Another e-mail address (A16; LU-43, LU-46, LU-47): confirmed at the new one, told to the old one."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from models import emails, tokens
from models.audit import AuditRow
from models.outbox import Mail
from models.people import User
from models.throttle import Throttle
from models.tokens import Token
from models.types import utc_now
from tests import letters
from tests.browser import Browser, Page
from tests.cast import PASSWORD
from tests.letters import link_in
from tests.mailserver import Mailbox, html, text
from tests.standing import change, fetch

deliver, mailbox = letters.deliver, letters.mailbox

EMAIL, WANTED = "/profile/email", "/profile/email/wanted"
NEW, OLD, VIKTORS = "new@example.lv", "anna@example.com", "viktors@example.com"


def address(app: Flask, name: str = "anna") -> tuple[str, str | None]:
    """The e-mail address of a user, and the one that waits."""
    return tuple(fetch(app, sa.select(User.email, User.email_wanted).where(User.username == name))[0])


def ask(browser: Browser, email: str = NEW, old: str = PASSWORD) -> Page:
    return browser.submit(browser.get(EMAIL), EMAIL, email=email, old=old)


def confirm(browser: Browser, path: str) -> Page:
    return browser.submit(browser.get(path), path)


@pytest.fixture
def path(anna: Browser, mailbox: Mailbox, deliver: Callable) -> str:
    """The link in the letter that Anna was sent."""
    ask(anna)
    deliver()
    return link_in(mailbox, NEW)


def test_the_new_address_is_confirmed_by_a_link_and_the_old_one_is_told_before_and_after(anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    page = ask(anna, " New@Example.LV ")
    assert "We sent a link to new@example.lv." in page.text and f"Until then your address stays {OLD}." in page.text
    assert address(app) == (OLD, NEW) and sorted(deliver()) == [OLD, NEW]
    assert "tiks mainīta" in mailbox.to(OLD)[0]["Subject"] and NEW not in text(mailbox.to(OLD)[0])
    page = confirm(anna, link_in(mailbox, NEW))
    assert anna.response.request.path == "/profile" and "Your e-mail address is changed." in page.text and NEW in page.text
    assert address(app) == (NEW, None) and deliver() == [OLD]
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("email%")))] == ["email.change_asked", "email.changed"]


def test_the_letter_has_a_button_and_its_address_in_plain_text(path: str, mailbox: Mailbox):
    letter = mailbox.to(NEW)[0]
    assert text(letter).count(f"http://localhost{path}") == 1 and html(letter).count(f'href="http://localhost{path}"') == 2
    assert "Apstiprināt e-pasta adresi" in html(letter) and "24 stund" in text(letter)


def test_until_it_is_confirmed_the_old_address_opens_the_portal_and_afterwards_the_new_one(anna: Browser, app: Flask, path: str):
    for name, status in ((OLD, 200), (NEW, 422)):
        browser = Browser(app)
        browser.log_in(name)
        assert browser.status == status
    confirm(anna, path)
    for name, status in ((OLD, 422), (NEW, 200), ("anna", 200)):
        browser = Browser(app)
        browser.log_in(name)
        assert browser.status == status


def test_opening_the_link_uses_nothing_up_and_confirming_ends_every_other_session(anna: Browser, app: Flask, path: str):
    other = Browser(app)
    other.log_in("anna")
    for _ in range(2):
        assert anna.get(path).headings == ["Confirm the e-mail address"] and NEW in anna.get(path).text
    assert address(app) == (OLD, NEW)
    confirm(anna, path)
    assert other.get("/profile").headings == ["Sign in"] and anna.get("/profile").headings == ["Profile"]


def test_a_link_opened_on_another_device_works_without_signing_in_and_signs_everybody_out(anna: Browser, app: Flask, path: str):
    page = confirm(phone := Browser(app), path)
    assert page.headings == ["The e-mail address is confirmed"] and address(app) == (NEW, None)
    assert anna.get("/profile").headings == ["Sign in"] and phone.get("/profile").headings == ["Sign in"]


def test_every_bad_old_used_or_foreign_link_gets_the_same_page(anna: Browser, app: Flask, path: str):
    pages, stranger, nobody = set(), Browser(app), Browser(app)
    stranger.log_in("viktors")
    form = anna.get(path)
    stranger.submit(form, path, csrf_token=stranger.get(EMAIL).form(EMAIL).fields["csrf_token"])
    assert stranger.status == 410 and stranger.get(path).headings == ["This link no longer works"]
    for bad in (path[:-1], path + "x", "/profile/email/confirm/x", "/profile/email/confirm/" + "ž" * 50, path.replace("/profile/email/confirm", "/password/reset")):
        pages.add(nobody.get(bad).headings[0])
        assert nobody.status == 410
    confirm(anna, path)
    for browser in (anna, nobody):
        pages.add(browser.get(path).headings[0])
        assert browser.status == 410
    assert pages == {"This link no longer works"} and EMAIL in anna.get(path).links


@pytest.mark.parametrize("how", ["a day later", "cancelled", "another wanted", "disabled"])
def test_a_link_that_time_or_she_herself_made_void_changes_nothing(anna: Browser, app: Flask, path: str, how: str):
    form = anna.get(path)
    if how == "a day later":
        change(app, sa.update(Token).values(expires_at=Token.created_at))
    elif how == "cancelled":
        page = anna.submit(anna.get(EMAIL), WANTED, act="cancel")
        assert "We sent a link" not in page.text and address(app) == (OLD, None)
    elif how == "another wanted":
        ask(anna, "newer@example.lv")
    else:
        change(app, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now()))
    Browser(app).get(path)
    anna.submit(form, path)
    assert anna.status == 410 and address(app)[0] == OLD


def test_a_letter_that_was_still_waiting_when_she_cancelled_confirms_nothing(anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    ask(anna)
    anna.submit(anna.get(EMAIL), WANTED, act="cancel")
    deliver()
    confirm(anna, link_in(mailbox, NEW))
    assert anna.status == 410 and address(app) == (OLD, None)


def test_the_link_is_sent_again_and_the_newer_one_counts(anna: Browser, app: Flask, path: str, mailbox: Mailbox, deliver: Callable):
    anna.submit(anna.get(EMAIL), WANTED, act="again")
    assert deliver() == [], "not twice within a minute"
    change(app, sa.update(Mail).values(created_at=utc_now() - timedelta(minutes=2)))
    anna.submit(anna.get(EMAIL), WANTED, act="again")
    assert deliver() == [NEW], "and the old address is not told again"
    assert anna.get(path).headings == ["This link no longer works"]
    confirm(anna, link_in(mailbox, NEW))
    assert address(app) == (NEW, None)


def test_anothers_address_is_answered_alike_and_only_its_owner_learns_it(anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    said = {ask(anna, wanted).text.replace(wanted, "X") for wanted in (NEW, VIKTORS)}
    assert len(said) == 1 and address(app) == (OLD, VIKTORS)
    deliver()
    letter = mailbox.to(VIKTORS)[0]
    assert "введён" in text(letter) or "указал" in text(letter), "in his language"
    assert "/confirm/" not in text(letter) and "anna" not in text(letter).lower()
    assert len(fetch(app, sa.select(Token.id))) == 1, "for the first address"


def test_an_address_that_somebody_else_confirmed_meanwhile_stays_his(anna: Browser, app: Flask, path: str):
    change(app, sa.update(User).where(User.username == "viktors").values(email=NEW))
    form = Browser(app)
    confirm(form, path)
    assert form.status == 410 and address(app)[0] == OLD and address(app, "viktors")[0] == NEW


def test_of_two_who_confirm_the_same_address_at_once_one_has_it(app: Flask):
    held, secrets = app.extensions["ekabinets"], []
    change(app, sa.update(User).where(User.username.in_(["anna", "viktors"])).values(email_wanted=NEW))
    for row in fetch(app, sa.select(User.id).where(User.email_wanted == NEW)):
        with held.database.write() as session:
            secrets.append(tokens.issue(session, emails.PURPOSE, row.id, timedelta(hours=1), utc_now(), address=NEW))
    ready, outcomes = Barrier(2), []

    def run(secret: str) -> None:
        ready.wait()
        outcomes.append(emails.confirm(held.database, secret, 0, utc_now()))

    threads = [Thread(target=run, args=(secret,)) for secret in secrets]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {*outcomes} in ({None, "anna@example.com"}, {None, "viktors@example.com"}) and len(fetch(app, sa.select(User.id).where(User.email == NEW))) == 1


@pytest.mark.parametrize(("email", "old", "said"), [
    ("", PASSWORD, "Enter your e-mail address"), ("anna", PASSWORD, "such as anna@example.com"), (" ANNA@example.com", PASSWORD, "This is already your e-mail address"),
    (NEW, "", "Enter your current password"), (NEW, "wrong", "This is not your current password"), ("a@b.lv\nBcc: c@d.lv", PASSWORD, "such as anna@example.com"),
    ("=?utf-8?q?a=0D=0ABcc=3A?=@b.lv", PASSWORD, "such as anna@example.com"), ("māja@b.lv", PASSWORD, "such as anna@example.com"), ("a@b.lv\x00", PASSWORD, "such as anna@example.com"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_the_address_stays_and_the_password_does_not(anna: Browser, app: Flask, email: str, old: str, said: str):
    page = ask(anna, email, old)
    values = {field["name"]: field.get("value", "") for field in page.inputs if "name" in field}
    assert anna.status == 422 and said in page.text and values["old"] == "" and values["email"].split() == email.split()
    assert len([at for at in page.focus if "id" in at]) == 1 and fetch(app, sa.select(Mail.id)) == [] and address(app) == (OLD, None)


def test_nobody_is_flooded_with_letters(anna: Browser, app: Flask):
    for number in range(10):
        ask(anna, f"n{number}@example.lv")
        assert anna.status == 200
    page = ask(anna)
    assert anna.status == 429 and "paused until" in page.text and address(app)[1] == "n9@example.lv"
    assert len(fetch(app, sa.select(Mail.id).where(Mail.kind == "email_confirm"))) == 10
    change(app, sa.delete(Throttle))


def test_a_user_name_that_is_the_address_moves_with_it(app: Flask, mailbox: Mailbox, deliver: Callable):
    change(app, sa.update(User).where(User.username == "anna").values(username=OLD))
    browser = Browser(app)
    browser.log_in(OLD)
    ask(browser)
    deliver()
    confirm(browser, link_in(mailbox, NEW))
    assert [tuple(row) for row in fetch(app, sa.select(User.username, User.email).where(User.email == NEW))] == [(NEW, NEW)]


@pytest.mark.parametrize("how", ["sent", "still waiting"])
def test_a_link_to_the_old_address_for_a_new_password_dies_with_it(anna: Browser, app: Flask, path: str, mailbox: Mailbox, deliver: Callable, how: str):
    browser = Browser(app)
    browser.submit(browser.get("/password/forgot"), "/password/forgot", username="anna")
    deliver() if how == "sent" else None
    confirm(anna, path)
    deliver()
    page = browser.get(link := link_in(mailbox, OLD))
    if how == "still waiting":
        page = browser.submit(page, link, password="zaļa zāle aug lēnām 7")
    assert browser.status == 410 and page.headings == ["This link no longer works"]


def test_cancelling_what_nobody_wants_changes_nothing(anna: Browser, app: Flask):
    token = anna.get(EMAIL).form(EMAIL).fields["csrf_token"]
    for act in ("cancel", "again", ""):
        anna.post(WANTED, {"csrf_token": token, "act": act})
        assert anna.status == 200
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action.like("email%"))) == [] and fetch(app, sa.select(Mail.id)) == []


def test_asking_leaves_its_row_and_no_address_in_the_audit(anna: Browser, app: Flask):
    ask(anna)
    [row] = fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == "email.change_asked"))
    assert (row.actor_user_id, row.source, row.session_method, row.detail) == (1, "web", "password", {})
