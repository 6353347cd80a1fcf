"""Entries of an archive that no honest program writes (rule 16)."""

import zipfile

_SMALL = 1 << 20  # bytes; so much may unpack from nothing


def is_odd(entry: zipfile.ZipInfo) -> bool:
    """Encrypted, or with a name that leads out of the archive."""
    parts = entry.filename.rstrip("/").split("/")
    return bool(entry.flag_bits & 1) or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)


def swells(entry: zipfile.ZipInfo, ratio: int) -> bool:
    """It would unpack to far more than it is."""
    return entry.file_size > max(_SMALL, entry.compress_size * ratio)
