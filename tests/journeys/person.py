"""Somebody at a real browser: what they press, what they see, where the focus stands, and what went wrong unseen."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

from tests.cast import PASSWORD
from tests.journeys.server import Server

# Chromium says this of every answer that is meant to be one: 401, 403, 404, 409, 422, 429.
_MEANT = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
_FOCUS = "(e => [e.tagName.toLowerCase(), e.id ? '#' + e.id : '', ...[...e.classList].map(c => '.' + c)].join(''))(document.activeElement)"


@dataclass
class Person:
    """One person in one browser window."""

    context: BrowserContext
    page: Page
    server: Server
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen for what a person would not see: errors of scripts and refusals by the content security policy."""
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _MEANT.match(message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> int:
        """Open an address; the status of the answer."""
        response = self.page.goto(self.server.url + path)
        assert response is not None
        return response.status

    def speak(self, language: str) -> None:
        """Choose the language by the cookie that the link sets."""
        self.context.add_cookies([{"name": "lang", "value": language, "url": self.server.url}])

    def log_in(self, username: str = "anna", remember: bool = False) -> None:
        """By the real door, to the page that comes after it."""
        self.go("/login")
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        if remember:
            self.page.check("#remember")
        self.page.click("form[action='/login'] [type=submit]")
        self.page.wait_for_url("**/properties*/**")

    def path(self) -> str:
        """Where they are."""
        return self.page.url.removeprefix(self.server.url)

    def focus(self) -> str:
        """What has the focus, as tag#id.class."""
        return str(self.page.evaluate(_FOCUS))

    def card(self, meter: str) -> Locator:
        """The card of one meter."""
        return self.page.locator(f"#meter-{meter}")

    def open_form(self, meter: str) -> Locator:
        """Press the pencil on the meters page; the field that comes."""
        self.go(f"/properties/{self.server.cast.flat}/meters")
        self.page.click(f"#edit-{meter}")
        field = self.page.locator(f"#r-{meter}-1")
        field.wait_for()
        return field

    def send(self, meter: str, value: str) -> None:
        """Write a reading into the open card and press Send; wait for the answer."""
        self.page.fill(f"#r-{meter}-1", value)
        with self.page.expect_response(lambda response: response.request.method == "POST"):
            self.card(meter).locator("[type=submit]").click()
        self.page.wait_for_load_state()

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
