"""The states of the form behind a link in a letter, and what the people who live there see of it."""

from datetime import date

from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.views.by_link import link
from views.limits import limiter

TYPED = ("", "abc", "1", "99999")  # nothing, no reading, too little, too much


def by_link(gallery: Gallery, extra: Extra) -> None:
    """Asked about, taken, sent again, stopped by the owner and dead; and beside readings that were sent otherwise."""
    limiter.reset()
    cast, anna = gallery.cast, gallery.visitor("anna")
    path, page = link(gallery.app, cast), f"/properties/{cast.flat}/meters"
    for meter in (cast.cold, cast.hot, cast.two_dials):
        for typed in TYPED:
            stranger = gallery.visitor("", again=True)
            form = stranger.get(path).forms[0]
            stranger.post(path, {**form.fields, f"r-{meter}-1": typed})
    stranger.fill(stranger.get(path), path, {})
    anna.get(page)
    anna.submit(anna.get(page), f"/properties/{cast.flat}/not-ours")
    stranger.post(path, form.fields)
    stranger.get(path)
    with gallery.when(date(2026, 12, 5)):
        anna.post(f"/properties/{cast.flat}/not-ours", {"csrf_token": anna.get("/profile").forms[0].fields["csrf_token"]})
