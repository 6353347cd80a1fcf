"""What the inbox and the searches of staff cost, beside the same pages of a thousand conversations.

CPU of this process and, of PostgreSQL, of the server's processes that work for it.
"""

import os
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask

from app import create_app
from bench.ask import Call, Person, Ready, counted, request, rounds
from bench.crowd import AGENT, BASE, RARE
from bench.data import settings
from models import sessions
from models.database import Database
from models.people import User
from models.types import utc_now
from views.limits import limiter

_TICKS = os.sysconf("SC_CLK_TCK")  # of a second
_TALKS, _CUSTOMERS = "/staff/search?q=", "/staff/customers?q="
PAGES = {
    "inbox": "/staff/inbox", "inbox, all": "/staff/inbox?view=all",
    "search, word of half of all": _TALKS + quote("ūdens"), "search, two words": _TALKS + quote("ūdens berzina"),
    "search, name of a tenth": _TALKS + quote("Bērziņa"), "search, beginning of a name": _TALKS + quote("kaln"),
    "search, rare name": _TALKS + quote(RARE), "search, nothing": _TALKS + quote("zilonis"),
    "search, number": _TALKS + "77",
    "customers, rare name": _CUSTOMERS + quote(RARE), "customers, beginning of a name": _CUSTOMERS + quote("kaln"),
    "customers, code": _CUSTOMERS + "20077", "customers, street": _CUSTOMERS + quote(f"{RARE} iela"),
}  # fmt: skip


class Desk:
    """Who works at one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.app: Flask = create_app(settings(url, folder))
        self.database = Database(url)
        with self.database.write() as session:
            number = session.scalars(sa.select(User.id).where(User.username == AGENT)).one() or 0
            token = sessions.begin(session, number, sessions.Login("password", lifetime=timedelta(days=1)), utc_now())
        self.person = Person(number, token, "", "")

    def asked(self, path: str) -> Ready:
        """Requests for one page."""
        return lambda: self._ask(path)

    def _ask(self, path: str) -> Call:
        return request(self.app, path, self.person)

    def statements(self, path: str) -> int:
        """How many the page sends."""
        call = self._ask(path)
        with counted(self.app) as sent:
            call()
        return len(sent)

    def served_by(self) -> list[int]:
        """The processes of a server that work for its application."""
        if self.database.is_sqlite:
            return []
        with self.database.read() as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            return [*connection.execute(sa.text(query)).scalars()]


def measure(big: str, small: str, folder: Path, requests: int) -> dict[str, Any]:
    """Each page at both sizes, in turns; ratios by medians, and how many statements a page sends."""
    limiter.enabled = False
    desks = {"": Desk(big, folder), f", {BASE}": Desk(small, folder)}
    for desk in desks.values():
        desk.asked(PAGES["inbox"])()()  # connects
    candidates = {name + size: desk.asked(path) for name, path in PAGES.items() for size, desk in desks.items()}
    processes = [pid for desk in desks.values() for pid in desk.served_by()]
    cpu = rounds(candidates, requests, partial(_cpu, processes))
    figures: dict[str, Any] = {}
    for name in PAGES:
        medians = [sorted(cpu[name + size])[len(cpu[name]) // 2] for size in desks]
        figures[f"{name} ÷ at 1,000"] = medians[0] / medians[1]
    figures |= {f"{name}, statements": desks[""].statements(path) for name, path in PAGES.items()}
    return figures | {"microseconds": cpu}


def _cpu(processes: Sequence[int]) -> float:
    """Seconds of this process and of those."""
    return time.process_time() + sum(map(_of_process, processes))


def _of_process(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
