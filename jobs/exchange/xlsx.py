"""Turns the first sheet of an XLSX workbook (standard input) into CSV (standard output), with a limit on memory.

It is started as a process of its own and imports nothing of ours: a small workbook can ask for any amount of
memory, which the Rust library below answers by ending its process.
"""

import csv
import io
import resource
import sys
from datetime import date, datetime, time
from decimal import Decimal

from python_calamine import CalamineWorkbook

MEMORY = 2 * 1024**3  # bytes
SECONDS = 120


def as_text(value: object) -> str:
    """A cell as the CSV files have it: ISO dates, 1 and 0, numbers with the 15 digits that Excel keeps."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return format(Decimal(f"{value:.15g}").normalize(), "f")
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def main() -> None:
    """Read standard input, write standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    output = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
    writer = csv.writer(output, delimiter=";")
    for row in workbook.get_sheet_by_index(0).iter_rows():
        writer.writerow([as_text(value) for value in row])
    output.flush()


if __name__ == "__main__":
    main()
