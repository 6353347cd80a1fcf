"""How much the phone has to fetch (performance.md, goals): bytes of bodies as they come over the network."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.person import Person

pytestmark = pytest.mark.browser
# What came over the network and not out of the cache: [address, bytes of the compressed body].
_FETCHED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(e => e.transferSize > 0).map(e => [e.name, e.encodedBodySize])"""


def fetched(page: Page) -> dict[str, int]:
    """Each thing that the page fetched, with its bytes."""
    page.wait_for_load_state("networkidle")
    return dict(page.evaluate(_FETCHED))


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_the_first_visit_fits_in_the_first_flight_and_in_six_requests(sit_down: Callable[..., Person], language: str):
    stranger = sit_down("phone", locale={"lv": "lv-LV", "en": "en-GB", "ru": "ru-RU"}[language])
    stranger.context.clear_cookies()
    stranger.go("/login")
    first = fetched(stranger.page)
    page_and_style = first.pop(stranger.page.url)
    assert not [name for name in first if ".css" in name]  # on a first visit the style is in the page
    assert page_and_style <= 14_600
    assert page_and_style + sum(first.values()) <= 32_000
    assert 1 + len(first) <= 6


def test_the_first_page_after_logging_in_brings_the_rest_and_later_pages_bring_only_themselves(
    sit_down: Callable[..., Person],
):
    anna = sit_down("phone", "lv")
    anna.go("/login")
    login = sum(fetched(anna.page).values())
    anna.log_in()
    home = fetched(anna.page)
    assert login + sum(home.values()) <= 40_000
    assert len(home) <= 6
    for path in (
        anna.path(),
        f"{anna.path()}/meters",
        f"{anna.path()}/invoices",
        f"/invoices/{anna.server.cast.invoice}",
    ):
        anna.go(path)
        later = fetched(anna.page)
        assert list(later) == [anna.page.url]
        assert later[anna.page.url] <= 4_000
