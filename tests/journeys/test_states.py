"""Every page and every state of a form: no accessibility fault that axe can see, no sideways scroll, nothing unseen.

The pages come from the application's own routes: a new one is in the sweep by itself, or the sweep says what it needs.
"""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from app import create_app
from tests.browser import Browser
from tests.cast import Cast
from tests.conftest import settings_for
from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser
LANGUAGES = ("lv", "en", "ru")
AXE = (Path(__file__).parents[1] / "vendor/axe.min.js").read_text("utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (only) => (await axe.run(document, {runOnly: only, resultTypes: ['violations']})).violations.map(
    v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary.replace(/\\s+/g, ' ')).slice(0, 3).join(' | '))"""
_COVERED = """() => { const e = document.activeElement, bar = document.querySelector('nav.main');
    return e !== document.body && !bar.contains(e) && e.getBoundingClientRect().bottom > bar.getBoundingClientRect().top }"""
EVERYTHING, CONTRAST = {"type": "tag", "values": _TAGS}, {"type": "rule", "values": ["color-contrast"]}


def examples(cast: Cast) -> dict[str, list[str]]:
    """What to put for each variable of a path."""
    return {
        "pid": [cast.flat], "mid": [cast.cold, cast.two_dials, cast.remote], "iid": [cast.invoice, cast.paid],
        "did": [cast.document], "key": ["terms", "privacy", "cookies", "accessibility"], "name": [], "sid": [],
    }  # fmt: skip


@pytest.fixture(scope="module")
def paths(server: Server) -> list[str]:
    """The addresses of all pages, as Anna can open them or anybody."""
    app = create_app(settings_for(server.database_url, Path(server.database_url.removeprefix("sqlite:///")).parent))
    values, found = examples(server.cast), ["/nothing-here", "/properties?page=elsewhere"]
    for rule in app.url_map.iter_rules():
        assert rule.arguments <= values.keys(), f"{rule.rule}: give an example of {rule.arguments - values.keys()}"
        if "GET" in (rule.methods or ()):
            names = sorted(rule.arguments)
            found += [
                str(rule.build(dict(zip(names, choice, strict=True)))[1])
                for choice in product(*(values[name] for name in names))
            ]  # type: ignore[index]
    anna = Browser(app)
    anna.log_in("anna")
    pages = [path for path in found if is_page(anna, path)]
    app.extensions["ekabinets"].database.dispose()
    return pages


def is_page(browser: Browser, path: str) -> bool:
    """Whether an address answers with a page, not with a file or by sending on."""
    answer = browser.client.get(path)
    return answer.mimetype == "text/html" and answer.status_code not in (302, 303)


def at_login(person: Person) -> None:
    person.context.clear_cookies(name="session")
    person.go("/login")


def refused(person: Person) -> None:
    at_login(person)
    person.page.click("main form [type=submit]")


def paused(person: Person) -> None:
    at_login(person)
    for _ in range(12):
        person.page.fill("#username", "nobody")
        person.page.fill("#password", "wrong")
        with person.page.expect_response("**/login") as answer:
            person.page.click("main form [type=submit]")
        if answer.value.status == 429:
            return
    raise AssertionError("nobody was ever paused")


def asked(person: Person, value: str) -> None:
    person.open_form(person.server.cast.cold)
    person.send(person.server.cast.cold, value)


def all_refused(person: Person) -> None:
    person.go(f"/properties/{person.server.cast.flat}/readings")
    for meter, value in ((person.server.cast.cold, "12a"), (person.server.cast.hot, "9999")):
        person.page.fill(f"#r-{meter}-1", value)
    person.page.click("main form [type=submit]")


def after_login(person: Person, username: str) -> None:
    at_login(person)
    person.page.fill("#username", username)
    person.page.fill("#password", "zaļa upe tek lēni")
    person.page.click("main form [type=submit]")


def not_sent(person: Person) -> None:
    person.open_form(person.server.cast.cold)
    person.page.evaluate("document.querySelectorAll('[data-fail]').forEach(message => { message.hidden = false })")
    person.page.evaluate(
        "bar => { bar.hidden = false; bar.textContent = document.body.dataset.tOffline }",
        person.page.query_selector("#bar"),
    )


def asked_to_stay(person: Person) -> None:
    person.page.evaluate("document.getElementById('idle').showModal()")


STATES: dict[str, Callable[[Person], object]] = {
    "form open": lambda person: person.open_form(person.server.cast.cold),
    "two dials open": lambda person: person.open_form(person.server.cast.two_dials),
    "422": lambda person: asked(person, "12a"),
    "409 high": lambda person: asked(person, "999"),
    "409 lower": lambda person: asked(person, "3,5"),
    "all readings with faults": all_refused,
    "not sent": not_sent,
    "saved": lambda person: asked(person, "195,5"),
    "asked to stay": asked_to_stay,
    "login": at_login,
    "login refused": refused,
    "login paused": paused,
    "session ended": lambda person: person.go("/login?expired=1"),
    "no address": lambda person: after_login(person, "liga"),
    "staff": lambda person: after_login(person, "ilze"),
}


@pytest.fixture(params=LANGUAGES)
def anna(request: pytest.FixtureRequest, sit_down: Callable[..., Person], server: Server) -> Iterator[Person]:
    """Anna on her phone, in each language."""
    server.forget_readings()
    yield sit_down("phone", request.param, who="anna")


def look(person: Person, what: str, main: bool = False) -> list[str]:
    """The faults of what is on the screen: axe by day, contrast by night, and with forced colours on main pages."""
    page = person.page
    page.evaluate(AXE)
    faults = page.evaluate(_RUN, EVERYTHING)
    page.emulate_media(color_scheme="dark")
    faults += [f"dark: {fault}" for fault in page.evaluate(_RUN, CONTRAST)]
    page.emulate_media(color_scheme="light")
    if main:
        page.emulate_media(forced_colors="active")
        faults += [f"forced colours: {fault}" for fault in page.evaluate(_RUN, EVERYTHING)]
        page.emulate_media(forced_colors="none")
    return [f"{what}: {fault}" for fault in faults + squeezed(person)]


def squeezed(person: Person) -> list[str]:
    """Where the page is wider than its window: at 320 pixels, and at 360 with letters twice as large."""
    page, faults = person.page, []
    for width, size in ((320, "100%"), (360, "200%")):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
        if person.overflow() > 0:
            faults.append(f"{person.overflow()} px too wide at {width} px and {size}")
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size({"width": 360, "height": 640})
    return faults


def test_every_page_is_open_to_everybody(anna: Person, paths: list[str]):
    assert len(paths) > 20
    faults = []
    for path in paths:
        anna.go(path)
        faults += look(anna, path, main=path.startswith(("/properties/", "/invoices/")))
    assert not faults, "\n".join(faults)


def test_every_state_of_a_form_is_open_to_everybody(anna: Person):
    faults = []
    for name, reach in STATES.items():
        reach(anna)
        anna.page.wait_for_load_state()
        faults += look(anna, name)
    assert not faults, "\n".join(faults)


def test_on_a_desk_nothing_is_wider_than_the_window_either(sit_down: Callable[..., Person], paths: list[str]):
    anna = sit_down("desktop", who="anna")
    for path in paths:
        anna.go(path)
        assert anna.overflow() <= 0, path


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_bar_at_the_bottom_never_covers_what_has_the_focus(sit_down: Callable[..., Person], key: str):
    anna = sit_down("phone", who="anna")
    anna.go(f"/properties/{anna.server.cast.flat}")
    seen = set()
    for _ in range(60):
        anna.page.keyboard.press(key)
        assert not anna.page.evaluate(_COVERED), anna.focus()
        seen.add(anna.page.evaluate("document.activeElement.outerHTML"))
    assert len(seen) > 25
