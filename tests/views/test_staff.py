"""How the operator's staff come in, and the desk for applications (A10, H11; ASVS 6.3.2, 6.3.3; decisions.md 13)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.factors import Factor
from models.people import User
from models.registrations import Waiting
from models.sessions import WebSession
from models.types import Role, utc_now
from tests import letters as post
from tests.browser import Browser, Page
from tests.cast import PASSWORD
from tests.letters import link_in
from tests.mailserver import Mailbox, text
from tests.registering import GOOD, customers_of
from tests.staff import app_code
from tests.standing import change, fetch, main
from tests.views.factor_help import CODE, SECOND, code_of, later, secret_of
from tests.views.test_words import LANGUAGES, spoken

deliver, mailbox = post.deliver, post.mailbox
DOOR, NEW, QUEUE = "/staff/login", "rasa@example.lv", "/staff/registrations"


def where(browser: Browser) -> str:
    return browser.response.request.path


def staff(app: Flask, *words: str) -> str:
    """`flask staff …`"""
    return app.test_cli_runner().invoke(args=["staff", *words]).output


@pytest.fixture
def invited(app: Flask, mailbox: Mailbox, deliver: Callable) -> str:
    """Rasa is to be a supervisor: the address in her letter."""
    staff(app, "invite", NEW, "--name", "Rasa Kalniņa", "--role", "supervisor")
    deliver()
    return link_in(mailbox, NEW)


def come(app: Flask, link: str, password: str = GOOD, half_minutes: int = 0) -> tuple[Browser, Page, str]:
    """Open the link, give the app its secret, send the form."""
    browser = Browser(app)
    page = browser.get(link)
    secret = secret_of(page)
    return browser, browser.submit(page, link, code=code_of(secret, later(half_minutes)), password=password), secret


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


@pytest.fixture
def asked(app: Flask) -> int:
    """Līga, who is signed in, says that Anna's code is hers; the number under which that waits."""
    change(app, sa.insert(Waiting).values(key="x", user_id=4, language="ru", code="20417", asked_at=utc_now()))
    return fetch(app, sa.select(Waiting.id))[0].id


def test_who_is_invited_chooses_a_password_adds_an_app_and_signs_in_with_both(app: Flask, invited: str, mailbox: Mailbox):
    assert "staff account" in mailbox.to(NEW)[0]["Subject"] or "darbinieka" in mailbox.to(NEW)[0]["Subject"]
    browser, page, secret = come(app, invited)
    assert browser.status == 200 and len(CODE.findall(page.text)) == 10
    page = browser.submit(browser.get(DOOR), DOOR, username=NEW, password=GOOD)
    assert where(browser) == SECOND
    page = browser.submit(page, SECOND, code=code_of(secret, later(1)))
    assert where(browser) == "/staff" and page.headings == ["Work to do"]
    browser.get(invited)
    assert browser.status == 410, "a link works once"


def test_nobody_of_the_staff_gets_in_by_a_password_alone(app: Flask):
    for door in ("/login", DOOR):
        browser = Browser(app)
        page = browser.submit(browser.get(door), door, username="ilze", password=PASSWORD)
        assert where(browser) == SECOND and "no second proof yet" in page.text
        assert browser.client.get("/staff").location == "/staff/login?next=/staff"
    assert fetch(app, sa.select(WebSession.id).join(User, User.id == WebSession.user_id).where(User.username == "ilze")) == []


def test_a_session_of_staff_lasts_ten_hours_and_is_never_remembered(app: Flask):
    browser = Browser(app)
    browser.submit(browser.get("/login"), "/login", username="ilze", password=PASSWORD, remember="1")
    browser.submit(browser.get(SECOND), SECOND, code=app_code(app, "ilze"))
    [row] = fetch(app, sa.select(WebSession.__table__))
    assert row.expires_at - row.created_at == timedelta(hours=10) and not row.remembered
    assert browser.client.get_cookie("device") is None


def test_a_recovery_code_opens_the_door_once(app: Flask, invited: str):
    _, page, _ = come(app, invited)
    code = CODE.findall(page.text)[0]
    for path in ("/staff", SECOND):
        browser = Browser(app)
        page = browser.submit(browser.get(DOOR), DOOR, username=NEW, password=GOOD)
        browser.submit(page, SECOND, code=code)
        assert where(browser) == path


@pytest.mark.parametrize(("half_minutes", "password", "sentence"), [
    (5, GOOD, "This is not the code of this secret"), (0, "short", "Choose another password"), (0, "", "Choose another password"),
])  # fmt: skip
def test_a_wrong_code_or_a_weak_password_keeps_the_secret_and_the_link(app: Flask, invited: str, half_minutes: int, password: str, sentence: str):
    browser, page, secret = come(app, invited, password, half_minutes)
    assert browser.status == 422 and sentence in page.text and secret_of(page) == secret
    page = browser.submit(page, invited, code=code_of(secret, later()), password=GOOD)
    assert browser.status == 200 and "Recovery codes" in page.headings


