"""Every address of the portal with the right it asks for, as a table that a reviewer reads in a diff."""

import os
from pathlib import Path

from flask import Flask

from auth.access import Right
from tests import standing

app = standing.app  # one application for all of these tests

GOLDEN = Path(__file__).with_name("routes.txt")


def table(app: Flask) -> str:
    """Verbs, path and mark of every route, by path."""
    lines = []
    for rule in app.url_map.iter_rules():
        verbs = " ".join(sorted(set(rule.methods or ()) - {"HEAD"}))
        mark = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        lines.append(f"{verbs:<5}{rule.rule:<52}{'public' if mark is None else f'{mark[0]} {Right(mark[1]).word}'}")
    return "\n".join(sorted(lines, key=lambda line: (line[5:], line))) + "\n"


def test_the_routes_and_their_rights_are_the_reviewed_ones(app: Flask):
    found = table(app)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(found, "utf-8")
    assert found == GOLDEN.read_text("utf-8"), "review this, then write it with UPDATE_GOLDEN=1"


def test_no_address_carries_a_name_a_number_or_a_code(app: Flask):
    """ux.md §1.3: only opaque ids, whose meaning the guard knows."""
    names = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    assert names <= {"pid", "mid", "iid", "did", "sid", "name", "key"}
