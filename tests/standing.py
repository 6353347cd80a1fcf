"""One application for all tests of a run that need no settings of their own: its templates are compiled once.

A module that imports `app` from here gets it on a fresh copy of the database with the cast on stage.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from models.database import Database, metadata
from models.files import FolderStorage
from tests import conftest
from tests.browser import Page
from views.limits import limiter

__all__ = ["app", "change", "dump", "fetch", "house_file", "main"]
_standing: list[tuple[Flask, dict[str, Any]]] = []  # with what it held when it was made


@pytest.fixture
def app(staged_url: str, templates: conftest.Templates, tmp_path: Path) -> Iterator[Flask]:
    """As the `app` of conftest, without starting one for each test."""
    shutil.copytree(templates.folder / "files", tmp_path / "files", dirs_exist_ok=True)
    settings = conftest.settings_for(staged_url, tmp_path)
    if not _standing:
        made = create_app(settings)
        _standing.append((made, {name: made.extensions[name] for name in ("ekabinets", "assets")}))
    app, first = _standing[0]
    database = Database(staged_url)
    app.extensions |= first  # whatever an earlier test has put in its place
    app.extensions["ekabinets"] = replace(
        first["ekabinets"], settings=settings, database=database, storage=FolderStorage(tmp_path / "files")
    )
    with app.app_context():
        limiter.reset()
    yield app
    database.dispose()


@pytest.fixture
def house_file(app: Flask) -> Iterator[None]:
    """The site lets a password open the house file, as a bank does elsewhere."""
    held = app.extensions["ekabinets"]
    site = held.site.model_copy(update={"access": {"house_file": {"password": "view"}}})
    app.extensions["ekabinets"] = replace(held, site=site)
    yield
    app.extensions["ekabinets"] = held


def change(app: Flask, statement: sa.Executable) -> None:
    """Do something to the rows behind the application's back."""
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(statement)


def fetch(app: Flask, statement: sa.Executable) -> Sequence[Any]:
    """Look at the rows."""
    with app.extensions["ekabinets"].database.read() as connection:
        return connection.execute(statement).fetchall()


def dump(app: Flask, leave_out: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table, in a settled order."""
    tables = [table for table in metadata().sorted_tables if table.name not in leave_out]
    return {table.name: sorted(map(repr, fetch(app, sa.select(table)))) for table in tables}


def main(page: Page) -> str:
    """What a page says between its header and its foot, with common spaces."""
    return Page("<main" + page.html.partition("<main")[2].partition("</main>")[0]).text.replace("\u202f", " ")
