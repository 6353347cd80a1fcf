"""The desk for money that nothing matched, and for payments that a person has to look at (C05; identity-and-money §4.6)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.payments import pay_due
from models.audit import AuditRow
from models.bank import BankEntry
from models.invoices import Invoice, Payment
from models.payments import OnlinePayment, PaidInvoice
from models.types import Role, utc_now
from tests import tills
from tests.banking import bring, ntry, tx
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.standing import change, fetch, main
from tests.tills import pending, rows
from tests.views.test_colleagues import enters
from tests.views.test_payments import owe_two

klix = tills.klix
DESK = "/staff/payments"
SOMETHING = ntry("87.43", tx(text="Paldies", payer="Anna Ozoliņa"))


@pytest.fixture
def ilze(app: Flask) -> Browser:
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def invoice(app: Flask, public_id: str) -> Invoice:
    return fetch(app, sa.select(Invoice.__table__).where(Invoice.public_id == public_id))[0]


def one(app: Flask, kind: str = "b") -> str:
    """The address of the newest of them."""
    table = BankEntry if kind == "b" else OnlinePayment
    return f"{DESK}/{kind}{fetch(app, sa.select(sa.func.max(table.id)))[0][0]}"


def press(browser: Browser, where: str, act: str, **typed: str) -> Page:
    return browser.submit(browser.get(where), where, act=act, **typed)


def paid(app: Flask) -> list[tuple[int, int]]:
    """Premises and cents of the payments that are being booked."""
    return [tuple(row) for row in fetch(app, sa.select(OnlinePayment.premises_id, OnlinePayment.cents).where(OnlinePayment.status == "paid").order_by(OnlinePayment.id))]


def acts(app: Flask) -> list[tuple[str, int]]:
    return [(row.action, row.actor_user_id) for row in fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action.like("bank.%")).order_by(AuditRow.id))]


def test_what_matches_nothing_waits_at_the_desk(app: Flask, ilze: Browser):
    bring(app, SOMETHING, ntry("1.00", tx(payer="", text="Nekas"), name="REF2"))
    said = main(ilze.get(DESK))
    assert "Anna Ozoliņa €87.43 Paldies" in said and "Nekas" in said and said.index("87.43") < said.index("1.00")
    assert "Money to assign 2 wait" in main(ilze.get("/staff")) and DESK in ilze.get("/staff").links
    assert "Nothing was settled yet." in main(ilze.get(f"{DESK}?show=done"))


def test_the_payers_invoices_are_offered_and_one_is_enough(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    bill = invoice(app, cast.invoice)
    page = ilze.get(one(app))
    assert bill.number in main(page) and "left to pay: €87.43" in main(page) and "Viktors" not in main(page)
    said = main(press(ilze, one(app), "assign", **{f"i{bill.id}": "87,43"}))
    assert "Saved." in said and "assigned to invoices" in said and paid(app) == [(bill.premises_id, 8743)]
    assert acts(app) == [("bank.assigned", 5)] and "Nothing waits here." in main(ilze.get(DESK))
    assert "€87.43 received, being booked." in main(anna.get(f"/invoices/{cast.invoice}")) and "€87.43 received" in main(anna.get(f"/properties/{cast.flat}"))
    shown = main(anna.get(f"/payments/{fetch(app, sa.select(OnlinePayment.public_id).where(OnlinePayment.provider == 'bank'))[0][0]}"))
    assert "Received, being booked" in shown and "Started" not in shown


def test_the_billing_system_books_it(app: Flask, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    bill = invoice(app, cast.invoice)
    press(ilze, one(app), "assign", **{f"i{bill.id}": "87.43"})
    change(app, sa.insert(Payment).values(external_id="NEW", customer_id=bill.customer_id, paid_on=TODAY, amount=8743))
    change(app, sa.update(OnlinePayment).where(OnlinePayment.look_at.is_not(None)).values(look_at=utc_now()))
    while pay_due(app.extensions["ekabinets"]):
        pass
    assert fetch(app, sa.select(OnlinePayment.booked_at).where(OnlinePayment.provider == "bank"))[0][0] is not None
    page = press(ilze, one(app), "undo")
    assert ilze.status == 409 and "the billing system has booked it" in page.text and len(paid(app)) == 1


def test_what_the_billing_system_had_before_the_statement_is_booked_at_once(app: Flask, ilze: Browser, cast: Cast):
    bill = invoice(app, cast.invoice)
    change(app, sa.insert(Payment).values(external_id="NEW", customer_id=bill.customer_id, invoice_id=bill.id, paid_on=TODAY, amount=8743))
    bring(app, ntry("87.43", tx(ref=bill.number), day=str(TODAY)))
    while pay_due(app.extensions["ekabinets"]):
        pass
    assert fetch(app, sa.select(OnlinePayment.booked_at).where(OnlinePayment.provider == "bank"))[0][0] is not None


def test_a_sum_is_split_over_invoices_of_two_customers(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    bring(app, ntry("100.00", tx(payer="Anna Ozoliņa")))
    hers, his = invoice(app, cast.invoice), invoice(app, cast.stranger_invoice)
    page = press(ilze, one(app), "search", q="viktors", **{f"i{hers.id}": "87,43"})
    assert ilze.status == 200 and 'value="87,43"' in page.html and his.number in main(page) and not paid(app)
    ilze.submit(page, one(app), act="assign", **{f"i{his.id}": "12.57"})
    assert paid(app) == [(hers.premises_id, 8743), (his.premises_id, 1257)]
    assert "12.57" not in main(anna.get(f"/properties/{cast.flat}")) and his.number in main(ilze.get(one(app)))
    own, other = (row.public_id for row in fetch(app, sa.select(OnlinePayment.public_id).where(OnlinePayment.provider == "bank").order_by(OnlinePayment.id)))
    assert anna.client.get(f"/payments/{own}").status_code == 200 and anna.client.get(f"/payments/{other}").status_code == 404


@pytest.mark.parametrize("q", ["20418", "viktors", "Brīvības 35", "number"])
def test_a_customer_or_an_invoice_is_searched(app: Flask, ilze: Browser, cast: Cast, q: str):
    bring(app, ntry("1.00", tx(payer="")))
    number = invoice(app, cast.stranger_invoice).number
    assert "How much of it" not in main(ilze.get(one(app)))
    assert number in main(press(ilze, one(app), "search", q=q.replace("number", number)))
    assert "Nothing was found for “xyz”." in main(press(ilze, one(app), "search", q="xyz\0"))


@pytest.mark.parametrize("typed", ["87,44", "0", "-1", "x", "87,431", "1e3", "9" * 19, "0,00"])
def test_a_wrong_sum_is_said_and_stays(app: Flask, ilze: Browser, cast: Cast, typed: str):
    bring(app, SOMETHING)
    name = f"i{invoice(app, cast.invoice).id}"
    page = press(ilze, one(app), "assign", **{name: typed}, reason="Kept")
    assert ilze.status == 422 and f'value="{typed}"' in page.html and "Kept</textarea>" in page.html and not paid(app)
    assert ("The sums must make €87.43 together" if typed == "87,44" else "Enter a sum such as 12,50") in page.text


def test_no_sum_at_all_and_an_unknown_invoice_are_refused(app: Flask, ilze: Browser):
    bring(app, SOMETHING)
    assert "The sums must make" in press(ilze, one(app), "assign").text and ilze.status == 422
    fields = ilze.get(one(app)).form(one(app)).fields
    ilze.post(one(app), fields | {"act": "assign", "i999999999": "87.43"})
    assert ilze.status == 422 and not paid(app)
    for wrong in ({"act": "nonsense"}, {"act": "booked"}, {"once": "x"}, {"once": ""}):
        ilze.post(one(app), fields | {"act": "undo"} | wrong)
        assert ilze.status == 400


def test_it_is_put_aside_with_a_reason_and_taken_back(app: Flask, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    for reason in ("", " ", "x" * 501, "a\0"):
        page = press(ilze, one(app), "aside", reason=reason)
        assert ilze.status == 422 and "Write a reason" in page.text
    said = main(press(ilze, one(app), "aside", reason="Rent of the hall"))
    assert "put aside" in said and "Rent of the hall" in said and "Nothing waits" in main(ilze.get(DESK)) and "put aside" in main(ilze.get(f"{DESK}?show=done"))
    assert "It waits again." in main(press(ilze, one(app), "undo")) and "Paldies" in main(ilze.get(DESK))
    assert acts(app) == [("bank.aside", 5), ("bank.undone", 5)]


def test_a_match_is_undone_and_not_made_again_by_itself(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    entry = ntry("87.43", tx(ref=invoice(app, cast.invoice).number))
    bring(app, entry)
    assert len(paid(app)) == 1 and acts(app) == [("bank.assigned", None)]
    press(ilze, one(app), "undo")
    assert not paid(app) and "received, being" not in main(anna.get(f"/invoices/{cast.invoice}")) and not fetch(app, sa.select(PaidInvoice).join(OnlinePayment).where(OnlinePayment.provider == "bank"))
    bring(app, entry)
    assert not paid(app), "somebody has decided about it"


def test_the_same_form_twice_is_one_act(app: Flask, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    where, fields = one(app), ilze.get(one(app)).form(one(app)).fields | {"act": "assign", f"i{invoice(app, cast.invoice).id}": "87.43"}
    for _ in range(2):
        ilze.post(where, fields)
        assert ilze.status == 200 and "Saved." in ilze.response.get_data(as_text=True)
    assert len(paid(app)) == 1 and len(acts(app)) == 1


def test_whose_invoices_were_shown_reads_who_looked(app: Flask, anna: Browser, ilze: Browser):
    bring(app, SOMETHING)
    ilze.get(one(app))
    assert "Assigning of money that came in" in anna.get("/activity?show=data").text


def test_the_same_form_with_another_sum_or_reason_is_not_taken_for_the_first(app: Flask, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    where = one(app)
    fields = ilze.get(where).form(where).fields | {"act": "aside", "reason": "Rent"}
    ilze.post(where, fields)
    page = ilze.post(where, fields | {"reason": "A gift"})
    assert ilze.status == 409 and "Nothing was changed by you" in page.text and len(acts(app)) == 1


def test_what_is_booked_is_not_undone(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix):
    row = pending(app, anna, cast)
    bring(app, ntry("87.43", tx(ref=invoice(app, cast.invoice).number), day=str(TODAY)))
    page = ilze.get(one(app))
    change(app, sa.update(OnlinePayment).where(OnlinePayment.id == row.id).values(booked_at=utc_now()))
    ilze.submit(page, one(app), act="undo")
    assert ilze.status == 409 and [(one.status, bool(one.bank_entry_id)) for one in rows(app)] == [("paid", True)]


@pytest.mark.parametrize("since", [{"booked_at": utc_now()}, {"status": "refunded"}])
def test_a_sum_that_was_assigned_is_not_undone_once_it_is_booked_or_paid_back(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix, since: dict):
    where = review(app, anna, cast)
    press(ilze, where, "assign", **{f"i{invoice(app, cast.invoice).id}": "87.43"})
    page, before = ilze.get(where), rows(app)[0]
    change(app, sa.update(OnlinePayment).where(OnlinePayment.id == before.id).values(since))
    ilze.submit(page, where, act="undo")
    assert ilze.status == 409 and (rows(app)[0].status, rows(app)[0].reason) == (since.get("status", "paid"), "")


def test_what_a_colleague_has_settled_stays(app: Flask, ilze: Browser, cast: Cast):
    bring(app, SOMETHING)
    page, number = ilze.get(one(app)), invoice(app, cast.invoice).id
    press(ilze, one(app), "aside", reason="Rent")
    page = ilze.submit(page, one(app), act="assign", **{f"i{number}": "87.43"})
    assert ilze.status == 409 and "Somebody has settled this meanwhile" in page.text and not paid(app) and "put aside" in main(page)


def test_money_that_went_back_is_no_invoices(app: Flask, ilze: Browser):
    bring(app, ntry("5.00", tx(), sign="DBIT", back="true"))
    said = main(ilze.get(one(app)))
    assert "went back to its payer" in said and "Assign" not in said and "−€5.00" in said.replace("-", "−")
    assert "put aside" in main(press(ilze, one(app), "aside", reason="Undone"))


def test_money_of_a_payment_that_was_begun_here_is_that_payment(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix):
    row = pending(app, anna, cast)
    bring(app, ntry("87.43", tx(ref=invoice(app, cast.invoice).number), day=str(TODAY)))
    assert [(one.id, one.status, one.bank_entry_id is not None) for one in rows(app)] == [(row.id, "paid", True)]
    press(ilze, one(app), "undo")
    assert [(one.status, one.bank_entry_id) for one in rows(app)] == [("review", None)], "a person looks at it, too"


def review(app: Flask, anna: Browser, cast: Cast) -> str:
    """Anna's payment is to be looked at; where."""
    row = pending(app, anna, cast)
    change(app, sa.update(OnlinePayment).where(OnlinePayment.id == row.id).values(status="review", look_at=None))
    return f"{DESK}/o{row.id}"


