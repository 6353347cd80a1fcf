"""A real server on the staged database, as residents meet it: Granian, its own process, plain HTTP on this machine."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from models.database import Database
from tests.cast import TODAY, Cast
from tests.conftest import Templates

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server: where it is, what is in it, and its database for a look from outside."""

    url: str
    cast: Cast
    database_url: str

    def stored(self) -> int:
        """How many readings people have sent."""
        database = Database(self.database_url)
        with database.read() as connection:
            count = connection.exec_driver_sql("select count(*) from reading where source = 'self'").scalar()
        database.dispose()
        return int(count or 0)

    def forget_readings(self) -> None:
        """As if nobody had sent any."""
        database = Database(self.database_url)
        with database.write() as session:
            session.connection().exec_driver_sql("delete from reading where source = 'self'")
        database.dispose()


@contextmanager
def running(templates: Templates, folder: Path, **changed: str) -> Iterator[Server]:
    """Start the product on a copy of the stage; `changed` are settings by their names in the environment."""
    for database_url in templates.copy("sqlite", True, folder):
        shutil.copytree(templates.folder / "files", folder / "files", dirs_exist_ok=True)
        port = _free_port()
        process = subprocess.Popen(_command(port), cwd=ROOT, env=_environment(folder, database_url, port, changed))
        try:
            _wait_for(port, process)
            yield Server(f"http://localhost:{port}", templates.casts["sqlite"], database_url)
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _command(port: int) -> list[str]:
    options = (
        f"--interface wsgi --host 127.0.0.1 --port {port} --workers 1 --blocking-threads 2 --no-ws --log-level warning"
    )
    return [sys.executable, "-OO", "-m", "granian", "--factory", "app:server", *options.split()]


def _environment(folder: Path, database_url: str, port: int, changed: dict[str, str]) -> dict[str, str]:
    settings = {
        "SITE": "ogre", "SECRET_KEY": "s" * 40, "IDENTIFIER_KEY": "i" * 40, "DATABASE_URL": database_url,
        "FILES_DIR": str(folder / "files"), "BASE_URL": f"http://localhost:{port}", "DEMO": "true",
        "TODAY": TODAY.isoformat(), "ARGON2_MEMORY_KIB": "8", "ARGON2_TIME": "1", "LOG_LEVEL": "ERROR",
        "UNDO_SECONDS": "0", **changed,
    }  # fmt: skip
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EKABINETS_")}
    return kept | {f"EKABINETS_{key}": value for key, value in settings.items()}


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/health/ready", headers={"Host": f"localhost:{port}"})
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)  # a process has no other way to say that it listens
    raise AssertionError(f"the server did not start within {_START_SECONDS} seconds")
