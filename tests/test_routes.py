"""Every address of the portal with the right and the limit it asks for, as a table that a reviewer reads in a diff."""

import os
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from auth.access import Right
from auth.guard import Unmarked
from auth.scope import FETCH, FOR_STAFF
from tests.conftest import settings_for
from views.limits import limiter
from views.routes import Routes

GOLDEN = Path(__file__).with_name("routes.txt")


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An application that nobody asks anything: its database is empty."""
    return create_app(settings_for(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path))


def table(app: Flask) -> str:
    """Verbs, path, mark and limits of every route, by path."""
    lines = []
    for rule in app.url_map.iter_rules():
        verbs, view = " ".join(sorted(rule.methods or ())), app.view_functions[rule.endpoint]
        mark = "public" if view.access is None else f"{view.access[0]} {Right(view.access[1]).word}"  # type: ignore[attr-defined]
        mark = f"api {view.bearer}" if hasattr(view, "bearer") else mark
        kept = limiter.limit_manager.decorated_limits(f"{view.__module__}.{view.__name__}.{view.__qualname__}")
        limits = ", ".join(str(one.limit) for one in kept)
        lines.append(f"{verbs:<9}{rule.rule:<52}{mark:<22}{limits}".rstrip())
    return "\n".join(sorted(lines, key=lambda line: (line[9:], line))) + "\n"


def test_the_routes_and_their_rights_are_the_reviewed_ones(app: Flask):
    found = table(app)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(found, "utf-8")
    assert found == GOLDEN.read_text("utf-8"), "review this, then write it with UPDATE_GOLDEN=1"


def test_no_address_carries_a_name_a_number_or_a_code(app: Flask):
    """ux.md §1.3: only opaque ids, whose meaning the guard knows."""
    names = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    assert names == {*FETCH, *FOR_STAFF} | {"name", "key", "token", "signature", "family", "slug"}


@pytest.mark.parametrize("access", ["", "meters", "meters all", "Public"])
def test_a_route_without_a_known_access_cannot_be_written(access: str):
    with pytest.raises(KeyError):
        Routes("some", __name__).get("/some", access)


def test_two_addresses_of_one_view_ask_for_the_same():
    some = Routes("some", __name__)
    view = some.get("/some", "meters act")(lambda: "")
    assert some.get("/other", "meters act")(view) is view
    with pytest.raises(Unmarked, match="/third"):
        some.get("/third", "public")(view)
