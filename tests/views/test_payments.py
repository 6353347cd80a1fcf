"""Paying from here: what is chosen, what is asked of the provider, and who can (C05; DD-04, LG-12)."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.invoices import Invoice, Payment
from models.payments import PaidInvoice
from tests import lend, tills
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.tills import begin, number_of, page_of, pending, rows

till, klix, montonio = tills.till, tills.klix, tills.montonio


def acts(app: Flask) -> list[Any]:
    return [*fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action.like("payment.%")).order_by(AuditRow.id))]


def owe_two(app: Flask, cast: Cast, brought: int = 515) -> str:
    """Anna's last invoice but one is unpaid as well, and the newest brings so much of it forward; its public id."""
    older = fetch(app, sa.select(Invoice.id, Invoice.public_id).join(Payment, Payment.invoice_id == Invoice.id).where(Payment.external_id == "PAY2"))[0]
    change(app, sa.delete(Payment).where(Payment.external_id == "PAY2"))
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(brought_forward=brought, payable=8228 + brought))
    return older.public_id


def test_the_button_leads_to_the_provider_with_the_sum_of_the_invoice(anna: Browser, app: Flask, cast: Cast, till: Any):
    begin(anna, cast.flat, cast.invoice)
    row = rows(app)[0]
    assert anna.status == 303 and anna.response.location == row.address and row.address.startswith(till.address)
    assert (row.cents, row.status, row.provider_id is not None) == (8743, "pending", True)
    assert [(one.action, one.detail["cents"], one.premises_id, one.session_method) for one in acts(app)] == [("payment.started", 8743, row.premises_id, "password")]


def test_what_the_provider_is_asked_for(anna: Browser, app: Flask, cast: Cast, klix: Any):
    row = pending(app, anna, cast)
    asked = klix.purchases[row.provider_id]
    assert asked["reference"] == row.public_id and asked["purchase"]["products"][0]["price"] == 8743 and asked["purchase"]["currency"] == "EUR"
    assert asked["success_redirect"] == asked["cancel_redirect"] == f"http://localhost/payments/{row.public_id}"
    assert asked["success_callback"] == f"http://localhost/payments/told/{row.hook}" and row.hook not in asked["success_redirect"]
    assert asked["client"]["email"] == "anna@example.com" and "payment_method_details" not in asked["purchase"]


