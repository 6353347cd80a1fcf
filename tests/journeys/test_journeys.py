"""The main jobs in a real browser, on a phone and on a desk: pencil, readings, invoice, devices, leaving."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(params=["phone", "desktop"])
def anna(request: pytest.FixtureRequest, sit_down: Callable[..., Person], server: Server) -> Person:
    """Anna, logged in, with no reading sent in this window."""
    server.forget_readings()
    return sit_down(request.param, who="anna")


def test_logging_in_leads_to_the_home_of_the_address(sit_down: Callable[..., Person]):
    anna = sit_down("phone")
    anna.log_in()
    assert anna.path() == f"/properties/{anna.server.cast.flat}"
    expect(anna.page.locator("main")).to_contain_text("Brīvības iela 12–34")


def test_the_pencil_opens_the_form_with_the_focus_in_its_field(anna: Person):
    field = anna.open_form(anna.server.cast.cold)
    expect(field).to_be_focused()
    assert anna.path().endswith("/meters")  # the rest of the page stayed


def test_a_wrong_value_keeps_the_focus_in_the_field_that_says_why(anna: Person):
    cold = anna.server.cast.cold
    anna.open_form(cold)
    anna.send(cold, "12a")
    field = anna.page.locator(f"#r-{cold}-1[aria-invalid=true]")
    expect(field).to_be_focused()
    expect(field).to_have_value("12a")
    expect(field).to_have_accessible_description(re.compile("Enter the reading in digits"))
    assert anna.server.stored() == 0


def test_a_very_high_value_is_asked_about_and_taken_when_it_is_confirmed(anna: Person):
    cold = anna.server.cast.cold
    anna.open_form(cold)
    anna.send(cold, "999")
    question = anna.card(cold).locator(".msg.warn")
    expect(question).to_be_focused()
    assert anna.server.stored() == 0
    question.locator("[type=checkbox]").check()
    anna.send(cold, "999")
    expect(anna.card(cold).locator(".msg.ok")).to_be_focused()
    assert anna.server.stored() == 1


def test_after_sending_the_card_shows_the_reading_and_the_focus_stands_on_the_answer(anna: Person):
    hot = anna.server.cast.hot
    anna.open_form(hot)
    anna.send(hot, "528,5")
    expect(anna.card(hot).locator(".msg.ok")).to_be_focused()
    expect(anna.card(hot).locator("dl")).to_contain_text("528.500 m³")
    expect(anna.page.locator(f"#edit-{hot}")).to_contain_text("Change reading")


def test_cancel_brings_the_card_back_and_the_focus_to_its_pencil(anna: Person):
    cold = anna.server.cast.cold
    field = anna.open_form(cold)
    field.fill("194")
    anna.card(cold).get_by_text("Cancel").click()
    expect(anna.page.locator(f"#edit-{cold}")).to_be_focused()
    expect(anna.open_form(cold)).to_have_value("")  # what was cancelled does not come back


def test_a_double_click_on_send_is_one_reading(anna: Person):
    cold = anna.server.cast.cold
    anna.open_form(cold).fill("194,5")
    anna.card(cold).locator("[type=submit]").dblclick()
    expect(anna.card(cold).locator(".msg.ok")).to_be_visible()
    assert anna.server.stored() == 1


def test_all_readings_go_in_one_form_and_a_double_click_sends_it_once(anna: Person):
    cast = anna.server.cast
    anna.go(f"/properties/{cast.flat}/readings")
    for field, value in (
        (f"{cast.cold}-1", "195"),
        (f"{cast.hot}-1", "528"),
        (f"{cast.two_dials}-1", "2260"),
        (f"{cast.two_dials}-2", "2260"),
    ):
        anna.page.fill(f"#r-{field}", value)
    anna.page.locator("main form [type=submit]").dblclick()
    expect(anna.page.locator("main > .msg.ok")).to_be_focused()
    expect(anna.page.locator("main > .msg.ok")).to_contain_text("4 readings received")
    assert anna.server.stored() == 4


def test_the_details_of_an_invoice_are_copied_as_the_bank_wants_them(anna: Person):
    anna.context.grant_permissions(["clipboard-read", "clipboard-write"])
    anna.go(f"/properties/{anna.server.cast.flat}/invoices")
    anna.page.click(f"a[href='/invoices/{anna.server.cast.invoice}']")
    anna.page.get_by_role("button", name=re.compile("Copy.*IBAN")).click()
    expect(anna.page.get_by_role("button", name=re.compile("Copied.*IBAN"))).to_be_focused()
    assert anna.page.evaluate("navigator.clipboard.readText()") == "LV44DEMO0000000000001"
    pdf = anna.page.get_by_role("link", name="Download (PDF)").get_attribute("href")
    answer = anna.context.request.get(anna.server.url + str(pdf))
    assert answer.headers["content-type"] == "application/pdf"


def test_the_devices_that_are_logged_in_are_listed_and_another_one_is_ended(
    anna: Person, sit_down: Callable[..., Person]
):
    other = sit_down("phone", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    other.log_in()
    anna.go("/profile/sessions")
    expect(anna.page.locator("main section").filter(has_text="this device")).to_contain_text("Chrome")
    anna.page.locator("main section").filter(has_text="Firefox").locator("button").click()
    expect(anna.page.locator("main")).not_to_contain_text("Firefox")
    other.go("/profile")
    assert other.path() == "/login?next=/profile"


def test_after_logging_out_back_shows_the_login_page_and_nothing_else(sit_down: Callable[..., Person]):
    anna = sit_down("phone")
    anna.log_in()
    anna.go("/profile")
    anna.page.click("header form button")
    anna.page.wait_for_url("**/signed-out")
    anna.page.go_back()
    anna.page.wait_for_url("**/login?next=/profile")
    expect(anna.page.locator("body")).not_to_contain_text("Anna")


def test_the_language_links_change_the_language_and_stay_on_the_page(anna: Person):
    anna.go("/profile/sessions")
    for language in ("lv", "ru", "en"):
        anna.page.click(f".langs a[lang={language}]")
        expect(anna.page.locator("html")).to_have_attribute("lang", language)
        assert anna.path() == "/profile/sessions"
