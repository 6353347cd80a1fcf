"""Requests that no browser would send: every route by every verb, with strange ids, headers, fields and bodies."""

import gzip
import io
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, unquote_to_bytes

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from tests.browser import Form, Page
from tests.cast import PASSWORD, Cast
from tests.staff import SECOND, STAFF, app_code
from tests.strange import (
    BAD_BODIES,
    HEADERS,
    LENGTHS,
    OFTEN,
    PAIRS,
    PEOPLE,
    QUERIES,
    STRANGE,
    TOO_BIG,
    VERBS_AND_OTHERS,
)
from tests.walk import ids_of, paths


@dataclass
class Person:
    """Somebody's browser: her cookies, and the forms that she was shown."""

    name: str  # "" is nobody
    cookies: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    @property
    def cookie(self) -> str:
        """As it is sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def look(self, answer: "Answered") -> None:
        """She sees the forms of a page; of those with the same address the newest counts."""
        new = [form for form in Page("".join(re.findall("<form .*?</form>", answer.text, re.S))).forms if form.method == "post"]
        self.forms = [form for form in self.forms if form.action not in {one.action for one in new}] + new

    def keep(self, headers: Headers) -> None:
        """Do with cookies what a browser does."""
        for cookie in headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies |= {name: value}
            if not value:
                del self.cookies[name]  # told to forget it


@dataclass(frozen=True)
class Asked:
    """One request. `honest`: with the cookies of its person, unchanged. `cut`: its body is not as long as it says."""

    person: str
    verb: str
    rule: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    texts: tuple[str, ...]  # of the fields for readings
    honest: bool
    cut: bool = False

    def environ(self) -> dict[str, object]:
        """As a server hands it to the application."""
        sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if f"HTTP_{name}" in sent:
                sent[name] = sent.pop(f"HTTP_{name}")
        return {
            "REQUEST_METHOD": self.verb, "PATH_INFO": unquote_to_bytes(self.path).decode("latin-1"), "SCRIPT_NAME": "",
            "QUERY_STRING": self.query, "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(self.body), "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, **sent,
        }  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """A page as it is read; of anything else nothing."""
        if self.headers.get("Content-Type", "").partition(";")[0] != "text/html":
            return ""
        return (gzip.decompress(self.body) if self.body and "Content-Encoding" in self.headers else self.body).decode()


class Storm:
    """Blows from one seed: `requests` makes them, `ask` sends one."""

    def __init__(self, app: Flask, cast: Cast, seed: int, starts: dict[str, int]) -> None:
        """`starts`: the value of each meter in thousandths, from which most of the readings go on."""
        self.app, self.cast, self.chance, self.starts = app, cast, random.Random(seed), starts
        self.people = {name: Person(name) for name in PEOPLE}
        self.ids = {
            name: [*ids_of("anna", cast)[name] * 4, *ids_of("viktors", cast)[name] * 2, *ids_of("nobody", cast)[name]]
            for name in ids_of("anna", cast)
        }
        self.ids["mid"] += [cast.cold, cast.hot, cast.two_dials, cast.stranger_meter] * 4
        self.ids |= {"name": [*app.extensions["assets"].by_name, "%00", "..%2fapp.py"], "key": ["terms", "cookies", "terms%00"], "rid": ["1", "2", "%00", "²"], "crid": ["1", "2", "%00", "²"], "meid": ["-", "%00", "²"], "table": ["customers", "archive", "%00"], "custid": ["1", "2", "0", "²"], "poid": ["1", "2", "%00", "²"], "hoid": ["1", "2", "%00", "²"], "snid": ["1", "2", "0", "%00", "²"], "artid": ["1", "2", "0", "%00", "²"], "suid": ["1", "5", "²"], "imid": ["1", "%00"], "emid": ["1", "0", "%00", "²"], "moid": ["b1", "o1", "b0", "x", "b²", "o%00"], "thid": ["9001", "9002", "0", "²"], "afid": [cast.thread_file, cast.stranger_thread_file, "-"], "sphid": [cast.photo, cast.stranger_photo, "-"], "token": ["x", "A" * 43, "%00"], "signature": ["x", "A" * 60, "%00"], "family": ["bank", "eparaksts"], "slug": ["how-to-read", "nothing", "%00", "%ED%A0%80", "a" * 300]}

    def requests(self, count: int) -> Iterator[Asked]:
        """Every rule by every verb, then again in another order, forms more often than the rest."""
        rules = [(rule.rule, rule.methods or set()) for rule in self.app.url_map.iter_rules()] + [("/nowhere", set())]
        all_ways = [(rule, verb) for rule, methods in rules for verb in VERBS_AND_OTHERS for _ in range(1 + 3 * (verb in methods) + (verb == "POST") * OFTEN.get(rule, 2))]
        while count > 0:
            self.chance.shuffle(all_ways)
            for rule, verb in all_ways[:count]:
                yield self._request(rule, verb)
            count -= len(all_ways)

    def ask(self, asked: Asked) -> Answered:
        """Send it, and let its person keep what she is given."""
        body, status, headers = run_wsgi_app(self.app, asked.environ(), buffered=True)
        answer = Answered(int(status[:3]), headers, b"".join(body))
        if asked.honest:
            self.people[asked.person].keep(headers)
        return answer

    def visit(self, name: str, path: str, pairs: Iterable[tuple[str, str]] = ()) -> Answered:
        """Open an address as a browser does, or send these fields to it; and see its forms."""
        person, body = self.people[name], self._urlencoded([*pairs])
        headers = {"Cookie": person.cookie, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        answer = self.ask(Asked(name, "POST" if body else "GET", path, path, "", headers, body, (), True))
        person.look(answer)
        return answer

    def log_in(self, name: str) -> int:
        """By the real door, and open the pages with forms; the status of the login."""
        person = self.people[name]
        person.cookies, person.forms, status = {"lang": self.chance.choice(["lv", "en", "ru"])}, [], 303
        self.visit(name, "/login")
        if name:
            fields = person.forms[0].fields | {"username": name, "password": PASSWORD}
            status = self.visit(name, "/login", fields.items()).status
        if name in STAFF:
            status = self.visit(name, SECOND, (fields | {"code": app_code(self.app, name)}).items()).status
        for path in ("/login", "/profile/sessions", *self._forms_of(name)):
            self.visit(name, path)
        return status

    def _forms_of(self, name: str) -> list[str]:
        flat, meters = {"anna": (self.cast.flat, [self.cast.cold, self.cast.hot, self.cast.two_dials]), "viktors": (self.cast.neighbour, [self.cast.stranger_meter])}.get(name, ("", []))
        return [f"/properties/{flat}/readings", *(f"/meters/{mid}/reading" for mid in meters)] if flat else []

    def _is(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _strange(self) -> str:
        return self.chance.choice(STRANGE)

    def _request(self, rule: str, verb: str) -> Asked:
        person = self.people[self.chance.choice([*PEOPLE, "anna", "anna"])]
        path = self.chance.choice(paths(rule, {name: [self.chance.choice(values)] for name, values in self.ids.items()}))
        query = self.chance.choice(QUERIES) if self._is(0.3) else ""
        asked = Asked(person.name, verb, rule, path, query, {}, b"", (), True)
        if verb == "POST" or self._is(0.1):
            asked = self._with_body(asked, person)
        headers = {"Cookie": person.cookie} | asked.headers
        headers |= {name: self.chance.choice(values) for name, values in HEADERS.items() if self._is(0.15 if name.startswith("HX-R") else 0.02)}
        if self._is(0.03):
            asked = replace(asked, path=asked.path + self.chance.choice(["/", "/%00", "%ff", "//x", ";a=b", "%2e%2e/", "?", ".pdf"]))
        return replace(asked, headers=headers, honest=headers["Cookie"] == person.cookie)

    def _with_body(self, asked: Asked, person: Person) -> Asked:
        if self._is(0.08):
            kind, body = TOO_BIG if self._is(0.05) else self.chance.choice(BAD_BODIES)
            return replace(asked, body=body, headers={"Content-Type": kind, "Content-Length": str(len(body))})
        own = [form for form in person.forms if form.action == asked.path] or person.forms
        form = self.chance.choice(own) if own and self._is(0.97) else Form("post", "")
        pairs = list(self._pairs(form))
        kind, body = self._multipart(pairs) if self._is(0.15) else ("application/x-www-form-urlencoded", self._urlencoded(pairs))
        length = self.chance.choice([*LENGTHS, str(len(body) + 1), str(len(body) + 700)]) if self._is(0.03) else str(len(body))
        read = f"r-{asked.path.split('/')[2]}-" if asked.rule.startswith("/meters/") else "r-"  # a meter's own fields
        texts = tuple(value for name, value in dict(reversed(pairs)).items() if name.startswith(read))  # of two the first counts
        return replace(asked, body=body, texts=texts, cut=length != str(len(body)), headers={"Content-Type": kind, "Content-Length": length})

    def _pairs(self, form: Form) -> Iterator[tuple[str, str]]:
        """The fields of a form, some left out, some twice, some with strange values."""
        for name, held in form.fields.items():
            for value in [held] if isinstance(held, str) else held:
                yield from self._field(name, value)
            if self._is(0.02):
                yield name, self._strange()
        yield from ((name, self.chance.choice(values)) for name, values in form.choices.items() if self._is(0.6))
        if self._is(0.05):
            yield self.chance.choice([f"r-{self.cast.stranger_meter}-1", f"r-{self.cast.remote}-1", f"r-{self.cast.old}-1", self._strange()]), self._strange()
        if form.action == "/login" and self._is(0.4):
            yield from zip(("username", "password"), self.chance.choice(PAIRS), strict=True)

    def _field(self, name: str, value: str) -> Iterator[tuple[str, str]]:
        keep = 0.97 if name == "csrf_token" else 0.85 if name.startswith(("once", "seen")) else 0.6
        if name.startswith("r-") and self._is(0.8):
            yield name, self._reading(name)
        elif self._is(keep):
            yield name, value
        elif self._is(0.7):
            yield name, self.chance.choice(["A" * 22, "1", self._strange()]) if name == "once" else self._strange()

    def _reading(self, name: str) -> str:
        """Most of them a little more than before."""
        value = self.starts.get(name.split("-", 1)[1].rpartition("-")[0], 0) + self.chance.randint(-2_000, 9_000)
        text = f"{value // 1000}{self.chance.choice(',.')}{value % 1000:03}"
        return self.chance.choice([text, text, text, f" {text} ", f"{value // 1000}", text.replace(",", " ,"), self._strange()])

    def _urlencoded(self, pairs: list[tuple[str, str]]) -> bytes:
        coded = [tuple(quote_plus(part.encode("utf-8", "surrogatepass")) for part in pair) for pair in pairs]
        return "&".join(f"{name}={value}" for name, value in coded).encode()

    def _multipart(self, pairs: list[tuple[str, str]]) -> tuple[str, bytes]:
        parts = (f'--storm\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs)
        return "multipart/form-data; boundary=storm", ("".join(parts) + "--storm--\r\n").encode("utf-8", "surrogatepass")


def seconds_to_answer() -> float:
    """After how long the browser of a person gives up."""
    from views.assets import HTMX_CONFIG

    return float(json.loads(HTMX_CONFIG)["timeout"]) / 1000
