"""Where files live: a storage that names each by the SHA-256 of its bytes, and what was rendered into it."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col

from models.database import Database
from models.types import utc_now


class FileMissing(LookupError):
    """No file has this name: never stored, lost, or not a name that a storage gives."""


class Storage(Protocol):
    """Files by content (decisions.md 30). A name is the SHA-256 of the bytes, in 64 hexadecimal digits."""

    def put(self, data: bytes) -> str:
        """Store `data` and return its name. The same bytes again change nothing and give the same name."""

    def open(self, name: str) -> bytes:
        """The bytes stored under `name`. Raises `FileMissing`."""

    def size(self, name: str) -> int:
        """How many bytes they are, without reading them. Raises `FileMissing`."""

    def exists(self, name: str) -> bool:
        """Whether `open` would find it."""


@dataclass(frozen=True)
class FolderStorage:
    """A storage in a local folder: `root/ab/cdef…`. Several processes may share it."""

    root: Path

    def put(self, data: bytes) -> str:
        """As `Storage.put`. Under its name a file is whole or absent, whenever the power fails."""
        name = sha256(data).hexdigest()
        if not self.exists(name):
            self._write(self._path(name), data)
        return name

    def open(self, name: str) -> bytes:
        """As `Storage.open`."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise FileMissing(name) from None

    def size(self, name: str) -> int:
        """As `Storage.size`."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            raise FileMissing(name) from None

    def exists(self, name: str) -> bool:
        """As `Storage.exists`."""
        try:
            return self._path(name).is_file()
        except FileMissing:
            return False

    def _path(self, name: str) -> Path:
        if not re.fullmatch("[0-9a-f]{64}", name):  # before any path is made of it
            raise FileMissing(name)
        return self.root / name[:2] / name[2:]

    def _write(self, path: Path, data: bytes) -> None:
        """One at a time under one name, so that the rest of a writer who was killed is overwritten by the next."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = self.root / ".new"
        with _folder(self.root) as root, _folder(path.parent) as folder:
            fcntl.flock(root, fcntl.LOCK_EX)  # ends with its process
            try:
                with new.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
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
