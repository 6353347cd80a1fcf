"""What looks like a leak: said when the reading is sent and on the page of the meter, until it is muted (D24)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models.history import leak
from models.meters import Meter
from models.preferences import Preference
from models.readings import Reading
from models.types import Source
from tests.browser import Browser
from tests.cast import Cast
from tests.lend import lend
from tests.models.test_history import line
from tests.standing import change, fetch, main
from tests.views.reading_form import Sender, second_person, send
from tests.views.test_words import LANGUAGES

ASKED = "Is water leaking?"


@pytest.mark.parametrize("by", ["page", "htmx"])
def test_two_and_a_half_times_the_usual_is_told_with_what_to_do_and_the_last_readings(anna: Browser, cast: Cast, by: str):
    page = Sender(anna, by).send(cast.cold, "200,5")
    said = main(page) if by == "page" else page.text.replace("\u202f", " ")
    assert anna.status == 200 and f"{ASKED} 8.500 m³ were used; at this time of the year it is usually 3.000 m³." in said
    assert page.html.count("<li>Close") == 2 and "cistern" in said and "valves" in said
    assert "The last readings" in said and said.count("Consumption: 3.000 m³.") == 5


def test_a_usual_reading_is_asked_nothing(anna: Browser, cast: Cast):
    assert ASKED not in send(anna, cast.cold, "199,4").text, "7.4 of 3"


def test_it_stands_on_the_page_of_the_meter_until_the_next_reading(anna: Browser, app: Flask, cast: Cast):
    assert ASKED not in anna.get(f"/meters/{cast.cold}").text
    send(anna, cast.cold, "200,5")
    assert ASKED in anna.get(f"/meters/{cast.cold}").text
    send(anna, cast.cold, "195,5")
    assert ASKED not in anna.get(f"/meters/{cast.cold}").text, "it was a mistake"


def test_the_form_of_all_meters_tells_it_beside_the_reading(anna: Browser, cast: Cast):
    form = f"/properties/{cast.flat}/readings"
    page = anna.submit(anna.get(form), form, **{f"r-{cast.cold}-1": "200,5", f"r-{cast.hot}-1": "528"})
    assert main(page).count(ASKED) == 1 and "/quiet" not in page.html, "no form within a form"


def test_muted_it_is_silent_for_her_at_this_meter_and_for_nobody_else(anna: Browser, app: Flask, cast: Cast):
    send(anna, cast.cold, "200,5")
    send(anna, cast.hot, "531,9")
    page = anna.get(f"/meters/{cast.cold}")
    assert ASKED not in anna.submit(page, f"/meters/{cast.cold}/quiet").text
    assert ASKED in anna.get(f"/meters/{cast.hot}").text
    assert ASKED in second_person(app).get(f"/meters/{cast.cold}").text
    assert [(row.user_id, row.kind, row.wanted) for row in fetch(app, sa.select(Preference.__table__))] == [(1, f"leak {cast.cold} 2026", False)]


def test_electricity_does_not_leak_nor_does_a_house(anna: Browser, app: Flask, cast: Cast):
    newest = sa.select(sa.func.max(Reading.id)).group_by(Reading.register_id)
    change(app, sa.update(Reading).where(Reading.id.in_(newest)).values(value=Reading.value + 10**6))
    change(app, sa.update(Meter).where(Meter.public_id == cast.hot).values(kind="gas"))
    assert [ASKED in anna.get(f"/meters/{mid}").text for mid in (cast.cold, cast.two_dials, cast.hot, cast.house_meter)] == [True, False, False, False]


def test_an_estimate_is_neither_a_leak_nor_what_is_usual():
    usual = [line(ago, 3_000) for ago in range(2, 14)]
    assert leak([line(1, 8_000), *usual])
    assert not leak([line(1, 8_000, source=Source.ESTIMATE), *usual])
    assert not leak([line(1, 8_000), line(2, 100, source=Source.ESTIMATE), *usual[1:]]), "the estimate was too low"
    assert not leak([line(1, 8_000), *(line(ago, 3_000, source=Source.ESTIMATE) for ago in range(2, 14))])


def test_after_a_gap_the_months_count_and_a_corrected_reading_does_not():
    usual = [line(ago, 3_000) for ago in range(4, 16)]
    found = leak([line(1, 22_500), *usual])
    assert found and (found.used, found.usual) == (22_500, 9_000) and not leak([line(1, 22_400), *usual])
    assert leak([line(1, 22_500), line(1, 90_000, superseded=True), *usual]) == found
    assert not leak([]) and not leak([line(1, None)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_words(anna: Browser, cast: Cast, language: str):
    anna.client.set_cookie("lang", language)
    page = Sender(anna, "htmx").send(cast.cold, "200,5")
    assert page.html.count("<li>") == 4 + 6 and (ASKED in page.text) == (language == "en")


def test_who_may_only_look_is_told_and_mutes_nothing(anna: Browser, app: Flask, cast: Cast):
    send(anna, cast.cold, "200,5")
    lend(app, cast, "meters")
    liga = Browser(app)
    liga.log_in("liga")
    page = liga.get(f"/meters/{cast.cold}")
    assert ASKED in page.text and "/quiet" not in page.html
    assert liga.client.post(f"/meters/{cast.cold}/quiet", data={"csrf_token": page.forms[0].fields["csrf_token"]}).status_code == 404
