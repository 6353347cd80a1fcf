"""Signing out at the provider with us, and being signed out by it (OpenID Connect RP-Initiated and Back-Channel Logout)."""

import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col
from werkzeug.test import TestResponse

from auth.methods.oidc_logout import EVENT, LOGOUT_SECONDS
from auth.methods.outside import Outside
from models.audit import AuditRow
from models.identities import Identity
from models.providers import ProviderDocument
from models.sessions import WebSession
from models.types import utc_now
from tests.auth.provider import ANNA, KEYS, Hostile, by_the_public_key, choose, set_up
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.keeping import purge
from tests.standing import change, fetch

DEMO, MOBILE = "/login/bank/demo", "/login/eparaksts/mobile"
KEPT = sa.select(col(WebSession.told_by), col(WebSession.subject), col(WebSession.sid), col(WebSession.id_token)).order_by(col(WebSession.id))


@pytest.fixture
def running(app: Flask) -> Iterator[Hostile]:
    """A bank that ends sessions here and there; Anna has connected it."""
    with set_up(app, logout=True, backchannel_logout=True) as held:
        connect(app, held.issuer, ANNA)
        yield held


def connect(app: Flask, issuer: str, subject: str, user_id: int = 1) -> None:
    about = {"family": "bank", "provider": "Banka", "linked_at": utc_now(), "used_at": utc_now()}
    change(app, sa.insert(Identity).values(user_id=user_id, issuer=issuer, subject=subject, **about))


def enter(app: Flask, at: str = DEMO, person: str = ANNA) -> Browser:
    """Somebody's browser, logged in by a provider."""
    browser = Browser(app)
    url = browser.client.post(at, data=browser.get("/login").form(at).fields).headers["Location"]
    browser.get(f"{at}/return", query_string=choose(url, person))
    assert lives(browser)
    return browser


def lives(browser: Browser) -> bool:
    return browser.client.get("/profile").status_code == 200


def leave(browser: Browser) -> str:
    """Sign out; where the browser is sent."""
    token = browser.get("/profile").forms[0].fields["csrf_token"]
    answer = browser.client.post("/logout", data={"csrf_token": token})
    assert answer.status_code == 303 and "cookies" not in answer.headers["Clear-Site-Data"] and not lives(browser)
    return str(answer.headers["Location"])


def restart(app: Flask) -> None:
    """As another instance, which has asked nobody yet."""
    held = app.extensions["ekabinets"]
    change(app, sa.delete(ProviderDocument))
    app.extensions["ekabinets"] = replace(held, outside=Outside(held.site, held.settings, held.database))


def end(app: Flask, token: str, name: str = "demo") -> TestResponse:
    """What a bank's server sends: no cookie, no page of ours before."""
    answer = app.test_client().post(f"/login/bank/{name}/logout", data={"logout_token": token})
    assert "no-store" in answer.headers["Cache-Control"]
    return answer


def test_who_signs_out_signs_out_at_the_bank_and_comes_back(app: Flask, running: Hostile) -> None:
    url = urlsplit(leave(enter(app)))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{running.issuer}/logout"
    assert (query["client_id"], query["post_logout_redirect_uri"]) == ("portal", "http://localhost/signed-out")
    payload = query["id_token_hint"].split(".")[1]
    assert ANNA.encode() in urlsafe_b64decode(payload + "==")


def test_the_id_token_is_sealed_and_goes_with_the_session(app: Flask, running: Hostile) -> None:
    anna = enter(app)
    ((told_by, subject, sid, sealed),) = fetch(app, KEPT)
    assert (told_by, subject) == (running.issuer, ANNA) and sid and "." not in sealed
    leave(anna)
    assert [row.id_token for row in fetch(app, KEPT)] == [None]


