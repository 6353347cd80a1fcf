"""E-invoices by e-mail: begun, changed, ended; how the last ones arrived (C04; LU-57, UD-08)."""

from typing import Any

from flask import Flask, Response, g, request

from auth.state import reading, somebody, state, writing
from models import accounts, einvoices
from models import invoices as table
from models.files import StorageAway
from models.places import Place, places_of
from models.quarantine import HeldBack
from models.types import utc_now
from views.invoices import pdf_of
from views.pages import page, redirect_to
from views.pdf import PdfFailed
from views.routes import Routes

einvoices_pages = Routes("einvoices", __name__)
FORMS = {"none": None, "link": False, "file": True}
LARGEST = 5 * 10**6  # bytes of a file that a letter carries; a larger one is a link


@einvoices_pages.get("/properties/<pid>/einvoice", "invoices act")
def show(pid: Place, status: int = 200, **told: Any) -> Response:
    """What she has chosen for this customer, and how the last letters arrived."""
    connection, user_id, customer_id = reading(), somebody().user_id, pid.customer_ids[0]
    row = einvoices.chosen(connection, user_id, customer_id)
    chosen = {"form": "none" if row is None else "file" if row.attached else "link", "paper": row and row.paper_off}
    return page(
        "invoices/einvoice.html", status=status, current="invoices", place=pid, row=row,
        letters=einvoices.letters(connection, user_id, customer_id), saved="saved" in request.args,
        address=accounts.contacts(connection, user_id).email, **{"wrong": "", "typed": chosen} | told,
    )  # fmt: skip


@einvoices_pages.post("/properties/<pid>/einvoice", "invoices act")
def save(pid: Place) -> Response:
    """One form for all of it. Without an address there is nothing to send to, and paper ends only with e-invoices."""
    form, paper_off = request.form.get("form", ""), "paper" in request.form
    no_address = not accounts.contacts(reading(), somebody().user_id).email
    wrong = "form" if form not in FORMS else "address" if form != "none" and no_address else ""
    wrong = wrong or ("paper" if form == "none" and paper_off else "")
    if wrong:
        return show(pid, 422, wrong=wrong, typed={"form": form, "paper": paper_off})
    with writing() as session:
        actor, customer_id = somebody().actor(), pid.customer_ids[0]
        einvoices.choose(session, actor, customer_id, utc_now(), attached=FORMS[form], paper_off=paper_off)
    return redirect_to(f"/properties/{pid.public_id}/einvoice?saved=1")


def attachment(app: Flask, user_id: int, public_id: str, language: str) -> bytes | None:
    """For a letter: the file of an invoice that she may still see; None where only a link can be sent.

    Raises `PdfBusy`: the letter is tried again.
    """
    with app.app_context():
        g.language = language
        places = [place for place in places_of(reading(), user_id, state().clock.today()) if not place.lent]
        bill = table.one(reading(), places, public_id)
        try:
            content = pdf_of(bill) if bill else b""
        except (PdfFailed, HeldBack, StorageAway):
            return None
        return content if 0 < len(content) <= LARGEST else None
