"""Logging in, proving again and connecting by a bank and by eParaksts, there and back (A08, A09, A14, A15)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col

from demo.eparaksts import Stand
from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.identifiers import Identifiers
from models.identities import Identity
from models.outbox import Mail
from models.people import User
from models.providers import Eparaksts, Provider
from models.sessions import WebSession
from models.types import utc_now
from tests.auth.provider import ANNA, CLIENT, PEOPLE, Hostile, bank, choose, serving
from tests.browser import Browser, Page
from tests.cast import PASSWORD, Cast

DEMO, MOBILE, METHODS = "/login/bank/demo", "/login/eparaksts/mobile", "/profile/methods"
CLAIMS = {"name": ("name",), "code": ("attributes", "https://x.example/code"), "country": ("country",)}


@pytest.fixture(scope="module")
def running() -> Iterator[Hostile]:
    with bank() as held:
        yield held


@pytest.fixture(scope="module")
def service() -> Iterator[Stand]:
    with serving(Stand("", "eParaksts", CLIENT, {ANNA: PEOPLE[ANNA]})) as held:
        yield held


@pytest.fixture
def app(make_app: Callable[..., Flask], running: Hostile, service: Stand) -> Flask:
    provider = Provider(slug="demo", name="Banka", issuer=running.issuer, client_id="portal", secret=CLIENT.secret, claims=CLAIMS)
    return make_app(providers=(provider,), eparaksts=Eparaksts(host=service.issuer, client_id="portal", secret=CLIENT.secret))


def there(browser: Browser, page: Page | None = None, at: str = DEMO, **fields: str) -> str:
    """Press a provider's button; where the browser is sent."""
    page = page or browser.get("/login")
    form = next(form for form in page.forms if form.action == at)
    answer = browser.client.post(at, data=form.fields | fields)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def and_back(browser: Browser, url: str, person: str = ANNA, at: str = DEMO) -> Page:
    query = choose(url, person)
    return browser.get(f"{at}/return", query_string=query)


def log_in(browser: Browser, person: str = ANNA, at: str = DEMO) -> Page:
    return and_back(browser, there(browser, at=at), person, at)


