"""Alive and ready, with a database and without one."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from models.database import Database
from tests.browser import Browser, Page
from tests.conftest import settings_for


@pytest.fixture
def without_database(app: Flask, dialect: str, tmp_path: Path) -> Iterator[Flask]:
    """The application, its database gone: nobody listens, or no file can be opened."""
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none" if dialect == "postgres" else f"sqlite:///{tmp_path}"
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, database=Database(url))
    yield app
    app.extensions["ekabinets"] = held


def test_it_is_alive_and_ready(app: Flask):
    client = app.test_client()
    assert [client.get(path).get_data(as_text=True) for path in ("/health/live", "/health/ready")] == ["ok\n", "ok\n"]
    assert client.get("/health/ready").mimetype == "text/plain"


def test_without_a_database_it_is_alive_but_not_ready(without_database: Flask):
    client = without_database.test_client()
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_data(as_text=True)) == (503, "no database\n")


def test_without_our_tables_it_is_not_ready(make_app, tmp_path: Path):
    Database(f"sqlite:///{tmp_path}/empty.sqlite3").dispose()
    empty = make_app(database_url=settings_for(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path).database_url)
    assert empty.test_client().get("/health/ready").status_code == 503


def test_without_a_database_pages_that_need_none_are_served(without_database: Flask):
    client = without_database.test_client()
    for path in ("/login", "/contact", "/favicon.ico", "/nowhere"):
        assert client.get(path).status_code == (404 if path == "/nowhere" else 200), path


def test_without_a_database_a_logged_in_person_gets_a_whole_error_page(anna: Browser, without_database: Flask, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL)
    answer = anna.client.get("/profile")
    page = Page(answer.get_data(as_text=True))
    assert answer.status_code == 500 and "Error code" in page.text and "tel:112" in page.links and not page.audit()


def test_health_is_not_for_strangers_to_learn_from(app: Flask):
    for path in ("/health/live", "/health/ready"):
        answer = app.test_client().get(path)
        assert answer.headers["Cache-Control"] == "private, no-store" and len(answer.get_data()) < 10
