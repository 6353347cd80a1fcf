"""Readings that come by the API, beside the import of the same ones from a folder (issue: at least half its rate)."""

import csv
import json
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from app import create_app
from bench.data import MONTHS, SITE, settings
from bench.letters import turns
from demo.generate import main as generate
from jobs.exchange import import_folder
from models import api_tokens, migrations
from models.audit import Actor
from models.database import Database
from models.files import FolderStorage
from models.site import load_site
from models.types import utc_now

ROWS = 10_000  # of one request


def measure(url: str, folder: Path, customers: int) -> dict[str, Any]:
    """Both rates by the clock, into the same tables with nothing but readings missing."""
    database, config = Database(url), settings(url, folder)
    migrations.upgrade(database)
    parts = (database, FolderStorage(config.files_dir), load_site(SITE), config.identifier_key)
    with tempfile.TemporaryDirectory() as exchange:
        alone = Path(exchange) / "readings"
        generate([exchange, "--site", SITE, "--customers", str(customers), "--months", str(MONTHS)])
        alone.mkdir()
        (Path(exchange) / "readings.csv").rename(alone / "readings.csv")
        (alone / "exchange.toml").write_text((Path(exchange) / "exchange.toml").read_text())
        import_folder(*parts, Path(exchange))
        with (alone / "readings.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        bodies = [json.dumps({"rows": rows[start : start + ROWS]}) for start in range(0, len(rows), ROWS)]
        client, headers = create_app(config).test_client(), _headers(database)
        candidates = {
            "folder": lambda: import_folder(*parts, alone), "api": lambda: _post(client, headers, bodies),
        }  # fmt: skip
        taken = turns(candidates, lambda: _empty(database, len(rows)))
    database.dispose()
    name = f"{len(rows):,} readings by the API ÷ from a folder"
    return {f"{name}, rate": taken["folder"] / taken["api"], "by the API, rows/s": len(rows) / taken["api"]}


def _headers(database: Database) -> dict[str, str]:
    with database.write() as session:
        until = utc_now() + timedelta(days=1)
        secret = api_tokens.make(session, Actor(None, "command"), "bench", api_tokens.SCOPES, until)
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def _post(client: Any, headers: dict[str, str], bodies: Sequence[str]) -> None:
    for body in bodies:
        answer = client.post("/api/v1/readings", data=body, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(answer.get_data(as_text=True)[:500])


def _empty(database: Database, rows: int) -> None:
    """Nothing was there, or all of it. By the driver: a reading may name another, which a DELETE would look for."""
    raw = database.engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("SELECT count(*) FROM reading")
    if (found := cursor.fetchone()[0]) not in (0, rows):
        raise RuntimeError(f"{found} readings instead of {rows}")
    without = ("PRAGMA foreign_keys=off", "DELETE FROM reading", "PRAGMA foreign_keys=on")
    for statement in without if database.is_sqlite else ("TRUNCATE reading CASCADE", "COMMIT"):
        cursor.execute(statement)
    cursor.close()
    raw.close()
