"""Days as a calendar that telephones subscribe to (RFC 5545). Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_LONGEST = 75  # octets of a line, without its end


@dataclass(frozen=True)
class Days:
    """One entry: whole days, of which `last` is one, too. `uid` stays the same when the days change."""

    uid: str
    first: date
    last: date
    summary: str
    url: str


def icalendar(name: str, entries: Iterable[Days], stamp: date) -> str:
    """A calendar of this name as it stood on the day of `stamp`."""
    lines = [*_lines(name, [*entries], f"{stamp:%Y%m%d}T000000Z")]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _lines(name: str, entries: list[Days], stamp: str) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ekabinets//calendar//EN", "METHOD:PUBLISH")
    yield from (f"X-WR-CALNAME:{_escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT12H")
    for one in entries:
        yield from ("BEGIN:VEVENT", f"UID:{one.uid}", f"DTSTAMP:{stamp}")
        end = one.last + timedelta(days=1)  # the day after
        yield from (f"DTSTART;VALUE=DATE:{one.first:%Y%m%d}", f"DTEND;VALUE=DATE:{end:%Y%m%d}")
        yield from (f"SUMMARY:{_escaped(one.summary)}", f"URL:{one.url}", "TRANSP:TRANSPARENT", "END:VEVENT")
    if not entries:  # a calendar is nothing without any component
        yield from ("BEGIN:VTIMEZONE", "TZID:UTC", "BEGIN:STANDARD", "DTSTART:19700101T000000")
        yield from ("TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD", "END:VTIMEZONE")
    yield "END:VCALENDAR"


def _escaped(words: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", " ".join(words.split()))


def _folded(line: str) -> str:
    """In pieces that are short enough, none of which ends within a letter."""
    pieces = [""]
    for letter in line:
        if len(f"{pieces[-1]}{letter}".encode()) > _LONGEST:
            pieces.append(" ")
        pieces[-1] += letter
    return "\r\n".join(pieces)
