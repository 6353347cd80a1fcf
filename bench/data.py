"""Data for the measurements: a crowd imported through the same door as an operator's, with some people logged in."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col

from demo.calendar import demo_today
from demo.generate import main as generate
from jobs.exchange import import_folder
from models import migrations, sessions
from models.customers import Customer, CustomerUser
from models.database import Database
from models.files import FolderStorage
from models.people import User
from models.premises import Premises
from models.settings import Settings
from models.site import load_site
from models.tenures import Tenure
from models.types import utc_now

SITE = "ogre"
PEOPLE = 100  # logged-in people to choose from, spread over the whole crowd


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in: her session's secret and her property."""

    user_id: int
    token: str
    place: str


def settings(url: str, folder: Path) -> Settings:
    """As in production, except for the calendar of the demo and cheap hashes nowhere: those are real."""
    return Settings(
        site=SITE, secret_key="bench " * 8, identifier_key="bench " * 8, database_url=url,
        files_dir=folder / "files", demo=True, today=demo_today(load_site(SITE)), base_url="http://localhost",
        log_level="ERROR",
    )  # fmt: skip


def prepare(url: str, folder: Path, customers: int, months: int = 13) -> list[Person]:
    """Fill an empty database with a crowd and log some of it in."""
    database = Database(url)
    migrations.upgrade(database)
    with tempfile.TemporaryDirectory() as exchange:
        generate([exchange, "--site", SITE, "--customers", str(customers), "--months", str(months)])
        storage = FolderStorage(folder / "files")
        report = import_folder(database, storage, load_site(SITE), "bench " * 8, Path(exchange))
    if report.problems:
        raise RuntimeError(f"the crowd was not taken in: {report.problems[0]}")
    people = _log_in(database, max(1, customers // PEOPLE))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()
    return people


def _log_in(database: Database, every: int) -> list[Person]:
    query = (
        sa.select(col(Customer.id), col(Premises.public_id))
        .join(Tenure, col(Tenure.customer_id) == col(Customer.id))
        .join(Premises, col(Premises.id) == col(Tenure.premises_id))
        .where(col(Customer.id) % every == 0)
        .limit(PEOPLE)
    )
    login, people = sessions.Login("password", lifetime=timedelta(days=1)), []
    with database.write() as session:
        for customer_id, place in session.execute(query).fetchall():
            user = User(username=f"bench{customer_id}", name="Bench Person")
            session.add(user)
            session.flush()
            user_id = user.id or 0
            session.add(CustomerUser(user_id=user_id, customer_id=customer_id))
            people.append(Person(user_id, sessions.begin(session, user_id, login, utc_now()), place))
    return people
