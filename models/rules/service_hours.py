"""Service hours: by when an answer is due, counted only while the desk is open (G04; features.md §5, SLA timers).

Moments are local wall-clock times without a zone. A desk that is open while the clocks are changed counts that hour
as the clock on its wall does.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile

Spans = tuple[tuple[int, int], ...]  # minutes of a day, from and until, in their order
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_FAR = 400  # days; no holidays are as long


def parse_spans(text: str) -> Spans:
    """Such as "8:00-12:00 13:00-17:00". Raises `ValueError` for anything else, and for spans that meet or turn back."""
    found = [_SPAN.fullmatch(word) for word in text.split()]
    spans = [tuple(int(one[n]) * 60 + int(one[n + 1]) for n in (1, 3)) for one in found if one]
    edges = [edge for span in spans for edge in span]
    minutes = all(int(one[n]) < 60 for one in found if one for n in (2, 4))
    if not spans or None in found or not minutes or sorted({*edges}) != edges or edges[-1] > 24 * 60:
        raise ValueError("expected hours such as 8:00-12:00 13:00-17:00")
    return tuple((first, last) for first, last in spans)


@dataclass(frozen=True)
class Service:
    """When the desk is open: by the day of the week (0 is Monday), on working days alone."""

    week: Mapping[int, Spans]
    is_working: Callable[[date], bool]

    def on(self, day: date) -> Spans:
        """The hours of a day. A Saturday or Sunday that was made a working day has those of a Monday."""
        if not self.is_working(day):
            return ()
        own = self.week.get(day.weekday(), ())
        return own or (self.week.get(0, ()) if day.weekday() > 4 else ())

    def after_hours(self, moment: datetime, hours: int) -> datetime:
        """The moment when so many hours of service (at least one) have gone by since this one."""
        left = timedelta(hours=hours)
        for opens, closes in self._open_since(moment):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise ValueError("never open")

    def after_days(self, moment: datetime, days: int) -> datetime:
        """When the desk closes so many days of service after the one on which this moment comes to it.

        What comes after closing, or on a free day, comes to it on the next day of service.
        """
        came = next((opens.date() for opens, _ in self._open_since(moment)), moment.date())
        closing = next(islice(self._closings(came), days, None), None)
        if closing is None:
            raise ValueError("never open")
        return closing

    def between(self, first: datetime, last: datetime) -> timedelta:
        """How much service lies between two moments; nothing where the second is the earlier one."""
        spans = takewhile(lambda span: span[0] < last, self._open_since(first))
        return sum((min(closes, last) - opens for opens, closes in spans), timedelta())

    def _open_since(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of each span of service from this moment on."""
        for ahead in range(_FAR):
            midnight = datetime.combine(moment.date() + timedelta(days=ahead), time())
            for first, last in self.on(midnight.date()):
                opens, closes = max(moment, midnight + timedelta(minutes=first)), midnight + timedelta(minutes=last)
                if opens < closes:
                    yield opens, closes

    def _closings(self, since: date) -> Iterator[datetime]:
        """When each day of service ends."""
        for ahead in range(_FAR):
            midnight = datetime.combine(since + timedelta(days=ahead), time())
            for _, last in self.on(midnight.date())[-1:]:
                yield midnight + timedelta(minutes=last)
