"""Which reminder a day asks for (D09, D10; UD-07, UD-11). Pure; the days are local ones."""

from datetime import date, timedelta

from models.rules.windows import Window

OPENS, CLOSES = "opens", "closes"
VALID = (90, 60, 30, 7)  # days before a meter's valid-until date


def of_window(window: Window, today: date) -> str:
    """The reminder of a window on one of its days: that it is open, and from its last day but one that it closes."""
    return CLOSES if today > window.opens and today >= window.closes - timedelta(days=1) else OPENS


def of_valid_until(valid_until: date, today: date, warning_days: int) -> int | None:
    """The reminder of a meter's date: one of `VALID`, None before the first of them and after the date itself.

    `warning_days`: of the site, before which nobody is reminded. A day that was missed is caught up; of several
    only the latest is left.
    """
    left = (valid_until - today).days
    return min((days for days in VALID if 0 <= left <= days <= warning_days), default=None)
