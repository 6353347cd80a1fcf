"""Statements of every settlement, and e-invoices from asking for them to one that was refused."""

from datetime import timedelta
from unittest.mock import patch

import sqlalchemy as sa

from models import preferences
from models.customers import Customer, CustomerUser
from models.invoices import Invoice, InvoiceLine
from models.outbox import Mail
from models.people import User
from models.types import Settlement, utc_now
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from views import invoices
from views.pdf import PdfBusy

BEFORE = (("Cold water", 10_000, "m3", 12_000, 1200), ("Rent", 50_000, "m2", 5_000, 2500), ("Entry code", None, "", None, 150), ("Heating", None, "", None, 900))
AFTER = (("Cold water", 13_000, "m3", 13_000, 1690), ("Rent", 50_000, "m2", 5_000, 2500), ("Intercom", None, "", None, 250), ("Heating", None, "", None, 1100))


def moneys(gallery: Gallery, extra: Extra) -> None:
    e_invoices_are_chosen(gallery, extra)
    statements_by_settlement(gallery, extra)
    invoices_differ(gallery, extra)


def e_invoices_are_chosen(gallery: Gallery, extra: Extra) -> None:
    """Marta asks for them; one waits, one has arrived, one was refused; then she has stopped them, and has no address."""
    marta, address = gallery.visitor("marta"), f"/properties/{extra.flat}/einvoice"
    page = marta.get(address)
    for wish in ({"form": ""}, {"form": "none", "paper": "1"}, {"form": "file", "paper": "1"}):
        page = marta.submit(page, address, **wish)
    database = gallery.app.extensions["ekabinets"].database
    with database.write() as session:
        who = session.scalars(sa.select(User).where(User.username == "marta")).one()
        number, email = who.id, who.email
        customer = session.scalars(sa.select(CustomerUser.customer_id).where(CustomerUser.user_id == who.id)).first()
        for state in ({"sent_at": utc_now()}, {}, {"parked_at": utc_now()}):
            about = {"iid": extra.invoices[0], "number": "2026-1", "customer": customer}
            session.add(Mail(kind="new_invoice", user_id=who.id, address=who.email, language="lv", detail=about, due_at=utc_now() + timedelta(days=99), **state))
    marta.get(address)
    link = "/unsubscribe/" + preferences.token(gallery.app.extensions["ekabinets"].settings.secret_key, number, "new_invoice")
    marta.submit(marta.get(link), link)
    marta.get(address)
    with database.write() as session:
        session.execute(sa.update(User).where(User.id == number).values(email=None))
    page = marta.get(address)
    marta.submit(page, address, form="link")
    with database.write() as session:
        session.execute(sa.update(User).where(User.id == number).values(email=email))


def statements_by_settlement(gallery: Gallery, extra: Extra) -> None:
    """Of each kind, with what is not explained, in an empty year, and of somebody without invoices."""
    marta, number = gallery.visitor("marta"), sa.select(CustomerUser.customer_id).join(User, User.id == CustomerUser.user_id).where(User.username == "marta")
    for settlement in (Settlement.EQUALISED, Settlement.INSTALMENTS, Settlement.METERED):
        with gallery.app.extensions["ekabinets"].database.write() as session:
            session.execute(sa.update(Customer).where(Customer.id.in_(number)).values(settlement=settlement))
        for where in (extra.flat, extra.bare):
            marta.get(f"/properties/{where}/statement")
    marta.get(f"/properties/{extra.flat}/statement?year=1999")
    with patch.object(invoices, "cached_invoice_pdf", side_effect=PdfBusy()):
        marta.get(f"/properties/{extra.flat}/invoices.zip")


def invoices_differ(gallery: Gallery, extra: Extra) -> None:
    """In each way that there is: more, less, and as much but made up otherwise."""
    marta, database = gallery.visitor("marta"), gallery.app.extensions["ekabinets"].database
    with database.write() as session:
        of_hers = sa.select(Invoice).where(Invoice.public_id.in_(extra.invoices)).order_by(Invoice.issued_on.desc())
        new, old = session.scalars(of_hers).all()[:2]
        old.period_start, old.period_end = old.period_end - timedelta(days=29), old.period_end
        new.period_start, new.period_end = new.period_end - timedelta(days=30), new.period_end
        session.execute(sa.delete(InvoiceLine).where(InvoiceLine.invoice_id.in_([new.id, old.id])))
        for row, lines in ((old, BEFORE), (new, AFTER)):
            for position, (service, quantity, unit, price, amount) in enumerate(lines, 1):
                session.add(InvoiceLine(invoice_id=row.id, position=position, service=service, quantity=quantity, unit=unit, price=price, amount=amount))
        old.vat, old.brought_forward, new.vat, new.brought_forward = 500, 0, 700, -100
        number, before, shown, customer = new.id, old.payable, new.public_id, new.customer_id
    for payable in (before + 1234, before - 1234, before):
        with database.write() as session:
            session.execute(sa.update(Invoice).where(Invoice.id == number).values(payable=payable))
        marta.get(f"/invoices/{shown}")
    for is_company in (True, False):
        with database.write() as session:
            kept = gallery.app.extensions["ekabinets"].storage.put(b"<Invoice/>")
            session.execute(sa.update(Invoice).where(Invoice.id == number).values(ubl_hash=kept))
            session.execute(sa.update(Customer).where(Customer.id == customer).values(is_company=is_company))
        marta.get(f"/invoices/{shown}")
    for settlement, payable in ((Settlement.INSTALMENTS, 9_999_99), (Settlement.METERED, before)):
        with database.write() as session:
            session.execute(sa.update(Invoice).where(Invoice.id == number).values(payable=payable))
            session.execute(sa.update(Customer).where(Customer.id == customer).values(settlement=settlement))
        marta.get(f"/properties/{extra.flat}/statement")
    taken = gallery.app.test_client().post("/api/v1/houses", json={"rows": []})  # which no person sends
    gallery.answers.add(("POST", "api.taken", taken.status_code))
