"""Rows of one table that came by the API instead of in a file, with the files that they name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from jobs.exchange.cells import Refused, clean
from jobs.exchange.source import Source

_CELL = "a text, a number, true, false or null"
_WORDS = {None: "", True: "1", False: "0"}


@dataclass(frozen=True, kw_only=True)
class Given(Source):
    """What came with one request: rows as JSON has them, and files by their names."""

    rows: Sequence[Mapping[str, Any]]
    files: Mapping[str, bytes]
    root: Path = Path()  # of a folder, which this is not

    def open(self, name: str) -> BinaryIO:
        """A file by its path in an exchange. Refuses what is none."""
        found = self.files.get(name.rpartition("/")[2])
        if found is None:
            raise Refused(f"the name of a file that came with it ({name} is missing)")
        return BytesIO(found)


class Rows:
    """Given rows, as `jobs.exchange.sheet` reads those of a file: numbers of rows begin with 1."""

    format = "utf-8", "json"
    complete = False  # never all that there is
    part = 1.0

    def __init__(self, rows: Sequence[Mapping[str, Any]], refuse: Callable[[int, str, str, str], None]) -> None:
        """The first row names the columns. Raises `Refused` when none can be read."""
        self._rows, self._refuse = rows, refuse
        self._names = [*rows[0]]
        self.header = [clean(name).casefold() for name in self._names]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Number of the row, and its cells as text."""
        names, width = self._names, len(self._names)
        for number, row in enumerate(self._rows, 1):
            cells = [row.get(name, ...) for name in names]
            if ... in cells or len(row) != width:
                other = next(name for name in [*names, *row] if name not in row or name not in names)
                self._refuse(number, other, "", "the same columns as the first row has")
                continue
            for place, cell in enumerate(cells):
                if type(cell) is not str:
                    if cell is not None and type(cell) is not bool:
                        self._refuse(number, names[place], "", _CELL)
                        break
                    cells[place] = _WORDS[cell]
            else:
                yield number, cells
