"""Short desks of staff: what residents say of their premises, and requests that found no owner (B06, B08, F09)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.access_requests import AccessRequest
from models.readings import Reading
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.moving import hand_over, is_away, tell
from tests.powers import ASKED, noted, supervisor
from tests.standing import change, fetch, main

deliver, mailbox = letters.deliver, letters.mailbox
PREMISES = "/staff/premises"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    return supervisor(app)


def test_staff_see_who_is_away_and_who_will_be(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    is_away(app, cast, TODAY - timedelta(days=9), TODAY - timedelta(days=1))
    for starts, ends, valves in (("2026-12-10", "2026-12-24", "1"), ("2026-11-30", "2026-11-30", None)):
        tell(anna, cast, starts, ends, valves=valves)
    said = main(ilze.get(PREMISES)).partition("Absences")[2]
    assert said.split("Brīvības iela 12–34, Ogre")[1:] == [" 30 Nov 2026 – 30 Nov 2026 ", " 10 Dec 2026 – 24 Dec 2026 The valves are closed"]


def test_who_lives_there_reads_that_staff_have_looked(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    tell(anna, cast, "2026-12-10", "2026-12-24")
    assert "Data viewed" not in anna.get("/activity?show=data").text
    ilze.get(PREMISES)
    told = main(anna.get("/activity?show=data"))
    assert "Data viewed" in told and "Purpose: Hand-overs and absences" in told and "Brīvības iela 12–34" in told
    viktors = Browser(app)
    viktors.log_in("viktors")
    assert "Data viewed" not in viktors.get("/activity?show=data").text


def test_staff_see_what_waits_and_confirm_for_who_has_no_account(anna: Browser, ilze: Browser, app: Flask, cast: Cast, deliver: Callable):
    hand_over(anna, cast, to="99999")
    page = ilze.get(PREMISES)
    assert "waits for the new owner" in main(page) and "99999" in main(page) and "30 Nov 2026" in main(page)
    assert "The hand-over is confirmed" in main(ilze.submit(page, PREMISES, number="1"))
    assert "waits for the billing system" in main(ilze.get(PREMISES)) and PREMISES not in {form.action for form in ilze.get(PREMISES).forms}
    assert "waits for nobody any more" in main(ilze.submit(page, PREMISES, number="1"))
    stored = fetch(app, sa.select(Reading.source, Reading.actor_user_id).where(Reading.read_on == TODAY))
    assert len(stored) == 4 and {tuple(row) for row in stored} == {("staff", 5)} and noted(app, "handover.confirmed").actor_user_id == 5


@pytest.mark.parametrize("path", [PREMISES, ASKED])
def test_an_agent_sees_and_a_supervisor_decides(anna: Browser, app: Flask, cast: Cast, path: str):
    hand_over(anna, cast, to="99999")
    change(app, sa.insert(AccessRequest).values(user_id=4, wanted="99999", who="x", asked_at=utc_now(), looked_at=utc_now()))
    agent = Browser(app)
    agent.log_in("ilze")
    page = agent.get(path)
    assert "99999" in main(page) and path not in {form.action for form in page.forms}
    agent.post(path, page.form("/logout").fields | {"number": "1"})
    assert agent.status == 403 and fetch(app, sa.select(AccessRequest.id)) != []


@pytest.mark.parametrize("path", [PREMISES, ASKED])
def test_a_number_that_is_none_is_nowhere(app: Flask, ilze: Browser, path: str):
    fields = ilze.get(path).form("/logout").fields
    for number, status in (("", 404), ("x", 404), ("²", 404), ("9" * 40, 404), ("77", 303)):
        assert ilze.client.post(path, data=fields | {"number": number}).status_code == status


@pytest.mark.parametrize("path", [PREMISES, ASKED])
def test_a_long_list_is_cut_and_says_so(app: Flask, ilze: Browser, cast: Cast, path: str):
    for number in range(51):
        is_away(app, cast, TODAY + timedelta(days=number), TODAY + timedelta(days=number))
        change(app, sa.insert(AccessRequest).values(user_id=4, wanted=f"W{number}.", who="x", asked_at=utc_now(), looked_at=utc_now()))
    page = main(ilze.get(path))
    assert ("There are more of them" in page or "More of them wait" in page) and "W50." not in page


def test_what_was_answered_is_gone_and_answered_once(app: Flask, ilze: Browser):
    for wanted in ("99999", "99998"):
        change(app, sa.insert(AccessRequest).values(user_id=4, wanted=wanted, who="Anna's daughter", asked_at=utc_now(), looked_at=utc_now()))
    page = ilze.get(ASKED)
    assert "liga@example.com" in main(page) and "Anna's daughter" in main(page) and noted(app, "customer.viewed").detail["purpose"] == "request"
    for sentence in ("The request is answered.", "Somebody has answered this request already."):
        assert sentence in main(ilze.submit(page, ASKED, number="1"))
    assert [row.wanted for row in fetch(app, sa.select(AccessRequest.wanted))] == ["99998"] and noted(app, "access.answered").actor_user_id == 5
