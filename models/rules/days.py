"""A day as people type it."""

import re
from datetime import date

ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")  # ASCII only
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})\.?")


def parse_day(text: str) -> date | None:
    """A day as a browser's calendar sends it, 2026-12-24, or as it is written, 24.12.2026; None for anything else."""
    dotted, match = _DOTTED.fullmatch(text), ISO.fullmatch(text)
    numbers = dotted.groups()[::-1] if dotted else match.groups() if match else ("0", "0", "0")
    try:
        return date(*map(int, numbers))
    except ValueError:
        return None
