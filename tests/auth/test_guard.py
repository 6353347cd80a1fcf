"""The guard: what is not marked does not start, what is not hers does not exist."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from auth import guard
from auth.access import Right
from models.audit import AuditRow
from models.invoices import Invoice
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, dump, fetch
from tests.walk import VERBS, Route, ids_of, routes


def token(browser: Browser) -> dict[str, str]:
    """A valid csrf token, as a page of ours shows it."""
    page = browser.get("/contact")
    field = "csrf_token"
    form = page.forms[0] if page.forms else browser.get("/login").form("/login")
    return {field: form.fields[field]}


def ask(browser: Browser, route: Route, fields: dict[str, str] | None = None, **more: object) -> int:
    """The status of one request, following nothing."""
    data = fields if route.verb not in ("GET", "HEAD") else None
    browser.response = browser.client.open(route.path, method=route.verb, data=data, **more)
    return browser.status


def somebody(app: Flask, name: str) -> Browser:
    browser = Browser(app)
    if name:
        browser.log_in(name)
    return browser


@pytest.mark.parametrize(("path", "mark", "names"), [
    ("/open", None, "no access mark"),
    ("/things/<thing>", guard.needs("meters", Right.VIEW), "thing"),
    ("/properties/<pid>/things/<thing>", guard.needs("meters", Right.VIEW), "thing"),
    ("/share/<iid>", guard.public, "iid"),
])  # fmt: skip
def test_a_route_that_does_not_say_who_may_come_stops_the_start(path: str, mark: Callable | None, names: str):
    app = Flask("small", static_folder=None)
    view = lambda **_: ""  # noqa: E731
    app.add_url_rule(path, "one", mark(view) if mark else view)
    with pytest.raises(guard.Unmarked, match=f"{path}.*{names}"):
        guard.install(app)


@pytest.mark.parametrize("fragment", [False, True])
def test_nobody_is_sent_to_log_in(app: Flask, cast: Cast, fragment: bool):
    browser, headers = Browser(app), {"HX-Request": "true"} if fragment else {}
    fields, count = token(browser), 0
    for route in routes(app, ids_of("anna", cast)):
        if route.mark is None:
            continue
        status, count = ask(browser, route, fields, headers=headers), count + 1
        if route.verb in ("GET", "HEAD") and not fragment:
            assert (status, browser.response.headers["Location"]) == (303, f"{'/staff' if route.for_staff else ''}/login?next={route.path}"), route
        else:
            assert status == 401, route
    assert count > 40


@pytest.mark.parametrize("who", ["viktors", "peteris", "liga", "ilze"])
def test_what_is_anothers_does_not_exist(app: Flask, cast: Cast, who: str):
    browser, ids = somebody(app, who), ids_of("anna", cast)
    somebody(app, "anna")
    ids["sid"] = ["2"]
    if who == "peteris":  # his time in the flat is over, but it was his
        ids |= {"pid": [cast.second], "mid": []}
    if who == "viktors":  # who lives in the same house
        ids["mid"].remove(cast.house_meter)
    fields, before = token(browser), dump(app, ["web_session"])
    for route in routes(app, ids):
        if route.names & ids.keys():
            assert ask(browser, route, fields) == 404, route
    assert dump(app, ["web_session"]) == before, "and nothing was written, not even a refusal"


def test_what_exists_for_nobody_looks_the_same(app: Flask, cast: Cast):
    """ASVS 8.2.2: no answer tells whether an id is somebody's."""
    browser = somebody(app, "viktors")
    fields, bodies = token(browser), set()
    for ids in (ids_of("anna", cast) | {"mid": [cast.cold, cast.old]}, ids_of("nobody", cast)):
        for route in routes(app, ids):
            if route.names & ids.keys() and route.verb == "GET":
                assert ask(browser, route, fields) == 404, route
                text = browser.response.get_data(as_text=True)
                bodies.add(text.split("<main")[1].split("</main>")[0])
    assert len(bodies) == 1


# Pages that send on, or are gone, where nothing was begun.
SENT_ON = {
    "login.start", "login.form", "properties.last", "passwords.well_known", "passwords.reset", "account.first_visit", "emails.link",
    "second.form", "second.ask", "invitations.show", "factors.leaving", "notifications.ask",
    "outside.back", "cards.ask", "outside.choose", "registration.identity", "registration.check_email", "registration.code", "staff.welcome",
    "help.suggestions", "reading_links.show", "payments.choose", "calendars.feed", "receipts.show", "offline.show",
}  # fmt: skip


def test_an_owner_opens_everything_of_hers_with_get_and_head(anna: Browser, app: Flask, cast: Cast, closed_to_passwords):
    closed_to_passwords("view", "house_file")
    own_file = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own")
    change(app, sa.update(Invoice).values(file_hash=own_file))
    for route in routes(app, ids_of("anna", cast)):
        if route.verb != "GET":
            continue
        status, kind = ask(anna, route), anna.response.mimetype
        sent_on = route.endpoint in SENT_ON
        if route.endpoint == "api.pulled":  # which is no person's
            assert status == 401, route
            continue
        expected = (302, 303, 404, 410) if route.path.endswith("qr.svg") or sent_on else (404,) if route.for_staff else ()
        assert status == 200 or status in expected, route
        assert ask(anna, replace(route, verb="HEAD")) == status, route
        assert anna.response.mimetype == kind and anna.response.get_data() == b"", route


