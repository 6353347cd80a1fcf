"""Windows that passed without a reading: how many, and what follows (D21)."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from models.absences import Absence
from models.meters import Meter, Register
from models.premises import Premises
from models.readings import Reading
from models.types import Source
from tests.browser import Browser
from tests.cast import Cast
from tests.powers import supervisor
from tests.standing import change, fetch, main
from tests.views.test_staff_texts import write
from tests.views.test_words import LANGUAGES, spoken

LIMIT = "From period no. 3"


def last_read(app: Flask, meter: str, month: date, source: Source = Source.SELF) -> None:
    """The newest readings of a meter that stand are of this month, whoever they came from since."""
    register = sa.select(Register.id).join(Meter).where(Meter.public_id == meter).scalar_subquery()
    later = (Reading.register_id == register, Reading.period > month)
    change(app, sa.delete(Reading).where(*later) if source is Source.SELF else sa.update(Reading).where(*later).values(source=source))


def away(app: Flask, flat: str, first: date, until: date) -> None:
    number = fetch(app, sa.select(Premises.id).where(Premises.public_id == flat))[0].id
    change(app, sa.insert(Absence).values(public_id="away", premises_id=number, starts_on=first, ends_on=until, announced_on=first, valves_closed=True))


def meters(browser: Browser, cast: Cast) -> str:
    return main(browser.get(f"/properties/{cast.flat}/meters"))


def test_who_has_read_in_each_window_hears_nothing_of_it(anna: Browser, cast: Cast):
    assert "without a reading" not in main(anna.get(f"/properties/{cast.flat}")) and "without a reading" not in meters(anna, cast)


def test_one_is_said_with_what_follows(anna: Browser, app: Flask, cast: Cast):
    last_read(app, cast.cold, date(2026, 9, 1))
    said = meters(anna, cast)
    assert "Cold water, kitchen: 1 period has passed without a reading." in said and "based on your average" in said and LIMIT not in said
    assert "1 period has passed without a reading." in main(anna.get(f"/properties/{cast.flat}"))


@pytest.mark.parametrize("source", [Source.SELF, Source.ESTIMATE])
def test_from_the_second_on_the_third_is_warned_of_and_an_estimate_is_no_reading(anna: Browser, app: Flask, cast: Cast, source: Source):
    last_read(app, cast.cold, date(2026, 8, 1), source)
    assert "2 periods in a row have passed without a reading." in meters(anna, cast) and LIMIT in meters(anna, cast)


def test_an_absence_pauses_it(anna: Browser, app: Flask, cast: Cast):
    last_read(app, cast.cold, date(2026, 8, 1))
    away(app, cast.flat, date(2026, 10, 20), date(2026, 11, 10))
    assert "1 period has passed" in meters(anna, cast)


def test_a_meter_that_she_does_not_read_has_missed_nothing(anna: Browser, app: Flask, cast: Cast):
    last_read(app, cast.remote, date(2026, 5, 1))
    last_read(app, cast.house_meter, date(2026, 5, 1))
    assert "without a reading" not in meters(anna, cast)


def test_a_site_without_a_limit_warns_of_none(anna: Browser, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(app.extensions["ekabinets"].site.__dict__, "missed_limit", 0)
    last_read(app, cast.cold, date(2026, 5, 1))
    assert "5 periods in a row" in meters(anna, cast) and "From period" not in meters(anna, cast)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_periods_missed_have_their_plural(app: Flask, cast: Cast, language: str):
    anna = Browser(app, language)
    anna.log_in("anna")
    for month, words in (
        (date(2026, 9, 1), ("1 periods pagājis bez rādījuma.", "1 period has passed without a reading.", "1 период прошёл без показаний.")),
        (date(2026, 8, 1), ("2 periodi pēc kārtas pagājuši", "2 periods in a row have passed", "2 периода подряд прошли")),
        (date(2026, 5, 1), ("5 periodi pēc kārtas pagājuši", "5 periods in a row have passed", "5 периодов подряд прошли")),
    ):
        last_read(app, cast.cold, month)
        assert spoken(language, *words) in meters(anna, cast)


def test_staff_write_otherwise_what_follows(anna: Browser, app: Flask, cast: Cast):
    last_read(app, cast.cold, date(2026, 8, 1))
    write(supervisor(app), "/staff/texts/missed_limit", body_en="The third one costs {missed_limit} euros.")
    assert "The third one costs 3 euros." in meters(anna, cast) and LIMIT not in meters(anna, cast)
