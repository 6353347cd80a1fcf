"""A customer as staff see her: everything on one page, each look with its purpose; help with an account (H07, H08)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from models import throttle
from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.identities import Identity
from models.invoices import Invoice
from models.outbox import Mail
from models.people import User
from models.premises import Premises
from models.types import Role, utc_now
from tests import letters as post
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.standing import change, fetch, main

deliver, mailbox = post.deliver, post.mailbox
ONE = "/staff/customers/1"
WHY = f"{ONE}?from=call"


def staff(app: Flask, role: Role) -> Browser:
    """Ilze in this role."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=role))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


@pytest.fixture
def agent(app: Flask) -> Browser:
    return staff(app, Role.AGENT)


@pytest.fixture
def supervisor(app: Flask) -> Browser:
    return staff(app, Role.SUPERVISOR)


def looks(app: Flask) -> list[tuple[str, str]]:
    """What for, and at what, staff have looked at Anna's data."""
    query = sa.select(AuditRow.detail).where(AuditRow.action == "customer.viewed", AuditRow.principal_customer_id == 1).order_by(AuditRow.id)
    return [(row.detail["purpose"], row.detail["category"]) for row in fetch(app, query)]


def test_everything_about_a_customer_stands_on_one_page(agent: Browser, cast: Cast):
    page = agent.get(WHY)
    said = main(page)
    for words in ("Anna Ozoliņa", "Customer code 20417", "Brīvības iela 12–34, Ogre Owner since 1 Nov 2024", "Mālkalnes prospekts 3–2", "anna@example.com",
                  "Active", "not confirmed", "192.000 m³", "left to pay: €87.43", "Ilga Invited, waits for an answer", "Letter of anna"):  # fmt: skip
        assert words in said, words
    assert "Viktors" not in said and "2222" not in said and page.headings[0] == "Anna Ozoliņa"
    assert f"{ONE}/readings?from=call" in page.links and "/staff/inbox/9001" in page.links


def test_of_each_list_the_newest_ten_are_shown(agent: Browser, app: Flask, cast: Cast):
    assert main(agent.get(WHY)).count("left to pay") == 10
    newest = fetch(app, sa.select(Invoice.number).where(Invoice.customer_id == 1).order_by(Invoice.issued_on.desc()))
    assert newest[9].number in main(agent.get(WHY)) and f"{newest[10].number} " not in main(agent.get(WHY))


def test_nobody_looks_without_saying_what_for_and_the_customer_reads_it(agent: Browser, anna: Browser, app: Flask, cast: Cast):
    page = agent.get(ONE)
    assert "What do you open this customer for?" in main(page) and "Anna" not in page.text and looks(app) == []
    page = agent.get(ONE + "?from=visit")
    assert page.headings[0] == "Anna Ozoliņa" and looks(app) == [("visit", "customer")]
    seen = main(anna.get("/activity?show=data"))
    assert "Data viewed" in seen and "Purpose: You visited us" in seen and "Data: Everything about the customer" in seen and "Ilze" not in seen
    assert all("from=visit" in link for link in page.links if link.startswith(f"{ONE}/")), "asked once: every link goes on with it"


def test_a_conversation_is_a_purpose_for_whom_it_is_about(agent: Browser, app: Flask, cast: Cast):
    link = f"{ONE}?from=thread:9001"
    assert link in agent.get("/staff/inbox/9001").links
    assert agent.get(link).headings[0] == "Anna Ozoliņa" and ("message", "customer") in looks(app)
    [row] = fetch(app, sa.select(AuditRow.object_id).where(AuditRow.object_type == "thread", AuditRow.action == "customer.viewed"))
    assert row.object_id == 9001
    before = looks(app)
    for wrong in ("thread:9002", "thread:", "thread:²", "thread:" + "9" * 40, "call:1", "other", "%00", "check%0A"):
        page = agent.get(f"{ONE}?from={wrong}")
        assert "Anna Ozoliņa" not in page.text and looks(app) == before


def test_whoever_nobody_has_is_not_found(agent: Browser, anna: Browser):
    for number in ("0", "77", "²", "x", "9" * 40, "-1", "%00"):
        assert agent.client.get(f"/staff/customers/{number}?from=call").status_code == 404
    assert anna.client.get(WHY).status_code == 404 and Browser(agent.app).client.get(WHY).status_code == 303


def test_the_trail_is_for_supervisors_and_conversations_are_not_for_administrators(app: Flask, anna: Browser, cast: Cast):
    change(app, sa.update(User).where(User.id == 1).values(phone="+37120000000"))
    supervisor = staff(app, Role.SUPERVISOR)
    supervisor.get(WHY)
    said = main(supervisor.get(WHY))
    assert "What was done" in said and "Data viewed" in said and "Ilze Kļaviņa · You called us" in said and "Signed in" not in said
    assert "What was done" not in main(staff(app, Role.AGENT).get(WHY))
    administrator = staff(app, Role.ADMINISTRATOR)
    page = administrator.get(WHY)
    assert "Letter of anna" not in main(page) and "What was done" in main(page) and "Enter readings" not in main(page) and "Unlock" not in main(page)
    for closed in ("readings", "contacts", "access"):
        assert administrator.client.get(f"{ONE}/{closed}?from=call&user=1&act=unlocked").status_code == 403