def link(browser: Browser, at: str = DEMO) -> Page:
    """Connect the provider's Anna with who is logged in."""
    form = next(form for form in browser.get(METHODS).forms if form.action == f"{METHODS}/remove")
    answer = browser.client.post(at, data={"csrf_token": form.fields["csrf_token"], "old": PASSWORD, "act": "link"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return and_back(browser, answer.headers["Location"], at=at)


def fetch(app: Flask, query: sa.Executable) -> list:
    with app.extensions["ekabinets"].database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def change(app: Flask, what: sa.Executable) -> None:
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(what)


def in_billing(app: Flask, cast: Cast, username: str = "anna") -> None:
    """The billing system knows the code of this user's customers."""
    hashed = Identifiers("i" * 40).hash("12036511114")
    hers = sa.select(col(CustomerUser.customer_id)).join(User, col(User.id) == col(CustomerUser.user_id)).where(col(User.username) == username)
    change(app, sa.update(Customer).where(col(Customer.id).in_(hers)).values(identifier_hash=hashed))


def actions(app: Flask, *names: str) -> list:
    return [name for (name,) in fetch(app, sa.select(col(AuditRow.action)).where(col(AuditRow.action).in_(names)).order_by(col(AuditRow.id)))]


def methods_of_sessions(app: Flask) -> list:
    return fetch(app, sa.select(col(WebSession.method), col(WebSession.acr)).where(col(WebSession.ended_at).is_(None)).order_by(col(WebSession.id)))


def test_the_login_page_has_a_button_for_each_and_its_policy_lets_it_lead_there(browser: Browser, running: Hostile, service: Stand) -> None:
    page = browser.get("/login")
    assert [form.action for form in page.forms if "/login/" in form.action] == [DEMO, MOBILE, "/login/eparaksts/eid"]
    policy = browser.response.headers["Content-Security-Policy"]
    assert f"form-action 'self' {' '.join(sorted((running.issuer, service.issuer)))};" in policy


@pytest.mark.parametrize("at", [DEMO, MOBILE])
def test_who_is_connected_logs_in_with_one_press(app: Flask, anna: Browser, at: str) -> None:
    link(anna, at)
    other = Browser(app)
    log_in(other, at=at)
    assert other.status == 200 and other.response.request.path.startswith("/properties/")
    assert methods_of_sessions(app)[-1][0] == at.split("/")[2]
    assert other.client.get("/").headers["Location"] == "/properties/last"


def test_one_connection_serves_the_bank_and_eparaksts_alike(app: Flask, anna: Browser) -> None:
    link(anna)
    log_in(Browser(app), at=MOBILE)
    assert fetch(app, sa.select(col(Identity.provider)).order_by(col(Identity.id))) == [("Banka",), ("eParaksts mobile",)]
    assert methods_of_sessions(app)[-1][0] == "eparaksts"


def test_nothing_is_opened_for_somebody_new_and_an_account_can_be_connected_once(app: Flask, browser: Browser) -> None:
    page = log_in(browser)
    assert browser.response.request.path == "/login/choose" and "ANNA OZOLIŅA" in page.text
    assert browser.client.get("/profile").status_code == 303, "nobody is logged in yet"
    page = browser.submit(page, "/login/choose", username="anna", password="wrong")
    assert browser.status == 422 and page.form("/login/choose").fields["username"] == "anna"
    page = browser.submit(page, "/login/choose", username="anna", password=PASSWORD)
    assert browser.status == 200 and methods_of_sessions(app)[-1][0] == "bank"
    assert fetch(app, sa.select(col(Mail.kind)).where(col(Mail.kind) == "factor_changed")) == [("factor_changed",)]
    log_in(Browser(app))
    assert len(methods_of_sessions(app)) == 2


def test_empty_and_endless_names_are_told(browser: Browser) -> None:
    page = log_in(browser)
    for fields in ({"username": "", "password": ""}, {"username": "a" * 300, "password": "b"}, {"username": "anna", "password": "c" * 5000}):
        page = browser.submit(page, "/login/choose", **fields)
        assert browser.status == 422


def test_guesses_at_the_password_are_counted_as_at_login(browser: Browser) -> None:
    page = log_in(browser)
    for _ in range(10):
        page = browser.submit(page, "/login/choose", username="anna", password="wrong")
    assert browser.status == 429 and "paused until" in page.text
    browser.submit(page, "/login/choose", username="anna", password=PASSWORD)
    assert browser.status == 429


def test_the_page_that_was_wanted_is_reached(app: Flask, anna: Browser) -> None:
    link(anna)
    other = Browser(app)
    page = other.get("/login", query_string={"next": "/profile/sessions"})
    and_back(other, there(other, page))
    assert other.response.request.path == "/profile/sessions"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_no_foreign_page_is_reached(app: Flask, anna: Browser, wanted: str) -> None:
    link(anna)
    other = Browser(app)
    and_back(other, there(other, next=wanted))
    assert other.response.request.path.startswith("/properties/")


def test_who_cancels_is_told_and_loses_nothing(browser: Browser) -> None:
    page = log_in(browser, person="")
    assert browser.response.request.path == "/login" and "broken off" in page.text


def test_an_answer_works_once_and_only_in_the_browser_that_began(app: Flask, anna: Browser) -> None:
    link(anna)
    mine, other = Browser(app), Browser(app)
    query = choose(there(mine))
    page = other.get(f"{DEMO}/return", query_string=query)
    assert other.response.request.path == "/login" and "begin again" in page.text
    other.client.post(DEMO, data=other.get("/login").form(DEMO).fields)
    other.get(f"{DEMO}/return", query_string=query)  # a login of his own begun: still not his answer
    assert other.response.request.path == "/login"
    mine.get(f"{DEMO}/return", query_string=query)
    assert mine.client.get("/profile").status_code == 200
    count = len(methods_of_sessions(app))
    mine.get(f"{DEMO}/return", query_string=query)
    assert len(methods_of_sessions(app)) == count


def test_an_answer_of_another_provider_is_refused(app: Flask, anna: Browser) -> None:
    link(anna)
    mine = Browser(app)
    mine.get(f"{MOBILE}/return", query_string=choose(there(mine)))
    assert mine.response.request.path == "/login" and mine.client.get("/profile").status_code == 303


def test_a_closed_account_and_staff_are_not_opened(app: Flask, anna: Browser) -> None:
    link(anna)
    for values in ({"disabled_at": utc_now()}, {"disabled_at": None, "role": "agent"}):
        change(app, sa.update(User).where(col(User.username) == "anna").values(**values))
        other = Browser(app)
        page = log_in(other)
        assert other.status == 403 and "not yours to open" in page.text
        assert other.client.get("/profile").status_code == 303


def test_a_locked_section_is_opened_by_the_same_person(app: Flask, anna: Browser, cast: Cast) -> None:
    link(anna)
    page = anna.get("/verify", query_string={"next": "/profile/sessions"})
    and_back(anna, there(anna, page))
    assert anna.response.request.path == "/profile/sessions" and methods_of_sessions(app)[-1][0] == "bank"
    assert len(methods_of_sessions(app)) == 1, "the weaker session ended"


def test_a_different_person_does_not_step_up(app: Flask, anna: Browser, cast: Cast) -> None:
    viktors = Browser(app)
    viktors.log_in("viktors")
    link(viktors)
    page = and_back(anna, there(anna, anna.get("/verify")))
    assert anna.status == 403 and "not yours to open" in page.text
    assert actions(app, "session.not_stepped_up") == ["session.not_stepped_up"]
    assert {method for method, _ in methods_of_sessions(app)} == {"password"}


def test_an_unknown_identity_steps_up_where_the_billing_data_prove_whose_it_is(app: Flask, anna: Browser, cast: Cast) -> None:
    and_back(anna, there(anna, anna.get("/verify")))
    assert anna.status == 403
    in_billing(app, cast)
    and_back(anna, there(anna, anna.get("/verify")))
    assert anna.status == 200 and methods_of_sessions(app)[-1][0] == "bank"


def test_customers_of_the_same_code_are_hers_from_then_on(app: Flask, anna: Browser, cast: Cast) -> None:
    before = anna.get("/properties").text
    in_billing(app, cast, "viktors")
    link(anna)
    assert len(anna.get("/properties").text) > len(before)
    assert actions(app, "customers.claimed") == ["customers.claimed"]


def test_what_is_connected_is_another_persons_stays_so(app: Flask, anna: Browser) -> None:
    link(anna)
    viktors = Browser(app)
    viktors.log_in("viktors")
    page = link(viktors)
    assert viktors.status == 403 and "not yours to open" in page.text
    assert fetch(app, sa.select(sa.func.count()).select_from(Identity)) == [(1,)]


def test_connecting_and_taking_away_ask_the_password(app: Flask, anna: Browser) -> None:
    token = anna.get(METHODS).form(f"{METHODS}/remove").fields["csrf_token"]
    page = anna.post(DEMO, {"csrf_token": token, "act": "link", "old": "wrong"})
    assert anna.status == 422 and "not your current password" in page.text
    page = link(anna)
    assert "opens this account" in page.text
    ((number,),) = fetch(app, sa.select(col(Identity.id)))
    form = f"{METHODS}/remove"
    page = anna.post(form, {"csrf_token": token, "identity": str(number), "old": ""})
    assert anna.status == 422
    page = anna.post(form, {"csrf_token": token, "identity": str(number), "old": PASSWORD})
    assert "Taken away" in page.text and fetch(app, sa.select(col(Identity.id))) == []
    for wrong in ("", "x", "9" * 30, str(number)):
        anna.post(form, {"csrf_token": token, "identity": wrong, "old": PASSWORD})
        assert anna.status == 200


def test_a_provider_that_is_away_is_told_and_the_password_still_works(app: Flask, browser: Browser, running: Hostile) -> None:
    running.changes = {"metadata": lambda own: {**own, "issuer": "https://other.example"}}
    page = browser.get("/login")
    page = browser.post(DEMO, page.form(DEMO).fields)
    running.changes = {}
    assert browser.response.request.path == "/login" and "does not answer" in page.text
    assert actions(app, "provider.failed") == ["provider.failed"]
    browser.log_in("anna")
    assert browser.client.get("/profile").status_code == 200


def test_a_provider_that_is_not_offered_is_no_page(browser: Browser) -> None:
    token = browser.get("/login").form(DEMO).fields["csrf_token"]
    for path in ("/login/bank/other", "/login/eparaksts/demo", "/login/smart/demo"):
        assert browser.client.post(path, data={"csrf_token": token}).status_code == 404


def test_a_round_trip_costs_two_units_of_work(app: Flask, anna: Browser) -> None:
    link(anna)
    other, begun = Browser(app), []
    engine = app.extensions["ekabinets"].database.engine
    log_in(Browser(app))  # what the provider publishes about itself is known by now
    other.get("/login")
    sa.event.listen(engine, "begin", lambda connection: begun.append(connection.get_execution_options().get("writes")))
    log_in(other)
    assert [one for one in begun if one] == [True, True]


def test_the_addresses_of_the_way_are_paths_of_ours(browser: Browser, running: Hostile) -> None:
    url = urlsplit(there(browser))
    assert f"{url.scheme}://{url.netloc}" == running.issuer and "redirect_uri=http%3A%2F%2Flocalhost%2Flogin%2Fbank%2Fdemo%2Freturn" in url.query


def test_who_has_no_password_confirms_sensitive_acts_by_a_fresh_sign_in(app: Flask, anna: Browser) -> None:
    link(anna)
    change(app, sa.update(User).where(col(User.username) == "anna").values(password_hash=None))
    mine = Browser(app)
    log_in(mine)
    page = mine.get("/profile/email")
    assert mine.status == 200 and "Current password" not in page.text
    change(app, sa.update(WebSession).values(authenticated_at=utc_now() - timedelta(minutes=31)))
    page = mine.submit(page, "/profile/email", email="other@example.lv")
    assert mine.status == 422 and "without a password" in page.text and "/verify?next=/profile" in page.links
    page = and_back(mine, there(mine, mine.get("/verify?next=/profile/email")))
    page = mine.submit(page, "/profile/email", email="other@example.lv")
    assert mine.status == 200 and "other@example.lv" in page.text


def test_a_browser_may_follow_the_buttons_to_the_named_origins_alone(make_app: Callable[..., Flask]) -> None:
    """CSP form-action, which Chromium asks of redirects after a form as well."""
    named = {"client_id": "portal", "secret": "s"}
    provider = Provider(slug="demo", name="Banka", issuer="https://id.example/realm", pages=("https://login.example/in", "https://id.example"), **named)
    app = make_app(providers=(provider,), eparaksts=Eparaksts(host="https://sign.example", pages=("https://card.example",), **named))
    policy = Browser(app).client.get("/login").headers["Content-Security-Policy"]
    (forms,) = (part for part in policy.split("; ") if part.startswith("form-action"))
    assert forms == "form-action 'self' https://card.example https://id.example https://login.example https://sign.example"
