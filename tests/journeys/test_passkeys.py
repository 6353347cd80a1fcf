"""Passkeys in a real browser, with an authenticator that Chromium pretends to have (A19)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD
from tests.journeys.person import Person

pytestmark = pytest.mark.browser
HOME = "/profile/second-factor"
CAN = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}


def with_authenticator(person: Person, **changed: object) -> None:
    """Give the browser a finger that it can read."""
    devtools = person.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": CAN | changed})


def add_passkey(person: Person) -> None:
    person.go(f"{HOME}/passkey")
    person.page.fill("#name", "Mans tālrunis")
    person.page.fill("#old", PASSWORD)
    person.page.click("main form [type=submit]")
    expect(person.page.locator("h1")).to_have_text("Recovery codes")


def sign_out(person: Person) -> None:
    person.page.click(".out")
    person.page.wait_for_url("**/signed-out")


def test_a_passkey_is_made_and_lets_in_alone_and_beside_the_password(sit_down: Callable[..., Person]):
    anna = sit_down(who="")
    anna.log_in("anna")
    with_authenticator(anna)
    add_passkey(anna)
    expect(anna.page.locator("main li")).to_have_count(10)
    anna.go(HOME)
    expect(anna.page.locator("main h2").first).to_have_text("Mans tālrunis")
    sign_out(anna)
    anna.go("/login?next=/profile/sessions")
    anna.page.click("text=Sign in with a passkey")
    anna.page.wait_for_url("**/profile/sessions")
    expect(anna.page.locator("main dd", has_text="Passkey")).to_be_visible()
    sign_out(anna)
    anna.go("/login")
    anna.page.fill("#username", "anna")
    anna.page.fill("#password", PASSWORD)
    anna.page.click("main form [type=submit]")
    anna.page.click("text=Use a passkey")
    anna.page.wait_for_url("**/properties/*")


def test_a_question_that_is_not_answered_leaves_the_other_ways(sit_down: Callable[..., Person]):
    viktors = sit_down(who="")
    viktors.log_in("viktors")
    with_authenticator(viktors, isUserVerified=False)
    viktors.go(f"{HOME}/passkey")
    viktors.page.fill("#name", "Mine")
    viktors.page.fill("#old", PASSWORD)
    viktors.page.click("main form [type=submit]")
    expect(viktors.page.locator("text=The passkey was not used.")).to_be_visible()
    assert viktors.focus().startswith("div") and viktors.page.locator("text=Create the passkey").is_visible()


def test_without_javascript_nothing_offers_what_would_not_work(sit_down: Callable[..., Person]):
    viktors = sit_down(who="", java_script_enabled=False)
    viktors.go("/login")
    expect(viktors.page.locator("text=Sign in with a passkey")).to_be_hidden()
    viktors.log_in("viktors")
    viktors.go(f"{HOME}/passkey")
    expect(viktors.page.locator("text=This browser cannot use passkeys.")).to_be_visible()
    expect(viktors.page.locator("#name")).to_be_hidden()


def test_an_older_browser_is_told_the_same(sit_down: Callable[..., Person]):
    viktors = sit_down(who="")
    viktors.context.add_init_script("delete PublicKeyCredential.parseCreationOptionsFromJSON")
    viktors.go("/login")
    expect(viktors.page.locator("text=Sign in with a passkey")).to_be_hidden()
    viktors.log_in("viktors")
    viktors.go(f"{HOME}/passkey")
    expect(viktors.page.locator("text=This browser cannot use passkeys.")).to_be_visible()
