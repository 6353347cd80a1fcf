"""Notices: yellow on home until they are opened, kept for ever, nobody else's (E01–E03; LU-38..42)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import NoResultFound

from auth.methods.password import Passwords
from models import noticeboard
from models.customers import Customer
from models.notices import Notice, NoticeAudience, NoticeReceipt, NoticeText
from models.people import User
from models.premises import Entrance, House, Premises
from models.tenures import Tenure
from models.types import utc_now
from tests.browser import Browser
from tests.cast import TODAY, Cast, _Stage, month
from tests.standing import change, fetch, main
from tests.views.test_words import LANGUAGES, spoken

NOON = datetime.combine(TODAY, datetime.min.time(), UTC)  # of the business day, which stands still
Publish = Callable[..., str]


@pytest.fixture
def publish(app: Flask, cast: Cast) -> Publish:
    """Put up a notice `ago` before the beginning of the day; the public id."""
    held = app.extensions["ekabinets"]
    stage = _Stage(held.database, Passwords(8, 1, 2), held.storage)

    def do(title: str, ago: timedelta = timedelta(hours=5), **more: Any) -> str:
        with held.database.write() as stage.session:
            stage.count += 1
            return stage.notice(f"T{stage.count}", NOON - ago, {"lv": (title, f"Vairāk par: {title}")}, **more)[0]

    return do


def log_in(app: Flask, name: str) -> Browser:
    browser = Browser(app)
    browser.log_in(name)
    return browser


def id_of(app: Flask, table: Any, **which: str) -> int:
    ((number,),) = fetch(app, sa.select(table.id).where(*(getattr(table, name) == value for name, value in which.items())))
    return number


def home(browser: Browser, cast: Cast) -> str:
    return main(browser.get(f"/properties/{cast.flat}"))


def test_an_unread_notice_is_yellow_on_home_until_it_is_opened(anna: Browser, app: Flask, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}")
    assert 'class="rows notice"' in page.html and page.links[f"/notices/{cast.notice}"] == "No water on Wednesday28 Nov 2026 · 1 attachment"
    anna.get(f"/notices/{cast.notice}")
    assert "No water on Wednesday" not in home(anna, cast) and "notice" not in main(anna.get("/notices?show=unread")).split("no unread")[0]
    assert "No water on Wednesday" in main(anna.get("/notices")), "and stays in the archive"


def test_an_opened_notice_says_all_of_it(anna: Browser, cast: Cast):
    page = anna.get(f"/notices/{cast.notice}")
    assert page.headings == ["No water on Wednesday"] and "<p>No water from 9 to 15.<br>Please store some.</p>" in page.html
    assert "For whom Brīvības iela 12–34, Ogre" in main(page) and "Published 28 Nov 2026, 09:00" in main(page)
    assert page.links[f"/notices/{cast.notice}/files/{cast.notice_file}"] == "plāns.pdf (PDF, 1\xa0kB)"


def test_a_receipt_is_written_once_when_a_person_opens_it(anna: Browser, app: Flask, cast: Cast):
    receipts = sa.select(NoticeReceipt.user_id, NoticeReceipt.read_at)
    anna.client.head(f"/notices/{cast.notice}")
    for name, value in (("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"), ("X-Moz", "prefetch")):
        anna.get(f"/notices/{cast.notice}", headers={name: value})
    assert fetch(app, receipts) == [] and "No water" in home(anna, cast)
    anna.get(f"/notices/{cast.notice}")
    first = fetch(app, receipts)
    anna.get(f"/notices/{cast.notice}")
    assert fetch(app, receipts) == first and len(first) == 1


def test_a_second_person_of_the_place_reads_for_herself(anna: Browser, app: Flask, cast: Cast, publish: Publish):
    nid = publish("Visiem mājā", house_id=id_of(app, House, external_id="H1"))
    viktors = log_in(app, "viktors")
    viktors.get(f"/notices/{nid}")
    assert "Visiem mājā" in home(anna, cast) and viktors.status == 200
    assert "Visiem mājā" not in main(viktors.get("/notices?show=unread"))


def test_home_shows_three_and_says_how_many_more_there_are(anna: Browser, cast: Cast, publish: Publish):
    for number in range(4):
        publish(f"Paziņojums {number}", timedelta(hours=9 - number), for_all=True)
    text = home(anna, cast)
    assert text.index("Paziņojums 3") < text.index("Paziņojums 2") < text.index("Paziņojums 1") and "Paziņojums 0" not in text
    assert "2 more notices" in text
    assert "/notices?show=unread" in anna.get(f"/properties/{cast.flat}").links


TARGETS = {"house": ("anna", "viktors"), "entrance": ("viktors",), "premises": ("anna",), "customer": ("viktors",), "all": ("anna", "viktors")}


@pytest.mark.parametrize("target", TARGETS)
def test_a_notice_reaches_whom_it_names_and_nobody_else(app: Flask, cast: Cast, publish: Publish, target: str):
    change(app, sa.insert(Entrance).values(external_id="E1", house_id=id_of(app, House, external_id="H1"), name="1"))
    change(app, sa.update(Premises).where(Premises.public_id == cast.neighbour).values(entrance_id=id_of(app, Entrance, external_id="E1")))
    ids = {
        "house": {"house_id": id_of(app, House, external_id="H1")}, "entrance": {"entrance_id": id_of(app, Entrance, external_id="E1")},
        "premises": {"premises_id": id_of(app, Premises, public_id=cast.flat)}, "customer": {"customer_id": id_of(app, Customer, code="20418")}, "all": {"for_all": True},
    }  # fmt: skip
    nid = publish("Kam tas ir?", **ids[target])
    for name in ("anna", "viktors", "peteris", "liga"):
        browser = log_in(app, name)
        expected = name in TARGETS[target]
        assert ("Kam tas ir?" in main(browser.get("/notices"))) == expected, name
        assert browser.client.get(f"/notices/{nid}").status_code == (200 if expected else 404), name


def test_a_notice_belongs_to_who_lived_there_on_its_day_and_stays_hers(app: Flask, anna: Browser, cast: Cast, publish: Publish):
    """B04: the owner before her has his own, for ever."""
    moved = datetime.combine(month(24), datetime.min.time(), UTC)
    flat = id_of(app, Premises, public_id=cast.flat)
    old, new = publish("Viņa laikā", NOON - moved + timedelta(hours=12), premises_id=flat), publish("Viņas laikā", NOON - moved - timedelta(hours=12), premises_id=flat)
    peteris = log_in(app, "peteris")
    assert [peteris.client.get(f"/notices/{nid}").status_code for nid in (old, new)] == [200, 404]
    assert [anna.client.get(f"/notices/{nid}").status_code for nid in (old, new)] == [404, 200]
    assert "Viņas laikā" in main(anna.get("/notices?show=2024")) and "Viņa laikā" in main(peteris.get("/notices"))
    change(app, sa.update(Tenure).values(ends_on=TODAY - timedelta(days=1)).where(Tenure.ends_on.is_(None)))
    assert anna.client.get(f"/notices/{new}").status_code == 200


def test_a_scheduled_notice_is_not_there_before_its_time(anna: Browser, cast: Cast, publish: Publish):
    nid = publish("Rītdien", timedelta(days=-2), for_all=True)
    assert anna.client.get(f"/notices/{nid}").status_code == 404 and "Rītdien" not in home(anna, cast) + main(anna.get("/notices"))


@pytest.mark.parametrize("to_all", [True, False])
def test_a_notice_begins_and_ends_at_its_very_moment(app: Flask, cast: Cast, publish: Publish, to_all: bool):
    flat, begins, ends, instant = id_of(app, Premises, public_id=cast.flat), NOON - timedelta(hours=5), NOON, timedelta(microseconds=1)
    to = {"for_all": True} if to_all else {"premises_id": flat}
    nid = publish("Īss", **to, emergency=True, valid_until=ends)
    anna = id_of(app, User, username="anna")
    with app.extensions["ekabinets"].database.read() as connection:
        for moment, is_there, is_on_home in ((begins - instant, False, False), (begins, True, True), (ends - instant, True, True), (ends, True, False)):
            who = noticeboard.Reader(anna, moment, "lv", "lv", TODAY, False)
            assert (noticeboard.one(connection, who, nid) is not None, nid in [row.public_id for row in noticeboard.of(connection, who)]) == (is_there, is_there), moment
            assert (nid in [row.public_id for row in noticeboard.on_home(connection, who)]) == is_on_home, moment
            assert bool(noticeboard.emergencies(connection, who)) == (is_on_home and to_all), moment


def test_a_notice_to_a_customer_by_name_is_hers_wherever_she_lives(app: Flask, cast: Cast, publish: Publish):
    change(app, sa.update(Tenure).values(ends_on=TODAY - timedelta(days=100)).where(Tenure.customer_id == id_of(app, Customer, code="20418")))
    nid = publish("Jums", customer_id=id_of(app, Customer, code="20418"))
    assert "Vairāk par: Jums" in main(log_in(app, "viktors").get(f"/notices/{nid}"))


def test_what_is_over_leaves_home_unread_and_an_emergency_stays_until_its_end_though_read(anna: Browser, app: Flask, cast: Cast, publish: Publish):
    publish("Jau garām", for_all=True, valid_until=NOON - timedelta(hours=4))
    nid = publish("Avārija", timedelta(days=3), for_all=True, emergency=True, valid_until=NOON + timedelta(days=2))
    anna.get(f"/notices/{nid}")
    text = home(anna, cast)
    assert "Jau garām" not in text and text.index("Avārija") < text.index("No water") and "Until 2 Dec 2026, 02:00" in text
    change(app, sa.update(Notice).where(Notice.public_id == nid).values(valid_until=NOON - timedelta(hours=4)))
    assert "Avārija" not in home(anna, cast) and "Avārija" in main(anna.get("/notices"))


def test_an_emergency_for_everybody_stands_on_the_login_page_too(app: Flask, cast: Cast, browser: Browser, publish: Publish):
    ends = {"emergency": True, "valid_until": NOON + timedelta(days=2)}
    publish("Nav ūdens visā pilsētā", for_all=True, **ends)
    publish("Tikai mājā", house_id=id_of(app, House, external_id="H1"), **ends)
    publish("Parasts", for_all=True, valid_until=ends["valid_until"])
    text = main(browser.get("/login"))
    assert "Nav ūdens visā pilsētā Until 2 Dec 2026, 02:00 · All customers Vairāk par" in text and "Tikai mājā" not in text and "Parasts" not in text


def test_a_notice_without_her_language_says_so_and_is_marked(anna: Browser, publish: Publish):
    nid = publish("Tikai latviski", for_all=True)
    page = anna.get(f"/notices/{nid}")
    assert "This notice is not available in English." in page.text and '<div class="card letter" lang="lv">' in page.html
    assert '<h1 lang="lv">' in page.html and page.lang == "en"
    assert '<b class="seen" lang="lv">Tikai latviski</b>' in anna.get("/notices").html


def test_a_withdrawn_notice_is_gone_and_its_address_says_since_when(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(Notice).where(Notice.public_id == cast.notice).values(withdrawn_at=NOON))
    page = anna.get(f"/notices/{cast.notice}")
    assert anna.status == 410 and "withdrawn on 30 Nov 2026" in page.text and "pipe" not in page.text
    assert "No water" not in home(anna, cast) + main(anna.get("/notices")) and fetch(app, sa.select(NoticeReceipt.user_id)) == []
    assert anna.client.get(f"/notices/{cast.notice}/files/{cast.notice_file}").status_code == 404


def test_an_attachment_is_saved_and_only_under_its_own_notice(anna: Browser, app: Flask, cast: Cast, publish: Publish):
    """ASVS 3.2.1, 5.4.1."""
    answer = anna.client.get(f"/notices/{cast.notice}/files/{cast.notice_file}")
    assert (answer.status_code, answer.get_data(), answer.headers["X-Content-Type-Options"]) == (200, b"%PDF-1.4 plan", "nosniff")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="plns.pdf"')
    other = publish("Cits", for_all=True)
    assert anna.client.get(f"/notices/{other}/files/{cast.notice_file}").status_code == 404
    assert anna.client.get(f"/notices/{cast.notice}/files/{cast.stranger_file}").status_code == 404
    name = fetch(app, sa.text("SELECT file_hash FROM notice_file"))[0][0]
    assert app.extensions["ekabinets"].storage.remove(name, utc_now() + timedelta(days=1))
    assert anna.client.get(f"/notices/{cast.notice}/files/{cast.notice_file}").status_code == 503


def test_the_archive_is_filtered_by_year_and_says_where_it_is_empty(anna: Browser, app: Flask, cast: Cast, publish: Publish):
    publish("Pērn", timedelta(days=365), for_all=True)
    page = anna.get("/notices?show=2025")
    assert "Pērn" in main(page) and "No water" not in main(page) and {"/notices", "?show=unread", "?show=2026"} <= {*page.links}
    for wrong in ("1999", "x", "%00"):
        assert "No water" in main(anna.get(f"/notices?show={wrong}"))
    anna.get(f"/notices/{cast.notice}")
    change(app, sa.delete(NoticeReceipt).where(NoticeReceipt.user_id == 0))
    assert "There are no notices yet." in log_in(app, "liga").get("/notices").text


def test_who_has_several_addresses_reads_for_which_one_it_is(anna: Browser, app: Flask, cast: Cast, publish: Publish):
    publish("Māja", house_id=id_of(app, House, external_id="H2"))
    text = main(anna.get("/notices"))
    assert "Mālkalnes prospekts 3, all flats" in text and "Brīvības iela 12–34, Ogre" in text


def test_of_several_addressees_she_sees_her_own_alone(app: Flask, cast: Cast, publish: Publish):
    change(app, sa.insert(Entrance).values(external_id="E1", house_id=id_of(app, House, external_id="H1"), name="1"))
    change(app, sa.insert(Entrance).values(external_id="E2", house_id=id_of(app, House, external_id="H1"), name="2"))
    change(app, sa.update(Premises).where(Premises.public_id == cast.neighbour).values(entrance_id=id_of(app, Entrance, external_id="E1")))
    nid = publish("Diviem", premises_id=id_of(app, Premises, public_id=cast.flat))
    number = id_of(app, Notice, public_id=nid)
    change(app, sa.insert(NoticeAudience).values(notice_id=number, entrance_id=id_of(app, Entrance, external_id="E1")))
    anna, viktors = (main(log_in(app, name).get(f"/notices/{nid}")) for name in ("anna", "viktors"))
    assert "12–34" in anna and "entrance" not in anna and "entrance 1" in viktors and "entrance 2" not in viktors and "12–34" not in viktors


def test_an_attachment_is_fetched_by_those_alone_whose_notice_it_is(app: Flask, cast: Cast):
    anna, viktors = (noticeboard.Reader(id_of(app, User, username=name), NOON, "lv", "lv", TODAY, False) for name in ("anna", "viktors"))
    with app.extensions["ekabinets"].database.read() as connection:
        assert noticeboard.attachment(connection, anna, cast.notice_file).public_id == cast.notice_file
        assert noticeboard.attachment(connection, anna, cast.stranger_file) is None
        assert noticeboard.attachment(connection, viktors, cast.stranger_file) is not None
        number = noticeboard.one(connection, anna, cast.notice).id
    change(app, sa.update(Notice).where(Notice.id == number).values(withdrawn_at=utc_now()))
    with app.extensions["ekabinets"].database.read() as connection, pytest.raises(NoResultFound):
        assert noticeboard.attachment(connection, anna, cast.notice_file) is None
        noticeboard.text(connection, number, "lv", "lv")


def test_a_notice_is_text_and_nothing_in_it_is_run(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(NoticeText).values(title="<script>alert(1)</script>", body="<b>x</b> {{ 7*7 }}"))
    html = anna.get(f"/notices/{cast.notice}").html + anna.get(f"/properties/{cast.flat}").html
    assert "<script>alert" not in html and "&lt;b&gt;x&lt;/b&gt; {{ 7*7 }}" in html


def test_an_audience_names_one_thing(app: Flask, cast: Cast):
    for wrong in ({}, {"house_id": 1, "premises_id": 1}):
        with pytest.raises(sa.exc.IntegrityError):
            change(app, sa.insert(NoticeAudience).values(notice_id=1, **wrong))


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_notices_and_attachments_have_their_plural(app: Flask, cast: Cast, publish: Publish, language: str) -> None:
    anna = Browser(app, language)
    anna.log_in("anna")
    told = []
    for count in range(1, 5):
        publish("Cits", for_all=True, files=[f"{number}.pdf" for number in range(count)])
        told.append(home(anna, cast))
    assert spoken(language, "Vēl 1 paziņojums", "1 more notice", "Ещё 1 уведомление") in told[2]
    assert spoken(language, "Vēl 2 paziņojumi", "2 more notices", "Ещё 2 уведомления") in told[3]
    assert spoken(language, "1 pielikums", "1 attachment", "1 вложение") in told[0]
    assert spoken(language, "2 pielikumi", "2 attachments", "2 вложения") in told[1]
