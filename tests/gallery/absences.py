"""The states of the page of absences, and of a reading after one."""

import re
from datetime import date

from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.views.reading_form import Sender
from views.limits import limiter

WRONG = (("", ""), ("2026-01-01", "2026-12-01"), ("2026-12-02", "2026-12-01"), ("2026-11-02", "2026-11-03"), ("2026-12-01", "2030-01-01"))
TOLD = (("2026-11-01", "2026-12-05"), ("2026-12-10", "2026-12-24"), ("2026-12-24", "2026-12-25"))


def absences(gallery: Gallery, extra: Extra) -> None:
    """Announced, refused, ended and over; and what is said of what was used meanwhile."""
    limiter.reset()
    cast, anna = gallery.cast, gallery.visitor("anna")
    address, form = f"/properties/{cast.flat}/absences", f"/properties/{cast.flat}/readings"
    for starts, ends in (*WRONG, *TOLD):
        anna.submit(anna.get(address), address, starts=starts, ends=ends, valves="1")
    for by, value in (("page", "197"), ("htmx", "197,5")):
        Sender(anna, by).send(cast.cold, value)
    anna.fill(anna.get(form), form, {f"r-{cast.cold}-1": "198"})
    for number in re.findall('name="end" value="([^"]+)"', anna.get(address).html):
        anna.submit(anna.get(address), address, end=number)
    with gallery.when(date(2027, 1, 10)):
        anna.get(address)
