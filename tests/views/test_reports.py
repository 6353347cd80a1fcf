"""The dashboard on a page (H11; UD-05)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models import figures
from models.figures import Figures
from models.types import Role
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, main
from tests.views.reading_form import send
from tests.views.test_colleagues import enters

BOARD = "/staff/dashboard"


def count(app: Flask) -> None:
    held = app.extensions["ekabinets"]
    figures.count(held.database, held.site, held.clock)


def test_before_the_first_count_the_page_says_so(app: Flask):
    page = enters(app, "ilze", Role.SUPERVISOR).get(BOARD)
    assert page.headings == ["Figures"] and "Nothing has been counted yet" in page.text


def test_each_drawing_has_its_table(app: Flask, cast: Cast, anna: Browser):
    send(anna, cast.hot, "528")
    count(app)
    ilze = enters(app, "ilze", Role.SUPERVISOR)
    assert BOARD in ilze.get("/staff").links
    page = ilze.get(BOARD)
    said = main(page)
    assert page.html.count("<figure>") == 3 and page.html.count("<table>") == 3 and page.audit() == []
    assert "Registered 2 2 100 %" in said and "Hot water 1 1 100 %" in said and "Cold water 0 3 0 %" in said
    assert "30 Nov 2026 1" in said and "Conversations that wait for an answer 2" in said and "Letters that could not be sent 0" in said


def test_a_site_where_nobody_lives_and_nothing_hangs_divides_by_nothing(app: Flask):
    detail = {"customers": {"all": 0, "registered": 0, "e_invoices": 0}, "letters": 0, "kinds": {}, "days": {"2026-11-30": 0}, "waiting": {"count": 0}}
    count(app)
    change(app, sa.update(Figures).values(detail=detail))
    said = main(enters(app, "ilze", Role.ADMINISTRATOR).get(BOARD))
    assert "Registered 0 0 –" in said and "wait longer" not in said


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.SUPERVISOR, 200), (Role.ADMINISTRATOR, 200)])
def test_supervisors_and_administrators_see_it(app: Flask, anna: Browser, role: Role, status: int):
    assert enters(app, "ilze", role).client.get(BOARD).status_code == status
    assert anna.client.get(BOARD).status_code == 404
