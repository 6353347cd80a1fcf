"""Paying invoices from here: what is chosen, the way to the bank and back, and what its provider tells (C05)."""

import logging
import re
from collections.abc import Sequence
from datetime import timedelta

from flask import Response, abort, g, jsonify, make_response, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, somebody, state, writing
from models import accounts, invoices
from models import payments as table
from models.invoices import Bill
from models.payments import OnlinePayment, OpenAlready, PaymentView
from models.places import Place
from models.remote import ProviderAway
from models.rules.payments import PaymentState
from models.tills import Order, Part, Refused, Till
from models.types import Changed, is_public_id, new_public_id, utc_now
from views.invoices import list_all
from views.pages import page, redirect_to
from views.routes import Routes

payments = Routes("payments", __name__)
_log = logging.getLogger(__name__)
_HOOK = re.compile(r"[A-Za-z0-9_-]{32}")
_OPEN_FOR = timedelta(hours=1)  # that the provider's page takes the money
Parts = Sequence[tuple[Bill, int]]


@payments.get("/properties/<pid>/pay", "invoices view")
def choose(pid: Place, status: int = 200, trouble: str = "") -> Response:
    """What was chosen in the list, the sum, and the button that leads to the bank."""
    till, parts = _till(), _chosen(pid)
    if not parts:
        return list_all(pid, nothing=True)
    today, mine = state().clock.today(), {bill.row.id for bill in invoices.all_of(reading(), pid)}
    open_ones = [row for number, row in table.under_way(reading(), pid).items() if number in mine]
    total, apart = sum(cents for _, cents in parts), sum(bill.status(today).outstanding for bill, _ in parts)
    return page(
        "payments/pay.html", status=status, current="invoices", place=pid, parts=parts, total=total, trouble=trouble,
        once=new_public_id(), till=till.name, takes=till.takes(_parts(parts)), overlaps=total < apart,
        open=max(open_ones, key=lambda row: row.id, default=None),
    )  # fmt: skip


def _till() -> Till:
    return state().till or abort(404)


def _chosen(pid: Place) -> Parts:
    """Those of the chosen invoices of which something is to be paid, and what."""
    return invoices.to_pay(reading(), pid, {*request.values.getlist("invoice")}, state().clock.today())


def _parts(parts: Parts) -> list[Part]:
    rows = ((bill.row, cents) for bill, cents in parts)
    return [Part(row.reference, cents, row.payee_name, row.payee_iban) for row, cents in rows]


@payments.post("/properties/<pid>/pay", "invoices view")
def pay(pid: Place) -> Response:
    """Begin a payment of exactly what she saw, and send her to where it is paid."""
    till, parts, once = _till(), _chosen(pid), request.form.get("once", "")
    if not is_public_id(once):
        abort(400)
    if sent := g.reach.payment(once):
        return _sent_before(sent, pid, parts)
    total = sum(cents for _, cents in parts)
    if not parts or request.form.get("cents") != f"{total}" or not till.takes(_parts(parts)):
        return choose(pid, 409, "changed")
    row = OnlinePayment(
        public_id=once, started_by=somebody().user_id, premises_id=pid.id, provider=till.name, cents=total,
        started_at=state().clock.now(), look_at=utc_now() + _OPEN_FOR,
    )  # fmt: skip
    try:
        with writing() as session:
            table.start(session, somebody().at(pid), row, pid, parts, bool(request.form.get("again")))
            number, hook = int(row.id or 0), row.hook
    except IntegrityError:  # the same form at the same moment
        return redirect_to(f"/payments/{once}")
    except (Changed, OpenAlready) as error:
        return choose(pid, 409, "changed" if isinstance(error, Changed) else "open")
    return _to_the_bank(till, pid, number, _order(once, hook, parts))


def _sent_before(sent: PaymentView, pid: Place, parts: Parts) -> Response:
    """The same form again: on to the bank as long as it waits there; with other invoices it is another's (409)."""
    before = {row.id for row in table.its_invoices(reading(), sent.row.id)}
    if before != {bill.row.id for bill, _ in parts} or sent.row.started_by != somebody().user_id:
        return choose(pid, 409, "changed")
    waits = sent.row.status is PaymentState.PENDING and sent.row.address
    return redirect_to(sent.row.address if waits else f"/payments/{sent.row.public_id}")


def _order(once: str, hook: str, parts: Parts) -> Order:
    settings = state().settings
    email = accounts.contacts(reading(), somebody().user_id).email or settings.mail_from  # a provider wants one
    back, told = (f"{settings.base_url}/payments/{end}" for end in (once, f"told/{hook}"))
    return Order(once, _parts(parts), email, g.language, back, told, utc_now() + _OPEN_FOR)


def _to_the_bank(till: Till, pid: Place, number: int, order: Order) -> Response:
    try:
        provider_id, address = till.begin(order)
    except ProviderAway as away:
        _log.warning("a payment was not taken: %s", away)
        with writing() as session:
            table.settle(session, number, PaymentState.FAILED, utc_now(), "not taken")
        return choose(pid, 503, "away")
    with writing() as session:
        table.opened(session, number, provider_id, address, utc_now())
    return redirect_to(address)


@payments.get("/payments/<payid>", "invoices view")
def show(payid: PaymentView) -> Response:
    """How a payment stands. Whoever comes back from a bank only reads what its provider has told us by itself."""
    if request.args.get("order-token"):  # names who paid: it stays in no address of ours
        return redirect_to(f"/payments/{payid.row.public_id}")
    parts = table.its_invoices(reading(), payid.row.id)
    return page("payments/show.html", current="invoices", place=payid.place, payment=payid.row, parts=parts)


@payments.post("/payments/told/<token>", "signed")
def told(token: str) -> Response:
    """From server to server: something has happened. It only makes us ask, once it is signed and all of it right."""
    till = _till()
    row = table.by_hook(reading(), token) if _HOOK.fullmatch(token) else None
    if row is None or row.provider != till.name:
        abort(404)
    try:
        said = till.heard(request.get_data(), request.headers)  # type: ignore[arg-type]  # it has `get`
        if why := table.wrong(row, said, till.gateway.client_id):
            raise Refused(why)
        answer, why = table.answer(till, row)
    except Refused as refused:
        _log.warning("payment %s: what was told is refused: %s", row.id, refused)
        with writing() as session:
            table.refused(session, row, str(refused))
        return make_response({"error": "refused"}, 400)
    except ProviderAway as away:
        _log.warning("payment %s: its provider is away: %s", row.id, away)
        return make_response({"error": "away"}, 503)
    with writing() as session:
        table.settle(session, row.id, answer, utc_now(), why)
    return jsonify({})
