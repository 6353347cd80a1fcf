"""One import at a time, whoever starts it; the lock ends with its process, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from jobs.exchange.source import ExchangeError
from models.database import Database

_KEY = 0x656B6162_696E6574  # any number that nobody else takes for an advisory lock


class ImportBusy(ExchangeError):
    """Another import is running on this database."""

    def __init__(self) -> None:
        super().__init__("Another import is running; wait until it has ended.")


@contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Hold the lock of imports. Raises `ImportBusy` at once where somebody else holds it."""
    with _beside(database) if database.is_sqlite else _advisory(database):
        yield


@contextmanager
def _beside(database: Database) -> Iterator[None]:
    """A locked file beside the database file."""
    if not database.url.database:  # in memory: nobody else can see it
        yield
        return
    with Path(f"{database.url.database}.import-lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportBusy from None
        yield


@contextmanager
def _advisory(database: Database) -> Iterator[None]:
    with database.read() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_KEY))).scalar():
            raise ImportBusy
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_KEY)))
