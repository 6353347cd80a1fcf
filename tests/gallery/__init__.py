"""The gallery: every page in every state that exists for it, as it is sent, in one language.

What the sweeps look at. The pages come from the application's own routes and the states from `scenes`; pages that
differ only in what is new on each visit hang here once.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from models.clock import Clock
from models.site import Site
from tests.browser import VOID, Browser, Page
from tests.cast import Cast

NOTHING: Mapping[str, str] = {}
# What differs on each visit: tokens, submission ids, error numbers, times of day.
_FRESH = re.compile(r'value="[\w.:=-]{20,}"|data-csrf="[^"]+"|\b[0-9a-f]{8}\b|\b\d\d:\d\d\b|id="s-\d+"|/sessions/\d+/end')


@dataclass(frozen=True)
class Sight:
    """A page, or a fragment for htmx, as it was sent; `name` tells how it was come by."""

    name: str
    language: str
    status: int
    html: str
    headers: dict[str, str]

    @property
    def is_whole(self) -> bool:
        return "<html" in self.html

    @cached_property
    def parts(self) -> set[tuple[str, ...]]:
        """Every kind of element in every place where it stands: itself with its attributes, below its ancestors."""
        return _Parts(self.html).found


class _Parts(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self._above: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = f"{tag}.{dict(attrs).get('class') or ''}"
        self.found.add((*(name for _, name in self._above[-2:]), kind, *sorted(name for name, _ in attrs)))
        if tag not in VOID:
            self._above.append((tag, kind))

    def handle_endtag(self, tag: str) -> None:
        while self._above and self._above.pop()[0] != tag:
            pass


class Gallery:
    """Collects what its visitors see."""

    def __init__(self, app: Flask, cast: Cast, language: str) -> None:
        self.app, self.cast, self.language = app, cast, language
        self.sights: dict[str, Sight] = {}
        self.answers: set[tuple[str, str, int]] = set()  # verb, endpoint, status
        self.people: dict[str, Visitor] = {}

    def visitor(self, who: str = "", again: bool = False, **login: str) -> "Visitor":
        """Somebody's browser; logged in once, unless `again`."""
        if again or who not in self.people:
            visitor = Visitor(self, who or "nobody")
            if who:
                visitor.log_in(who, **login)
            if again:
                return visitor
            self.people[who] = visitor
        return self.people[who]

    def hang(self, who: str, response: TestResponse) -> None:
        """Keep what is to be seen of an answer."""
        request = response.request
        with self.app.test_request_context(request.path, method=request.method) as context:
            rule = context.request.url_rule
        self.answers.add((request.method, rule.endpoint if rule else "", response.status_code))
        if response.mimetype == "text/html" and (html := response.get_data(as_text=True)):
            htmx = " by htmx" if request.headers.get("HX-Request") else ""
            who += "" if request.cookies else " on a first visit"
            name = f"{who}: {request.method} {rule or request.path}{htmx} {response.status_code}"
            sight = Sight(name, self.language, response.status_code, html, dict(response.headers))
            self.sights.setdefault(_FRESH.sub("", html), sight)

    def picked(self) -> list[Sight]:
        """Of each address and status as few as show every kind of element in every place: what is slow looks at these.

        The pages of an error are alike at every address."""
        seen: defaultdict[tuple[str, bool], set[tuple[str, ...]]] = defaultdict(set)
        picked = []
        for sight in sorted(self.sights.values(), key=lambda sight: -len(sight.html)):
            what = sight.name.partition(": ")[2] if sight.status in (200, 409, 422) else str(sight.status)
            if not sight.parts <= seen[what, sight.is_whole]:
                seen[what, sight.is_whole] |= sight.parts
                picked.append(sight)
        return picked

    @contextmanager
    def when(self, today: date | None = None, site: Site | None = None, **settings: Any) -> Iterator[None]:
        """Inside, it is another day, another site, or other settings hold."""
        held = self.app.extensions["ekabinets"]
        site = site or held.site
        self.app.extensions["ekabinets"] = replace(
            held, site=site, clock=Clock(site.zone, today or held.clock.today()),
            settings=held.settings.model_copy(update=settings),
        )  # fmt: skip
        self.app.extensions.pop("foot", None)  # it names the site
        yield
        self.app.extensions["ekabinets"] = held
        self.app.extensions.pop("foot", None)


class Visitor(Browser):
    """A browser without JavaScript whose every page hangs in the gallery."""

    def __init__(self, gallery: Gallery, who: str) -> None:
        super().__init__(gallery.app, gallery.language)
        self.gallery, self.who = gallery, who

    def look(self, path: str, headers: Mapping[str, str] = NOTHING) -> None:
        """Open an address, follow its redirects, and read nothing there."""
        answer = self.client.get(path, headers=headers, follow_redirects=True)
        for step in (*answer.history, answer):
            self.gallery.hang(self.who, step)

    def _seen(self, response: TestResponse) -> Page:
        for answer in (*response.history, response):
            self.gallery.hang(self.who, answer)
        return super()._seen(response)
