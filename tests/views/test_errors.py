"""What people read when something is wrong: in their language, with the contacts and a way on (ux.md §3.7)."""

import logging
import re
from collections.abc import Callable
from itertools import product

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from werkzeug.test import TestResponse

from models.files import FolderStorage
from models.invoices import Invoice
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast
from tests.standing import change
from views import errors
from views.language import LANGUAGES
from views.limits import limiter

CODES = (400, 401, 403, 404, 405, 410, 413, 422, 429, 500, 503)


def broken() -> str:
    raise RuntimeError("a secret of ours")


def gone() -> str:
    abort(410)


broken.access = gone.access = None  # type: ignore[attr-defined]  # marked as public


@pytest.fixture
def provoke(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TestResponse]:
    """Make the portal answer with a code, to somebody who has chosen a language."""
    monkeypatch.setitem(app.view_functions, "help.contact", broken)
    monkeypatch.setitem(app.view_functions, "help.robots", gone)  # until a link can be used up
    storage: FolderStorage = app.extensions["ekabinets"].storage

    def lose_the_file() -> None:
        name = storage.put(b"%PDF-1.4 contract")
        (storage.root / name[:2] / name[2:]).unlink()

    def answer(code: int, language: str = "en", **headers: str) -> TestResponse:
        person = Browser(app, language)
        person.log_in("ilze" if code == 403 else "anna")
        token = {"csrf_token": person.client.get("/profile").get_data(as_text=True).split('csrf_token" value="')[1].split('"')[0]}
        if code == 401:
            person.client.delete_cookie("session")
        if code == 503:
            lose_the_file()
        get, post, file = person.client.get, person.client.post, f"/documents/{cast.document}/file"
        if code == 429:
            [get(file) for _ in range(60)]
        ways: dict[int, Callable[[], TestResponse]] = {
            400: lambda: post("/logout", headers=headers | {"Sec-Fetch-Site": "cross-site"}),
            401: lambda: post(f"/meters/{cast.cold}/reading", data=token | {f"r-{cast.cold}-1": "195,5"}, headers=headers),
            403: lambda: get("/profile", headers=headers), 404: lambda: get("/nowhere", headers=headers),
            410: lambda: get("/robots.txt", headers=headers),
            405: lambda: get("/logout", headers=headers), 413: lambda: post("/login", data=b"x" * 1_000_001, headers=headers),
            422: lambda: post("/login", data=token, headers=headers), 429: lambda: get(file, headers=headers),
            500: lambda: get("/contact", headers=headers), 503: lambda: get(file, headers=headers),
        }  # fmt: skip
        return ways[code]()

    return answer


@pytest.mark.parametrize("code", CODES)
def test_an_error_is_a_whole_page_in_the_readers_language(provoke, code: int, caplog):
    caplog.set_level(logging.CRITICAL)
    seen = set()
    for language in LANGUAGES:
        answer = provoke(code, language)
        page = Page(answer.get_data(as_text=True))
        assert (answer.status_code, page.lang, page.audit()) == (code, language, [])
        assert answer.headers["Content-Language"] == language
        assert page.headings[0] in page.title and page.title.startswith(("Kļūda:", "Error:", "Ошибка:")) == (409 <= code < 500)
        assert "tel:112" in page.links and "mailto:info@ogresnamsaimnieks.lv" in page.links
        assert re.search(r"\b[45]\d\d\b", page.headings[0]) is None, "no number instead of words"
        seen.add(page.headings[0])
    assert len(seen) == 3


