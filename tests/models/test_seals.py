"""The seals of the audit trail: nothing is sealed too early, and any change is found (security rule 18)."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.audit import AuditRow
from models.database import Database
from models.seals import BATCH, AuditSeal, Sealer, verify

COUNT = 2 * BATCH + 3
LAST = 2 * COUNT
# Rows at the ends of the trail and of the batches in which it is read; every id is even, so that between two is room.
WHERE = [2, 4, 2 * BATCH - 2, 2 * BATCH, 2 * BATCH + 2, 4 * BATCH, LAST - 2, LAST]
ROW = {"at": datetime(2026, 11, 1, 12, 30, 45, 123456, UTC), "source": "web", "detail": {"n": 1}}
SETS = ("action = 'forged'", "detail = '{}'", "at = '2020-01-01'", "actor_user_id = 7", "object_id = 7", "once = 'x'")


def write(database: Database, *ids: int | None) -> None:
    """A unit of work with rows under these ids; None: as the database counts."""
    rows = [ROW | {"action": f"act.{number}"} | ({"id": number} if number else {}) for number in ids]
    with database.write() as session:
        session.execute(sa.insert(AuditRow), rows)


def seal(database: Database) -> None:
    sealer = Sealer(database)
    while sealer.seal_due():
        pass


def verified(database: Database, kept: str = "") -> tuple[str, str]:
    """What is wrong, and the head."""
    with database.read() as connection:
        return verify(connection, kept)


def sealed(database: Database) -> list[int]:
    with database.read() as connection:
        return [*connection.execute(sa.select(col(AuditSeal.audit_id)).order_by(col(AuditSeal.audit_id))).scalars()]


@contextmanager
def intruder(database: Database) -> Iterator[Connection]:
    """Somebody with the database, whose triggers she drops; what she does is undone at the end."""
    with database.engine.connect() as connection:
        for table in ("audit", "audit_seal"):
            names = (f"{table}_UPDATE", f"{table}_DELETE") if database.is_sqlite else (f"{table}_append_only ON {table}",)
            for name in names:
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        yield connection
        connection.rollback()


def found(database: Database, *statements: str) -> str:
    """What verify says after these; "" where it finds nothing."""
    with intruder(database) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        return verify(connection)[0]


@pytest.fixture
def trail(database: Database) -> Database:
    """Some sealed rows."""
    write(database, *range(2, LAST + 1, 2))
    seal(database)
    return database


def test_every_row_gets_its_seal_and_a_second_look_adds_none(trail: Database):
    assert sealed(trail) == [*range(2, LAST + 1, 2)]
    fault, head = verified(trail)
    assert fault == "" and re.fullmatch(f"{LAST}:[0-9a-f]{{64}}", head)
    seal(trail)
    assert len(sealed(trail)) == COUNT and verified(trail) == ("", head)


def test_a_seal_is_the_same_on_both_databases_and_in_every_zone(database: Database):
    """And for ever: what was sealed years ago must still be what it was."""
    if not database.is_sqlite:
        with database.write() as session:
            session.execute(sa.text(f"ALTER DATABASE {database.url.database} SET TimeZone TO 'Asia/Tokyo'"))
        database.dispose()
    write(database, 1)
    seal(database)
    assert verified(database) == ("", "1:812ba9e4629770123d0b027893c70ffeb58a04570a18b2b4e4c0c6045dbfc7ce")


def test_a_changed_row_is_found(trail: Database):
    for number, change in [*product(WHERE, SETS[:1]), *product(WHERE[3:4], SETS)]:
        assert found(trail, f"UPDATE audit SET {change} WHERE id = {number}") == f"row {number}: it, or its seal, was changed"


def test_a_removed_row_is_found(trail: Database):
    for number in WHERE:
        assert found(trail, f"DELETE FROM audit WHERE id = {number}") == f"row {number}: was sealed and is gone"


def test_rows_that_changed_places_are_found(trail: Database):
    """The row that stands earlier is named."""
    for number in WHERE[:-1]:
        moves = ((number, -9), (number + 2, number), (-9, number + 2))
        said = found(trail, *(f"UPDATE audit SET id = {new} WHERE id = {old}" for old, new in moves))
        assert said == f"row {number}: it, or its seal, was changed"


def put_in(number: int) -> str:
    """An invented row."""
    return f"INSERT INTO audit (id, at, action, source, detail) VALUES ({number}, '2026-11-01', 'forged', 'web', '{{}}')"


def test_a_row_that_was_put_in_is_found(trail: Database):
    for number in (-(2**31), -1, 0, *(number - 1 for number in WHERE)):
        assert found(trail, put_in(number)).startswith(f"row {number}: has no seal")


def test_a_row_that_was_put_in_is_never_sealed(trail: Database):
    with trail.write() as session:
        session.execute(sa.text(put_in(LAST - 1)))
    write(trail, LAST + 2)
    seal(trail)
    assert sealed(trail) == [*range(2, LAST + 3, 2)] and found(trail).startswith(f"row {LAST - 1}: has no seal")


def test_a_changed_seal_is_found(trail: Database):
    for number in WHERE:
        said = found(trail, f"UPDATE audit_seal SET hash = '{'0' * 64}' WHERE audit_id = {number}")
        assert said == f"row {number}: it, or its seal, was changed"


def test_a_removed_seal_is_found_with_its_row_and_without(trail: Database):
    """Of the end of the trail only a head that was kept can tell."""
    for number in WHERE[:-1]:
        seal = f"DELETE FROM audit_seal WHERE audit_id = {number}"
        assert found(trail, seal).startswith(f"row {number}: has no seal")
        assert found(trail, seal, f"DELETE FROM audit WHERE id = {number}") == f"row {number + 2}: it, or its seal, was changed"


@pytest.mark.parametrize("act", ["cut off", "written anew"])
def test_a_head_that_was_kept_proves_what_an_intruder_sealed_herself(database: Database, act: str):
    write(database, 1, 2, 3)
    seal(database)
    _, kept = verified(database)
    with intruder(database) as connection:
        connection.execute(sa.text("DELETE FROM audit_seal" + (" WHERE audit_id = 3" if act == "cut off" else "")))
        connection.execute(sa.text("DELETE FROM audit WHERE id = 3" if act == "cut off" else "UPDATE audit SET action = 'x' WHERE id = 2"))
        connection.commit()
    seal(database)
    assert verified(database)[0] == "" and len(sealed(database)) == (2 if act == "cut off" else 3), "by itself it is whole"
    assert verified(database, kept)[0].startswith(f"{kept}: is not among the seals")


def test_a_head_from_before_stays_among_the_seals(database: Database):
    write(database, 1, 2)
    seal(database)
    _, kept = verified(database)
    write(database, 5, 7)
    seal(database)
    fault, head = verified(database, kept)
    assert fault == "" and head.startswith("7:") and verified(database, head)[0] == ""


@pytest.mark.parametrize("head", ["1", "x", f"1:{'0' * 64}", f"99:{'0' * 64}", ":"])
def test_what_is_no_head_is_not_among_the_seals(database: Database, head: str):
    assert verified(database)[0] == ""
    write(database, 1)
    seal(database)
    assert verified(database, head)[0].startswith(f"{head}: is not among the seals")


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_nothing_is_sealed_while_a_lower_id_can_still_come(database: Database, ends: str):
    """On PostgreSQL a later writer commits first, and one more begins meanwhile: that one is not waited for."""
    sealer, insert = Sealer(database), sa.insert(AuditRow).values(ROW | {"action": "slow"})
    slow, later = (database.engine.execution_options(writes=True).connect() for _ in range(2))
    with slow, later:
        slow.execute(insert)
        if not database.is_sqlite:  # which has one writer at a time
            write(database, None)
        for _ in range(3):
            assert sealer.seal_due() == 0 and sealed(database) == []
        if not database.is_sqlite:
            later.execute(insert)
        getattr(slow, ends)()
        written = ([1] if ends == "commit" else []) + ([] if database.is_sqlite else [2])
        assert sealer.seal_due() == len(written) and sealed(database) == written
        later.rollback()
    write(database, None)
    assert sealer.seal_due() == 1 and len(sealed(database)) == len(written) + 1
    assert found(database) == ""


def test_the_trail_is_whole_after_many_wrote_and_two_sealed_at_once(database: Database):
    """Writers that hold their rows back, and some that give up, from six threads."""
    written, done = [0] * 6, threading.Event()

    def fill(one: int) -> None:
        for number in range(25):
            with database.engine.execution_options(writes=True).connect() as connection:
                connection.execute(sa.insert(AuditRow).values(ROW | {"action": f"act.{one}"}))
                connection.execute(sa.select(sa.func.count()).select_from(AuditRow))
                (connection.rollback if number % 5 == one % 5 else connection.commit)()
                written[one] += number % 5 != one % 5

    def keep_sealing() -> None:
        sealer = Sealer(database)
        while sealer.seal_due() or not done.wait(0.01):  # as a worker does: a spin would keep SQLite locked
            pass

    run_all([lambda one=one: fill(one) for one in range(6)], [keep_sealing] * 2, done)
    seal(database)  # what was committed while both looked for the last time
    assert sum(written) == 120 == len(sealed(database)) and found(database) == ""


def run_all(writers: list[Callable[[], None]], sealers: list[Callable[[], None]], done: threading.Event) -> None:
    """Run all of them at once; the sealers are told when the writers are done."""
    groups = [[threading.Thread(target=target) for target in group] for group in (writers, sealers)]
    for thread in (*groups[0], *groups[1]):
        thread.start()
    for thread in groups[0]:
        thread.join()
    done.set()
    for thread in groups[1]:
        thread.join()


def test_seals_are_only_ever_added(database: Database):
    write(database, 1)
    seal(database)
    for act in (sa.update(AuditSeal).values(hash="x"), sa.delete(AuditSeal)):
        with pytest.raises(sa.exc.DBAPIError, match="audit rows are never changed"), database.write() as session:
            session.execute(act)
    assert sealed(database) == [1]
