"""Readings of one flat by a link without a login: what it takes, what it never shows, and how it ends (D19)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from models.clock import Clock
from models.meters import Meter
from models.tenures import Tenure
from tests import letters
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from tests.views.by_link import OPENS, current, customer, link, usual
from tests.views.test_words import LANGUAGES, spoken
from views import meter_views, reading_links

deliver, mailbox = letters.deliver, letters.mailbox


@pytest.fixture
def visitor(app: Flask) -> Browser:
    """Somebody at a library, who is logged in as nobody."""
    return Browser(app)


def send(browser: Browser, path: str, **values: str) -> Page:
    """Fill in the form; fields by the meter's name in the cast's ids."""
    form = browser.get(path).form(path).fields
    return browser.post(path, form | values)


def test_it_shows_house_kind_place_and_three_digits_and_nothing_else(visitor: Browser, app: Flask, cast: Cast):
    page = visitor.get(link(app, cast))
    serial = fetch(app, sa.select(Meter.serial).where(Meter.public_id == cast.cold))[0].serial
    said = main(page)
    assert visitor.status == 200 and "Brīvības iela 12–**, Ogre" in said and f"No. …{serial[-3:]}" in said.replace("Nr.", "No.")
    assert not [word for word in (serial, "Ozoli", "20417", "12–34", f"{current(app, cast.cold).value // 1000}") if word in page.html]


def test_what_it_takes_stands_as_sent_by_the_link(visitor: Browser, app: Flask, cast: Cast):
    value = usual(app, cast.cold)
    page = send(visitor, link(app, cast), **{f"r-{cast.cold}-1": value})
    row = current(app, cast.cold)
    assert visitor.status == 200 and "1" in main(page) and (row.value, row.source, row.actor_user_id) == (int(value.replace(".", "")), "link", None)
    assert row.principal_customer_id == customer(app) and row.period == OPENS.replace(day=1)


def test_a_second_one_replaces_the_first(visitor: Browser, app: Flask, cast: Cast):
    path, first = link(app, cast), usual(app, cast.cold)
    send(visitor, path, **{f"r-{cast.cold}-1": first})
    second = f"{float(first) + 0.5:.3f}"
    send(Browser(app), path, **{f"r-{cast.cold}-1": second})
    assert current(app, cast.cold).value == int(second.replace(".", ""))


def test_what_somebody_sent_who_was_logged_in_is_neither_shown_nor_replaced(anna: Browser, visitor: Browser, app: Flask, cast: Cast):
    path, value = link(app, cast), usual(app, cast.cold)
    form = visitor.get(path).form(path).fields
    anna.submit(anna.get(f"/meters/{cast.cold}/reading"), f"/meters/{cast.cold}/reading", **{f"r-{cast.cold}-1": value})
    page = visitor.post(path, form | {f"r-{cast.cold}-1": f"{float(value) + 1:.3f}"})
    assert current(app, cast.cold).source == "self" and value not in page.html
    assert f"r-{cast.cold}-1" not in visitor.get(path).form(path).fields


@pytest.mark.parametrize("typed", ["1", "99999"])
def test_what_looks_wrong_is_asked_without_saying_what_was_before(visitor: Browser, app: Flask, cast: Cast, typed: str):
    path, before = link(app, cast), current(app, cast.cold)
    page = send(visitor, path, **{f"r-{cast.cold}-1": typed})
    assert visitor.status == 409 and current(app, cast.cold).id == before.id and f"{before.value // 1000}" not in main(page)
    form = page.form(path).fields
    seal = page.html.partition(f'name="reply-{cast.cold}-1" value="')[2].partition('"')[0]
    visitor.post(path, form | {f"reply-{cast.cold}-1": seal})
    assert visitor.status == 200 and current(app, cast.cold).value == int(typed) * 1000 and current(app, cast.cold).flag


@pytest.mark.parametrize("typed", ["abc", "1,2,3", "-5", "NaN"])
def test_what_is_no_reading_is_said_beside_its_field(visitor: Browser, app: Flask, cast: Cast, typed: str):
    before = current(app, cast.cold).id
    page = send(visitor, link(app, cast), **{f"r-{cast.cold}-1": typed})
    assert visitor.status == 422 and typed in page.html and current(app, cast.cold).id == before


@pytest.mark.parametrize("how", ["changed", "another window", "closed", "moved out", "switched off", "stopped"])
def test_it_dies(visitor: Browser, anna: Browser, app: Flask, cast: Cast, how: str):
    path, held = link(app, cast), app.extensions["ekabinets"]
    if how == "changed":
        path = path[:-3] + "AAA"
    elif how == "another window":
        path = link(app, cast, opens=OPENS - timedelta(days=30))
    elif how == "closed":
        app.extensions["ekabinets"] = replace(held, clock=Clock(held.site.zone, date(2026, 12, 2)))
    elif how == "moved out":
        change(app, sa.update(Tenure).where(Tenure.customer_id == customer(app)).values(ends_on=TODAY - timedelta(days=1)))
    elif how == "switched off":
        app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"reading_links": False}))
    else:
        send(visitor, path, **{f"r-{cast.cold}-1": usual(app, cast.cold)})
        page = f"/properties/{cast.flat}/meters"
        anna.submit(anna.get(page), f"/properties/{cast.flat}/not-ours")
    assert visitor.get(path) and visitor.status == 410 and "Ozoli" not in visitor.get(path).html


def test_the_owner_is_told_and_takes_it_back(visitor: Browser, anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    before, value = current(app, cast.cold), usual(app, cast.cold)
    send(visitor, link(app, cast), **{f"r-{cast.cold}-1": value})
    assert deliver() == ["anna@example.com"] and f"/properties/{cast.flat}/meters" in text(mailbox.to("anna@example.com")[0])
    page = f"/properties/{cast.flat}/meters"
    assert "It was not us" in main(anna.get(page))
    anna.submit(anna.get(page), f"/properties/{cast.flat}/not-ours")
    assert current(app, cast.cold).id == before.id and "It was not us" not in main(anna.get(page))


def test_every_other_address_stays_closed(visitor: Browser, app: Flask, cast: Cast):
    path = link(app, cast)
    for other in (f"/properties/{cast.flat}/meters", f"/meters/{cast.cold}", "/properties", f"/invoices/{cast.invoice}"):
        visitor.get(path)
        assert any(form.action == "/login" for form in visitor.get(other).forms), other


@pytest.mark.parametrize("spelled", ["{0}*{1}", ".{0}{1}", "{0}{1}~~", "{0}{1}=", "{0} {1}"])
def test_a_link_has_one_spelling_so_that_its_tries_are_counted(visitor: Browser, app: Flask, cast: Cast, spelled: str):
    told = link(app, cast).removeprefix("/r/")
    visitor.get(f"/r/{quote(spelled.format(told[:5], told[5:]))}")
    assert visitor.status == 410


def test_twenty_tries_an_hour_are_enough_for_anybody(visitor: Browser, app: Flask, cast: Cast):
    path = link(app, cast)
    form = visitor.get(path).form(path).fields
    for _ in range(21):
        visitor.post(path, form | {f"r-{cast.cold}-1": "x"})
    assert visitor.status == 429


def test_nobody_else_stops_it(visitor: Browser, app: Flask, cast: Cast):
    viktors = Browser(app)
    viktors.log_in("viktors")
    form = viktors.get("/profile").forms[0].fields
    viktors.post(f"/properties/{cast.flat}/not-ours", {"csrf_token": form["csrf_token"]})
    assert viktors.status == 404 and visitor.get(link(app, cast)) and visitor.status == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_meters_read_already_have_their_plural(app: Flask, cast: Cast, language: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading_links._Opened, "free", [])
    for number, words in {
        1: ("1 skaitītāja rādījums jau ir saņemts.", "Of 1 meter we have this reading already.", "Показание 1 счётчика уже принято."),
        2: ("2 skaitītāju rādījumi jau ir saņemti.", "Of 2 meters we have the readings already.", "Показания 2 счётчиков уже приняты."),
        11: ("11 skaitītāju rādījumi jau ir saņemti.", "Of 11 meters we have the readings already.", "Показания 11 счётчиков уже приняты."),
    }.items():
        monkeypatch.setattr(reading_links, "meter_views", lambda *found, times=number: meter_views.meter_views(*found)[:1] * times)
        assert spoken(language, *words) in main(Browser(app, language).get(link(app, cast)))


def test_taken_back_too_late_it_changes_nothing(visitor: Browser, anna: Browser, app: Flask, cast: Cast):
    send(visitor, link(app, cast), **{f"r-{cast.cold}-1": usual(app, cast.cold)})
    page, act = anna.get(f"/properties/{cast.flat}/meters"), f"/properties/{cast.flat}/not-ours"
    before, held = current(app, cast.cold), app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, clock=Clock(held.site.zone, date(2026, 12, 5)))
    anna.submit(page, act)
    assert anna.status == 200 and current(app, cast.cold) == before


@pytest.mark.parametrize("reply", ["consumption", "meant:5", "meant:0", "correct:", "other:"])
def test_no_answer_to_a_question_tells_an_earlier_reading(visitor: Browser, app: Flask, cast: Cast, reply: str):
    """What the field is filled with is what the form itself brings, and nothing of ours."""
    last = current(app, cast.cold).value // 1000
    page = send(visitor, link(app, cast), **{f"r-{cast.cold}-1": "0", f"reply-{cast.cold}-1": reply})
    assert visitor.status == 409 and f"{last}" not in main(page) + page.html.partition("<main")[2].replace(cast.cold, "")


def test_all_drums_in_a_row_are_asked_about_and_not_explained(visitor: Browser, app: Flask, cast: Cast):
    typed = usual(app, cast.cold).replace(".", "")
    page = send(visitor, link(app, cast), **{f"r-{cast.cold}-1": f"00{typed}"})
    assert visitor.status == 409 and "correct:" not in page.html and usual(app, cast.cold) not in page.html
