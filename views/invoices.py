"""Invoices: list by year, detail, PDF and payment QR (C01–C03, C06, C08, C09)."""

from flask import Response, abort, g, request

from auth.access import Right, may
from auth.state import reading, somebody, state
from models import invoices as table
from models import payments as online
from models.children import Limits
from models.files import FileMissing
from models.invoices import Bill
from models.places import Place
from models.rules.colours import derive
from views.downloads import download, stored
from views.errors import problem
from views.language import text
from views.limits import file_limit
from views.pages import page
from views.pdf import InvoicePdf, PdfBusy, PdfFailed, PdfLine, cached_invoice_pdf
from views.qr import payment_qr_svg
from views.routes import Routes

invoices = Routes("invoices", __name__)


@invoices.get("/properties/<pid>/invoices", "invoices view")
def list_all(pid: Place, *, nothing: bool = False) -> Response:
    """All years as links, one year of invoices (C02; LU-22); `nothing`: was chosen of those that can be paid."""
    bills = table.all_of(reading(), pid)
    years = sorted({bill.row.issued_on.year for bill in bills}, reverse=True)
    wanted = request.args.get("year", "")
    year = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else (years[0] if years else 0)
    shown = [bill for bill in bills if bill.row.issued_on.year == year]
    return page(
        "invoices/list.html", status=422 if nothing else 200, current="invoices", place=pid, bills=shown, years=years,
        newest=bills[0] if bills else None, year=year, nothing=nothing,
        unpaid=[bill for bill in bills if _to_pay(bill)] if state().till else [],
    )  # fmt: skip


@invoices.get("/invoices/<iid>", "invoices view")
def show(iid: Bill) -> Response:
    """One invoice: what it is made of, how to pay, what was received. The accessible form of the PDF."""
    connection = reading()
    lines, payments = table.lines(connection, iid), table.payments(connection, iid)
    under_way = online.under_way(connection, iid.place) if state().till else {}
    return page(
        "invoices/show.html", current="invoices", place=iid.place, bill=iid, lines=lines, payments=payments,
        till=bool(state().till), sent=under_way.get(iid.row.id), has_qr=_to_pay(iid) > 0,
        may_ask=may(state().site, somebody(), "messages", iid.place) >= Right.ACT,
    )  # fmt: skip


@invoices.get("/invoices/<iid>/qr.svg", "invoices view")
def qr(iid: Bill) -> Response:
    """The payment details as an EPC QR code for a bank's app on another device."""
    title = text("Payment QR code")
    svg = payment_qr_svg(iid.row.payee_name, iid.row.payee_iban, _to_pay(iid), iid.row.reference, title)
    if svg is None:
        abort(404)
    return Response(svg, mimetype="image/svg+xml")


def _to_pay(bill: Bill) -> int:
    return bill.status(state().clock.today()).outstanding


@invoices.get("/invoices/<iid>.pdf", "invoices view", file_limit)
def pdf(iid: Bill) -> Response:
    """The operator's own file where it was imported, else ours, made once and kept (C03; LU-21)."""
    held = state()
    name = f"{iid.row.number}.pdf"
    if iid.row.file_hash:
        try:
            return stored(iid.row.file_hash, name)
        except FileMissing:
            pass  # the import is late or a disk is away: ours is as true
    try:
        limits = Limits(wall_seconds=held.settings.pdf_seconds)
        made = cached_invoice_pdf(held.database, held.storage, _document(iid), limits)
        return download(held.storage.open(made), name, "application/pdf")
    except PdfBusy:
        response = problem(503, pdf=iid)
        response.headers["Retry-After"] = "10"
        return response
    except PdfFailed:
        return problem(503, pdf=iid)


def _document(bill: Bill) -> InvoicePdf:
    """What is printed: in the reader's language, under the operator's name."""
    held, row = state(), bill.row
    site = held.site
    connection = reading()
    lines, payments = table.lines(connection, bill), table.payments(connection, bill)
    reach = [contact for contact in site.contacts if contact.kind != "emergency"]
    desk = [part for contact in reach for part in (contact.address, contact.shown_phone, contact.email) if part]
    register = text("Registration No. %(number)s", number=site.registration_number)
    return InvoicePdf(
        language=g.language, operator=site.legal_name, operator_lines=(register, *desk[:3]),
        colour=derive(site.colour).brand, number=row.number, period_start=row.period_start,
        period_end=row.period_end, issued_on=row.issued_on, due_on=row.due_on,
        customer_name=bill.place.customer_name, customer_code=bill.place.customer_code, address=bill.place.address,
        lines=tuple(PdfLine(line.service, line.quantity, line.unit, line.price, line.amount) for line in lines),
        net=row.net, vat=row.vat, total=row.total, brought_forward=row.brought_forward, payable=row.payable,
        payee_name=row.payee_name, payee_iban=row.payee_iban, reference=row.reference,
        payments=tuple((payment.paid_on, payment.amount) for payment in payments), demo=held.settings.demo,
    )  # fmt: skip
