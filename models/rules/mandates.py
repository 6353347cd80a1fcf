"""What one person may lend another, and where a mandate stands on a day (F01–F05; LG-17, OG-03; ux.md §2.10)."""

import re
from collections.abc import Collection
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

MOST_YEARS = 3  # that a mandate with an end may last
LINK_LASTS = timedelta(days=7)  # of an invitation
REMIND = (30, 7)  # days before the last one
KEPT = timedelta(days=457)  # fifteen months that an ended mandate is still shown


# As a field for dates sends it, and as people write it where their browser has no such field.
_DAY = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})")
_WRITTEN = re.compile(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})\.?")


class Lent(StrEnum):
    """One thing that may be lent, in the order of the form. Stored as these words with spaces between them."""

    SUBMIT = "submit"
    METERS = "meters"
    NOTICES = "notices"
    INVOICES = "invoices"
    DOCUMENTS = "documents"
    MESSAGES = "messages"  # to write, and to read what one has written
    THREADS = "threads"  # to read all there are
    HOUSE_FILE = "house_file"

    @property
    def opens(self) -> tuple[str, str]:
        """The section of `auth/access.toml` that it opens, and its right there."""
        more = {Lent.SUBMIT: ("meters", "act"), Lent.MESSAGES: ("messages", "act"), Lent.THREADS: ("messages", "view")}
        return more.get(self, (self.value, "view"))


READINGS = frozenset({Lent.SUBMIT, Lent.METERS, Lent.NOTICES})  # lent without a strong login (decisions.md 23)
BY_ONESELF = tuple(one for one in Lent if one is not Lent.HOUSE_FILE)  # it needs a power of attorney (decisions.md 24)
PRESETS = {"readings": READINGS, "bills": READINGS | {Lent.INVOICES, Lent.MESSAGES}, "all": frozenset(BY_ONESELF)}


class Ending(StrEnum):
    """How a mandate ended before its last day."""

    REVOKED = "revoked"  # by the principal
    RESIGNED = "resigned"  # by the delegate
    DECLINED = "declined"  # by whoever was invited
    CLOSED = "closed"  # with the account of one of them
    MOVED = "moved"  # with the tenure of the principal


class MandateState(StrEnum):
    """Where a mandate stands."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    ENDED = "ended"


class Facts(Protocol):
    """What of a mandate tells its state."""

    accepted_at: datetime | None
    suspended_at: datetime | None
    ended_at: datetime | None
    ends_on: date | None


def state_of(mandate: Facts, today: date) -> MandateState:
    """The one state that a mandate is in on a day; `ends_on` is its last day."""
    if mandate.ended_at:
        return MandateState.ENDED
    if mandate.ends_on and mandate.ends_on < today:
        return MandateState.EXPIRED
    if not mandate.accepted_at:
        return MandateState.INVITED
    return MandateState.SUSPENDED if mandate.suspended_at else MandateState.ACTIVE


def rights_of(words: Collection[str]) -> tuple[Lent, ...]:
    """The rights that these words name, in order, each once; who may submit readings sees them, too."""
    named = {*words} | ({Lent.METERS.value} if Lent.SUBMIT in words else set())
    return tuple(one for one in Lent if one.value in named)


def needs_strong(rights: Collection[Lent]) -> bool:
    """Whether lending this asks for a strong login: whatever goes beyond readings (decisions.md 23)."""
    return not {*rights} <= READINGS


def months_on(today: date, months: int) -> date:
    """The last day of a mandate that begins today and lasts so many months."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    last = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return min(first + timedelta(days=today.day - 1), last)


def last_day(term: str, typed: str, today: date, *, without_end: bool) -> date | None:
    """The last day that a form asks for: "1", "6" or "12" months, "none", or "date" as typed (ISO, or 31.12.2027).

    Raises `ValueError` for anything else: "missing", "shape", "past", or "far" for more than `MOST_YEARS`.
    """
    if term in ("1", "6", "12"):
        return months_on(today, int(term))
    if term == "none" and without_end:
        return None
    if term != "date" or not typed.strip():
        raise ValueError("missing")
    found = _DAY.fullmatch(typed.strip()) or _WRITTEN.fullmatch(typed.strip())
    try:
        if found is None:
            raise ValueError
        day = date(*(int(found[part]) for part in "ymd"))
    except ValueError:
        raise ValueError("shape") from None
    if day < today:
        raise ValueError("past")
    if day > months_on(today, 12 * MOST_YEARS):
        raise ValueError("far")
    return day


def reminder_of(ends_on: date | None, today: date) -> int | None:
    """The reminder whose time has come, as days before the last one: 30 or 7, 0 when it is over; None before them.

    Of a new mandate it counts as sent: who lends for a month is not reminded the same day.
    """
    left = (ends_on - today).days if ends_on else max(REMIND) + 1
    return 0 if left < 0 else min((days for days in REMIND if left <= days), default=None)


def reminder_due(mandate: Facts, reminded: int | None, today: date) -> int | None:
    """The reminder that is due, as days before the last one (decisions.md 22); 0: it is over. None: none, or sent."""
    if mandate.ends_on is None or mandate.ended_at or not mandate.accepted_at:
        return None
    due = reminder_of(mandate.ends_on, today)
    return due if due is not None and (reminded is None or due < reminded) else None
