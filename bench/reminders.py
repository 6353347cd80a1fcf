"""Reminders to many, beside a plain INSERT … SELECT of the same rows, and the memory that they take."""

import tracemalloc
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bench.letters import PLAIN, fill, turns
from models import migrations, reminders
from models.database import Database
from models.outbox import Mail
from models.reminders import Due, Reminder
from models.site import load_site
from models.types import utc_now

_SITE = load_site("ogre")
_NOTED = """
INSERT INTO reminder (user_id, kind, about, written_at) SELECT id, :kind, :about, created_at FROM user_account
"""


def measure(url: str, people: int) -> dict[str, Any]:
    """The ratio by the clock, and the most memory of Python's while ours ran, on an empty database."""
    database = Database(url)
    migrations.upgrade(database)
    fill(database, people)
    due = _due(database)
    candidates = {"ours": lambda: _ours(database, due), "plain": lambda: _plain(database, due)}
    taken = turns(candidates, lambda: _empty(database))
    _empty(database)
    tracemalloc.start()
    _ours(database, due)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    written = _count(database)
    database.dispose()
    if written != [people, people]:
        raise RuntimeError(f"{written} rows instead of {people}")
    name = f"reminders to {people:,}"
    return {f"{name} ÷ plain INSERT … SELECT": taken["ours"] / taken["plain"], f"{name}, ms": taken["ours"] * 1000,
            f"{name}, peak MB of Python": peak}  # fmt: skip


def _due(database: Database) -> Due:
    """That of a day on which a window is open."""
    day = utc_now().date()
    with database.read() as connection:
        while not (found := reminders.due(connection, _SITE, (), day)):
            day += timedelta(days=1)
    return found[0]


def _ours(database: Database, due: Due) -> None:
    reminders.write(database, _SITE, due, due.about, utc_now(), utc_now())


def _plain(database: Database, due: Due) -> None:
    with database.write() as session:
        session.execute(sa.text(PLAIN.replace(":", r"\:")))
        day = f"{due.about}" if database.is_sqlite else due.about
        session.execute(sa.text(_NOTED), {"kind": due.kind, "about": day})


def _empty(database: Database) -> None:
    with database.write() as session:
        for table in (Mail, Reminder):
            session.execute(sa.delete(table))


def _count(database: Database) -> list[int]:
    with database.read() as connection:
        tables = (Mail, Reminder)
        return [connection.execute(sa.select(sa.func.count()).select_from(one)).scalar_one() for one in tables]
