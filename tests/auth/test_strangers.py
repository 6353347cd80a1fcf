"""Every route asked by everybody for everybody's objects: what is another's answers as what nobody has, byte for byte."""

import re
import subprocess
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote, unquote
from zipfile import ZipFile, is_zipfile

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.test import TestResponse

from auth.scope import FETCH
from models.customers import Customer
from models.invoices import Invoice
from models.meters import Meter
from models.sessions import WebSession
from tests.auth.strangers import Ids, settle
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, dump, fetch
from tests.tools import require
from tests.walk import Route, routes

RESIDENTS = ("anna", "viktors", "peteris", "liga")
HTMX = {"HX-Request": "true"}
SECRETS = re.compile(r'(name="csrf_token" value|data-csrf)="[^"]+"')
OWN_WORDS = {
    "anna": ("Anna Ozoliņa", "20417", "HUNG-AFTER", "SHARED-OWN", "80.808"),
    "peteris": ("Pēteris Kalniņš", "10001", "GONE-BEFORE", "SHARED-OWN", "70.707"),
    "viktors": ("Viktors Petrovs", "20418"),
    "liga": ("Līga Ozoliņa", "30303", "LIGA-9", "FAR-OWN", "FAR-HOUSE", "80.808"),
}


@pytest.fixture
def whose(app: Flask, cast: Cast) -> dict[str, Ids]:
    """The ids of everybody, also of a session of each."""
    whose = settle(app, cast)
    for name in RESIDENTS:
        Browser(app).log_in(name)
        whose[name]["sid"] = [str(fetch(app, sa.select(sa.func.max(WebSession.id)))[0][0])]
    return whose


def foreign(app: Flask, whose: dict[str, Ids], who: str) -> Iterator[Route]:
    """Every route with every id that is not hers, and with ids that are nobody's."""
    own = {value for values in whose[who].values() for value in values}
    for ids in whose.values():
        others = {name: [value for value in ids.get(name, ()) if value not in own] for name in FETCH}
        yield from (route for route in routes(app, others) if route.names & FETCH.keys())


def told(browser: Browser, route: Route, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, str, str]:
    """Status, headers and body of an answer without its tokens and its own address."""
    data = None if route.verb in ("GET", "HEAD") else fields
    answer = browser.client.open(route.path, method=route.verb, data=data, headers=headers)
    own = "/" + quote(unquote(route.path).lstrip("/"))
    body = re.sub(re.escape(own) + r"(?=[\"?])", "HERE", SECRETS.sub("TOKEN", answer.get_data(as_text=True)))
    varied = {"Set-Cookie", "Content-Length", "Date"}
    names = sorted(f"{name}: {value}" for name, value in answer.headers if name not in varied)
    return answer.status_code, "\n".join(names).replace(quote(own), "HERE"), body


def is_routed(app: Flask, route: Route) -> bool:
    """Whether the address is that of a route at all; a slash in an id makes it another one."""
    try:
        return bool(app.url_map.bind("localhost").match(unquote(route.path), method=route.verb))
    except NotFound:
        return False


@pytest.mark.parametrize("who", ["", "ilze", "marta", *RESIDENTS])
def test_what_is_anothers_answers_as_what_nobody_has(app: Flask, whose: dict[str, Ids], who: str):
    browser = Browser(app)
    fields = {"csrf_token": browser.get("/login").form("/login").fields["csrf_token"], "once": "o" * 22}
    browser.log_in(who) if who else None
    before, answers = dump(app, ["web_session"]), {}
    for route in foreign(app, whose, who):
        if who or is_routed(app, route):
            for headers in ({}, HTMX):
                answers.setdefault((route.verb, *headers), {}).setdefault(told(browser, route, fields, headers), []).append(str(route))
    expected = {"GET": 303, "HEAD": 303} if not who else dict.fromkeys(("GET", "HEAD", "POST"), 404)
    assert len(answers) == 6
    for (verb, *fragment), different in answers.items():
        assert len(different) == 1, [routes[:3] for routes in different.values()]
        assert next(iter(different))[0] == (expected.get(verb, 401) if not fragment else 404 if who else 401)
    assert dump(app, ["web_session"]) == before, "and nothing was written, not even a refusal"


def text(answer: TestResponse) -> str:
    """What an answer says, also in the files that are packed in it, and on the pages of a PDF that we made."""
    packed = BytesIO(answer.get_data())
    if b"/FlateDecode" in packed.getvalue():
        return subprocess.run([require("pdftotext"), "-", "-"], input=packed.getvalue(), stdout=subprocess.PIPE, check=True).stdout.decode()
    if not is_zipfile(packed):
        return answer.get_data(as_text=True)
    with ZipFile(packed) as files:
        return "".join(files.read(name).decode(errors="replace") for name in files.namelist())


@pytest.mark.parametrize("who", RESIDENTS)
def test_no_page_says_a_word_of_anybody_elses(app: Flask, whose: dict[str, Ids], who: str):
    own_file = app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own")
    change(app, sa.update(Invoice).values(file_hash=own_file))
    mine = {*OWN_WORDS[who], *(value for values in whose[who].values() for value in values)}
    theirs = {value for name, ids in whose.items() if name != "nobody" for key in ids if key != "sid" for value in ids[key]}
    words, browser = {*theirs, *(word for own in OWN_WORDS.values() for word in own)} - mine, Browser(app)
    browser.log_in(who)
    opened = set()
    for route in routes(app, {name: [] for name in FETCH} | whose[who]):
        if route.verb == "GET" and route.endpoint != "api.described":  # whose examples are the cast's own
            page = browser.client.get(route.path)
            opened |= {route.endpoint} if page.status_code == 200 else set()
            said = SECRETS.sub("", text(page)).replace(",", ".")
            assert [word for word in words if word in said] == [], route
    assert {"meters.show", "meters.list_all", "meters.export", "invoices.list_all", "documents.list_all", "properties.home"} <= opened


def test_everybodys_own_words_stand_on_her_own_pages(app: Flask, whose: dict[str, Ids]):
    """So that the words looked for above are such as pages say."""
    for who, words in OWN_WORDS.items():
        browser = Browser(app)
        browser.log_in(who)
        paths = [route.path for route in routes(app, {name: [] for name in FETCH} | whose[who]) if route.verb == "GET"]
        said = "".join(text(browser.client.get(path)) for path in paths if not path.endswith((".pdf", ".svg")))
        assert [word for word in words if word not in said.replace(",", ".")] == [], who


def test_the_walk_knows_ids_of_every_kind(app: Flask, whose: dict[str, Ids]):
    assert {*whose["nobody"]} == {*FETCH} and all({*whose[name]} >= {*FETCH} - {"uid"} for name in RESIDENTS)
    assert [name for name in RESIDENTS if "uid" in whose[name]] == ["anna", "viktors"], "who has lent something"
    assert fetch(app, sa.select(sa.func.count()).select_from(Meter).where(Meter.serial.like("SHARED%")))[0][0] == 1
    assert len(fetch(app, sa.select(Customer.id))) == 4
