"""The headers that every kind of answer carries (ASVS 3.4, 14.3; decisions.md 7, 10)."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from models.audit import AuditRow
from models.files import FolderStorage
from models.invoices import Invoice
from tests.browser import Browser
from tests.cast import PASSWORD, Cast
from tests.standing import change, fetch

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'{}; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()", "X-Robots-Tag": "noindex",
    "Server": "-",
}  # fmt: skip
NEVER = ("X-Powered-By", "Access-Control-Allow-Origin", "X-First-Visit", "ETag")


def assert_safe(answer: TestResponse, what: str) -> None:
    headers = answer.headers
    is_saved = headers.get("Content-Disposition", "").startswith("attachment")
    for name, value in (ALWAYS | {"Content-Security-Policy": "sandbox; " * is_saved + CSP.format("")}).items():
        assert headers.getlist(name) == [value], (what, name)
    kept = ("ETag",) if "/api/" in what else ()  # by programs, which ask again with it
    assert not [name for name in NEVER if name in headers and name not in kept], what
    assert "Strict-Transport-Security" not in headers, (what, "we are reached by http here")


def broken() -> str:
    raise RuntimeError("a secret of ours")


broken.access = None  # type: ignore[attr-defined]  # marked as public


@pytest.fixture
def answers(app: Flask, anna: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, TestResponse]:
    """An answer of each kind, to somebody who has been here before."""
    storage: FolderStorage = app.extensions["ekabinets"].storage
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(file_hash=storage.put(b"%PDF-1.4 own")))
    monkeypatch.setitem(app.view_functions, "help.contact", broken)
    nobody, staff = Browser(app), Browser(app)
    staff.log_in("ilze")
    token = {"csrf_token": anna.get("/profile").forms[0].fields["csrf_token"]}
    get, post = anna.client.get, anna.client.post
    return {
        "page": get(f"/properties/{cast.flat}"), "redirect": get("/"), "login": nobody.client.get("/profile"),
        "no content": post("/session/extend", data=token), "old page": post("/logout"), "bad host": app.test_client(use_cookies=False).get("/help", headers={"Host": "evil", "Cookie": "lang=en"}),
        "nobody": nobody.client.get("/profile", headers={"HX-Request": "true"}), "staff": staff.client.get("/profile"),
        "not found": get("/nowhere"), "verb": get("/logout"), "too large": post("/login", data="x" * 1_100_000),
        "fragment": get(f"/meters/{cast.cold}/reading", headers={"HX-Request": "true"}), "mend": post("/login", data=token),
        "broken": get("/contact"), "PDF": get(f"/invoices/{cast.invoice}.pdf"), "file": get(f"/documents/{cast.document}/file"),
        "CSV": get(f"/meters/{cast.cold}/history.csv"), "SVG": get(f"/invoices/{cast.invoice}/qr.svg"), "text": get("/robots.txt"),
        "health": get("/health/live"), "static": get(app.extensions["assets"].url("app.css")), "icon": get("/favicon.ico"),
        "language": get("/help?lang=ru"),
    }  # fmt: skip


def test_every_kind_of_answer_is_safe_and_personal_ones_are_kept_nowhere(answers: dict[str, TestResponse]):
    statuses = sorted({answer.status_code for answer in answers.values()})
    assert statuses == [200, 204, 303, 400, 401, 403, 404, 405, 413, 422, 500]
    for what, answer in answers.items():
        assert_safe(answer, what)
        if what not in ("static", "icon"):
            assert answer.headers.getlist("Cache-Control") == ["private, no-store"], what
            assert answer.headers.getlist("Vary") == ["Cookie, HX-Request, Accept-Encoding"], what


def test_each_answer_says_what_it_is(answers: dict[str, TestResponse]):
    kinds = {"page": "text/html; charset=utf-8", "broken": "text/html; charset=utf-8", "PDF": "application/pdf", "CSV": "text/csv; charset=utf-8", "SVG": "image/svg+xml; charset=utf-8", "text": "text/plain; charset=utf-8", "static": "text/css; charset=utf-8", "icon": "image/svg+xml; charset=utf-8"}
    assert {what: answers[what].headers["Content-Type"] for what in kinds} == kinds


def test_files_are_saved_and_pdfs_shown(answers: dict[str, TestResponse]):
    for what, kind in (("PDF", "inline"), ("CSV", "attachment"), ("file", "inline")):
        assert answers[what].headers["Content-Disposition"].startswith(kind), what


def test_static_files_are_kept_for_ever_and_set_no_cookie(app: Flask, anna: Browser):
    assets = app.extensions["assets"]
    assert sorted(assets.urls) == ["app.css", "app.js", "dark.css", "favicon.svg", "gone.js", "htmx.js", "light.css", "offline.js", "staff.css", "staff.js", "sw.js"]
    for url in assets.urls.values():
        answer = anna.client.get(url)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding" and "Set-Cookie" not in answer.headers
        name = hashlib.sha256(answer.get_data()).hexdigest()[:10]
        assert f".{name}." in url, "the name changes with the content"
    assert anna.client.get("/favicon.ico").headers["Cache-Control"] == "public, max-age=86400"


def test_nothing_else_is_a_static_file(browser: Browser):
    for name in ("app.css", "../app.py", "..%2fapp.py", ".git/config", "app.0000000000.css", "%00", "vendor/htmx.min.js"):
        assert browser.client.get(f"/static/{name}").status_code == 404, name


def test_https_is_made_sure_of_for_two_years(make_app: Callable[..., Flask]):
    client = make_app(base_url="https://localhost").test_client()
    for path in ("/login", "/nowhere", "/favicon.ico"):
        assert client.get(path, base_url="https://localhost").headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_a_first_visit_has_its_style_inside_allowed_by_its_very_hash(app: Flask):
    for path in ("/login", "/help", "/nowhere"):
        answer = app.test_client().get(path)
        html = answer.get_data(as_text=True)
        style = re.findall(r"<style>(.*?)</style>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
        assert len(style) == 1 and 'rel="stylesheet"' not in html
        assert answer.headers["Content-Security-Policy"] == CSP.format(f" 'sha256-{digest}'"), path


def test_any_later_visit_has_no_style_inside(app: Flask):
    for cookie in ("csrf", "lang", "device", "session", "other"):
        client = app.test_client()
        client.set_cookie(cookie, "x")
        answer = client.get("/login")
        assert "<style" not in answer.get_data(as_text=True) and 'rel="stylesheet"' in answer.get_data(as_text=True)
        assert answer.headers["Content-Security-Policy"] == CSP.format(""), cookie


def test_pages_and_files_are_sent_compressed_to_who_takes_it(app: Flask, anna: Browser):
    for path in ("/help", app.extensions["assets"].url("app.js")):
        plain = anna.client.get(path)
        assert "Content-Encoding" not in plain.headers
        zipped = anna.client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
        assert zipped.headers["Content-Encoding"] == "gzip" and len(zipped.data) < len(plain.data) / 2
        assert int(zipped.headers["Content-Length"]) == len(zipped.data)
        words = [re.sub(rb'value="[^"]{80,}"|csrf="[^"]+"', b"", data) for data in (gzip.decompress(zipped.data), plain.data)]
        assert words[0] == words[1]
        for refusing in ("gzip;q=0", "identity", "br", "", "notgzip"):
            assert "Content-Encoding" not in anna.client.get(path, headers={"Accept-Encoding": refusing}).headers, refusing
    assert "Content-Encoding" not in anna.client.get("/robots.txt", headers={"Accept-Encoding": "gzip"}).headers


def from_where(app: Flask, **headers: str) -> str:
    """The address that a wrong login is written down with."""
    browser = Browser(app)
    form = browser.get("/login").form("/login").fields | {"username": "nobody", "password": PASSWORD}
    browser.post("/login", form, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert browser.status == 422
    return fetch(app, sa.select(AuditRow.detail).order_by(AuditRow.id.desc()))[0][0]["address"]


def test_nobody_chooses_the_address_that_is_counted(app: Flask):
    assert from_where(app, X_Forwarded_For="192.0.2.1", X_Real_IP="192.0.2.2", Forwarded="for=192.0.2.3", CF_Connecting_IP="192.0.2.4") == "127.0.0.1"


def test_behind_a_proxy_its_own_word_counts_and_no_other(make_app: Callable[..., Flask]):
    behind = make_app(proxy_hops=1)
    assert from_where(behind, X_Forwarded_For="192.0.2.1, 192.0.2.9") == "192.0.2.9"
    assert from_where(behind, X_Real_IP="192.0.2.2") == "127.0.0.1"
    assert behind.test_client().get("/help", headers={"X-Forwarded-Host": "evil.example"}).status_code == 400


def test_no_header_makes_another_host_of_us(app: Flask):
    answer = app.test_client().get("/profile", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Original-URL": "/health/live"})
    assert answer.headers["Location"] == "/login?next=/profile"


def test_an_address_of_two_slashes_is_no_other_host(app: Flask):
    paths = ("//evil.example", "///evil.example/%2e%2e", "//help", "/\\evil.example", "/%09/evil.example")
    for path, query in product(paths, ("", "lang=en", "lang")):
        answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path, "QUERY_STRING": query})
        assert answer.status_code == (303 if query else 200 if path == "//help" else 404), path
        assert not re.match(r"(//|/\\|[^/])", answer.headers.get("Location", "/"))
        assert not re.search(r'(href|action)="(//|/\\)', answer.get_data(as_text=True))


def test_a_line_break_in_an_address_is_no_line_break_in_a_header(app: Flask):
    for path in ("/help\r\nSet-Cookie: a=b", "/nowhere\nx", "/profile\r\n"):
        for query in ("", "lang=en"):
            answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path, "QUERY_STRING": query})
            assert answer.status_code in (303, 404) and "\n" not in answer.headers.get("Location", "")


def test_no_source_and_no_other_file_is_served(app: Flask):
    root = Path(__file__).parents[2]
    for path in ("/.git/config", "/app.py", "/pyproject.toml", "/static/", "/templates/layout.html", "/instance/", "/metrics", "/console", "/.env"):
        assert app.test_client().get(path).status_code == 404, path
    assert not app.debug and not app.testing and (root / "app.py").exists()