def test_who_signs_in_and_who_does_not_is_told_apart(agent: Browser, app: Flask, cast: Cast):
    ways = {"Not registered": {}, "Invited, not signed in yet": {"invited_at": utc_now()}, "Blocked": {"disabled_at": utc_now()}}
    for words, values in ways.items():
        change(app, sa.update(User).where(User.id == 1).values(password_hash=None, **values))
        assert words in main(agent.get(WHY))
    change(app, sa.update(User).where(User.id == 1).values(disabled_at=None))
    change(app, sa.insert(Identity).values(user_id=1, family="bank", provider="Banka", issuer="https://bank.example", subject="1", linked_at=utc_now(), used_at=utc_now()))
    said = main(agent.get(WHY))
    assert "confirmed by a bank or eParaksts" in said and "Active" in said
    change(app, sa.delete(CustomerUser).where(CustomerUser.customer_id == 1))
    assert "nobody signs in for this customer" in main(agent.get(WHY))


def test_a_page_of_a_customer_with_nothing_says_so(agent: Browser, app: Flask):
    change(app, sa.insert(Customer).values(id=50, external_id="C50", code="50505", name="Ruta", is_company=False, settlement="metered"))
    said = main(agent.get("/staff/customers/50?from=check"))
    assert said.count("None.") == 5 and "Ruta" in said
    assert "No meters are registered where this customer lives" in main(agent.get("/staff/customers/50/readings?from=check"))


def test_her_number_is_called_by_a_link(agent: Browser, app: Flask):
    change(app, sa.text("UPDATE user_account SET phone = '20000000' WHERE username = 'anna'"))
    assert "tel:+37120000000" in agent.get(WHY).links


@pytest.mark.parametrize("places", [1, 40])
def test_the_page_sends_as_many_statements_for_many_addresses_as_for_one(agent: Browser, app: Flask, statements: list[str], places: int):
    for number in range(100, 100 + places):
        same = {"id": number, "external_id": f"P{number}", "house_id": 1, "flat": f"{number}", "public_id": f"flat{number}", "address": f"Brīvības iela 12–{number}"}
        change(app, sa.insert(Premises).values(same))
        change(app, sa.text(f"INSERT INTO tenure (external_id, customer_id, premises_id, role, starts_on) VALUES ('T{number}', 1, {number}, 'owner', '2026-01-01')"))
    statements.clear()
    assert "Brīvības iela 12–100 " in main(agent.get(WHY)) + " "
    assert len([sent for sent in statements if sent.startswith("SELECT") and "advisory" not in sent]) == 9


# Help with an account


def ask(act: str, user: int = 1) -> str:
    return f"{ONE}/access?from=call&user={user}&act={act}"


def told(app: Flask) -> list[str]:
    """What letters were written, each with the address."""
    return [f"{row.kind} {row.address}" for row in fetch(app, sa.select(Mail.kind, Mail.address).order_by(Mail.id))]


def help_out(browser: Browser, act: str, reason: str = "Zvanīja klients.", **more: str) -> Page:
    return browser.submit(browser.get(ask(act)), ask(act), reason=reason, **more)


def test_a_pause_is_ended_and_she_signs_in_at_once(supervisor: Browser, anna: Browser, app: Flask):
    stranger = Browser(app)
    for name in ("anna", "anna@example.com"):
        for _ in range(10):
            stranger.submit(stranger.get("/login"), "/login", username=name, password="x")
        assert stranger.submit(stranger.get("/login"), "/login", username=name, password=PASSWORD) and stranger.status == 429
    assert "The pause has ended." in main(help_out(supervisor, "unlocked"))
    stranger.log_in("anna")
    assert stranger.status == 200 and stranger.response.request.path.startswith("/properties")
    seen = main(anna.get("/activity?show=data"))
    assert "Pause after wrong passwords ended" in seen and "Purpose: Zvanīja klients." in seen and "Ilze" not in seen


def test_a_pause_after_wrong_second_proofs_stays(supervisor: Browser, app: Flask):
    with app.extensions["ekabinets"].database.write() as session:
        for _ in range(10):
            throttle.take_try(session, "1 second factor", None, utc_now())
    help_out(supervisor, "unlocked")
    with app.extensions["ekabinets"].database.write() as session:
        assert isinstance(throttle.take_try(session, "1 second factor", None, utc_now()), throttle.Wait)


