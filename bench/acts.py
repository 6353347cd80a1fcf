"""What is too slow to take turns by the hundred: a login with its hash, and invoices as PDF, made and kept."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask import Flask

from auth import csrf
from bench.ask import Person, request
from bench.data import PASSWORD
from models.database import Database
from models.files import RenderedFile
from models.settings import Settings

TIMES = 7
_INVOICE = sa.text(
    "SELECT i.public_id FROM invoice i JOIN premises p ON p.id = i.premises_id "
    "WHERE p.public_id = :place ORDER BY i.issued_on DESC LIMIT 1"
)


def measure(app: Flask, settings: Settings, people: Sequence[Person]) -> dict[str, float]:
    """Median milliseconds of CPU, children included."""
    database = Database(settings.database_url)
    with database.read() as connection:
        users = {row.id: row.username for row in connection.execute(sa.text("SELECT id, username FROM user_account"))}
        invoices = {one.place: connection.execute(_INVOICE, {"place": one.place}).scalar() for one in people[:TIMES]}
    with database.write() as session:
        session.execute(sa.delete(RenderedFile))  # of an earlier run on the same database
    form = {"csrf_token": csrf.token(settings.secret_key, "bench"), "password": PASSWORD}

    def login(person: Person) -> Callable[[], Any]:
        return request(app, "/login", Person(0, "", "", ""), form | {"username": users[person.user_id]})

    def pdf(person: Person) -> Callable[[], Any]:
        return request(app, f"/invoices/{invoices[person.place]}.pdf", person)

    return {
        "login, ms": _median(login, people),
        "invoice PDF made, ms": _median(pdf, people),
        "invoice PDF kept, ms": _median(pdf, people),
    }


def _median(ready: Callable[[Person], Callable[[], Any]], people: Sequence[Person]) -> float:
    taken = []
    for person in islice(people, TIMES):
        call = ready(person)
        before = _cpu()
        call()
        taken.append(_cpu() - before)
    return statistics.median(taken) * 1000


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
