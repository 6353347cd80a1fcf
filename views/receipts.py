"""The receipt of a reading on paper, and the page that proves it to anybody (D20)."""

import base64
import unicodedata

from flask import Response, abort, g, request

from auth.state import reading, state
from models import receipts as table
from models.cards import MeterCard
from models.children import Limits
from models.windows import Calendar
from views.downloads import download
from views.language import render
from views.limits import file_limit, link_limit
from views.pages import page
from views.pdf import render_html
from views.qr import text_qr_png
from views.routes import Routes

receipts = Routes("receipts", __name__)


@receipts.get("/meters/<mid>/receipt.pdf", "meters view", file_limit)
def printed(mid: MeterCard) -> Response:
    """Of the reading in `?reading=`, else of the newest: what and when it was, who sent it, where to check that."""
    held = state()
    newest = next((dial.last.id for dial in mid.dials if dial.last), 0)
    asked = request.args.get("reading", f"{newest}")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
    row = table.of_meter(reading(), mid, number) or abort(404)
    card = Calendar(held.site, (), held.clock.today()).fitted([mid])[0]
    decimals = next(dial.decimals or 0 for dial in card.dials if dial.register_id == row.register_id)
    told = table.Receipt(row.id, row.value, decimals, row.read_on, row.received_at)
    link = f"{held.settings.base_url}/receipts/{table.token(held.settings.secret_key, told)}"
    html = render(
        "receipts/pdf.html", language=g.language, row=row, told=told, card=card, place=mid.place, site=held.site,
        link=link, qr=base64.b64encode(text_qr_png(link)).decode(), demo=held.settings.demo,
    )  # fmt: skip
    pdf = render_html(unicodedata.normalize("NFC", html), Limits(wall_seconds=held.settings.pdf_seconds))
    return download(pdf, f"{mid.serial} {row.read_on}.pdf", "application/pdf")


@receipts.get("/receipts/<token>", "public", link_limit)
def show(token: str) -> Response:
    """Whether a receipt is ours, what it says, and what became of the reading; no name, no flat."""
    told = table.proved(state().settings.secret_key, token)
    if told is None:
        return page("receipts/show.html", status=404, told=None)
    row, became = table.state_of(reading(), told)
    return page("receipts/show.html", told=told, row=row, became=became)
