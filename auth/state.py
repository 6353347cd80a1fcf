"""What one running application holds, and how a request reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g
from sqlalchemy.engine import Connection
from sqlmodel import Session

from auth.methods.outside import Outside
from auth.methods.password import Passwords
from auth.visitor import Visitor
from models.clock import Clock
from models.database import Database
from models.files import Storage
from models.settings import Settings
from models.site import Site
from models.tills import Till


@dataclass(frozen=True)
class State:
    """The parts that everything else is given; built once in `app.create_app`."""

    settings: Settings
    site: Site
    database: Database
    storage: Storage
    clock: Clock
    passwords: Passwords
    outside: Outside
    till: Till | None  # where people pay from here


def state() -> State:
    """The state of the running application."""
    return cast(State, current_app.extensions["ekabinets"])


def visitor() -> Visitor | None:
    """Who is here, or None; loaded once per request by the guard."""
    return cast("Visitor | None", g.get("visitor"))


def somebody() -> Visitor:
    """Who is here, on routes that only a logged-in person reaches."""
    person = visitor()
    if person is None:
        raise RuntimeError("this route is open to everyone: it has no visitor")
    return person


def reading() -> Connection:
    """The request's connection for reading: opened at first use, closed with the request or before a write."""
    if "connection" not in g:
        reader = state().database.read()
        g.connection = reader.__enter__()
        g.reader = reader  # only now: what was never opened is not closed
    return cast(Connection, g.connection)


@contextmanager
def writing() -> Iterator[Session]:
    """A unit of work. What is read after it sees what it wrote: the request's reading begins anew."""
    _stop_reading()
    with state().database.write() as session:
        yield session


@contextmanager
def noting() -> Iterator[Connection]:
    """The same for statements alone, at half the cost: what is noted in passing, all day."""
    _stop_reading()
    with state().database.change() as connection:
        yield connection


def install(app: Flask) -> None:
    """Close the reading connection with the request."""
    app.teardown_appcontext(_stop_reading)


def _stop_reading(_error: BaseException | None = None) -> None:
    reader = g.pop("reader", None)
    if reader is not None:
        g.pop("connection")
        reader.__exit__(None, None, None)
