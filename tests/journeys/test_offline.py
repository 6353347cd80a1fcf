"""In the basement (D18): what a remembered phone does without a connection, what it keeps, and what becomes of it."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from models.database import Database
from tests.journeys.person import Person
from tests.journeys.server import Server

pytestmark = pytest.mark.browser

_KEPT = """async () => {
    const cached = {};
    for (const name of await caches.keys()) for (const asked of await (await caches.open(name)).keys())
        cached[new URL(asked.url).pathname] = await (await caches.match(asked)).text();
    return {cached, local: {...localStorage}, workers: (await navigator.serviceWorker.getRegistrations()).length};
}"""
_UNTIL = """async () => { for (const end = Date.now() + 15e3; ; await new Promise(done => setTimeout(done, 50))) {
    if (Date.now() > end) throw new Error('still not');
    const names = await caches.keys(), workers = await navigator.serviceWorker.getRegistrations();
    if (READY) return; } }"""
_READY = _UNTIL.replace("READY", "names.length == 1 && await caches.match('/offline') && workers[0]?.active?.state == 'activated'")
_GONE = _UNTIL.replace("READY", "!names.length && !workers.length")


def kept(person: Person) -> Any:
    """Everything that the browser has stored for us, cookies apart."""
    return person.page.evaluate(_KEPT)


def stored(server: Server) -> list[Any]:
    """The readings that people have sent, with the moment at which they were noted."""
    database = Database(server.database_url)
    with database.read() as connection:
        rows = connection.exec_driver_sql("select value, taken_at, received_at from reading where source = 'self'").fetchall()
    database.dispose()
    return list(rows)


@pytest.fixture
def anna(sit_down: Callable[..., Person], server: Server) -> Iterator[Person]:
    """Anna with her own phone, which remembers her and has seen her meters."""
    server.forget_readings()
    person = sit_down("phone")
    person.log_in("anna", remember=True)
    person.go(f"/properties/{server.cast.flat}/meters")
    person.page.evaluate(_READY)
    yield person
    person.faults[:] = [fault for fault in person.faults if "ERR_INTERNET_DISCONNECTED" not in fault]  # Chromium says it of each request


def go_down(person: Person, path: str = "/") -> None:
    """To the basement, and open the portal there."""
    person.context.set_offline(True)
    person.go(path)


def come_up(person: Person) -> None:
    """Back to where there is a connection, and press what the page offers."""
    person.context.set_offline(False)
    person.page.get_by_role("link", name="Try again").click()
    person.page.wait_for_url("**/properties/*")


def note(person: Person, value: str = "194,5") -> None:
    """Write what the cold water meter shows."""
    person.page.locator(f"#r-{person.server.cast.cold}-1").press_sequentially(value)


def test_a_reading_noted_in_the_basement_is_sent_once_by_her_own_press_with_its_moment(anna: Person):
    go_down(anna)
    expect(anna.page.get_by_text("NOT SENT YET").first).to_be_hidden()
    note(anna)
    expect(anna.page.locator("#unsent")).to_contain_text("Cold water, kitchen, No. …678: 194,5, noted ")
    expect(anna.page.locator(f"#r-{anna.server.cast.cold}-1 + p")).to_have_text("NOT SENT YET")
    come_up(anna)
    assert anna.server.stored() == 0, "nothing goes by itself"
    anna.page.locator("#unsent").get_by_role("link", name="To the form").click()
    expect(anna.page.locator(f"#r-{anna.server.cast.cold}-1")).to_have_value("194,5")
    anna.page.get_by_role("button", name="Send all").dblclick()
    expect(anna.page.locator("p.msg.ok").first).to_contain_text("Received: 194.500")
    ((value, taken, received),) = stored(anna.server)
    assert value == 194_500 and taken and taken < received
    expect(anna.page.locator("#unsent")).to_be_hidden()
    assert not [key for key in kept(anna)["local"] if key.startswith("o:")]


def test_in_the_form_of_one_meter_it_stands_too_and_pressing_twice_stores_one(anna: Person):
    go_down(anna)
    note(anna)
    come_up(anna)
    expect(anna.open_form(anna.server.cast.cold)).to_have_value("194,5")
    with anna.page.expect_response(lambda response: response.request.method == "POST"):
        anna.card(anna.server.cast.cold).locator("[type=submit]").dblclick()
    expect(anna.card(anna.server.cast.cold).locator(".msg.ok")).to_be_visible()
    expect(anna.page.locator("#unsent")).to_be_hidden()
    assert [(value, taken is not None) for value, taken, _ in stored(anna.server)] == [(194_500, True)]


def test_what_was_noted_stands_before_an_older_draft_and_no_other_value_has_its_moment(anna: Person):
    cold = anna.server.cast.cold
    anna.open_form(cold).press_sequentially("193,1")
    go_down(anna)
    note(anna)
    come_up(anna)
    expect(anna.open_form(cold)).to_have_value("194,5")
    anna.page.evaluate("name => { document.getElementsByName(name)[0].value = '193,2'; }", f"r-{cold}-1")  # nobody typed it
    with anna.page.expect_response(lambda response: response.request.method == "POST"):
        anna.card(cold).locator("[type=submit]").click()
    expect(anna.card(cold).locator(".msg.ok")).to_be_visible()
    assert [(value, taken) for value, taken, _ in stored(anna.server)] == [(193_200, None)]


def test_it_outlives_the_tab_and_waits_until_she_deletes_it(anna: Person):
    go_down(anna, f"/properties/{anna.server.cast.flat}/invoices")
    note(anna)
    anna.page.close()
    anna.page = anna.context.new_page()
    anna.go("/help")
    expect(anna.page.locator(f"#r-{anna.server.cast.cold}-1")).to_have_value("194,5")
    come_up(anna)
    anna.page.get_by_role("button", name="Delete what was noted").click()
    expect(anna.page.locator("#unsent")).to_be_hidden()
    anna.page.reload()
    expect(anna.page.locator("#unsent")).to_be_hidden()
    assert not anna.server.stored()


def test_what_is_refused_says_why_and_waits_and_counts_as_read_now_once_it_is_changed(anna: Person):
    go_down(anna)
    note(anna, "94,5")
    come_up(anna)
    anna.page.locator("#unsent").get_by_role("link", name="To the form").click()
    anna.page.get_by_role("button", name="Send all").click()
    expect(anna.page.get_by_text("This does not fit the latest reading, 192.000")).to_be_visible()
    expect(anna.page.locator("#unsent")).to_contain_text("94,5")
    anna.page.fill(f"#r-{anna.server.cast.cold}-1", "194,6")
    expect(anna.page.locator("#unsent")).to_be_hidden()
    anna.page.get_by_role("button", name="Send all").click()
    expect(anna.page.locator("p.msg.ok").first).to_contain_text("Received: 194.600")
    assert [(value, taken) for value, taken, _ in stored(anna.server)] == [(194_600, None)]


def test_one_of_last_week_is_refused_with_the_reason(anna: Person):
    go_down(anna)
    note(anna)
    anna.page.evaluate("""() => { for (const k in localStorage) if (k.startsWith('o:')) {
        const n = JSON.parse(localStorage[k]); n[1] = new Date(Date.now() - 7 * 864e5); localStorage[k] = JSON.stringify(n); } }""")
    come_up(anna)
    anna.page.locator("#unsent").get_by_role("link", name="To the form").click()
    anna.page.get_by_role("button", name="Send all").click()
    expect(anna.page.locator(".err-t")).to_contain_text("noted more than 72 hours ago")
    expect(anna.page.locator("#unsent")).to_contain_text("194,5")
    assert not anna.server.stored()


def test_the_device_keeps_kind_place_three_digits_and_what_was_typed_and_nothing_else(anna: Person):
    go_down(anna)
    note(anna)
    all_of_it = kept(anna)
    paths = sorted(re.sub(r"\.\w{10}\.", ".", path) for path in all_of_it["cached"])
    assert paths == ["/offline", "/static/app.css", "/static/app.js", "/static/offline.js"]
    ((key, value),) = all_of_it["local"].items()
    said = json.loads(value)
    assert re.fullmatch(rf"o:[0-9a-f]{{8}}:reading:r-{anna.server.cast.cold}-1", key)
    assert [said[0], *said[2:]] == ["194,5", "Cold water, kitchen, No. …678", f"/properties/{anna.server.cast.flat}/readings"]
    everything = all_of_it["cached"]["/offline"] + json.dumps(all_of_it["local"], ensure_ascii=False)
    for word in ("Ozoli", "Brīvības", "Mālkalnes", "20417", "12345678", "87654321", "192", "526", "2170", "csrf", "anna"):
        assert word not in everything, word


def test_logging_out_leaves_nothing_on_the_device(anna: Person):
    go_down(anna)
    note(anna)
    come_up(anna)
    anna.page.locator("form[action='/logout'] button").first.click()
    anna.page.wait_for_url("**/signed-out")
    anna.page.evaluate(_GONE)
    assert kept(anna) == {"cached": {}, "local": {}, "workers": 0}
    anna.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        anna.go("/")
    anna.faults.clear()


def test_a_librarys_computer_keeps_nothing_and_shows_the_browsers_own_error(sit_down: Callable[..., Person], server: Server):
    anna = sit_down("desktop")
    anna.log_in("anna")
    for path in ("", "/meters", "/readings"):
        anna.go(f"/properties/{server.cast.flat}{path}")
    anna.page.wait_for_load_state("networkidle")
    assert kept(anna) == {"cached": {}, "local": {}, "workers": 0}
    anna.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        anna.go(f"/properties/{server.cast.flat}/meters")
    anna.faults.clear()


def test_a_device_that_is_no_longer_remembered_lets_go_of_all_of_it(anna: Person):
    go_down(anna)
    note(anna)
    anna.context.set_offline(False)
    anna.context.clear_cookies(name="session")  # as after sixty days, or ended from another device
    anna.speak("en")
    anna.go("/login")
    anna.page.evaluate(_GONE)
    assert [key[:2] for key in kept(anna)["local"]] == ["o:"], "she may log in and send it"
    anna.log_in("anna")
    assert kept(anna)["local"] == {}


def test_without_javascript_a_remembered_device_is_like_any_other(sit_down: Callable[..., Person], server: Server):
    anna = sit_down("phone", java_script_enabled=False)
    anna.log_in("anna", remember=True)
    anna.go(f"/properties/{server.cast.flat}/readings")
    expect(anna.page.locator("#unsent")).to_be_hidden()
    expect(anna.page.locator(f"#r-{server.cast.cold}-1")).to_be_visible()
