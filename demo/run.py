"""`make run`: the demo of a site, prepared on its first start, and the processes that it is made of."""

import argparse
import errno
import fcntl
import http.client
import os
import secrets
import socket
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col

from auth.methods.password import Passwords
from demo import banks
from demo.calendar import demo_today
from demo.children import Children, free_port
from demo.generate import write_demo
from demo.story import PEOPLE, lend_to_the_helper, let_in, read_notices
from demo.talk import talk
from jobs import articles, exchange
from models import migrations
from models.database import Database
from models.identifiers import Identifiers
from models.people import User
from models.settings import Settings, load_settings
from models.site import COMMON, FOLDER, Site, load_site
from models.storages import storage_of

_START_SECONDS = 180.0  # a small machine with a cold disk
_READY = sa.select(col(User.id)).where(col(User.password_hash).is_not(None)).limit(1)


class Refusal(Exception):
    """What stands in the way, in one sentence."""


@dataclass(frozen=True)
class Demo:
    """What was asked for."""

    site: Site
    port: int
    data: Path
    today: date
    mail_port: int
    banks: Mapping[str, str]  # settings, with secrets of this start alone

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the children: the settings, with the secrets in a file of the data folder."""
        mine = {
            "CONFIG": self.data / "secrets.toml",
            "SITE": self.site.slug,
            "DATABASE_URL": f"sqlite:///{self.data / 'ekabinets.sqlite3'}",
            "FILES_DIR": self.data / "files",
            "BASE_URL": f"http://localhost:{self.port}",
            "TRUSTED_HOSTS": "localhost,127.0.0.1",
            "DEMO": "true",
            "TODAY": self.today,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": self.mail_port,
            "SMTP_SECURITY": "none",
            **self.banks,
        }
        return dict(os.environ) | {f"EKABINETS_{key}": str(value) for key, value in mine.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare and run the demo until it ends. The exit code: 1, with a sentence, when it cannot be run."""
    try:
        demo = read_arguments(arguments)
        check_port(demo.port)
        with only_one(demo.data):
            prepare(demo)
            return serve(demo)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    except OSError as error:
        print(f"The demo cannot start: {error.strerror} ({error.filename}).", file=sys.stderr)
    except KeyboardInterrupt:
        print("Ended before the demo was ready.", file=sys.stderr)
    return 1


def read_arguments(arguments: Sequence[str] | None) -> Demo:
    """The demo that the command line asks for; what is left out or empty has its default."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    for name, default in {"site": "ogre", "port": "8000", "data": "", "today": ""}.items():
        parser.add_argument(f"--{name}", default=default)
    asked = parser.parse_args(arguments)
    names = sorted(file.stem for file in FOLDER.glob("*.toml") if file != COMMON)
    if asked.site not in names:
        raise Refusal(f"There is no site “{asked.site}”. SITE can be {', '.join(names)}.")
    if not (asked.port.isdecimal() and 1 <= int(asked.port) <= 65535):
        raise Refusal(f"PORT is a number from 1 to 65535, not “{asked.port}”.")
    site = load_site(asked.site)
    data = Path(asked.data or f"instance/{site.slug}").resolve()
    today = _day(asked.today) if asked.today else demo_today(site)
    at = free_port(int(asked.port) + 100)  # the same at every start, for identities belong to an address
    return Demo(site, int(asked.port), data, today, free_port(), banks.settings_of(site, at))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2100:
        raise Refusal(f"TODAY is a day of this century written as 2026-11-30, not “{text}”.")
    return day


def check_port(port: int) -> None:
    """Refuse a port that we cannot have at 127.0.0.1, or where another program answers to “localhost”."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refusal(f"Port {port} is taken. Try another: make run PORT={port % 65535 + 1}") from None
            if family == socket.AF_INET:
                raise Refusal(f"Port {port} cannot be opened: {error.strerror}.") from None


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder: two demos on one would move each other's day and address. Ends with our process."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(f"A demo is already running on {data}. End it, or name another folder with DATA=.") from None
        yield


