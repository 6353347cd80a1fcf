"""The desk for powers of attorney: staff go through a list before somebody acts by a document (F06; OG-03..05; features.md §6, 9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import quarantine
from models.attorneys import Attorney
from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.mandates import Mandate, MandatePremises
from models.people import User
from models.rules.mandates import KEPT
from models.tenures import Tenure
from models.types import Role, utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY, Cast
from tests.keeping import purge
from tests.lend import mandate
from tests.mailserver import Mailbox, text
from tests.powers import CHECKED, DESK, PDF, POWERS, accept, act, applied, apply, by_bank, noted, supervisor
from tests.staff import SECOND, app_code
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


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    return supervisor(app)


def two_check(app: Flask) -> None:
    """At this site two of the staff check."""
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, site=held.site.model_copy(update={"second_pair": True}))


def colleague(app: Flask) -> Browser:
    """Another supervisor: what was Viktors's account is Jānis's, one of the staff."""
    change(app, sa.update(User).where(User.username == "viktors").values(role=Role.SUPERVISOR, name="Jānis Liepa"))
    browser = Browser(app)
    page = browser.submit(browser.get("/login"), "/login", username="viktors", password=PASSWORD)
    browser.submit(page, SECOND, code=app_code(app, "viktors"))
    return browser


def test_the_queue_and_what_stands_behind_each(app: Flask, liga: Browser, ilze: Browser):
    assert "1 waits, since" in main(ilze.get("/staff")) and DESK in ilze.get("/staff").links
    said = main(ilze.get(DESK))
    assert "Līga Ozoliņa" in said and "Customer code 20417" in said and "Waits for our answer" in said
    said = main(ilze.get(f"{DESK}/1"))
    for words in ("I look after my mother's flat.", "pilnvara.pdf", "Anna Ozoliņa, Brīvības iela 12–34, Ogre", "Anna Ozoliņa, Mālkalnes prospekts 3–2, Ogre"):
        assert words in said


def test_an_agent_sees_and_a_supervisor_opens_and_decides(app: Flask, liga: Browser):
    agent = Browser(app)
    agent.log_in("ilze")
    page = agent.get(f"{DESK}/1")
    assert "Supervisors open it and decide." in main(page) and f"{DESK}/1" not in {form.action for form in page.forms if form.method == "post"}
    assert agent.client.get(f"{DESK}/1/document").status_code == 403
    agent.post(f"{DESK}/1", page.form("/logout").fields | {"act": "refuse", "reason": "x"})
    assert agent.status == 403 and applied(app)[0].decided_at is None
    assert "Signatures" not in main(agent.get(f"{DESK}/1?signatures=1"))


def test_a_long_queue_and_what_was_decided_are_read_in_parts(app: Flask, liga: Browser, ilze: Browser):
    same = {"user_id": 4, "about": "x", "file_hash": "0" * 64, "file_name": "a.pdf", "asked_at": utc_now(), "reason": ""}
    for number in range(2, 54):
        change(app, sa.insert(Attorney).values(same | {"public_id": f"p{number}", "code": f"C{number}."}))
    assert "More of them wait" in main(ilze.get(DESK)) and "C51." not in main(ilze.get(DESK)) and "C50." in main(ilze.get(DESK))
    change(app, sa.update(Attorney).values(decided_at=utc_now(), reason="no"))
    page = ilze.get(f"{DESK}?view=all")
    assert "C53." in main(page) and "C3." not in main(page)
    older = next(link for link in page.links if "before=" in link)
    assert "C3." in main(ilze.get(older)) and "C4." not in main(ilze.get(older))
    for wrong in ("x", "-1", "9" * 30):
        assert ilze.client.get(f"{DESK}?view=all&before={wrong}").status_code == 200


def test_who_applied_and_the_customer_whom_it_names_read_that_staff_have_looked(app: Flask, liga: Browser, anna: Browser, ilze: Browser):
    ilze.get(DESK)
    assert "Data viewed" not in anna.get("/activity?show=data").text, "a code that was typed is nobody's data yet"
    ilze.get(f"{DESK}/1")
    for person in (liga, anna):
        said = main(person.get("/activity?show=data"))
        assert "Data viewed" in said and "Purpose: Your power of attorney" in said and "Ilze" not in said


def test_the_document_is_saved_and_the_trail_says_by_whom(app: Flask, liga: Browser, ilze: Browser):
    answer = ilze.client.get(f"{DESK}/1/document")
    assert answer.data == PDF and answer.headers["Content-Disposition"].startswith("attachment") and "sandbox" in answer.headers["Content-Security-Policy"]
    row = noted(app, "attorney.opened")
    assert (row.detail, row.actor_user_id) == ({"attorney": 1, "category": "documents", "purpose": "attorney"}, 5)
    said = main(liga.get("/activity?show=data"))
    assert "Power of attorney opened by staff" in said and "Documents" in said and "Ilze" not in said


def test_a_document_that_is_kept_back_or_lost_is_not_given_out(app: Flask, liga: Browser, ilze: Browser):
    with app.extensions["ekabinets"].database.write() as session:
        quarantine.hold(session, applied(app)[0].file_hash)
    assert ilze.client.get(f"{DESK}/1/document").status_code != 200
    change(app, sa.delete(quarantine.Quarantined))
    change(app, sa.update(Attorney).values(file_hash="0" * 64))
    assert ilze.client.get(f"{DESK}/1/document").status_code != 200
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "attorney.opened")) == [], "what is not given out was not opened"


def test_who_is_accepted_acts_by_a_strong_login_and_only_there(app: Flask, liga: Browser, cast: Cast, house_file: None):
    assert "was accepted" in main(accept(app))
    where = f"/properties/{cast.flat}"
    assert liga.client.get(f"{where}/house").status_code == 303, "a password does not do"
    by_bank(app)
    assert [liga.client.get(path).status_code for path in (f"{where}/house", f"{where}/invoices", f"/properties/{cast.second}")] == [200, 404, 404]
    assert "You act for: Anna Ozoliņa" in liga.get(where).text and "Accepted" in main(liga.get(POWERS))
    assert "Anna Ozoliņa" in main(liga.get("/users")), "whom she helps"
    row = mandate(app)
    assert (row.granted_by, row.strong, row.rights, row.ends_on.isoformat(), row.version) == (None, True, "house_file", "2027-05-31", 1)


def test_the_trail_has_the_whole_list(app: Flask, liga: Browser):
    accept(app)
    row = noted(app, "mandate.granted")
    assert row.principal_customer_id == 1 and row.mandate_version == 1 and row.object_id == mandate(app).id and row.actor_user_id == 5
    assert row.detail == {
        "version": 1, "rights": "house_file", "ends_on": "2027-05-31", "address": "liga@example.com", "attorney": 1, "premises": [1], "identity": "passport, at the desk",
        "document": "notary A. Liepa, act 123", "scope": "all matters of housing", "revocation": "2026-11-30", "by": "Ilze Kļaviņa", "by_id": 5,
    }  # fmt: skip


def test_only_premises_of_today_can_be_chosen(app: Flask, liga: Browser):
    change(app, sa.update(Tenure).where(Tenure.premises_id == 1, Tenure.ends_on.is_(None)).values(ends_on=TODAY - timedelta(days=1)))
    assert "Choose addresses of one customer" in main(accept(app)) and applied(app)[0].decided_at is None
    accept(app, premises=["P2"], right=["submit"])
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
    accept(app, right=["meters"])
    by_bank(app)
    page, where = anna.get("/users"), f"/users/{mandate(app).public_id}"
    assert "Līga Ozoliņa" in main(page) and where not in page.links, "what staff have registered is not hers to change"
    anna.submit(anna.get(f"{where}/revoke"), f"{where}/revoke")
    assert mandate(app).ending == "revoked" and liga.client.get(f"/properties/{cast.flat}").status_code == 404


@pytest.mark.parametrize("name", ["premises", "right", "identity", "document", "scope", "until", "revocation"])
def test_nothing_of_the_list_can_be_left_out(app: Flask, liga: Browser, ilze: Browser, name: str):
    page = accept(app, by=ilze, **{name: None})
    assert ilze.status == 422 and "Nothing was decided yet" in main(page) and applied(app)[0].decided_at is None
    assert main(page).count("Error:") == 1 and (name == "scope" or "all matters of housing" in page.html), "what was typed is kept"


@pytest.mark.parametrize(("changed", "words"), [
    ({"until": "2026-11-29"}, "Enter a day to come"), ({"revocation": "2026-12-01"}, "Enter a day that is not in the future"), ({"until": "soon"}, "Enter a day to come"),
    ({"customer": "77777"}, "No customer who lives somewhere today has it."), ({"premises": ["P35"]}, "Choose addresses of one customer"), ({"customer": "10001"}, "No customer who lives"),
    ({"identity": " "}, "Write it down, in at most 500"), ({"scope": "x" * 501}, "Write it down, in at most 500"), ({"right": ["users"]}, "Choose at least one right"),
    ({"document": "x\0y"}, "Write it down"), ({"premises": ["P34", "\0"]}, "Choose addresses of one customer"), ({"premises": ["P34", "P35"]}, "Choose addresses of one customer"),
])  # fmt: skip
def test_what_cannot_be_is_one_sentence_and_changes_nothing(app: Flask, liga: Browser, ilze: Browser, changed: dict, words: str):
    page = accept(app, by=ilze, **changed)
    assert ilze.status == 422 and words in main(page) and applied(app)[0].decided_at is None
    assert fetch(app, sa.select(Mandate.id).where(Mandate.granted_by.is_(None))) == []


def test_another_customer_whom_the_document_names_is_looked_up(app: Flask, liga: Browser, ilze: Browser):
    assert "Viktors Petrovs, Brīvības iela 12–35, Ogre" in main(ilze.get(f"{DESK}/1?customer=20418"))
    assert "was accepted" in main(accept(app, by=ilze, customer="20418", premises=["P35"]))
    assert ilze.client.get(f"{DESK}/1?customer=%00").status_code == 200


def test_where_the_site_says_so_two_have_to_check(app: Flask, liga: Browser, ilze: Browser, cast: Cast):
    two_check(app)
    page = accept(app, by=ilze)
    assert "A colleague has to check it, too." in main(page) and applied(app)[0].decided_at is None and noted(app, "attorney.checked").actor_user_id == 5
    seen = applied(app)[0].checked["list"]
    assert "faster" in main(act(app, "confirm", by=ilze, seen=seen)) and applied(app)[0].decided_at is None, "the second one is another person"
    janis = colleague(app)
    assert "Waits for a second check" in main(janis.get(DESK))
    page = janis.get(f"{DESK}/1")
    assert "notary A. Liepa, act 123" in main(page) and "Ilze Kļaviņa" in main(page)
    assert "was accepted" in main(act(app, "confirm", by=janis, seen=seen)) and mandate(app).rights == "house_file"
    assert {name: noted(app, "mandate.granted").detail[name] for name in ("by", "second")} == {"by": "Ilze Kļaviņa", "second": "Jānis Liepa"}


def test_nobody_confirms_a_list_that_she_has_not_seen(app: Flask, liga: Browser, ilze: Browser):
    two_check(app)
    accept(app, by=ilze)
    janis, seen = colleague(app), applied(app)[0].checked["list"]
    accept(app, by=ilze, right=["meters", "invoices"])
    assert "faster" in main(act(app, "confirm", by=janis, seen=seen)) and applied(app)[0].decided_at is None
    assert "faster" in main(act(app, "confirm", by=janis))
    change(app, sa.update(Tenure).values(ends_on=TODAY - timedelta(days=1)))
    page = act(app, "confirm", by=janis, seen=applied(app)[0].checked["list"])
    assert janis.status == 409 and "are not this customer’s today" in main(page)


def test_nobody_acts_for_herself_nor_with_a_closed_account(app: Flask, liga: Browser, anna: Browser, ilze: Browser):
    apply(anna)
    assert "The applicant is this customer already." in main(accept(app, 2, ilze)) and ilze.status == 409
    change(app, sa.text("UPDATE user_account SET disabled_at = asked_at FROM power_of_attorney WHERE username = 'liga'"))
    assert "The applicant’s account is closed." in main(accept(app, 1, ilze)) and not any(row.decided_at for row in applied(app))


def test_who_is_refused_reads_why_on_the_page_and_in_a_letter(app: Flask, liga: Browser, mailbox: Mailbox, deliver: Callable):
    assert "was refused" in main(act(app, "refuse", reason="Pilnvara ir beigusies."))
    assert deliver() == ["liga@example.com"] and "Pilnvara ir beigusies." in text(mailbox.letters[0])
    page = main(liga.get(POWERS))
    assert "Refused" in page and "Pilnvara ir beigusies." in page and noted(app, "attorney.refused").detail == {"attorney": 1, "category": "documents", "reason": "Pilnvara ir beigusies."}


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "x\0y"])
def test_nobody_is_refused_without_a_reason(app: Flask, liga: Browser, ilze: Browser, reason: str):
    assert "Write a reason of at most 500 characters" in main(act(app, "refuse", by=ilze, reason=reason)) and ilze.status == 422
    assert applied(app)[0].decided_at is None


def test_what_was_decided_is_decided(app: Flask, liga: Browser, ilze: Browser):
    accept(app, by=ilze)
    for page in (accept(app, by=ilze), act(app, "refuse", by=ilze, reason="x"), act(app, "confirm", by=ilze)):
        assert "faster" in main(page) and applied(app)[0].reason == ""
    assert "Nothing waits here." in main(ilze.get(DESK)) and len(CHECKED) == 8
    for path in (f"{DESK}/77", f"{DESK}/x", f"{DESK}/{'9' * 40}", f"{DESK}/77/document"):
        assert ilze.client.get(path).status_code == 404
    act(app, "nonsense", by=ilze)
    assert ilze.status == 404


def test_what_came_of_it_is_suspended_resumed_and_ended(app: Flask, liga: Browser, ilze: Browser, cast: Cast, deliver: Callable):
    accept(app, by=ilze, right=["meters"])
    by_bank(app)
    deliver()
    where = f"/properties/{cast.flat}"
    for name, status in (("suspend", 404), ("resume", 200), ("revoke", 404)):
        by_staff = supervisor(app)
        assert by_staff.get(f"{DESK}/1").form(f"{DESK}/1") and "told by a letter" in main(act(app, name, by=by_staff))
        assert liga.client.get(where).status_code == status, name
    assert mandate(app).ending == "revoked" and noted(app, "mandate.revoked").actor_user_id == 5 and {"anna@example.com", "liga@example.com"} <= {*deliver()}
    assert "faster" in main(act(app, "resume", by=ilze)) and "Ended" in main(ilze.get(f"{DESK}?view=all"))


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