def test_a_link_to_a_new_password_is_sent_once_and_nobody_sees_a_password(supervisor: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    before = fetch(app, sa.select(User.password_hash).where(User.id == 1))
    for _ in range(2):
        page = help_out(supervisor, "link_sent")
        assert "The letter is on its way." in main(page) and "/password/reset" not in page.html
    assert deliver() == ["anna@example.com"] and fetch(app, sa.select(User.password_hash).where(User.id == 1)) == before
    assert Browser(app).get(link_in(mailbox, "anna@example.com")).headings


def test_an_invitation_is_sent_again_to_who_has_not_come(supervisor: Browser, app: Flask):
    change(app, sa.update(User).where(User.id == 1).values(password_hash=None, invited_at=utc_now()))
    assert ask("invited_again") in supervisor.get(WHY).links
    assert "The letter is on its way." in main(help_out(supervisor, "invited_again")) and told(app) == ["invitation anna@example.com"]


@pytest.mark.parametrize(("act", "values", "sentence"), [
    ("link_sent", {"email": None}, "has no e-mail address"), ("email", {"email": None}, "has no e-mail address"), ("unlocked", {"disabled_at": utc_now()}, "is blocked"),
    ("invited_again", {}, "registered already"), ("link_sent", {"password_hash": None}, "not registered yet"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(supervisor: Browser, app: Flask, act: str, values: dict, sentence: str):
    opened = supervisor.get(ask(act)) if act != "invited_again" else supervisor.get(ask("unlocked"))
    if values:
        change(app, sa.update(User).where(User.id == 1).values(values))
    page = supervisor.get(ask(act))
    assert sentence in main(page) and ask(act) not in {form.action for form in page.forms}
    page = supervisor.post(ask(act), {**opened.form("/logout").fields, "reason": "x", "email": "new@example.lv"})
    assert supervisor.status == 409 and sentence in main(page) and told(app) == []


def test_another_address_counts_when_its_link_is_opened_and_the_old_one_is_told(supervisor: Browser, anna: Browser, app: Flask, mailbox: Mailbox, deliver: Callable):
    page = help_out(supervisor, "email", email="New@Example.lv")
    assert "The address changes when the link" in main(page) and fetch(app, sa.select(User.email).where(User.id == 1))[0].email == "anna@example.com"
    assert sorted(deliver()) == ["anna@example.com", "new@example.lv"]
    link = link_in(mailbox, "new@example.lv")
    browser = Browser(app)
    browser.submit(browser.get(link), link)
    assert fetch(app, sa.select(User.email).where(User.id == 1))[0].email == "new@example.lv"
    [row] = fetch(app, sa.select(AuditRow.actor_user_id, AuditRow.object_id, AuditRow.detail).where(AuditRow.action == "email.change_asked"))
    assert (row.actor_user_id, row.object_id, row.detail["purpose"]) == (5, 1, "Zvanīja klients.")


def test_too_many_letters_wait(supervisor: Browser, app: Flask):
    for number in range(10):
        help_out(supervisor, "email", email=f"new{number}@example.lv")
    page = help_out(supervisor, "email", email="last@example.lv")
    assert supervisor.status == 429 and "Too many letters" in main(page) and "last@example.lv" in page.html and supervisor.response.headers["Retry-After"]


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"reason": " "}, "Write a reason"), ({"reason": "x" * 501}, "Write a reason"), ({"reason": "a\0b"}, "Write a reason"), ({"email": ""}, "Enter your e-mail address"),
    ({"email": "no address"}, "Enter an e-mail address such as"), ({"email": "a@example.lv\0"}, "Enter an e-mail address such as"), ({"email": "anna@example.com"}, "already your e-mail"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(supervisor: Browser, app: Flask, changed: dict[str, str], sentence: str):
    page = help_out(supervisor, "email", **({"email": "new@example.lv"} | changed))
    assert supervisor.status == 422 and sentence in page.text and told(app) == []
    assert "reason" in changed or "Zvanīja klients." in page.html


def test_only_who_signs_in_as_her_is_helped_and_only_by_supervisors(supervisor: Browser, app: Flask):
    token = supervisor.get(ask("unlocked")).form("/logout").fields
    for wrong in (ask("unlocked", 2), ask("unlocked", 5), ask("nothing"), f"{ONE}/access?from=call", ask("unlocked") + "1", f"{ONE}/access?from=call&act=unlocked&user=%00"):
        assert supervisor.client.get(wrong).status_code == 404 and supervisor.client.post(wrong, data=token | {"reason": "x"}).status_code == 404
    change(app, sa.insert(CustomerUser).values(user_id=5, customer_id=1))
    assert supervisor.client.get(ask("link_sent", 5)).status_code == 404, "nobody of the staff, though she be the customer"
    agent = staff(app, Role.AGENT)
    assert "Unlock" not in main(agent.get(WHY)) and agent.client.get(ask("unlocked")).status_code == 403
    assert agent.client.post(ask("unlocked"), data={**agent.get(WHY).form("/logout").fields, "reason": "x"}).status_code == 403
