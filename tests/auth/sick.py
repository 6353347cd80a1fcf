"""Servers that answer as no server should: a socket and what is done with each connection."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PACE = threading.Event()  # never set
Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer, first_word: bool = True) -> Iterator[str]:
    """Answers each connection in a thread of its own; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    taken, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=[taken], daemon=True).start()

        def serve(taken: socket.socket) -> None:
            with taken, suppress(OSError):  # the portal hangs up, as it should
                if first_word:
                    read(taken)
                answer(taken)

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        listening.shutdown(socket.SHUT_RDWR)


def read(taken: socket.socket) -> None:
    """The first word of somebody, of a request all: who answers and hangs up before it has come whole resets it."""
    told = taken.recv(65536)
    while told.startswith((b"GET ", b"POST ")):
        head, end, body = told.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return
        told += taken.recv(65536)


def drip(taken: socket.socket) -> None:
    taken.sendall(HEAD + b"\r\n")
    while True:
        taken.sendall(b" ")
        PACE.wait(0.01)


def drip_of_headers(taken: socket.socket) -> None:
    taken.sendall(HEAD)
    for number in range(100_000):
        taken.sendall(b"X-%d: 1\r\n" % number)
        PACE.wait(0.05)


def endless(taken: socket.socket) -> None:
    taken.sendall(HEAD + b"\r\n[")
    while True:
        taken.sendall(b"1," * 50_000)


def says(body: bytes, head: bytes = HEAD) -> Answer:
    return lambda taken: taken.sendall(head + b"\r\n" + body)


NO_ANSWERS: dict[str, Answer] = {
    "silence": lambda taken: PACE.wait(30) and None, "a drip": drip, "a drip of headers": drip_of_headers, "ten megabytes and more": endless,
    "hung up": lambda _taken: None, "no JSON": says(b"<html>"), "no UTF-8": says(b'"\xff"'), "cut off": says(b'{"a": [1', HEAD + b"Content-Length: 50\r\n"),
    "no HTTP": lambda taken: taken.sendall(b"SSH-2.0\r\n"), "a server that is ill": says(b"{}", b"HTTP/1.1 503 No\r\n"),
    "very deep": says(b"[" * 100_000),
    "elsewhere": says(b"{}", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"),
}  # fmt: skip
