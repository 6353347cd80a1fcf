"""Rows without their file, files without a row: found both ways, and nothing in use is ever removed."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from models import sweep
from models.audit import AuditRow
from models.database import Database, metadata
from models.documents import Document
from models.files import FolderStorage, Storage
from models.invoices import Invoice
from models.notices import NoticeFile
from models.reading_photos import ReadingPhoto
from models.storages import storage_of
from models.threads import MessageFile
from models.types import utc_now
from tests.cast import Cast
from tests.conftest import settings_for
from tests.s3server import bucket, s3_server
from tests.standing import change, fetch

DAY = timedelta(days=1)
# What is called a hash or a file and names none in the storage.
NO_FILES = {"token_hash", "password_hash", "identifier_hash", "code_hash", "content_hash", "message_hash", "file_name", "files"}


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        yield storage_of(settings_for("sqlite://", tmp_path / "other"))
        return
    with s3_server() as url:
        yield storage_of(settings_for("sqlite://", tmp_path, storage=f"s3://{bucket(url)}", s3_endpoint=url, s3_key_id="k", s3_secret="s"))


def in_two_days(database: Database, storage: Storage) -> sweep.Sweep:
    return sweep.look(database, storage, utc_now() + 2 * DAY)


def test_every_column_that_names_a_file_is_declared():
    declared = {f"{column.class_.__tablename__}.{column.key}" for column in sweep.NAMING}
    columns = [column for table in metadata().tables.values() for column in table.columns]
    suspected = {str(column) for column in columns if ("file" in column.name or column.name.endswith("_hash")) and column.name not in NO_FILES}
    assert suspected == declared, "name it in models/sweep.py, or here when it is no file"


def test_both_ways_are_found_and_only_what_nobody_names_is_removed(app: Flask, cast: Cast, storage: Storage):
    database = app.extensions["ekabinets"].database
    used, lost, orphan = storage.put(b"used"), "f" * 64, storage.put(b"orphan")
    for table in (Document, NoticeFile, MessageFile, ReadingPhoto):
        change(app, sa.update(table).values(file_hash=used))
    change(app, sa.update(Invoice).values(ubl_hash=used))
    change(app, sa.update(Document).where(Document.public_id == cast.document).values(file_hash=lost))
    number = fetch(app, sa.select(Document.id).where(Document.public_id == cast.document))[0][0]
    found = in_two_days(database, storage)
    assert (found.missing, found.orphans) == ([(f"document {number}", lost)], [orphan])
    assert sweep.remove(storage, [*found.orphans, "e" * 64], utc_now() + 2 * DAY) == 1
    assert not storage.exists(orphan) and storage.exists(used) and in_two_days(database, storage).orphans == []


def test_a_file_of_today_is_no_orphan_yet(app: Flask, storage: Storage):
    storage.put(b"put, and not yet named by a row")
    assert sweep.look(app.extensions["ekabinets"].database, storage, utc_now()).orphans == []


def test_what_is_put_again_after_the_look_is_not_removed(app: Flask, tmp_path: Path):
    """An old orphan that somebody sends once more, between the look and the removal."""
    storage, name, past = FolderStorage(tmp_path / "old"), "", time.time() - 3 * 86400
    name = storage.put(b"sent again")
    os.utime(storage.root / name[:2] / name[2:], (past, past))
    found = sweep.look(app.extensions["ekabinets"].database, storage, utc_now())
    assert found.orphans == [name]
    assert storage.put(b"sent again") == name
    assert sweep.remove(storage, found.orphans, utc_now()) == 0 and storage.open(name) == b"sent again"


def test_a_sweep_and_people_who_put_at_once_lose_nothing(tmp_path: Path):
    storage, ended, lost = FolderStorage(tmp_path / "old"), Event(), []
    name = storage.put(b"again and again")
    path = storage.root / name[:2] / name[2:]

    def removing() -> None:
        while not ended.is_set():
            sweep.remove(storage, [name], utc_now())

    sweeper = Thread(target=removing)
    sweeper.start()
    for _ in range(300):
        if path.exists():
            with suppress(FileNotFoundError):
                os.utime(path, (1e9, 1e9))  # as if it had lain there for years
        storage.put(b"again and again")
        lost += [] if storage.exists(name) else [name]
    ended.set()
    sweeper.join()
    assert lost == []


def test_the_command_reports_and_removes(make_app: Callable[..., Flask], cast: Cast):
    app = make_app()
    held, past = app.extensions["ekabinets"], time.time() - 3 * 86400
    orphan = held.storage.put(b"orphan")
    os.utime(held.storage.root / orphan[:2] / orphan[2:], (past, past))
    change(app, sa.update(Document).where(Document.public_id == cast.document).values(file_hash="f" * 64))
    asked = app.test_cli_runner().invoke(args=["files", "check"])
    assert asked.exit_code == 1 and f"its file {'f' * 64} is missing" in asked.stderr and asked.stdout == f"{orphan}: no row names it\n"
    assert held.storage.exists(orphan)
    change(app, sa.update(Document).values(file_hash=held.storage.put(b"there")))
    asked = app.test_cli_runner().invoke(args=["files", "check", "--remove"])
    assert asked.exit_code == 0 and "removed" in asked.stdout and not held.storage.exists(orphan)
    assert fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "files.swept"))[0][0]["removed"] >= 1
    assert "removed" not in app.test_cli_runner().invoke(args=["files", "check", "--remove"]).stdout
