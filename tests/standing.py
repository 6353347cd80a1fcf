"""What tests do to the application and its rows behind its back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.database import metadata
from tests.browser import Page


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
