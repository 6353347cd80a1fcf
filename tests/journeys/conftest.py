"""Fixtures of the journeys: a server for each file, one Chromium for all, and people who sit down at it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import Templates
from tests.journeys.person import Person
from tests.journeys.server import Server, running
from tests.tools import require

_QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
SIZES = {"phone": (360, 640), "desktop": (1280, 800)}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of one file: as long as it runs, its event loop does, and no test after it could start one."""
    path = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(chromium: Browser, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product with the cast on stage, for the tests of one file."""
    folder: Path = tmp_path_factory.mktemp("server")
    with running(templates, folder) as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have logged in once, by user name."""
    return {}


@pytest.fixture
def sit_down(chromium: Browser, server: Server, sessions: dict[str, Any]) -> Iterator[Callable[..., Person]]:
    """Give somebody a browser of their own: `size`, `who` is logged in there already, and what Playwright's contexts
    take. Nobody may meet a script error or a refusal by the content security policy, unless their `faults` are
    cleared."""
    people: list[Person] = []

    def sit(size: str = "phone", language: str = "en", who: str = "", **options: Any) -> Person:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, storage_state=sessions.get(who), **options
        )
        context.set_default_timeout(15_000)
        people.append(Person(context, context.new_page(), server))
        people[-1].speak(language)
        if who and who not in sessions:
            people[-1].log_in(who)
            sessions[who] = context.storage_state()
        return people[-1]

    yield sit
    for person in people:
        person.context.close()
    assert not [fault for person in people for fault in person.faults]
