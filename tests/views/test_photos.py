"""Photos of meters kept with their readings (D17): taken, asked for, seen by whom, and for how long."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from models.files import FileMissing, StorageAway
from models.reading_photos import ReadingPhoto
from models.readings import Reading
from models.tenures import Tenure
from models.types import utc_now
from tests import keeping
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.desks import READINGS
from tests.models.test_intake import picture
from tests.standing import change, fetch, main
from tests.views.by_link import current, customer, link, usual
from tests.views.reading_form import HTMX, choices, path
from views import photos, uploads


def shot(name: str = "meter.jpg", **more: Any) -> tuple[BytesIO, str]:
    """What a telephone sends."""
    return BytesIO(picture("JPEG", **more)), name


def send(browser: Browser, mid: str, value: str, page: Page | None = None, **more: Any) -> Page:
    """The form of a meter with a value and other fields; `photo` stands for this meter's."""
    photo = more.pop("photo", None)
    fields = {f"r-{mid}-1": value} | more | ({f"photo-{mid}": photo} if photo else {})
    return browser.fill(page or browser.get(path(mid)), path(mid), fields)


def kept(app: Flask) -> list[Any]:
    """The photos that came since the curtain rose, oldest first."""
    return fetch(app, sa.select(ReadingPhoto.__table__).where(ReadingPhoto.id > 2).order_by(ReadingPhoto.id))


def demand(app: Flask) -> None:
    """The site takes nothing that looks wrong without a photo."""
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"photos": "required"}))


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


@pytest.mark.parametrize("by", ["page", "htmx", "all"])
def test_a_photo_is_kept_with_the_reading_without_where_and_when_it_was_taken(app: Flask, anna: Browser, cast: Cast, by: str):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    where = f"/properties/{cast.flat}/readings" if by == "all" else path(cast.cold)
    form = anna.get(where).form(where).fields
    values = {f"r-{cast.cold}-1": usual(app, cast.cold), f"photo-{cast.cold}": shot(exif=exif)}
    anna.post(where, form | values, **({"headers": HTMX} if by == "htmx" else {}))
    (row,) = kept(app)
    assert anna.status == 200 and row.reading_id == current(app, cast.cold).id and row.name == "meter.jpg"
    assert b"Secret" not in app.extensions["ekabinets"].storage.open(row.file_hash)


def test_who_has_no_link_of_ours_has_no_room_for_photos(app: Flask, browser: Browser, cast: Cast):
    """Else anybody could make us read thirty times as much before the token of the form is looked at."""
    form = browser.get(link(app, cast)).form(link(app, cast)).fields
    browser.post("/r/not-ours", form | {f"photo-{cast.cold}": (BytesIO(b"x" * 1_500_000), "large.jpg")})
    assert browser.status == 413


def test_a_reading_by_a_link_brings_its_photo_which_the_link_never_shows(app: Flask, anna: Browser, browser: Browser, cast: Cast):
    where = link(app, cast)
    form = browser.get(where).form(where).fields
    large = BytesIO(picture("JPEG", (1500, 1500)) + b"\0" * 1_500_000), "large.jpg"  # more than a form without files may have
    browser.post(where, form | {f"r-{cast.cold}-1": usual(app, cast.cold), f"photo-{cast.cold}": large})
    (row,) = kept(app)
    assert row.reading_id == current(app, cast.cold).id and row.public_id not in browser.get(where).html
    browser.get(f"/photos/{row.public_id}")
    assert browser.response.request.path == "/login" and f"/photos/{row.public_id}" in anna.get(f"/meters/{cast.cold}").links


def test_a_reading_that_looks_wrong_asks_for_one_and_keeps_what_came_with_it(app: Flask, anna: Browser, cast: Cast):
    assert "A photo helps" not in main(anna.get(path(cast.cold)))
    page = send(anna, cast.cold, "999", photo=shot())
    assert anna.status == 409 and "A photo is attached: “meter.jpg”." in main(page) and kept(app) == []
    assert "A photo helps" in main(send(anna, cast.cold, "999"))
    send(anna, cast.cold, "999", page, **{f"reply-{cast.cold}-1": choices(page, cast.cold)[-1]})
    assert [row.reading_id for row in kept(app)] == [current(app, cast.cold).id] and current(app, cast.cold).value == 999_000


def test_where_the_site_asks_for_a_photo_what_looks_wrong_is_not_taken_without(app: Flask, anna: Browser, cast: Cast):
    demand(app)
    page = send(anna, cast.cold, "999")
    reply = {f"reply-{cast.cold}-1": choices(page, cast.cold)[-1]}
    page = send(anna, cast.cold, "999", page, **reply)
    assert anna.status == 409 and "without it a reading that looks wrong is not taken" in main(page)
    send(anna, cast.cold, "999", page, photo=shot(), **reply)
    assert current(app, cast.cold).value == 999_000 and len(kept(app)) == 1
    send(anna, cast.hot, usual(app, cast.hot))
    assert anna.status == 200, "what looks right needs none"


