"""Three web instances behind nginx, two workers, PostgreSQL and Redis: what one knows all know, and any of them may die."""

import http.client
import signal
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.database import Database
from models.readings import Reading
from scripts.cluster import HOST, Cluster
from tests.cast import Cast
from tests.concurrency.server import SECONDS, Visitor, at_once, environment
from tests.tools import require


class Guest(Visitor):
    """Somebody who comes in by nginx, or by the door of one instance behind it."""

    def __init__(self, cluster: Cluster, username: str = "", instance: int = 0) -> None:
        self.trust, self.door = ssl.create_default_context(cafile=cluster.folder / "tls.crt"), instance
        super().__init__(cluster.port, username)

    def connect(self) -> http.client.HTTPConnection:
        if self.door:
            return http.client.HTTPConnection("127.0.0.1", self.door, timeout=SECONDS)
        return http.client.HTTPSConnection(HOST, self.port, timeout=SECONDS, context=self.trust)

    def at(self, instance: int) -> "Guest":
        """The same browser at the door of one instance."""
        self.door, self.more = instance, {"Host": f"{HOST}:{self.port}", "X-Forwarded-Proto": "https"}
        return self


@pytest.fixture(scope="module")
def dialect() -> str:
    return "postgres"


@pytest.fixture
def cluster(staged_url: str, tmp_path: Path) -> Iterator[Cluster]:
    for tool in ("nginx", "redis-server"):
        require(tool)
    with Cluster(tmp_path / "cluster", environment(staged_url, tmp_path, SMTP_HOST="127.0.0.1", SMTP_PORT=1), workers=1) as cluster:
        yield cluster


@contextmanager
def traffic(cluster: Cluster, path: str) -> Iterator[Counter[int]]:
    """Anna opens a page again and again, four times at once, until the block ends; how often which status came."""
    ended, statuses = threading.Event(), Counter[int]()
    anna = Guest(cluster, "anna")

    def ask() -> None:
        while not ended.is_set():
            statuses[anna.ask("GET", path)[0]] += 1

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask) for _ in range(4)]
        yield statuses
        ended.set()
    for one in asked:
        one.result()


def test_what_one_instance_knows_all_know_and_a_form_that_reaches_them_all_is_one(cluster: Cluster, cast: Cast, staged_url: str):
    anna = Guest(cluster, "anna")
    fields = anna.open(cast.cold) | {f"r-{cast.cold}-1": "195,5"}
    doors = [Guest(cluster).at(port) for port in cluster.instances]
    for door in doors:
        door.cookies = anna.cookies
        assert "Brīvības iela 12–34" in door.ask("GET", f"/properties/{cast.flat}")[1]
    assert [status for status, _ in at_once([lambda door=door: door.send(cast.cold, fields) for door in doors])] == [200] * 3
    database = Database(staged_url)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).where(Reading.value == 195_500)).scalar() == 1
    database.dispose()
    statuses = [doors[n % 3].ask("GET", "/receipts/no-such-link")[0] for n in range(21)]
    assert statuses == [404] * 20 + [429], "the limit of a link is one for all"


def test_an_instance_that_is_killed_takes_nothing_with_it_and_when_all_are_gone_a_page_says_so(cluster: Cluster, cast: Cast):
    with traffic(cluster, f"/properties/{cast.flat}") as statuses:
        wait(lambda: statuses[200] > 20)
        cluster.stop(cluster.instances[0], signal.SIGKILL)
        seen = statuses[200]
        wait(lambda: statuses[200] > seen + 60)
    assert {*statuses} == {200}, statuses
    for port in cluster.instances[1:]:
        cluster.stop(port)
    guest = Guest(cluster)
    status, page = guest.ask("GET", "/login")
    assert status == 503 and "Портал временно недоступен" in page
    assert guest.ask("POST", "/password/reset/SECRET?x=1", {"password": "1"}) == (503, page), "a form that is sent is told the same"
    log = cluster.folder / "access.log"
    wait(lambda: '"method":"POST","path":"/password/reset/…","status":503' in log.read_text("utf-8"))
    assert '"method":"GET","path":"/login","status":503' in log.read_text("utf-8")
    assert not [name for name in ("access.log", "error.log") if "SECRET" in (cluster.folder / name).read_text("utf-8")]
    cluster.start(cluster.instances[0])
    wait(lambda: guest.ask("GET", "/login")[0] == 200)


def test_a_rolling_restart_is_noticed_by_nobody(cluster: Cluster, cast: Cast):
    before = [cluster.processes[f"web {port}"].pid for port in cluster.instances]
    assert Guest(cluster).ask("GET", "/static/no-such.css")[0] == 404, "that all of them miss is missing"
    with traffic(cluster, f"/properties/{cast.flat}") as statuses:
        cluster.roll()
        seen = statuses[200]
        wait(lambda: statuses[200] > seen + 20)
    assert {*statuses} == {200}, statuses
    assert not {*before} & {cluster.processes[f"web {port}"].pid for port in cluster.instances}


def wait(done: Callable[[], bool]) -> None:
    """Until something is so; for ever is a failure."""
    for _ in range(2000):
        if done():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it did not come")
