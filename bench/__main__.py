"""`make bench`: what the main job costs, as ratios inside one run; results go to bench/results/.

Candidates take turns (A B C A B C …), figures are medians of rounds with minimum and maximum, CPU of this process as
the operating system counts it. Absolute figures differ between machines; ratios hold.
"""

import argparse
import gzip
import json
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import EnvironBuilder

from app import create_app
from auth import csrf
from bench.data import Person, prepare, settings
from bench.twin import make_twin
from models.database import Database
from tests.postgres import fresh_database, postgres_server

ROUNDS = 7
GOALS = {"home ÷ twin": 1.5, "home ÷ bare": 14, "submit ÷ bare": 14, "home statements": 6, "submit statements": 8}


def main() -> None:
    """Measure on both databases and print a table; `--customers` sets the size."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=100, help="of one candidate in a round")
    asked = parser.parse_args()
    figures: dict[str, dict[str, Any]] = {"process": _start()}
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server, fresh_database(server, "bench") as url:
        for name, address in (("sqlite", f"sqlite:///{folder}/bench.sqlite3"), ("postgres", url)):
            started = time.perf_counter()
            people = prepare(address, Path(folder), asked.customers)
            print(f"{name}: {asked.customers} customers in {time.perf_counter() - started:.0f} s", file=sys.stderr)
            figures[name] = _measure(address, Path(folder), people, asked.requests)
    _report(figures, asked.customers)


def _measure(url: str, folder: Path, people: list[Person], requests: int) -> dict[str, Any]:
    config = settings(url, folder)
    app, twin, bare = create_app(config), make_twin(config), Flask("bare")
    bare.add_url_rule("/", "hello", lambda: "hello")
    turn = cycle(people)
    key = config.secret_key

    def get(target: Flask, path: str) -> Callable[[], bytes]:
        def one() -> bytes:
            person = next(turn)
            return _ask(target, path.format(pid=person.place), person)

        return one

    candidates: dict[str, Callable[[], bytes]] = {
        "home": get(app, "/properties/{pid}"),
        "twin": get(twin, "/properties/{pid}"),
        "bare": get(bare, "/"),
        "submit": _submit(app, Database(url), cycle(people), key),
    }
    same = people[0]
    if _body(_ask(app, f"/properties/{same.place}", same)) != _body(_ask(twin, f"/properties/{same.place}", same)):
        raise RuntimeError("the twin's bytes differ")
    cpu = _rounds(candidates, requests)
    medians = {name: statistics.median(values) for name, values in cpu.items()}
    with _counted(app) as home_statements:
        candidates["home"]()
    with _counted(app) as submit_statements:
        candidates["submit"]()
    return {
        "home ÷ twin": medians["home"] / medians["twin"],
        "home ÷ bare": medians["home"] / medians["bare"],
        "submit ÷ bare": medians["submit"] / medians["bare"],
        "home statements": len(home_statements),
        "submit statements": len(submit_statements),
        "home bytes, gzip": len(_ask(app, f"/properties/{same.place}", same)),
        "first visit bytes, gzip": len(gzip.compress(_body(_ask(app, "/login", None)), 6)),
        "microseconds": {name: [min(v), statistics.median(v), max(v)] for name, v in cpu.items()},
    }


def _rounds(candidates: dict[str, Callable[[], bytes]], requests: int) -> dict[str, list[float]]:
    for call in candidates.values():
        for _ in range(20):
            call()
    cpu: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, call in candidates.items():
            before = time.process_time()
            for _ in range(requests):
                call()
            cpu[name].append((time.process_time() - before) / requests * 1e6)
    return cpu


def _ask(app: Flask, path: str, person: Person | None, data: dict[str, str] | None = None) -> bytes:
    """One request straight into the application; the cookies of somebody who has been here before."""
    headers = {"Host": "localhost", "Accept-Encoding": "gzip"}
    if person:
        headers["Cookie"] = f"session={person.token}; csrf=bench; lang=lv"
    if data is not None:
        headers |= {"HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
    builder = EnvironBuilder(path, headers=headers, method="GET" if data is None else "POST",
                             data=None if data is None else urlencode(data).encode())  # fmt: skip
    status: list[str] = []
    answer = app(builder.get_environ(), lambda line, _headers, _error=None: status.append(line) or (lambda _body: None))
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    if not status[0].startswith("200"):
        raise RuntimeError(f"{path}: {status[0]}")
    return body


def _body(answer: bytes) -> bytes:
    """The page without what differs by design: the csrf token is masked anew each time."""
    text = gzip.decompress(answer) if answer[:2] == b"\x1f\x8b" else answer
    return b"".join(part if i % 2 == 0 else b"" for i, part in enumerate(_TOKEN.split(text)))


_TOKEN = re.compile(rb'((?:csrf_token" value|data-csrf)="[^"]*")')


def _submit(app: Flask, database: Database, people: Iterator[Person], key: str) -> Callable[[], bytes]:
    """Correct a reading again and again, each time by a new form, for a meter of each person."""
    query = sa.text(
        "SELECT m.public_id, (SELECT max(r.value) FROM reading r JOIN register g ON g.id = r.register_id "
        "WHERE g.meter_id = m.id) FROM meter m JOIN premises p ON p.id = m.premises_id "
        "WHERE p.public_id = :place AND m.kind = 'cold_water' AND m.removed_on IS NULL ORDER BY m.id LIMIT 1"
    )
    meters: dict[int, tuple[str, int]] = {}
    latest = sa.text(
        "SELECT r.id FROM reading r JOIN register g ON g.id = r.register_id JOIN meter m ON m.id = g.meter_id "
        "WHERE m.public_id = :mid AND r.superseded_at IS NULL ORDER BY r.read_on DESC, r.id DESC LIMIT 1"
    )
    count = cycle(range(1, 4000))

    def one() -> bytes:
        person, number = next(people), next(count)
        with database.read() as connection:
            if person.user_id not in meters:
                meters[person.user_id] = tuple(connection.execute(query, {"place": person.place}).one())
            mid, value = meters[person.user_id]
            seen = connection.execute(latest, {"mid": mid}).scalar()
        data = {
            "csrf_token": csrf.token(key, "bench"), "once": f"bench{person.user_id:08d}{number:08d}{time.time_ns()}",
            f"r-{mid}-1": f"{(value + 1000 + number) / 1000:.3f}", f"seen-{mid}-1": str(seen or ""),
        }  # fmt: skip
        return _ask(app, f"/meters/{mid}/reading", person, data)

    return one


@contextmanager
def _counted(app: Flask) -> Iterator[list[str]]:
    sent: list[str] = []
    engine = app.extensions["ekabinets"].database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


def _start() -> dict[str, Any]:
    """CPU and memory of a process that has just built the application."""
    program = (
        "import resource, os; from app import create_app; create_app(); use = resource.getrusage(resource.RUSAGE_SELF);"
        "print(use.ru_utime + use.ru_stime, use.ru_maxrss / 1024)"
    )
    config = settings("sqlite:////tmp/none.sqlite3", Path("/tmp"))  # noqa: S108  # nothing is opened there
    environment = {
        "EKABINETS_SITE": config.site, "EKABINETS_SECRET_KEY": config.secret_key,
        "EKABINETS_IDENTIFIER_KEY": config.identifier_key, "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    cpu, memory = done.stdout.split()
    return {"start, CPU seconds": float(cpu), "memory, MB": float(memory)}


def _report(figures: dict[str, dict[str, Any]], customers: int) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()  # noqa: S607
    about = {
        "commit": commit, "customers": customers, "python": platform.python_version(), "machine": platform.machine(),
        "command": "make bench", "memory of the run, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    rows = ["| figure | goal | SQLite | PostgreSQL |", "|---|---|---|---|"]
    for name in figures["sqlite"]:
        if name != "microseconds":
            pair = [f"{figures[kind][name]:.2f}".removesuffix(".00") for kind in ("sqlite", "postgres")]
            rows.append(f"| {name} | {f'≤ {GOALS[name]}' if name in GOALS else ''} | {' | '.join(pair)} |")
    rows += [f"| {name} | | {value:.1f} | |" for name, value in figures["process"].items()]
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    stem = folder / f"{customers}-customers"
    stem.with_suffix(".json").write_text(json.dumps(about | figures, indent=1, ensure_ascii=False) + "\n")
    stem.with_suffix(".md").write_text("\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
