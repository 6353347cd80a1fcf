"""Logging in, proving again and connecting by the identity card in the browser (A09; Web eID)."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from flask import Flask, Response, request
from sqlmodel import col

from models.audit import AuditRow
from models.identities import Identity
from models.sessions import WebSession
from models.settings import SettingsError
from models.site import FOLDER
from models.types import utc_now
from tests.auth.cards import (
    ANOTHER,
    AT,
    AUTHORITY,
    KEY,
    NOW,
    SCRIPT,
    Card,
    authority,
    certificate,
    challenge,
    name,
    site_with_cards,
)
from tests.auth.provider import serve
from tests.browser import Browser, Page
from tests.cast import PASSWORD
from tests.standing import change, fetch

BUTTON, ASKED, METHODS = "/login/eparaksts/card", "/login/card", "/profile/methods"
Make = Callable[..., Flask]
ISSUER = authority()


@pytest.fixture
def app(make_app: Make, tmp_path: Path) -> Flask:
    return make_app(site=site_with_cards(tmp_path))


def asked(browser: Browser, page: Page | None = None, **fields: str) -> str:
    """Press the button; the challenge on the page where it leads."""
    page = page or browser.get("/login")
    form = next(form for form in page.forms if form.action == BUTTON)
    page = browser.post(BUTTON, form.fields | fields)
    return challenge(page.html)


def send(browser: Browser, nonce: str, **card: Any) -> Page:
    token = Card(nonce=nonce, **{"origin": "http://localhost"} | card).token()
    return browser.post(ASKED, {"csrf_token": csrf(browser), "answer": token})


def csrf(browser: Browser) -> str:
    """A token as any page with a form has it: the profile's, or the login's where it sends nobody on."""
    return str(browser.get("/profile").forms[0].fields["csrf_token"])


def connect(app: Flask, user_id: int = 1) -> None:
    about = {"family": "eparaksts", "provider": "Web eID", "linked_at": utc_now(), "used_at": utc_now()}
    change(app, sa.insert(Identity).values(user_id=user_id, issuer="web-eid", subject="PNOLV-12036511114", **about))


def lives(browser: Browser) -> bool:
    return browser.client.get("/profile").status_code == 200


@pytest.mark.parametrize(("script", "pem"), [(b"", None), (SCRIPT, b""), (b"", b"")])
def test_without_the_script_or_the_certificates_there_is_no_such_way(make_app: Make, tmp_path: Path, script: bytes, pem: bytes | None) -> None:
    browser = Browser(make_app(site=site_with_cards(tmp_path, script, pem)))
    page = browser.get("/login")
    assert BUTTON not in [form.action for form in page.forms]
    assert browser.client.post(BUTTON, data={"csrf_token": page.form("/login").fields["csrf_token"]}).status_code == 404


def test_a_certificate_that_cannot_be_read_stops_the_start(make_app: Make, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a certificate cannot be read"):
        make_app(site=site_with_cards(tmp_path, pem=b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"))


def test_a_site_without_eparaksts_reads_no_cards(make_app: Make, tmp_path: Path) -> None:
    (tmp_path / "ludza").mkdir()
    shutil.copy(FOLDER / "ludza.toml", tmp_path / "ludza.toml")
    (tmp_path / "ludza" / "web-eid.js").write_bytes(SCRIPT)
    (tmp_path / "ludza" / "issuers.pem").write_bytes(authority().public_bytes(Encoding.PEM))
    assert BUTTON not in Browser(make_app(site=str(tmp_path / "ludza.toml"))).get("/login").html


def test_the_page_asks_by_the_operators_script_and_says_what_is_needed_without(app: Flask) -> None:
    browser = Browser(app)
    assert len(asked(browser)) == 44
    page = browser.get(ASKED)
    assert browser.status == 200 and "JavaScript" in page.text and "web-eid.eu" in page.text
    policy = browser.response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "form-action 'self';" in policy
    script = page.html.partition('<script src="/static/card.')[2].partition('"')[0]
    assert browser.client.get(f"/static/card.{script}").get_data() == SCRIPT


def test_who_is_connected_logs_in_with_a_card(app: Flask) -> None:
    connect(app)
    browser = Browser(app)
    page = send(browser, asked(browser))
    assert browser.status == 200 and browser.response.request.path.startswith("/properties/"), page.text
    assert [tuple(row) for row in fetch(app, sa.select(col(WebSession.method), col(WebSession.acr)))] == [("eparaksts", "web-eid")]


def test_who_is_not_connected_chooses_what_to_do(app: Flask) -> None:
    browser = Browser(app)
    page = send(browser, asked(browser))
    assert browser.response.request.path == "/login/choose" and "ANNA OZOLIŅA" in page.text
    browser.submit(page, "/login/choose", username="anna", password=PASSWORD)
    assert lives(browser)


def test_a_locked_section_is_opened_and_the_wanted_page_reached(app: Flask, anna: Browser) -> None:
    connect(app)
    send(anna, asked(anna, anna.get("/verify", query_string={"next": "/profile/sessions"})))
    assert anna.response.request.path == "/profile/sessions"
    assert [row.method for row in fetch(app, sa.select(col(WebSession.method)).where(col(WebSession.ended_at).is_(None)))] == ["eparaksts"]


def test_another_persons_card_opens_nothing(app: Flask, anna: Browser) -> None:
    connect(app, user_id=2)
    page = send(anna, asked(anna, anna.get("/verify")))
    assert anna.status == 403 and "not yours to open" in page.text


def test_a_card_is_connected_from_inside(app: Flask, anna: Browser) -> None:
    fields = anna.get(METHODS).form(f"{METHODS}/remove").fields
    page = anna.post(BUTTON, fields | {"old": PASSWORD, "act": "link"})
    page = send(anna, challenge(page.html))
    assert "opens this account" in page.text and "Web eID" in page.text


def test_a_token_works_once(app: Flask) -> None:
    connect(app)
    mine, other = Browser(app), Browser(app)
    nonce = asked(mine)
    asked(other)
    send(other, nonce)  # who was asked something else
    assert not lives(other)
    send(mine, nonce)
    assert lives(mine)
    mine.submit(mine.get("/profile"), "/logout")
    send(mine, nonce)
    assert not lives(mine)


def test_a_wrong_answer_uses_the_question_up(app: Flask) -> None:
    connect(app)
    browser = Browser(app)
    nonce = asked(browser)
    page = send(browser, nonce, origin="https://evil.example")
    assert browser.response.request.path == "/login" and "could not be checked" in page.text
    page = send(browser, nonce)
    assert "begin again" in page.text and not lives(browser)
    assert [row.detail["why"] for row in fetch(app, sa.select(col(AuditRow.detail)).where(col(AuditRow.action) == "provider.failed"))] == ["signature"]


@pytest.mark.parametrize("fields", [{}, {"answer": ""}, {"answer": "{}"}, {"answer": "[" * 9000}, {"answer": "x" * 20_000}])
def test_what_is_no_token_opens_nothing(app: Flask, fields: dict[str, str]) -> None:
    browser = Browser(app)
    asked(browser)
    page = browser.post(ASKED, {"csrf_token": csrf(browser), **fields})
    assert browser.status == 200 and "could not be checked" in page.text


def test_a_token_in_an_address_and_a_question_that_was_not_asked_open_nothing(app: Flask) -> None:
    connect(app)
    browser = Browser(app)
    for path in (ASKED, f"{BUTTON}/return"):
        browser.get(path)
        assert browser.response.request.path == "/login"
    token = Card(nonce=asked(browser), origin="http://localhost").token()
    browser.get(f"{BUTTON}/return", query_string={"answer": token})
    assert browser.response.request.path == "/login" and not lives(browser)


class Responder:
    """Tells of cards whether they are good; each part of its answer can be another one."""

    def __init__(self) -> None:
        self.status, self.age, self.key, self.asked = ocsp.OCSPCertStatus.GOOD, timedelta(), AUTHORITY, 0
        self.by, self.about, self.nonce, self.raw = ISSUER, Card(), True, b""

    def app(self) -> Flask:
        app = Flask("ocsp", static_folder=None)
        app.add_url_rule("/", view_func=self.answer, methods=["POST"])
        return app

    def answer(self) -> Response:
        self.asked += 1
        question = ocsp.load_der_ocsp_request(request.get_data())
        revoked = self.status is ocsp.OCSPCertStatus.REVOKED
        at = utc_now().replace(microsecond=0) - self.age
        made = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate(self.about), issuer=ISSUER, algorithm=hashes.SHA1(), cert_status=self.status, this_update=at, next_update=None,
            revocation_time=at if revoked else None, revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, self.by)  # fmt: skip
        if self.by is not ISSUER:
            made = made.certificates([self.by])
        nonce = question.extensions.get_extension_for_class(x509.OCSPNonce).value if self.nonce is True else x509.OCSPNonce(b"x" * 32)
        made = made.add_extension(nonce, critical=False) if self.nonce else made
        return Response(self.raw or made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER))


def delegate(purpose: x509.ObjectIdentifier, signed_by: Any = AUTHORITY, ends: datetime = NOW + AT) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(name(common="DEMO OCSP")).issuer_name(name(common="DEMO CA")).public_key(KEY.public_key())
    made = made.serial_number(9).not_valid_before(NOW - AT).not_valid_after(ends)
    return made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).sign(signed_by, hashes.SHA256())


@pytest.fixture
def responder() -> Iterator[Responder]:
    held = Responder()
    with serve(held.app()) as held.address:
        yield held


def by_card(app: Flask, responder: Responder, **card: Any) -> bool:
    """Whether a card opens the account."""
    browser = Browser(app)
    send(browser, asked(browser), **{"ocsp": responder.address} | card)
    return lives(browser)


@pytest.fixture
def strict(make_app: Make, tmp_path: Path) -> Flask:
    """A portal that asks whether cards are still good, and to which Anna has connected hers."""
    app = make_app(site=site_with_cards(tmp_path), card_ocsp=("127.0.0.1",), provider_seconds=1)
    connect(app)
    return app


GOOD: dict[str, dict[str, Any]] = {
    "by the issuer": {}, "without a nonce": {"nonce": None}, "by whom the issuer names": {"by": delegate(ExtendedKeyUsageOID.OCSP_SIGNING), "key": KEY},
}  # fmt: skip
BAD: dict[str, dict[str, Any]] = {
    "revoked": {"status": ocsp.OCSPCertStatus.REVOKED}, "unknown": {"status": ocsp.OCSPCertStatus.UNKNOWN}, "old": {"age": timedelta(hours=1)},
    "of the future": {"age": timedelta(hours=-1)}, "another nonce": {"nonce": b"x"}, "signed by a stranger": {"key": ANOTHER}, "no answer": {"raw": b"<html>"},
    "an error": {"raw": ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)},
    "of another card": {"about": Card(issued_by=AUTHORITY, serial="PNOLV-1")}, "by a card": {"by": delegate(ExtendedKeyUsageOID.CLIENT_AUTH), "key": KEY},
    "by a stranger's delegate": {"by": delegate(ExtendedKeyUsageOID.OCSP_SIGNING, ANOTHER), "key": KEY},
    "by a delegate of the past": {"by": delegate(ExtendedKeyUsageOID.OCSP_SIGNING, ends=NOW - timedelta(days=1)), "key": KEY},
}  # fmt: skip


def test_only_a_card_that_its_issuer_calls_good_opens(strict: Flask, responder: Responder) -> None:
    for number, (kind, other) in enumerate((GOOD | BAD).items(), 1):
        vars(responder).update(vars(Responder()) | {"asked": responder.asked, "address": responder.address} | other)
        assert by_card(strict, responder) is (kind in GOOD), kind
        assert responder.asked == number


def test_a_card_whose_issuer_cannot_be_asked_opens_nothing(strict: Flask, responder: Responder) -> None:
    for address in ("", "http://localhost:1/", "ldap://127.0.0.1/", "http://127.0.0.1:1/"):
        assert by_card(strict, responder, ocsp=address) is False, address
    assert responder.asked == 0


def test_nobody_is_asked_about_a_forged_token_or_where_that_is_switched_off(strict: Flask, app: Flask, responder: Responder) -> None:
    assert by_card(strict, responder, signed_with=ANOTHER) is False
    assert by_card(app, responder) is True and responder.asked == 0
