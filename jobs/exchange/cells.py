"""What a cell of an exchange file may hold: text in, value out, or `Refused` with what is expected instead."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from models.rules.days import ISO, parse_day
from models.rules.identifiers import fold_login, iban_ok, normal_identifier
from models.rules.mail import header_safe
from models.rules.numbers import NumberProblem, parse_reading

Convert = Callable[[str], Any]

# Every white space but the control characters among it: a line break in a quoted cell becomes a space.
_SPACES = re.compile(r"[^\S\x0b\x0c\x1c-\x1f\x85]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PLAIN_READING = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,3}))?")


class Refused(ValueError):
    """This cell (or file) cannot be taken; `expected` says what can."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def _need(fine: object, expected: str) -> None:
    if not fine:
        raise Refused(expected)


def clean(cell: str) -> str:
    """A cell without spaces around, in Unicode form C, on one line; what export put before a formula is taken away.

    Refuses control and invisible characters, and bytes that were no text in the file's encoding.
    """
    if cell.isascii() and cell.isprintable():
        text = cell.strip()
    else:
        text = _SPACES.sub(" ", unicodedata.normalize("NFC", cell)).strip(" ")
        _need(text.isprintable(), "text in UTF-8 or cp1257 without control characters")
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def is_clean(cells: str) -> bool:
    """Whether `clean` would change nothing in any of these cells, joined: one look at a whole column."""
    return cells.isascii() and cells.isprintable() and " " not in cells and "'" not in cells


def text(longest: int) -> Convert:
    """Any text of at most `longest` characters."""

    def convert(value: str) -> str:
        _need(len(value) <= longest, f"at most {longest} characters")
        return value

    return convert


def word(values: Mapping[str, Any], expected: str) -> Convert:
    """One of these words, in whatever case."""

    def convert(value: str) -> Any:
        _need(value.casefold() in values, expected)
        return values[value.casefold()]

    return convert


def one_of(kind: type[StrEnum]) -> Convert:
    """One of the values of an enum."""
    return word({one.value: one for one in kind}, "one of " + ", ".join(kind))


yes_no = word({"1": True, "yes": True, "jā": True, "0": False, "no": False, "nē": False}, "0 or 1")
company = word({"person": False, "company": True}, "person or company")
language = word({one: one for one in ("lv", "en", "ru")}, "lv, en or ru")


def number(places: int, least: int, most: int, example: str) -> Convert:
    """A decimal number with up to `places` digits after comma or dot, as an integer of its smallest units.

    `least` and `most` are whole units, both inclusive.
    """
    shape = re.compile(rf"(-?[0-9]{{1,10}})(?:[.,]([0-9]{{1,{max(places, 1)}}})0*)?")
    expected, unit = f"a number from {least} to {most} such as {example}", 10**places

    def convert(value: str) -> int:
        match = shape.fullmatch(value.replace(" ", "").replace("−", "-"))
        if not match or (match[2] and not places and match[2] != "0"):
            raise Refused(expected)
        result = int(match[1] + (match[2] or "").ljust(places, "0")[:places])
        _need(least * unit <= result <= most * unit, expected)
        return result

    return convert


EURO = 10_000_000  # no amount is bigger, either way
money = number(2, -EURO, EURO, "123,45")


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
    found = parse_day(value) or date.min
    _need(1900 <= found.year <= 2200, "a date such as 2026-11-30 or 30.11.2026, from 1900 to 2200")
    return found


def month(value: str) -> date:
    """A month such as 2026-11, as its first day; spreadsheets like to make that day of it, so it is taken too."""
    try:
        found = day(value if ISO.fullmatch(value) else f"{value}-01")
    except Refused:
        found = date.max
    _need(found.day == 1, "a month such as 2026-11")
    return found


def email(value: str) -> str:
    """An e-mail address; that it exists is not checked here."""
    fine = len(value) <= 254 and header_safe(value) and _EMAIL.fullmatch(value)
    _need(fine, "an e-mail address such as anna@example.lv")
    return value


def login(convert: Convert, longest: int) -> Convert:
    """A user name or e-mail address as it is stored: folded (see `fold_login`)."""

    def folded(value: str) -> str:
        name = fold_login(convert(value))
        _need(0 < len(name) <= longest, f"at most {longest} characters")
        return name

    return folded


def identifier(value: str) -> str:
    """The 11 digits of a personal code or registration number."""
    short = text(32)(value)
    try:
        return normal_identifier(short)
    except ValueError:
        raise Refused("a personal code or registration number of 11 digits") from None


def iban(value: str) -> str:
    """An IBAN with right check digits, without spaces, in capitals."""
    _need(iban_ok(value), "an IBAN with right check digits")
    return "".join(value.split()).upper()


def names(most: int, longest: int) -> Convert:
    """Up to `most` texts separated by `|`."""
    expected = f"up to {most} different names separated by |, each at most {longest} characters"

    def convert(value: str) -> list[str]:
        found = [part.strip() for part in value.split("|")]
        _need(len({*found}) == len(found) <= most and all(0 < len(name) <= longest for name in found), expected)
        return found

    return convert


def file_name(value: str) -> str:
    """A plain name of a file that lies in the folder files/."""
    is_plain = len(value) <= 120 and not value.startswith(".") and not re.search(r"[/\\:]", value)
    _need(is_plain, "the plain name of a file in files/, at most 120 characters")
    return value