@pytest.mark.parametrize(("file", "said"), [
    ((BytesIO(b"%PDF-1.4"), "a.pdf"), "Send a photo"), ((BytesIO(b"no picture"), "a.jpg"), "not what its name says"),
    ((BytesIO(b"\xff\xd8\xff" + b"x" * 100), "a.jpg"), "is damaged"), ((BytesIO(b"\xff\xd8\xff" + b"x" * 10_000_001), "a.jpg"), "larger than 10"),
])  # fmt: skip
def test_what_is_no_photo_is_told_beside_its_field_and_the_reading_waits_with_it(app: Flask, anna: Browser, cast: Cast, file: Any, said: str):
    before, value = current(app, cast.cold).id, usual(app, cast.cold)
    page = send(anna, cast.cold, value, photo=(BytesIO(file[0].getvalue()), file[1]))
    assert anna.status == 422 and said in main(page) and kept(app) == [] and current(app, cast.cold).id == before
    assert page.form(path(cast.cold)).fields[f"r-{cast.cold}-1"] == value


def test_of_several_meters_only_the_one_with_the_wrong_photo_waits(app: Flask, anna: Browser, cast: Cast):
    where = f"/properties/{cast.flat}/readings"
    form, values = anna.get(where).form(where).fields, {f"r-{mid}-1": usual(app, mid) for mid in (cast.cold, cast.hot)}
    anna.post(where, form | values | {f"photo-{cast.cold}": (BytesIO(b"x"), "a.pdf"), f"photo-{cast.hot}": shot()})
    assert anna.status == 422 and [row.reading_id for row in kept(app)] == [current(app, cast.hot).id]


def test_a_storage_that_is_away_is_told_and_the_reading_goes_without(app: Flask, anna: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object) -> None:
        raise StorageAway

    monkeypatch.setattr(uploads.drafts, "store", away)
    page = send(anna, cast.cold, usual(app, cast.cold), photo=shot())
    assert anna.status == 422 and "could not be stored just now" in main(page)
    send(anna, cast.cold, usual(app, cast.cold), page)
    assert anna.status == 200


def test_another_photo_of_the_same_reading_takes_its_place_and_a_form_sent_twice_makes_one(app: Flask, anna: Browser, cast: Cast):
    value, page = usual(app, cast.cold), anna.get(path(cast.cold))
    for name in ("first.jpg", "first.jpg"):
        send(anna, cast.cold, value, page, photo=shot(name))
    send(anna, cast.cold, value, photo=shot("second.jpg"))
    assert [(row.name, row.reading_id) for row in kept(app)] == [("second.jpg", current(app, cast.cold).id)]


def test_what_nobody_here_has_signed_is_no_photo(app: Flask, anna: Browser, cast: Cast):
    for words in ("x", "True:1:" + "f" * 64 + ":a.jpg", "é"):
        send(anna, cast.cold, usual(app, cast.cold), **{f"kept-{cast.cold}": words})
    assert anna.status == 200 and kept(app) == []


def test_those_who_see_the_meter_and_staff_see_it_and_nobody_else_does(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    page = send(anna, cast.cold, "999", photo=shot())
    send(anna, cast.cold, "999", page, **{f"reply-{cast.cold}-1": choices(page, cast.cold)[-1]})
    address = f"/photos/{kept(app)[0].public_id}"
    at_desk = f"/staff/readings{address}"
    assert address in anna.get(f"/meters/{cast.cold}").links and at_desk in ilze.get(READINGS).links
    for who, where, status in ((anna, address, 200), (ilze, at_desk, 200), (ilze, address, 404), (anna, at_desk, 404)):
        assert who.client.get(where).status_code == status, where
    viktors = Browser(app)
    viktors.log_in("viktors")
    assert viktors.client.get(address).status_code == 404


def test_who_lives_there_next_sees_none_of_the_photos_of_before(app: Flask, anna: Browser, cast: Cast):
    send(anna, cast.cold, usual(app, cast.cold), photo=shot())
    address, day = f"/photos/{kept(app)[0].public_id}", current(app, cast.cold).read_on
    change(app, sa.update(Tenure).where(Tenure.customer_id == customer(app)).values(starts_on=day))
    assert anna.client.get(address).status_code == 200
    change(app, sa.update(Reading).where(Reading.id == kept(app)[0].reading_id).values(read_on=day - timedelta(days=1)))
    assert anna.client.get(address).status_code == 404


def test_after_two_years_it_goes_and_the_reading_stays(app: Flask, anna: Browser, cast: Cast):
    send(anna, cast.cold, usual(app, cast.cold), photo=shot())
    (row,), storage = kept(app), app.extensions["ekabinets"].storage
    change(app, sa.update(ReadingPhoto).values(created_at=utc_now() - timedelta(days=729)))
    assert keeping.purge(app) >= 0 and kept(app) and storage.exists(row.file_hash)
    change(app, sa.update(ReadingPhoto).values(created_at=utc_now() - timedelta(days=731)))
    keeping.purge(app)
    assert kept(app) == [] and current(app, cast.cold).id == row.reading_id
    with pytest.raises(FileMissing):
        storage.open(row.file_hash)


def test_she_gets_it_in_the_copy_of_her_data(app: Flask, anna: Browser, cast: Cast):
    send(anna, cast.cold, usual(app, cast.cold), photo=shot())
    assert any(name.endswith("meter.jpg") for name in keeping.copy_of(app, anna).namelist())


def test_what_no_scanner_has_seen_is_held_back(app: Flask, anna: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    found: Callable = uploads.take_all
    monkeypatch.setattr(uploads, "take_all", lambda *of: ([replace(one, waits=True) for one in found(*of)[0]], []))
    page = send(anna, cast.cold, "999", photo=shot())
    send(anna, cast.cold, "999", page, **{f"reply-{cast.cold}-1": choices(page, cast.cold)[-1]})
    assert anna.client.get(f"/photos/{kept(app)[0].public_id}").status_code != 200 and photos.TAKES == 30_000_000
