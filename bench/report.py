"""The figures of a run as JSON and as a short table, with what they were measured on."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pysqlite3.dbapi2 import sqlite_version

_RATIOS = {
    "home ÷ twin": ("home", "twin of home"), "home ÷ bare": ("home", "bare"),
    "twin of home ÷ bare": ("twin of home", "bare"), "submit ÷ twin": ("submit", "twin of submit"),
    "submit ÷ bare": ("submit", "bare"), "home ÷ home at 1,000": ("home", "home, 1,000"),
    "submit ÷ submit at 1,000": ("submit", "submit, 1,000"),
    "home of who has 700 ÷ home": ("home of who has 700", "home"),
    "poll of the list ÷ home": ("poll of the list", "home"),
    "poll of a conversation ÷ home": ("poll of a conversation", "home"),
}  # fmt: skip
GOALS = {
    "home ÷ twin": "≤ 1.5", "home ÷ bare": "≤ 14", "home ÷ home at 1,000": "≤ 1.15", "home, statements": "≤ 6",
    "poll of the list ÷ home": "≤ 0.4", "poll of a conversation ÷ home": "≤ 0.4",
    "home of who has 700 ÷ home": "≤ 2", "home of who has 700, statements more": "≤ 2",
    "submit, statements": "≤ 8", "first visit, bytes of HTML and CSS": "≤ 14600", "first visit, bytes": "≤ 32000",
    "first visit, requests": "≤ 6", "later visit of home, bytes": "≤ 4000", "start, CPU seconds": "≤ 1",
    "memory after start, MB": "≤ 100", "memory after the pages, MB": "≤ 200", "PDF modules": "0",
    "import ÷ executemany": "≥ 0.3", "queueing to 10,000 ÷ plain INSERT … SELECT": "≤ 3",
    "worker ÷ smtplib loop, letters/s": "≥ 0.8",
}  # fmt: skip
_LIBRARIES = ("flask", "sqlalchemy", "sqlmodel", "jinja2", "psycopg")


def ratios(cpu: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Median by median, of the candidates that ran."""
    medians = {name: statistics.median(values) for name, values in cpu.items()}
    return {name: medians[a] / medians[b] for name, (a, b) in _RATIOS.items() if a in medians and b in medians}


def report(figures: Mapping[str, Mapping[str, Any]], count: int, what: str, asked: str) -> None:
    """Write both files and print the table: of so many of what, as it was asked of `make bench`."""
    rows = ["| figure | goal | SQLite | PostgreSQL |", "|---|---|---|---|"]
    for name in figures["sqlite"]:
        if name != "microseconds":
            pair = " | ".join(_shown(figures[kind].get(name)) for kind in ("sqlite", "postgres"))
            rows.append(f"| {name} | {_goal(name)} | {pair} |")
    for name in figures["sqlite"]["microseconds"]:
        spans = [_span(figures[kind]["microseconds"][name]) for kind in ("sqlite", "postgres")]
        rows.append(f"| {name}, µs: median (least–most) | | {' | '.join(spans)} |")
    stem = Path(__file__).parent / "results" / f"{count}-{what}"
    stem.parent.mkdir(exist_ok=True)
    about = {what: count, "command": f"make bench {asked}"} | _about()
    stem.with_suffix(".json").write_text(json.dumps({**about, **figures}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    told = ", ".join(f"{name} {value}" for name, value in about.items())
    stem.with_suffix(".md").write_text("\n".join([*rows, "", told]) + "\n", "utf-8")
    print("\n".join(rows))


def _goal(name: str) -> str:
    flat, few = name.endswith("÷ at 1,000"), name.startswith(("inbox", "search, ", "customers, "))
    if name.startswith("reminders to ") and "÷" in name:
        return "≤ 3"
    if name.endswith("from a folder, rate"):
        return "≥ 0.5"
    return GOALS.get(name, "≤ 1.5" if flat else "≤ 8" if few and name.endswith("statements") else "")


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if isinstance(value, int) or value >= 1000 else f"{value:.2f}"


def _span(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}–{max(values):.0f})"


def _about() -> dict[str, Any]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()  # noqa: S607
    return {
        "commit": commit,
        "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "machine": platform.machine(),
        "python": platform.python_version(), "sqlite": sqlite_version,
        **{name: version(name) for name in _LIBRARIES},
    }  # fmt: skip
