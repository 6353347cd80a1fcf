"""What a helper does is told to whom she helps, by her name and to nobody else; she reads for whom it was (F07, F08)."""

import csv
import io
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from models.absences import Absence
from tests import letters
from tests.browser import Browser
from tests.cast import Cast
from tests.lend import LIGA, accepted, invite, lend, mandate
from tests.letters import link_in
from tests.mailserver import Mailbox
from tests.powers import accept as registered
from tests.powers import apply
from tests.standing import fetch, main
from tests.views.reading_form import second_person, send
from tests.views.test_activity import ACTIVITY, DATA, FLAT, NOBODY, OWN, acts

deliver, mailbox = letters.deliver, letters.mailbox
__all__ = ["accepted"]
DONE = ["Access given up", "Absence withdrawn", "Absence announced", "Readings submitted", "Invitation accepted"]


def help_her(liga: Browser, app: Flask, cast: Cast) -> None:
    """Everything that a helper can do and the trail keeps."""
    send(liga, cast.cold, "195,5")
    away, gone = f"/properties/{cast.flat}/absences", f"/users/{mandate(app).public_id}/revoke"
    liga.submit(liga.get(away), away, starts="2026-12-30", ends="2026-12-31")
    liga.submit(liga.get(away), away, end=fetch(app, sa.select(Absence.public_id))[0].public_id)
    liga.submit(liga.get(gone), gone)


def test_each_act_of_a_helper_is_told_to_all_who_are_the_customer_and_to_nobody_else(app: Flask, anna: Browser, cast: Cast, accepted: Callable):
    help_her(accepted(anna), app, cast)
    viktors = Browser(app)
    viktors.log_in("viktors")
    for browser in (anna, second_person(app)):
        page = browser.get(ACTIVITY)
        assert [act for act in acts(page) if act != "Access given to somebody"] == DONE
        assert main(page).count("Līga Ozoliņa · authorised person") == len(DONE) and main(page).count(f"authorised person · {FLAT}") == 3
    assert NOBODY in main(viktors.get(ACTIVITY)) and acts(viktors.get(DATA)) == acts(anna.get(DATA)) == []


def test_a_helper_reads_for_whom_she_did_it_and_it_is_nobody_elses_act(app: Flask, anna: Browser, cast: Cast, accepted: Callable):
    liga = accepted(anna)
    help_her(liga, app, cast)
    page = liga.get(OWN)
    assert [act for act in acts(page) if act in DONE] == DONE and main(page).count("in the name of: Anna Ozoliņa") == len(DONE)
    assert f"in the name of: Anna Ozoliņa · {FLAT}" in main(page) and acts(liga.get(ACTIVITY)) == acts(liga.get(DATA)) == []
    liga.get("/activity.csv?show=own")
    lines = csv.reader(io.StringIO(liga.response.get_data(as_text=True)))
    assert [line[3] for line in lines if "Readings submitted" in line] == ["in the name of: Anna Ozoliņa"]
    send(anna, cast.hot, "528")
    assert "in the name of" not in main(anna.get(OWN))


def test_two_whom_one_person_helps_read_each_of_their_own(app: Flask, anna: Browser, cast: Cast):
    lend(app, cast)
    lend(app, cast, owner="viktors", at=cast.neighbour)
    liga, viktors = Browser(app), Browser(app)
    liga.log_in("liga")
    viktors.log_in("viktors")
    send(liga, cast.cold, "195,5")
    assert acts(anna.get(ACTIVITY)) == ["Readings submitted"] and acts(viktors.get(ACTIVITY)) == []


def test_who_declines_without_signing_in_is_not_the_operator(app: Flask, anna: Browser, cast: Cast, mailbox: Mailbox, deliver: Callable):
    invite(anna, cast)
    deliver()
    path, nobody = link_in(mailbox, LIGA), Browser(app)
    nobody.submit(nobody.get(path), path, act="decline")
    assert acts(anna.get(ACTIVITY)) == ["Invitation declined"] and "whoever opened the link · authorised person" in main(anna.get(ACTIVITY))
    assert acts(anna.get(DATA)) == []


def test_who_declines_signed_in_is_no_user_of_the_customer(app: Flask, anna: Browser, cast: Cast, mailbox: Mailbox, deliver: Callable):
    invite(anna, cast)
    deliver()
    path, liga = link_in(mailbox, LIGA), Browser(app)
    liga.log_in("liga")
    liga.submit(liga.get(path), path, act="decline")
    assert "Līga Ozoliņa · authorised person" in main(anna.get(ACTIVITY))


def test_what_staff_have_registered_is_an_act_of_theirs(app: Flask, anna: Browser):
    liga = Browser(app)
    liga.log_in("liga")
    apply(liga)
    registered(app)
    assert acts(anna.get(DATA))[0] == "Access given to somebody" and "authorised person" not in main(anna.get(DATA))
