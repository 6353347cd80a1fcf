"""Reminders of windows and of meters' dates: to whom, once, caught up, and never to who is away (D09, D10)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.schedule import remind
from models import reading_links
from models.absences import Absence
from models.clock import Clock
from models.meters import Meter, Register
from models.outbox import Mail
from models.overrides import Override
from models.people import User
from models.premises import Premises
from models.readings import Reading
from models.types import ExternalStatus, MeterKind, Source, ValidKind, utc_now
from tests import letters
from tests.cast import TODAY, Cast
from tests.lend import LIGA, lend
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch

deliver, mailbox = letters.deliver, letters.mailbox
ANNA, VIKTORS = "anna@example.com", "viktors@example.com"
OPENS, CLOSES = date(2026, 11, 29), date(2026, 12, 1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def meters(app: Flask, cast: Cast) -> None:
    """There is one in Anna's other flat, too, and none has a date of its own."""
    change(app, sa.update(Meter).values(valid_until=None))
    with app.extensions["ekabinets"].database.write() as session:
        flat = session.scalars(sa.select(Premises).where(Premises.public_id == cast.second)).one()
        meter = Meter(external_id="second", premises_id=flat.id, kind=MeterKind.COLD_WATER, serial="2")
        session.add(meter)
        session.flush()
        session.add(Register(external_id="second", meter_id=meter.id, ordinal=1))


def on(app: Flask, day: date) -> int:
    """Run the schedule on a day, its letters to be sent at once."""
    held = app.extensions["ekabinets"]
    written = remind(replace(held, clock=Clock(held.site.zone, day)))
    change(app, sa.update(Mail).where(Mail.sent_at.is_(None)).values(due_at=utc_now()))
    return written


def places(app: Flask, letter: EmailMessage) -> set[str]:
    """The premises whose links a letter carries."""
    key = app.extensions["ekabinets"].settings.secret_key
    found = [reading_links.read(key, token) for token in re.findall(r"/r/(\S+)", text(letter))]
    return {link.public_id for link in found if link}


def read_everything(app: Flask, cast: Cast, but: str = "") -> None:
    """Every dial of Anna's two flats was read in this window, except for one meter."""
    flats = sa.select(Premises.id).where(Premises.public_id.in_([cast.flat, cast.second]))
    hers = sa.select(Register.id).join(Meter).where(Meter.premises_id.in_(flats), Meter.public_id != but)
    with app.extensions["ekabinets"].database.write() as session:
        for number in session.scalars(hers).all():
            session.add(Reading(register_id=number, value=9_000_000, read_on=OPENS, period=OPENS.replace(day=1), source=Source.SELF))


