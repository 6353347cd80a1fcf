"""Cross-site request forgery: only our own pages can send, and an honest person loses nothing (decisions.md 8)."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from auth import csrf
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast
from tests.standing import dump
from tests.walk import ids_of, routes

KEY = "k" * 40
SAME = {"Sec-Fetch-Site": "same-origin"}


def csrf_token(page: Page) -> str:
    return page.forms[0].fields["csrf_token"]


@pytest.fixture
def typed(anna: Browser, cast: Cast) -> dict[str, str]:
    """The reading form of a meter as Anna has filled it in."""
    path = f"/meters/{cast.cold}/reading"
    return anna.get(path).form(path).fields | {f"r-{cast.cold}-1": "195,5"}


def test_nothing_unsafe_is_done_without_the_right_token(anna: Browser, app: Flask, cast: Cast):
    tokens = {"empty": "", "invented": "A" * 88, "of another cookie": csrf_token(Browser(app).get("/login")), "not ASCII": "ž" * 88, "too long": "_" * 10_000}
    before, count = dump(app), 0
    for wrong, fields in [("missing", {}), *((wrong, {"csrf_token": token}) for wrong, token in tokens.items())]:
        for route in routes(app, ids_of("anna", cast)):
            if route.verb not in ("GET", "HEAD") and route.endpoint not in ("notifications.stop", "backchannel.ended", "api.taken", "payments.told"):  # these bring a signature
                assert anna.client.open(route.path, method=route.verb, data=fields).status_code == 400, (wrong, route)
                count += 1
    assert count > 50 and dump(app) == before


def test_without_the_cookie_a_token_is_worth_nothing(anna: Browser, cast: Cast, typed: dict[str, str]):
    anna.client.delete_cookie("csrf")
    anna.post(f"/meters/{cast.cold}/reading", typed)
    assert anna.status == 400


def test_what_was_typed_is_kept_and_sent_by_one_more_press(anna: Browser, cast: Cast, typed: dict[str, str]):
    path = f"/meters/{cast.cold}/reading"
    page = anna.post(path, typed | {"csrf_token": "old"}, headers=SAME)
    assert anna.status == 400 and page.headings == ["The page was open too long"] and "What you typed is kept" in page.text
    anna.submit(page, path)
    assert anna.status == 200 and "195.500" in anna.response.get_data(as_text=True)


FROM = (
    (SAME, True), ({}, True), ({"Origin": "http://localhost"}, True), ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
    ({"Sec-Fetch-Site": "cross-site"}, False), ({"Sec-Fetch-Site": "same-site"}, False), ({"Sec-Fetch-Site": "none"}, False),
    ({"Origin": "https://evil.example"}, False), ({"Origin": "null"}, False), ({"Origin": "http://localhost.evil.example"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
)  # fmt: skip


@pytest.mark.parametrize("path", ["/profile/password", "/profile/email", "/profile/close-account", "/profile/second-factor/codes"])
def test_a_password_is_typed_again_and_never_sent_back(anna: Browser, path: str):
    anna.get(path)
    page = anna.post(path, {"csrf_token": "old", "old": "typed secret", "password": "typed secret", "code": "typed secret"})
    assert anna.status == 400 and "Send again" in page.text and "typed secret" not in page.html


def test_a_strangers_form_is_never_offered_for_sending(anna: Browser, cast: Cast, typed: dict[str, str]):
    path = f"/meters/{cast.cold}/reading"
    for headers, offered in FROM:
        page = anna.post(path, typed | {"csrf_token": "old"}, headers=headers)
        assert anna.status == 400
        assert (path in [form.action for form in page.forms], "Send again" in page.text, "195,5" in page.html) == (offered,) * 3, headers
        assert ("Press Send again" in page.text) == offered, "nothing is advised that cannot be done"


def test_a_password_is_never_sent_back(browser: Browser):
    browser.get("/login")
    page = browser.post("/login", {"username": "anna", "password": PASSWORD, "next": "/profile"}, headers=SAME)
    fields = page.form("/login").fields
    assert browser.status == 400 and fields["username"] == "anna" and fields["next"] == "/profile"
    assert "password" not in fields and PASSWORD not in page.html
    page = browser.submit(page, "/login")
    assert browser.status == 422 and page.form("/login").fields["username"] == "anna"


def test_who_cannot_log_out_for_an_old_page_is_offered_it_again(anna: Browser):
    page = anna.get("/profile")
    anna.client.delete_cookie("csrf")
    page = anna.submit(page, "/logout")
    assert anna.status == 400 and "Send again" in page.text and "What you typed" not in page.text
    assert [form.action for form in page.forms].count("/logout") == 3  # header, here, the idle dialog
    anna.submit(page, "/logout")
    assert anna.response.request.path == "/signed-out"


def test_the_header_is_as_good_as_the_field(anna: Browser, cast: Cast, typed: dict[str, str]):
    token = typed.pop("csrf_token")
    anna.post(f"/meters/{cast.cold}/reading", typed, headers={"X-CSRFToken": token})
    assert anna.status == 200
    anna.post(f"/meters/{cast.cold}/reading", typed, headers={"HX-Request": "true"})
    assert anna.status == 400, "that htmx asks is no defence"


def test_a_json_body_is_no_way_around(anna: Browser, cast: Cast, typed: dict[str, str]):
    assert anna.client.post(f"/meters/{cast.cold}/reading", json=typed).status_code == 400


def test_each_answer_has_another_token_and_all_of_them_hold(anna: Browser):
    tokens = [csrf_token(anna.get("/profile")) for _ in range(3)]
    assert len(set(tokens)) == 3
    for token in tokens:
        anna.post("/session/extend", {"csrf_token": token})
        assert anna.status == 204


def test_a_page_left_open_over_a_new_login_still_sends(anna: Browser, cast: Cast, typed: dict[str, str]):
    anna.client.delete_cookie("session")
    page = anna.post(f"/meters/{cast.cold}/reading", typed)
    assert anna.status == 401 and "Your session ended" in page.headings and page.links.get("/login")
    anna.log_in("anna")
    anna.submit(page, f"/meters/{cast.cold}/reading")
    assert anna.status == 200 and "195.500" in anna.response.get_data(as_text=True)


def test_htmx_gets_the_message_on_top_and_a_token_for_every_form_of_the_page(anna: Browser, cast: Cast, typed: dict[str, str]):
    anna.client.delete_cookie("csrf")
    path, headers = f"/meters/{cast.cold}/reading", {"HX-Request": "true"} | SAME
    page = anna.post(path, typed, headers=headers)
    assert anna.status == 400 and anna.response.headers["HX-Reswap"] == "afterbegin"
    assert "<html" not in page.html and "The page was open too long" in page.text and "195,5" not in page.html
    swapped = next(at for at in page.inputs if at["name"] == "csrf_token")
    assert swapped["data-hx-swap-oob"] == "outerHTML:[name=csrf_token]"
    anna.post(path, typed | {"csrf_token": swapped["value"]}, headers=headers)
    assert anna.status == 200


def test_a_visitor_who_sends_nothing_gets_no_cookie(browser: Browser):
    for path in ("/help", "/contact", "/terms", "/robots.txt", "/health/live", "/signed-out", "/nowhere"):
        assert "Set-Cookie" not in browser.client.get(path).headers, path


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_invented_token_is_valid(candidate: str, cookie: str):
    assert not csrf.valid(KEY, cookie, candidate)


@given(st.text(min_size=1, max_size=60))
def test_a_token_holds_for_its_own_cookie_and_key_only(cookie: str):
    token = csrf.token(KEY, cookie)
    assert csrf.valid(KEY, cookie, token) and not csrf.valid(KEY, cookie + "x", token) and not csrf.valid("other" + KEY, cookie, token)


def test_an_empty_cookie_has_no_valid_token():
    assert not csrf.valid(KEY, "", csrf.token(KEY, ""))