def test_a_secret_that_was_made_for_somebody_else_is_not_taken(app: Flask, invited: str, anna: Browser):
    page = anna.get("/profile/second-factor/totp")
    sealed, secret = page.form("/profile/second-factor/totp").fields["sealed"], secret_of(page)
    browser = Browser(app)
    page = browser.submit(browser.get(invited), invited, sealed=sealed, code=code_of(secret, later()), password=GOOD)
    assert browser.status == 422 and secret_of(page) != secret and fetch(app, sa.select(Factor.id)) == []


def test_a_new_invitation_replaces_password_app_and_codes_only_when_it_is_used(app: Flask, invited: str, mailbox: Mailbox, deliver: Callable):
    browser, _, old = come(app, invited)
    staff(app, "invite", NEW, "--name", "Rasa Kalniņa", "--role", "supervisor")
    deliver()
    before = {row.secret for row in fetch(app, sa.select(Factor.secret))}
    come(app, link_in(mailbox, NEW), "another good passphrase")
    assert len(before) == 11 and not before & {row.secret for row in fetch(app, sa.select(Factor.secret))}
    page = browser.submit(browser.get(DOOR), DOOR, username=NEW, password="another good passphrase")
    browser.submit(page, SECOND, code=code_of(old, later()))
    assert browser.status == 422, "the lost telephone opens nothing"


def test_another_role_ends_what_is_open(app: Flask, ilze: Browser):
    staff(app, "invite", "ilze@example.com", "--name", "Ilze Kļaviņa", "--role", "supervisor")
    assert ilze.client.get("/staff").status_code == 200, "the same role"
    staff(app, "invite", "ilze@example.com", "--name", "Ilze Kļaviņa", "--role", "agent")
    assert ilze.client.get("/staff").status_code == 303


@pytest.mark.parametrize(("address", "name", "said"), [
    ("anna@example.com", "Anna", "resident's"), ("no address", "Rasa", "expected an e-mail address"), (NEW, "  ", "expected an e-mail address"),
])  # fmt: skip
def test_who_cannot_be_invited_is_said_and_nothing_is_written(app: Flask, address: str, name: str, said: str):
    assert said in staff(app, "invite", address, "--name", name, "--role", "agent")
    assert fetch(app, sa.select(User.id).where(User.email == NEW)) == [] and fetch(app, sa.select(AuditRow.id)) == []
    assert "expected one of" in staff(app, "invite", NEW, "--name", "Rasa", "--role", "agent", "--language", "et")


def test_the_list_says_who_works_who_is_invited_and_who_is_out(app: Flask, invited: str, ilze: Browser):
    seen = staff(app, "list").splitlines()
    assert seen[0].startswith("ilze@example.com Ilze Kļaviņa: supervisor, seen 20") and seen[1] == f"{NEW} Rasa Kalniņa: supervisor, invited"
    app.test_cli_runner().invoke(args=["users", "disable", NEW])
    assert staff(app, "list").splitlines()[1].endswith("disabled")
    browser = Browser(app)
    browser.get(invited)
    assert browser.status == 410, "who is out is not let in by an old letter"


def test_a_new_password_by_letter_does_not_let_staff_in_either(app: Flask, invited: str, mailbox: Mailbox, deliver: Callable):
    come(app, invited)
    browser = Browser(app)
    browser.submit(browser.get("/password/forgot"), "/password/forgot", username=NEW)
    deliver()
    link = link_in(mailbox, NEW)
    browser.submit(browser.get(link), link, password="another good passphrase")
    assert where(browser) == SECOND and browser.client.get("/staff").status_code == 303


def test_pages_of_staff_do_not_exist_for_residents_nor_those_of_residents_for_staff(app: Flask, anna: Browser, ilze: Browser):
    for path in ("/staff", QUEUE, f"{QUEUE}/1"):
        assert anna.client.get(path).status_code == 404
    assert anna.client.post(QUEUE, data=anna.get("/profile/language").form("/profile/language").fields).status_code == 404
    ilze.get("/")
    assert where(ilze) == "/staff" and ilze.get("/login").headings == ["Work to do"]
    assert "signed in as staff" in ilze.get("/profile").text and ilze.status == 403
    token = {"csrf_token": ilze.get("/staff").form("/logout").fields["csrf_token"]}
    assert ilze.client.post("/session/extend", data=token).status_code == 204
    nobody = Browser(app)
    token = {"csrf_token": nobody.get("/login").form("/login").fields["csrf_token"]}
    assert nobody.client.post("/session/extend", data=token).status_code == 401


