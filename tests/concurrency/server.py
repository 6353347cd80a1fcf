"""A real server process that tests may start, ask from many threads, and kill; and its visitors."""

import contextlib
import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from tests.browser import Page
from tests.cast import PASSWORD, TODAY
from tests.concurrency import forks
from tests.concurrency.forks import SECONDS
from tests.postgres import free_port

Result = TypeVar("Result")


class Server:
    """Granian, as the demo runs it, on one database. It is started in a group of its own and ends with it."""

    def __init__(self, url: str, folder: Path, workers: int = 1, factory: str = "app:server") -> None:
        self.port, self.workers, self.factory, self.log = free_port(), workers, factory, folder / "server.log"
        self.environment = environment(url, folder, BASE_URL=f"http://127.0.0.1:{self.port}")
        self.process: BaseProcess | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        # A worker that is told to stop while it starts forgets it: the last option ends it all the same.
        options = f"--interface wsgi --factory --host 127.0.0.1 --port {self.port} --workers {self.workers} --blocking-threads 2 --no-ws --workers-kill-timeout 2"
        self.process = forks.start("granian", [*options.split(), self.factory], self.environment, self.log)
        deadline = time.monotonic() + SECONDS
        while not self._is_ready():
            assert self.process.is_alive() and time.monotonic() < deadline, self.log.read_text()[-4000:]

    def _is_ready(self) -> bool:
        try:
            return Visitor(self.port).ask("GET", "/health/ready")[0] == 200
        except OSError:
            threading.Event().wait(0.02)  # refused at once: leave the processor to the one that starts
            return False

    def stop(self) -> None:
        """Politely, then make sure that nothing is left."""
        if self.process:
            self.process.terminate()
            self.process.join(SECONDS)
            self.kill()

    def kill(self) -> None:
        """As a power cut does: no goodbye, to all of its processes."""
        assert self.process
        process, self.process = self.process, None
        forks.kill(process)


def environment(url: str, folder: Path, **more: object) -> dict[str, str]:
    """The settings of the tests, as a program is told them; every file it makes lies in the folder."""
    mine = {
        "SITE": "ogre", "SECRET_KEY": "s" * 40, "IDENTIFIER_KEY": "i" * 40, "DATABASE_URL": url, "FILES_DIR": folder / "files",
        "DEMO": "true", "TODAY": TODAY, "ARGON2_MEMORY_KIB": 8, "ARGON2_TIME": 1, **more,
    }  # fmt: skip
    others = {name: value for name, value in os.environ.items() if not name.startswith("EKABINETS_")}
    others["TMPDIR"] = str(folder)
    return others | {f"EKABINETS_{key}": str(value) for key, value in mine.items()}


class Visitor:
    """A browser of one person that many threads may use at once: what it is told to keep is kept at login only."""

    def __init__(self, port: int, username: str = "") -> None:
        self.port, self.cookies, self.more = port, {"lang": "en"}, dict[str, str]()
        if username:
            form = Page(self.ask("GET", "/login")[1]).form("/login").fields
            status, _ = self.ask("POST", "/login", form | {"username": username, "password": PASSWORD})
            assert status == 303

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, htmx: bool = False) -> tuple[int, str]:
        """One request on a connection of its own: status and body."""
        connection = self.connect()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= self.more | ({"HX-Request": "true"} if htmx else {})
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
        try:
            connection.request(method, path, None if fields is None else urlencode(fields), headers)
            answer = connection.getresponse()
            body = answer.read().decode("latin-1" if path.endswith(".pdf") else "utf-8")
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        if path == "/login":
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
        return answer.status, body

    def open(self, mid: str) -> dict[str, str]:
        """The fields of the form of a meter."""
        return self.fields(mid, self.ask("GET", f"/meters/{mid}/reading", htmx=True)[1])

    def fields(self, mid: str, body: str) -> dict[str, str]:
        """The fields of a form that was answered."""
        return Page(body).form(f"/meters/{mid}/reading").fields

    def send(self, mid: str, fields: dict[str, str], value: str | None = None) -> tuple[int, str]:
        """Send a form with this value, else as it stands."""
        more = {} if value is None else {f"r-{mid}-1": value}
        return self.ask("POST", f"/meters/{mid}/reading", fields | more, htmx=True)


def at_once(acts: list[Callable[[], Result]]) -> list[Result]:
    """The results of acts that all begin at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(acts))

    def begin(act: Callable[[], Result]) -> Result:
        gate.wait(SECONDS)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(begin, acts))


@contextlib.contextmanager
def running(url: str, folder: Path, workers: int = 1) -> Iterator[Server]:
    """A server for the length of a test."""
    server = Server(url, folder, workers)
    try:
        server.start()
        yield server
    finally:
        server.stop()
