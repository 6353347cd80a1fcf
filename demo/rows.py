"""Rows of the exchange format: kept as text that stands for many flats, or written to a folder."""

import csv
from collections import defaultdict
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from jobs.exchange.tables import TABLES

_FONT = Path(__file__).parent.parent / "static/fonts/DejaVuSans-subset.ttf"  # has Latvian letters
Text = dict[str, str]  # table → its rows


class Rows:
    """Rows of one flat (or house) as text, with "@" for its number and "#" for the account it pays to."""

    def __init__(self) -> None:
        self._files: dict[str, TextIO] = defaultdict(StringIO)

    def add(self, table: str, *first: Any, **rest: Any) -> None:
        """Add a row: `first` are its first columns. An unknown column is a ValueError."""
        columns = TABLES[table].columns
        values = dict(zip(columns, first, strict=False)) | rest
        if unknown := values.keys() - columns:
            raise ValueError(f"{table}: no column {', '.join(unknown)}")
        writer = csv.writer(self._files[table], delimiter=";", lineterminator="\n")
        writer.writerow([values.get(column) for column in columns])

    def text(self) -> Text:
        """What was added."""
        return {table: file.getvalue() for table, file in self._files.items() if isinstance(file, StringIO)}


class Folder(Rows):
    """An exchange folder that is being written, in constant memory. Close it."""

    def __init__(self, path: Path, created: date) -> None:
        """Make the folder and every file with its header."""
        (path / "files").mkdir(parents=True, exist_ok=True)
        (path / "exchange.toml").write_text(f"version = 1\ncreated = {created}\n", "utf-8")
        self._path = path
        self._files = {table: (path / f"{table}.csv").open("w", encoding="utf-8", newline="") for table in TABLES}
        for name, table in TABLES.items():
            self.add(name, *table.columns)

    def put(self, text: Text, number: int, iban: str) -> None:
        """Write what `Rows.text` gave, for this flat or house."""
        for table, rows in text.items():
            self._files[table].write(rows.replace("@", str(number)).replace("#", iban))

    def pdf(self, name: str, *lines: str) -> str:
        """Write files/NAME.pdf, one page that says DEMO and these lines. What the column `file` says."""
        registerFont(TTFont("Demo", str(_FONT)))
        path = self._path / "files" / f"{name}.pdf"
        page = Canvas(str(path), invariant=1, lang="lv", initialFontName="Demo", initialFontSize=24)
        for place, line in enumerate(("DEMO", *lines)):
            page.drawString(60, 740 - 36 * place, line)
        page.save()
        return path.name

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def decimal(number: int, places: int, shown: int | None = None) -> str:
    """A number kept in 10^-places, with all places or only the first `shown`: 3145, 3 → "3.145"."""
    whole, part = divmod(abs(number), 10**places)
    digits = f"{part:0{places}d}"[:shown]
    return ("-" if number < 0 else "") + str(whole) + ("." + digits if digits else "")
