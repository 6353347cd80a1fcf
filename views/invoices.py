"""Invoices: list by year, detail, PDF and payment QR (C01–C03, C06, C08–C10)."""

from collections.abc import Sequence
from contextlib import suppress

from flask import Response, abort, g, request

from auth.access import Right, may
from auth.state import reading, somebody, state
from models import invoices as table
from models import payments as online
from models import quarantine
from models.children import Limits
from models.files import FileMissing
from models.identifiers import Identifiers, IdentifierUnreadable
from models.invoices import Bill
from models.places import Place
from models.rules.colours import derive
from models.rules.differences import Line, Sums, difference
from models.rules.ubl import written
from models.types import AnyRow
from views.downloads import download
from views.errors import problem
from views.language import text
from views.limits import file_limit
from views.pages import page
from views.pdf import InvoicePdf, PdfBusy, PdfFailed, cached_invoice_pdf
from views.qr import payment_qr_svg
from views.routes import Routes

invoices = Routes("invoices", __name__)


@invoices.get("/properties/<pid>/invoices", "invoices view")
def list_all(pid: Place, *, nothing: bool = False) -> Response:
    """All years as links, one year of invoices (C02; LU-22); `nothing`: was chosen of those that can be paid."""
    bills = table.all_of(reading(), pid)
    years = sorted({bill.row.issued_on.year for bill in bills}, reverse=True)
    year = year_of(request.args.get("year", ""), bills)
    shown = [bill for bill in bills if bill.row.issued_on.year == year]
    return page(
        "invoices/list.html", status=422 if nothing else 200, current="invoices", place=pid, bills=shown, years=years,
        newest=bills[0] if bills else None, year=year, nothing=nothing,
        coming=online.under_way(reading(), pid) if any(map(_to_pay, shown)) else {},
        unpaid=[bill for bill in bills if _to_pay(bill)] if state().till else [],
        may_einvoice=may(state().site, somebody(), "invoices", pid) >= Right.ACT,
    )  # fmt: skip


def year_of(wanted: str, bills: Sequence[Bill] = ()) -> int | None:
    """The year in an address; of the newest invoice where that is none."""
    if wanted.isascii() and wanted.isdigit() and len(wanted) == 4:
        return int(wanted)
    return bills[0].row.issued_on.year if bills else None


@invoices.get("/invoices/<iid>", "invoices view")
def show(iid: Bill) -> Response:
    """One invoice: what it is made of, how to pay, what was received. The accessible form of the PDF."""
    connection = reading()
    before = table.before(connection, iid)
    lines = table.lines(connection, [row for row in (iid.row, before) if row])
    parts = difference(_sums(before, lines), _sums(iid.row, lines)) if before else []
    return page(
        "invoices/show.html", current="invoices", place=iid.place, bill=iid, lines=lines[iid.row.id],
        has_ubl=iid.row.is_company and (iid.row.ubl_hash or ubl_of(iid, lines[iid.row.id])),
        payments=table.payments(connection, [iid.row])[iid.row.id], before=before, parts=parts,
        till=bool(state().till), sent=online.under_way(connection, iid.place).get(iid.row.id), has_qr=_to_pay(iid) > 0,
        may_ask=may(state().site, somebody(), "messages", iid.place) >= Right.ACT,
    )  # fmt: skip


def _lines(rows: Sequence[AnyRow]) -> tuple[Line, ...]:
    return tuple(Line(row.service, row.quantity, row.unit, row.price, row.amount) for row in rows)


def _sums(row: AnyRow, lines: dict[int, list[AnyRow]]) -> Sums:
    days = (row.period_end - row.period_start).days + 1
    return Sums(_lines(lines[row.id]), days, row.vat, row.brought_forward, row.payable)


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
    try:
        return download(pdf_of(iid), f"{iid.row.number}.pdf", "application/pdf")
    except PdfBusy:
        response = problem(503, pdf=iid)
        response.headers["Retry-After"] = "10"
        return response
    except PdfFailed:  # which waiting does not mend
        return problem(503, pdf=iid)


@invoices.get("/invoices/<iid>.xml", "invoices view", file_limit)
def xml(iid: Bill) -> Response:
    """The e-invoice of a company: the document that came, byte by byte, else ours where all is known that it needs."""
    content = ubl_of(iid, table.lines(reading(), [iid.row])[iid.row.id])
    if not content:
        abort(404)
    response = download(content, f"{iid.row.number}.xml", "application/xml")
    response.headers["Content-Type"] = "application/xml"  # in the encoding that it declares itself
    return response


def ubl_of(bill: Bill, lines: Sequence[AnyRow]) -> bytes:
    """Nothing where there is none. Raises `FileMissing`, `StorageAway`."""
    held, row = state(), bill.row
    if row.ubl_hash:
        return held.storage.open(row.ubl_hash)
    try:
        number = Identifiers(held.settings.identifier_key).decrypt((row.is_company and row.identifier_encrypted) or "")
    except IdentifierUnreadable:
        return b""
    return written(row, lines, held.site, number)


def pdf_of(bill: Bill) -> bytes:
    """The file itself. Raises `HeldBack`, `StorageAway`, `PdfBusy`, `PdfFailed`."""
    held, connection, rows, number = state(), reading(), [bill.row], bill.row.id
    if bill.row.file_hash:
        quarantine.check(connection, bill.row.file_hash)
        with suppress(FileMissing):  # the import is late or a disk is away: ours is as true
            return held.storage.open(bill.row.file_hash)
    paper = document(bill, table.lines(connection, rows)[number], table.payments(connection, rows)[number])
    return made(paper)


def made(paper: InvoicePdf) -> bytes:
    """Ours, made once and kept."""
    held = state()
    limits = Limits(wall_seconds=held.settings.pdf_seconds)
    return held.storage.open(cached_invoice_pdf(held.database, held.storage, paper, limits))


def document(bill: Bill, lines: Sequence[AnyRow], payments: Sequence[AnyRow]) -> InvoicePdf:
    """What is printed: in the reader's language, under the operator's name."""
    held, row = state(), bill.row
    site = held.site
    reach = [contact for contact in site.contacts if contact.kind != "emergency"]
    desk = [part for contact in reach for part in (contact.address, contact.shown_phone, contact.email) if part]
    register = text("Registration No. %(number)s", number=site.registration_number)
    return InvoicePdf(
        language=g.language, operator=site.legal_name, operator_lines=(register, *desk[:3]),
        colour=derive(site.colour).brand, number=row.number, period_start=row.period_start,
        period_end=row.period_end, issued_on=row.issued_on, due_on=row.due_on,
        customer_name=bill.place.customer_name, customer_code=bill.place.customer_code, address=bill.place.address,
        lines=_lines(lines),
        net=row.net, vat=row.vat, total=row.total, brought_forward=row.brought_forward, payable=row.payable,
        payee_name=row.payee_name, payee_iban=row.payee_iban, reference=row.reference,
        payments=tuple((payment.paid_on, payment.amount) for payment in payments), demo=held.settings.demo,
    )  # fmt: skip
