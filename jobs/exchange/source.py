"""Where an exchange comes from: a folder or a ZIP of it; its tables are read by `sheet`.

Nothing is ever extracted to disk under a name from the archive, and no link is followed (security.md 5.2.5, 5.3.3).
"""

import csv
import lzma
import stat
import tomllib
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import click

from jobs.exchange.cells import Refused
from models import intake
from models.rules.archives import is_odd, swells

VERSION = 1
MAX_ENTRIES = 2000  # of a ZIP; more files come as a folder
MAX_BYTES = 2 * 10**9  # of a ZIP when it is unpacked
MAX_RATIO = 200  # unpacked ÷ packed of one entry; tables reach 30
MAX_FILE = 20 * 10**6  # bytes of one document
_ABOUT = 1 << 20  # bytes of exchange.toml
# What reading a damaged archive or disk raises; the last one stands for a way of packing that is not known.
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError)


class ExchangeError(click.ClickException):
    """The import as a whole cannot be done; the message is a sentence for the person who started it."""


@dataclass(frozen=True)
class Source:
    """A folder, or a ZIP whose entries have been checked; the top may be a single folder in it."""

    root: Path | zipfile.Path

    def names(self) -> list[str]:
        """The names of the files at its top."""
        return sorted(path.name for path in self.root.iterdir() if not path.is_dir())

    def xml(self, folder: str | None) -> list[str]:
        """The paths of the XML files in this folder at its top; none where there is none."""
        at = self.root / folder if folder else None
        names = [path.name for path in at.iterdir() if not path.is_dir()] if at and at.is_dir() else []
        return sorted(f"{folder}{name}" for name in names if name.lower().endswith(".xml"))

    def open(self, name: str) -> BinaryIO:
        """A file by its path inside, seekable. Refuses what is none."""
        path = self.root
        for part in name.split("/"):
            path = path / part
            if isinstance(path, Path) and path.is_symlink():
                raise Refused("a file, not a symbolic link")
        if not path.is_file():
            raise Refused(f"the name of an existing file ({name} is missing)")
        # zipfile never gives more bytes than an entry declared, which was counted before.
        return path.open("rb")  # type: ignore[return-value]  # IO[bytes] that is a BinaryIO


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The exchange at `path`, its version checked. Raises `ExchangeError`."""
    if path.is_dir():
        yield _of_our_version(Source(path))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError):
        raise ExchangeError(f"{path} is neither a folder nor a ZIP file.") from None
    with archive:
        tops = [name.removesuffix("exchange.toml") for name in _checked(archive) if Path(name).name == "exchange.toml"]
        yield _of_our_version(Source(zipfile.Path(archive, min(tops, key=len, default=""))))


@contextmanager
def readable() -> Iterator[None]:
    """Refuses what is damaged."""
    try:
        yield
    except (csv.Error, *DAMAGED):
        raise Refused("a file that can be read") from None


def read_whole(source: Source, name: str, most: int, too_big: str) -> bytes:
    """All bytes of a file. Refuses what is missing, bigger than `most` or damaged."""
    with readable(), source.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Refused(too_big)
    return data


def read_pdf(source: Source, name: str) -> bytes:
    """The bytes of a PDF in files/. Refuses what is missing, too big, damaged or no PDF."""
    data = read_whole(source, f"files/{name}", MAX_FILE, f"a file of at most {MAX_FILE // 10**6} MB")
    if not data.startswith(b"%PDF-"):
        raise Refused("a PDF file")
    return data


def read_document(source: Source, name: str) -> bytes:
    """As `read_pdf`, of every kind that people may send (`models.intake`); what is signed stays as it is."""
    data = read_whole(source, f"files/{name}", MAX_FILE, f"a file of at most {MAX_FILE // 10**6} MB")
    try:
        taken = intake.take(name, BytesIO(data), MAX_FILE)
    except intake.Refused as refused:
        raise Refused(f"a PDF, picture, DOCX, EDOC or ASICE file as its name says ({refused.reason})") from None
    taken.file.seek(0)
    return taken.file.read()


def _checked(archive: zipfile.ZipFile) -> list[str]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ExchangeError(f"The ZIP has more than {MAX_ENTRIES} files; hand it over as a folder.")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise ExchangeError(f"The ZIP is bigger than {MAX_BYTES // 10**9} GB unpacked; hand it over as a folder.")
    files = Counter(entry.filename for entry in entries if not entry.is_dir())
    for entry in entries:
        if _is_unsafe(entry) or files[entry.filename] > 1:
            raise ExchangeError(f"The ZIP has an entry that is not taken: {entry.filename!a}.")
    return [*files]


def _is_unsafe(entry: zipfile.ZipInfo) -> bool:
    """Not a plain, unencrypted file below the top, or one that unpacks to far more than it is."""
    return (
        is_odd(entry)
        or entry.orig_filename != entry.filename  # a name with a zero byte, which zipfile cuts there
        or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
        or swells(entry, MAX_RATIO)
    )


def _of_our_version(source: Source) -> Source:
    try:
        with source.open("exchange.toml") as file:
            about = tomllib.loads(file.read(_ABOUT).decode("utf-8-sig"))
    except (Refused, ValueError, *DAMAGED):
        raise ExchangeError("exchange.toml is missing at the top, or is no TOML.") from None
    if type(about.get("version")) is not int or about["version"] != VERSION:
        raise ExchangeError(f"exchange.toml: expected version = {VERSION}.")
    if unknown := about.keys() - {"version", "created"}:
        raise ExchangeError(f"exchange.toml: unknown key {', '.join(sorted(unknown))}.")
    return source
