"""What an import found and did, and how it is told on a terminal."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# Called with the file, the rows done and the part of the file that is done, 0 to 1.
Progress = Callable[[str, int, float], None]

KEPT_PROBLEMS = 1000  # more are only counted
SHOWN_MISSING = 20
_LONGEST_VALUE = 80
_BAR = 24  # characters


@dataclass(frozen=True)
class Problem:
    """A cell, row or file that was not taken. `row` as a spreadsheet counts it, 0 for the whole file."""

    file: str
    row: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        """In one line: where, what stands there, what is expected."""
        where = ", ".join(filter(None, (self.file, f"row {self.row}" if self.row else "", self.column)))
        found = f'"{self.value}", ' if self.value else ""
        told = f"{where}: {found}expected {self.expected}"
        return told.encode(errors="replace").decode()  # a name of a file may be no UTF-8


@dataclass
class Counts:
    """Rows of one table. `missing` are in the database and not in the file; they stay."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    missing_ids: list[str] = field(default_factory=list)  # the first of them


@dataclass
class Report:
    """The outcome of an import, in memory that does not grow with the files."""

    dry_run: bool = False
    tables: dict[str, Counts] = field(default_factory=dict)  # only of files that were there
    problems: list[Problem] = field(default_factory=list)  # the first KEPT_PROBLEMS
    problem_count: int = 0
    formats: dict[str, tuple[str, str]] = field(default_factory=dict)  # of each file: encoding and separator

    @property
    def changed_anything(self) -> bool:
        """Whether a row was added or changed (in a dry run: would have been)."""
        return any(counts.added or counts.changed for counts in self.tables.values())

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Count these and keep what there is room for."""
        for problem in problems:
            self.problem_count += 1
            if len(self.problems) < KEPT_PROBLEMS:
                self.problems.append(problem)

    def summary(self) -> dict[str, Any]:
        """The counts as plain data, for the audit row."""
        names = ("read", "added", "changed", "missing")
        tables = {table: {name: getattr(counts, name) for name in names} for table, counts in self.tables.items()}
        return {"tables": tables, "problems": self.problem_count}


def shown(value: str) -> str:
    """A cell as a report may carry it: short, and without what would confuse a terminal."""
    plain = "".join(sign if sign.isprintable() else "\ufffd" for sign in value[: _LONGEST_VALUE + 1])
    return plain if len(plain) <= _LONGEST_VALUE else plain[: _LONGEST_VALUE - 1] + "…"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A `Progress` that draws a bar and rows per second on standard error; without a terminal a line per file."""
    started: dict[str, float] = {}
    live = sys.stderr.isatty()

    def draw(file: str, rows: int, part: float) -> None:
        seconds = time.perf_counter() - started.setdefault(file, time.perf_counter())
        rate = f"{rows / seconds:,.0f} rows/s" if seconds > 0 else ""
        line = f"{file:<18} [{'#' * round(part * _BAR):<{_BAR}}] {part:4.0%} {rows:>11,} rows  {rate:>16}"
        if live or part == 1:
            print("\r" * live + line, end="\n" * (part == 1), file=sys.stderr, flush=True)

    yield draw


def print_report(report: Report) -> int:
    """Say on standard output what came of it. The exit code: 1 when there were problems."""
    for name, counts in report.tables.items():
        done = f"{counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged"
        print(f"{name}: {counts.read} rows read, {done}.")
        if counts.missing:
            more = ", …" if counts.missing > len(counts.missing_ids) else ""
            ids = ", ".join(counts.missing_ids)
            print(f"{name}: {counts.missing} in the database are not in the file and stay: {ids}{more}.")
    for problem in report.problems:
        print(problem)
    if report.problem_count > len(report.problems):
        print(f"… and {report.problem_count - len(report.problems)} more problems.")
    if report.dry_run:
        print("This was a dry run: nothing was changed.")
    return 1 if report.problem_count else 0
