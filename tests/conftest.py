"""Fixtures: each test on SQLite and on PostgreSQL, the cast on stage, browsers without JavaScript."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import Environment

from app import create_app
from auth.methods.password import Passwords
from models import database as engines
from models import migrations
from models.database import Database
from models.files import FolderStorage
from models.settings import Settings
from tests.browser import Browser
from tests.cast import TODAY, Cast, play
from tests.postgres import fresh_database, postgres_server
from views.language import LanguageEnvironment
from views.limits import limiter

DIALECTS = ("sqlite", "postgres")
LONG = ("journeys/test_sweep.py", "auth/test_mutations.py", "concurrency/*.py", "test_storm.py", "journeys/*.py", "jobs/*.py")
_numbers = itertools.count()
_standing: list[tuple[Flask, dict[str, Any]]] = []  # the application, with what it held when it was made
_compiled: dict[tuple[object, ...], Any] = {}
_dialects: dict[str, sa.Dialect] = {}  # which have seen their server
_statements = engines.Compiled(5000)


def compile_once(self: LanguageEnvironment, source: Any, name: str | None = None, *rest: Any, **options: Any) -> Any:
    """Compile a template for all applications of a run that have the same texts: it is most of what a start costs."""
    if name is None:
        return Environment.compile(self, source, name, *rest, **options)
    key = (source, name, id(self.texts), *rest, *options.items())
    if key not in _compiled:
        _compiled[key] = Environment.compile(self, source, name, *rest, **options)
    return _compiled[key]


LanguageEnvironment.compile = compile_once  # type: ignore[method-assign]


def with_what_is_compiled(make: Callable[[sa.URL], sa.Engine]) -> Callable[[sa.URL], sa.Engine]:
    """Engines that share the statements that any of them has compiled: that is a quarter of most tests of a page."""

    def made(url: sa.URL) -> sa.Engine:
        engine = make(url)
        if engine.dialect.name in _dialects:
            engine.dialect = _dialects[engine.dialect.name]
            engine._compiled_cache = _statements
        return engine

    return made


engines._sqlite, engines._postgres = with_what_is_compiled(engines._sqlite), with_what_is_compiled(engines._postgres)


def settings_for(url: str, folder: Path, **changed: object) -> Settings:
    """The settings of the tests: cheap hashes, the demo's movable calendar."""
    values: dict[str, object] = {
        "site": "ogre", "secret_key": "s" * 40, "identifier_key": "i" * 40, "database_url": url,
        "files_dir": folder / "files", "demo": True, "today": TODAY, "base_url": "http://localhost",
        "argon2_memory_kib": 8, "argon2_time": 1, "log_level": "ERROR", "undo_seconds": 0,
    }  # fmt: skip
    return Settings.model_validate(values | changed)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL, started for this run."""
    with postgres_server("-c autovacuum=off") as url:  # plans go by the statistics that a test took, not by later ones
        yield url


class Templates:
    """Databases made once for a run, empty or with the cast on stage, and copied for each test."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder, self.request = folder, request
        self.made: dict[tuple[str, bool], str] = {}
        self.casts: dict[str, Cast] = {}

    def copy(self, dialect: str, staged: bool, folder: Path) -> Iterator[str]:
        source = self._source(dialect, staged)
        if dialect == "sqlite":
            shutil.copyfile(source, folder / "test.sqlite3")
            yield f"sqlite:///{folder}/test.sqlite3"
            return
        with fresh_database(self.request.getfixturevalue("postgres"), f"t{os.getpid()}_{next(_numbers)}", source) as url:
            yield url

    def _source(self, dialect: str, staged: bool) -> str:
        if (dialect, staged) not in self.made:
            self.made[dialect, staged] = self._make(dialect, staged)
        return self.made[dialect, staged]

    def _make(self, dialect: str, staged: bool) -> str:
        name = f"template_{os.getpid()}_{int(staged)}"
        if dialect == "sqlite":
            path = self.folder / f"{name}.sqlite3"
            self._fill(f"sqlite:///{path}", staged)
            return str(path)
        with fresh_database(self.request.getfixturevalue("postgres"), name, keep=True) as url:
            self._fill(url, staged)
        return name

    def _fill(self, url: str, staged: bool) -> None:
        database = Database(url)
        migrations.upgrade(database)
        if staged:
            cast = play(database, Passwords(8, 1, 2), FolderStorage(self.folder / "files"))
            self.casts["sqlite" if database.is_sqlite else "postgres"] = cast
        _dialects[database.engine.dialect.name] = database.engine.dialect
        database.dispose()  # the last connection of SQLite also folds its write-ahead log into the file


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The run's template databases."""
    return Templates(tmp_path_factory.mktemp("templates"), request)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Every test that touches data runs on both."""
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, templates: Templates, tmp_path: Path) -> Iterator[str]:
    """An empty database with the schema."""
    yield from templates.copy(dialect, False, tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def staged_url(dialect: str, templates: Templates, tmp_path: Path) -> Iterator[str]:
    """A database with the cast on stage."""
    yield from templates.copy(dialect, True, tmp_path)


@pytest.fixture
def cast(staged_url: str, templates: Templates, dialect: str) -> Cast:
    """Whom and what a test can name."""
    return Cast(**asdict(templates.casts[dialect]))


@pytest.fixture
def make_app(staged_url: str, templates: Templates, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Start an application on the staged database with changed settings."""
    shutil.copytree(templates.folder / "files", tmp_path / "files", dirs_exist_ok=True)
    apps: list[Flask] = []

    def make(**changed: object) -> Flask:
        apps.append(create_app(settings_for(staged_url, tmp_path, **changed)))
        return apps[-1]

    yield make
    for app in apps:
        app.extensions["ekabinets"].database.dispose()


@pytest.fixture
def app(staged_url: str, templates: Templates, tmp_path: Path) -> Iterator[Flask]:
    """The application with the cast on stage, on TODAY: one for all tests of a run that change no setting."""
    shutil.copytree(templates.folder / "files", tmp_path / "files", dirs_exist_ok=True)
    settings = settings_for(staged_url, tmp_path)
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
def browser(app: Flask) -> Browser:
    """Somebody's browser, in English."""
    return Browser(app)


@pytest.fixture
def anna(app: Flask) -> Browser:
    """Anna, logged in."""
    browser = Browser(app)
    browser.log_in("anna")
    return browser


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that the application sends while the test looks; BEGIN and COMMIT are not statements."""
    sent: list[str] = []
    engine = app.extensions["ekabinets"].database.engine

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


_passed = {dialect: 0 for dialect in DIALECTS}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what passed on each database."""
    given = report.nodeid.rpartition("[")[2].rstrip("]").split("-")
    if report.when == "call" and report.passed:
        for dialect in {*given} & {*DIALECTS}:
            _passed[dialect] += 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: else one process runs the last of them while the others have nothing."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if item.path.match(name)), len(LONG)))


def uneven(config: pytest.Config) -> bool:
    """Whether one database has passed more than the other, though nothing less than everything was asked for."""
    asked = config.option.keyword or any("::" in word or word.endswith(".py") for word in config.args)
    return not asked and len({*_passed.values()}) > 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Both databases report the same number."""
    terminalreporter.write_line(" · ".join(f"{dialect}: {count} passed" for dialect, count in _passed.items()))
    if uneven(config):
        terminalreporter.write_line("One database has passed fewer: there a test fell, or was skipped.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A difference between the databases fails the whole run; one that was asked for (-k, one test) does not."""
    is_worker = hasattr(session.config, "workerinput")
    if not (is_worker or session.exitstatus) and os.environ.get("CI") == "true" and uneven(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
