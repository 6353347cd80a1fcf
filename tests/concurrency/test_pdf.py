"""One PDF asked for by many at once, from real servers of one and of two processes: rendered once."""

from functools import partial
from pathlib import Path

import pytest

from models.database import Database
from tests.cast import Cast
from tests.concurrency.server import Server, Visitor, at_once


@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_requests_for_one_pdf_at_once_render_it_once(database: Database, staged_url: str, tmp_path: Path, cast: Cast, workers: int) -> None:
    server = Server(staged_url, tmp_path, workers, "tests.concurrency.counted:create_app")
    server.environment["TALLY"] = str(tmp_path / "tally")
    try:
        server.start()
        people = [Visitor(server.port, name) for name in ("anna", "marta")]
        answers = at_once([partial(patiently, person, f"/invoices/{cast.invoice}.pdf") for person in people] * 25)
    finally:
        server.stop()
    assert len(set(answers)) == 1 and answers[0][0] == 200 and answers[0][1].startswith("%PDF-")
    assert (tmp_path / "tally").read_text() == "."
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


def patiently(visitor: Visitor, path: str) -> tuple[int, str]:
    """An answer; on a slow machine some are told to ask again in a few seconds, and do so at once."""
    while (answer := visitor.ask("GET", path))[0] == 503:
        continue
    return answer
