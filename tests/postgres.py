"""A throw-away PostgreSQL of the machine's own packages, and databases on it; nothing outlives the run."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

HINT = "PostgreSQL is missing, so its half of the tests is left out: apt install postgresql, or set TEST_POSTGRES_URL"


@contextlib.contextmanager
def postgres_server(options: str = "") -> Iterator[str]:
    """The address of a server: TEST_POSTGRES_URL, else one started from the installed binaries with these options.

    As root it is started as the user postgres. Without either the test is skipped; with CI=true it fails.
    """
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    found = installed or [path for path in [shutil.which("pg_ctl")] if path]
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HINT)
    programs, folder, port = pathlib.Path(found[-1]).parent, tempfile.mkdtemp(prefix="pg-"), free_port()
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)

    def run(*words: object) -> None:
        subprocess.run([*as_postgres, *map(str, words)], check=True, cwd="/", stdout=subprocess.DEVNULL)

    run(programs / "initdb", "-D", f"{folder}/d", "-U", "portal", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    all_options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c max_wal_size=256MB {options}"
    run(programs / "pg_ctl", "-D", f"{folder}/d", "-w", "-l", f"{folder}/log", "-o", all_options, "start")
    try:
        yield f"postgresql+psycopg://portal@127.0.0.1:{port}/postgres"
    finally:
        run(programs / "pg_ctl", "-D", f"{folder}/d", "-m", "fast", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def fresh_database(server: str, name: str, template: str = "template1", keep: bool = False) -> Iterator[str]:
    """A new database on the server, copied from `template`, dropped at the end unless kept."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        if not keep:
            with admin.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.dispose()
