"""A real server on this machine that speaks clamd's protocol (clamd(8), INSTREAM) and finds one marker."""

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

MARKER = b"EKABINETS-TEST-MARKER-THAT-COUNTS-AS-A-VIRUS"


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        data = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
        answer = getattr(self.server, "answer", None)
        verdict = b"stream: Test.Marker FOUND\0" if MARKER in data else b"stream: OK\0"
        self.wfile.write(verdict if answer is None else answer)


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def clam_server(path: Path | None = None, answer: bytes | None = None) -> Iterator[str]:
    """Its address while it runs, at a port or a socket's path; `answer` is what it says whatever it reads."""
    server = _Unix(str(path), _Session) if path else _Tcp(("127.0.0.1", 0), _Session)
    server.answer = answer  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"clamd://{path}" if path else f"clamd://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
