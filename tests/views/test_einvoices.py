"""E-invoices: asked for by person and customer, with the file or a link, their delivery told, paper ended (C04; LU-57, UD-08)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.worker import tell_invoices
from models import einvoices, preferences
from models.audit import AuditRow
from models.customers import CustomerUser
from models.einvoices import EInvoice
from models.invoices import Invoice
from models.outbox import Mail
from models.people import User
from models.preferences import Preference
from models.types import utc_now
from tests import letters
from tests.browser import Browser, Page
from tests.cast import PASSWORD, TODAY, Cast
from tests.lend import lend
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main
from views import invoices
from views.pdf import PdfBusy, PdfFailed

deliver, mailbox = letters.deliver, letters.mailbox
ANNA = "anna@example.com"


def choose(anna: Browser, cast: Cast, **typed: str | None) -> Page:
    where = f"/properties/{cast.flat}/einvoice"
    return anna.submit(anna.get(where), where, **typed)


def come(app: Flask, cast: Cast, **values: Any) -> list[Any]:
    """Anna's newest invoice was imported, all others long ago; the letters that this wrote."""
    change(app, sa.update(Invoice).values(announced_at=sa.func.now()))
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values({"announced_at": None, "issued_on": TODAY} | values))
    with app.app_context():
        tell_invoices(app.extensions["ekabinets"])
    change(app, sa.update(Mail).values(due_at=Mail.created_at))
    return [*fetch(app, sa.select(Mail.__table__).where(Mail.kind == einvoices.KIND))]


@pytest.mark.parametrize(("form", "attached"), [("link", 0), ("file", 1)])
def test_a_new_invoice_comes_as_she_has_chosen(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]], form: str, attached: int) -> None:
    change(app, sa.update(User).where(User.id == 1).values(language="en"))
    assert "Saved." in choose(anna, cast, form=form).text
    come(app, cast, file_hash=app.extensions["ekabinets"].storage.put(b"%PDF-1.4 own"))
    assert deliver() == [ANNA]
    (letter,) = mailbox.letters
    files = [*letter.iter_attachments()]
    assert len(files) == attached and all(one.get_content() == b"%PDF-1.4 own" and one.get_content_type() == "application/pdf" for one in files)
    assert f"/invoices/{cast.invoice}" in text(letter) and ("It is attached." in text(letter)) == bool(attached)
    assert letter["Subject"] == "New invoice: October 2026" and "87" not in letter["Subject"]


def test_without_the_operators_file_ours_is_attached(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> None:
    choose(anna, cast, form="file")
    come(app, cast)
    deliver()
    assert next(mailbox.letters[0].iter_attachments()).get_content().startswith(b"%PDF-")


def test_who_has_not_asked_gets_nothing(app: Flask, cast: Cast) -> None:
    assert come(app, cast) == []
    assert not fetch(app, sa.select(Invoice.id).where(Invoice.announced_at.is_(None)))


def test_each_invoice_is_told_once_and_old_ones_not_at_all(anna: Browser, app: Flask, cast: Cast) -> None:
    choose(anna, cast, form="link")
    assert come(app, cast, issued_on=TODAY - einvoices.OLD - timedelta(days=1)) == []
    assert len(come(app, cast)) == 1
    with app.app_context():
        tell_invoices(app.extensions["ekabinets"])
    assert len(fetch(app, sa.select(Mail.id))) == 1


@pytest.mark.parametrize("ended", ["customer", "address", "disabled", "stopped", "none"])
def test_who_is_her_customer_no_more_or_has_stopped_them_gets_none(anna: Browser, app: Flask, cast: Cast, ended: str) -> None:
    choose(anna, cast, form="link")
    if ended == "none":
        choose(anna, cast, form="none")
    changes = {
        "customer": sa.delete(CustomerUser).where(CustomerUser.user_id == 1), "address": sa.update(User).where(User.id == 1).values(email=None),
        "disabled": sa.update(User).where(User.id == 1).values(disabled_at=sa.func.now()), "none": sa.update(User).where(User.id == 2).values(email=None),
        "stopped": sa.insert(Preference).values(user_id=1, kind=einvoices.KIND, wanted=False, changed_at=sa.func.now()),
    }  # fmt: skip
    change(app, changes[ended])
    assert come(app, cast) == []


def test_who_has_moved_on_before_it_is_sent_gets_no_file(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> None:
    choose(anna, cast, form="file")
    come(app, cast)
    change(app, sa.delete(CustomerUser).where(CustomerUser.user_id == 1))
    deliver()
    assert [*mailbox.letters[0].iter_attachments()] == []


@pytest.mark.parametrize(("error", "sent"), [(PdfFailed("failed"), 1), (PdfBusy(), 0)])
def test_a_file_that_cannot_be_made_is_a_link_and_one_that_is_not_yet_made_is_waited_for(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]], error: Exception, sent: int) -> None:
    choose(anna, cast, form="file")
    come(app, cast)
    with patch.object(invoices, "cached_invoice_pdf", side_effect=error):
        deliver()
    assert len(mailbox.letters) == sent and not any([*letter.iter_attachments()] for letter in mailbox.letters)


