"""`flask absences` and `flask handover`: what staff see of what residents say of their premises (B06, B08)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.readings import Reading
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.moving import hand_over, is_away, tell
from tests.powers import WHY
from tests.standing import fetch, main


def test_staff_see_who_is_away_and_who_will_be(anna: Browser, app: Flask, cast: Cast):
    is_away(app, cast, TODAY - timedelta(days=9), TODAY - timedelta(days=1))
    for starts, ends, valves in (("2026-12-10", "2026-12-24", "1"), ("2026-11-30", "2026-11-30", None)):
        tell(anna, cast, starts, ends, valves=valves)
    lines = app.test_cli_runner().invoke(args=["absences", *WHY]).output.splitlines()
    flat = "Brīvības iela 12–34, Ogre"
    assert lines == [f"2026-11-30 to 2026-11-30 {flat}", f"2026-12-10 to 2026-12-24 {flat}, the valves are closed"]


@pytest.mark.parametrize("command", ["absences", "handovers"])
def test_who_lives_there_reads_that_staff_have_looked_and_why(anna: Browser, app: Flask, cast: Cast, command: str):
    tell(anna, cast, "2026-12-10", "2026-12-24")
    hand_over(anna, cast, to="99999")
    run = app.test_cli_runner().invoke
    assert run(args=[command]).exit_code == 2 and "Data viewed" not in anna.get("/activity?show=data").text
    run(args=[command, *WHY])
    told = main(anna.get("/activity?show=data"))
    assert "Data viewed" in told and "Purpose: Darba rinda" in told and "Brīvības iela 12–34" in told
    viktors = Browser(app)
    viktors.log_in("viktors")
    assert "Data viewed" not in viktors.get("/activity?show=data").text


def test_staff_see_what_waits_and_confirm_for_who_has_no_account(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast, to="99999")
    run = app.test_cli_runner().invoke
    assert run(args=["handovers", *WHY]).output == "1 asked 2026-11-30 Brīvības iela 12–34, Ogre to 99999\n"
    assert run(args=["handover", "1"]).output == "confirmed\n"
    assert run(args=["handovers", *WHY]).output == "1 confirmed 2026-11-30 Brīvības iela 12–34, Ogre to 99999\n"
    again = run(args=["handover", "1"])
    assert again.exit_code == 1 and "no hand-over 1 waits for the new owner" in again.output
    stored = fetch(app, sa.select(Reading.source, Reading.actor_user_id).where(Reading.read_on == TODAY))
    assert len(stored) == 4 and {tuple(row) for row in stored} == {("staff", None)}
