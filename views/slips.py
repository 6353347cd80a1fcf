"""Slips for those who report on paper: of each flat of a house, with a code for its readings (I07; UD-03, UD-04)."""

import base64
import unicodedata
from collections import defaultdict
from typing import NamedTuple

from flask import Response, g

from auth.state import reading, somebody, state, writing
from models import review
from models.audit import record
from models.children import Limits
from models.overrides import overrides_for
from models.reading_links import Link, token
from models.rules.windows import Window
from models.types import AnyRow
from models.windows import latest
from views.downloads import download
from views.language import render
from views.limits import file_limit
from views.pages import redirect_to
from views.pdf import render_html
from views.qr import text_qr_png
from views.routes import Routes

slips = Routes("slips", __name__)


class Slip(NamedTuple):
    """One of them; `qr` is a PNG."""

    window: Window
    address: str
    dials: list[AnyRow]
    qr: str


@slips.get("/staff/readings/houses/<hoid>/slips.pdf", "staff readings act", file_limit)
def printed(hoid: AnyRow) -> Response:
    """For the window that is open or opens next: what nobody has read in it, by flat. Who printed it is noted."""
    found, settings = _of_house(hoid), state().settings
    if not found:
        return redirect_to(f"/staff/readings/houses/{hoid.id}")
    html = render(
        "slips/pdf.html", language=g.language, slips=found, house=hoid, site=state().site,
        short=f"{settings.base_url}/r".partition("//")[2], demo=settings.demo,
    )  # fmt: skip
    pdf = render_html(unicodedata.normalize("NFC", html), Limits(wall_seconds=settings.pdf_seconds))
    detail = {"count": len(found), "opens": f"{found[0].window.opens}"}
    with writing() as session:
        record(session, somebody().actor(), "slips.printed", object_type="house", object_id=hoid.id, detail=detail)
    return download(pdf, f"{hoid.address}.pdf", "application/pdf")


def _of_house(house: AnyRow) -> list[Slip]:
    """Each flat where somebody stands: once for all its meters whose windows open on the same day."""
    held, today = state(), state().clock.today()
    overrides, dials = overrides_for(reading(), {house.id}, today), review.of_house(reading(), house.id, today)
    who = review.who_stands(reading(), {one.premises_id for one in dials}, today)
    windows = {kind: latest(held.site, overrides, house.id, kind, today, 1) for kind in {one.kind for one in dials}}
    flats: dict[tuple[int, Window], list[AnyRow]] = defaultdict(list)
    for one in dials:
        window = windows[one.kind]
        if one.premises_id in who and (one.last is None or one.last < window.opens):
            flats[one.premises_id, window].append(one)
    return [
        Slip(window, rows[0].address, rows, _code(who[number][0], rows[0], window))
        for (number, window), rows in flats.items()
    ]


def _code(who: AnyRow, premises: AnyRow, window: Window) -> str:
    """The link of a flat as a picture; nothing where the site has no links."""
    held = state()
    if not held.site.reading_links:
        return ""
    end = token(held.settings.secret_key, Link(who.customer_id, premises.public_id, window.opens))
    return base64.b64encode(text_qr_png(f"{held.settings.base_url}/r/{end}")).decode()