def test_the_desk_says_what_waits_and_since_when(app: Flask, ilze: Browser, asked: int):
    page = ilze.get("/staff")
    assert main(page).count("Nothing waits here.") == 4 and "1 waits, since" in main(page)
    assert "Līga Ozoliņa" in main(ilze.get(QUEUE)) and "Customer code 20417" in main(ilze.get(QUEUE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_waits_has_its_plural(app: Flask, language: str):
    ilze = Browser(app, language)
    ilze.log_in("ilze")
    ways = {1: ("Gaida 1,", "1 waits, since", "Ждёт 1,"), 2: ("Gaida 2,", "2 wait, the", "Ждут 2,"), 11: ("Gaida 11,", "11 wait,", "Ждут 11,"), 21: ("Gaida 21,", "21 wait,", "Ждёт 21,")}
    for number in range(1, 22):
        change(app, sa.insert(Waiting).values(key=f"{number}", language="lv", email=NEW, code="1", asked_at=utc_now()))
        assert number not in ways or spoken(language, *ways[number]) in main(ilze.get("/staff"))


def test_an_application_shows_whose_code_it_is_and_both_can_read_that_it_was_seen(app: Flask, ilze: Browser, anna: Browser, asked: int):
    said = main(ilze.get(f"{QUEUE}/{asked}"))
    assert "Līga Ozoliņa" in said and "Anna Ozoliņa, Brīvības iela 12–34, Ogre" in said
    liga = Browser(app)
    liga.log_in("liga")
    for person in (anna, liga):
        seen = main(person.get("/activity?show=data"))
        assert "Data viewed" in seen and "Purpose: Your application for access" in seen and "Ilze" not in seen


def test_who_is_accepted_has_the_customer_at_once_and_the_trail_says_by_whom(app: Flask, ilze: Browser, asked: int):
    page = ilze.submit(ilze.get(f"{QUEUE}/{asked}"), QUEUE, act="accept")
    assert where(ilze) == QUEUE and "Access was given" in page.text and customers_of(app, username="liga") == ["20417"]
    [row] = fetch(app, sa.select(AuditRow.actor_user_id, User.username).join(User, User.id == AuditRow.actor_user_id).where(AuditRow.action == "registration.accepted"))
    assert row.username == "ilze"


def test_who_is_refused_reads_why(app: Flask, ilze: Browser, asked: int, mailbox: Mailbox, deliver: Callable):
    page = ilze.submit(ilze.get(f"{QUEUE}/{asked}"), QUEUE, act="refuse", reason="Договор на другое имя.")
    assert "was refused" in page.text and deliver() == ["liga@example.com"] and "Договор на другое имя." in text(mailbox.letters[0])


@pytest.mark.parametrize(("sent", "sentence"), [
    ({"act": "accept", "codes": "20417 77777 88888"}, "No customer has this code: 77777, 88888"), ({"act": "accept", "codes": " "}, "Enter the code of at least one customer"),
    ({"act": "refuse", "reason": " "}, "Write a reason of at most 500 characters"), ({"act": "refuse", "reason": "x" * 501}, "Write a reason of at most 500 characters"),
    ({"act": "refuse", "reason": "x\0y"}, "Write a reason of at most 500 characters"), ({"act": "accept", "codes": "\0"}, "No customer has this code"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_decided(app: Flask, ilze: Browser, asked: int, sent: dict[str, str], sentence: str):
    page = ilze.submit(ilze.get(f"{QUEUE}/{asked}"), QUEUE, **sent)
    assert ilze.status == 422 and sentence in page.text and "Nothing was decided yet" in page.text
    assert fetch(app, sa.select(Waiting.id)) != [] and customers_of(app, username="liga") == []


def test_what_a_colleague_has_decided_stays(app: Flask, ilze: Browser, asked: int):
    page = ilze.get(f"{QUEUE}/{asked}")
    ilze.submit(page, QUEUE, act="accept")
    page = ilze.submit(page, QUEUE, act="refuse", reason="No.")
    assert "has decided this application already" in page.text and customers_of(app, username="liga") == ["20417"]
    assert ilze.client.get(f"{QUEUE}/{asked}").status_code == 404
    for number in ("", "x", "²", "9" * 40):
        assert ilze.client.post(QUEUE, data={**page.form("/logout").fields, "number": number}).status_code == 404


def test_an_agent_sees_and_a_supervisor_decides(app: Flask, asked: int):
    agent = Browser(app)
    agent.log_in("ilze")
    page = agent.get(f"{QUEUE}/{asked}")
    assert "Supervisors decide." in page.text and QUEUE not in {form.action for form in page.forms}
    agent.post(QUEUE, {**page.form("/logout").fields, "number": str(asked), "act": "accept", "codes": "20417"})
    assert agent.status == 403 and fetch(app, sa.select(Waiting.id)) != []