def test_get_and_head_change_nothing(anna: Browser, app: Flask, cast: Cast, closed_to_passwords):
    """ASVS 3.5.3; the time of a session's last act is no change, a finished PDF is kept (C03), and an opened notice is read (decisions.md 6)."""
    closed_to_passwords("view", "house_file")  # else the refusal is noted
    own_file = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own")
    change(app, sa.update(Invoice).values(file_hash=own_file))
    before = dump(app, ["web_session", "notice_receipt"])
    query = "?confirm=1&once=aaaaaaaaaaaaaaaaaaaa&r-x-1=5&year=2025&sent=1"
    for route in routes(app, ids_of("anna", cast)):
        if route.verb in ("GET", "HEAD"):
            ask(anna, replace(route, path=route.path + query))
            ask(anna, replace(route, path=route.path + query + "&lang=ru"))
    assert dump(app, ["web_session", "notice_receipt"]) == before


def test_no_address_takes_a_verb_that_it_does_not_name(anna: Browser, app: Flask, cast: Cast):
    fields, taken = token(anna), {}
    for route in routes(app, {name: ids[:1] for name, ids in ids_of("anna", cast).items()}):
        taken.setdefault(route.path, set()).add(route.verb)
    assert set().union(*taken.values()) == {"GET", "HEAD", "POST"}
    for path, verbs in taken.items():
        for verb in {*VERBS, "PROPFIND"} - verbs:
            assert ask(anna, Route(verb, path, "", None, frozenset()), fields) == 405, f"{verb} {path}"
            assert anna.response.headers["Allow"] == ", ".join(sorted(verbs)), f"{verb} {path}"
            if verb in ("OPTIONS", "TRACE"):
                assert "Cookie" not in anna.response.get_data(as_text=True).replace("Cookies", "")


@pytest.fixture
def closed_to_passwords(app: Flask) -> Callable[[str], None]:
    """The site opens a section this far to people who log in with a password."""

    def close(word: str, *sections: str) -> None:
        held = app.extensions["ekabinets"]
        site = held.site.model_copy(update={"access": {section: {"password": word} for section in sections or ("meters",)}})
        app.extensions["ekabinets"] = replace(held, site=site)

    held = app.extensions["ekabinets"]
    yield close
    app.extensions["ekabinets"] = held


def test_a_section_closed_to_this_login_is_refused_and_noted(anna: Browser, app: Flask, cast: Cast, closed_to_passwords):
    closed_to_passwords("-")
    page = anna.get(f"/properties/{cast.flat}/invoices")
    assert page.links[f"/properties/{cast.flat}/meters"] == "Meters (needs a stronger sign-in)", "people look for it (LG-09)"
    page = anna.get(f"/meters/{cast.cold}")
    assert anna.response.request.full_path == f"/verify?next=%2Fmeters%2F{cast.cold}" and page.headings == ["Confirm your identity"]
    assert [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))][-1] == "access.refused"
    anna.get(f"/meters/{cast.stranger_meter}")
    assert anna.status == 404, "404 is decided before 403"


def test_home_shows_nothing_of_a_closed_section(anna: Browser, cast: Cast, closed_to_passwords):
    closed_to_passwords("-", "meters", "invoices")
    page = anna.get(f"/properties/{cast.flat}")
    assert anna.status == 200 and "Brīvības iela 12–34" in page.text
    for word in ("87.43", cast.invoice, cast.cold, "Cold water", "Newest invoice", "Submit your readings", "/meters", "/invoices"):
        assert word not in page.html.partition("<main")[2], word
    closed_to_passwords("view")
    page = anna.get(f"/properties/{cast.flat}")
    assert "Cold water" in page.text and "Submit your readings" not in page.text and "/reading" not in page.html


def test_a_section_to_read_is_not_to_write(anna: Browser, cast: Cast, closed_to_passwords):
    fields = token(anna)
    closed_to_passwords("view")
    page = anna.get(f"/properties/{cast.flat}/meters")
    assert anna.status == 200 and f"/meters/{cast.cold}/reading" not in page.links
    anna.post(f"/meters/{cast.cold}/reading", fields | {f"r-{cast.cold}-1": "195,5"})
    assert anna.status == 403


def test_a_wrong_host_is_refused_before_anything_else(anna: Browser):
    for host in ("evil.example", "localhost.evil.example", "localhost:80@evil.example", ""):
        answer = anna.client.get("/help", headers={"Host": host})
        assert answer.status_code == 400, host
        assert "evil.example" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("malformed", ["%00", "%ED%A0%80", "a" * 33, "a.b", "ā"])
def test_what_can_be_no_id_never_reaches_the_database(app: Flask, malformed: str, statements: list[str]):
    anna = somebody(app, "anna")
    anna.get("/help")
    statements.clear()
    for path in ("/properties/{}", "/meters/{}", "/invoices/{}", "/documents/{}/file", "/house-files/{}/file", "/notices/{}"):
        anna.get(path.format(malformed))
        assert anna.status == 404, path
    assert [sent for sent in statements if "meter" in sent or "invoice" in sent or "document" in sent or "notice" in sent] == []
