"""The states of the form behind a link in a letter, and what the people who live there see of it."""

from datetime import date
from io import BytesIO
from unittest.mock import patch

import sqlalchemy as sa

from models import receipts
from models.files import StorageAway
from models.readings import Reading
from models.types import ExternalStatus, utc_now
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.models.test_intake import picture
from tests.registering import printed
from tests.standing import change
from tests.views.by_link import current, link, usual
from views import reading_links, uploads
from views.limits import limiter

TYPED = ("", "abc", "1", "99999")  # nothing, no reading, too little, too much


def by_link(gallery: Gallery, extra: Extra) -> None:
    """Asked about, taken, sent again, stopped by the owner and dead; and beside readings that were sent otherwise."""
    with gallery.when(date(2026, 12, 30)):  # nobody has read a meter yet
        _used_and_stopped(gallery)


def _used_and_stopped(gallery: Gallery) -> None:
    limiter.reset()
    cast, anna = gallery.cast, gallery.visitor("anna")
    path, page = link(gallery.app, cast, opens=date(2026, 12, 30)), f"/properties/{cast.flat}/meters"
    for meter in (cast.cold, cast.two_dials):
        for typed in (*TYPED, usual(gallery.app, meter)):
            stranger = gallery.visitor("", again=True)
            form = stranger.get(path).forms[0]
            stranger.post(path, {**form.fields, f"r-{meter}-1": typed})
    hot = f"/meters/{cast.hot}/reading"
    anna.submit(anna.get(hot), hot, **{f"r-{cast.hot}-1": usual(gallery.app, cast.hot)})
    stranger.get(path)
    anna.submit(anna.get(page), f"/properties/{cast.flat}/not-ours")
    stranger.post(path, form.fields)
    stranger.get(path)


def by_invoice(gallery: Gallery, extra: Extra) -> None:
    """With the data of an invoice: what is missing, what does not agree, opened, closed, and too many tries."""
    limiter.reset()
    stranger, right = gallery.visitor("", again=True), {"code": "20417", "number": printed(gallery.app), "amount": "82,28"}
    form = stranger.get("/r").forms[0]
    for typed in ({"code": "", "number": "", "amount": "x"}, right | {"amount": "82,29"}, right):
        stranger.post("/r", form.fields | typed)
    with gallery.when(date(2026, 12, 10)):
        stranger.post("/r", form.fields | right)
    with patch.object(reading_links, "meter_views", return_value=[]):
        stranger.post("/r", form.fields | right)
    gallery.visitor("anna").get("/activity")
    for _ in range(11):
        stranger.post("/r", form.fields | right | {"code": "99999"})


def photographed(gallery: Gallery, extra: Extra) -> None:
    """A photo with a reading that looks wrong: kept, demanded, none at all, and not stored; at the desk with it."""
    limiter.reset()
    cold, anna = gallery.cast.cold, gallery.visitor("anna")
    where, wrong = f"/meters/{cold}/reading", {f"r-{cold}-1": "99999"}
    held = gallery.app.extensions["ekabinets"]
    with gallery.when(date(2027, 1, 30), site=held.site.model_copy(update={"photos": "required"})):
        form = anna.get(where).form(where)
        anna.post(where, form.fields | wrong)
        for name in ("meter.pdf", "meter.jpg"):
            anna.post(where, form.fields | wrong | {f"photo-{cold}": (BytesIO(picture("JPEG")), name)})
        with patch.object(uploads.drafts, "store", side_effect=StorageAway()):
            page = anna.post(where, form.fields | wrong | {f"photo-{cold}": (BytesIO(picture("JPEG")), "meter.jpg")})
        page = anna.post(where, page.form(where).fields | wrong | {f"photo-{cold}": (BytesIO(picture("JPEG")), "meter.jpg")})
        reply = page.form(where).choices[f"reply-{cold}-1"][-1]
        anna.post(where, page.form(where).fields | wrong | {f"reply-{cold}-1": reply})
        gallery.visitor("ilze").get("/staff/readings")


def receipts_are_shown(gallery: Gallery, extra: Extra) -> None:
    """A receipt, and its page: while the reading stands, when it was replaced, refused and forgotten, and of nobody."""
    limiter.reset()
    cold, anna, held = gallery.cast.cold, gallery.visitor("anna"), gallery.app.extensions["ekabinets"]
    anna.get(f"/meters/{cold}/receipt.pdf")
    row = current(gallery.app, cold)
    words = receipts.token(held.settings.secret_key, receipts.Receipt(row.id, row.value, 3, row.read_on, row.received_at))
    as_it_is = {"superseded_at": row.superseded_at, "status": row.status, "value": row.value}
    for became in ({}, {"superseded_at": utc_now()}, {"status": ExternalStatus.REJECTED}, {"value": row.value + 1}):
        change(gallery.app, sa.update(Reading).where(Reading.id == row.id).values(as_it_is | became))
        gallery.visitor("").get(f"/receipts/{words}")
    change(gallery.app, sa.update(Reading).where(Reading.id == row.id).values(as_it_is))
    gallery.visitor("").get(f"/receipts/{words}x")
