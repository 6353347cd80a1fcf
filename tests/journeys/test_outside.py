"""Banks and eParaksts in a real browser: in, on to a locked page, back with nothing, and out again (A08, A09, A14, A15)."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from demo.bank import Bank, Client
from demo.eparaksts import Stand
from models.database import Database
from models.identifiers import Identifiers
from models.identities import Identity
from tests.auth.cards import Card, site_with_cards
from tests.auth.provider import serve
from tests.cast import PASSWORD
from tests.conftest import Templates
from tests.journeys.looking import AXE, EVERYTHING, RUN
from tests.journeys.person import Person
from tests.journeys.server import Server, running

pytestmark = pytest.mark.browser
PEOPLE = {"Anna Ozoliņa": "120365-11114", "Viktors Petrovs": "020140-00020", "Juris Svešais": "020140-00011"}
KNOWN = {f"PNOLV-{code}": {"name": name, "personal_code": code, "country": "LV"} for name, code in PEOPLE.items()}
PROVIDERS = """[[providers]]
slug = "demo"
name = "Banka"
issuer = "{at}/bank"
client_id = "portal"
secret = "no secret"
claims = {{ name = ["name"], code = ["personal_code"], country = ["country"] }}
logout = true
"""
# What the script of Web eID does with the help of its extension, which tests put in.
SCRIPT = b"var webeid = { authenticate: function (nonce, options) { return window.extension(nonce, options.lang).then(JSON.parse); } };"
SERVICE = '[eparaksts]\nhost = "{at}/service"\nclient_id = "portal"\nsecret = "no secret"\n'


@pytest.fixture(scope="module")
def server(chromium: Browser, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product beside a bank and the eParaksts service that know these three; Anna has connected the bank."""
    bank, service = (kind("", kind.__name__, Client("portal", "no secret", ()), KNOWN) for kind in (Bank, Stand))
    both = DispatcherMiddleware(Flask("nothing", static_folder=None), {"/bank": bank.app(), "/service": service.app()})
    with serve(both) as at:
        bank.issuer, service.issuer = f"{at}/bank", f"{at}/service"
        folder = tmp_path_factory.mktemp("server")
        settings = {"PROVIDERS": PROVIDERS.format(at=at), "EPARAKSTS": SERVICE.format(at=at), "SITE": site_with_cards(folder, SCRIPT)}
        with running(templates, folder, **settings) as server:
            ways = ("bank/demo", "eparaksts/mobile", "eparaksts/eid")
            bank.client = service.client = Client("portal", "no secret", tuple(f"{server.url}/login/{way}/return" for way in ways))
            connect(server, bank.issuer)
            yield server


def connect(server: Server, issuer: str) -> None:
    database, code = Database(server.database_url), PEOPLE["Anna Ozoliņa"]
    hers = Identity(user_id=1, family="bank", provider="Banka", issuer=issuer, subject=f"PNOLV-{code}", code_hash=Identifiers("i" * 40).hash(code))
    with database.write() as session:
        session.add(hers)
    database.dispose()


def press(person: Person, provider: str, who: str = "Anna Ozoliņa") -> None:
    """A provider's button, and one's own on its page."""
    person.page.get_by_role("button", name=provider).first.click()
    expect(person.page.locator("h1")).to_contain_text("DEMO")
    person.page.get_by_role("button", name=who).click()


def leave(person: Person) -> None:
    person.page.click(".out")
    person.page.wait_for_url(f"{person.server.url}/signed-out")


def test_an_account_is_connected_once_and_opened_by_every_provider_that_knows_her(sit_down: Callable[..., Person]):
    viktors = sit_down()
    viktors.go("/login")
    press(viktors, "Banka", "Viktors Petrovs")
    expect(viktors.page.locator("main")).to_contain_text("You are Viktors Petrovs")
    viktors.page.fill("#username", "viktors")
    viktors.page.fill("#password", PASSWORD)
    viktors.page.get_by_role("button", name="Connect").click()
    viktors.page.wait_for_url("**/properties/*")
    for provider in ("eParaksts mobile", "eParaksts eID", "Banka"):
        leave(viktors)
        viktors.go("/login")
        press(viktors, provider, "Viktors Petrovs")
        viktors.page.wait_for_url("**/properties/*")
    viktors.go("/profile/methods")
    expect(viktors.page.locator("main section h2[translate]")).to_have_text(["Banka", "eParaksts mobile"])  # of which eID is the same person


