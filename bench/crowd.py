"""Conversations for the measurements of the inbox: a thousand are written, then copied inside the database (`grow`)."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from bench.grow import grow
from models import migrations, search
from models.customers import Customer, CustomerUser
from models.database import Database
from models.people import User
from models.premises import House, Premises
from models.rules.search import kept, of_customer
from models.rules.threads import ThreadState
from models.tenures import Tenure
from models.threads import Message, Thread
from models.types import Role, Settlement, TenureRole

BASE = 1000  # conversations that are written
AGENT, RARE = "agent", "Zvirbulīte"  # who works here; a name that three conversations have in a crowd of any size
_OLD = (11, 22, 33)
_PEOPLE, _MESSAGES, _WORDS = 1000, 3, 25
_NOON = datetime(2026, 11, 1, 10, tzinfo=UTC)
_SURNAMES = ("Bērziņa", "Kalniņa", "Ozoliņa", "Liepiņa", "Žagare", "Šmite", "Петрова")
_NAMES = ("Anna", "Līga", "Ilze", "Dace", "Zane", "Inese", "Māra", "Ольга", "Елена", "Татьяна")
_SYLLABLES = ("ska", "tī", "rē", "ķi", "ap", "ma", "ksā", "jums", "ko", "pī", "gas", "val", "de", "ūd", "cau", "le")


def prepare(url: str, conversations: int) -> None:
    """Fill an empty database; one that is full is left as it is."""
    database = Database(url)
    migrations.upgrade(database)
    with database.read() as connection:
        there = connection.execute(sa.select(sa.func.count()).select_from(Thread)).scalar()
    if not there:
        with database.write() as session:
            _write(session, random.Random(7))  # noqa: S311  # invented words
        if conversations > BASE:
            _without_index(database, conversations // BASE)
        with database.write() as session:
            _rare(session)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")
    database.dispose()


_INDEXES = sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'words%'")


def _without_index(database: Database, times: int) -> None:
    """PostgreSQL makes its indexes of words in one go many times faster than row by row."""
    with database.read() as connection:
        made = () if database.is_sqlite else connection.execute(_INDEXES).fetchall()
    with database.write() as session:
        for name, _ in made:
            session.execute(sa.text(f"DROP INDEX {name}"))
    grow(database, times)
    with database.write() as session:
        for _, statement in made:
            session.execute(sa.text(statement))


def _write(session: Session, chance: random.Random) -> None:
    words = ["".join(chance.sample(_SYLLABLES, 3)) for _ in range(400)]
    often = [1 / (place + 1) for place in range(len(words))]  # as words of a language are: a few again and again
    people = range(1, _PEOPLE + 1)
    names = [f"{_NAMES[n // 7 % 10]} {_SURNAMES[n % 7]}" for n in people]
    places = [f"Brīvības iela {n // 40 + 1}–{n % 40 + 1}, Ogre" for n in people]
    tenure = {"role": TenureRole.OWNER, "starts_on": date(2020, 1, 1)}
    rows: dict[Any, list[dict[str, Any]]] = {
        House: [{"external_id": "H", "address": "Brīvības iela", "town": "Ogre", "postcode": ""}],
        User: [
            {"username": f"u{n}", "name": name, "role": Role.RESIDENT, "created_at": _NOON}
            for n, name in enumerate(names, 1)
        ],
        Customer: [
            {"external_id": f"C{n}", "code": f"{20_000 + n}", "name": name, "is_company": False,
             "settlement": Settlement.METERED, "folded": of_customer(f"{20_000 + n}", name, None, None)}
            for n, name in enumerate(names, 1)
        ],
        CustomerUser: [{"user_id": n, "customer_id": n} for n in people],
        Premises: [
            {"public_id": f"p{n}", "external_id": f"P{n}", "house_id": 1, "flat": str(n), "address": at,
             "folded": kept((at,))} for n, at in enumerate(places, 1)
        ],
        Tenure: [{"external_id": f"T{n}", "customer_id": n, "premises_id": n, **tenure} for n in people],
    }
    for table, values in rows.items():
        session.execute(sa.insert(table.__table__), values)
    for number in range(1, BASE + 1):
        said = [" ".join(chance.choices(words, often, k=_WORDS)) for _ in range(_MESSAGES)]
        _converse(session, number, number % _PEOPLE + 1, [*said[:-1], f"{said[-1]} ūdens"] if number % 2 else said)


def _converse(session: Session, number: int, person: int, said: list[str]) -> None:
    """One in ten waits for an answer."""
    waits = number % 10 == 0
    thread = Thread(
        user_id=person, customer_id=person, premises_id=person, topic="other", language="lv", began_on=_NOON.date(),
        state=ThreadState.OPEN if waits else ThreadState.CLOSED, changed_at=_NOON, latest_id=number * _MESSAGES,
        due_at=_NOON + timedelta(hours=number) if waits else None,
    )  # fmt: skip
    session.add(thread)
    session.flush()
    same = {"thread_id": thread.id or 0, "sent_at": _NOON, "actor_user_id": person}
    session.add_all([Message(body=body, **same) for body in said])
    search.keep(session, thread.id or 0)


def _rare(session: Session) -> None:
    """Three of the oldest conversations are of somebody with a rare name, who is the last of the customers."""
    user = User(username="rare", name=f"Anna {RARE}", created_at=_NOON)
    customer = Customer(external_id="rare", code="1", name=user.name, folded=of_customer("1", user.name, None, None))
    session.add_all([user, customer, User(username=AGENT, name="Ilze", role=Role.AGENT, created_at=_NOON)])
    session.flush()
    at = f"{RARE} iela 1, Ogre"
    place = Premises(external_id="rare", house_id=1, address=at, folded=kept((at,)))
    session.add(place)
    session.flush()
    days = {"starts_on": date(2020, 1, 1), "role": TenureRole.OWNER}
    session.add(Tenure(external_id="rare", customer_id=customer.id or 0, premises_id=place.id or 0, **days))
    theirs = {"user_id": user.id, "customer_id": customer.id}
    session.execute(sa.update(Thread).where(col(Thread.id).in_(_OLD)).values(theirs))
    for number in _OLD:
        search.keep(session, number)
