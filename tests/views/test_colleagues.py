"""The operator's staff on pages, and their own second factors (H11; ASVS 6.3.2, 6.3.3, 7.4.2, 8.3.2)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from models import staff as table
from models.audit import Actor, AuditRow
from models.factors import Factor
from models.people import User
from models.sessions import WebSession
from models.types import Role, utc_now
from tests import letters as post
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.staff import app_code
from tests.standing import change, fetch, main
from tests.views.factor_help import HOME, SECOND, Authenticator, add_passkey, asked, begin, code_of, later, secret_of

deliver, mailbox = post.deliver, post.mailbox
USERS, RASA = "/staff/users", "rasa@example.lv"


def enters(app: Flask, username: str, role: Role) -> Browser:
    """One of the staff, signed in with this role."""
    change(app, sa.update(User).where(User.username == username).values(role=role))
    browser = Browser(app)
    page = browser.submit(browser.get("/staff/login"), "/staff/login", username=username, password=PASSWORD)
    browser.submit(page, SECOND, code=app_code(app, username))
    assert browser.get("/staff").headings == ["Work to do"]
    return browser


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """Ilze is an administrator."""
    return enters(app, "ilze", Role.ADMINISTRATOR)


@pytest.fixture
def rasa(app: Flask) -> int:
    """Rasa is an agent with a password and without an app; her number."""
    known = fetch(app, sa.select(User.password_hash).where(User.username == "ilze"))[0].password_hash
    change(app, sa.insert(User).values(username=RASA, email=RASA, name="Rasa Kalniņa", role=Role.AGENT, password_hash=known))
    return fetch(app, sa.select(User.id).where(User.username == RASA))[0].id


def number(app: Flask, username: str) -> int:
    return int(fetch(app, sa.select(User.id).where(User.username == username))[0].id)


def acts(app: Flask) -> list[str]:
    """What the trail has of accounts, without sign-ins."""
    rows = fetch(app, sa.select(AuditRow.action).where(AuditRow.object_type == "user").order_by(AuditRow.id))
    return [row.action for row in rows]


def test_the_list_says_who_there_is_by_what_they_sign_in_and_when_they_were_here(app: Flask, ilze: Browser, rasa: int):
    said = main(ilze.get(USERS))
    assert "Ilze Kļaviņa Works here Administrator · app for codes · last here" in said
    assert "Rasa Kalniņa Invited Agent · no second proof yet · never been here" in said
    change(app, sa.insert(Factor).values(user_id=rasa, kind="passkey", secret="x", name="x", counter=0, created_at=utc_now()))
    change(app, sa.update(User).where(User.id == rasa).values(disabled_at=utc_now()))
    assert "Rasa Kalniņa Disabled Agent · passkey · never been here" in main(ilze.get(USERS))


def test_who_is_invited_gets_a_letter_and_stands_in_the_list(app: Flask, ilze: Browser, mailbox: Mailbox, deliver: Callable):
    page = ilze.submit(ilze.get(USERS), USERS, name=" Rasa  Kalniņa ", email="Rasa@Example.LV", role="supervisor", language="ru")
    assert "The invitation is on its way" in page.text and "Rasa Kalniņa Invited Supervisor" in main(page)
    assert deliver() == [RASA] and link_in(mailbox, RASA).startswith("/staff/welcome/")
    [row] = fetch(app, sa.select(AuditRow.actor_user_id).where(AuditRow.action == "staff.invited"))
    assert row.actor_user_id == number(app, "ilze")


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"name": ""}, "Enter a name"), ({"name": "x" * 201}, "Enter a name"), ({"name": "a\0b"}, "Enter a name"), ({"email": ""}, "Enter an e-mail"),
    ({"email": "x\0@example.lv"}, "Enter an e-mail"), ({"email": "anna@example.com"}, "belongs to an account already"), ({"email": "ILZE@example.com"}, "belongs to an account already"),
])  # fmt: skip
def test_what_is_wrong_with_an_invitation_stands_beside_its_field_and_what_was_typed_stays(app: Flask, ilze: Browser, typed: dict[str, str], sentence: str):
    good = {"name": "Rasa Kalniņa", "email": RASA, "role": "agent", "language": "lv"}
    page = ilze.submit(ilze.get(USERS), USERS, **good | typed)
    assert ilze.status == 422 and sentence in page.text and acts(app) == []
    fields = page.form(USERS).fields
    assert fields["email" if "name" in typed else "name"] == (RASA if "name" in typed else "Rasa Kalniņa")


def test_a_role_or_a_language_that_there_is_not_is_no_form_of_ours(app: Flask, ilze: Browser, rasa: int):
    token = ilze.get(USERS).form(USERS).fields | {"name": "Rasa", "email": "new@example.lv"}
    for wrong in ({"role": "resident"}, {"role": "\0"}, {"language": "et"}):
        assert ilze.client.post(USERS, data=token | {"role": "agent", "language": "lv"} | wrong).status_code == 404
    for wrong in ({"act": "delete"}, {"act": "role", "role": "resident"}, {"act": "role", "role": "x"}):
        assert ilze.client.post(f"{USERS}/{rasa}", data=token | {"role": "agent"} | wrong).status_code == 404
    assert acts(app) == []


def test_another_role_holds_at_once_and_ends_what_is_open(app: Flask, ilze: Browser, rasa: int):
    other = enters(app, RASA, Role.SUPERVISOR)
    page = ilze.submit(ilze.get(f"{USERS}/{rasa}"), f"{USERS}/{rasa}", act="role", role="agent")
    assert "The role is changed" in page.text and other.client.get("/staff").status_code == 303
    ilze.submit(page, f"{USERS}/{rasa}", act="role", role="agent")
    rows = fetch(app, sa.select(AuditRow.detail, AuditRow.object_id).where(AuditRow.action == "staff.role_changed"))
    assert [(row.detail, row.object_id) for row in rows] == [({"from": "supervisor", "to": "agent"}, rasa)], "twice is once"


def test_who_is_disabled_is_out_at_once_and_comes_in_again_when_enabled(app: Flask, ilze: Browser, rasa: int):
    other, one = enters(app, RASA, Role.AGENT), f"{USERS}/{rasa}"
    page = ilze.submit(ilze.get(one), one, act="disable")
    assert "Nobody gets in" in page.text and other.client.get("/staff").status_code == 303
    assert fetch(app, sa.select(WebSession.id).where(WebSession.user_id == rasa, WebSession.ended_at.is_(None))) == []
    nobody = Browser(app)
    assert SECOND not in nobody.submit(nobody.get("/staff/login"), "/staff/login", username=RASA, password=PASSWORD).html
    page = ilze.submit(page, one, act="enable")
    assert "opens again" in page.text and enters(app, RASA, Role.AGENT)
    ilze.submit(page, one, act="enable")
    assert acts(app) == ["account.disabled", "account.enabled"]


def test_an_invitation_is_written_again(app: Flask, ilze: Browser, rasa: int, mailbox: Mailbox, deliver: Callable):
    one = f"{USERS}/{rasa}"
    page = ilze.submit(ilze.get(one), one, act="invite")
    assert "The invitation is on its way" in page.text and deliver() == [RASA] and acts(app) == ["staff.invited"]
    change(app, sa.update(User).where(User.id == rasa).values(disabled_at=utc_now()))
    page = ilze.submit(page, one, act="invite")
    assert ilze.status == 409 and "A colleague has changed this" in page.text and "Let in again" in page.text


def test_nobody_changes_herself(app: Flask, ilze: Browser):
    own = f"{USERS}/{number(app, 'ilze')}"
    page = ilze.get(own)
    assert "This is you" in page.text and own not in {form.action for form in page.forms}
    for act in ("role", "disable", "enable", "invite"):
        page = ilze.post(own, page.form("/logout").fields | {"act": act, "role": "agent"})
        assert ilze.status == 409 and "nobody disables herself" in page.text
    assert acts(app) == [] and ilze.get(USERS).headings == ["Staff"]


def test_of_two_administrators_who_disable_each_other_one_stays(app: Flask, ilze: Browser, rasa: int):
    other, mine = enters(app, RASA, Role.ADMINISTRATOR), number(app, "ilze")
    theirs = ilze.get(f"{USERS}/{rasa}").form(f"{USERS}/{rasa}").fields | {"act": "disable"}
    ilze.post(f"{USERS}/{rasa}", theirs)
    other.post(f"{USERS}/{mine}", theirs)
    assert fetch(app, sa.select(User.id).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))) == [(mine,)]
    held, actor = app.extensions["ekabinets"], Actor(rasa, "web")
    with held.database.write() as session, pytest.raises(table.Refused, match="changed"):
        table.change(session, actor, mine, "disable", Role.AGENT, utc_now())


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
def test_only_administrators_see_it(app: Flask, role: Role, anna: Browser):
    browser = enters(app, "ilze", role)
    assert USERS not in browser.get("/staff").links
    token = browser.get("/staff").form("/logout").fields
    for path in (USERS, f"{USERS}/1"):
        assert browser.client.get(path).status_code == 403 and anna.client.get(path).status_code == 404
        assert browser.client.post(path, data=token).status_code == 403


def test_a_resident_is_nobody_of_the_staff(app: Flask, ilze: Browser):
    assert USERS in ilze.get("/staff").links
    for which in (number(app, "anna"), "999999999", "9999999999", "x", "%00"):
        assert ilze.client.get(f"{USERS}/{which}").status_code == 404


def test_staff_add_a_passkey_with_their_password_and_it_is_their_second_factor(app: Flask, ilze: Browser):
    assert f"{HOME}/remove" not in ilze.get(HOME).html and "Staff always need one" in ilze.get(HOME).text
    page = ilze.submit(ilze.get(f"{HOME}/passkey"), f"{HOME}/passkey/begin", name="Key", old="wrong")
    assert ilze.status == 422 and "not your current password" in page.text
    device = Authenticator()
    add_passkey(ilze, device)
    assert "/remove?factor=" in ilze.get(HOME).html and "app for codes and passkey" in main(ilze.get(USERS))
    browser = Browser(app)
    page = browser.submit(browser.get("/staff/login"), "/staff/login", username="ilze", password=PASSWORD)
    browser.post(SECOND, page.form(SECOND).fields | {"answer": device.sign(asked(page))})
    assert browser.get("/staff").headings == ["Work to do"]


def test_a_passkey_alone_lets_nobody_of_the_staff_in(app: Flask, ilze: Browser):
    device = Authenticator()
    add_passkey(ilze, device)
    browser = Browser(app)
    page = begin(browser)
    browser.post("/login/passkey", page.form("/login/passkey").fields | {"answer": device.sign(asked(page))})
    assert browser.status == 422 and browser.client.get("/staff").status_code == 303


def test_the_last_factor_of_staff_stays(app: Flask, ilze: Browser):
    [row] = fetch(app, sa.select(Factor.id).where(Factor.user_id == number(app, "ilze"), Factor.kind == "totp"))
    page = ilze.get(f"{HOME}/remove?factor={row.id}")
    page = ilze.submit(page, f"{HOME}/remove", old=PASSWORD)
    assert ilze.status == 409 and "This is your last one" in page.text
    add_passkey(ilze, Authenticator())
    ilze.submit(page, f"{HOME}/remove", old=PASSWORD)
    assert [kind for (kind,) in fetch(app, sa.select(Factor.kind).where(Factor.kind != "recovery"))] == ["passkey"]


def test_staff_set_up_another_app_and_the_old_one_opens_nothing(app: Flask, ilze: Browser):
    page = ilze.get(f"{HOME}/totp")
    page = ilze.submit(page, f"{HOME}/totp", code=code_of(secret_of(page), later()), old=PASSWORD)
    assert "Recovery codes" in page.headings and [kind for (kind,) in fetch(app, sa.select(Factor.kind).where(Factor.kind == "totp"))] == ["totp"]
    assert ilze.get("/profile").text and ilze.status == 403, "the rest of the profile is a resident's"
