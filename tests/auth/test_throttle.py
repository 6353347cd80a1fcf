"""Counting tries while many arrive at once (A05; security rule 8): on real threads and real databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from auth.methods.password import Passwords, Refused, Welcome, log_in, welcome
from models import throttle
from models.clock import Clock
from models.database import Database
from models.files import FolderStorage
from models.people import User
from models.retention import purge
from models.sessions import KnownDevice, Login, WebSession
from models.site import load_site
from models.throttle import ACCOUNT_TRIES, ADDRESS_TRIES, Throttle, Wait
from models.types import utc_now

CHEAP = Passwords(8, 1, 40)
LOGIN = Login("password", address="192.0.2.7")


class Counted(Passwords):
    """Hashing that counts how often a password was looked at."""

    def __init__(self) -> None:
        super().__init__(8, 1, 40)
        self.looked = 0

    def matches(self, stored: str | None, password: str) -> bool:
        self.looked += 1
        return super().matches(stored, password)


@pytest.fixture
def anna(database: Database) -> str:
    """One account in an otherwise empty database."""
    with database.write() as session:
        session.add(User(username="anna", name="Anna", password_hash=CHEAP.hash("right")))
    return "anna"


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Do something so many times at the same moment."""
    gate = Barrier(count)

    def run(number: int) -> object:
        gate.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def guess(database: Database, password: str = "wrong", name: str = "anna", **more: object):
    hashing = more.pop("hashing", CHEAP)
    login = more.pop("login", LOGIN)
    device, now = more.pop("device", None), more.pop("now", utc_now())
    return log_in(database, hashing, name, password, login, device, now, lambda session, user_id: welcome(session, user_id, login, device, now))


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_parallel_guesses_never_look_at_more_passwords_than_allowed(database: Database, anna: str, name: str):
    hashing = Counted()
    outcomes = at_once(16, lambda _: guess(database, name=name, hashing=hashing))
    assert hashing.looked == ACCOUNT_TRIES
    assert sorted(outcome.left for outcome in outcomes if isinstance(outcome, Refused)) == list(range(1, ACCOUNT_TRIES))
    assert sum(isinstance(outcome, Wait) for outcome in outcomes) == 16 - ACCOUNT_TRIES + 1


def test_parallel_wrong_passwords_for_many_accounts_all_count_against_the_address(database: Database):
    at_once(12, lambda number: guess(database, name=f"account {number}"))
    with database.read() as connection:
        failures = connection.execute(sa.select(Throttle.failures).where(Throttle.key.startswith("address:"))).scalar()
    assert failures == 12


def test_parallel_logins_with_the_right_password_all_succeed(database: Database, anna: str):
    device = guess(database, "right", login=Login("password", remembered=True)).device
    login = Login("password", remembered=True)
    outcomes = at_once(8, lambda _: guess(database, "right", login=login, device=device))
    assert all(isinstance(outcome, Welcome) and outcome.device == device for outcome in outcomes)
    with database.read() as connection:
        assert len({outcome.token for outcome in outcomes}) == 8
        assert connection.execute(sa.select(sa.func.count()).select_from(WebSession)).scalar() == 9
        assert connection.execute(sa.select(sa.func.count()).select_from(KnownDevice)).scalar() == 1


def test_after_the_pause_three_tries_are_left_until_a_right_one(database: Database, anna: str):
    now = utc_now()
    for _ in range(ACCOUNT_TRIES):
        outcome = guess(database, now=now)
    assert outcome == Wait(now + throttle.PAUSE, "account")
    later = now + throttle.PAUSE
    outcomes = [guess(database, now=later) for _ in range(throttle.AFTER_PAUSE)]
    assert outcomes == [Refused(2), Refused(1), Wait(later + throttle.PAUSE, "account")]
    assert isinstance(guess(database, "right", now=later + throttle.PAUSE), Welcome)
    assert guess(database) == Refused(ACCOUNT_TRIES - 1)


