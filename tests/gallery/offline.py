"""On a telephone that remembers her: the page for where there is no connection, and what was noted at no such time."""

from datetime import timedelta

import sqlalchemy as sa

from models.readings import Reading
from models.types import utc_now
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from tests.views.reading_form import Sender


def in_the_basement(gallery: Gallery, extra: Extra) -> None:
    cast, phone = gallery.cast, gallery.visitor("anna", again=True, remember="1")
    for path in ("/offline", f"/properties/{cast.flat}", f"/properties/{cast.flat}/meters", f"/properties/{cast.flat}/readings"):
        phone.get(path)
    gallery.visitor("liga", again=True, remember="1").get("/offline")  # who has no meter
    sender, field = Sender(phone), f"taken-r-{cast.hot}-1"
    last = fetch(gallery.app, sa.select(sa.func.max(Reading.id)))[0][0]
    for moment in ("", (utc_now() - timedelta(days=9)).isoformat(), utc_now().isoformat()):
        sender.send(cast.hot, "528,25", **{field: moment or "yesterday"})
    phone.get(f"/meters/{cast.hot}")
    change(gallery.app, sa.delete(Reading).where(Reading.id > last))
