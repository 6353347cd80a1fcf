"""What a person meets when something is in the way: no signal, a broken server, a page left open."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def anna(sit_down: Callable[..., Person], server: Server) -> Person:
    """Anna on her phone, logged in, with no reading sent in this window."""
    server.forget_readings()
    return sit_down("phone", who="anna")


def fail(person: Person, how: Callable[[Route], None], method: str = "POST") -> None:
    """From now on what is sent to a meter fails."""
    person.page.route(
        "**/meters/*/reading", lambda route: how(route) if route.request.method == method else route.fallback()
    )


@pytest.mark.parametrize(("kind", "how"), [
    ("net", lambda route: route.abort()), ("server", lambda route: route.fulfill(status=500, body="broken")),
    ("server", lambda route: route.fulfill(status=502, body="<html>bad gateway</html>", content_type="text/html")),
], ids=["no signal", "500", "502 of a proxy"])  # fmt: skip
def test_when_sending_fails_the_form_and_its_value_stay_and_say_so(
    anna: Person, kind: str, how: Callable[[Route], None]
):
    cold = anna.server.cast.cold
    field = anna.open_form(cold)
    fail(anna, how)
    field.fill("194,5")
    anna.card(cold).locator("[type=submit]").click()
    message = anna.card(cold).locator(f"[data-fail={kind}]")
    expect(message).to_be_focused()
    expect(field).to_have_value("194,5")
    assert anna.server.stored() == 0
    anna.page.unroute_all()
    anna.send(cold, "194,5")
    assert anna.server.stored() == 1
    anna.faults.clear()  # the failure that was meant


def test_when_the_form_cannot_be_fetched_the_page_says_so(anna: Person):
    cold = anna.server.cast.cold
    anna.go(f"/properties/{anna.server.cast.flat}/meters")
    fail(anna, lambda route: route.abort(), "GET")
    anna.page.click(f"#edit-{cold}")
    expect(anna.page.locator("#bar")).to_have_text("No connection – nothing was sent.")
    anna.page.unroute_all()
    anna.page.click(f"#edit-{cold}")
    expect(anna.page.locator(f"#r-{cold}-1")).to_be_focused()
    expect(anna.page.locator("#bar")).to_be_hidden()
    anna.faults.clear()  # the failure that was meant


def test_without_a_connection_the_page_says_so_and_the_form_of_all_meters_is_not_lost(anna: Person):
    anna.go(f"/properties/{anna.server.cast.flat}/readings")
    anna.page.fill(f"#r-{anna.server.cast.cold}-1", "195")
    anna.context.set_offline(True)
    expect(anna.page.locator("#bar")).to_contain_text("What you typed stays on this page")
    anna.page.locator("main form [type=submit]").click()
    expect(anna.page.locator("#bar")).to_have_text("No connection – nothing was sent.")
    anna.context.set_offline(False)
    expect(anna.page.locator("#bar")).to_be_hidden()
    anna.page.locator("main form [type=submit]").click()
    expect(anna.page.locator("main > .msg.ok")).to_be_focused()
    assert anna.server.stored() == 1


def test_a_slow_answer_is_announced(anna: Person):
    cold = anna.server.cast.cold
    anna.page.clock.install()
    anna.go(f"/properties/{anna.server.cast.flat}/meters")
    held: list[Route] = []
    fail(anna, held.append, "GET")
    anna.page.click(f"#edit-{cold}")
    expect(anna.card(cold)).to_have_attribute("aria-busy", "true")
    anna.page.clock.fast_forward(4500)
    expect(anna.page.locator("#bar")).to_have_text("The connection is slow. Please wait.")
    held[0].continue_()
    anna.page.clock.resume()
    expect(anna.page.locator(f"#r-{cold}-1")).to_be_focused()
    expect(anna.page.locator("#bar")).to_be_hidden()


def test_a_draft_survives_a_reload_and_is_gone_after_sending(anna: Person):
    cold = anna.server.cast.cold
    anna.open_form(cold).press_sequentially("194,5")
    anna.page.reload()
    anna.page.click(f"#edit-{cold}")
    expect(anna.page.locator(f"#r-{cold}-1")).to_have_value("194,5")
    anna.send(cold, "194,5")
    expect(anna.card(cold).locator(".msg.ok")).to_be_focused()
    expect(anna.open_form(cold)).to_have_value("")


def test_a_draft_in_the_form_of_all_meters_is_gone_where_the_reading_was_taken(anna: Person):
    cast = anna.server.cast
    anna.go(f"/properties/{cast.flat}/readings")
    anna.page.locator(f"#r-{cast.cold}-1").press_sequentially("195")
    anna.page.locator(f"#r-{cast.hot}-1").press_sequentially("12a")
    anna.page.locator("main form [type=submit]").click()
    expect(anna.page.locator("main > .msg.err")).to_be_visible()
    anna.go(f"/properties/{cast.flat}/readings")
    expect(anna.page.locator(f"#r-{cast.cold}-1")).to_have_value("")
    expect(anna.page.locator(f"#r-{cast.hot}-1")).to_have_value("12a")


@pytest.mark.parametrize("remember", [False, True], ids=["in this tab", "on a remembered device"])
def test_a_draft_is_gone_after_logging_out(sit_down: Callable[..., Person], server: Server, remember: bool):
    anna = sit_down("phone")
    anna.log_in(remember=remember)
    anna.open_form(server.cast.cold).press_sequentially("194,5")
    kept = "Object.keys(%s).filter(k => k.startsWith('d:')).length" % ("localStorage" if remember else "sessionStorage")
    assert anna.page.evaluate(kept) == 1
    anna.page.click("header form button")
    anna.page.wait_for_url("**/signed-out")
    assert anna.page.evaluate(kept) == 0


def test_before_the_session_ends_a_dialog_asks_and_staying_prolongs_it(anna: Person):
    anna.page.clock.install()
    anna.go("/profile")
    dialog = anna.page.locator("dialog#idle")
    expect(dialog).to_be_hidden()
    anna.page.clock.fast_forward("27:10")
    expect(dialog).to_be_visible()
    expect(dialog.locator("button").first).to_be_focused()
    with anna.page.expect_response("**/session/extend") as answer:
        dialog.locator("button").first.click()
    assert answer.value.status == 204
    expect(dialog).to_be_hidden()
    anna.page.clock.fast_forward("31:00")
    anna.page.wait_for_url("**/properties/**")  # to the login page, which sends on who is still logged in


def test_a_page_left_open_after_the_session_ended_keeps_what_was_typed(anna: Person):
    cold = anna.server.cast.cold
    field = anna.open_form(cold)
    field.fill("194,5")
    anna.context.clear_cookies(name="session")
    anna.send(cold, "194,5")
    message = anna.card(cold).locator(".msg:not([data-fail])")
    expect(message).to_be_focused()
    expect(message).to_contain_text("Sign in again")
    expect(field).to_have_value("194,5")
