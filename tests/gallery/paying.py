"""The states of paying: chosen, asked about, refused, and however it may end."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from models.invoices import Invoice, Payment
from models.payments import OnlinePayment, PaidInvoice
from models.rules.payments import PaymentState
from models.types import utc_now
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from tests.tills import begin, open_till, page_of, rows, tell
from views.limits import limiter


def pays(gallery: Gallery, extra: Extra) -> None:
    """By either provider; the flat is left as it was."""
    limiter.reset()
    cast, anna = gallery.cast, gallery.visitor("anna", again=True)
    received = fetch(gallery.app, sa.select(Payment.__table__).where(Payment.external_id == "PAY2"))[0]
    with open_till(gallery.app, "klix") as till:
        page_of(anna, cast.flat)
        change(gallery.app, sa.delete(Payment).where(Payment.id == received.id))
        older = fetch(gallery.app, sa.select(Invoice.public_id).where(Invoice.id == received.invoice_id))[0].public_id
        anna.get(f"/properties/{cast.flat}/invoices")
        page_of(anna, cast.flat)
        page_of(anna, cast.flat, cast.invoice, older)
        _asked(gallery, anna, till)
        _ends(gallery, anna)
    with open_till(gallery.app, "montonio"):
        change(gallery.app, sa.update(Invoice).where(Invoice.public_id == older).values(payee_iban="LV17DEMO0000000000002"))
        page_of(anna, cast.flat, older)
    change(gallery.app, sa.update(Invoice).where(Invoice.public_id == older).values(payee_iban=fetch(gallery.app, sa.select(Invoice.payee_iban))[0].payee_iban))
    change(gallery.app, sa.insert(Payment.__table__).values(**received._asdict()))
    change(gallery.app, sa.delete(PaidInvoice).where(PaidInvoice.payment_id.in_([row.id for row in rows(gallery.app)])))
    change(gallery.app, sa.delete(OnlinePayment).where(OnlinePayment.id.in_([row.id for row in rows(gallery.app)])))


def _asked(gallery: Gallery, anna: Visitor, till: Any) -> None:
    cast = gallery.cast
    begin(anna, cast.flat, cast.invoice, once="?")
    begin(anna, cast.flat, cast.invoice, cents="1")
    till.status = 500
    begin(anna, cast.flat, cast.invoice)
    till.status = 0
    begin(anna, cast.flat, cast.invoice)
    begin(anna, cast.flat, cast.invoice)
    row = rows(gallery.app)[-1]
    sent = till.webhook(row.provider_id)
    _hung(gallery, row, (b"{}", {}))
    _hung(gallery, row, sent)
    till.status = 500
    _hung(gallery, row, sent)


def _hung(gallery: Gallery, row: Any, sent: tuple[bytes, dict[str, str]]) -> None:
    gallery.answers.add(("POST", "payments.told", tell(gallery.app, row, sent)))


def _ends(gallery: Gallery, anna: Visitor) -> None:
    row, invoice = rows(gallery.app)[-1], f"/invoices/{gallery.cast.invoice}"
    for state in PaymentState:
        change(gallery.app, sa.update(OnlinePayment).where(OnlinePayment.id == row.id).values(status=state))
        anna.get(f"/payments/{row.public_id}")
        anna.get(invoice)
    change(gallery.app, sa.update(OnlinePayment).where(OnlinePayment.id == row.id).values(status="paid", booked_at=utc_now() - timedelta(days=1)))
    anna.get(f"/payments/{row.public_id}")
