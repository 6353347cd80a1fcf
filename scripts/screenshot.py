"""Makes docs/home.png, the picture in the README, from a demo that runs: python -m scripts.screenshot http://localhost:8000"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from demo.story import PEOPLE

TARGET = Path(__file__).parents[1] / "docs/home.png"
PHONE = {"width": 390, "height": 844}


def main(address: str = "http://localhost:8000", target: Path = TARGET) -> None:
    """Log in at `address` as the first of the demo's people and save what a phone shows of the home page."""
    person = PEOPLE[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="lv-LV")
        page.goto(f"{address}/login")
        page.fill("#username", person["username"])
        page.fill("#password", person["password"])
        page.click("form[action='/login'] [type=submit]")
        page.wait_for_url("**/properties/**")
        page.screenshot(path=target)
        browser.close()
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:2])
