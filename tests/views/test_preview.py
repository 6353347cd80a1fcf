"""What the customer sees, shown to staff: dead, marked, noted, and never more than she sees (H07; decision 26)."""

import re
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import CustomerUser
from models.handovers import Handover
from models.notices import NoticeReceipt
from models.people import User
from models.sessions import WebSession
from models.threads import Thread
from models.types import Role
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.lend import lend
from tests.standing import change, dump, fetch, main
from tests.views.test_customers import staff

AS = "/staff/customers/1/as?from=call&user=1"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    return staff(app, Role.AGENT)


def pages(cast: Cast) -> list[str]:
    """Each kind of page that is shown."""
    flat = f"/properties/{cast.flat}"
    return ["/properties", flat, f"{flat}/invoices", f"{flat}/meters", f"/invoices/{cast.invoice}", f"/meters/{cast.cold}", "/notices", "/messages"]


def hers(page: Page) -> str:
    """What a page says, without the banner."""
    return main(page).partition("End the preview ")[2] or main(page)


def test_staff_see_what_she_sees(ilze: Browser, anna: Browser, cast: Cast):
    for path in pages(cast):
        shown = ilze.get(f"{AS}&page={path}")
        assert ilze.status == 200 and "PREVIEW – nothing can be submitted" in main(shown)
        assert hers(shown) == main(anna.get(path)), path
    assert f"{AS}&page=/properties/{cast.flat}" in ilze.get("/staff/customers/1?from=call").links, "it begins with her home"


def test_nothing_lives_there(ilze: Browser, cast: Cast):
    for path in pages(cast):
        html = ilze.get(f"{AS}&page={path}").html
        assert not re.search(r"<form|</form|<script|data-hx|formaction|\son\w+=", html), path
        links = {unescape(link) for link in re.findall(r'<a\b[^>]* href="([^"]*)"', html)}
        outward = [link for link in links if not link.startswith(("#", AS, "tel:", "mailto:", "https://")) and link != "/staff/customers/1?from=call"]
        assert not outward
        for link in links:
            assert not link.startswith(AS) or ilze.client.get(link).status_code == 200, link


def test_every_post_is_refused(ilze: Browser, anna: Browser, app: Flask, cast: Cast):
    token, before = ilze.get("/staff").form("/logout").fields, dump(app, ("audit", "web_session"))
    for path in (AS, f"{AS}&page=/meters/{cast.cold}/reading", f"/meters/{cast.cold}/reading", f"/properties/{cast.flat}/readings", "/messages/new"):
        refused = ilze.client.post(path, data=token | {f"r-{cast.cold}-1": "195,5"}).status_code
        assert refused == 403 if path.startswith(("/staff", "/messages")) else refused == 404, path
    assert dump(app, ("audit", "web_session")) == before


def test_it_is_no_login_of_hers_and_marks_nothing_read(ilze: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Thread).where(Thread.public_id == cast.thread).values(unread=True))
    before = dump(app, ("audit",))
    for path in pages(cast):
        ilze.get(f"{AS}&page={path}")
    assert dump(app, ("audit",)) == before and fetch(app, sa.select(WebSession.id).where(WebSession.user_id == 1)) == []
    assert fetch(app, sa.select(NoticeReceipt.user_id)) == [] and fetch(app, sa.select(Thread.unread).where(Thread.public_id == cast.thread))[0].unread
    assert ilze.get("/staff").headings == ["Work to do"], "Ilze is herself again"


def test_every_look_is_noted_with_its_purpose_and_she_reads_it(ilze: Browser, anna: Browser, app: Flask, cast: Cast):
    assert "What do you open this customer for?" in main(ilze.get(AS.replace("from=call&", "")))
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "customer.previewed")) == []
    ilze.get(f"{AS}&page=/properties/{cast.flat}/meters")
    [row] = fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == "customer.previewed"))
    assert (row.actor_user_id, row.principal_customer_id, row.object_type, row.object_id) == (5, 1, "user", 1)
    seen = main(anna.get("/activity?show=data"))
    assert "Your pages opened by staff as you see them" in seen and "Purpose: You called us" in seen and "Data: Meters" in seen and "Ilze" not in seen


