"""Names of files that people send, and which kinds are taken (decisions.md 25; ASVS 5.2.2, 5.4.1)."""

import re
import unicodedata

LONGEST = 120  # characters of a name
_ZIP = b"PK\x03\x04"
# Each ending with the bytes that such a file begins with, after the four of a length in an iPhone's picture.
KINDS = {
    "pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF",
    "docx": _ZIP, "edoc": _ZIP, "asice": _ZIP, "heic": b"ftyp", "heif": b"ftyp",
}  # fmt: skip
PICTURES = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
HEIC = {"heic", "heif"}  # pictures of an iPhone


def ending(name: str) -> str:
    """The ending of a name in small letters, "" where it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def clean_name(name: str) -> str:
    """A name that is safe to show and to save under: no folders, nothing invisible, at most `LONGEST` characters.

    Invisible are also the characters that turn the direction of writing, by which "exe.pdf" can be shown as another.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if one.isspace() else one for one in last if one.isspace() or one.isprintable())
    plain = re.sub(r'[<>:"|?*\s]+', " ", seen).strip(" .")
    stem, dot, end = plain.rpartition(".") if "." in plain else (plain, "", "")
    return f"{stem[: LONGEST - len(dot + end[:20])].rstrip(' .') or 'file'}{dot}{end[:20]}"


def refusal_of(name: str, head: bytes, size: int, largest: int) -> str:
    """Why a file is not taken, told by its name, its first bytes and its size: a word, "" when nothing is wrong."""
    kind = ending(name)
    if kind not in KINDS:
        return "kind"
    if not size:
        return "empty"
    if size > largest:
        return "large"
    return "" if head.startswith(KINDS[kind], 4 if kind in HEIC else 0) else "content"
