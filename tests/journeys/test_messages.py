"""Somebody writes to the operator on a phone: what may answer it is named at once, and to look there loses nothing."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.person import Person


def test_an_article_is_suggested_while_the_subject_is_typed_and_what_was_typed_waits(sit_down: Callable[..., Person]):
    anna = sit_down(who="anna")
    anna.go("/messages/new?topic=other")
    anna.page.fill("#body", "It shows nothing at all.")
    anna.page.locator("#subject").press_sequentially("how to read the water meter", delay=5)
    article = anna.page.locator("#suggestions a").first
    expect(article).to_be_visible()
    assert anna.overflow() == 0
    article.click()
    anna.page.wait_for_url("**/help/*")
    anna.page.go_back()
    expect(anna.page.locator("#subject")).to_have_value("how to read the water meter")
    expect(anna.page.locator("#body")).to_have_value("It shows nothing at all.")
    anna.page.check("#property-none")
    anna.page.click("form[action='/messages/new'] .btn.full")
    expect(anna.page.locator(".msg.ok")).to_be_focused()
    anna.go("/messages/new?topic=other")
    expect(anna.page.locator("#body")).to_have_value("")
