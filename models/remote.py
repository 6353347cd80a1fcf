"""Asking a provider: one request over verified TLS, no redirect followed, bounded in time and bytes (rules 5, 13)."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

MOST = 1_000_000  # bytes of an answer
_BEGINNING = 2000  # bytes of what is said with another status
_PLACE_SECONDS = 0.5  # to wait for a place


class ProviderAway(Exception):
    """The provider cannot be reached, is too slow, or answers with what is no answer."""


class Refusal(ProviderAway):
    """It answered with another status than was hoped for, and said this."""

    def __init__(self, status: int, said: bytes) -> None:
        super().__init__(f"status {status}")
        self.status, self.said = status, said.decode("utf-8", "replace")


class Remote:
    """Asks at most `places` at a time, so that a provider that hangs leaves threads for everybody else."""

    def __init__(self, seconds: float = 5.0, places: int = 1, fine: Container[int] = (200,)) -> None:
        """`seconds`: for a whole answer, from the first byte that is sent to the last that is read; `fine`: status."""
        self.seconds, self._fine = seconds, fine
        self._places = threading.BoundedSemaphore(places)
        self._tls = ssl.create_default_context()

    def ask(self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] = {}) -> Any:
        """The JSON that `url` answers with status 200 to a GET, or to a POST of `form`. Raises `ProviderAway`."""
        kind = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        body = None if form is None else urlencode(form).encode()
        try:
            return json.loads(self.fetch(url, body, {"Accept": "application/json", **kind, **headers}))
        except (ValueError, RecursionError) as error:  # no JSON
            raise ProviderAway(type(error).__name__) from None

    def fetch(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        """What `url` answers with status 200 to a GET, or to a POST of `body`. Raises `ProviderAway`."""
        if not self._places.acquire(timeout=_PLACE_SECONDS):
            raise ProviderAway("busy")
        try:
            return self._read(urlsplit(url), body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no address
            raise ProviderAway(type(error).__name__) from None
        finally:
            self._places.release()

    def _read(self, url: SplitResult, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        ends = time.monotonic() + self.seconds
        port = url.port or (443 if url.scheme == "https" else 80)
        connection = http.client.HTTPConnection(url.hostname or "", port)
        connection.sock = plain = socket.create_connection((url.hostname or "", port), self.seconds)
        if url.scheme == "https":
            connection.sock = self._tls.wrap_socket(plain, server_hostname=url.hostname, do_handshake_on_connect=False)
        # A time-out begins again with each byte; this ends even an answer that drips.
        watch = threading.Timer(max(0.0, ends - time.monotonic()), _hang_up, [connection.sock])
        watch.start()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            if answer.status not in self._fine:
                raise Refusal(answer.status, answer.read(_BEGINNING))
            data = answer.read(MOST + 1)
            if len(data) > MOST:
                raise ProviderAway("too long")
            return data
        finally:
            watch.cancel()
            connection.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # an SSLSocket's own would go on without TLS
