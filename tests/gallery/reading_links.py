"""The states of the form behind a link in a letter, and what the people who live there see of it."""

from datetime import date

from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.registering import printed
from tests.views.by_link import link, usual
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
    for _ in range(11):
        stranger.post("/r", form.fields | right | {"code": "99999"})