@pytest.mark.parametrize("code", [code for code in CODES if code != 422])
def test_htmx_gets_the_message_alone_and_puts_it_on_top(provoke, code: int, caplog):
    caplog.set_level(logging.CRITICAL)
    answer = provoke(code, **{"HX-Request": "true"})
    page = Page(answer.get_data(as_text=True))
    assert answer.status_code == code and answer.headers["HX-Reswap"] == "afterbegin"
    assert "<html" not in page.html and page.html.count('role="alert"') == 1 and page.focus
    restored = provoke(code, **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.get_data(as_text=True) and "HX-Reswap" not in restored.headers


def test_a_failure_has_a_number_that_is_in_the_log_and_tells_nothing_else(provoke, caplog):
    text = provoke(500).get_data(as_text=True)
    number = re.search(r"Error code: ([0-9a-f]{8})", text)[1]
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.levelname == "ERROR" and record.exc_info and "secret" in str(record.exc_info[1])
    for word in ("secret", "Traceback", "RuntimeError", "Werkzeug", ".py", "sqlite", "psycopg"):
        assert word not in text, word


def test_when_even_the_error_page_fails_three_languages_stand_on_one_line(provoke, caplog, monkeypatch: pytest.MonkeyPatch):
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(errors, "page", broken)
    answer = provoke(500)
    assert answer.status_code == 500 and answer.mimetype == "text/plain"
    assert re.fullmatch(r"Sistēmas kļūda · System error · Ошибка системы: [0-9a-f]{8}", answer.get_data(as_text=True))


def test_waiting_is_told_in_seconds(provoke):
    assert provoke(429).headers["Retry-After"] == "60"


def test_who_sends_too_fast_keeps_what_was_typed(anna: Browser, cast: Cast):
    """Sixty readings in a minute; the next one waits in a button, and is stored by one press a minute later."""
    form, field = f"/meters/{cast.cold}/reading", f"r-{cast.cold}-1"
    page = anna.get(form)
    while anna.status != 429:
        sent = anna.fill(page, form, {field: "1x"})
    assert sent.form(form).fields[field] == "1x" and "What you typed is kept." in sent.text
    assert anna.response.headers["Retry-After"] == "60"
    limiter.reset()
    corrected = anna.fill(sent, form, {field: "195,5"})
    assert anna.status == 200 and "195.5" in corrected.text


def test_who_logs_in_too_fast_types_only_the_password_again(browser: Browser):
    page = browser.get("/login")
    while browser.status != 429:
        sent = browser.submit(page, "/login", username="anna@example.lv", password="")
    assert sent.form("/login").fields["username"] == "anna@example.lv" and "password" not in sent.form("/login").fields
    stranger = browser.client.post("/login", data={"username": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Send again" not in stranger.get_data(as_text=True)


def test_a_lost_file_is_no_failure_of_the_portal(app: Flask, anna: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    """The page says that it is not there now; an invoice's own file is replaced by ours."""
    change(app, sa.update(Invoice).values(file_hash="0" * 64))
    monkeypatch.setattr("views.invoices.cached_invoice_pdf", lambda *_: app.extensions["ekabinets"].storage.put(b"%PDF-1.4 ours"))
    assert anna.client.get(f"/invoices/{cast.invoice}.pdf").get_data() == b"%PDF-1.4 ours"


@pytest.mark.parametrize(("failure", "wait"), [("busy", "10"), ("failed", None)])
def test_an_invoice_that_cannot_be_printed_can_still_be_read(anna: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch, failure: str, wait: str | None):
    from views import invoices

    def fail(*_: object) -> str:
        raise invoices.PdfBusy if failure == "busy" else invoices.PdfFailed("too_long")

    monkeypatch.setattr(invoices, "cached_invoice_pdf", fail)
    page = anna.get(f"/invoices/{cast.invoice}.pdf")
    assert (anna.status, anna.response.headers.get("Retry-After")) == (503, wait)
    assert page.links[f"/invoices/{cast.invoice}"] == "Read the invoice as a page instead"


def test_whatever_is_sent_breaks_nothing_and_stays_text(browser: Browser):
    values = ("\x00", "\ud800", "ž" * 1000, "{{ 7 * 7 }}", "%s%n%(x)s", "<script>alert(1)</script>", "\r\nX: y")
    fields = browser.get("/login").form("/login").fields | {"password": PASSWORD}
    for number, (field, value) in enumerate(product(("username", "password", "next", "lang", "csrf_token", "remember"), values)):
        sent = fields | {"username": f"nobody{number}", field: value.encode("utf-8", "surrogatepass")}
        answer = browser.client.post("/login", data=sent)
        assert answer.status_code == (400 if field == "csrf_token" else 422), (field, value)
        assert "<script>alert" not in answer.get_data(as_text=True) and 'value="49"' not in answer.get_data(as_text=True)


STRANGE_PATHS = (
    "/<script>alert(1)</script>", "/%3Cimg%20src=x%3E", "/properties/<b>", "/a" * 2000, "/%00", "/%ff%fe", "/\u202e", "/properties/%00/invoices",
    "/invoices/%00.pdf", "/.%2e/%2e%2e/etc/passwd",
)  # fmt: skip


def test_a_strange_address_is_not_found_and_not_repeated(anna: Browser):
    for path in STRANGE_PATHS:
        page = anna.get(path)
        assert anna.status == 404 and page.headings == ["Page not found"], path
        assert "<script>alert" not in page.html and "<img src" not in page.html


STRANGE_BODIES = (
    ("application/json", b'{"username": ["a"], "password": {"x": 1}}'), ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ("multipart/form-data", b""), ("text/plain", b"\xff\xfe"), ("application/x-www-form-urlencoded; charset=utf-7", b"a=+ADw-b+AD4-"),
    ("", b"x"), ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(20_000))),
)  # fmt: skip


def test_a_strange_body_is_only_a_form_without_a_token(browser: Browser):
    for kind, body in STRANGE_BODIES:
        assert browser.client.post("/login", data=body, content_type=kind).status_code == 400, kind


def test_too_much_is_refused(browser: Browser):
    many = {f"f{n}": "x" for n in range(501)}
    for more in ({"data": b"x" * 1_000_001}, {"data": {"username": "x" * 600_000}, "content_type": "multipart/form-data"}, {"data": many, "content_type": "multipart/form-data"}):
        answer = browser.client.post("/login", **more)
        assert answer.status_code == 413 and Page(answer.get_data(as_text=True)).title.startswith("Error: That was too large")


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_too_much_from_nobody_where_nothing_is_sent_is_asked_to_log_in(browser: Browser, verb: str):
    form = {"headers": {"HX-Request": "true"}, "content_type": "application/x-www-form-urlencoded"}
    assert browser.client.open("/profile", method=verb, data=b"a=" + b"x" * 2_000_000, **form).status_code == 401


def test_errors_offer_a_way_home_and_to_help(anna: Browser):
    page = anna.get("/nowhere")
    assert "To the home page" in page.links["/"] and "/help" in page.links and "Sign out" in page.text
