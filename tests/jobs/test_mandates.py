"""`flask mandates`: staff go through a list before somebody acts by a document (F06; OG-03..05; features.md §6, 9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models import quarantine
from models.attorneys import Attorney
from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.mandates import Mandate, MandatePremises
from models.rules.mandates import KEPT
from models.tenures import Tenure
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY, Cast
from tests.keeping import purge
from tests.lend import mandate
from tests.mailserver import Mailbox, text
from tests.powers import CHECKED, PDF, POWERS, WHY, accept, applied, apply, by_bank, noted, staff
from tests.standing import change, fetch, house_file, main

deliver, mailbox = letters.deliver, letters.mailbox
__all__ = ["house_file"]


@pytest.fixture
def liga(app: Flask) -> Browser:
    """Līga, who has shown a document and waits."""
    browser = Browser(app)
    browser.log_in("liga")
    apply(browser)
    return browser


def test_the_queue_and_what_stands_behind_each(app: Flask, liga: Browser):
    [line] = staff(app, "list", *WHY).output.splitlines()
    assert line.startswith("1 20") and line.endswith("(Līga Ozoliņa) for customer 20417")
    shown = staff(app, "show", "1", *WHY).output.splitlines()
    assert shown[0].endswith("for customer 20417, pilnvara.pdf: I look after my mother's flat.")
    assert shown[1:-1] == ["Anna Ozoliņa: P34 Brīvības iela 12–34, Ogre", "Anna Ozoliņa: P2 Mālkalnes prospekts 3–2, Ogre"]
    assert shown[-1] == "signatures: not checked: it cannot be read as a PDF"


@pytest.mark.parametrize("words", [("list",), ("show", "1")])
def test_who_applied_reads_that_staff_have_looked_and_why(app: Flask, liga: Browser, words: tuple[str, ...]):
    assert staff(app, *words).exit_code == 2 and staff(app, *words, *WHY).exit_code == 0
    assert "Data viewed" in liga.get("/activity?show=data").text and "Purpose: Darba rinda" in liga.get("/activity?show=data").text


def test_the_customer_whom_a_document_names_reads_it_too(app: Flask, anna: Browser, liga: Browser):
    staff(app, "list", *WHY)
    assert "Data viewed" not in anna.get("/activity?show=data").text, "a code that was typed is nobody's data yet"
    staff(app, "show", "1", *WHY)
    assert "Purpose: Darba rinda" in anna.get("/activity?show=data").text


def test_the_document_is_written_out_and_the_trail_says_for_whom_and_why(app: Flask, liga: Browser, tmp_path: Path):
    words = ("document", "1", str(tmp_path / "out.pdf"), "--by", "Ilze", "--purpose", "to check the notary")
    assert staff(app, *words).exit_code == 0 and (tmp_path / "out.pdf").read_bytes() == PDF
    row = noted(app, "attorney.opened")
    assert (row.detail, row.source) == ({"attorney": 1, "category": "documents", "by": "Ilze", "purpose": "to check the notary"}, "command")
    said = main(liga.get("/activity?show=data"))
    assert "Power of attorney opened by staff" in said and "to check the notary" in said and "Documents" in said and "Ilze" not in said
    again = staff(app, *words)
    assert again.exit_code == 1 and "FileExistsError" in again.output and len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "attorney.opened"))) == 1
    for missing in ("--by", "--purpose"):
        assert missing in staff(app, *[word for word in words[:3]], *[w for o, v in (("--by", "x"), ("--purpose", "x")) if o != missing for w in (o, v)]).output


def test_a_document_that_is_kept_back_or_lost_is_not_written_out(app: Flask, liga: Browser, tmp_path: Path):
    with app.extensions["ekabinets"].database.write() as session:
        quarantine.hold(session, applied(app)[0].file_hash)
    words = ("document", "1", str(tmp_path / "out.pdf"), "--by", "Ilze", "--purpose", "x")
    assert "HeldBack" in staff(app, *words).output
    change(app, sa.delete(quarantine.Quarantined))
    change(app, sa.update(Attorney).values(file_hash="0" * 64))
    outcome = staff(app, *words)
    assert outcome.exit_code == 1 and "FileMissing" in outcome.output and not (tmp_path / "out.pdf").exists()


def test_who_is_accepted_acts_by_a_strong_login_and_only_there(app: Flask, liga: Browser, cast: Cast, house_file: None):
    assert accept(app).output == "accepted\n"
    where = f"/properties/{cast.flat}"
    assert liga.client.get(f"{where}/house").status_code == 303, "a password does not do"
    by_bank(app)
    assert [liga.client.get(path).status_code for path in (f"{where}/house", f"{where}/invoices", f"/properties/{cast.second}")] == [200, 404, 404]
    assert "You act for: Anna Ozoliņa" in liga.get(where).text and "Accepted" in main(liga.get(POWERS))
    assert "Anna Ozoliņa" in main(liga.get("/users")), "whom she helps"
    row = mandate(app)
    assert (row.granted_by, row.strong, row.rights, row.ends_on.isoformat(), row.version) == (None, True, "house_file", "2027-05-31", 1)


def test_the_trail_has_the_whole_list(app: Flask, liga: Browser):
    accept(app, second="Jānis")
    row = noted(app, "mandate.granted")
    assert row.principal_customer_id == 1 and row.mandate_version == 1 and row.object_id == mandate(app).id and row.actor_user_id is None
    assert row.detail == {
        "version": 1, "rights": "house_file", "ends_on": "2027-05-31", "address": "liga@example.com", "attorney": 1, "premises": [1], "identity": "passport, at the desk",
        "document": "notary A. Liepa, act 123", "scope": "all matters of housing", "revocation": "2026-11-30", "by": "Ilze", "second": "Jānis",
    }  # fmt: skip


def test_all_premises_are_those_of_today(app: Flask, liga: Browser):
    change(app, sa.update(Tenure).where(Tenure.premises_id == 1, Tenure.ends_on.is_(None)).values(ends_on=TODAY - timedelta(days=1)))
    assert accept(app, premises="all", right="submit").output == "accepted\n"
    assert [row.premises_id for row in fetch(app, sa.select(MandatePremises.premises_id).where(MandatePremises.mandate_id == mandate(app).id))] == [3]
    assert mandate(app).rights == "submit meters", "who submits readings sees them"


def test_both_sides_are_told(app: Flask, liga: Browser, mailbox: Mailbox, deliver: Callable):
    accept(app)
    assert sorted(deliver()) == ["anna@example.com", "liga@example.com"]
    assert "Līga Ozoliņa" in text(mailbox.to("anna@example.com")[0]) and "31.05.2027." in text(mailbox.to("anna@example.com")[0])
    assert "20417" in text(mailbox.to("liga@example.com")[0])


def test_a_principal_without_an_account_is_written_to_where_the_operator_writes(app: Flask, liga: Browser, deliver: Callable):
    change(app, sa.delete(CustomerUser))
    change(app, sa.update(Customer).where(Customer.code == "20417").values(email="old@example.lv", language="ru"))
    accept(app)
    assert sorted(deliver()) == ["liga@example.com", "old@example.lv"]


def test_the_principal_sees_it_and_ends_it(app: Flask, liga: Browser, anna: Browser, cast: Cast):
    accept(app, right="meters")
    by_bank(app)
    page, where = anna.get("/users"), f"/users/{mandate(app).public_id}"
    assert "Līga Ozoliņa" in main(page) and where not in page.links, "what staff have registered is not hers to change"
    anna.submit(anna.get(f"{where}/revoke"), f"{where}/revoke")
    assert mandate(app).ending == "revoked" and liga.client.get(f"/properties/{cast.flat}").status_code == 404


@pytest.mark.parametrize("name", ["customer", "premises", "right", "identity", "document", "scope", "until", "revocation", "by"])
def test_nothing_of_the_list_can_be_left_out(app: Flask, liga: Browser, name: str):
    outcome = accept(app, **{name: None})
    assert outcome.exit_code == 2 and f"Missing option '--{name}'" in outcome.output and applied(app)[0].decided_at is None


@pytest.mark.parametrize(("changed", "words"), [
    ({"until": "2026-11-29"}, "expected --until a day to come"), ({"revocation": "2026-12-01"}, "expected --until a day to come"), ({"until": "soon"}, "Invalid value"),
    ({"customer": "77777"}, "premises that are this customer's today"), ({"premises": "P35"}, "premises that are this customer's today"), ({"customer": "10001"}, "premises that are"),
    ({"identity": " "}, "expected 1 to 500 characters"), ({"scope": "x" * 501}, "expected 1 to 500"), ({"right": "users"}, "Invalid value"), ({"second": "ILZE"}, "another name than --by"),
])  # fmt: skip
def test_what_cannot_be_is_one_sentence_and_changes_nothing(app: Flask, liga: Browser, changed: dict, words: str):
    outcome = accept(app, **changed)
    assert outcome.exit_code != 0 and words in outcome.output and applied(app)[0].decided_at is None
    assert fetch(app, sa.select(Mandate.id).where(Mandate.granted_by.is_(None))) == []


def test_where_the_site_says_so_two_have_to_check(app: Flask, liga: Browser):
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"second_pair": True}))
    assert "at this site two check" in accept(app).output and applied(app)[0].decided_at is None
    assert accept(app, second="Jānis").exit_code == 0


def test_nobody_acts_for_herself_nor_with_a_closed_account(app: Flask, liga: Browser, anna: Browser):
    apply(anna)
    assert "the applicant is this customer" in accept(app, 2).output
    change(app, sa.text("UPDATE user_account SET disabled_at = asked_at FROM power_of_attorney WHERE username = 'liga'"))
    assert "the applicant's account is closed" in accept(app, 1).output and not any(row.decided_at for row in applied(app))


def test_who_is_refused_reads_why_on_the_page_and_in_a_letter(app: Flask, liga: Browser, mailbox: Mailbox, deliver: Callable):
    assert staff(app, "refuse", "1", "--reason", "Pilnvara ir beigusies.", "--by", "Ilze").output == "refused\n"
    assert deliver() == ["liga@example.com"] and "Pilnvara ir beigusies." in text(mailbox.letters[0])
    page = main(liga.get(POWERS))
    assert "Refused" in page and "Pilnvara ir beigusies." in page and noted(app, "attorney.refused").detail == {"attorney": 1, "category": "documents", "by": "Ilze", "reason": "Pilnvara ir beigusies."}


def test_what_was_decided_is_decided(app: Flask, liga: Browser):
    accept(app)
    for outcome in (accept(app), staff(app, "refuse", "1", "--reason", "x", "--by", "x"), accept(app, 77), staff(app, "show", "77", *WHY)):
        assert outcome.exit_code == 1 and "the number" in outcome.output
    assert staff(app, "list", *WHY).output == "" and len(CHECKED) == 9


@pytest.mark.parametrize("ended", [{"ended_at": utc_now() - KEPT - timedelta(days=1)}, {"ends_on": TODAY - KEPT - timedelta(days=1)}])
def test_the_document_is_kept_until_long_after_the_mandate(app: Flask, liga: Browser, ended: dict):
    accept(app)
    apply(liga)
    change(app, sa.update(Attorney).where(Attorney.id == 1).values(decided_at=utc_now() - 2 * KEPT))
    for gone in (False, True):
        purge(app)
        assert [row.id for row in applied(app)] == ([2] if gone else [1, 2])
        change(app, sa.update(Mandate).where(Mandate.granted_by.is_(None)).values(**ended))


def test_a_refused_one_is_kept_as_long(app: Flask, liga: Browser):
    for ago, left in ((KEPT - timedelta(days=1), 1), (KEPT + timedelta(days=1), 0)):
        change(app, sa.update(Attorney).values(decided_at=utc_now() - ago, reason="no"))
        purge(app)
        assert len(applied(app)) == left


def test_what_waits_goes_with_the_account_and_what_was_decided_stays(app: Flask, liga: Browser):
    accept(app)
    apply(liga)
    liga.submit(liga.get("/profile/close-account"), "/profile/close-account", old=PASSWORD)
    purge(app)
    assert [(row.id, row.mandate_id) for row in applied(app)] == [(1, mandate(app).id)] and mandate(app).ending == "closed"
