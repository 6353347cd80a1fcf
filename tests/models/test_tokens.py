"""Links in letters: single use, short-lived, bound to one purpose and person (security rule 6; ASVS 6.4.1)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import tokens
from models.database import Database
from models.people import User
from models.types import AnyRow, utc_now
from tests.standing import fetch

HOUR = timedelta(hours=1)


@pytest.fixture
def database(app: Flask) -> Iterator[Database]:
    yield app.extensions["ekabinets"].database


def issue(app: Flask, purpose: str = "password.reset", name: str = "anna", **detail: str) -> str:
    user_id = fetch(app, sa.select(User.id).where(User.username == name))[0].id
    with app.extensions["ekabinets"].database.write() as session:
        return tokens.issue(session, purpose, user_id, HOUR, utc_now(), **detail)


def use(database: Database, secret: str, purpose: str = "password.reset", later: timedelta = timedelta(0)) -> AnyRow | None:
    with database.write() as session:
        return tokens.use(session, purpose, secret, utc_now() + later)


def test_a_link_works_once(app: Flask, database: Database):
    secret = issue(app, email="new@example.lv")
    with database.read() as connection:
        assert tokens.look(connection, "password.reset", secret, utc_now()).detail == {"email": "new@example.lv"}
    assert use(database, secret).detail == {"email": "new@example.lv"}
    assert use(database, secret) is None
    with database.read() as connection:
        assert tokens.look(connection, "password.reset", secret, utc_now()) is None


def test_a_link_is_for_its_purpose_and_its_hour_only(app: Flask, database: Database):
    secret = issue(app)
    assert use(database, secret, "email.change") is None
    assert use(database, secret, later=HOUR) is None
    assert use(database, secret + "x") is None and use(database, "") is None and use(database, "\ud800") is None
    assert use(database, secret) is not None


def test_a_link_ends_at_its_very_moment(app: Flask, database: Database):
    issue(app)
    ((ends,),) = fetch(app, sa.select(tokens.Token.expires_at))
    with database.write() as session:
        secret = tokens.issue(session, "password.reset", 1, HOUR, ends - HOUR)
        assert tokens.look(session.connection(), "password.reset", secret, ends) is None
        assert tokens.use(session, "password.reset", secret, ends) is None
        assert tokens.use(session, "password.reset", secret, ends - timedelta(microseconds=1)) is not None


def test_a_newer_link_voids_the_older_of_that_person_and_purpose_alone(app: Flask, database: Database):
    older, other_purpose, other_person = issue(app), issue(app, "email.change"), issue(app, name="viktors")
    newer = issue(app)
    assert use(database, older) is None
    assert use(database, newer) and use(database, other_purpose, "email.change") and use(database, other_person)


def test_of_two_at_once_one_gets_it(app: Flask, database: Database):
    secret = issue(app)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: use(database, secret), range(8)))
    assert len([one for one in found if one]) == 1
