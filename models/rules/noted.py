"""When a reading was noted on a device without a connection (D18; docs/decisions/0028). Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_OLDEST = timedelta(hours=72)
_AHEAD = timedelta(minutes=10)  # which the clock of a device may be


class Noted(NamedTuple):
    """The moment and its business day; `wrong`: why the reading is not taken as of then."""

    at: datetime
    on: date
    wrong: str = ""


def noted(text: str, now: datetime, today: date, zone: ZoneInfo) -> Noted | None:
    """What a device says; None where it says nothing."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return Noted(now, today, "clock")
    if at.tzinfo is None or at > now + _AHEAD:
        return Noted(now, today, "clock")
    if at < now - _OLDEST:
        return Noted(now, today, "stale")
    at = min(at, now).astimezone(UTC)
    return Noted(at, today - (now.astimezone(zone).date() - at.astimezone(zone).date()))
