"""The importer beside the bare driver: the same rows, the same indexes, as many rows to a commit.

`python -m bench.loading FOLDER` imports in a process of its own, whose highest memory is the importer's.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.process import environment
from jobs.exchange import import_folder
from jobs.exchange.intake import CHUNK
from jobs.exchange.report import progress_bar
from jobs.exchange.tables import TABLES
from models import migrations
from models.database import Database, metadata
from models.files import FolderStorage
from models.settings import Settings, load_settings
from models.site import load_site


@dataclass(frozen=True)
class Loaded:
    """What an import took."""

    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    def rate(self, *, by_cpu: bool) -> float:
        """Rows per second, of this process's CPU or of the clock."""
        return self.rows / (self.cpu_seconds if by_cpu else self.seconds)


def load(settings: Settings, exchange: Path) -> Loaded:
    """Import a folder; the schema is there."""
    command = [sys.executable, "-m", "bench.loading", str(exchange)]
    done = subprocess.run(command, env=environment(settings), stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # our own
    return Loaded(**json.loads(done.stdout))


def main() -> None:
    """Import the folder of the first argument into the database of the environment; print a `Loaded` as JSON."""
    settings = load_settings(os.environ, None)
    database, storage = Database(settings.database_url), FolderStorage(settings.files_dir)
    started, cpu = time.perf_counter(), time.process_time()
    with progress_bar() as progress:
        site, key = load_site(settings.site), settings.identifier_key
        report = import_folder(database, storage, site, key, Path(sys.argv[1]), progress=progress)
    if report.problems:
        raise RuntimeError(f"the crowd was not taken in: {report.problems[0]}")
    # Not ru_maxrss: that begins with the memory of the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    used = int(status["VmHWM"].split()[0]) / 1024
    rows = sum(counts.read for counts in report.tables.values())
    loaded = Loaded(rows, time.perf_counter() - started, time.process_time() - cpu, used)
    print(json.dumps(vars(loaded)))


def bare_rate(source: Database, target: Database) -> float:
    """Rows per second of the driver's own executemany, of all imported rows of `source` into the empty `target`.

    On SQLite by CPU, for all work is done in this process; on PostgreSQL, whose server works elsewhere, by the clock.
    """
    migrations.upgrade(target)
    clock = time.process_time if target.is_sqlite else time.perf_counter
    rows, seconds = 0, 0.0
    reader, writer = source.engine.raw_connection(), target.engine.raw_connection()
    into, mark = writer.cursor(), "?" if target.is_sqlite else "%s"
    imported = {table.db.name for table in TABLES.values()} | {"register"}
    for table in (table for table in metadata().sorted_tables if table.name in imported):
        out: Any = reader.cursor()
        out.execute(f'SELECT * FROM "{table.name}" ORDER BY 1')  # noqa: S608  # our own names
        marks = ", ".join([mark] * len(out.description))
        names = ", ".join(f'"{column[0]}"' for column in out.description)
        while chunk := out.fetchmany(CHUNK):
            started = clock()
            if target.is_sqlite:
                into.execute("BEGIN IMMEDIATE")
            into.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', chunk)  # noqa: S608  # as above
            into.execute("COMMIT")
            seconds, rows = seconds + clock() - started, rows + len(chunk)
        out.close()
    for raw in (reader, writer):
        raw.close()
    return rows / seconds


if __name__ == "__main__":
    main()