@pytest.mark.parametrize("provider", ["Banka", "eParaksts mobile"])
def test_a_password_is_stopped_before_the_house_file_and_the_same_person_is_let_through(sit_down: Callable[..., Person], provider: str):
    anna = sit_down()
    anna.log_in()
    anna.go("/profile")
    wanted = f"/properties/{anna.server.cast.second}/house"
    anna.go(wanted)
    assert anna.path().startswith("/verify")
    press(anna, provider)
    anna.page.wait_for_url(f"**{wanted}")
    expect(anna.page.locator("main")).to_contain_text("Building manager")


def test_who_cancels_keeps_what_she_had_and_is_told(sit_down: Callable[..., Person]):
    anna = sit_down()
    anna.log_in()
    anna.go(f"/properties/{anna.server.cast.second}/house")
    press(anna, "Banka", "Cancel")
    expect(anna.page.locator(".msg.err")).to_be_focused()
    assert anna.path() == "/verify?trouble=cancelled" and anna.go("/profile") == 200
    nobody = sit_down()
    nobody.go("/login")
    press(nobody, "eParaksts eID", "Cancel")
    expect(nobody.page.locator(".msg.err")).to_contain_text("broken off")


def test_another_person_opens_nothing(sit_down: Callable[..., Person]):
    anna = sit_down()
    anna.log_in()
    wanted = f"/properties/{anna.server.cast.second}/house"
    anna.go(wanted)
    press(anna, "Banka", "Juris Svešais")
    expect(anna.page.locator("h1")).to_have_text("This account is not yours to open")
    anna.go(wanted)
    assert anna.path().startswith("/verify"), "as closed as before"


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_the_page_of_the_bank_is_for_everybody(sit_down: Callable[..., Person], language: str):
    for options in ({}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        anna = sit_down(language=language, **options)
        anna.go("/login")
        anna.page.locator("form[action='/login/bank/demo'] button").click()
        anna.page.wait_for_url("**/bank/**")
        expect(anna.page.locator("h1")).to_contain_text("DEMO")
        anna.page.set_viewport_size({"width": 320, "height": 640})
        assert anna.overflow() == 0
        anna.page.evaluate(AXE)
        assert anna.page.evaluate(RUN, EVERYTHING) == []
    assert anna.page.locator("html").get_attribute("lang") == language


def test_all_of_it_goes_by_the_keyboard_and_without_javascript(sit_down: Callable[..., Person]):
    anna = sit_down(java_script_enabled=False)
    anna.go("/login")
    anna.page.locator("form[action='/login/eparaksts/mobile'] button").press("Enter")
    expect(anna.page.locator("h1")).to_contain_text("DEMO")
    anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Enter")
    expect(anna.page.locator("h1")).to_have_text("Home")


def test_a_card_is_read_by_the_browser_and_opens_what_it_is_asked_for(sit_down: Callable[..., Person]):
    anna, asked = sit_down(), []

    def extension(nonce: str, language: str) -> str:
        asked.append((len(nonce), language))
        return Card(nonce=nonce, origin=anna.server.url).token() if len(asked) > 1 else "no JSON"

    anna.page.expose_function("extension", extension)
    anna.log_in()
    wanted = f"/properties/{anna.server.cast.second}/house"
    anna.go(wanted)
    anna.page.get_by_role("button", name="Web eID").click()
    expect(anna.page.locator("text=Cards cannot be read")).to_be_hidden()
    anna.page.get_by_role("button", name="Read the card").click()
    expect(anna.page.locator("[data-fail=card]")).to_be_focused()
    anna.page.set_viewport_size({"width": 320, "height": 640})
    anna.page.evaluate(AXE)
    assert anna.overflow() == 0 and anna.page.evaluate(RUN, EVERYTHING) == []
    anna.page.get_by_role("button", name="Read the card").click()
    anna.page.wait_for_url(f"**{wanted}")
    assert asked == [(44, "en")] * 2


def test_without_javascript_a_sentence_says_what_a_card_needs(sit_down: Callable[..., Person]):
    anna = sit_down(java_script_enabled=False)
    anna.go("/login")
    anna.page.get_by_role("button", name="Web eID").click()
    expect(anna.page.locator("text=Cards cannot be read")).to_be_visible()
    expect(anna.page.locator("main form")).to_be_hidden()
