"""`make bench`: what the main job costs, as ratios inside one run; results go to bench/results/.

Candidates take turns (A B C A B C …), figures are medians of rounds with minimum and maximum. Absolute figures differ
between machines; ratios hold. Of a crowd of more than 1,000 customers the home page also stands beside that of 1,000.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import acts, api, crowd, inbox, letters, process, reminders
from bench.ask import rounds
from bench.data import IMPORTED, prepare, settings
from bench.loading import bare_rate
from bench.pages import Candidates
from bench.polls import polls
from bench.report import ratios, report
from bench.steward import stewards
from models.database import Database
from tests.postgres import fresh_database, postgres_server

SMALL = 1000


def main() -> None:
    """Measure on both databases and print a table; `--customers` sets the size."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=SMALL, help="1,000, 10,000 or a multiple of it")
    parser.add_argument("--requests", type=int, default=100, help="of one candidate in a round")
    parser.add_argument("--data", type=Path, help="a folder to keep SQLite's databases in, or to find them")
    parser.add_argument("--part", choices=["", "api", "inbox", "reminders"], default="", help="this, and nothing else")
    parser.add_argument("--conversations", type=int, default=1_000_000, help="a multiple of 1,000")
    asked = parser.parse_args()
    figures: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        folder = asked.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server())
        for kind in ("sqlite", "postgres"):
            place = _Place(kind, folder, server)
            started = time.perf_counter()
            if asked.part in ("api", "reminders"):
                with place.database(asked.part) as url:
                    figures[kind] = {"microseconds": {}} | (
                        reminders.measure(url, asked.customers) if asked.part == "reminders"
                        else api.measure(url, folder, asked.customers)
                    )  # fmt: skip
            elif asked.part:
                figures[kind] = _inbox(place, asked.conversations, asked.requests)
            else:
                figures[kind] = _measure(place, asked.customers, asked.requests)
            print(f"{kind}: measured in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if asked.part in ("api", "reminders"):
        report(figures, asked.customers, asked.part, f"PART={asked.part} CUSTOMERS={asked.customers}")
    elif asked.part:
        report(figures, asked.conversations, "conversations", f"PART=inbox CONVERSATIONS={asked.conversations}")
    else:
        report(figures, asked.customers, "customers", f"CUSTOMERS={asked.customers}")


class _Place:
    """Where the databases of one kind are."""

    def __init__(self, kind: str, folder: Path, server: str) -> None:
        self.kind, self.folder, self.server = kind, folder, server

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The address of a database; those of the bench stay and need not be empty."""
        if self.kind == "sqlite":
            with tempfile.TemporaryDirectory() as passing:
                yield f"sqlite:///{self.folder if name.startswith('bench') else passing}/{name}.sqlite3"
            return
        try:
            with fresh_database(self.server, name, keep=name.startswith("bench")) as url:
                yield url
        except sa.exc.ProgrammingError:  # it is there already, on a server that was given
            yield sa.make_url(self.server).set(database=name).render_as_string(hide_password=False)


def _inbox(place: _Place, conversations: int, requests: int) -> dict[str, Any]:
    with ExitStack() as stack:
        sizes = (conversations, crowd.BASE)
        urls = [stack.enter_context(place.database(f"bench_inbox_{size}")) for size in sizes]
        for url, size in zip(urls, sizes, strict=True):
            crowd.prepare(url, size)
        return inbox.measure(*urls, place.folder, requests)


def _measure(place: _Place, customers: int, requests: int) -> dict[str, Any]:
    with ExitStack() as stack:
        url = stack.enter_context(place.database(f"bench_{customers}"))
        people, loaded = prepare(url, place.folder, customers)
        imported: dict[str, float] = {}
        if loaded and customers <= IMPORTED:
            source, target = Database(url), Database(stack.enter_context(place.database("bare")))
            imported["import, rows/s"] = loaded.rate(by_cpu=False)
            imported["import ÷ executemany"] = loaded.rate(by_cpu=source.is_sqlite) / bare_rate(source, target)
        if loaded:
            imported["import, peak MB"] = loaded.peak_mb
        config = settings(url, place.folder)
        main_job = Candidates(config, people)
        many = Candidates(config, stewards(url))
        candidates = main_job.all() | {"home of who has 700": many.home}
        candidates |= polls(main_job.app, config)
        if customers > SMALL:
            small_url = stack.enter_context(place.database(f"bench_{SMALL}"))
            small_people, _ = prepare(small_url, place.folder, SMALL)
            small = Candidates(settings(small_url, place.folder), small_people)
            candidates |= {"home, 1,000": small.home, "submit, 1,000": small.submit}
        main_job.compare()
        cpu = rounds(candidates, requests)
        figures = ratios(cpu) | main_job.statements() | main_job.sizes()
        most = max(many.sent(many.home) for _ in range(2))
        figures["home of who has 700, statements more"] = most - figures["home, statements"]
        figures |= acts.measure(main_job.app, config, people) | process.measure(config, people, 1000)
        figures |= letters.measure(stack.enter_context(place.database("letters")), place.folder)
        return figures | imported | {"microseconds": cpu}


if __name__ == "__main__":
    main()
