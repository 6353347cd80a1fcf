"""Copies of people's data, and the purge, as the worker makes them."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import sqlalchemy as sa
from flask import Flask

from jobs.copies import make_due
from models import retention
from models.copies import DataCopy
from tests.browser import Browser, Page
from tests.cast import PASSWORD, TODAY
from tests.standing import fetch

DATA = "/profile/data"


def ask(browser: Browser, password: str = PASSWORD) -> Page:
    """Ask for a copy by the form."""
    return browser.submit(browser.get(DATA), DATA, old=password)


def make(app: Flask) -> int:
    """What the worker does; how many were made."""
    with app.app_context():
        return make_due(app)


def newest(browser: Browser) -> str:
    """The address of her newest copy."""
    return next(path for path in browser.get(DATA).links if path.startswith(f"{DATA}/"))


def copy_of(app: Flask, browser: Browser) -> ZipFile:
    """Ask, have it made, and download it."""
    ask(browser)
    assert make(app) == 1
    return ZipFile(io.BytesIO(browser.client.get(newest(browser)).get_data()))


def data(archive: ZipFile) -> dict[str, Any]:
    """What a program reads in it."""
    return json.loads(archive.read("data.json"))


def rows(app: Flask) -> Any:
    """All copies, oldest first."""
    return fetch(app, sa.select(DataCopy.__table__).order_by(DataCopy.__table__.c.id))


def purge(app: Flask) -> int:
    """The purge, to its end; how many rows went."""
    held = app.extensions["ekabinets"]
    return sum(retention.purge(held.database, held.storage, held.site, held.clock))


def kill_at(app: Flask, point: str) -> None:
    """Another worker of this application is killed at a point of `tests.jobs.stopping`."""
    settings = app.extensions["ekabinets"].settings
    mine = {
        "SITE": "ogre", "SECRET_KEY": settings.secret_key, "IDENTIFIER_KEY": settings.identifier_key, "DEMO": "true", "TODAY": TODAY,
        "DATABASE_URL": settings.database_url, "FILES_DIR": settings.files_dir, "BASE_URL": "http://localhost",
    }  # fmt: skip
    environment = dict(os.environ) | {f"EKABINETS_{key}": str(value) for key, value in mine.items()}
    words = [sys.executable, "-m", "tests.jobs.stopping", point]
    killed = subprocess.run(words, cwd=Path(__file__).parents[1], env=environment, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
