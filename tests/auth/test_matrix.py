"""Who may do what, written down: every route, asked by every kind of visitor for what is hers, lent and another's.

The table stands in `matrix.txt`; a route that is not in it, or an answer that changes, fails. GET is asked of the page
itself; of other verbs it is asked how far the guard lets them, so that nothing of the table depends on its order.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.routing import Rule

from models.mandates import Mandate
from models.sessions import WebSession
from models.types import utc_now
from tests.auth.strangers import Ids, settle
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.lend import lend, of_rights
from tests.standing import change
from tests.walk import examples, paths
from views import statements as yearly

GOLDEN = Path(__file__).with_name("matrix.txt")
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


@dataclass(frozen=True)
class Visitor:
    """A kind of visitor: who it is, by which method, and what Anna has lent her."""

    name: str
    user: str = "liga"
    method: str = "password"
    preset: str = ""
    columns: dict[str, Any] = field(default_factory=dict)


VISITORS = (
    Visitor("nobody", ""), Visitor("owner, password", "anna"), Visitor("owner, bank", "anna", "bank"), Visitor("readings", preset="readings"),
    Visitor("bills", preset="bills"), Visitor("all", preset="all"), Visitor("all, bank", method="bank", preset="all"),
    Visitor("strong only", preset="all", columns={"strong": True}), Visitor("suspended", preset="all", columns={"suspended_at": utc_now()}),
    Visitor("expired", preset="all", columns={"ends_on": TODAY - timedelta(days=1)}), Visitor("former owner", "peteris"),
    Visitor("stranger", "marta"), Visitor("staff", "ilze"),
)  # fmt: skip


def asked(app: Flask, browser: Browser, rule: Rule, verb: str, path: str, token: str) -> int:
    if verb == "GET":
        return browser.client.get(path).status_code
    view = app.view_functions[rule.endpoint]

    def reached(**_objects: object) -> Response:
        return Response(status=299)

    vars(reached).update(vars(view))  # its marks
    app.view_functions[rule.endpoint] = reached
    try:
        return browser.client.post(path, data={"csrf_token": token}).status_code
    finally:
        app.view_functions[rule.endpoint] = view


def logged_in(app: Flask, browser: Browser, username: str) -> str:
    """The id of the session that this login has opened."""
    browser.log_in(username)
    with app.extensions["ekabinets"].database.read() as session:
        return str(session.scalars(sa.select(sa.func.max(WebSession.id))).one())


def answers(app: Flask, visitor: Visitor, whose: dict[str, Ids]) -> Iterator[tuple[str, str]]:
    """Of each route without objects one answer; of the others those for what is hers, Anna's, and Viktors's."""
    browser = Browser(app)
    token = browser.get("/login").form("/login").fields["csrf_token"]
    sids = {"": "-"} | {who: logged_in(app, Browser(app), who) for who in ("anna", "viktors")}
    if visitor.user:
        sids[visitor.user] = logged_in(app, browser, visitor.user)
    change(app, sa.update(WebSession).values(method=visitor.method))
    objects = [examples(app, {"uid": ["-"]} | whose.get(who, {}) | {"sid": [sids[who]]}) for who in (visitor.user, "anna", "viktors")]
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        for verb in sorted({*(rule.methods or ())} & {"GET", "POST"}):
            asked_for = objects if rule.arguments & {*whose["anna"]} else objects[1:2]
            known = [values if rule.arguments <= {*values} else None for values in asked_for]
            cells = [str(asked(app, browser, rule, verb, paths(rule.rule, values)[0], token)) if values else "-" for values in known]
            yield f"{verb} {rule.rule}", " ".join(cells)


def test_every_route_answers_every_kind_of_visitor_as_it_is_written(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(yearly, "PATIENCE", 3600)  # a busy machine has its archive all the same
    whose, table = settle(app, cast), {}
    for visitor in VISITORS:
        change(app, sa.delete(WebSession))
        change(app, sa.update(Mandate).where(Mandate.delegate_id.is_not(None)).values(ended_at=utc_now()))
        if visitor.preset:
            lend(app, cast, " ".join(of_rights(visitor.preset)), public_id=f"m{visitor.name}"[:32], **visitor.columns)
        for route, found in answers(app, visitor, whose):
            table.setdefault(route, {}).setdefault(found, []).append(visitor.name)
    text = "".join(f"{route}\n" + "".join(f"    {found}: {'; '.join(who)}\n" for found, who in row.items()) for route, row in table.items())
    print("cells:", sum(len(found.split()) * len(who) for row in table.values() for found, who in row.items()))
    if UPDATE:
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8"), "UPDATE_GOLDEN=1 writes it anew: read the difference"
