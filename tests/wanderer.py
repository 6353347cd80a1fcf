"""A browser over real HTTP without JavaScript: it goes wherever it is sent, with its cookies."""

import re
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, build_opener

from tests.browser import Page


class Wanderer:
    """Somebody who stands `at` an address."""

    def __init__(self, portal: str) -> None:
        self.portal, self.at = portal, ""
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.page = self.open("/login?lang=en")

    def open(self, address: str, **fields: str) -> Page:
        data = urlencode(fields).encode() if fields else None
        try:
            answer = self.opener.open(urljoin(self.portal, address), data, timeout=60)
        except HTTPError as refusal:
            answer = refusal
        self.at = answer.url
        self.page = Page(answer.read().decode())
        return self.page

    def go(self, way: str) -> Page:
        """Press a provider's button on the page."""
        return self.open(f"/login/{way}", **self.page.form(f"/login/{way}").fields)

    def press(self, words: str) -> Page:
        """Press a button on the page of a provider."""
        ((key, value),) = re.findall(rf'<button name="(\w+)" value="([^"]*)">(?:<b translate="no">)?{words}<', self.page.html)
        return self.open(self.at, **{key: value})

    def path(self) -> str:
        return self.at.removeprefix(self.portal)

    def token(self) -> str:
        """What lets the forms of the page through."""
        return self.page.forms[0].fields["csrf_token"]
