"""What a cell of an exchange file may hold: text in, value out, or `Refused` with what is expected instead."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

from models.rules.identifiers import fold_login, iban_ok
from models.rules.numbers import NumberProblem, parse_reading

Convert = Callable[[str], Any]

# Every white space but the control characters among it: a line break in a quoted cell becomes a space.
_SPACES = re.compile(r"[^\S\x0b\x0c\x1c-\x1f\x85]+")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DOTTED_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})\.?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PLAIN_READING = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,3}))?")
_YES_NO = {"1": True, "yes": True, "jā": True, "0": False, "no": False, "nē": False}


class Refused(ValueError):
    """This cell (or file) cannot be taken; `expected` says what can."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def clean(cell: str) -> str:
    """A cell without spaces around, in Unicode form C, on one line; what export put before a formula is taken away.

    Refuses control and invisible characters, and bytes that were no text in the file's encoding.
    """
    if cell.isascii() and cell.isprintable():
        text = cell.strip()
    else:
        text = _SPACES.sub(" ", unicodedata.normalize("NFC", cell)).strip(" ")
        if not text.isprintable():
            raise Refused("text in UTF-8 or cp1257 without control characters")
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def is_clean(cells: str) -> bool:
    """Whether `clean` would change nothing in any of these cells, joined: one look at a whole column."""
    return cells.isascii() and cells.isprintable() and " " not in cells and "'" not in cells


def text(longest: int) -> Convert:
    """Any text of at most `longest` characters."""

    def convert(value: str) -> str:
        if len(value) > longest:
            raise Refused(f"at most {longest} characters")
        return value

    return convert


def number(places: int, least: int, most: int, example: str) -> Convert:
    """A decimal number with up to `places` digits after comma or dot, as an integer of its smallest units.

    `least` and `most` are whole units, both inclusive.
    """
    shape = re.compile(rf"(-?[0-9]{{1,10}})(?:[.,]([0-9]{{1,{max(places, 1)}}})0*)?")
    expected = f"a number from {least} to {most} such as {example}"

    def convert(value: str) -> int:
        match = shape.fullmatch(value.replace(" ", "").replace("−", "-"))
        if not match or (match[2] and not places and match[2] != "0"):
            raise Refused(expected)
        result = int(match[1] + (match[2] or "").ljust(places, "0")[:places])
        if not least * 10**places <= result <= most * 10**places:
            raise Refused(expected)
        return result

    return convert


def reading(value: str) -> int:
    """What a dial shows, in thousandths: at most 9 digits before the comma and 3 after it, never negative."""
    plain = _PLAIN_READING.fullmatch(value)  # nearly all of them
    if plain:
        return int(plain[1] + (plain[2] or "").ljust(3, "0"))
    try:
        return parse_reading(value, 9, 3)
    except NumberProblem:
        raise Refused("a reading such as 126,5, at most 9 digits and 3 after the comma") from None


def day(value: str) -> date:
    """A date, 2026-11-30 or 30.11.2026, from 1900 to 2200."""
    dotted = _DOTTED_DAY.fullmatch(value)
    match = _ISO_DAY.fullmatch(value)
    numbers = dotted.groups()[::-1] if dotted else match.groups() if match else ("0", "0", "0")
    try:
        found = date(*map(int, numbers))
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise Refused("a date such as 2026-11-30 or 30.11.2026, from 1900 to 2200")
    return found


def month(value: str) -> date:
    """A month such as 2026-11, as its first day; spreadsheets like to make that day of it, so it is taken too."""
    try:
        found = day(value if _ISO_DAY.fullmatch(value) else f"{value}-01")
    except Refused:
        raise Refused("a month such as 2026-11") from None
    if found.day != 1:
        raise Refused("a month such as 2026-11")
    return found


def yes_no(value: str) -> bool:
    """0 or 1, or the word for it."""
    try:
        return _YES_NO[value.casefold()]
    except KeyError:
        raise Refused("0 or 1") from None


def one_of(kind: type[StrEnum]) -> Convert:
    """One of the values of an enum."""

    def convert(value: str) -> StrEnum:
        try:
            return kind(value.casefold())
        except ValueError:
            raise Refused("one of " + ", ".join(kind)) from None

    return convert


def person_or_company(value: str) -> bool:
    """True for a company."""
    if value.casefold() not in ("person", "company"):
        raise Refused("person or company")
    return value.casefold() == "company"


def language(value: str) -> str:
    """One of the languages of the portal."""
    if value.casefold() not in ("lv", "en", "ru"):
        raise Refused("lv, en or ru")
    return value.casefold()


def email(value: str) -> str:
    """An e-mail address; that it exists is not checked here."""
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        raise Refused("an e-mail address such as anna@example.lv")
    return value


def login(convert: Convert, longest: int) -> Convert:
    """A user name or e-mail address as it is stored: folded (see `fold_login`)."""

    def folded(value: str) -> str:
        name = fold_login(convert(value))
        if len(name) > longest or not name:
            raise Refused(f"at most {longest} characters")
        return name

    return folded


def iban(value: str) -> str:
    """An IBAN with right check digits, without spaces, in capitals."""
    if not iban_ok(value):
        raise Refused("an IBAN with right check digits")
    return "".join(value.split()).upper()


def names(most: int, longest: int) -> Convert:
    """Up to `most` texts separated by `|`."""

    def convert(value: str) -> list[str]:
        found = [part.strip() for part in value.split("|")]
        if len(found) > most or not all(found) or len({*found}) < len(found) or max(map(len, found)) > longest:
            raise Refused(f"up to {most} different names separated by |, each at most {longest} characters")
        return found

    return convert


def file_name(value: str) -> str:
    """A plain name of a file that lies in the folder files/."""
    if len(value) > 120 or value.startswith(".") or re.search(r"[/\\:]", value):
        raise Refused("the plain name of a file in files/, at most 120 characters")
    return value