def prepare(demo: Demo) -> None:
    """Make the data folder ready; what a folder holds already stays as it is."""
    _make_secrets(demo)
    settings = load_settings(demo.environment)
    database = Database(settings.database_url)
    migrations.upgrade(database)
    with database.read() as connection:
        is_ready = connection.execute(_READY).first() is not None
    if not is_ready:
        print(f"Preparing the demo of {demo.site.name} in {demo.data} ...", flush=True)
        _fill(demo, settings, database)
    database.dispose()


def _make_secrets(demo: Demo) -> None:
    file = demo.data / "secrets.toml"
    if not file.exists():
        demo.data.mkdir(parents=True, exist_ok=True)
        values = {key: secrets.token_urlsafe(48) for key in ("secret_key", "identifier_key")}
        values["site"] = demo.site.slug
        part = file.with_suffix(".part")  # so that the file is whole or absent
        part.touch(0o600)
        part.write_text("".join(f'{key} = "{value}"\n' for key, value in values.items()))
        part.replace(file)
    if (site := tomllib.loads(file.read_text())["site"]) != demo.site.slug:
        raise Refusal(f"{demo.data} holds the demo of {site}. Name another folder with DATA=.")


def _fill(demo: Demo, settings: Settings, database: Database) -> None:
    folder = demo.data / "exchange"
    write_demo(demo.site, folder, demo.today)
    report = exchange.import_folder(database, storage_of(settings), demo.site, settings.identifier_key, folder)
    if report.problems:
        raise Refusal(f"The demo data cannot be imported: {report.problems[0]}.")
    articles.publish(database, demo.site, articles.SHIPPED)
    hashing = Passwords(settings.argon2_memory_kib, settings.argon2_time, settings.argon2_parallel_hashes)
    with database.write() as session:  # all or none, last of all: this is what _READY looks for
        let_in(session, hashing, Identifiers(settings.identifier_key), demo.site.terms_version)
        read_notices(session)
        lend_to_the_helper(session, demo.today)
        talk(session, demo.site, demo.today)
        banks.connect_the_first(session, settings)


def serve(demo: Demo) -> int:
    """Run the children until one ends or a person ends them; the exit code."""
    children = Children(demo.environment)
    try:
        children.start("web server", *_web_server(demo.port))
        children.start("mail server", *mail_server(demo))
        if demo.banks:
            children.start("bank", sys.executable, "-m", "demo.banks")
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(demo.port):
            if (code := children.ended(0.1)) is not None:
                return code
            if time.monotonic() > deadline:
                raise Refusal(f"The web server did not answer within {_START_SECONDS:.0f} seconds.")
        children.start("worker", sys.executable, "-m", "flask", "--app", "app", "worker")
        print(_welcome(demo), flush=True)
        return children.ended() or 0
    finally:
        children.stop()


def _web_server(port: int) -> list[str]:
    # A worker that is told to stop while it starts forgets it: the last option ends it all the same.
    options = f"""--interface wsgi --host 127.0.0.1 --port {port} --workers 1 --blocking-threads 2 --no-ws
        --log-level warning --workers-kill-timeout 1"""
    return [sys.executable, "-OO", "-m", "granian", "--factory", "app:server", *options.split()]


def mail_server(demo: Demo) -> list[str]:
    """The command that starts the mail server of a demo."""
    return [sys.executable, *f"-m demo.mailserver --port {demo.mail_port} --folder".split(), f"{demo.data / 'letters'}"]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(demo: Demo) -> str:
    return "\n".join(
        [
            f"\nThe demo of {demo.site.name} is at http://localhost:{demo.port} (Ctrl-C ends it).",
            f"It sends no e-mail: its letters lie at http://localhost:{demo.port}/demo/mailbox.",
            *(["Its banks and its till are stand-ins, where you choose who you are."] if demo.banks else []),
            f"Its business day is {demo.today}. User names and passwords:",
            *("  {username:<11}{password:<19}{name}, {who}".format(**person) for person in PEOPLE),
            *("  Secret for the app of {username}: {app}".format(**person) for person in PEOPLE if "app" in person),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
