"""What `make run` does before and while the demo runs, and its sentences when it cannot."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest
import sqlalchemy as sa
from sqlmodel import col

from auth.methods.password import Passwords
from auth.methods.second import about
from demo import run, story
from demo.calendar import demo_today
from demo.story import PEOPLE
from models.database import Database
from models.factors import Factor
from models.identifiers import Identifiers
from models.outbox import Mail
from models.people import User
from models.rules.windows import window_on
from models.settings import load_settings
from models.threads import Thread
from tests.demo.folders import SITES
from tests.postgres import free_port

ROOT = Path(__file__).parents[2]
# The demo without its data, and with a patience that nobody else has.
EMPTY_DEMO = """import sys; from demo import children, run
children.SECONDS, run.prepare = 600, run._make_secrets
sys.exit(run.main(sys.argv[1:]))"""


@pytest.fixture
def demo(tmp_path: Path) -> run.Demo:
    return run.read_arguments(["--site", "ogre", "--port", "8123", "--data", str(tmp_path / "data")])


def sentence(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run.main(arguments) == 1
    return capsys.readouterr().err


def test_a_taken_port_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = sentence(capsys, "--port", str(port), "--data", str(tmp_path / "data"))
    assert said.startswith(f"Port {port} is taken.")
    assert said.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_an_unknown_site_is_a_sentence_with_the_five(capsys: pytest.CaptureFixture[str]) -> None:
    said = sentence(capsys, "--site", "atlantis")
    assert said == f"There is no site “atlantis”. SITE can be {', '.join(SITES)}.\n"


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "30.11.2026", "0001-01-01", "9999-12-31"])
def test_an_impossible_day_is_a_sentence(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert f"not “{text}”" in sentence(capsys, "--today", text)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "²"])
def test_an_impossible_port_is_a_sentence(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert f"not “{text}”" in sentence(capsys, f"--port={text}")


def test_a_folder_that_cannot_be_made_is_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert "Not a directory" in sentence(capsys, "--port", str(port), "--data", str(tmp_path / "file" / "data"))


def test_empty_arguments_mean_the_defaults() -> None:
    demo = run.read_arguments(["--site", "ludza", "--data", "", "--today", ""])
    assert (demo.port, demo.data) == (8000, Path("instance/ludza").resolve())
    assert demo.today == demo_today(demo.site)
    assert window_on(demo.site.meters["cold_water"].window, demo.today, demo.site.is_working)


def test_a_given_day_is_taken_as_it_is() -> None:
    assert run.read_arguments(["--today", "2026-11-17"]).today == date(2026, 11, 17)


def test_the_secrets_are_made_once_and_are_for_us_alone(demo: run.Demo) -> None:
    run._make_secrets(demo)
    file = demo.data / "secrets.toml"
    first = file.read_text()
    run._make_secrets(demo)
    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_children_are_told_the_settings_of_a_demo(demo: run.Demo) -> None:
    run._make_secrets(demo)
    settings = load_settings(demo.environment)
    assert (settings.site, settings.demo, settings.today) == ("ogre", True, demo.today)
    assert settings.base_url == "http://localhost:8123"
    assert settings.trusted_hosts == ("localhost", "127.0.0.1")
    assert settings.files_dir == demo.data / "files"
    assert settings.secret_key != settings.identifier_key


def test_a_folder_of_another_site_is_not_mixed_up(capsys: pytest.CaptureFixture[str], demo: run.Demo) -> None:
    run._make_secrets(demo)
    said = sentence(capsys, "--site", "ludza", "--port", "8123", "--data", str(demo.data))
    assert "holds the demo of ogre" in said


def test_a_first_start_fills_the_database_and_a_second_keeps_what_is_there(
    demo: run.Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    run.prepare(demo)
    assert capsys.readouterr().out.startswith("Preparing the demo of Ogres Namsaimnieks")
    database = Database(load_settings(demo.environment).database_url)
    with database.write() as session:
        session.execute(sa.update(User).where(col(User.username) == "owner").values(name="Somebody Else"))
    run.prepare(demo)
    assert capsys.readouterr().out == ""
    with database.read() as connection:
        names = sa.select(col(User.name)).where(col(User.username) == "owner")
        assert connection.execute(names).scalar() == "Somebody Else"


def test_everybody_can_log_in_with_the_password_that_is_printed(demo: run.Demo) -> None:
    run.prepare(demo)
    database, passwords = Database(load_settings(demo.environment).database_url), Passwords(8, 1, 2)
    with database.read() as connection:
        users = {row.username: row for row in connection.execute(sa.select(User))}
    for person in PEOPLE:
        first = person["username"] == "newcomer"
        assert (users[person["username"]].password_issued, users[person["username"]].terms_version == 0) == (first, first)
        assert len(person["password"]) >= demo.site.password_min
        assert passwords.matches(users[person["username"]].password_hash, person["password"])
        assert " ".join((person["password"], person["name"] + ",")) in " ".join(run._welcome(demo).split())


def test_the_app_of_the_clerk_is_that_of_the_secret_that_is_printed(demo: run.Demo) -> None:
    run.prepare(demo)
    settings = load_settings(demo.environment)
    with Database(settings.database_url).read() as connection:
        [row] = connection.execute(sa.select(Factor.__table__, User.username).join(User, User.id == Factor.user_id)).fetchall()
    secret = Identifiers(settings.identifier_key).unseal(row.secret, about(row.user_id))
    assert (row.username, row.kind) == ("clerk", "totp") and f"Secret for the app of clerk: {secret}" in run._welcome(demo)


def test_the_conversations_of_the_demo_wait_are_answered_and_are_solved(demo: run.Demo) -> None:
    run.prepare(demo)
    with Database(load_settings(demo.environment).database_url).read() as connection:
        rows = connection.execute(sa.select(Thread.__table__).order_by(Thread.id)).fetchall()
        letters = connection.execute(sa.select(sa.func.count()).select_from(Mail)).scalar_one()
    assert [row.state for row in rows] == ["open", "open", "resolved", "answered"] and letters == 3
    assert all((row.due_at is None) == (row.state != "open") and row.changed_at.date() < demo.today for row in rows)


def test_a_start_that_was_broken_off_is_finished_by_the_next(demo: run.Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(story, "set_password", Mock(side_effect=KeyboardInterrupt))
        run.prepare(demo)
    run.prepare(demo)
    with Database(load_settings(demo.environment).database_url).read() as connection:
        without = sa.select(sa.func.count()).select_from(User).where(col(User.password_hash).is_(None))
        assert connection.execute(without).scalar() == 0


def test_a_second_demo_on_the_same_folder_is_a_sentence_until_the_first_has_ended(
    capsys: pytest.CaptureFixture[str], demo: run.Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "serve", lambda _: 0)
    monkeypatch.setattr(run, "prepare", lambda _: None)
    arguments = ["--port", str(free_port()), "--data", str(demo.data)]
    with run.only_one(demo.data):
        said = sentence(capsys, *arguments)
    assert said == f"A demo is already running on {demo.data}. End it, or name another folder with DATA=.\n"
    assert run.main(arguments) == 0


def child_of(parent: int) -> int:
    """The process that a process has started, as soon as it has."""
    deadline = time.monotonic() + 60
    while not (found := Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        assert time.monotonic() < deadline
    return int(found[0])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells when the server's process is being started")
def test_a_demo_that_is_interrupted_while_its_server_starts_ends_all_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-c", EMPTY_DEMO, "--port", str(free_port()), "--data", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    worker = child_of(server := child_of(process.pid))
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=60)
    finally:
        process.kill()
        with suppress(ProcessLookupError):
            os.killpg(server, signal.SIGKILL)
    assert process.returncode == 0 and not Path(f"/proc/{worker}").exists()
