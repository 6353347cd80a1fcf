"""Readings by customer code, number and sum of an invoice, without an account (D19; features.md §2, 4)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import reading_links
from models.audit import AuditRow
from models.clock import Clock
from models.invoices import Invoice
from models.reading_links import Link, token
from models.tenures import Tenure
from models.throttle import Throttle
from models.types import utc_now
from tests import letters
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.mailserver import Mailbox
from tests.registering import printed
from tests.standing import change, fetch, main
from tests.views.by_link import OPENS, current, customer, usual

ASK = "/r"
DIFFERENT = "do not belong together"
deliver, mailbox = letters.deliver, letters.mailbox


def ask(app: Flask, browser: Browser, **typed: str) -> Page:
    """Type what stands on Anna's newest invoice, but for what is given."""
    right = {"code": "20417", "number": printed(app), "amount": "82,28"}
    return browser.submit(browser.get(ASK), ASK, **right | typed)


def test_the_login_page_leads_to_a_form_and_that_to_the_meters_of_the_invoices_flat(app: Flask, browser: Browser, cast: Cast):
    assert ASK in browser.get("/login").links
    page = ask(app, browser, code=" 20-417 ")
    path = page.forms[0].action
    assert browser.status == 200 and path.startswith("/r/") and "Ozoli" not in page.html and "20417" not in page.html
    value = usual(app, cast.cold)
    browser.submit(page, path, **{f"r-{cast.cold}-1": value})
    assert (current(app, cast.cold).value, current(app, cast.cold).source) == (int(value.replace(".", "")), "link")


def test_the_owner_is_told_takes_it_back_and_reads_how_it_was_opened(app: Flask, browser: Browser, anna: Browser, cast: Cast, mailbox: Mailbox, deliver: Callable):
    page, before = ask(app, browser), current(app, cast.cold)
    browser.submit(page, page.forms[0].action, **{f"r-{cast.cold}-1": usual(app, cast.cold)})
    assert deliver() == ["anna@example.com"]
    anna.submit(anna.get(f"/properties/{cast.flat}/meters"), f"/properties/{cast.flat}/not-ours")
    assert current(app, cast.cold).id == before.id and "with the data of an invoice" in main(anna.get("/activity"))
    assert ask(app, browser) and browser.status == 410, "and no other is opened in this window"


def test_the_sum_that_is_to_be_paid_is_as_good_as_that_of_the_invoice(app: Flask, browser: Browser):
    assert ask(app, browser, amount="87.43 €").forms[0].action.startswith("/r/")


@pytest.mark.parametrize("typed", [
    {"code": "20418"}, {"code": "99999"}, {"number": "2026-1"}, {"amount": "82,29"}, {"amount": "82"}, {"amount": "0"}, {"code": "10001", "number": "7"},
])  # fmt: skip
def test_whatever_differs_the_answer_and_what_it_costs_are_the_same(app: Flask, browser: Browser, statements: list[str], typed: dict[str, str]):
    form, sent = browser.get(ASK).form(ASK).fields, []
    right, pages = {"code": "20417", "number": printed(app), "amount": "82,28"}, []
    for one in ({"number": "another"}, typed):
        statements.clear()
        pages.append(browser.post(ASK, form | right | one))
        sent.append([words.partition(" SET ")[0] for words in statements])
    assert browser.status == 422 and DIFFERENT in main(pages[1]) and main(pages[0]) == main(pages[1])
    assert len(sent[0]) > 5 and sent[0] == sent[1]
    assert {name: pages[1].form(ASK).fields[name] for name in right} == right | typed


def test_an_older_invoice_and_one_of_who_has_moved_out_open_nothing(app: Flask, browser: Browser):
    assert DIFFERENT in main(ask(app, browser, number=printed(app, ago=3)))
    change(app, sa.update(Tenure).where(Tenure.customer_id == customer(app)).values(ends_on=TODAY - timedelta(days=1)))
    assert DIFFERENT in main(ask(app, browser)) and browser.status == 422


def test_an_invoice_of_nothing_opens_nothing(app: Flask, browser: Browser):
    change(app, sa.update(Invoice).where(Invoice.number == printed(app)).values(total=0, payable=0))
    assert DIFFERENT in main(ask(app, browser, amount="0,00"))


@pytest.mark.parametrize("typed", [{"code": ""}, {"number": "\0"}, {"amount": "eighty"}, {"amount": "-82,28"}, {"code": "1" * 300}])
def test_what_can_be_nothing_is_told_beside_its_field_and_kept(app: Flask, browser: Browser, typed: dict[str, str]):
    page, field = ask(app, browser, **typed), next(iter(typed))
    assert browser.status == 422 and f'id="{field}-e"' in page.html and page.html.count("err-t") == 1
    assert fetch(app, sa.select(Throttle.key)) == [], "a slip of the finger is no try"


def test_ten_wrong_ones_pause_the_code_and_nobody_else(app: Flask, browser: Browser):
    for _ in range(10):
        ask(app, browser, number="x")
    page = ask(app, browser)
    assert browser.status == 429 and "too many attempts" in main(page) and int(browser.response.headers["Retry-After"]) > 3000
    assert ask(app, browser, code="20418", number=printed(app, "20418")) and browser.status != 429


def test_who_is_right_each_time_is_never_paused(app: Flask, browser: Browser):
    for _ in range(12):
        ask(app, browser)
    assert browser.status == 200


def test_a_network_that_tries_without_end_is_slowed(app: Flask, browser: Browser):
    ask(app, browser, number="x")
    change(app, sa.update(Throttle).where(Throttle.key.startswith("address:")).values(failures=100, last_failed_at=utc_now()))
    ask(app, browser, number="x")
    ask(app, browser, code="20418")
    assert browser.status == 429


def test_outside_of_the_window_it_says_when_it_opens(app: Flask, browser: Browser):
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, clock=Clock(held.site.zone, date(2026, 12, 10)))
    page = ask(app, browser)
    assert browser.status == 409 and "Readings are not accepted now. Next time: from" in main(page)


def test_the_link_that_it_gives_ends_within_the_hour_and_the_device_remembers_nothing(app: Flask, browser: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    path = ask(app, browser).forms[0].action
    assert not [name for name in ("session", "device", "family") if browser.client.get_cookie(name)]
    key, now = app.extensions["ekabinets"].settings.secret_key, int(utc_now().timestamp())
    monkeypatch.setattr(reading_links, "utc_now", lambda: utc_now() + timedelta(minutes=61))
    assert ASK in browser.get(path).links and browser.status == 410
    assert path != f"/r/{token(key, Link(customer(app), cast.flat, OPENS, now - 1))}"


@pytest.mark.parametrize("switch", ["reading_links", "readings_by_invoice"])
def test_a_site_may_do_without(app: Flask, browser: Browser, switch: str):
    page, held = browser.get(ASK), app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={switch: False}))
    assert ASK not in browser.get("/login").links
    browser.submit(page, ASK, code="20417", number=printed(app), amount="82,28")
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "reading.link_asked")) == []
