"""The one place that knows which day it is.

The business day can be moved in the demo (`Clock(fixed=…)`); sessions, throttles and audit never ask here,
they use `models.types.utc_now`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.types import utc_now


@dataclass(frozen=True)
class Clock:
    """The site's calendar: its time zone, and a fixed business day in the demo."""

    timezone: ZoneInfo
    fixed: date | None = None

    def today(self) -> date:
        """The business day, in the site's time zone."""
        return self.fixed or self.local(utc_now()).date()

    def now(self) -> datetime:
        """This moment of the business day, aware: in the demo the time of day on its fixed day."""
        now = utc_now()
        return now if self.fixed is None else datetime.combine(self.fixed, self.local(now).time(), self.timezone)

    def local(self, moment: datetime) -> datetime:
        """An aware moment as the site's wall clock shows it."""
        return moment.astimezone(self.timezone)
