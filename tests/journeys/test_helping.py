"""Two phones: a mother lends something, her daughter does it for her, and it ends when the mother wants (F01–F05, F08)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD
from tests.journeys.person import Person
from tests.tools import run

pytestmark = pytest.mark.browser


def lend(anna: Person, *rights: str) -> None:
    """Fill in the form, look at the check page, confirm."""
    anna.go("/users/invite")
    anna.page.fill("#email", "liga@work.example.com")
    anna.page.fill("#name", "Līga")
    anna.page.check("#at-1")
    for right in rights:
        anna.page.check(f"#right-{right}")
    anna.page.click("button[value=check]")
    anna.page.fill("#old", PASSWORD)
    anna.page.click("button[value=send]")
    expect(anna.page.locator(".msg.ok")).to_be_focused()


def accept(liga: Person, link: str) -> None:
    """Open what the other screen shows, sign in, accept."""
    liga.page.goto(link)
    liga.page.click("a[href^='/login?next=']")
    liga.page.fill("#username", "liga")
    liga.page.fill("#password", PASSWORD)
    liga.page.click("form[action='/login'] [type=submit]")
    expect(liga.page.locator("main")).to_contain_text("Anna Ozoliņa gives you access to these addresses")
    liga.page.click("button[value=accept]")
    expect(liga.page.locator(".msg.ok")).to_be_focused()


def press(anna: Person, act: str) -> None:
    """One of the buttons beside what was lent."""
    anna.go("/users")
    anna.page.click(f"button[value={act}]")
    expect(anna.page.locator(".msg.ok")).to_be_focused()


def test_two_phones_side_by_side(sit_down: Callable[..., Person], tmp_path: Path):
    anna, liga = sit_down(who="anna"), sit_down()
    lend(anna)
    anna.page.click("button[formaction$='/code']")
    anna.page.locator("svg.qr").screenshot(path=tmp_path / "code.png")
    accept(liga, run("zbarimg", "--raw", "-q", tmp_path / "code.png").strip())
    home, cold = f"/properties/{liga.server.cast.flat}", liga.server.cast.cold
    liga.go(home)
    expect(liga.page.locator("body")).to_contain_text("You act for: Anna Ozoliņa")
    liga.open_form(cold)
    liga.send(cold, "195.5")
    expect(liga.card(cold)).to_contain_text("195.5")
    press(anna, "suspend")
    assert liga.go(home) == 404, "in the tab that was open all the time"
    press(anna, "resume")
    assert liga.go(home) == 200
    assert anna.overflow() == liga.overflow() == 0
