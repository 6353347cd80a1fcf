"""Files: one per content, whole or absent; and what was rendered is found again."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Event, current_thread, main_thread

import pytest
import sqlalchemy as sa

from models.database import Database
from models.files import FileMissing, FolderStorage, RenderedFile, Storage, find_renderings, keep_rendering

ROOT = Path(__file__).parents[2]
NEVER_STORED = "0" * 64
BAD_NAMES = (
    "", ".", "..", "../x", "../../etc/passwd", "/etc/passwd", "ab/" + "c" * 61, "A" * 64, "0" * 63, "0" * 65,
    "0" * 64 + "\n", "０" * 64, "\0" + "0" * 63,
)  # fmt: skip


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return FolderStorage(tmp_path / "files")


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 500_000], ids=["empty", "one byte", "a megabyte"])
def test_what_was_put_comes_back_under_the_hash_of_its_content(storage: Storage, data: bytes) -> None:
    name = storage.put(data)
    assert name == sha256(data).hexdigest()
    assert (storage.open(name), storage.size(name), storage.exists(name)) == (data, len(data), True)


def test_the_same_bytes_are_one_file(storage: Storage, tmp_path: Path) -> None:
    name = storage.put(b"invoice")
    assert storage.put(b"invoice") == name
    assert stored(tmp_path) == [tmp_path / "files" / name[:2] / name[2:]]


def test_putting_the_same_bytes_again_does_not_touch_the_file(storage: Storage, tmp_path: Path) -> None:
    storage.put(b"invoice")
    before = stored(tmp_path)[0].stat()
    storage.put(b"invoice")
    after = stored(tmp_path)[0].stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_many_threads_that_put_the_same_bytes_make_one_file(storage: Storage, tmp_path: Path) -> None:
    start = Barrier(8)

    def put(_: int) -> str:
        start.wait()
        return storage.put(b"invoice" * 10_000)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(put, range(8)))) == 1
    assert len(stored(tmp_path)) == 1


@pytest.mark.parametrize("name", [NEVER_STORED, *BAD_NAMES])
def test_a_name_that_no_file_has_is_missing(storage: Storage, name: str) -> None:
    assert not storage.exists(name)
    for ask in (storage.open, storage.size):
        with pytest.raises(FileMissing):
            ask(name)


def test_a_name_that_climbs_out_finds_nothing_although_a_file_is_there(storage: Storage, tmp_path: Path) -> None:
    storage.put(b"invoice")
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(FileMissing):
        storage.open("../../secret")


def test_a_full_disk_leaves_no_file_and_no_rest(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            storage.put(b"invoice")
    assert stored(tmp_path) == []
    assert storage.open(storage.put(b"invoice")) == b"invoice"


def test_a_process_killed_before_its_bytes_are_safe_leaves_no_file_under_the_name_and_no_rest_for_long(
    storage: Storage, tmp_path: Path
) -> None:
    killed = f"""
import os, signal
from pathlib import Path
from models.files import FolderStorage
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
FolderStorage(Path({str(tmp_path / "files")!r})).put(b"invoice")
"""
    assert subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False).returncode == -9
    assert not storage.exists(sha256(b"invoice").hexdigest())
    name = storage.put(b"another")
    assert storage.open(name) == b"another"
    assert stored(tmp_path) == [tmp_path / "files" / name[:2] / name[2:]]


def test_processes_that_put_different_bytes_do_not_mix_them(storage: Storage, tmp_path: Path) -> None:
    putting = f"""
import sys
from pathlib import Path
from models.files import FolderStorage
for number in range(100):
    FolderStorage(Path({str(tmp_path / "files")!r})).put(f"{{sys.argv[1]}} {{number}}".encode() * 1000)
"""
    processes = [subprocess.Popen([sys.executable, "-c", putting, word], cwd=ROOT) for word in ("one", "two")]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(stored(tmp_path)) == 200
    assert all(sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name for path in stored(tmp_path))


def test_a_rendering_is_found_by_its_key_and_by_no_other(database: Database) -> None:
    keep_rendering(database, "1" * 64, "a" * 64)
    with database.read() as connection:
        assert find_renderings(connection, ["1" * 64]).get("1" * 64) == "a" * 64
        assert find_renderings(connection, ["2" * 64]).get("2" * 64) is None


def test_a_rendering_made_again_takes_the_place_of_the_lost_one(database: Database) -> None:
    keep_rendering(database, "1" * 64, "a" * 64)
    keep_rendering(database, "1" * 64, "b" * 64)
    with database.read() as connection:
        assert find_renderings(connection, ["1" * 64]).get("1" * 64) == "b" * 64


def test_a_rendering_is_dated_with_an_aware_moment(database: Database) -> None:
    keep_rendering(database, "1" * 64, "a" * 64)
    with database.write() as session:
        assert session.get_one(RenderedFile, "1" * 64).created_at.tzinfo is not None


def test_two_that_finish_the_same_rendering_at_once_both_succeed(database: Database) -> None:
    second_writes = Event()

    # SQLite's second unit of work waits where it begins, PostgreSQL's where it inserts.
    @sa.event.listens_for(database.engine, "checkout" if database.is_sqlite else "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: object, *_: object) -> None:
        if current_thread() is not main_thread() and (database.is_sqlite or str(statement).startswith("INSERT")):
            second_writes.set()

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            session.add(RenderedFile(key="1" * 64, file_hash="a" * 64))
            session.flush()  # the second comes before this is committed, and sees nothing of it
            second = pool.submit(keep_rendering, database, "1" * 64, "b" * 64)
            assert second_writes.wait(30)
        second.result()
    with database.read() as connection:
        assert find_renderings(connection, ["1" * 64]).get("1" * 64) in ("a" * 64, "b" * 64)
        assert connection.execute(sa.text("SELECT count(*) FROM rendered_file")).scalar() == 1
