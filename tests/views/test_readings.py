"""Readings by the real door: what Anna types, what she is told, what is stored."""

import pytest
import sqlalchemy as sa

from tests.browser import Browser, Page
from tests.cast import Cast


def send(browser: Browser, mid: str, value: str, **more: str) -> Page:
    """Open the form of one meter and send it."""
    page = browser.get(f"/meters/{mid}/reading")
    return browser.fill(page, f"/meters/{mid}/reading", {f"r-{mid}-1": value, **more})


def stored(app, mid: str) -> list:
    """The readings of a meter that people sent, oldest first."""
    query = sa.text("select r.value, r.superseded_at, r.flag, r.rolled_over, r.source, r.actor_user_id, r.principal_customer_id, r.session_method from reading r join register g on g.id=r.register_id join meter m on m.id=g.meter_id where m.public_id=:mid and r.source='self' order by r.id")
    with app.extensions["ekabinets"].database.read() as connection:
        return connection.execute(query, {"mid": mid}).fetchall()


def test_a_reading_is_taken_and_the_consumption_told(anna: Browser, cast: Cast, app):
    page = send(anna, cast.cold, "195,5")
    assert anna.status == 200
    assert "3.500" in page.text
    assert [row.value for row in stored(app, cast.cold)] == [195_500]