def test_the_opening_is_told_to_everybody_who_has_to_read_with_the_addresses(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    assert on(app, OPENS) and sorted(deliver()) == [ANNA, VIKTORS]
    said = text(mailbox.to(ANNA)[0])
    assert "no 29.11.2026. līdz 01.12.2026." in said and places(app, mailbox.to(ANNA)[0]) == {cast.flat, cast.second}
    assert "Pašlaik pieņem" in str(mailbox.to(ANNA)[0]["Subject"])


def test_a_day_that_is_run_again_or_was_missed_writes_each_letter_once(app: Flask, cast: Cast, deliver: Callable):
    assert on(app, OPENS - DAY) == 0
    assert [on(app, day) for day in (OPENS, OPENS)] == [2, 0]
    assert [on(app, day) for day in (CLOSES, CLOSES, CLOSES + DAY)] == [2, 0, 0], "its last day but one was missed"
    assert len(deliver()) == 4


def test_the_second_one_goes_to_those_who_are_missing_only(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    on(app, OPENS)
    deliver()
    read_everything(app, cast, but=cast.hot)
    assert on(app, TODAY) == 2 and sorted(deliver()) == [ANNA, VIKTORS]
    assert places(app, mailbox.to(ANNA)[1]) == {cast.flat}, "of the other one everything is there"


def test_who_has_sent_everything_is_left_alone(app: Flask, cast: Cast, deliver: Callable):
    read_everything(app, cast)
    on(app, TODAY)
    assert deliver() == [VIKTORS]
    change(app, sa.update(Reading).where(Reading.read_on == OPENS).values(status=ExternalStatus.REJECTED))
    on(app, TODAY)
    assert deliver() == [ANNA], "what was rejected was not sent"


@pytest.mark.parametrize("without", [{"email": None}, {"disabled_at": utc_now()}])
def test_nobody_is_written_to_who_cannot_be(app: Flask, cast: Cast, deliver: Callable, without: dict):
    change(app, sa.update(User).where(User.username == "anna").values(without))
    on(app, OPENS)
    assert deliver() == [VIKTORS]


def test_who_wants_none_gets_none_and_a_press_in_the_letter_is_enough(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    on(app, OPENS)
    deliver()
    stop = str(mailbox.to(ANNA)[0]["List-Unsubscribe"]).strip("<>").partition("localhost")[2]
    assert app.test_client().post(stop[stop.index("/"):], headers={"Host": "localhost"}).status_code == 200
    on(app, TODAY)
    assert deliver() == [VIKTORS]


def test_an_absence_pauses_it(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    flat = fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.flat))[0].id
    change(app, sa.insert(Absence).values(public_id="away", premises_id=flat, starts_on=OPENS - DAY, ends_on=OPENS, announced_on=OPENS - DAY, valves_closed=False))
    on(app, OPENS)
    deliver()
    assert places(app, mailbox.to(ANNA)[0]) == {cast.second}
    on(app, TODAY)
    deliver()
    assert places(app, mailbox.to(ANNA)[1]) == {cast.flat, cast.second}, "she is back"


@pytest.mark.parametrize(("rights", "told"), [("meters submit", [ANNA, LIGA, VIKTORS]), ("meters", [ANNA, VIKTORS])])
def test_who_may_send_readings_for_somebody_is_reminded_too(app: Flask, cast: Cast, deliver: Callable, rights: str, told: list[str]):
    lend(app, cast, rights=rights)
    on(app, OPENS)
    assert sorted(deliver()) == told


def test_a_house_with_other_days_is_reminded_on_its_own(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    house = fetch(app, sa.select(Premises.house_id).where(Premises.public_id == cast.second))[0].house_id
    change(app, sa.insert(Override).values(house_id=house, opens="20", closes="25", valid_from=OPENS.replace(day=1), created_at=utc_now()))
    on(app, date(2026, 11, 20))
    assert deliver() == [ANNA] and places(app, mailbox.to(ANNA)[0]) == {cast.second} and "no 20.11.2026. līdz 25.11.2026." in text(mailbox.to(ANNA)[0])
    on(app, OPENS)
    assert sorted(deliver()) == [ANNA, VIKTORS] and places(app, mailbox.to(ANNA)[1]) == {cast.flat}


def test_another_rule_for_one_kind_tells_of_that_kind_only(app: Flask, cast: Cast, deliver: Callable):
    change(app, sa.insert(Override).values(meter_kind=MeterKind.GAS, opens="10", closes="12", valid_from=OPENS.replace(day=1), created_at=utc_now()))
    on(app, date(2026, 11, 10))
    assert deliver() == [], "nobody has gas here"


@pytest.mark.parametrize(("left", "written"), [(91, 0), (90, 1), (75, 1), (60, 1), (7, 1), (0, 1), (-1, 0)])
def test_a_date_is_told_ninety_sixty_thirty_and_seven_days_before(app: Flask, cast: Cast, deliver: Callable, left: int, written: int):
    day = date(2026, 11, 15)  # no window is open
    dated(app, cast.cold, day + timedelta(days=left))
    assert (on(app, day), on(app, day)) == (written, 0) and deliver() == [ANNA] * written


def dated(app: Flask, meter: str, until: date, kind: ValidKind = ValidKind.VERIFICATION) -> None:
    change(app, sa.update(Meter).where(Meter.public_id == meter).values(valid_until=until, valid_kind=kind))


def test_of_one_date_there_are_four_letters_and_each_kind_has_its_words(app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    until = date(2027, 2, 20)
    for kind in (ValidKind.VERIFICATION, ValidKind.REPLACEMENT):
        dated(app, cast.cold, until, kind)
        for left in range(95, -1, -1):
            on(app, until - timedelta(days=left))
    deliver()
    said = [text(letter) for letter in mailbox.to(ANNA) if "20.02.2027." in text(letter)]
    assert len([one for one in said if "jāverificē" in one]) == 4 and len([one for one in said if "jānomaina" in one]) == 4


def test_a_meter_that_is_only_looked_at_has_no_letter(app: Flask, cast: Cast, deliver: Callable):
    dated(app, cast.cold, date(2026, 11, 20), ValidKind.NONE)
    assert on(app, date(2026, 11, 15)) == 0


def test_what_comes_is_foretold_by_day_and_nothing_is_written(app: Flask, cast: Cast):
    told = app.test_cli_runner().invoke(args=["schedule", "preview", "--days", "40"])
    lines = told.output.splitlines()
    assert told.exit_code == 0 and f"{TODAY}  reading_reminder: opens 2026-11-29, closes 2026-12-01, what closes; at most 2 people" in lines
    assert any(line.startswith("2026-12-30  reading_reminder: opens 2026-12-30, closes 2027-01-01, what opens") for line in lines)
    assert fetch(app, sa.select(Mail.id)) == []
