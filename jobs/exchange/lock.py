"""One import at a time, whoever starts it."""

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.exchange.source import ExchangeError
from models import locks
from models.database import Database


class ImportBusy(ExchangeError):
    """Another import is running on this database."""

    def __init__(self) -> None:
        super().__init__("Another import is running; wait until it has ended.")


@contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Hold the lock of imports. Raises `ImportBusy` at once where somebody else holds it."""
    try:
        with locks.only_one(database, "import"):
            yield
    except locks.Taken:
        raise ImportBusy from None