def test_a_right_last_try_is_welcome(database: Database, anna: str):
    for _ in range(ACCOUNT_TRIES - 1):
        guess(database)
    assert isinstance(guess(database, "right"), Welcome)


def test_an_address_is_slowed_after_its_measure_and_forgiven_after_a_pause(database: Database, anna: str):
    now = utc_now()
    with database.write() as session:
        for _ in range(ADDRESS_TRIES - 1):
            throttle.slow_address(session, LOGIN.address, now)
    assert isinstance(guess(database, now=now), Refused)
    assert guess(database, "right", now=now) == Wait(now + throttle.SLOW, "address")
    elsewhere = Login("password", address="192.0.2.8")
    assert isinstance(guess(database, "right", now=now, login=elsewhere), Welcome)
    assert isinstance(guess(database, "right", now=now + throttle.SLOW), Welcome)
    much_later = now + throttle.SLOW + throttle.PAUSE
    guess(database, now=much_later)
    assert isinstance(guess(database, "right", now=much_later), Welcome), "the count began anew"


def test_waiting_uses_up_no_try(database: Database, anna: str):
    now = utc_now()
    for _ in range(ACCOUNT_TRIES + 30):
        guess(database, now=now)
    with database.read() as connection:
        assert connection.execute(sa.select(Throttle.failures).order_by(Throttle.key)).scalars().all() == [ACCOUNT_TRIES] * 2
    assert isinstance(guess(database, "right", now=now + throttle.PAUSE + timedelta(seconds=1)), Welcome)


def test_no_account_name_stands_in_the_counters(database: Database, anna: str):
    guess(database, name="Anna@Example.com")
    with database.read() as connection:
        assert "example" not in str(connection.execute(sa.select(Throttle.__table__)).fetchall()).lower()


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        return {*connection.execute(sa.select(Throttle.key)).scalars()}


def test_a_right_password_leaves_no_counter_of_the_account(database: Database, anna: str):
    guess(database)
    guess(database, "right")
    assert [key.partition(":")[0] for key in keys(database)] == ["address"]


def sweep(database: Database, folder: Path) -> int:
    site = load_site("ogre")
    return sum(purge(database, FolderStorage(folder), site, Clock(site.zone)))


def test_counters_that_are_deleted_and_counted_at_once_stop_nobody(database: Database, tmp_path: Path):
    now = utc_now()

    def try_again(number: int) -> object:
        return guess(database, name=f"account {number % 6}", login=Login("password", address=f"192.0.2.{number}"), now=now)

    with database.write() as session:
        lanes = [throttle._key("account", f"login account {number}") for number in range(6)]
        others = [throttle._key("address", f"192.0.2.{number}") for number in range(15) if number % 5]
        old = now - timedelta(days=2)
        session.add_all([Throttle(key=key, failures=1, last_failed_at=old) for key in (*lanes, *others, *map(str, range(60)))])
    outcomes = at_once(15, lambda number: try_again(number) if number % 5 else sweep(database, tmp_path))
    assert all(isinstance(outcome, Refused | int) for outcome in outcomes)
    sweep(database, tmp_path)
    assert keys(database) == {*lanes, *others}


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"), ("::1", "::/64"), ("", ""), ("unix:", "unix:"),
    ],
)  # fmt: skip
def test_a_network_of_ipv6_counts_as_one_address(address: str, counted: str):
    assert throttle.network(address) == counted


def test_who_changes_the_address_within_a_network_of_ipv6_is_slowed_all_the_same(database: Database, anna: str):
    now = utc_now()
    with database.write() as session:
        for number in range(ADDRESS_TRIES):
            throttle.slow_address(session, f"2001:db8::{number:x}", now)
    neighbour, other = (Login("password", address=address) for address in ("2001:db8::ffff:1", "2001:db8:0:1::1"))
    assert guess(database, "right", now=now, login=neighbour) == Wait(now + throttle.SLOW, "address")
    assert isinstance(guess(database, "right", now=now, login=other), Welcome)
