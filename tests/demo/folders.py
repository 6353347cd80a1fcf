"""Reading a generated exchange folder, and the five demos, each written once."""

import csv
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from demo.calendar import demo_today
from demo.generate import write_demo
from models.site import Site, load_site

SITES = ("daugavpils", "gaze", "ludza", "ogre", "ventspils")
Row = dict[str, str]


class Demo:
    """The demo of one site on a day inside its window."""

    def __init__(self, name: str, folder: Path, real: date = date(2026, 11, 12)) -> None:
        self.site: Site = load_site(name)
        self.today = demo_today(self.site, real)
        self.folder = folder
        write_demo(self.site, folder, self.today)

    def rows(self, table: str, **wanted: str) -> list[Row]:
        return rows(self.folder, table, **wanted)

    def readings(self, meter: str) -> list[Row]:
        return self.rows("readings", meter=meter)

    def paid(self, invoice: Row) -> Decimal:
        return sum(
            (Decimal(row["amount"]) for row in self.rows("payments", invoice=invoice["external_id"])),
            Decimal(),
        )

    def invoices(self, customer: str) -> list[Row]:
        """Of the main flat, newest first."""
        found = self.rows("invoices", customer=customer, premises="P20034")
        return sorted(found, key=lambda row: row["issued"], reverse=True)


@cache
def _rows(folder: Path, table: str) -> list[Row]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def rows(folder: Path, table: str, **wanted: str) -> list[Row]:
    return [row for row in _rows(folder, table) if wanted.items() <= row.items()]


@cache
def demo_of(name: str) -> Demo:
    return Demo(name, Path(mkdtemp(prefix=f"demo-{name}-")))
