"""Big files to slow telephones: they hold no thread of the server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.database import Database
from models.documents import Document
from models.files import FolderStorage
from tests.cast import Cast
from tests.concurrency.server import SECONDS, Visitor

SIZE, TELEPHONES = 20_000_000, 8


@pytest.fixture
def big(database: Database, cast: Cast, tmp_path: Path) -> Iterator[str]:
    """The address of a document of twenty megabytes."""
    name = FolderStorage(tmp_path / "files").put(b"%PDF-" + b"x" * (SIZE - 5))
    with database.write() as session:
        session.execute(sa.update(Document).where(Document.public_id == cast.document).values(file_hash=name))
    yield f"/documents/{cast.document}/file"


def slow_telephone(anna: Visitor, path: str) -> socket.socket:
    """Somebody who asks, and takes nothing of the answer but its first bytes."""
    phone = socket.create_connection(("127.0.0.1", anna.port), timeout=SECONDS)
    phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    cookies = "; ".join(f"{name}={value}" for name, value in anna.cookies.items())
    phone.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{anna.port}\r\nCookie: {cookies}\r\n\r\n".encode())
    assert phone.recv(12) == b"HTTP/1.1 200"
    return phone


def test_slow_telephones_keep_nobody_waiting(anna: Visitor, big: str):
    with ExitStack() as stack:
        for _ in range(TELEPHONES):
            stack.enter_context(slow_telephone(anna, big))
        assert anna.ask("GET", "/profile")[0] == 200
