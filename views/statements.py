"""Statements, and a year of invoices to take along: a table, or their PDFs (C07, C12; LG-13, LG-14)."""

import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

from flask import Response, g, request

from auth.state import reading, state
from models import invoices as table
from models import quarantine
from models.files import FileMissing, find_renderings
from models.invoices import Bill
from models.places import Place
from models.rules.file_names import clean_name
from models.statements import statement
from views.downloads import download, plain, spreadsheet
from views.errors import problem
from views.invoices import document, made, year_of
from views.language import text
from views.limits import file_limit
from views.pages import page
from views.pdf import InvoicePdf, PdfBusy, PdfFailed
from views.routes import Routes
from views.xlsx import MEDIA_TYPE, Cell, money, workbook

statements = Routes("statements", __name__)
PATIENCE = 10  # seconds for which an archive lets PDFs be made; those are kept, so the next try goes on from there


@statements.get("/properties/<pid>/statement", "invoices view")
def show(pid: Place) -> Response:
    """One year of charges and payments; what it has depends on how the customer is settled (LG-14)."""
    found = statement(reading(), pid, state().clock.today(), year_of(request.args.get("year", "")))
    return page("invoices/statement.html", current="invoices", place=pid, it=found)


@statements.get("/properties/<pid>/invoices.csv", "invoices view")
def as_csv(pid: Place) -> Response:
    """A year of invoices as a table, in the reader's language (ux.md §5.3)."""
    bills, name = _of_year(pid)
    return spreadsheet(([_word(cell) for cell in line] for line in _table(bills)), f"{name}.csv")


@statements.get("/properties/<pid>/invoices.xlsx", "invoices view")
def as_xlsx(pid: Place) -> Response:
    """The same as a workbook."""
    bills, name = _of_year(pid)
    return download(workbook(_table(bills)), f"{name}.xlsx", MEDIA_TYPE)


@statements.get("/properties/<pid>/invoices.zip", "invoices view", file_limit)
def as_zip(pid: Place) -> Response:
    """The PDFs of a year: the operator's own, else ours."""
    bills, name = _of_year(pid)
    out = BytesIO()
    try:
        with ZipFile(out, "w", ZIP_STORED) as archive:  # a PDF is packed already
            for number, (bill, content) in enumerate(_pdfs(bills), 1):
                archive.writestr(clean_name(f"{bill.row.issued_on} {number:02d} {bill.row.number}.pdf"), content)
    except (PdfBusy, PdfFailed):
        told = text("The invoices are being prepared. Try again in a minute: what is ready is kept.")
        response = problem(503, sentence=told)
        response.headers["Retry-After"] = "30"
        return response
    return download(out.getvalue(), f"{name}.zip", "application/zip")


def _of_year(place: Place) -> tuple[list[Bill], str]:
    """The invoices of the year in the address, of the newest one without it, oldest first, and a name for the file.

    There may be none: then a table has its headings and an archive nothing.
    """
    bills = table.all_of(reading(), place)
    year = year_of(request.args.get("year", ""), bills)
    found = [bill for bill in reversed(bills) if bill.row.issued_on.year == year]
    return found, f"{place.customer_code}-{year or state().clock.today().year:04d}"


def _table(bills: Sequence[Bill]) -> Iterator[list[Cell]]:
    yield [
        text("Invoice number"), text("Period from"), text("Period to"), text("Date"), text("Pay by (date)"),
        text("Without VAT"), text("VAT"), text("This invoice"), text("Balance brought forward"), text("Amount due"),
        text("Received"), text("Payment reference"),
    ]  # fmt: skip
    for bill in bills:
        row = bill.row
        yield [
            row.number, row.period_start, row.period_end, row.issued_on, row.due_on, row.net, row.vat, row.total,
            row.brought_forward, row.payable, bill.paid, row.reference,
        ]  # fmt: skip


def _word(cell: Cell) -> str:
    if isinstance(cell, int):
        return money(cell) if g.language == "en" else money(cell).replace(".", ",")
    return plain(cell) if isinstance(cell, str) else cell.isoformat()


def _pdfs(bills: Sequence[Bill]) -> Iterator[tuple[Bill, bytes]]:
    """Each with its PDF. What is known of them all is asked at once; only what has to be made is asked for alone."""
    connection, rows = reading(), [bill.row for bill in bills]
    quarantine.check(connection, *[row.file_hash for row in rows if row.file_hash])
    lines, payments = table.lines(connection, rows), table.payments(connection, rows)
    papers = [document(bill, lines[bill.row.id], payments[bill.row.id]) for bill in bills]
    kept = find_renderings(connection, [paper.key for paper in papers])
    ends = time.monotonic() + PATIENCE
    for bill, paper in zip(bills, papers, strict=True):
        yield bill, _stored(bill.row.file_hash) or _stored(kept.get(paper.key)) or _made(paper, ends)


def _stored(name: str | None) -> bytes | None:
    try:
        return state().storage.open(name) if name else None
    except FileMissing:
        return None  # ours is as true, and made again


def _made(paper: InvoicePdf, ends: float) -> bytes:
    if time.monotonic() > ends:
        raise PdfBusy
    return made(paper)
