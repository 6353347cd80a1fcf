"""The candidates of the main job: home page and reading, each beside its twin and beside a bare answer of Flask."""

import gzip
import re
import time
from collections.abc import Sequence
from itertools import cycle

import sqlalchemy as sa
from flask import Flask

from app import create_app
from auth import csrf
from bench.ask import Call, Person, Ready, counted, plain, request
from bench.twin import make_twin
from models.database import Database
from models.settings import Settings

_LATEST = sa.text(
    "SELECT r.id, r.value, r.period FROM reading r JOIN register g ON g.id = r.register_id "
    "JOIN meter m ON m.id = g.meter_id WHERE m.public_id = :mid AND r.superseded_at IS NULL "
    "ORDER BY r.read_on DESC, r.id DESC LIMIT 1"
)
_CLOCK = re.compile(rb"\d\d:\d\d")
_FILES = re.compile(rb'(?:src|href)="(/(?:static/|favicon)[^"]+)"')


class Candidates:
    """What can be asked of one database, by people who take turns."""

    def __init__(self, settings: Settings, people: Sequence[Person]) -> None:
        self.app, self.twin, self.bare = create_app(settings), make_twin(settings), Flask("bare")
        self.bare.add_url_rule("/", "hello", lambda: "hello")
        self.key, self.database = settings.secret_key, Database(settings.database_url)
        self.first, self.turn, self.count = people[0], cycle(people), 0
        self.home, self.submit = self._home(self.app), self._submit(self.app)

    def all(self) -> dict[str, Ready]:
        """By name, in the order of a round."""
        return {
            "home": self.home, "twin of home": self._home(self.twin), "submit": self.submit,
            "twin of submit": self._submit(self.twin), "bare": lambda: request(self.bare, "/"),
        }  # fmt: skip

    def _home(self, app: Flask) -> Ready:
        def ready() -> Call:
            person = next(self.turn)
            return request(app, f"/properties/{person.place}", person)

        return ready

    def _submit(self, app: Flask) -> Ready:
        return lambda: self._sending(app, next(self.turn))

    def _sending(self, app: Flask, person: Person, more: int = 1) -> Call:
        """Send this window's reading by a new form, or correct it by `more` thousandths."""
        with self.database.read() as connection:
            seen, value, _ = connection.execute(_LATEST, {"mid": person.meter}).one()
        self.count += 1
        form = {
            "csrf_token": csrf.token(self.key, "bench"), "once": f"bench{self.count:08d}-{time.time_ns()}",
            f"r-{person.meter}-1": f"{(value + more) / 1000:.3f}", f"seen-{person.meter}-1": str(seen),
        }  # fmt: skip
        return request(app, f"/meters/{person.meter}/reading", person, form)

    def compare(self) -> None:
        """Raise unless a twin says the same to the byte, but for the time of day."""
        home = [plain(request(app, f"/properties/{self.first.place}", self.first)()) for app in (self.app, self.twin)]
        self._sending(self.app, self.first)()  # from here on each is a correction
        steps = ((self.app, 1000), (self.app, 1), (self.twin, -1))  # the last one comes back to the first one's value
        sent = [plain(self._sending(app, self.first, more)()) for app, more in steps]
        for ours, theirs in (home, [_CLOCK.sub(b"", answer) for answer in sent[::2]]):
            if ours != theirs or len(ours) < 500:
                raise RuntimeError("the twin's bytes differ")

    def statements(self) -> dict[str, int]:
        """How many a home page and a correction send."""
        return {"home, statements": self.sent(self.home), "submit, statements": self.sent(self.submit)}

    def sent(self, ready: Ready) -> int:
        """How many statements a request sends."""
        call = ready()
        with counted(self.app) as sent:
            call()
        return len(sent)

    def sizes(self) -> dict[str, int]:
        """Bytes of compressed bodies: the login page for somebody new with all it asks for, then home."""
        login = request(self.app, "/login")()
        names = {name.decode() for name in _FILES.findall(plain(login))}
        files = [request(self.app, name)() for name in sorted(names)]
        packed = [file if file[:2] == b"\x1f\x8b" else gzip.compress(file, 6) for file in files]
        return {
            "first visit, bytes of HTML and CSS": len(login),
            "first visit, bytes": len(login) + sum(map(len, packed)),
            "first visit, requests": 1 + len(files),
            "later visit of home, bytes": len(self.home()()),
        }
