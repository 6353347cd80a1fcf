"""Sessions and known devices: whose they are, and to the second how long they live (security rule 2)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from models import sessions
from models.database import Database
from models.people import User
from models.sessions import KnownDevice, Login, WebSession
from models.types import utc_now

IDLE, LIFE, SECOND = timedelta(minutes=30), timedelta(hours=12), timedelta(seconds=1)
NOW = utc_now().replace(microsecond=0)


class Stage:
    """Two people, and what the tests ask of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            people = [User(username=name, name=name) for name in ("anna", "viktors")]
            session.add_all(people)
            session.flush()
            self.anna, self.viktors = (person.id for person in people)

    def begin(self, user_id: int, remembered: bool = False) -> tuple[str, int]:
        with self.database.write() as session:
            token = sessions.begin(session, user_id, Login("password", lifetime=LIFE, remembered=remembered), NOW)
            session.flush()
            return token, session.scalars(sa.select(sa.func.max(WebSession.id))).one()

    def lives(self, token: str, at: datetime) -> bool:
        with self.database.read() as connection:
            return sessions.find(connection, token, at, IDLE, at.date()) is not None

    def listed(self, user_id: int, at: datetime) -> list[int]:
        with self.database.read() as connection:
            return [row.id for row in sessions.live(connection, user_id, at, IDLE)]

    def remember(self, user_id: int, token: str | None) -> str:
        with self.database.write() as session:
            return sessions.remember_device(session, user_id, token, NOW)

    def knows(self, user_id: int, token: str) -> bool:
        with self.database.write() as session:
            return sessions.is_known_device(session, user_id, token)


@pytest.fixture
def stage(database: Database) -> Iterator[Stage]:
    yield Stage(database)


def test_a_session_ends_idle_and_a_remembered_one_at_its_limit_both_to_the_second(stage: Stage):
    (token, number), (kept, kept_number) = stage.begin(stage.anna), stage.begin(stage.anna, remembered=True)
    assert stage.lives(token, NOW + IDLE - SECOND) and not stage.lives(token, NOW + IDLE)
    assert stage.lives(kept, NOW + LIFE - SECOND) and not stage.lives(kept, NOW + LIFE)
    assert {*stage.listed(stage.anna, NOW + IDLE - SECOND)} == {number, kept_number}
    assert stage.listed(stage.anna, NOW + IDLE) == [kept_number] == stage.listed(stage.anna, NOW + LIFE - SECOND)
    assert stage.listed(stage.anna, NOW + LIFE) == []


def test_ending_one_session_leaves_the_others_and_ending_the_others_leaves_one(stage: Stage):
    tokens, numbers = zip(*[stage.begin(stage.anna) for _ in range(3)], strict=True)
    other, _ = stage.begin(stage.viktors)
    with stage.database.write() as session:
        sessions.end(session, stage.anna, numbers[0], NOW)
    assert [stage.lives(token, NOW) for token in (*tokens, other)] == [False, True, True, True]
    with stage.database.write() as session:
        sessions.end_others(session, stage.anna, numbers[1], NOW + SECOND)
        ended = session.execute(sa.select(WebSession.id, WebSession.ended_at).where(WebSession.ended_at.is_not(None))).all()
    assert [stage.lives(token, NOW) for token in (*tokens, other)] == [False, True, False, True]
    assert dict(map(tuple, ended)) == {numbers[0]: NOW, numbers[2]: NOW + SECOND}, "what has ended stays as it ended"


def test_an_act_keeps_its_own_session_alive_and_no_other(stage: Stage):
    (used, number), (left, _) = stage.begin(stage.anna), stage.begin(stage.anna)
    with stage.database.change() as connection:
        sessions.touch(connection, number, NOW + IDLE / 2)
    assert stage.lives(used, NOW + IDLE) and not stage.lives(left, NOW + IDLE)


def test_nobody_ends_the_session_of_somebody_else(stage: Stage):
    token, number = stage.begin(stage.viktors)
    with stage.database.write() as session:
        sessions.end(session, stage.anna, number, NOW)
        sessions.end_others(session, stage.anna, 0, NOW)
    assert stage.lives(token, NOW)


def test_what_a_bank_has_ended_it_ends_no_second_time(stage: Stage):
    told = {"told_by": "https://bank.example", "sid": "one"}
    with stage.database.write() as session:
        sessions.begin(session, stage.anna, Login("bank", lifetime=LIFE, told=told), NOW)
        session.flush()
        ended = [list(sessions.end_told(session, told["told_by"], {"sid": "one"}, NOW)) for _ in range(2)]
    assert ended == [[stage.anna], []]


def test_a_device_is_known_to_who_logged_in_there_and_to_nobody_else(stage: Stage):
    token = stage.remember(stage.anna, None)
    assert stage.knows(stage.anna, token) and not stage.knows(stage.viktors, token)
    assert not stage.knows(stage.anna, token + "x") and not stage.knows(stage.anna, "")


def test_a_device_keeps_its_secret_where_we_gave_it_out_and_a_planted_one_makes_nothing_known(stage: Stage):
    planted = stage.remember(stage.anna, "planted")
    assert planted != "planted" and not stage.knows(stage.anna, "planted")
    assert stage.remember(stage.viktors, planted) == planted and stage.knows(stage.viktors, planted)
    assert stage.remember(stage.anna, "another") not in ("another", planted), "also where others are known"
    assert stage.remember(stage.anna, "") != ""
    with stage.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(KnownDevice)).scalar() == 4
