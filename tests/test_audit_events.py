"""The golden list of audit events: each act that the code notes is told to residents in words, or says why it is not."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from models import activity
from models.rules.mandates import Ending
from tests.test_architecture import MODULES, name, tree
from views.language import LANGUAGES

GOLDEN = Path(__file__).with_name("audit_events.txt")
# Where an act is no text in the call: what it can be.
REST = {
    "models/factors.py: f'factor.{what}'": {"factor.totp_added", "factor.passkey_added", "factor.removed"},
    "auth/methods/password.py: what": {"login.failed", "login.paused"},
    "models/joining.py: action": {"customers.joined", "customers.claimed"},
    "models/absences.py: action": {"absence.announced", "absence.ended", "absence.withdrawn"},
    "models/handovers.py: f'handover.{row.state}'": {f"handover.{state}" for state in ("asked", "confirmed", "refused", "withdrawn")},
    "models/lending.py: action": {
        "mandate.granted", "mandate.changed", "mandate.resent", "mandate.accepted", "mandate.suspended", "mandate.resumed",
        *(f"mandate.{ending}" for ending in Ending),
    },
    "models/attorneys.py: action": {"attorney.checked", "attorney.opened", "attorney.refused"},
    "models/window_changes.py: action": {"window.changed", "window.ended"},
    "models/answering.py: action": {f"thread.{act}" for act in ("asked", "replied", "solved", "unsolved", "answered", "closed", "logged")},
    "models/desk_work.py: _ACTIONS[wish.act]": {f"thread.{act}" for act in ("assigned", "snoozed", "woken", "waits", "closed")},
    "views/customers.py: action": {"customer.viewed", "customer.previewed"},
    "models/accounts.py: f'account.{act}'": {"account.unlocked", "account.invited_again", "account.link_sent"},
    "models/payments.py: action": {f"payment.{act}" for act in ("started", "paid", "ended", "refused")},
    "models/reading_mails.py: f'reading_mail.{act}'": {f"reading_mail.{act}" for act in ("done", "dismissed", "undone")},
    "models/bank.py: f'bank.{act}'": {f"bank.{act}" for act in ("assigned", "aside", "booked", "failed", "refunded", "undone")},
    "models/access_requests.py: action": {"access.granted", "access.denied", "access.answered"},
}


def noted() -> Iterator[str]:
    """Every act that some code gives to `record`."""
    for file in MODULES:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("record", "record_each"):
                what = node.args[2]
                texts = [what.body, what.orelse] if isinstance(what, ast.IfExp) else [what]
                for one in texts:
                    yield from [one.value] if isinstance(one, ast.Constant) else REST[f"{name(file)}: {ast.unparse(one)}"]


def words(app: Flask, language: str) -> dict[str, str]:
    """How the page of activities says each act."""
    return vars(app.extensions["languages"][language].get_template("activity/_words.txt").module)["acts"]


def golden() -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in GOLDEN.read_text("utf-8").splitlines())


@pytest.fixture
def app(make_app) -> Flask:
    return make_app()


@pytest.fixture
def dialect() -> str:
    """No data is touched here."""
    return "sqlite"


def test_every_act_in_the_code_is_on_the_reviewed_list(app: Flask):
    acts, shown, said = sorted({*noted()}), words(app, "en"), golden()
    hidden = {act: what for act, what in said.items() if what.startswith("not shown: ")}
    found = {act: "shown" if act in shown else hidden.get(act, "not shown: why?") for act in acts}
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text("".join(f"{act:<26}{what}\n" for act, what in found.items()), "utf-8")
    assert found == golden(), "review this, then write it with UPDATE_GOLDEN=1"
    assert len(acts) > 40 and [act for act, what in found.items() if "why?" in what] == []


def test_nothing_has_words_that_nobody_notes(app: Flask):
    assert {*words(app, "en")} <= {*noted()}


def test_every_act_has_words_of_its_own_in_every_language(app: Flask):
    said = [words(app, language) for language in LANGUAGES]
    assert len({tuple(one) for one in said}) == 1
    for act in said[0]:
        assert len({one[act] for one in said}) == 3, act
    assert {*activity.LISTS} == {*vars(app.extensions["languages"]["en"].get_template("activity/_words.txt").module)["lists"]}