@pytest.mark.parametrize("path", [
    "/notices/{notice}", "/messages/{thread}", "/messages/new", "/profile", "/users", "/activity", "/meters/{stranger_meter}", "/invoices/{stranger_invoice}", "/properties/{neighbour}",
    "/properties/{flat}/documents", "/invoices/{invoice}.pdf", "/staff", "/login", "//example.com", "nothing", "%00", "/properties/{flat}?x=1", "/properties/{flat}/", "/meters/{cold}/reading",
])  # fmt: skip
def test_what_changes_something_or_is_not_hers_is_not_shown(ilze: Browser, app: Flask, cast: Cast, path: str):
    before = dump(app, ("audit",))
    asked = ilze.client.get(AS.partition("?")[0], query_string={"from": "call", "user": "1", "page": path.format(**vars(cast))})
    assert asked.status_code == 404 and dump(app, ("audit",)) == before


def test_as_whoever_is_not_this_customer_nobody_looks(ilze: Browser, app: Flask):
    change(app, sa.insert(CustomerUser).values(user_id=5, customer_id=1))
    for user in ("2", "5", "", "x", "9" * 40, "%00"):
        assert ilze.client.get(f"/staff/customers/1/as?from=call&user={user}").status_code == 404
    change(app, sa.update(User).where(User.id == 1).values(disabled_at=sa.func.current_timestamp()))
    assert ilze.client.get(AS).status_code == 404, "who is blocked sees nothing"
    assert "See what the customer sees" not in main(ilze.get("/staff/customers/1?from=call"))


def test_what_is_not_of_this_customer_is_not_there_whoever_has_lent_it(ilze: Browser, app: Flask, cast: Cast):
    lend(app, cast, "submit meters notices invoices messages threads")
    change(app, sa.insert(CustomerUser).values([{"user_id": 4, "customer_id": 2}, {"user_id": 4, "customer_id": 3}]))
    liga = Browser(app)
    liga.log_in("liga")
    change(app, sa.insert(Handover).values(premises_id=1, user_id=4, customer_id=3, to_whom="x", changes_on=TODAY, readings=[]))
    here, before = "/staff/customers/2/as?from=call&user=4", dump(app, ("audit",))
    for path, word in {"/properties": "12–34", "/notices": "No water on Wednesday", "/messages": "Letter of anna"}.items():
        assert word in main(liga.get(path)) and word not in main(ilze.get(f"{here}&page={path}")), path
        assert ilze.status == 200
    assert "12–35" in main(ilze.get(f"{here}&page=/properties")) and "Letter of viktors" not in main(liga.get("/messages"))
    lent = [f"/properties/{cast.flat}", f"/properties/{cast.flat}/invoices", f"/properties/{cast.flat}/meters", f"/meters/{cast.cold}", f"/invoices/{cast.invoice}"]
    for path in lent:
        assert liga.client.get(path).status_code == 200 and ilze.client.get(f"{here}&page={path}").status_code == 404, path
    assert ilze.get(f"{here}&page=/meters/{cast.house_meter}") and ilze.status == 200, "by her own flat"
    assert dump(app, ("audit",)) == before and "12–34" in main(liga.get("/properties")), "and she has all of it"


def test_an_administrator_reads_no_conversations_there(app: Flask, cast: Cast):
    administrator = staff(app, Role.ADMINISTRATOR)
    assert administrator.client.get(f"{AS}&page=/messages").status_code == 403
    assert administrator.client.get(f"{AS}&page=/notices").status_code == 200


def test_who_has_no_address_is_shown_her_empty_list(ilze: Browser, app: Flask):
    change(app, sa.text("DELETE FROM tenure WHERE customer_id = 1"))
    assert ilze.get(AS).headings and ilze.status == 200
