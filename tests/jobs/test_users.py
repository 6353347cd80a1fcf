"""Accounts that staff open, invite and disable by command (A10, A16, A17; LG-04, LG-06)."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.outbox import Mail
from models.people import User
from models.sessions import WebSession
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch

deliver, mailbox = letters.deliver, letters.mailbox
GOOD = "zaļa zāle aug lēnām 7"


@pytest.fixture
def users(app: Flask) -> Callable[..., Result]:
    """`flask users …`"""
    return lambda *words: app.test_cli_runner().invoke(args=["users", *words])


@pytest.fixture
def migrated(app: Flask) -> Flask:
    """As after an import: Anna and Viktors have never set a password."""
    change(app, sa.update(User).where(User.username.in_(["anna", "viktors"])).values(password_hash=None, terms_version=0))
    return app


def actions(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("account%")))]


def test_without_an_e_mail_address_a_password_is_printed_that_opens_only_the_way_to_another(app: Flask, users):
    outcome = users("add", "Dace", "Dace Liepa", "--customer", "20417", "--customer", "20418", "--language", "ru")
    password = re.search(r"password for the first login: (\S+)", outcome.output)[1]
    assert outcome.exit_code == 0 and re.fullmatch(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    browser = Browser(app)
    page = browser.log_in("dace", password)
    assert page.headings == ["Choose your own password"]
    page = browser.submit(page, "/password/change", old=password, password=GOOD)
    browser.submit(page, "/first-visit", phone="2000 0000", terms="1")
    assert browser.response.request.path.startswith("/properties/") and actions(app) == ["account.issued"]
    links = sa.select(Customer.code, User.language).join_from(User, CustomerUser).join(Customer).where(User.username == "dace")
    assert sorted(map(tuple, fetch(app, links))) == [("20417", "ru"), ("20418", "ru")]


def test_with_an_e_mail_address_a_letter_brings_a_link_and_nobody_else_knows_a_password(app: Flask, users, mailbox: Mailbox, deliver):
    outcome = users("add", "dace", "Dace Liepa", "--email", "Dace@Example.lv", "--customer", "20417")
    assert outcome.output == "an invitation waits to be sent\n" and deliver() == ["dace@example.lv"]
    assert "septiņu dienu" in text(mailbox.letters[0])
    browser, path = Browser(app), link_in(mailbox, "dace@example.lv")
    page = browser.submit(browser.get(path), path, password=GOOD)
    assert page.headings == ["Welcome"], "no password to change"
    again = Browser(app)
    assert again.get(path).headings == ["This link no longer works"] and again.status == 410


@pytest.mark.parametrize(("words", "said"), [
    (("anna", "Anna"), "is taken"), (("dace", "Dace", "--email", "Anna@example.com"), "is taken"), (("anna@example.com", "Dace"), "only as the own e-mail address"),
    (("dace", "Dace", "--email", "dace"), "an e-mail address such as"), (("dace", "Dace", "--email", "a@b.lv\nBcc: c@d.lv"), "an e-mail address such as"),
    (("dace", "=?utf-8?q?Dace=0D=0ABcc=3A?="), "a name of 1 to 200"), (("dace", "Dace\r\nBcc: x"), "a name of 1 to 200"), (("dace", " "), "a name of 1 to 200"),
    (("", "Dace"), "a user name of 1 to 100"), (("d" * 101, "Dace"), "a user name of 1 to 100"), (("=?x?q?d?=", "Dace"), "a user name of 1 to 100"),
    (("dace", "Dace", "--customer", "20417", "--customer", "99999"), "no customer has the code 99999"),
])  # fmt: skip
def test_what_can_be_no_account_is_one_sentence_and_nothing_is_kept(app: Flask, users, words: tuple[str, ...], said: str):
    before = fetch(app, sa.select(sa.func.count()).select_from(User))
    outcome = users("add", *words)
    assert outcome.exit_code == 1 and said in outcome.output and outcome.output.count("\n") == 1
    assert fetch(app, sa.select(sa.func.count()).select_from(User)) == before and fetch(app, sa.select(Mail.id)) == []


def test_migrated_accounts_get_one_letter_each_with_a_link_to_begin(migrated: Flask, users, mailbox: Mailbox, deliver):
    assert users("invite").output == "2 invitations wait to be sent\n"
    assert sorted(deliver()) == ["anna@example.com", "viktors@example.com"]
    assert "пароль" in text(mailbox.to("viktors@example.com")[0]), "each in the own language"
    browser, path = Browser(migrated), link_in(mailbox, "anna@example.com")
    page = browser.submit(browser.get(path), path, password=GOOD)
    browser.submit(page, "/first-visit", terms="1")
    assert browser.get("/profile").headings == ["Profile"]


def test_nobody_is_invited_twice_unless_it_is_asked_for(migrated: Flask, users, mailbox: Mailbox, deliver):
    assert [users("invite").output[0] for _ in range(3)] == ["2", "0", "0"]
    assert len(deliver()) == 2 and actions(migrated) == ["account.invited"]
    first = link_in(mailbox, "anna@example.com")
    assert users("invite", "--again").output[0] == "2" and len(deliver()) == 2
    assert Browser(migrated).get(first).headings == ["This link no longer works"], "the newer one counts"


def test_who_has_a_password_no_good_address_or_no_account_any_more_is_not_invited(migrated: Flask, users):
    change(migrated, sa.update(User).where(User.username == "anna").values(email="anna@māja.lv"))
    change(migrated, sa.update(User).where(User.username == "viktors").values(disabled_at=utc_now()))
    assert users("invite", "--again").output == "0 invitations wait to be sent\n" and fetch(migrated, sa.select(Mail.id)) == []
    assert {row.invited_at for row in fetch(migrated, sa.select(User.invited_at))} == {None}


def test_a_disabled_account_is_out_at_once_and_its_links_are_void(app: Flask, anna: Browser, users, mailbox: Mailbox, deliver):
    browser = Browser(app)
    browser.submit(browser.get("/password/forgot"), "/password/forgot", username="anna")
    deliver()
    assert users("disable", "ANNA").exit_code == 0 and actions(app) == ["account.disabled"]
    assert anna.get("/profile").headings == ["Sign in"]
    assert None not in [row.ended_at for row in fetch(app, sa.select(WebSession.ended_at))], "also if she is let in again"
    assert browser.get(link_in(mailbox, "anna@example.com")).headings == ["This link no longer works"]
    anna.log_in("anna")
    assert anna.status == 422
    outcome = users("disable", "nobody")
    assert outcome.exit_code == 1 and "nobody is called nobody" in outcome.output
