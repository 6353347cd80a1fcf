"""The same jobs in a browser with JavaScript switched off: by whole pages, and with the focus where it belongs."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def nobody(sit_down: Callable[..., Person], server: Server) -> Person:
    """Somebody on a phone, not logged in."""
    server.forget_readings()
    return sit_down("phone", java_script_enabled=False)


@pytest.fixture
def anna(nobody: Person) -> Person:
    """Anna, logged in by the form."""
    nobody.log_in()
    return nobody


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_page_that_was_wanted(nobody: Person):
    page = nobody.page
    nobody.go("/profile/sessions")
    assert nobody.path() == "/login?next=/profile/sessions"
    for name, password, fault in (("", "", "Enter your password"), ("anna", "wrong", "Check the e-mail address or username")):
        page.fill("#username", name)
        page.fill("#password", password)
        page.click("main form [type=submit]")
        expect(page.locator("main .msg.err")).to_be_focused()
        expect(page.locator("main .msg.err")).to_contain_text(fault)
    page.fill("#password", "zaļa upe tek lēni")
    page.click("main form [type=submit]")
    page.wait_for_url("**/profile/sessions")


def test_the_language_is_changed_by_its_link_and_stays(anna: Person):
    for language, heading in (("lv", "Skaitītāji"), ("ru", "Счётчики"), ("en", "Meters")):
        anna.page.click(f".langs a[lang={language}]")
        anna.page.click("nav.main a[href$='/meters']")
        expect(anna.page.locator("h1")).to_have_text(heading)
        expect(anna.page.locator("html")).to_have_attribute("lang", language)


def test_a_reading_is_refused_asked_about_taken_and_corrected(anna: Person):
    cold = anna.server.cast.cold
    expect(anna.open_form(cold)).to_be_focused()
    assert anna.path() == f"/meters/{cold}/reading"
    anna.send(cold, "12a")
    expect(anna.page.locator(f"#r-{cold}-1[aria-invalid=true]")).to_be_focused()
    anna.send(cold, "999")
    question = anna.card(cold).locator(".msg.warn")
    expect(question).to_be_focused()
    assert anna.server.stored() == 0
    question.locator("[type=checkbox]").check()
    anna.send(cold, "999")
    anna.page.wait_for_url("**/meters?sent=*")
    expect(anna.card(cold).locator(".msg.ok")).to_contain_text("We will check it")
    anna.open_form(cold)
    anna.send(cold, "195,5")
    anna.page.wait_for_url("**/meters?sent=*")
    expect(anna.card(cold).locator("dl")).to_contain_text("195.500 m³")
    anna.card(cold).get_by_role("link", name="History and chart").click()
    expect(anna.page.get_by_role("table", name="Reading history")).to_contain_text("corrected later")


def test_all_readings_are_sent_at_once_and_what_is_wrong_stays(anna: Person):
    cast, page = anna.server.cast, anna.page
    page.get_by_role("link", name="Enter readings").click()
    page.fill(f"#r-{cast.cold}-1", "195")
    page.fill(f"#r-{cast.hot}-1", "12a")
    page.click("main form [type=submit]")
    told = page.locator("main > .msg.err")
    expect(told).to_be_focused()
    expect(told).to_contain_text(re.compile(r"1 reading received.\s*1 reading needs your attention."))
    told.get_by_role("link").click()
    expect(page.locator(f"#r-{cast.hot}-1")).to_be_focused()
    page.fill(f"#r-{cast.hot}-1", "528")
    page.click("main form [type=submit]")
    expect(page.locator("main > .msg.ok")).to_be_focused()
    assert anna.server.stored() == 2


def test_an_invoice_is_found_by_its_year_read_and_downloaded(anna: Person):
    page = anna.page
    page.click("nav.main a[href$='/invoices']")
    page.click("nav.years a >> nth=1")
    expect(page.locator("nav.years [aria-current]")).to_have_text("2025")
    page.click("nav.years a >> nth=0")
    page.click(f"main a[href='/invoices/{anna.server.cast.invoice}']")
    expect(page.locator("#pay")).to_contain_text("LV44 DEMO 0000 0000 0000 1")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)  # nothing that would not work
    page.locator("summary").click()
    expect(page.locator("img.qr")).to_be_visible()
    link = page.get_by_role("link", name="Download (PDF)").get_attribute("href")
    answer = anna.context.request.get(anna.server.url + str(link))
    assert (answer.headers["content-type"], answer.body()[:5]) == ("application/pdf", b"%PDF-")


def test_a_document_is_opened_from_its_list(anna: Person):
    anna.page.click("a[href='/more'] >> visible=true")
    anna.page.click("main a[href$='/documents']")
    expect(anna.page.locator("main table")).to_contain_text("Apsaimniekošana")
    link = anna.page.get_by_role("link", name="Apsaimniekošanas līgums (PDF, ").get_attribute("href")
    answer = anna.context.request.get(anna.server.url + str(link))
    assert (answer.status, answer.body()) == (200, b"%PDF-1.4 contract")


def test_another_device_is_ended_and_this_one_is_left(anna: Person, sit_down: Callable[..., Person]):
    other = sit_down("phone", java_script_enabled=False, user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    other.log_in()
    for link in ("/more", "/profile", "/profile/sessions"):
        anna.page.click(f"a[href='{link}'] >> visible=true")
    anna.page.locator("main section").filter(has_text="Firefox").locator("button").click()
    expect(anna.page.locator("main")).not_to_contain_text("Firefox")
    other.go("/profile")
    assert other.path() == "/login?next=/profile"
    anna.page.click("header form button")
    anna.page.wait_for_url("**/signed-out")
    anna.page.go_back()
    anna.page.wait_for_url("**/login?next=/profile/sessions")
