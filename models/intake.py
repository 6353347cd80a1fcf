"""Taking files in: kind by name and content, caps, pictures drawn anew, archives inspected, viruses (security rule 16).

What a person signed stays as it is, bit by bit; nothing is ever unpacked to disk.
"""

import os
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import BinaryIO

from models.children import Ended, Limits, run
from models.rules.archives import is_odd, swells
from models.rules.file_names import HEIC, PICTURES, clean_name, ending, refusal_of
from models.scanner import Scanner, ScannerAway

MOST, LARGEST = 10, 10 * 10**6  # files at once, bytes of each (decisions.md 25)
PIXELS, SIDE = 40_000_000, 2560  # of a picture that is taken; the longer side of what is kept of it
ENTRIES, UNPACKED, RATIO = 1000, 100 * 10**6, 200  # of an archive: entries, bytes, unpacked ÷ packed
_DIRECTORY = 200_000  # bytes of an archive's table of contents, which is read whole
_ASICE = b"application/vnd.etsi.asic-e+zip"
_HEIC = Limits(wall_seconds=15, memory_bytes=800 * 1024 * 1024)
_one = BoundedSemaphore(1)  # pictures and archives are heavy work (security rule 13)


class Refused(ValueError):
    """A file that is not taken. `reason`: kind, empty, large, content, pixels, packed, damaged, many or virus."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason


@dataclass(frozen=True)
class Taken:
    """A file as it is to be stored. While `waits`, no scanner has cleared it: `quarantine.hold` it when storing."""

    name: str
    file: BinaryIO
    waits: bool = False


def take_all(
    files: Iterable[tuple[str, BinaryIO]], scanner: Scanner, most: int = MOST
) -> tuple[list[Taken], list[Refused]]:
    """What is taken of the files of a form, given by name and content, and what is not: unread what is above `most`."""
    taken: list[Taken] = []
    refused: list[Refused] = []
    for number, (name, file) in enumerate(files):
        try:
            if number >= most:
                raise Refused(clean_name(name), "many")
            taken.append(_scanned(take(name, file), scanner))
        except Refused as error:
            refused.append(error)
    return taken, refused


def take(name: str, file: BinaryIO, largest: int = LARGEST) -> Taken:
    """Take in one file of at most `largest` bytes. Raises `Refused`."""
    name, size = clean_name(name), file.seek(0, os.SEEK_END)
    file.seek(0)
    if reason := refusal_of(name, file.read(16), size, largest):
        raise Refused(name, reason)
    file.seek(0)
    kind = ending(name)
    with _one:
        if kind in HEIC:  # and it is a JPEG from now on, also by its name
            name, file, kind = f"{name.rpartition('.')[0]}.jpg", _as_jpeg(name, file), "jpg"
        if kind in PICTURES:
            file = _drawn_anew(name, file, PICTURES[kind])
        elif kind != "pdf":
            _inspect(name, file, kind)
    return Taken(name, file)


def _scanned(taken: Taken, scanner: Scanner) -> Taken:
    try:
        if scanner.scan(taken.file):
            raise Refused(taken.name, "virus")
    except ScannerAway:
        return Taken(taken.name, taken.file, waits=True)
    return taken


def _as_jpeg(name: str, file: BinaryIO) -> BinaryIO:
    try:
        made = run((sys.executable, "-m", "models.heic_child", str(PIXELS)), file.read(), _HEIC)
    except Ended:
        raise Refused(name, "damaged") from None
    if not made:
        raise Refused(name, "pixels")
    return BytesIO(made)


def _drawn_anew(name: str, file: BinaryIO, form: str) -> BinaryIO:
    """The picture alone, without the place and time it was taken and whatever else was hidden beside it."""
    from PIL import Image, ImageOps  # here, because who sends no picture need not load it

    out = BytesIO()
    try:
        with Image.open(file, formats=[form]) as picture:
            if picture.width * picture.height > PIXELS:
                raise Refused(name, "pixels")
            picture.draft(None, (SIDE, SIDE))  # a JPEG is not unpacked any larger than it is needed
            profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
            clear = picture.has_transparency_data and form != "JPEG"
            drawn = ImageOps.exif_transpose(picture).convert("RGBA" if clear else "RGB")
        drawn.thumbnail((SIDE, SIDE))
        drawn.info = {}
        drawn.save(out, form, quality=85, icc_profile=profile)
    except Refused:
        raise
    except Exception:  # a decoder fed with anything at all raises anything at all
        raise Refused(name, "damaged") from None
    return out


def _inspect(name: str, file: BinaryIO, kind: str) -> None:
    """Refuse an archive that is none, is not what its name says, or would fill a disk (ASVS 5.2.2, 5.2.3)."""
    if not _is_small_directory(file):
        raise Refused(name, "packed")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            swollen = any(swells(entry, RATIO) for entry in entries)
            if swollen or len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED:
                raise Refused(name, "packed")
            if any(is_odd(entry) for entry in entries) or archive.testzip():  # which reads no more than was declared
                raise Refused(name, "damaged")
            first = archive.read(entries[0]).strip() if kind != "docx" and entries else b""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        raise Refused(name, "damaged") from None
    names = Counter(entry.filename for entry in entries)
    fits = "word/document.xml" in names if kind == "docx" else entries[0].filename == "mimetype" and first == _ASICE
    if not fits or max(names.values()) > 1 or any("vbaproject" in one.lower() for one in names):
        raise Refused(name, "content")


def _is_small_directory(file: BinaryIO) -> bool:
    """Whether the table of contents is small: a million entries in it would fill the memory before they are counted."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail, mark = file.read(), b"PK\5\6"
    end = tail[-22:] if tail[-22:-18] == mark else tail[tail.rfind(mark) :] if mark in tail else b""
    file.seek(0)
    return len(end) >= 22 and b"PK\6\7" not in tail and int.from_bytes(end[12:16], "little") <= _DIRECTORY
