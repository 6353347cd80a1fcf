"""The database: engines, units of work, and what each of the two databases needs to be told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlmodel import Session, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from models.types import AnyRow

# Names for every constraint, so that migrations can drop them on both databases. Set before any table is defined.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

SQLITE_PRAGMAS = (
    "journal_mode=wal",
    "synchronous=full",  # NORMAL loses acknowledged commits in a power cut (security.md rule 12)
    "foreign_keys=on",
    "busy_timeout=10000",
    "mmap_size=268435456",
)
_NEAR = 256
_TABLES = (
    "absences", "access_requests", "api_tokens", "articles", "attorneys", "audit", "bank", "canned", "composing",
    "copies", "customers", "documents", "einvoices", "factors", "figures", "files", "handovers", "identities",
    "imports", "invoices", "mandates", "mentions", "meters", "notices", "outbox", "overrides", "payments", "pending",
    "people", "preferences", "premises", "providers", "quarantine", "reading_links", "reading_mails", "reading_photos",
    "readings", "registrations", "reminders", "seals", "search", "sessions", "substitutes", "tenures", "threads",
    "throttle", "tokens", "webhooks",
)  # fmt: skip


def metadata() -> sa.MetaData:
    """The metadata with every table of the application registered in it."""
    for name in _TABLES:
        import_module(f"models.{name}")
    return SQLModel.metadata


class Compiled(sa.util.LRUCache[Any, Any]):
    """What statements compile to. One that was asked for before is found by what it is, not by all that stands in it.

    To find it, SQLAlchemy goes through the whole statement each time it is sent, which is five hundredths of the home
    page; ours are constants of their modules.
    """

    def __init__(self, capacity: int) -> None:
        """Keeps so many, and a few hundred by what they are."""
        super().__init__(capacity)
        self._near: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        """The compiled statement, or `default`."""
        dialect, statement, *rest = key
        near = (id(dialect), id(statement), *rest)
        kept, found = self._near.get(near, (None, None))
        if kept is statement:
            return found
        if (found := super().get(key)) is None:
            return default
        if len(self._near) > _NEAR:
            self._near.clear()
        self._near[near] = (statement, found)
        return found


class Database:
    """The ways in: `read()` for pages, `write()` for a unit of work that commits whole or not at all."""

    def __init__(self, url: str) -> None:
        """Open `url`: `sqlite:///path` or `postgresql+psycopg://…`. Nothing is connected yet."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)
        self._writer = self.engine.execution_options(writes=True)
        # PostgreSQL reads in autocommit: no BEGIN and ROLLBACK around each page.
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """A unit of work of statements alone: committed when the block ends, rolled back when it raises.

        On SQLite it holds the write lock from its first statement (BEGIN IMMEDIATE), so nothing that it read
        can change before it commits.
        """
        with self._writer.connect() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Such a unit of work with entities."""
        with self.change() as connection, Session(connection) as session:
            yield session
            session.commit()

    @contextmanager
    def each(self) -> Iterator[Callable[..., object]]:
        """What runs a statement of SQL, its values at each `?`, as a unit of work of its own.

        By the driver itself: for what is done ten thousand times in a row SQLAlchemy's way costs as much again.
        """
        with self._reader.execution_options(each=True).connect() as connection:
            cursor, mark = connection.connection.cursor(), "?" if self.is_sqlite else "%s"
            yield lambda statement, *values: cursor.execute(statement.replace("?", mark), values)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _made(url: URL, **options: Any) -> Engine:
    engine = sa.create_engine(url, hide_parameters=True, **options)
    engine._compiled_cache = Compiled(500)  # there is no other way in for all connections at once
    return engine


def _postgres(url: URL) -> Engine:
    options = {"connect_timeout": 5}  # seconds; a server that is away must not hold a page for minutes
    return _made(url, pool_pre_ping=True, connect_args=options)


def _sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = _made(url, module=import_module("pysqlite3.dbapi2"))

    @sa.event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # SQLAlchemy's "begin" event below starts transactions, not the driver
        for pragma in SQLITE_PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # By the driver itself: SQLAlchemy's way costs 40 µs, and every page begins one.
        raw: Any = connection.connection.dbapi_connection
        options = connection.get_execution_options()
        if not options.get("each"):
            raw.execute("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def clause(text: str, values: Mapping[str, Any]) -> sa.TextClause:
    """A condition in SQL with those of the values that it names: words, numbers, lists, days and (aware) moments."""
    types: dict[type, Any] = {datetime: UTCDateTime(), list: sa.Integer()}
    named = [(name, value, types.get(type(value))) for name, value in values.items() if f":{name}" in text]
    return sa.text(text).bindparams(*(sa.bindparam(*one, expanding=type(one[1]) is list) for one in named))


def rows(connection: Connection, statement: sa.Executable, **values: object) -> Sequence[AnyRow]:
    """All rows of a prebuilt statement."""
    return connection.execute(statement, values).fetchall()
