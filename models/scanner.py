"""Virus scanners: clamd by its own protocol, or none. Who asks keeps a file back until a scanner has cleared it."""

import socket
import struct
from typing import BinaryIO
from urllib.parse import urlsplit

from models.files import CHUNK
from models.settings import Settings

_SECONDS = 20.0  # that the scanner may be silent
_LONGEST = 1000  # bytes of an answer


class ScannerAway(Exception):
    """The scanner cannot be asked, or did not say whether the file is clean."""


class Scanner:
    """Looks for viruses; this one, of a site without a scanner, finds none."""

    def scan(self, file: BinaryIO) -> str:
        """The name of what is in `file`, "" when it is clean. Raises `ScannerAway`."""
        return ""


class Clamd(Scanner):
    """ClamAV's daemon, asked by its command INSTREAM (clamd(8)), at `clamd://host:port` or `clamd:///path/of/socket`."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet."""
        self._at = urlsplit(url)

    def scan(self, file: BinaryIO) -> str:
        """As `Scanner.scan`."""
        try:
            with self._connected() as link:
                link.sendall(b"zINSTREAM\0")
                file.seek(0)
                while piece := file.read(CHUNK):
                    link.sendall(struct.pack("!I", len(piece)) + piece)
                link.sendall(struct.pack("!I", 0))
                answer = link.makefile("rb").read(_LONGEST)  # it hangs up after its answer
        except (OSError, ValueError) as error:  # ValueError: no port
            raise ScannerAway(str(error)) from error
        if answer == b"stream: OK\0":
            return ""
        if not answer.endswith(b" FOUND\0"):
            raise ScannerAway(repr(answer))
        return answer[len("stream: ") : -len(" FOUND\0")].decode("utf-8", "replace")[:200] or "?"

    def _connected(self) -> socket.socket:
        if self._at.hostname:
            return socket.create_connection((self._at.hostname, self._at.port or 3310), _SECONDS)
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(_SECONDS)
        link.connect(self._at.path)
        return link


def scanner_of(settings: Settings) -> Scanner:
    """The scanner that the settings name."""
    return Clamd(settings.scanner) if settings.scanner else Scanner()
