"""Providers that are down, hang or answer endlessly, and what several instances know of one (A08; security rule 5)."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col

from auth.methods.outside import Outside
from models.audit import AuditRow
from models.providers import Eparaksts, Provider
from tests.auth.provider import choose, set_up
from tests.auth.sick import NO_ANSWERS, says, server
from tests.browser import Browser
from tests.standing import fetch

DEMO, MOBILE = "/login/bank/demo", "/login/eparaksts/mobile"


def told_by(app: Flask, issuer: str, seconds: float = 0.3) -> None:
    """From now on there is a bank at this address, and eParaksts."""
    held = app.extensions["ekabinets"]
    bank = Provider(slug="demo", name="Banka", issuer=issuer, client_id="portal", secret="s")
    signs = Eparaksts(host=issuer, client_id="portal", secret="s")
    settings = held.settings.model_copy(update={"providers": (bank,), "eparaksts": signs, "provider_seconds": seconds})
    app.extensions["ekabinets"] = replace(held, settings=settings, outside=Outside(held.site, settings, held.database))


def press(browser: Browser, at: str = DEMO) -> str:
    answer = browser.client.post(at, data=browser.get("/login").form(at).fields)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def why(app: Flask) -> list[str]:
    return [row.detail["why"] for row in fetch(app, sa.select(col(AuditRow.detail)).where(col(AuditRow.action) == "provider.failed"))]


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_the_page_answers_when_the_time_of_the_provider_is_over(app: Flask, kind: str) -> None:
    with server(NO_ANSWERS[kind]) as address:
        told_by(app, address)
        assert press(Browser(app)) == "/login?trouble=away"
        assert len(why(app)) == 1
        mobile = Browser(app)
        url = press(mobile, MOBILE)  # nothing is asked of eParaksts before the person comes back
        state = url.partition("&state=")[2].partition("&")[0]
        page = mobile.get(f"{MOBILE}/return", query_string={"state": state, "code": "c"})
    assert mobile.response.request.path == "/login" and "does not answer" in page.text
    Browser(app).log_in("anna")


def test_a_provider_that_is_down_is_told(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    told_by(app, address)
    assert press(Browser(app)) == "/login?trouble=away"


def test_a_password_opens_while_a_provider_hangs(app: Flask) -> None:
    began, end = threading.Event(), threading.Event()

    def hang(taken: socket.socket) -> None:
        began.set()
        end.wait(60)
        says(b"{}")(taken)

    with server(hang) as address:
        told_by(app, address, seconds=60)
        waiting = Browser(app)
        fields = waiting.get("/login").form(DEMO).fields
        first = threading.Thread(target=waiting.client.post, args=[DEMO], kwargs={"data": fields})
        first.start()
        assert began.wait(60)
        anna = Browser(app)
        anna.log_in("anna")
        assert anna.client.get("/profile").status_code == 200 and first.is_alive()
        end.set()
        first.join()


def test_what_a_bank_publishes_is_asked_once_for_all_requests_and_instances(app: Flask, make_app: Callable[..., Flask]) -> None:
    with set_up(app) as bank:
        settings = app.extensions["ekabinets"].settings
        other = make_app(providers=settings.providers, eparaksts=settings.eparaksts)
        for instance in (app, app, other, other):
            browser = Browser(instance)
            query = choose(press(browser))
            browser.get(f"{DEMO}/return", query_string=query)
            assert browser.response.request.path == "/login/choose"
        asked = [path for path in bank.asked if path in ("/jwks", "/.well-known/openid-configuration")]
    assert sorted(asked) == ["/.well-known/openid-configuration", "/jwks"] and bank.asked.count("/token") == 4
