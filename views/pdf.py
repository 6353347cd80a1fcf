"""Invoices as PDF: rendered by a child process that is killed on its limits, cached by what was rendered.

xhtml2pdf is never imported here: a page process stays small (performance.md 10, 11).
"""

import base64
import sys
import threading
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from models.children import Ended, Limits, run
from models.database import Database
from models.files import Storage, find_renderings, keep_rendering
from models.locks import Taken, only_one
from models.rules.differences import Line
from views.language import render
from views.qr import payment_qr_png

ROOT = Path(__file__).resolve().parent.parent
CHILD = (sys.executable, "-m", "views.pdf_child")
TEMPLATE = "invoices/pdf.html"
# Everything that decides how the same invoice looks: a change of any of it makes a new file.
LOOKS = (
    "templates/invoices/pdf.html", "views/pdf*.py", "views/qr.py", "views/filters.py",
    "static/fonts/*.ttf", "translations/**/*.po",
)  # fmt: skip
CHUNK = 40  # rows in one table: the time for one grows faster than the table
COUNTED = 500  # lines up to which pages say how many there are: to know it, all is laid out twice


class PdfFailed(Exception):
    """No PDF came of it. `code`: "too_long" (stopped at a time limit) or "failed"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PdfBusy(Exception):
    """Others are being rendered and the wait is over: ask again in a few seconds."""


@dataclass(frozen=True)
class InvoicePdf:
    """All that is printed on one invoice; nothing else decides how it looks. Money in cents, local dates."""

    language: str
    operator: str
    operator_lines: tuple[str, ...]  # registration number, address, telephone, e-mail
    colour: str  # #rrggbb of the one rule under the operator's name
    number: str
    period_start: date
    period_end: date
    issued_on: date
    due_on: date
    customer_name: str
    customer_code: str
    address: str
    lines: tuple[Line, ...]
    net: int
    vat: int
    total: int
    brought_forward: int  # above zero a debt, below an overpayment
    payable: int
    payee_name: str
    payee_iban: str
    reference: str
    payments: tuple[tuple[date, int], ...] = ()
    demo: bool = False  # prints DEMO on every page

    @property
    def open_cents(self) -> int:
        """What is still to be paid, never below zero."""
        return max(self.payable - sum(cents for _, cents in self.payments), 0) if self.payable > 0 else 0

    @property
    def key(self) -> str:
        """The hash of everything that is rendered: this invoice, the template, the fonts, the texts."""
        return sha256(f"{_looks()}{self!r}".encode()).hexdigest()


@cache
def _looks() -> str:
    digest = sha256(version("xhtml2pdf").encode())
    for pattern in LOOKS:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def invoice_html(it: InvoicePdf) -> str:
    """The document as xhtml2pdf reads it. Needs an application context, for the language."""
    qr = payment_qr_png(it.payee_name, it.payee_iban, it.open_cents, it.reference)
    html = render(
        TEMPLATE,
        language=it.language,
        it=it,
        chunk=CHUNK,
        counted=COUNTED,
        decimals=_decimals(it.lines),
        qr=qr and base64.b64encode(qr).decode(),
    )
    return unicodedata.normalize("NFC", html)  # the fonts have ē, not e and a macron after it


def _decimals(lines: tuple[Line, ...]) -> dict[str, int]:
    """How many decimals the quantities of a unit need, so that they stand aligned and none is rounded."""
    needed: dict[str, int] = {}
    for line in lines:
        digits = f"{abs(line.quantity or 0) % 1000:03d}".rstrip("0")
        needed[line.unit] = max(needed.get(line.unit, 0), len(digits))
    return needed


def render_invoice(it: InvoicePdf, limits: Limits | None = None) -> bytes:
    """The PDF of one invoice, rendered now. Raises `PdfFailed`, `PdfBusy`."""
    return render_html(invoice_html(it), limits or Limits())


_turn = threading.BoundedSemaphore(1)  # one child per process: rendering must not crowd out the pages


def render_html(html: str, limits: Limits) -> bytes:
    """The PDF of one document of ours, by a child that ends with this call. Raises `PdfFailed`, `PdfBusy`."""
    if not _turn.acquire(timeout=limits.wait_seconds):
        raise PdfBusy
    try:
        pdf = run(CHILD, html.encode(), limits)
    except Ended as ended:
        raise PdfFailed(ended.code) from None
    finally:
        _turn.release()
    if not pdf.startswith(b"%PDF-"):
        raise PdfFailed("failed")
    return pdf


def cached_invoice_pdf(database: Database, storage: Storage, it: InvoicePdf, limits: Limits | None = None) -> str:
    """The name in `storage` of the invoice's PDF, rendered at most once. Raises `PdfFailed`, `PdfBusy`.

    Who asks while another renders it, in whatever process, waits for that. A rendering that the storage has lost
    is made again.
    """
    limits = limits or Limits()
    key = it.key
    if name := _kept(database, storage, key):
        return name
    try:
        with only_one(database, f"pdf-{key[0]}", limits.wait_seconds):  # of sixteen: a lock for each would be litter
            name = _kept(database, storage, key)
            if name is None:
                name = storage.put(render_invoice(it, limits))
                keep_rendering(database, key, name)
            return name
    except Taken:
        raise PdfBusy from None


def _kept(database: Database, storage: Storage, key: str) -> str | None:
    with database.read() as connection:
        name = find_renderings(connection, [key]).get(key)
    return name if name and storage.exists(name) else None