def test_who_comes_back_has_not_paid_by_that(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    text = main(anna.get(f"/payments/{row.public_id}"))
    assert "Not confirmed yet" in text and "€87.43" in text and rows(app)[0].status == "pending"
    assert "A payment of €87.43 is on its way" in main(anna.get(f"/invoices/{cast.invoice}"))


def test_what_comes_back_in_the_address_does_not_stay_there(anna: Browser, app: Flask, cast: Cast, montonio: Any):
    row = pending(app, anna, cast)
    anna.client.get(f"/payments/{row.public_id}?order-token=abc")
    page = anna.get(f"/payments/{row.public_id}?order-token=abc")
    assert anna.status == 200 and "order-token" not in page.html


def test_the_same_form_twice_is_one_payment(anna: Browser, app: Flask, cast: Cast, till: Any):
    fields = page_of(anna, cast.flat, cast.invoice).form(f"/properties/{cast.flat}/pay").fields
    places = [anna.post(f"/properties/{cast.flat}/pay", fields, follow=False) and anna.response.location for _ in range(2)]
    assert places[0] == places[1] == rows(app)[0].address and len(rows(app)) == 1
    assert sum(path.startswith("POST") for path in till.asked) == 1


def test_the_same_form_with_other_invoices_is_refused(anna: Browser, app: Flask, cast: Cast, klix: Any):
    older = owe_two(app, cast)
    once = pending(app, anna, cast).public_id
    begin(anna, cast.flat, older, once=once)
    assert anna.status == 409 and [row.cents for row in rows(app)] == [8743]


def test_a_second_payment_is_asked_about(anna: Browser, app: Flask, cast: Cast, till: Any):
    pending(app, anna, cast)
    assert "is not booked yet" in main(page_of(anna, cast.flat, cast.invoice))
    page = begin(anna, cast.flat, cast.invoice)
    assert anna.status == 409 and "Tick the box" in main(page) and len(rows(app)) == 1
    begin(anna, cast.flat, cast.invoice, again="1")
    assert anna.status == 303 and len(rows(app)) == 2


@pytest.mark.parametrize(("brought", "each"), [(0, [8228, 8228]), (515, [8228, 8228]), (8228, [8228, 8228]), (9000, [8228, 9000])])
def test_several_at_once_count_a_debt_that_is_in_both_once(anna: Browser, app: Flask, cast: Cast, klix: Any, brought: int, each: list[int]):
    older = owe_two(app, cast, brought)
    page = page_of(anna, cast.flat, cast.invoice, older)
    assert ("It is counted once" in main(page)) is (brought > 0)
    begin(anna, cast.flat, cast.invoice, older)
    assert rows(app)[0].cents == sum(each)
    parts = fetch(app, sa.select(PaidInvoice.invoice_id, PaidInvoice.cents).where(PaidInvoice.payment_id == rows(app)[0].id))
    assert sorted(parts) == sorted(zip([number_of(app, older), number_of(app, cast.invoice)], each, strict=True))


def test_a_debt_in_two_invoices_is_collected_once_also_one_after_the_other(anna: Browser, app: Flask, cast: Cast, klix: Any):
    older = owe_two(app, cast, 8228)
    row = fetch(app, sa.select(Invoice.customer_id, Invoice.issued_on).where(Invoice.public_id == cast.invoice))[0]
    came = {"customer_id": row.customer_id, "paid_on": row.issued_on, "amount": 8228}
    change(app, sa.insert(Payment.__table__).values(external_id="late", invoice_id=number_of(app, older), **came))
    begin(anna, cast.flat, cast.invoice)
    assert rows(app)[0].cents == 8228, "what the newest brings forward has come since"
    change(app, sa.update(Payment).where(Payment.external_id == "late").values(invoice_id=number_of(app, cast.invoice), amount=8228 * 2))
    assert "nothing to pay here" in main(anna.get(f"/properties/{cast.flat}/pay?invoice={older}")), "it was paid with the newest"


def test_they_are_chosen_in_the_list_without_a_script(anna: Browser, app: Flask, cast: Cast, till: Any):
    older = owe_two(app, cast)
    page = anna.get(f"/properties/{cast.flat}/invoices")
    assert "Pay several invoices at once" in main(page)
    form = page.form(f"/properties/{cast.flat}/pay")
    assert form.method == "get" and page.html.count('name="invoice"') == 2 and older in page.html


def test_nothing_chosen_is_said_beside_the_list(anna: Browser, app: Flask, cast: Cast, till: Any):
    assert "nothing to pay here" in main(anna.get(f"/properties/{cast.flat}/pay?invoice={cast.paid}&invoice=%00&invoice={cast.stranger_invoice}"))
    owe_two(app, cast)
    assert "Choose at least one invoice" in main(anna.get(f"/properties/{cast.flat}/pay")) and anna.status == 422


def test_what_was_paid_in_the_meantime_is_shown_before_it_is_paid_again(anna: Browser, app: Flask, cast: Cast, till: Any):
    page = page_of(anna, cast.flat, cast.invoice)
    row = fetch(app, sa.select(Invoice.id, Invoice.customer_id).where(Invoice.public_id == cast.invoice))[0]
    change(app, sa.insert(Payment.__table__).values(external_id="n", customer_id=row.customer_id, invoice_id=row.id, paid_on=TODAY, amount=8000))
    again = anna.submit(page, f"/properties/{cast.flat}/pay", follow=False)
    assert anna.status == 409 and "The amount has changed" in main(again) and "€7.43" in main(again) and not rows(app)


@pytest.mark.parametrize("status", [400, 302, 500])
def test_a_provider_that_does_not_take_it_costs_nothing(anna: Browser, app: Flask, cast: Cast, till: Any, status: int):
    page = page_of(anna, cast.flat, cast.invoice)
    till.status = status
    text = main(anna.submit(page, f"/properties/{cast.flat}/pay", follow=False))
    assert anna.status == 503 and "cannot be started" in text
    assert [row.status for row in rows(app)] == ["failed"] and [one.action for one in acts(app)] == ["payment.started", "payment.ended"]


def test_it_leads_to_no_address_but_the_providers(anna: Browser, app: Flask, cast: Cast, klix: Any):
    page = page_of(anna, cast.flat, cast.invoice)
    klix.address = "https://elsewhere.example"
    anna.submit(page, f"/properties/{cast.flat}/pay", follow=False)
    assert anna.status == 503 and rows(app)[0].address is None


def test_the_browser_may_be_sent_to_the_provider_and_nowhere_else(anna: Browser, cast: Cast, till: Any):
    page_of(anna, cast.flat, cast.invoice)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(till.address))
    assert f"form-action 'self' {origin};" in anna.response.headers["Content-Security-Policy"]


def test_a_stranger_sees_and_pays_nothing_of_hers(anna: Browser, app: Flask, cast: Cast, till: Any):
    row, viktors = pending(app, anna, cast), Browser(app)
    viktors.log_in("viktors")
    for path in (f"/payments/{row.public_id}", f"/properties/{cast.flat}/pay?invoice={cast.invoice}"):
        viktors.get(path)
        assert viktors.status == 404, path
    viktors.get(f"/properties/{cast.neighbour}/pay?invoice={cast.invoice}")
    assert viktors.status == 422


@pytest.mark.parametrize(("right", "status"), [("invoices", 200), ("meters", 404)])
def test_who_was_lent_the_invoices_can_pay_them(anna: Browser, app: Flask, cast: Cast, klix: Any, right: str, status: int):
    lend.lend(app, cast, right)
    liga = Browser(app)
    liga.log_in("liga")
    liga.get(f"/properties/{cast.flat}/pay?invoice={cast.invoice}")
    assert liga.status == status
    if status == 200:
        begin(liga, cast.flat, cast.invoice)
        assert liga.status == 303 and acts(app)[0].source == "delegate" and acts(app)[0].mandate_version
        anna.get(f"/payments/{rows(app)[0].public_id}")
        assert anna.status == 200


def test_where_the_site_has_no_provider_there_is_none(anna: Browser, cast: Cast):
    assert "Pay at your bank" not in main(anna.get(f"/invoices/{cast.invoice}"))
    anna.get(f"/properties/{cast.flat}/pay?invoice={cast.invoice}")
    assert anna.status == 404


def test_an_id_that_no_page_gave_begins_nothing(anna: Browser, app: Flask, cast: Cast, klix: Any):
    begin(anna, cast.flat, cast.invoice, once="short")
    assert anna.status == 400 and not rows(app)
