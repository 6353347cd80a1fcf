"""What is no proper HTTP, and what is cut off on its way, sent to a real server: it stays up and takes nothing of it."""

import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from models.database import Database, metadata
from tests.cast import Cast
from tests.concurrency.server import Server, Visitor, running
from tests.storm import seconds_to_answer

SEED, COUNT = 20261130, 400  # on each database
HEAD = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
GET = b"GET /help HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
BROKEN = (
    b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\0" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /help HTTP/1.0\r\n\r\n",
    b"GET /help HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"CONNECT evil:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET http://evil/help HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /" + b"a" * 90_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /help?\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /h\xc4\x93lp?\xc5\xbe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    GET + b"X: a\0b\r\n\r\n", GET + b"Cookie: session=\xff; csrf=\xfe\r\n\r\n", GET + b"X: a\r\n b\r\n\r\n", GET + b"Host: evil\r\n\r\n", GET.replace(b"\r", b"") + b"\n",
    GET + b"".join(b"X-%d: y\r\n" % n for n in range(3000)) + b"\r\n", GET + b"X: " + b"y" * 900_000 + b"\r\n\r\n", GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", GET + b"Range: bytes=0-\r\n\r\n",
    (GET + b"\r\n") * 9, HEAD + b"Content-Length: -5\r\n\r\n", HEAD + b"Content-Length: abc\r\n\r\n", HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", HEAD + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n",
    HEAD + b"Content-Length: 999999999\r\n\r\nabc", HEAD + b"Content-Length: 50\r\n\r\nusername=a", HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nabc", HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n", HEAD + b"Transfer-Encoding: gzip, x\r\n\r\n",
)  # fmt: skip


@pytest.fixture
def database(staged_url: str) -> Iterator[Database]:
    database = Database(staged_url)
    yield database
    database.dispose()


@pytest.fixture
def server(database: Database, staged_url: str, tmp_path: Path) -> Iterator[Server]:
    with running(staged_url, tmp_path) as server:
        yield server


def rows(database: Database) -> dict[str, list[str]]:
    """What is stored, but for logins."""
    tables = [table for table in metadata().sorted_tables if table.name not in ("web_session", "audit", "throttle")]
    with database.read() as connection:
        return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in tables}


def say(port: int, words: bytes, wait: bool = True, half: bool = True) -> bytes:
    """Say this, and with `half` that it was all; then wait for the answer, or be gone at once."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds_to_answer()) as line:
        try:
            line.sendall(words)
            if half:
                line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b"")) if wait else b""
        except TimeoutError:
            raise
        except OSError:
            return b""  # it hung up on us


def damaged(chance: random.Random) -> bytes:
    """One of the broken requests, as it is or with some of its bytes changed, doubled or left out."""
    words = bytearray(chance.choice(BROKEN))
    for _ in range(chance.choice([0, 0, 1, 3])):
        place = chance.randrange(min(300, len(words)) + 1)
        words[place : place + chance.randint(0, 3)] = chance.choice([b"", b"\r\n", b"\0", b"\xff", b":", b" ", words[place : place + 9] * 2])
    return bytes(words)


def test_after_hundreds_of_broken_requests_the_same_server_serves_on(server: Server, database: Database, cast: Cast) -> None:
    before, chance, statuses = rows(database), random.Random(SEED), set()
    assert say(server.port, GET + b"\r\n", half=False).startswith(b"HTTP/1.1 200 OK")
    for number in range(COUNT):
        words = damaged(chance) if number >= len(BROKEN) else BROKEN[number]
        answer = say(server.port, words, wait=chance.random() < 0.8)
        statuses |= (found := {int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)})
        assert max(found, default=0) < 500 and b"Traceback" not in answer, (SEED, number, words[:300], answer[:300])
    assert statuses >= {400, 413, 414, 431} and rows(database) == before
    assert server.process and server.process.is_alive()
    assert not re.search("Traceback|panicked|ERROR|Unexpected exit", log := server.log.read_text()), log[-2000:]
    anna = Visitor(server.port, "anna")
    assert anna.send(cast.cold, anna.open(cast.cold), "195,5")[0] == 200


CUTS = ("Content-Length: {whole}\r\n\r\n{part}", "Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{part}\r\n", "Transfer-Encoding: chunked\r\n\r\n{whole:x}\r\n{part}", "Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{part}\r\nZZ\r\n")


def test_a_form_that_is_cut_off_on_its_way_is_not_taken_for_a_whole_one(server: Server, database: Database, cast: Cast) -> None:
    """195,5 and two bytes less is 195: a reading, and not hers."""
    before, anna = rows(database), Visitor(server.port, "anna")
    fields = anna.open(cast.cold)
    fields |= {f"r-{cast.cold}-1": fields.pop(f"r-{cast.cold}-1") or "195,5"}  # last of all
    body, cookie = urlencode(fields), "; ".join(f"{name}={value}" for name, value in anna.cookies.items())
    head = f"POST /meters/{cast.cold}/reading HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for cut in range(1, 6):
        for framing in CUTS:
            part = body[:-cut]
            say(server.port, (head + framing.format(part=part, size=len(part), whole=len(body))).encode())
    assert rows(database) == before
    assert anna.send(cast.cold, fields)[0] == 200, "and whole it is"
