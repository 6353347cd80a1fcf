"""Readings sent at the same moment to a real server, and while it is killed: one reading each, none lost."""

import random
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import col, select

from models.audit import AuditRow
from models.customers import CustomerUser
from models.database import Database
from models.meters import Meter, Register
from models.people import User
from models.readings import Reading
from models.types import Source
from tests.browser import Page
from tests.cast import Cast
from tests.concurrency.server import SECONDS, Server, Visitor, at_once, running

KILLS = 8  # on each database


@pytest.fixture
def database(staged_url: str) -> Iterator[Database]:
    database = Database(staged_url)
    with database.write() as session:  # Marta is a second user of Anna's customer
        anna = session.scalars(select(User).where(col(User.username) == "anna")).one()
        hers = session.scalars(select(CustomerUser).where(col(CustomerUser.user_id) == anna.id)).one()
        marta = User(username="marta", name="Marta Ozoliņa", password_hash=anna.password_hash)
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


def stored(database: Database, mid: str) -> list[Reading]:
    """What people sent for a meter, in order; and it hangs together: one stands, each other was replaced by the next."""
    query = select(Reading).join(Register, col(Register.id) == Reading.register_id).join(Meter, col(Meter.id) == Register.meter_id)
    with database.write() as session:
        rows = list(session.scalars(query.where(Meter.public_id == mid, Reading.source == Source.SELF).order_by(col(Reading.id))).all())
        session.expunge_all()
    assert [row.superseded_by_id for row in rows] == [row.id for row in rows[1:]] + [None] * bool(rows)
    assert [row.superseded_at is None for row in rows] == [False] * (len(rows) - 1) + [True] * bool(rows)
    return rows


def receipts(database: Database) -> int:
    with database.write() as session:
        return len(session.scalars(select(AuditRow).where(AuditRow.action == "reading.submitted")).all())