def test_the_id_token_of_a_session_that_ran_out_goes_with_the_purge(app: Flask, running: Hostile) -> None:
    enter(app)
    change(app, sa.update(WebSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    enter(app)
    purge(app)
    assert [row.id_token is None for row in fetch(app, KEPT)] == [True, False]


def test_who_connects_her_account_on_the_way_is_told_of_as_well(app: Flask, running: Hostile) -> None:
    change(app, sa.delete(Identity))
    browser = Browser(app)
    url = browser.client.post(DEMO, data=browser.get("/login").form(DEMO).fields).headers["Location"]
    page = browser.get(f"{DEMO}/return", query_string=choose(url))
    browser.submit(page, "/login/choose", username="anna", password=PASSWORD)
    assert lives(browser) and leave(browser).startswith(f"{running.issuer}/logout?")


def test_a_password_signs_out_here_alone(app: Flask, running: Hostile, anna: Browser) -> None:
    assert leave(anna) == "/signed-out" and "/token" not in running.asked


def test_nothing_is_kept_of_a_bank_that_has_nothing_to_do_with_it(app: Flask) -> None:
    with set_up(app) as held:
        connect(app, held.issuer, ANNA)
        assert leave(enter(app)) == "/signed-out"
    assert [tuple(row) for row in fetch(app, KEPT)] == [(None,) * 4]


@pytest.mark.parametrize("there", [{"end_session_endpoint": None}, {"end_session_endpoint": 7}, {"end_session_endpoint": "javascript:alert(1)"}, {"issuer": "https://other.example"}])
def test_our_session_ends_whatever_the_bank_does(app: Flask, running: Hostile, there: dict[str, Any]) -> None:
    anna = enter(app)
    running.changes = {"metadata": lambda own: own | there}
    restart(app)
    assert leave(anna) == "/signed-out"


def test_eparaksts_signs_out_where_its_documents_say_unless_that_is_switched_off(app: Flask, running: Hostile) -> None:
    held = app.extensions["ekabinets"]
    service = held.settings.eparaksts
    connect(app, service.host, "PNOLV-12036511114")
    where = f"{service.host}/trustedx-authserver/lvrtc-eipsign-idp/logout?redirect_uri=http%3A%2F%2Flocalhost%2Fsigned-out"
    assert leave(enter(app, MOBILE)) == where
    settings = held.settings.model_copy(update={"eparaksts": service.model_copy(update={"logout": False})})
    app.extensions["ekabinets"] = replace(held, settings=settings, outside=Outside(held.site, settings, held.database))
    assert leave(enter(app, MOBILE)) == "/signed-out"


def test_a_bank_ends_all_her_sessions_that_it_has_opened_and_no_other(app: Flask, running: Hostile, anna: Browser) -> None:
    connect(app, running.issuer, "SE-1", user_id=2)
    mine, also_mine, viktors = enter(app), enter(app), enter(app, person="SE-1")
    assert end(app, running.logout_token()).status_code == 200
    assert [lives(one) for one in (mine, also_mine, viktors, anna)] == [False, False, True, True]
    done = fetch(app, sa.select(col(AuditRow.actor_user_id)).where(col(AuditRow.action) == "logout.by_provider"))
    assert [user_id for (user_id,) in done] == [1, 1]


@pytest.mark.parametrize("also", [{}, {"sub": None}])
def test_a_bank_ends_exactly_the_session_that_it_names(app: Flask, running: Hostile, also: dict[str, Any]) -> None:
    first, second = enter(app), enter(app)
    sid = fetch(app, KEPT)[0].sid
    assert end(app, running.logout_token(sid=sid, **also)).status_code == 200
    assert [lives(first), lives(second)] == [False, True]


def test_a_session_and_a_person_that_do_not_belong_together_end_nothing(app: Flask, running: Hostile) -> None:
    anna = enter(app)
    sid = fetch(app, KEPT)[0].sid
    assert end(app, running.logout_token(sid=sid, sub="SE-1")).status_code == 200 and lives(anna)
    assert end(app, running.logout_token(sub="nobody")).status_code == 200, "who is not here is not here any more"


def test_a_token_works_once(app: Flask, running: Hostile) -> None:
    token = running.logout_token()
    assert end(app, token).status_code == 200
    anna = enter(app)
    assert end(app, token).status_code == 400 and lives(anna)


def faults(now: int) -> dict[str, dict[str, Any]]:
    """What may be wrong with a claim, at a moment: a suite is longer than a token lives."""
    return {
        "iss of another": {"iss": "https://other.example"}, "no iss": {"iss": None}, "aud of another": {"aud": "other"}, "no aud": {"aud": None},
        "aud that is an object": {"aud": {"portal": 1}}, "too old": {"iat": now - LOGOUT_SECONDS - 60}, "of the future": {"iat": now + 600}, "no iat": {"iat": None},
        "iat that is a text": {"iat": "now"}, "iat without end": {"iat": float("-inf")}, "iat that is no number": {"iat": float("nan")}, "iat that is true": {"iat": True},
        "expired": {"exp": now - 60}, "exp that is a text": {"exp": "later"}, "no jti": {"jti": None}, "empty jti": {"jti": ""}, "jti that is a list": {"jti": ["a"]},
        "jti that is too long": {"jti": "x" * 256}, "no events": {"events": None}, "another event": {"events": {"https://other.example/event": {}}},
        "events that are a list": {"events": [EVENT]}, "an event that is a text": {"events": {EVENT: "yes"}}, "a nonce": {"nonce": "n"}, "an empty nonce": {"nonce": ""},
        "neither sub nor sid": {"sub": None}, "sub that is a number": {"sub": 7}, "empty sub": {"sub": ""}, "empty sid": {"sid": ""}, "sid that is a list": {"sid": ["a"]},
        "sub with a NUL": {"sub": "a\0b"},
    }  # fmt: skip


def test_a_token_with_a_wrong_claim_ends_nothing(app: Flask, running: Hostile) -> None:
    anna = enter(app)
    for fault, claims in faults(int(time.time())).items():
        assert end(app, running.logout_token(**claims)).status_code == 400, fault
    assert lives(anna)


def none(text: str) -> str:
    return "eyJhbGciOiJub25lIn0." + text.split(".")[1] + "."


FORGED = (by_the_public_key, none, lambda text: text[:-6] + "AAAAAA", lambda _: "", lambda _: "a.b.c", lambda _: "x" * 90_000, lambda text: text + "\0")
SIGNED = (({"alg": "RS256", "kid": "1"}, "2"), ({"alg": "PS256", "kid": "1"}, "1"), ({"alg": "RS256", "kid": "1", "typ": "at+jwt"}, "1"))


def test_a_token_with_a_wrong_signature_ends_nothing(app: Flask, running: Hostile) -> None:
    """Nor does one by another key or algorithm, or of another kind, or the id_token of the login itself."""
    anna = enter(app)
    for number, forge in enumerate(FORGED):
        assert end(app, forge(running.logout_token())).status_code == 400, number
    for running.header, key in SIGNED:
        running.signed_with = KEYS[key]
        assert end(app, running.logout_token()).status_code == 400, running.header
    running.header = {"alg": "RS256", "kid": "1"}
    hint = parse_qs(urlsplit(leave(enter(app))).query)["id_token_hint"][0]
    assert end(app, hint).status_code == 400 and lives(anna)


RIGHT = ({"aud": ["portal", "other"]}, {"exp": None}, {"typ": "logout+jwt"}, {"typ": "LOGOUT+JWT"}, {"typ": "JWT"})


def test_what_is_right_ends_the_session(app: Flask, running: Hostile) -> None:
    for way in RIGHT:
        anna = enter(app)
        if "typ" in way:
            running.header = running.header | way
        assert end(app, running.logout_token(**({} if "typ" in way else way))).status_code == 200 and not lives(anna), way


def test_who_was_not_asked_ends_nothing(app: Flask, running: Hostile) -> None:
    anna = enter(app)
    assert end(app, running.logout_token(), "other").status_code == 400
    with set_up(app, logout=True) as other:
        assert end(app, other.logout_token()).status_code == 400
    assert app.test_client().get("/login/bank/demo/logout").status_code == 405 and lives(anna)


def test_a_bank_that_is_away_cannot_end_a_session(app: Flask, running: Hostile) -> None:
    anna, token = enter(app), running.logout_token()
    running.changes = {"metadata": lambda own: own | {"issuer": "https://other.example"}}
    restart(app)
    assert end(app, token).status_code == 400 and lives(anna)
