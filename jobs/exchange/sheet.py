"""One CSV or XLSX file of an exchange: its header, then its records, streamed."""

import codecs
import csv
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from jobs.exchange import xlsx
from jobs.exchange.cells import Refused, clean
from jobs.exchange.source import DAMAGED, Source, read_whole, readable

MAX_XLSX = 20 * 10**6  # bytes, packed
_SNIFF = 1 << 20  # bytes


def open_table(source: Source, name: str) -> BinaryIO:
    """A table as CSV. Refuses what cannot be read."""
    with readable():
        return _from_xlsx(source, name) if name.endswith(".xlsx") else source.open(name)


class Sheet:
    """A CSV file that is being read: its header, then its records with their numbers."""

    def __init__(self, binary: BinaryIO, refuse: Callable[[int, str, str, str], None]) -> None:
        """Read the header. `refuse(row, column, value, expected)` takes what is wrong with a row.

        Raises `Refused` when nothing of the file can be read.
        """
        self.complete = False  # True once every record was read
        self._binary, self._refuse = binary, refuse
        with readable():
            self.format = encoding, separator = _sniff(binary)
            self._size = max(1, binary.seek(0, os.SEEK_END))
            binary.seek(0)
            # Bytes outside the encoding become lone surrogates, so only their cells are refused, not the file.
            text = io.TextIOWrapper(binary, encoding, "surrogateescape", newline="")
            self._reader = csv.reader(text, delimiter=separator)
            header = next(self._reader, [])
        while header and not header[-1].strip():
            header.pop()
        self.header = [clean(name).casefold() for name in header]

    @property
    def part(self) -> float:
        """How much of it has been read, 0 to 1."""
        return min(1.0, self._binary.tell() / self._size)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Row number as a spreadsheet counts (the header is 1, a record on two lines counts once) and cells."""
        row, width = 1, len(self.header)
        while True:
            row += 1
            try:
                cells = next(self._reader)
            except StopIteration:
                self.complete = True
                return
            except csv.Error:
                self._refuse(row, "", "", "a row without an open quotation mark and with cells of moderate length")
                continue
            except DAMAGED:
                self._refuse(row, "", "", "a file that can be read to its end")
                return
            if len(cells) == width and cells[0]:
                yield row, cells
            elif len(cells) >= width and any(cells) and not any(cells[width:]):
                yield row, cells[:width]
            elif any(cells):  # a blank line counts and says nothing
                self._refuse(row, "", "", f"{width} cells, as the header has")


def _sniff(stream: BinaryIO) -> tuple[str, str]:
    """Encoding and separator. The first megabyte with letters beyond ASCII tells UTF-8 from cp1257."""
    head = chunk = stream.read(_SNIFF)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused("UTF-8 or cp1257, not UTF-16")
    first_line = head.split(b"\n", 1)[0]
    separator = max(";", "\t", ",", key=lambda sign: first_line.count(sign.encode()))
    while chunk and chunk.isascii():
        chunk = stream.read(_SNIFF)
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(chunk)
    wrong = text.count("\ufffd")
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    # A few damaged characters among many right ones: still UTF-8, and those cells will be reported.
    return ("utf-8-sig" if right >= wrong else "cp1257"), separator


def _from_xlsx(source: Source, name: str) -> BinaryIO:
    """The first sheet of a workbook as CSV in a temporary file; read by a process of its own (see `xlsx`)."""
    too_big = f"a workbook of at most {MAX_XLSX // 10**6} MB; save bigger ones as CSV"
    data = read_whole(source, name, MAX_XLSX, too_big)
    output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by who reads it
    command = [sys.executable, "-I", xlsx.__file__]
    done = subprocess.run(command, input=data, stdout=output, stderr=subprocess.DEVNULL, check=False)  # noqa: S603  # our own
    if done.returncode:
        output.close()
        raise Refused("an XLSX workbook that can be read; save it as CSV")
    output.seek(0)
    return output
