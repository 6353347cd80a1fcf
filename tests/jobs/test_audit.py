"""`flask audit verify`: what an operator reads and keeps (security rule 18)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from models.audit import AuditRow
from models.seals import Sealer
from tests.browser import Browser
from tests.standing import fetch


@pytest.fixture
def verify(app: Flask) -> Callable[..., Result]:
    """`flask audit verify …`"""
    return lambda *words: app.test_cli_runner().invoke(args=["audit", "verify", *words])


@pytest.fixture
def sealed(app: Flask) -> int:
    """How many rows were sealed: somebody has logged in and out."""
    browser = Browser(app)
    browser.submit(browser.log_in("anna"), "/logout")
    return Sealer(app.extensions["ekabinets"].database).seal_due()


def test_it_prints_the_head_to_be_kept_and_how_far_the_trail_goes(app: Flask, sealed: int, verify):
    assert sealed == 2
    Browser(app).log_in("viktors")
    newest = max(row.id for row in fetch(app, sa.select(AuditRow.id)))
    outcome = verify()
    said, head = outcome.output.splitlines()
    assert outcome.exit_code == 0 and said == f"Every sealed row is as it was; the newest of all is {newest}."
    assert head.startswith(f"{newest - 1}:")
    assert verify("--head", f"{head}\n").output == outcome.output


def test_the_first_bad_row_is_printed_and_the_command_fails(app: Flask, sealed: int, verify):
    database = app.extensions["ekabinets"].database
    _, second = (row.id for row in fetch(app, sa.select(AuditRow.id).order_by(AuditRow.id)))
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER audit_UPDATE" if database.is_sqlite else "DROP TRIGGER audit_append_only ON audit"))
        connection.execute(sa.update(AuditRow).where(AuditRow.id == second).values(actor_user_id=99))
    outcome = verify()
    assert outcome.exit_code == 1 and outcome.output == f"row {second}: it, or its seal, was changed\n"


def test_another_trail_than_the_one_that_was_kept_fails(sealed: int, verify):
    for kept in (f"1:{'0' * 64}", "x"):
        outcome = verify("--head", kept)
        assert outcome.exit_code == 1 and outcome.output.startswith(f"{kept}: is not among the seals")