def test_the_page_tells_what_became_of_the_letters(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> None:
    choose(anna, cast, form="link")
    come(app, cast)
    where = f"/properties/{cast.flat}/einvoice"
    assert "On its way anna@example.com" in main(anna.get(where))
    deliver()
    assert "Handed to your mail server" in main(anna.get(where))


def test_what_was_refused_is_told_with_a_way_to_the_address(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> None:
    choose(anna, cast, form="link")
    come(app, cast)
    mailbox.answer = lambda _address: "550 no such user"
    deliver()
    page = anna.get(f"/properties/{cast.flat}/einvoice")
    assert "The last invoice could not be delivered to anna@example.com." in page.text and "/profile/email" in page.links


def test_paper_ends_only_with_e_invoices_and_its_consequence_is_said(anna: Browser, app: Flask, cast: Cast) -> None:
    page = choose(anna, cast, form="none", paper="1")
    assert anna.status == 422 and "Paper can be switched off only while invoices come by e-mail." in page.text
    assert "Each invoice has its due date even if the e-mail was lost or not read" in page.text
    choose(anna, cast, form="file", paper="1")
    assert [(row.attached, row.paper_off) for row in fetch(app, sa.select(EInvoice.attached, EInvoice.paper_off))] == [(True, True)]
    noted = fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "einvoice.changed"))
    assert [row.detail for row in noted] == [{"form": "file", "paper": False}]
    choose(anna, cast, form="file", paper="1")
    assert len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "einvoice.changed"))) == 1, "the same again"


def test_the_operator_gets_the_list_of_who_wants_no_paper(anna: Browser, app: Flask, cast: Cast) -> None:
    def told() -> list[str]:
        return app.test_cli_runner().invoke(args=["data", "export", "paperless"]).stdout.splitlines()

    choose(anna, cast, form="link", paper="1")
    assert [line.split(";")[1] for line in told()] == ["code", "20417"]
    choose(anna, cast, form="link", paper=None)
    assert [line.split(";")[1] for line in told()] == ["code"]


@pytest.mark.parametrize("without", [{"email": None}, {"disabled_at": utc_now()}, {}])
def test_whom_no_letter_reaches_gets_paper_again(anna: Browser, app: Flask, cast: Cast, without: dict[str, Any]) -> None:
    choose(anna, cast, form="link", paper="1")
    if without:
        change(app, sa.update(User).where(User.id == 1).values(without))
    else:
        link = "/unsubscribe/" + preferences.token(app.extensions["ekabinets"].settings.secret_key, 1, "new_invoice")
        anna.submit(anna.get(link), link)
    assert app.test_cli_runner().invoke(args=["data", "export", "paperless"]).stdout.count("\n") == 1


@pytest.mark.parametrize("form", ["", "paper", "FILE"])
def test_what_is_no_choice_is_refused(anna: Browser, app: Flask, cast: Cast, form: str) -> None:
    page = choose(anna, cast, form=form)
    assert anna.status == 422 and "Choose one of these." in page.text and not fetch(app, sa.select(EInvoice.user_id))


def test_without_an_address_there_is_nothing_to_send_to(anna: Browser, app: Flask, cast: Cast) -> None:
    change(app, sa.update(User).where(User.id == 1).values(email=None))
    page = choose(anna, cast, form="link")
    assert anna.status == 422 and "First give us an e-mail address in your profile." in page.text


def test_a_helper_cannot_choose_for_the_customer(app: Flask, cast: Cast) -> None:
    lend(app, cast, "invoices")
    liga = Browser(app)
    liga.log_in("liga")
    assert "einvoice" not in " ".join(liga.get(f"/properties/{cast.flat}/invoices").links)
    assert liga.client.get(f"/properties/{cast.flat}/einvoice").status_code == 404


def test_the_link_in_the_letter_leads_to_the_invoice_through_the_login(anna: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable[[], list[str]]) -> None:
    choose(anna, cast, form="link")
    come(app, cast)
    deliver()
    link = f"/invoices/{cast.invoice}"
    assert f"http://localhost{link}\r\n" in text(mailbox.letters[0])
    browser = Browser(app)
    page = browser.submit(browser.get(link), "/login", username="anna", password=PASSWORD)
    assert browser.status == 200 and page.headings[0].startswith("Invoice No.")


def test_letters_of_many_invoices_are_no_more_statements(anna: Browser, app: Flask, cast: Cast, statements: list[str]) -> None:
    choose(anna, cast, form="link")
    come(app, cast)
    change(app, sa.update(Invoice).values(announced_at=None, issued_on=TODAY))
    statements.clear()
    with app.app_context():
        tell_invoices(app.extensions["ekabinets"])
    assert len(statements) <= 5 and len(fetch(app, sa.select(Mail.id))) > 10
