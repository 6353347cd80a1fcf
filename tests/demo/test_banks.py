"""The demo's banks and eParaksts as `make run` starts them, and logins through them as a browser does it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from demo import banks, run
from demo.story import IDENTIFIED
from models.settings import Settings, load_settings
from tests.browser import Page
from tests.demo.folders import SITES
from tests.postgres import free_port
from tests.wanderer import Wanderer

ROOT = Path(__file__).parents[2]
ANNA, VIKTORS, MARTA, JURIS = (one["name"] for one in IDENTIFIED)
WAYS = ("bank/swedbank", "bank/seb", "bank/citadele", "eparaksts/mobile", "eparaksts/eid")


def settings_of(tmp_path: Path, site: str = "ogre", port: int = 8123) -> Settings:
    """What the children of a demo are told."""
    demo = run.read_arguments(["--site", site, "--port", str(port), "--data", str(tmp_path / site)])
    run._make_secrets(demo)
    return load_settings(demo.environment)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo of Ogre, running."""
    port = free_port()
    command = [sys.executable, "-m", "demo.run", "--port", str(port), "--data", str(tmp_path_factory.mktemp("demo"))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and any("where you choose who you are" in line for line in process.stdout)
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("way", WAYS)
def test_who_is_connected_is_in_with_one_press_at_each_of_them(portal: str, way: str) -> None:
    anna = Wanderer(portal)
    anna.go(way)
    assert anna.at.startswith("http://127.0.0.1:") and "DEMO" in anna.page.title
    anna.press(ANNA)
    assert re.fullmatch(r"/properties/[\w-]+", anna.path()) and "Mednieku iela 17" in anna.page.text


@pytest.mark.parametrize("name", [VIKTORS, MARTA, JURIS])
def test_who_has_not_connected_an_account_is_asked_what_to_do(portal: str, name: str) -> None:
    somebody = Wanderer(portal)
    somebody.go("bank/seb")
    assert name in somebody.press(name).text and somebody.path() == "/login/choose"


def test_who_is_in_the_billing_data_opens_the_house_file_by_her_bank(portal: str) -> None:
    viktors = Wanderer(portal)
    fields = viktors.page.form("/login").fields
    viktors.open("/login", **fields | {"username": "neighbour", "password": "priede-un-osis-3"})
    viktors.open("/verify?next=/profile/sessions&lang=en")
    viktors.go("bank/citadele")
    viktors.press(VIKTORS)
    assert viktors.path() == "/profile/sessions"
    viktors.open("/logout", csrf_token=viktors.token())
    assert viktors.path() == "/signed-out", "by way of the bank, which has forgotten him"


def test_who_cancels_is_back_and_told(portal: str) -> None:
    somebody = Wanderer(portal)
    for way in ("bank/seb", "eparaksts/mobile"):
        somebody.go(way)
        somebody.press("Cancel")
        assert somebody.path() == "/login?trouble=cancelled" and "broken off" in somebody.page.text


@pytest.mark.parametrize("site", SITES)
def test_a_site_has_the_banks_that_its_file_names(tmp_path: Path, site: str) -> None:
    demo = run.read_arguments(["--site", site, "--data", str(tmp_path)]).site
    settings = settings_of(tmp_path, site)
    assert tuple(one.name for one in settings.providers) == demo.banks
    assert (settings.eparaksts is not None) == ("eparaksts" in demo.login)


def test_secrets_are_new_at_each_start_and_addresses_stay(tmp_path: Path) -> None:
    port = free_port()
    first, second = settings_of(tmp_path, port=port), settings_of(tmp_path, port=port)
    assert [one.issuer for one in first.providers] == [one.issuer for one in second.providers]
    secrets = [one.secret for one in (*first.providers, first.eparaksts, *second.providers, second.eparaksts)]
    assert len({*secrets}) == 8 and min(map(len, secrets)) >= 32


@pytest.mark.parametrize("language", ["lv", "en", "ru", "<b>"])
def test_each_page_says_demo_and_names_four_people(tmp_path: Path, language: str) -> None:
    settings = settings_of(tmp_path)
    client, held = Client(banks.all_of(settings)), settings.providers[0]
    asked = {"client_id": "portal", "redirect_uri": f"{settings.base_url}/login/bank/swedbank/return", "state": "s"}
    asked |= {"response_type": "code", "code_challenge_method": "S256", "code_challenge": "c", "ui_locales": language}
    answer = client.get(f"{held.issuer}/authorize", query_string=asked)
    page = Page(answer.get_data(as_text=True))
    assert page.audit() == [] and page.headings[0] == "Swedbank" and "DEMO" in page.text
    assert page.lang == (language if language.isalpha() else "lv")
    assert all(one["name"] in page.text and one[page.lang] in page.text for one in IDENTIFIED)


def test_a_bank_sends_nobody_to_another_portal(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    client = Client(banks.all_of(settings))
    for held, path in ((settings.providers[0], "/authorize"), (settings.providers[1], "/authorize")):
        asked = {"client_id": "portal", "redirect_uri": "https://evil.example/login/bank/swedbank/return"}
        assert client.get(held.issuer + path, query_string=asked).status_code == 400
    leaving = {"post_logout_redirect_uri": "http://localhost:8123.evil.example/"}
    assert client.get(f"{settings.providers[0].issuer}/logout", query_string=leaving).status_code == 200
