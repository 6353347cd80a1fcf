"""What only a script brings about: fragments in the page, messages and dialogs; as open to everybody as any page."""

from collections.abc import Callable, Iterator

import pytest

from tests.journeys.looking import AXE, COLOURS, EVERYTHING, RUN
from tests.journeys.person import Person
from tests.journeys.server import Server
from views.language import LANGUAGES

pytestmark = pytest.mark.browser
_COVERED = """() => { const e = document.activeElement, bar = document.querySelector('nav.main');
    return e !== document.body && !bar.contains(e) && e.getBoundingClientRect().bottom > bar.getBoundingClientRect().top }"""


def asked(person: Person, value: str) -> None:
    person.open_form(person.server.cast.cold)
    person.send(person.server.cast.cold, value)


def not_sent(person: Person) -> None:
    person.open_form(person.server.cast.cold)
    person.page.evaluate("document.querySelectorAll('[data-fail]').forEach(message => { message.hidden = false })")
    person.page.evaluate(
        "bar => { bar.hidden = false; bar.textContent = document.body.dataset.tOffline }",
        person.page.query_selector("#bar"),
    )


def asked_to_stay(person: Person) -> None:
    person.page.evaluate("document.getElementById('idle').showModal()")


def password_shown(person: Person) -> None:
    person.context.clear_cookies(name="session")
    person.go("/login")
    person.page.click("[data-show]")


STATES: dict[str, Callable[[Person], object]] = {
    "form open": lambda person: person.open_form(person.server.cast.cold),
    "two dials open": lambda person: person.open_form(person.server.cast.two_dials),
    "422": lambda person: asked(person, "12a"),
    "409 high": lambda person: asked(person, "999"),
    "409 lower": lambda person: asked(person, "3,5"),
    "not sent": not_sent,
    "saved": lambda person: asked(person, "195,5"),
    "asked to stay": asked_to_stay,
    "password shown": password_shown,
}


@pytest.fixture(params=LANGUAGES)
def anna(request: pytest.FixtureRequest, sit_down: Callable[..., Person], server: Server) -> Iterator[Person]:
    """Anna on her phone, in each language."""
    server.forget_readings()
    yield sit_down("phone", request.param, who="anna")


def look(person: Person, what: str) -> list[str]:
    """The faults of what is on the screen: axe by day, colours by night and with forced colours, and its width."""
    page, faults = person.page, []
    page.evaluate(AXE)
    for scheme, forced, rules in (("dark", "none", COLOURS), ("light", "active", COLOURS), ("light", "none", EVERYTHING)):
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        faults += [f"{scheme}, forced colours {forced}: {fault}" for fault in page.evaluate(RUN, rules)]
    for width, size in ((320, "100%"), (360, "200%"), (360, "")):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
        if person.overflow() > 0:
            faults.append(f"{person.overflow()} px too wide at {width} px and {size}")
    return [f"{what}: {fault}" for fault in faults]


def test_every_state_that_a_script_brings_about_is_open_to_everybody(anna: Person):
    faults = []
    for name, reach in STATES.items():
        reach(anna)
        anna.page.wait_for_load_state()
        faults += look(anna, name)
    assert not faults, "\n".join(faults)


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