def test_a_payment_to_be_looked_at_is_given_the_sum_that_came(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix):
    owe_two(app, cast)
    where, number = review(app, anna, cast), invoice(app, cast.invoice).id
    assert f'href="{where}"' in ilze.get(DESK).html and "Brīvības iela 12–34" in main(ilze.get(where))
    press(ilze, where, "assign", **{f"i{number}": "50"})
    row = rows(app)[0]
    assert (row.status, row.cents, row.reason) == ("paid", 5000, "") and row.look_at and acts(app) == [("bank.assigned", 5)]
    assert "€50.00 received, being booked." in main(anna.get(f"/invoices/{cast.invoice}"))
    press(ilze, where, "undo")
    assert (rows(app)[0].status, rows(app)[0].reason) == ("review", None)
    his = invoice(app, cast.stranger_invoice)
    page = ilze.submit(press(ilze, where, "search", q="20418"), where, act="assign", **{f"i{his.id}": "1"})
    assert ilze.status == 422 and "Choose invoices of the same property" in page.text
    assert "Enter the sum for at least one invoice" in press(ilze, where, "assign").text


@pytest.mark.parametrize(("act", "state", "sentence"), [("booked", "paid", "Received and booked"), ("failed", "failed", "Nothing was paid"), ("refunded", "refunded", "The money was sent back")])
def test_such_a_payment_is_closed_with_a_reason_and_taken_back(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix, act: str, state: str, sentence: str):
    where = review(app, anna, cast)
    assert "Write a reason" in press(ilze, where, act, reason="").text
    press(ilze, where, act, reason="The bank says so")
    row = rows(app)[0]
    assert (row.status, row.reason, row.look_at) == (state, "The bank says so", None) and "The bank says so" in main(ilze.get(where))
    assert sentence in main(anna.get(f"/payments/{row.public_id}")) and f'href="{where}"' in ilze.get(f"{DESK}?show=done").html
    press(ilze, where, "undo")
    assert rows(app)[0].status == "review" and f'href="{where}"' in ilze.get(DESK).html


def test_a_payment_that_nobody_has_to_look_at_is_not_at_the_desk(app: Flask, anna: Browser, ilze: Browser, cast: Cast, klix):
    row = pending(app, anna, cast)
    for key in (f"o{row.id}", "o999", "b1", "x1", "b", "b1x", "b²", "1", "b" + "9" * 12):
        assert ilze.client.get(f"{DESK}/{key}").status_code == 404


def test_who_decides_and_who_may_not(app: Flask, anna: Browser, cast: Cast):
    bring(app, SOMETHING)
    administrator = enters(app, "ilze", Role.ADMINISTRATOR)
    assert administrator.client.get(DESK).status_code in (403, 404) and DESK not in administrator.get("/staff").html
    assert anna.client.get(DESK).status_code == 404
    change(app, sa.update(BankEntry).values(state="matched"))
    supervisor = enters(app, "ilze", Role.SUPERVISOR)
    assert "Paldies" in main(supervisor.get(f"{DESK}?show=done&q=LV17")) and "Paldies" not in main(supervisor.get(f"{DESK}?show=done&q=%25"))
