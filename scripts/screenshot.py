"""Makes the pictures of README and docs from a demo that runs: python -m scripts.screenshot http://localhost:8000

docs/home.png is the home page on a phone; docs/inbox-*.png and docs/thread-*.png what staff have before them, light and
dark. These have few colours, so that they stay small.
"""

import base64
import io
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from demo.story import PEOPLE

TARGET = Path(__file__).parents[1] / "docs"
PHONE = {"width": 390, "height": 844}
STAFF = {"inbox": {"width": 1280, "height": 800}, "thread": {"width": 360, "height": 740}}


def main(address: str = "http://localhost:8000") -> None:
    """Log in at `address` as the first of the demo's people, then as its clerk, and save what they see."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="lv-LV")
        _log_in(page, address, "/login", PEOPLE[0])
        page.wait_for_url("**/properties/**")
        page.screenshot(path=TARGET / "home.png")
        _staff(browser, address)
        browser.close()


def _log_in(page: Page, address: str, door: str, person: dict[str, str]) -> None:
    page.goto(address + door)
    page.fill("#username", person["username"])
    page.fill("#password", person["password"])
    page.click(f"form[action='{door}'] [type=submit]")


def _staff(browser: Browser, address: str) -> None:
    clerk = next(person for person in PEOPLE if "app" in person)
    context = browser.new_context(locale="lv-LV")
    page = context.new_page()
    _log_in(page, address, "/staff/login", clerk)
    secret = base64.b32decode(clerk["app"])
    page.fill("#code", TOTP(secret, 6, hashes.SHA1(), 30).generate(int(time.time())).decode())  # noqa: S303  # as apps do
    page.click("main form [type=submit]")
    page.wait_for_url("**/staff")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for name, viewport in STAFF.items():
            page.set_viewport_size(viewport)
            page.goto(f"{address}/staff/inbox?view=all")
            page.click(".queue a >> nth=-1")  # the oldest, which waits
            page.wait_for_selector("#thread")
            page.evaluate("scrollTo(0, 0)")
            if name == "inbox":
                page.locator("#composer").scroll_into_view_if_needed()
                page.evaluate("scrollTo(0, 0)")
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.convert("RGB").quantize(64).save(TARGET / f"{name}-{scheme}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