def test_twenty_posts_of_one_form_are_one_reading_and_one_answer(anna: Visitor, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    answers = at_once([partial(anna.send, cast.cold, form, "195,5")] * 20)
    assert len(answers) == 20 and len(set(answers)) == 1
    assert answers[0][0] == 200 and "Consumption: 3.500 m³." in answers[0][1].replace("\u00a0", " ")
    assert [row.value for row in stored(database, cast.cold)] == [195_500] and receipts(database) == 1


def test_two_processes_on_sqlite_and_one_on_postgresql_do_the_same(database: Database, staged_url: str, tmp_path: Path, cast: Cast) -> None:
    with running(staged_url, tmp_path, 2 if database.is_sqlite else 1) as server:
        anna = Visitor(server.port, "anna")
        form = anna.open(cast.cold)
        answers = at_once([partial(anna.send, cast.cold, form, "195,5")] * 20)
    assert len(set(answers)) == 1 and answers[0][0] == 200 and len(stored(database, cast.cold)) == 1


def test_twenty_values_from_one_form_store_one_and_ask_the_others(anna: Visitor, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    values = [f"{193 + n % 5},{n + 10}" for n in range(20)]
    answers = at_once([partial(anna.send, cast.cold, form, value) for value in values])
    assert sorted(status for status, _ in answers) == [200] + [409] * 19
    assert all("You have already sent" in body for status, body in answers if status == 409)
    assert len(stored(database, cast.cold)) == 1 and receipts(database) == 1


def test_of_twenty_forms_with_twenty_values_one_wins_each_round_and_none_is_forgotten(anna: Visitor, database: Database, cast: Cast) -> None:
    waiting = {f"{193 + n % 5},{n + 10}": anna.open(cast.cold) for n in range(20)}
    won: list[str] = []
    for _ in range(2):
        answers = at_once([partial(anna.send, cast.cold, form, value) for value, form in waiting.items()])
        told = dict(zip(waiting, answers, strict=True))
        won += [value for value, (status, _) in told.items() if status == 200]
        waiting = {value: anna.fields(cast.cold, body) for value, (status, body) in told.items() if status == 409}
        assert len(won) + len(waiting) == 20
    assert len(won) == 2 and [row.value for row in stored(database, cast.cold)] == [int(v.replace(",", "") + "0") for v in won]
    assert receipts(database) == 2


def test_of_two_people_at_one_meter_one_is_first_and_the_other_is_told(anna: Visitor, server: Server, database: Database, cast: Cast) -> None:
    people = [anna, Visitor(server.port, "marta")]
    forms = [person.open(cast.cold) for person in people]
    sent = ["195,5", "196,5"]
    answers = at_once([partial(p.send, cast.cold, form, value) for p, form, value in zip(people, forms, sent, strict=True)])
    assert sorted(status for status, _ in answers) == [200, 409]
    loser = next(n for n, (status, _) in enumerate(answers) if status == 409)
    body = answers[loser][1]
    assert f"A reading was submitted meanwhile: {sent[1 - loser].replace(',', '.')}00" in body
    assert people[loser].send(cast.cold, people[loser].fields(cast.cold, body))[0] == 200
    assert [row.value for row in stored(database, cast.cold)] == [int(sent[n].replace(",", "") + "00") for n in (1 - loser, loser)]


def test_twenty_forms_of_all_meters_at_once_wait_for_each_other_without_a_knot(anna: Visitor, database: Database, cast: Cast) -> None:
    address = f"/properties/{cast.flat}/readings"
    meters = [cast.cold, cast.hot]
    opened = anna.ask("GET", address)[1]
    forms = [Page(opened).form(address).fields | {f"r-{cast.cold}-1": "195", f"r-{cast.hot}-1": "528"} for _ in range(20)]
    for number, form in enumerate(forms):
        form["once"] = f"{form['once']}{number % 10}"  # ten forms, each sent twice
    answers = at_once([partial(anna.ask, "POST", address, form) for form in forms])
    assert {status for status, _ in answers} == {200}
    assert [len(stored(database, mid)) for mid in meters] == [1, 1]


def test_a_form_sent_again_after_a_restart_gets_its_first_answer(anna: Visitor, server: Server, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    first = anna.send(cast.cold, form, "195,5")
    server.stop()
    with pytest.raises(OSError):
        anna.send(cast.cold, form, "195,5")
    server.start()
    assert anna.send(cast.cold, form, "195,5") == first and first[0] == 200
    assert len(stored(database, cast.cold)) == 1 and receipts(database) == 1


class Poster:
    """Sends one reading after the other and notes outside of the server what it acknowledged."""

    def __init__(self, visitor: Visitor, mid: str) -> None:
        self.visitor, self.mid = visitor, mid
        self.ledger: list[int] = []
        self.doubt: dict[str, str] | None = None  # sent, and nobody knows whether it arrived
        self.strange: list[tuple[int, str]] = []
        self.begun = threading.Semaphore(0)

    def run(self) -> None:
        """Until the server is gone; what is in doubt is sent again first."""
        try:
            while self.send_one():
                pass
        except OSError:
            return
        finally:
            self.begun.release(1000)  # nobody waits for one who has ended

    def send_one(self) -> bool:
        """Send a form, the doubtful one again as it was; whether to go on."""
        value = 192_001 + len(self.ledger)
        if self.doubt is None:
            self.doubt = self.visitor.open(self.mid) | {f"r-{self.mid}-1": f"{value // 1000},{value % 1000:03}"}
        self.begun.release()
        status, body = self.visitor.send(self.mid, self.doubt)
        if status == 200:
            self.ledger.append(value)
            self.doubt = None
        elif status != 429:  # too many in this minute is said before anything is done
            self.strange.append((status, body))
        return status == 200


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(anna: Visitor, server: Server, database: Database, cast: Cast) -> None:
    seed = random.randrange(10**9)
    chance, poster = random.Random(seed), Poster(anna, cast.cold)
    for _ in range(KILLS):
        thread = threading.Thread(target=poster.run, daemon=True)
        thread.start()
        for _ in range(chance.randint(1, 12)):
            assert poster.begun.acquire(timeout=SECONDS)
        threading.Event().wait(chance.uniform(0, 0.02))  # anywhere inside of the request that has begun
        server.kill()
        thread.join(SECONDS)
        assert not thread.is_alive()
        poster.begun = threading.Semaphore(0)
        server.start()
    assert poster.send_one(), (seed, poster.strange)
    assert not poster.strange, (seed, poster.strange[0])
    assert [row.value for row in stored(database, cast.cold)] == poster.ledger, seed
    assert len(poster.ledger) >= KILLS and receipts(database) == len(poster.ledger), seed
