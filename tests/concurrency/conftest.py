"""A server on the staged database where Marta is a second user of Anna's customer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from models.customers import CustomerUser
from models.database import Database
from models.people import User
from tests.concurrency.server import Server, Visitor, running


@pytest.fixture
def database(staged_url: str) -> Iterator[Database]:
    database = Database(staged_url)
    with database.write() as session:  # Marta is a second user of Anna's customer
        anna = session.scalars(select(User).where(col(User.username) == "anna")).one()
        hers = session.scalars(select(CustomerUser).where(col(CustomerUser.user_id) == anna.id)).one()
        marta = User(username="marta", name="Marta Ozoliņa", password_hash=anna.password_hash, terms_version=1)
        session.add(marta)
        session.flush()
        session.add(CustomerUser(user_id=marta.id, customer_id=hers.customer_id))
    yield database
    database.dispose()


@pytest.fixture
def server(database: Database, staged_url: str, tmp_path: Path) -> Iterator[Server]:
    """One process on SQLite, two on PostgreSQL."""
    with running(staged_url, tmp_path, 1 if database.is_sqlite else 2) as server:
        yield server


@pytest.fixture
def anna(server: Server) -> Visitor:
    return Visitor(server.port, "anna")
