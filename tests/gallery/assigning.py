"""The desk for money: what waits, what is wrong with what was typed, and how it was settled."""

from unittest.mock import patch

import sqlalchemy as sa

from models import bank
from models.audit import AuditRow
from models.bank import BankEntry
from models.invoices import Invoice
from models.payments import OnlinePayment, PaidInvoice
from models.rules.payments import PaymentState
from tests.desks import MONEY, came
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from views.limits import limiter


def assigns(gallery: Gallery, extra: Extra) -> None:
    """Money at the bank, and a payment of Anna's that somebody has to look at; all is left as it was."""
    limiter.reset()
    app, cast, ilze, anna = gallery.app, gallery.cast, gallery.visitor("ilze", again=True), gallery.visitor("anna", again=True)
    bill = fetch(app, sa.select(Invoice.__table__).where(Invoice.public_id == cast.invoice))[0]
    before = fetch(app, sa.select(OnlinePayment.__table__).where(OnlinePayment.public_id == cast.payment))[0]
    lines = fetch(app, sa.select(PaidInvoice.__table__).where(PaidInvoice.payment_id == before.id))
    for path in (MONEY, f"{MONEY}?show=done", f"{MONEY}?q=xyz"):
        ilze.get(path)
    came(app, cents=-500, payer="")
    back = f"{MONEY}/{came(app, cents=-500)}"
    one = f"{MONEY}/{came(app)}"
    for path in (MONEY, back, f"{one}?q=xyz"):
        ilze.get(path)
    with patch.object(bank, "MOST", 3):
        ilze.get(MONEY)
    _typed(ilze, one, f"i{bill.id}")
    _settled(gallery, ilze, one, f"i{bill.id}")
    for path in (f"/properties/{cast.flat}", f"/properties/{cast.flat}/invoices", f"/invoices/{cast.invoice}"):
        anna.get(path)
    anna.get(f"/payments/{fetch(app, sa.select(OnlinePayment.public_id).where(OnlinePayment.provider == 'bank'))[0][0]}")
    _looked_at(gallery, ilze, before.id, f"i{bill.id}")
    ours = sa.select(OnlinePayment.id).where((OnlinePayment.provider == "bank") | (OnlinePayment.id == before.id))
    change(app, sa.delete(PaidInvoice).where(PaidInvoice.payment_id.in_(ours)))
    change(app, sa.delete(OnlinePayment).where(OnlinePayment.provider == "bank"))
    change(app, sa.delete(BankEntry))
    change(app, sa.update(OnlinePayment).where(OnlinePayment.id == before.id).values(**{name: value for name, value in before._asdict().items() if name != "id"}))
    for line in lines:
        change(app, sa.insert(PaidInvoice.__table__).values(**line._asdict()))
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "bank.undone"))


def _typed(ilze: Visitor, one: str, name: str) -> None:
    """Whatever may be wrong."""
    page = ilze.get(one)
    ilze.submit(page, one, act="search", q="viktors", **{name: "1"})
    for typed in ({name: "x"}, {name: "1"}, {}):
        ilze.submit(page, one, act="assign", **typed)
    ilze.submit(page, one, act="aside")
    ilze.submit(page, one, act="aside", once="x")


def _settled(gallery: Gallery, ilze: Visitor, one: str, name: str) -> None:
    """Put aside, taken back, and assigned; then too late."""
    page = ilze.get(one)
    ilze.submit(page, one, act="aside", reason="Rent of the hall")
    ilze.submit(ilze.get(one), one, act="undo")
    ilze.submit(ilze.get(one), one, act="assign", **{name: "87,43"})
    ilze.submit(page, one, act="assign", once="another-one-id-1", **{name: "87,43"})
    ilze.get(f"{MONEY}?show=done")


def _looked_at(gallery: Gallery, ilze: Visitor, number: int, name: str) -> None:
    """A payment that was begun here, however it ends."""
    where, its = f"{MONEY}/o{number}", sa.update(OnlinePayment).where(OnlinePayment.id == number)
    change(gallery.app, its.values(status=PaymentState.REVIEW))
    page = ilze.get(where)
    ilze.get(MONEY)
    ilze.submit(page, where, act="assign")
    other = fetch(gallery.app, sa.select(Invoice.id).where(Invoice.public_id == gallery.cast.stranger_invoice))[0].id
    ilze.submit(page, where, act="assign", **{f"i{other}": "1"})
    for act in ("booked", "failed", "refunded", "assign"):
        ilze.submit(ilze.get(where), where, act=act, reason="The bank says so", **({name: "50"} if act == "assign" else {}))
        ilze.submit(ilze.get(where), where, act="undo")
