"""Where an exchange comes from: a folder or a ZIP of it; its tables are read by `sheet`.

Nothing is ever extracted to disk under a name from the archive, and no link is followed (security.md 5.2.5, 5.3.3).
"""

import stat
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import click

from jobs.exchange.cells import Refused

VERSION = 1
MAX_ENTRIES = 2000  # of a ZIP; more files come as a folder
MAX_BYTES = 2 * 10**9  # of a ZIP when it is unpacked
MAX_RATIO = 200  # unpacked ÷ packed of one entry; tables reach 30
MAX_FILE = 20 * 10**6  # bytes of one document
_SMALL = 1 << 20  # bytes; so much may unpack from nothing
# What reading a damaged archive or disk raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError)


class ExchangeError(click.ClickException):
    """The import as a whole cannot be done; the message is a sentence for the person who started it."""


class Source(Protocol):
    """A folder or what stands for one."""

    def names(self) -> list[str]:
        """The names of the files that lie at its top, sorted."""

    def size(self, name: str) -> int:
        """Bytes of a file. Raises `Refused` when there is none."""

    def open(self, name: str) -> BinaryIO:
        """A file by its path inside, seekable. Raises `Refused` when there is none."""


@dataclass(frozen=True)
class FolderSource:
    """A folder on this machine."""

    root: Path

    def names(self) -> list[str]:
        """As `Source.names`."""
        return sorted(path.name for path in self.root.iterdir() if path.is_file() or path.is_symlink())

    def size(self, name: str) -> int:
        """As `Source.size`."""
        return self._path(name).stat().st_size

    def open(self, name: str) -> BinaryIO:
        """As `Source.open`."""
        return self._path(name).open("rb")

    def _path(self, name: str) -> Path:
        path = self.root
        for part in name.split("/"):
            path = path / part
            if path.is_symlink():
                raise Refused("a file, not a symbolic link")
        if not path.is_file():
            raise Refused(f"the name of an existing file ({name} is missing)")
        return path


@dataclass(frozen=True)
class ZipSource:
    """A ZIP whose entries have been checked; the top may be a single folder in it."""

    archive: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]

    def names(self) -> list[str]:
        """As `Source.names`."""
        return sorted(name for name in self.entries if "/" not in name)

    def size(self, name: str) -> int:
        """As `Source.size`."""
        return self._entry(name).file_size

    def open(self, name: str) -> BinaryIO:
        """As `Source.open`. zipfile never gives more bytes than the entry declared, which was counted before."""
        return self.archive.open(self._entry(name))  # type: ignore[return-value]  # IO[bytes] that is a BinaryIO

    def _entry(self, name: str) -> zipfile.ZipInfo:
        try:
            return self.entries[name]
        except KeyError:
            raise Refused(f"the name of an existing file ({name} is missing)") from None


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The exchange at `path`, its version checked. Raises `ExchangeError`."""
    if path.is_dir():
        _check_version(source := FolderSource(path))
        yield source
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError):
        raise ExchangeError(f"{path} is neither a folder nor a ZIP file.") from None
    with archive:
        entries = _checked(archive)
        tops = {name.rpartition("exchange.toml")[0] for name in entries if Path(name).name == "exchange.toml"}
        top = min(tops, key=len, default="")
        inside = {name.removeprefix(top): entry for name, entry in entries.items() if name.startswith(top)}
        _check_version(zipped := ZipSource(archive, inside))
        yield zipped


def read_file(source: Source, name: str) -> bytes:
    """The bytes of a PDF in files/. Refuses what is missing, too big, damaged or no PDF."""
    path = f"files/{name}"
    if source.size(path) > MAX_FILE:
        raise Refused(f"a file of at most {MAX_FILE // 10**6} MB")
    try:
        with source.open(path) as file:
            data = file.read()
    except DAMAGED:
        raise Refused("a file that can be read") from None
    if not data.startswith(b"%PDF-"):
        raise Refused("a PDF file")
    return data


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ExchangeError(f"The ZIP has more than {MAX_ENTRIES} files; hand it over as a folder.")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise ExchangeError(f"The ZIP is bigger than {MAX_BYTES // 10**9} GB unpacked; hand it over as a folder.")
    files: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename
        if _is_unsafe(entry) or name in files:
            raise ExchangeError(f"The ZIP has an entry that is not taken: {name!a}.")
        if not entry.is_dir():
            files[name] = entry
    return files


def _is_unsafe(entry: zipfile.ZipInfo) -> bool:
    """Not a plain, unencrypted file below the top, or one that unpacks to far more than it is."""
    parts = entry.filename.rstrip("/").split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return (
        any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)
        or entry.orig_filename != entry.filename  # a name with a zero byte, which zipfile cuts there
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
        or bool(entry.flag_bits & 1)
        or entry.file_size > max(_SMALL, entry.compress_size * MAX_RATIO)
    )


def _check_version(source: Source) -> None:
    try:
        with source.open("exchange.toml") as file:
            about = tomllib.loads(file.read(_SMALL).decode("utf-8-sig"))
    except (Refused, ValueError, *DAMAGED):
        raise ExchangeError("exchange.toml is missing at the top, or is no TOML.") from None
    if type(about.get("version")) is not int or about["version"] != VERSION:
        raise ExchangeError(f"exchange.toml: expected version = {VERSION}.")
    if unknown := about.keys() - {"version", "created"}:
        raise ExchangeError(f"exchange.toml: unknown key {', '.join(sorted(unknown))}.")
