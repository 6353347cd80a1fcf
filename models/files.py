"""Where files live: a storage that names each by the SHA-256 of its bytes, and what was rendered into it."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col

from models.database import Database
from models.types import utc_now

CHUNK = 1 << 16  # bytes
# A file that is put again is dated anew when it is older than this; an orphan is swept a day after its date. So what
# somebody has just put and not yet named in a row is never swept (`models.sweep`).
FRESH = timedelta(hours=12)


class FileMissing(LookupError):
    """No file has this name: never stored, lost, or not a name that a storage gives."""


class StorageAway(OSError):
    """The storage cannot be used now: its server does not answer or refuses us, its disk is full or broken."""


class TooLarge(ValueError):
    """There are more bytes than were allowed; none was stored."""


class Storage(Protocol):
    """Files by content (decisions.md 30). A name is the SHA-256 of the bytes, in 64 hexadecimal digits.

    Every method may raise `StorageAway`.
    """

    def put(self, data: bytes | BinaryIO, limit: int | None = None) -> str:
        """Store `data`, a file from its start, and return its name. The same bytes again change nothing but the date.

        Raises `TooLarge` above `limit` bytes, having read no more than these.
        """

    def open(self, name: str) -> bytes:
        """The bytes stored under `name`. Raises `FileMissing`."""

    def size(self, name: str) -> int:
        """How many bytes they are, without reading them. Raises `FileMissing`."""

    def exists(self, name: str) -> bool:
        """Whether `open` would find it."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every file's name with its date: when it was put, or put again."""

    def remove(self, name: str, before: datetime) -> bool:
        """Remove a file unless it was put since `before`; whether it is gone."""


def named(data: bytes | BinaryIO, limit: int | None = None) -> tuple[str, BinaryIO]:
    """The name of `data` and a file of it, to be read from its start. Raises `TooLarge`."""
    file, digest, size = BytesIO(data) if isinstance(data, bytes) else data, sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if limit is not None and size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest(), file


def path_of(name: str) -> str:
    """Where a storage keeps a file: `ab/cdef…`. Raises `FileMissing` for what is no name."""
    if not re.fullmatch("[0-9a-f]{64}", name):  # before any path is made of it
        raise FileMissing(name)
    return f"{name[:2]}/{name[2:]}"


@dataclass(frozen=True)
class FolderStorage:
    """A storage in a local folder: `root/ab/cdef…`. Several processes may share it."""

    root: Path

    def put(self, data: bytes | BinaryIO, limit: int | None = None) -> str:
        """As `Storage.put`. Under its name a file is whole or absent, whenever the power fails."""
        name, file = named(data, limit)
        with _disk(name):
            path = self._path(name)
            if not path.is_file() or _date(path) < utc_now() - FRESH:
                self._write(path, file)
        return name

    def open(self, name: str) -> bytes:
        """As `Storage.open`."""
        with _disk(name):
            return self._path(name).read_bytes()

    def size(self, name: str) -> int:
        """As `Storage.size`."""
        with _disk(name):
            return self._path(name).stat().st_size

    def exists(self, name: str) -> bool:
        """As `Storage.exists`."""
        try:
            return self._path(name).is_file()
        except FileMissing:
            return False

    def names(self) -> Iterator[tuple[str, datetime]]:
        """As `Storage.names`."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):  # somebody has just removed it
                yield path.parent.name + path.name, _date(path)

    def remove(self, name: str, before: datetime) -> bool:
        """As `Storage.remove`; nobody puts meanwhile."""
        with _disk(name), self._alone():
            path = self._path(name)
            if _date(path) >= before:
                return False
            path.unlink()
            return True

    def _path(self, name: str) -> Path:
        return self.root / path_of(name)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The folder, opened, with the lock of those who write and remove; it ends with its process."""
        with _folder(self.root) as root:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield root

    def _write(self, path: Path, data: BinaryIO) -> None:
        """One at a time under one name, so that the rest of a writer who was killed is overwritten by the next."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = self.root / ".new"
        with self._alone() as root, _folder(path.parent) as folder:
            if path.is_file():
                os.utime(path)
                return
            try:
                with new.open("wb") as file:
                    shutil.copyfileobj(data, file, CHUNK)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            for changed in (folder, root):  # fsync of a file says nothing about its name, nor of a folder about its
                os.fsync(changed)


@contextmanager
def _disk(name: str) -> Iterator[None]:
    """The errors of a disk as those of a storage."""
    try:
        yield
    except FileNotFoundError:
        raise FileMissing(name) from None
    except OSError as error:
        raise StorageAway(*error.args) from error


def _date(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """A folder, opened."""
    handle = os.open(path, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


class RenderedFile(SQLModel, table=True):
    """A finished rendering: `key` is the hash of all that went in, `file_hash` the name of what came out."""

    __tablename__ = "rendered_file"

    key: str = Field(primary_key=True, max_length=64)
    file_hash: str = Field(max_length=64)
    created_at: datetime = Field(default_factory=utc_now)


_FIND = sa.select(col(RenderedFile.file_hash)).where(col(RenderedFile.key) == sa.bindparam("key"))


def find_rendering(connection: Connection, key: str) -> str | None:
    """The name of the file rendered from `key` earlier, or None."""
    name: str | None = connection.execute(_FIND, {"key": key}).scalar()
    return name


def keep_rendering(database: Database, key: str, name: str) -> None:
    """Remember that `key` was rendered into file `name`, in a unit of work of its own.

    Two processes may render the same at once; both results are right and one of them is remembered.
    """
    try:
        with database.write() as session:
            session.merge(RenderedFile(key=key, file_hash=name))
    except IntegrityError:
        return  # the other one was first
