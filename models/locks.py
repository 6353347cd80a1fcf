"""Locks that processes share and that end with their holder, however it ends: one import, one rendering."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from models.database import Database

_ASK_AGAIN = 0.05  # seconds; a file lock can be waited for only without a limit, so it is asked for again


class Taken(Exception):
    """Somebody else holds the lock."""


@contextmanager
def only_one(database: Database, name: str, seconds: float = 0) -> Iterator[None]:
    """Hold the lock `name` among all threads and processes on this database.

    Raises `Taken` where another still holds it after so many seconds.
    """
    with _beside(database, name, seconds) if database.is_sqlite else _advisory(database, name, seconds):
        yield


@contextmanager
def _beside(database: Database, name: str, seconds: float) -> Iterator[None]:
    """A locked file beside the database file. Names are few: the files stay."""
    if not database.url.database:  # in memory: nobody else can see it
        yield
        return
    with Path(f"{database.url.database}.{name}-lock").open("w") as file:
        for _ in _tries(seconds):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            break
        yield


@contextmanager
def _advisory(database: Database, name: str, seconds: float) -> Iterator[None]:
    """An advisory lock, which belongs to a connection."""
    key = int.from_bytes(sha256(f"ekabinets {name}".encode()).digest()[:8], signed=True)
    with database.read() as connection:
        for _ in _tries(seconds):
            if connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar():
                break
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))


def _tries(seconds: float) -> Iterator[None]:
    """One try, and more until the time is over. Raises `Taken` when the last one failed as well."""
    deadline = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() >= deadline:
            raise Taken
        time.sleep(_ASK_AGAIN)
