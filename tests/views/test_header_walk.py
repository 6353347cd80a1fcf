"""The headers of every answer of every address: to each verb and each person, asked in each way, working or broken."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests
from werkzeug.test import TestResponse

from models.invoices import Invoice
from tests import standing
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change
from tests.views.test_headers import assert_safe
from tests.walk import Route, ids_of, routes
from views.limits import limiter

house_file = standing.house_file

# A browser that has the answer already, or wants a part of it, gets no 304 and no 206: nothing personal is kept.
WAYS = {
    "page": {}, "htmx": {"HX-Request": "true"},
    "again": {"If-None-Match": "*", "If-Modified-Since": "Sun, 29 Nov 2026 00:00:00 GMT", "Range": "bytes=0-9", "Accept-Encoding": "gzip"},
}  # fmt: skip
FOR_ALL = {"help.static_file": "public, max-age=31536000, immutable", "help.favicon": "public, max-age=86400"}


@pytest.fixture
def every_route(app: Flask, cast: Cast) -> list[Route]:
    """Each route with each of its verbs and with one that it does not take; PDFs are the operator's own."""
    own_file = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own")
    change(app, sa.update(Invoice).values(file_hash=own_file))
    found = list(routes(app, {name: ids[:1] for name, ids in ids_of("anna", cast).items()}))
    return found + [Route("PUT", path, "", None, frozenset()) for path in {route.path for route in found}]


@dataclass(frozen=True)
class Asked:
    """A request and its answer."""

    what: str
    route: Route
    answer: TestResponse


@pytest.fixture
def ask(app: Flask, every_route: list[Route]) -> Callable[..., Iterator[Asked]]:
    """Ask for every route, in every way, as nobody, as a resident and as staff."""
    people = {"nobody": Browser(app), "anna": Browser(app), "ilze": Browser(app)}
    for name in ("anna", "ilze"):
        people[name].log_in(name)

    def all_of_it(*names: str) -> Iterator[Asked]:
        for name, route, (way, headers) in product(names or people, every_route, WAYS.items()):
            limiter.reset()
            answer = people[name].client.open(route.path, method=route.verb, headers=headers)
            yield Asked(f"{route} by {name}, {way}: {answer.status_code}", route, answer)

    return all_of_it


def assert_kept_rightly(asked: Asked) -> None:
    """Only files that are the same for everybody are kept, and only where they were found."""
    headers, is_file = asked.answer.headers, asked.route.endpoint in FOR_ALL and asked.answer.status_code == 200
    assert headers.getlist("Cache-Control") == [FOR_ALL[asked.route.endpoint] if is_file else "private, no-store"], asked.what
    assert headers.getlist("Vary") == ["Accept-Encoding" if is_file else "Cookie, HX-Request, Accept-Encoding"], asked.what
    assert not (is_file and "Set-Cookie" in headers), asked.what


def test_every_answer_is_safe_and_only_files_for_everybody_are_kept(app: Flask, ask: Callable[..., Iterator[Asked]]):
    statuses: dict[int, int] = {}
    with app.app_context():
        for asked in ask():
            assert_safe(asked.answer, asked.what)
            assert_kept_rightly(asked)
            assert asked.answer.status_code != 304 or asked.route.endpoint == "api.described", asked.what
            statuses[asked.answer.status_code] = statuses.get(asked.answer.status_code, 0) + 1
    assert sorted(statuses) == [200, 302, 303, 304, 400, 401, 403, 404, 405, 410] and sum(statuses.values()) > 900


def test_head_says_what_get_says(app: Flask, ask: Callable[..., Iterator[Asked]]):
    said: dict[tuple[str, str], dict[str, str]] = {}
    with app.app_context():
        for asked in ask("anna"):
            if asked.route.verb in ("GET", "HEAD"):
                way = asked.what.partition(" ")[2]
                headers = {name: value for name, value in asked.answer.headers.items() if name not in ("Set-Cookie", "Content-Length")}
                assert said.setdefault((asked.route.path, way), headers) == headers, asked.what
                assert asked.route.verb == "GET" or asked.answer.get_data() == b"", asked.what


@pytest.mark.parametrize("error", [RuntimeError("a secret of ours"), ServiceUnavailable(), TooManyRequests(), sa.exc.OperationalError("", {}, Exception())], ids=["500", "503", "429", "no database"])
def test_what_breaks_is_as_safe(app: Flask, house_file: None, ask: Callable[..., Iterator[Asked]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception):
    caplog.set_level(logging.CRITICAL)
    for endpoint, view in app.view_functions.items():
        def broken(*_: object, **__: object) -> None:
            raise error
        broken.access = view.access  # type: ignore[attr-defined]
        monkeypatch.setitem(app.view_functions, endpoint, broken)
    seen = set()  # 303 and 403 too: a locked section is locked before anything can break
    with app.app_context():
        for asked in ask("anna"):
            assert_safe(asked.answer, asked.what)
            assert_kept_rightly(asked)
            seen.add(asked.answer.status_code)
    assert seen - {303, 403, 404} == {400, 405, getattr(error, "code", 500) if not isinstance(error, sa.exc.SQLAlchemyError) else 500}
