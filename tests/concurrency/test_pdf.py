"""One PDF asked for by many at once, from real servers of one and of two processes: rendered once; and killed meanwhile."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from models.database import Database
from tests.cast import Cast
from tests.concurrency.server import SECONDS, Server, Visitor, at_once
from tests.concurrency.stored import assert_nothing_is_left


@pytest.fixture
def make_server(staged_url: str, tmp_path: Path) -> Iterator[Callable[[int], Server]]:
    """A server of so many processes that counts its renderings in the file `tally`."""
    made: list[Server] = []

    def make(workers: int) -> Server:
        made.append(Server(staged_url, tmp_path, workers, "tests.concurrency.counted:create_app"))
        made[-1].environment["TALLY"] = str(tmp_path / "tally")
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.stop()


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_requests_for_one_pdf_at_once_render_it_once(
    make_server: Callable[[int], Server], database: Database, tmp_path: Path, cast: Cast, workers: int
) -> None:
    server = make_server(workers)
    people = [Visitor(server.port, name) for name in ("anna", "marta")]
    answers = at_once([partial(patiently, person, f"/invoices/{cast.invoice}.pdf") for person in people] * 25)
    assert len(set(answers)) == 1 and answers[0][0] == 200 and answers[0][1].startswith("%PDF-")
    assert (tmp_path / "tally").read_text() == "." and len(files(tmp_path)) == 1


def test_a_rendering_whose_server_was_killed_is_made_by_the_next_who_asks(
    make_server: Callable[[int], Server], database: Database, tmp_path: Path, cast: Cast
) -> None:
    server, path = make_server(1), f"/invoices/{cast.invoice}.pdf"
    anna = Visitor(server.port, "anna")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(anna.ask, "GET", path)
        deadline = time.monotonic() + SECONDS
        while not (tmp_path / "tally").exists():
            assert time.monotonic() < deadline and not asked.done()
        server.kill()
        assert isinstance(asked.exception(SECONDS), OSError)
    assert files(tmp_path) == []
    server.start()
    status, body = anna.ask("GET", path)
    assert status == 200 and body.startswith("%PDF-") and len(files(tmp_path)) == 1
    server.stop()
    assert_nothing_is_left(database, tmp_path)


def patiently(visitor: Visitor, path: str) -> tuple[int, str]:
    """An answer; on a slow machine some are told to ask again in a few seconds, and do so at once."""
    while (answer := visitor.ask("GET", path))[0] == 503:
        continue
    return answer
