"""Asking an application in this process, and candidates that take turns: A B C A B C ….

A request is made ready before the clock starts, so that only the application's own work is measured: CPU of this
process as the operating system counts it.
"""

import gzip
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import EnvironBuilder

ROUNDS = 7
Call = Callable[[], bytes]
Ready = Callable[[], Call]  # makes the next request ready


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in: her session's secret, her property, its cold water meter."""

    user_id: int
    token: str
    place: str
    meter: str


def request(app: Flask, path: str, person: Person | None = None, form: Mapping[str, str] | None = None) -> Call:
    """A request straight into the application, with the cookies of somebody who has been here before."""
    headers = {"Host": "localhost", "Accept-Encoding": "gzip"}
    if person:
        headers["Cookie"] = f"session={person.token}; csrf=bench; lang=lv"
    if form is not None:
        headers |= {"HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
    method, data = ("GET", None) if form is None else ("POST", urlencode(form).encode())
    environ = EnvironBuilder(path, headers=[*headers.items()], method=method, data=data).get_environ()

    def call() -> bytes:
        status: list[str] = []

        def start(line: str, _headers: Any, _error: Any = None) -> Callable[[bytes], None]:
            status.append(line)
            return lambda _body: None

        answer: Any = app(environ, start)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if status[0][0] not in "23":
            raise RuntimeError(f"{path}: {status[0]}")
        return body

    return call


_TOKEN = re.compile(rb'(?<=csrf_token" value=")[^"]*|(?<=data-csrf=")[^"]*')


def plain(body: bytes) -> bytes:
    """The page itself, without the csrf token, which is masked anew each time."""
    return _TOKEN.sub(b"", gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def rounds(
    candidates: Mapping[str, Ready], requests: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """CPU microseconds per request of each candidate, one figure a round."""
    for ready in candidates.values():
        for _ in range(20):
            ready()()
    cpu: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, ready in candidates.items():
            calls = [ready() for _ in range(requests)]
            before = clock()
            for call in calls:
                call()
            cpu[name].append((clock() - before) / requests * 1e6)
    return cpu


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent meanwhile; BEGIN and COMMIT are none."""
    sent: list[str] = []
    engine = app.extensions["ekabinets"].database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)
