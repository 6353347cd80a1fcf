"""What is held about people, why, and for how long: privacy.toml as it is read, the one place where a table stands."""

import tomllib
from pathlib import Path
from typing import Any

_TEXT = (Path(__file__).parent / "privacy.toml").read_text("utf-8")
for _name, _sql in reversed(tomllib.loads(_TEXT)["words"].items()):  # each may hold those before it
    _TEXT = _TEXT.replace(f"{{{_name}}}", _sql)
_ALL: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(_TEXT)
TABLES, PERIODS = _ALL["tables"], _ALL["periods"]


def periods(own: dict[str, int]) -> dict[str, int]:
    """The days of every period, by its name: a site's own, else the default. Raises `ValueError`."""
    if [name for name, days in own.items() if name not in PERIODS or not PERIODS[name]["least"] <= days <= 36_500]:
        raise ValueError("expected days to 36500, from " + ", ".join(f"{n} {p['least']}" for n, p in PERIODS.items()))
    return {name: own.get(name, period["days"]) for name, period in PERIODS.items()}
