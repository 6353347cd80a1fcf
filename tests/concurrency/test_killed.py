"""`kill -9` at random points, of the server and of the import: nothing acknowledged is lost, nothing is doubled.

What was acknowledged is kept here, outside of the processes that are killed. A failure names its seed.
"""

import csv
import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from demo.generate import write_demo
from jobs.exchange import import_folder
from jobs.exchange.tables import TABLES
from models import migrations
from models.database import Database
from models.files import FolderStorage
from models.site import load_site
from tests.cast import TODAY, Cast
from tests.concurrency import forks
from tests.concurrency.server import SECONDS, Server, Visitor, environment
from tests.concurrency.stored import assert_nothing_is_left, contents, receipts, stored

SERVER_KILLS = 30  # on each database
IMPORTS, IMPORT_KILLS = 5, 6  # on each database: so many imports, each killed so often


class Poster:
    """Sends one reading after the other and notes outside of the server what it acknowledged."""

    def __init__(self, visitor: Visitor, mid: str, first: int) -> None:
        self.visitor, self.mid, self.first = visitor, mid, first
        self.ledger: list[int] = []
        self.doubt: dict[str, str] | None = None  # sent, and nobody knows whether it arrived
        self.strange: list[tuple[int, str]] = []
        self.took = 0.0  # seconds, the last request

    def run(self, begun: threading.Semaphore) -> None:
        """Until the server is gone; what is in doubt is sent again first."""
        try:
            while self.send_one(begun):
                pass
        except OSError:
            return
        finally:
            begun.release(1000)  # nobody waits for one who has ended

    def send_one(self, begun: threading.Semaphore) -> bool:
        """Send a form, the doubtful one again as it was; whether to go on."""
        value = self.first + len(self.ledger)
        if self.doubt is None:
            self.doubt = self.visitor.open(self.mid) | {f"r-{self.mid}-1": f"{value // 1000},{value % 1000:03}"}
        begun.release()
        start = time.perf_counter()
        status, body = self.visitor.send(self.mid, self.doubt)
        self.took = time.perf_counter() - start
        if status == 200:
            self.ledger.append(value)
            self.doubt = None
        elif status != 429:  # too many in this minute is said before anything is done
            self.strange.append((status, body))
        return status == 200


def interrupt(server: Server, posters: list[Poster], chance: random.Random) -> None:
    """Let the posters send, kill the server somewhere within a request, start it again."""
    begun = threading.Semaphore(0)
    threads = [threading.Thread(target=poster.run, args=(begun,), daemon=True) for poster in posters]
    for thread in threads:
        thread.start()
    for _ in range(chance.randint(1, 6)):
        assert begun.acquire(timeout=SECONDS)
    threading.Event().wait(chance.uniform(0, posters[0].took))  # anywhere inside of the request that has begun
    server.kill()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    server.start()


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(server: Server, database: Database, cast: Cast, tmp_path: Path) -> None:
    print("seed", seed := random.randrange(10**9))
    chance = random.Random(seed)
    posters = [Poster(Visitor(server.port, "anna"), cast.cold, 192_001), Poster(Visitor(server.port, "marta"), cast.hot, 528_001)]
    for _ in range(SERVER_KILLS):
        interrupt(server, posters, chance)
    for poster in posters:
        assert poster.send_one(threading.Semaphore()) and not poster.strange, poster.strange
        assert [row.value for row in stored(database, poster.mid)] == poster.ledger
    acknowledged = sum(len(poster.ledger) for poster in posters)
    print("kills", SERVER_KILLS, "acknowledged", acknowledged)
    assert acknowledged >= SERVER_KILLS and receipts(database) == acknowledged
    server.stop()
    assert_nothing_is_left(database, tmp_path)


@dataclass(frozen=True)
class Delivery:
    """An exchange folder and what an import of it that nobody disturbs makes of it."""

    folder: Path
    contents: dict[str, str]
    files: list[str]
    lines: int  # that it says on its way


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """The demo's, where the newest hundred invoices come with a PDF each, so that there is something to store."""
    folder, base = tmp_path_factory.mktemp("delivery"), tmp_path_factory.mktemp("undisturbed")
    write_demo(load_site("ogre"), folder, TODAY)
    with (folder / "invoices.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    for row in rows[-100:]:
        row[-1] = f"{row[0]}.pdf"
        (folder / "files" / row[-1]).write_bytes(b"%PDF-1.4 " + row[0].encode() * 1000)
    with (folder / "invoices.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])
    database = Database(f"sqlite:///{base}/test.sqlite3")
    migrations.upgrade(database)
    report = import_folder(database, FolderStorage(base / "files"), load_site("ogre"), "i" * 40, folder)
    assert not report.problems and len(report.tables) == len(TABLES)
    made = Delivery(folder, contents(database), files(base), len(report.tables))
    database.dispose()
    return made


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in (folder / "files").rglob("*") if path.is_file())


class Import:
    """`flask data import`, and what it has said so far."""

    def __init__(self, url: str, folder: Path, delivery: Delivery) -> None:
        self.folder, self.delivery, self.environment = folder, delivery, environment(url, folder)

    def run(self, lines: int | None = None, seconds: float = 0) -> tuple[int | None, list[str]]:
        """Its exit code and what it said. With `lines`: killed so many seconds after it has said so many."""
        while True:
            code, said = self._run(lines, seconds)
            if not any("Another import is running" in line for line in said):  # PostgreSQL has not seen yet that it was killed
                return code, said

    def _run(self, lines: int | None, seconds: float) -> tuple[int | None, list[str]]:
        told = self.folder / "told"
        os.mkfifo(told)
        words = ["--app", "app", "data", "import", str(self.delivery.folder)]
        process = forks.start("flask", words, self.environment, told)
        with told.open() as output:  # as soon as the other end is open too
            said = [output.readline() for _ in range(lines or 0)]
            if lines is not None:
                threading.Event().wait(seconds)
                forks.kill(process)
            said += output.readlines()
        told.unlink()
        process.join(SECONDS)
        return process.exitcode, said


def assert_kept(database: Database, said: list[str]) -> None:
    """Of each file that was told to be done every row is there, once."""
    told = [(line.split(".csv")[0], line.split("%")[1].split()[0]) for line in said if "100%" in line]
    for name, rows in [one for one in told if one[0] != "einvoices"]:  # which has no table of its own
        with database.read() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(TABLES[name].db)).scalar() == int(rows.replace(",", ""))


@pytest.mark.parametrize("number", range(IMPORTS))
def test_an_import_killed_again_and_again_ends_as_if_nobody_had_disturbed_it(
    database_url: str, tmp_path: Path, delivery: Delivery, number: int
) -> None:
    print("seed", seed := random.randrange(10**9))
    chance, database, kills = random.Random(seed), Database(database_url), 0
    job = Import(database_url, tmp_path, delivery)
    while kills < IMPORT_KILLS:
        code, said = job.run(chance.randrange(delivery.lines), chance.uniform(0, 0.1))
        kills += code == -signal.SIGKILL
        assert code in (-signal.SIGKILL, 0), said
        assert_kept(database, said)
    code, said = job.run()
    assert code == 0 and contents(database) == delivery.contents, said
    code, said = job.run()
    changes = [line for line in said if "rows read" in line and "0 added, 0 changed" not in line]
    assert code == 0 and len(said) == 2 * delivery.lines and changes == []
    assert contents(database) == delivery.contents and files(tmp_path) == delivery.files
    assert_nothing_is_left(database, tmp_path)
