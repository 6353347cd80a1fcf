"""Where files live: a storage that names each by the SHA-256 of its bytes, and what was rendered into it."""

import fcntl
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

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


class Storage(ABC):
    """Files by content (decisions.md 30). A name is the SHA-256 of the bytes, in 64 hexadecimal digits.

    Every method may raise `StorageAway`. What each kind of storage does for itself begins with an underscore, works
    on a path `ab/cdef…` and raises FileNotFoundError and what it names in `_errors`.
    """

    _errors: tuple[type[Exception], ...]

    def put(self, data: bytes | BinaryIO, limit: int | None = None) -> str:
        """Store `data`, a file from its start, and return its name. The same bytes again change nothing but the date.

        Raises `TooLarge` above `limit` bytes, having read no more than these.
        """
        name, file = named(data, limit)
        with suppress(FileMissing), self._asked(name) as path:
            if self._stat(path)[1] >= utc_now() - FRESH:
                return name
        with self._asked(name, StorageAway) as path:
            self._write(path, file)
        return name

    def open(self, name: str) -> bytes:
        """The bytes stored under `name`. Raises `FileMissing`."""
        with self._asked(name) as path:
            return self._read(path)

    def size(self, name: str) -> int:
        """How many bytes they are, without reading them. Raises `FileMissing`."""
        with self._asked(name) as path:
            return self._stat(path)[0]

    def exists(self, name: str) -> bool:
        """Whether `open` would find it."""
        with suppress(FileMissing):
            return self.size(name) >= 0
        return False

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every file's name with its date: when it was put, or put again."""
        with self._asked("0" * 64):
            yield from ((path.replace("/", ""), date) for path, date in self._list())

    def remove(self, name: str, before: datetime) -> bool:
        """Remove a file unless it was put since `before`; whether it is gone. Raises `FileMissing`."""
        with self._asked(name) as path:
            return self._remove(path, before)

    @contextmanager
    def _asked(self, name: str, missing: type[Exception] = FileMissing) -> Iterator[str]:
        """Where a file is kept, and its errors as ours. What is no name becomes no path."""
        if not re.fullmatch("[0-9a-f]{64}", name):
            raise FileMissing(name)
        try:
            yield f"{name[:2]}/{name[2:]}"
        except FileNotFoundError:
            raise missing(name) from None
        except self._errors as error:
            raise StorageAway(*error.args) from error

    @abstractmethod
    def _stat(self, path: str) -> tuple[int, datetime]: ...
    @abstractmethod
    def _read(self, path: str) -> bytes: ...
    @abstractmethod
    def _write(self, path: str, data: BinaryIO) -> None: ...
    @abstractmethod
    def _list(self) -> Iterator[tuple[str, datetime]]: ...
    @abstractmethod
    def _remove(self, path: str, before: datetime) -> bool: ...


@dataclass(frozen=True)
class FolderStorage(Storage):
    """A storage in a local folder. Several processes may share it; a file is whole or absent whenever power fails."""

    root: Path
    _errors = (OSError,)

    def _stat(self, path: str) -> tuple[int, datetime]:
        found = (self.root / path).stat()
        return found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)

    def _read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def _list(self) -> Iterator[tuple[str, datetime]]:
        for file in self.root.glob("[0-9a-f][0-9a-f]/*"):
            path = str(file.relative_to(self.root))
            with suppress(FileNotFoundError):  # somebody has just removed it
                yield path, self._stat(path)[1]

    def _remove(self, path: str, before: datetime) -> bool:
        with self._alone():  # nobody puts meanwhile
            if self._stat(path)[1] >= before:
                return False
            (self.root / path).unlink()
            return True

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The folder, opened, with the lock of those who write and remove; it ends with its process."""
        with _folder(self.root) as root:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield root

    def _write(self, path: str, data: BinaryIO) -> None:
        """One at a time under one name, so that the rest of a writer who was killed is overwritten by the next."""
        target, new = self.root / path, self.root / ".new"
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._alone() as root, _folder(target.parent) as folder:
            if target.exists():
                os.utime(target)
                return
            try:
                with new.open("wb") as file:
                    shutil.copyfileobj(data, file, CHUNK)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(target)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            for changed in (folder, root):  # fsync of a file says nothing about its name, nor of a folder about its
                os.fsync(changed)


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


_NAMED = col(RenderedFile.key).in_(sa.bindparam("keys", expanding=True))
_FIND = sa.select(col(RenderedFile.key), col(RenderedFile.file_hash)).where(_NAMED)


def find_renderings(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The names of the files that were rendered from these keys earlier."""
    return {row.key: row.file_hash for row in connection.execute(_FIND, {"keys": keys})}


def keep_rendering(database: Database, key: str, name: str) -> None:
    """Remember that `key` was rendered into file `name`, in a unit of work of its own.

    Two processes may render the same at once; both results are right and one of them is remembered.
    """
    try:
        with database.write() as session:
            session.merge(RenderedFile(key=key, file_hash=name))
    except IntegrityError:
        return  # the other one was first
