"""The demo's days: the one it stands on, and the months of its history with their windows and invoices."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from demo.town import Town, town_of
from models.clock import Clock
from models.rules.windows import Window, WindowRule, window_of
from models.site import Site

DAY = timedelta(days=1)


def demo_today(site: Site, real: date | None = None) -> date:
    """The day on which the demo stands: `real` (default: the real day) when some meter can be read on it.

    Otherwise the second day of the newest window that has been, or its only day.
    """
    real = real or Clock(site.zone).today()
    rules = {site.meters[kind].window for kind in town_of(site).reads}
    window = max((_newest(site, rule, real) for rule in rules), key=lambda window: window.closes)
    return real if real <= window.closes else min(window.opens + DAY, window.closes)


@dataclass(frozen=True)
class Month:
    """A month of the history: its days, its reading window, its invoice. `ago` 0 is the newest."""

    ago: int
    first: date
    last: date
    opens: date
    closes: date
    is_open: bool  # the window, today
    issued: date
    due: date

    def read_on(self, shift: int) -> date:
        """The day of the window, in the month and not after today, that `shift` chooses."""
        end = self.opens if self.is_open else min(self.closes, self.last)
        return self.opens + DAY * (shift % ((end - self.opens).days + 1))


@dataclass(frozen=True)
class Plan:
    """What is the same for everybody in a generated folder; `length` is in months."""

    site: Site
    today: date
    length: int = 13

    @property
    def town(self) -> Town:
        """Where it is."""
        return town_of(self.site)

    @cached_property
    def history(self) -> list[Month]:
        """The months of an ordinary flat."""
        return self.months(self.length)

    def months(self, count: int) -> list[Month]:
        """`count` months, oldest first; the last is the newest one whose window has opened."""
        rule = self.site.meters[self.town.reads[0]].window
        first = _newest(self.site, rule, self.today).period
        found: list[Month] = []
        for ago in range(count):
            window, after = window_of(rule, first, self.site.is_working), _after(first)
            is_open = window.opens <= self.today <= window.closes
            days = (first, after - DAY, window.opens, window.closes)
            found.insert(0, Month(ago, *days, is_open, issued=after.replace(day=10), due=_after(after) - DAY))
            first = (first - DAY).replace(day=1)
        return found


def _newest(site: Site, rule: WindowRule, day: date) -> Window:
    window = window_of(rule, day, site.is_working)
    return window if window.opens <= day else window_of(rule, day.replace(day=1) - DAY, site.is_working)


def _after(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)
