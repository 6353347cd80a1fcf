"""Data for the measurements: an imported crowd, made bigger inside the database, with some people logged in."""

import tempfile
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, col

from auth.methods.password import Passwords
from bench.ask import Person
from bench.grow import grow
from bench.loading import Loaded, load
from demo.calendar import demo_today
from demo.generate import main as generate
from models import migrations, sessions
from models.customers import Customer, CustomerUser
from models.database import Database
from models.meters import Meter
from models.people import User
from models.premises import Premises
from models.settings import Settings
from models.site import load_site
from models.tenures import Tenure
from models.types import MeterKind, utc_now

SITE = "ogre"
PEOPLE = 100  # logged-in people to choose from, spread over the whole crowd
IMPORTED = 10_000  # customers at most; more of them are copies
MONTHS = 13
PASSWORD = "bench bench bench"  # noqa: S105  # of invented people


def settings(url: str, folder: Path) -> Settings:
    """As in production, except for the calendar of the demo; hashes cost what they cost there."""
    return Settings(
        site=SITE, secret_key="bench " * 8, identifier_key="bench " * 8, database_url=url,
        files_dir=folder / "files", demo=True, today=demo_today(load_site(SITE)), base_url="http://localhost",
        log_level="ERROR",
    )  # fmt: skip


def prepare(url: str, folder: Path, customers: int) -> tuple[list[Person], Loaded | None]:
    """Log some people in, in a crowd of this size; it is made first where the database is still empty."""
    database, loaded = Database(url), None
    migrations.upgrade(database)
    with database.read() as connection:
        there = connection.execute(sa.select(sa.func.count()).select_from(Customer)).scalar()
    if there not in (0, customers):
        raise RuntimeError(f"{there} customers are in the database, not {customers}")
    if not there:
        base = min(customers, IMPORTED)
        with tempfile.TemporaryDirectory() as exchange:
            generate([exchange, "--site", SITE, "--customers", str(base), "--months", str(MONTHS)])
            loaded = load(settings(url, folder), Path(exchange))
        grow(database, customers // base)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    people = _log_in(database, max(1, customers // PEOPLE))
    database.dispose()
    return people, loaded


def _log_in(database: Database, every: int) -> list[Person]:
    """One in `every` customers; those who were logged in for an earlier run get another session."""
    query = (
        sa.select(col(Customer.id), col(Premises.public_id), sa.func.min(col(Meter.public_id)))
        .join(Tenure, col(Tenure.customer_id) == col(Customer.id))
        .join(Premises, col(Premises.id) == col(Tenure.premises_id))
        .join(Meter, col(Meter.premises_id) == col(Premises.id))
        .where(col(Customer.id) % every == 0, col(Meter.kind) == MeterKind.COLD_WATER, col(Meter.removed_on).is_(None))
        .group_by(col(Customer.id), col(Premises.public_id))
        .order_by(col(Customer.id))
        .limit(PEOPLE)
    )
    login, hashed = sessions.Login("password", lifetime=timedelta(days=1)), Passwords(19456, 2, 1).hash(PASSWORD)
    people = []
    with database.write() as session:
        known = {row.username: row.id for row in session.execute(sa.select(col(User.username), col(User.id)))}
        for customer_id, place, meter in session.execute(query).fetchall():
            user_id = known.get(f"bench{customer_id}") or _user(session, customer_id, hashed)
            people.append(Person(user_id, sessions.begin(session, user_id, login, utc_now()), place, meter))
    return people


def _user(session: Session, customer_id: int, hashed: str) -> int:
    user = User(username=f"bench{customer_id}", name="Bench Person", password_hash=hashed, terms_version=1)
    session.add(user)
    session.flush()
    session.add(CustomerUser(user_id=user.id or 0, customer_id=customer_id))
    return user.id or 0
