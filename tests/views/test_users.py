"""Users and rights (F01–F05, F08; LG-17, LG-18, OG-03): lent by a form, accepted by a letter, ended at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import Customer, CustomerUser
from models.documents import Document
from models.mandates import Mandate, MandatePremises
from models.outbox import Mail
from models.people import User
from models.premises import House, Premises
from models.readings import Reading
from models.sessions import WebSession
from models.tenures import Tenure
from models.types import Source, utc_now
from tests import lend as lending
from tests import letters
from tests.browser import Browser
from tests.cast import PASSWORD, TODAY, Cast
from tests.lend import INVITE, LIGA, fill, invite, made, mandate
from tests.mailserver import Mailbox, text
from tests.standing import change, fetch, main

accepted, deliver, mailbox = lending.accepted, letters.deliver, letters.mailbox


def by_bank(app: Flask) -> None:
    """Whoever is signed in now is so by a bank."""
    change(app, sa.update(WebSession).values(method="bank"))


def actions(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("mandate.%")).order_by(AuditRow.id))]


def test_a_daughter_is_let_in_by_a_letter_and_reads_meters_in_her_mothers_name(anna: Browser, app: Flask, cast: Cast, accepted: Callable):
    liga = accepted(anna)
    home = liga.get(f"/properties/{cast.flat}")
    assert "You act for: Anna Ozoliņa · Brīvības iela 12–34, Ogre" in home.text and "Newest invoice" not in home.text
    field = next(at["name"] for at in liga.get(f"/meters/{cast.cold}/reading").inputs if at["name"].startswith("r-"))
    page = liga.get(f"/meters/{cast.cold}/reading")
    liga.fill(page, f"/meters/{cast.cold}/reading", {field: "195.5"})
    [stored] = fetch(app, sa.select(Reading.source, Reading.actor_user_id, Reading.principal_customer_id).where(Reading.source == Source.DELEGATE))
    [act] = fetch(app, sa.select(AuditRow.actor_user_id, AuditRow.principal_customer_id, AuditRow.mandate_version).where(AuditRow.action == "reading.submitted"))
    assert (act.actor_user_id, act.principal_customer_id) == (stored.actor_user_id, stored.principal_customer_id) and act.mandate_version == 1
    assert "authorised person" in anna.get(f"/meters/{cast.cold}").text
    assert actions(app) == ["mandate.granted", "mandate.accepted"]


def test_the_check_page_says_what_will_be_possible_and_what_not(anna: Browser, cast: Cast):
    form = anna.get(INVITE).form(INVITE).fields
    page = anna.post(INVITE, {"csrf_token": form["csrf_token"], "once": form["once"], **fill(cast), "act": "check"})
    allowed, _, refused = main(page).partition("This person will not be able to")
    assert "Submit and correct meter readings" in allowed and "until 30 Nov 2027" in allowed and "Brīvības iela 12–34, Ogre" in allowed
    assert "See invoices and payments" in refused and "see the house file" in refused and "invite others" in refused


def test_the_buttons_of_the_presets_tick_the_boxes_and_keep_what_was_typed(anna: Browser, cast: Cast):
    form = anna.get(INVITE).form(INVITE).fields
    page = anna.post(INVITE, {"csrf_token": form["csrf_token"], "once": form["once"], **fill(cast, name="Meita"), "preset": "bills"})
    ticked = [at["value"] for at in page.inputs if at.get("name") == "right" and "checked" in at]
    assert ticked == ["submit", "meters", "notices", "invoices", "messages"] and page.form(INVITE).fields["name"] == "Meita"


@pytest.mark.parametrize("changed, sentence", [
    ({"email": ""}, "Enter the e-mail address of the person whom you invite"), ({"email": "līga"}, "Enter an e-mail address such as anna@example.com"),
    ({"email": "Anna@Example.com"}, "This is your own e-mail address"), ({"name": " "}, "Enter a name of at most 100 characters"),
    ({"name": "=?utf-8?q?a=0D=0ABcc=3Ax?="}, "Enter a name of at most 100 characters"), ({"at": []}, "Choose at least one address"),
    ({"right": []}, "Choose at least one right"), ({"right": ["house_file", "users"]}, "Choose at least one right"),
    ({"term": ""}, "Choose until when"), ({"term": "none"}, "Choose until when"), ({"term": "date", "until": "2026-13-01"}, "Enter a date such as 31.12.2027"),
    ({"term": "date", "until": "2026-11-29"}, "This day is over. Choose a later one."), ({"term": "date", "until": "2040-01-01"}, "Choose a day within three years"),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(anna: Browser, app: Flask, cast: Cast, changed: dict, sentence: str):
    page = invite(anna, cast, **changed)
    assert anna.status == 422 and sentence in main(page) and made(app) == []
    kept = page.form(INVITE).fields
    assert kept["name"].strip() == fill(cast, **changed)["name"].strip() and kept["email"] == fill(cast, **changed)["email"]


def test_a_foreign_address_among_ones_own_refuses_the_whole(anna: Browser, app: Flask, cast: Cast):
    invite(anna, cast, at=[cast.flat, cast.neighbour])
    assert anna.status == 404 and made(app) == []


def test_the_own_password_is_asked_and_more_than_readings_needs_a_strong_session(anna: Browser, app: Flask, cast: Cast):
    assert "This is not your current password" in main(invite(anna, cast, old="wrong")) and anna.status == 422
    form = anna.get(INVITE).form(INVITE).fields
    sent = {"csrf_token": form["csrf_token"], "once": form["once"], **fill(cast, right=["invoices"]), "act": "send", "old": PASSWORD}
    page = anna.post(INVITE, sent)
    assert anna.status == 403 and "/verify" in "".join(page.links) and made(app) == []
    assert page.form(INVITE).fields["email"] == LIGA, "what was typed is kept until she has proved herself"
    by_bank(app)
    anna.post(INVITE, {name: value for name, value in sent.items() if name != "old"})
    assert mandate(app).rights == "invoices"


def test_a_form_sent_twice_is_one_mandate_and_one_letter(anna: Browser, app: Flask, cast: Cast, deliver: Callable):
    form = anna.get(INVITE).form(INVITE).fields
    sent = {"csrf_token": form["csrf_token"], "once": form["once"], **fill(cast), "act": "send", "old": PASSWORD}
    for _ in range(2):
        page = anna.post(INVITE, sent)
        assert "The invitation is on its way" in page.text
    assert len(made(app)) == 1 and deliver() == [LIGA]


def test_an_address_that_has_something_already_leads_to_what_it_has(anna: Browser, app: Flask, cast: Cast):
    invite(anna, cast)
    page = invite(anna, cast, at=[cast.second])
    assert anna.status == 409 and "You have already given access to this e-mail address." in main(page)
    assert f"/users/{mandate(app).public_id}" in page.links


def test_too_many_invitations_wait(anna: Browser, app: Flask, cast: Cast):
    statuses = []
    for number in range(12):
        invite(anna, cast, email=f"u{number}@example.com")
        statuses.append(anna.status)
    assert statuses[:9] == [200] * 9 and statuses[-1] == 429


def test_what_is_over_is_lent_again_by_its_check_page(app: Flask, cast: Cast, anna: Browser):
    where = f"/users/{lending.lend(app, cast, 'submit meters', ends_on=TODAY - timedelta(days=1))}"
    assert f"{where}?extend=1" in anna.get("/users").links and anna.client.get(f"{where}/revoke").status_code == 404
    anna.submit(anna.get(f"{where}?extend=1"), where, act="send", old=PASSWORD)
    liga = Browser(app)
    liga.log_in("liga")
    assert mandate(app).version == 2 and liga.client.get(f"/properties/{cast.flat}").status_code == 200


def test_what_was_changed_holds_at_once_in_the_open_tab_and_is_told(anna: Browser, app: Flask, cast: Cast, accepted: Callable, deliver: Callable, mailbox: Mailbox):
    liga = accepted(anna)
    deliver()
    where = f"/users/{mandate(app).public_id}"
    assert liga.client.get(f"/properties/{cast.second}").status_code == 404
    fields = {**anna.get(where).form(where).fields, **fill(cast, at=[cast.second], right=["meters"]), "act": "send", "old": PASSWORD}
    page = anna.post(where, fields)
    assert "Saved." in page.text and mandate(app).version == 2 and mandate(app).rights == "meters"
    assert [liga.client.get(f"/properties/{pid}").status_code for pid in (cast.second, cast.flat)] == [200, 404]
    assert deliver() == [LIGA] and "mainī" in mailbox.to(LIGA)[-1]["Subject"]
    anna.post(where, {**fields, "name": "Meita"})
    assert mandate(app).version == 2 and mandate(app).name == "Meita", "a name is no other version"


def test_of_two_tabs_the_second_is_told_what_the_first_has_changed(anna: Browser, app: Flask, cast: Cast, accepted: Callable):
    accepted(anna)
    where = f"/users/{mandate(app).public_id}"
    both = [{**anna.get(where).form(where).fields, **fill(cast, right=[right]), "act": "send", "old": PASSWORD} for right in ("meters", "submit")]
    for again in both[0], both[0]:
        anna.post(where, again)
        assert anna.status == 200 and mandate(app).rights == "meters" and mandate(app).version == 2, "sent twice it is one change"
    page = anna.post(where, both[1])
    assert anna.status == 409 and mandate(app).rights == "meters" and "were changed meanwhile" in page.text
    assert "Now this person may: See meters and the history of readings" in main(page)
    anna.post(where, {**page.form(where).fields, **fill(cast, right=["submit"]), "act": "send", "old": PASSWORD})
    assert anna.status == 200 and mandate(app).rights.split()[0] == "submit" and mandate(app).version == 3


def test_everywhere_she_reads_for_whom_she_acts(app: Flask, cast: Cast):
    lending.lend(app, cast, public_id="a" * 16)
    liga, viktors = Browser(app), Browser(app)
    liga.log_in("liga")
    for path in ("/notices", "/users", "/profile", "/activity", "/help"):
        assert "You act for: Anna Ozoliņa · Brīvības iela 12–34, Ogre" in liga.get(path).text, path
    lending.lend(app, cast, owner="viktors", at=cast.neighbour, public_id="v" * 16)
    assert "You act for: Anna Ozoliņa, Viktors Petrovs" in liga.get("/notices").text
    assert "You act for: Viktors Petrovs · " in liga.get(f"/properties/{cast.neighbour}").text
    change(app, sa.update(Mandate).where(Mandate.delegate_id.is_not(None)).values(ended_at=utc_now()))
    viktors.log_in("viktors")
    assert "You act for" not in liga.get("/notices").text and "You act for" not in viktors.get("/notices").text


def test_of_many_for_whom_she_acts_three_have_their_names(app: Flask, cast: Cast):
    lending.lend(app, cast)
    with app.extensions["ekabinets"].database.write() as session:
        row = session.scalars(sa.select(Mandate).order_by(Mandate.id.desc())).first()
        for number in range(4):
            owner = Customer(external_id=f"O{number}", code=f"9990{number}", name=f"Owner {number}")
            house = House(external_id=f"O{number}", address=f"Kalna iela {number + 3}", town="Ogre")
            session.add_all([owner, house])
            session.flush()
            flat = Premises(external_id=f"O{number}", house_id=house.id, flat="1", address=f"Kalna iela {number + 3}–1, Ogre")
            session.add(flat)
            session.flush()
            session.add(Tenure(external_id=f"O{number}", customer_id=owner.id, premises_id=flat.id, starts_on=TODAY))
            session.add(CustomerUser(user_id=1, customer_id=owner.id))
            session.add(MandatePremises(mandate_id=row.id, premises_id=flat.id, customer_id=owner.id))
    liga = Browser(app)
    liga.log_in("liga")
    assert "You act for: Anna Ozoliņa, Owner 0, Owner 1 and 2 more" in liga.get("/notices").text


def test_one_tap_opens_the_check_page_for_another_year(anna: Browser, app: Flask, cast: Cast, accepted: Callable):
    accepted(anna, term="date", until="2026-12-05")
    where = f"/users/{mandate(app).public_id}"
    page = anna.get(f"{where}?extend=1")
    assert "Check and confirm" in page.text and "until 30 Nov 2027" in page.text
    anna.submit(page, where, act="send", old=PASSWORD)
    assert mandate(app).ends_on.isoformat() == "2027-11-30" and mandate(app).rights == "submit meters notices"


@pytest.mark.parametrize("columns", [{"suspended_at": utc_now()}, {"ended_at": utc_now()}, {"ends_on": TODAY - timedelta(days=1)}, {"accepted_at": None}])
def test_what_is_suspended_ended_expired_or_not_accepted_opens_nothing(app: Flask, cast: Cast, columns: dict):
    lending.lend(app, cast)
    liga = Browser(app)
    liga.log_in("liga")
    paths = (f"/properties/{cast.flat}", f"/meters/{cast.cold}", f"/notices/{cast.notice}")
    assert [liga.client.get(path).status_code for path in paths[:2]] == [200, 200]
    change(app, sa.update(Mandate).where(Mandate.delegate_id.is_not(None)).values(**columns))
    assert [liga.client.get(path).status_code for path in paths] == [404] * 3


def test_the_day_after_the_tenure_everything_that_hangs_on_it_is_over(app: Flask, cast: Cast, anna: Browser):
    lending.lend(app, cast)
    liga = Browser(app)
    liga.log_in("liga")
    for ends, status in ((TODAY, 200), (TODAY - timedelta(days=1), 404)):
        change(app, sa.update(Tenure).where(Tenure.ends_on.is_(None) | (Tenure.ends_on == TODAY)).values(ends_on=ends))
        assert liga.client.get(f"/properties/{cast.flat}").status_code == status
    assert "Ended (2)" in anna.get("/users").text


def test_suspended_and_resumed_by_the_owner_given_up_by_the_helper(anna: Browser, app: Flask, cast: Cast, accepted: Callable, deliver: Callable, mailbox: Mailbox):
    liga = accepted(anna)
    deliver()
    where, state = f"/users/{mandate(app).public_id}/revoke", f"/users/{mandate(app).public_id}/state"
    for act, status in (("suspend", 404), ("resume", 200)):
        anna.submit(anna.get("/users"), state, act=act)
        assert liga.client.get(f"/properties/{cast.flat}").status_code == status
    assert liga.client.post(state, data={**liga.get(where).form(where).fields, "act": "suspend"}).status_code == 404
    liga.submit(liga.get(where), where)
    assert liga.client.get(f"/properties/{cast.flat}").status_code == 404 and "Given up by the user" in anna.get("/users").text
    assert deliver() == [LIGA, LIGA, "anna@example.com"] and "Līga" in text(mailbox.to("anna@example.com")[-1])
    assert actions(app)[2:] == ["mandate.suspended", "mandate.resumed", "mandate.resigned"]


def test_revoked_stops_at_once_and_twice_is_once(anna: Browser, app: Flask, cast: Cast, accepted: Callable):
    liga = accepted(anna)
    where = f"/users/{mandate(app).public_id}/revoke"
    fields = anna.get(where).form(where).fields
    for _ in range(2):
        assert anna.post(where, fields) and anna.status == 200
    assert liga.client.get(f"/properties/{cast.flat}").status_code == 404 and actions(app).count("mandate.revoked") == 1


def test_nobody_elses_mandate_can_be_seen_or_touched(app: Flask, cast: Cast):
    where = f"/users/{lending.lend(app, cast)}"
    viktors = Browser(app)
    viktors.log_in("viktors")
    fields = viktors.get(INVITE).form(INVITE).fields
    assert [viktors.client.get(path).status_code for path in (where, f"{where}/revoke")] == [404, 404]
    for path in ("", "/revoke", "/state", "/code"):
        assert viktors.client.post(where + path, data={**fields, "act": "suspend"}).status_code == 404
    assert mandate(app).ended_at is None and mandate(app).suspended_at is None


def test_what_is_lent_for_a_strong_login_only_is_locked_for_a_password(anna: Browser, app: Flask, cast: Cast, accepted: Callable):
    liga, paths = accepted(anna, strong="1"), (f"/properties/{cast.flat}", f"/meters/{cast.cold}", f"/meters/{cast.cold}/reading")
    assert [liga.client.get(path).headers.get("Location", "")[:8] for path in paths] == ["/verify?"] * 3 and mandate(app).strong
    assert cast.notice not in liga.get("/notices").html
    by_bank(app)
    assert [liga.client.get(path).status_code for path in paths] == [200] * 3


def test_a_customers_own_papers_are_not_lent_with_a_place(app: Flask, cast: Cast):
    of_anna = sa.select(Customer.id).where(Customer.code == "20417").scalar_subquery()
    change(app, sa.update(Document).where(Document.public_id == cast.document).values(premises_id=None, customer_id=of_anna))
    lending.lend(app, cast, "documents")
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.client.get(f"/documents/{cast.document}/file").status_code == 404
    assert cast.document not in liga.get(f"/properties/{cast.flat}/documents").html


@pytest.mark.parametrize("columns, seen", [
    ({"starts_on": TODAY - timedelta(days=2)}, True), ({"starts_on": TODAY - timedelta(days=1)}, False), ({"rights": "submit meters"}, False),
    ({"at": "second"}, False), ({"strong": True}, False),
])  # fmt: skip
def test_a_helper_reads_the_notices_of_her_premises_since_she_helps_there(app: Flask, cast: Cast, columns: dict, seen: bool):
    lending.lend(app, cast, **columns | ({"at": cast.second} if "at" in columns else {}))
    liga = Browser(app)
    liga.log_in("liga")
    assert (cast.notice in liga.get("/notices").html) == seen == (liga.client.get(f"/notices/{cast.notice}").status_code == 200)


def test_a_delegate_raises_no_rights_and_lends_nothing_on(app: Flask, cast: Cast):
    where = f"/users/{lending.lend(app, cast)}"
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.client.get(where).status_code == 404 and "Invite a user" not in liga.get("/users").text
    assert "Users and rights" in liga.get(INVITE).headings, "who has nothing of her own is led back"
    fields = {**liga.get("/profile/language").form("/profile/language").fields, "once": "o" * 16}
    assert liga.client.post(where, data={**fields, **fill(cast, right=["invoices"]), "act": "send", "old": PASSWORD}).status_code == 404
    assert liga.client.post(INVITE, data={**fields, **fill(cast, email="x@example.com"), "act": "send", "old": PASSWORD}).status_code == 404


def test_a_letter_that_cannot_be_delivered_is_shown_and_the_address_corrected(anna: Browser, app: Flask, cast: Cast, deliver: Callable):
    invite(anna, cast, email="lga@example.com")
    change(app, sa.update(Mail).values(parked_at=utc_now()))
    assert "The letter could not be delivered. Correct the e-mail address." in anna.get("/users").text
    where = f"/users/{mandate(app).public_id}"
    anna.post(where, {**anna.get(where).form(where).fields, **fill(cast), "act": "send", "old": PASSWORD})
    assert "could not be delivered" not in anna.get("/users").text and deliver() == [LIGA]


def test_two_who_are_one_customer_both_see_what_was_lent_and_either_ends_it(app: Flask, cast: Cast, anna: Browser):
    where = f"/users/{lending.lend(app, cast, who='viktors')}"
    users = {row.username: row.id for row in fetch(app, sa.select(User.username, User.id))}
    customer = fetch(app, sa.select(CustomerUser.customer_id).where(CustomerUser.user_id == users["anna"]))[0][0]
    change(app, sa.insert(CustomerUser.__table__).values(user_id=users["liga"], customer_id=customer))
    liga = Browser(app)
    liga.log_in("liga")
    assert "Viktors Petrovs" in main(liga.get("/users")) and liga.client.get(where).status_code == 404, "who has lent it changes it"
    liga.submit(liga.get(f"{where}/revoke"), f"{where}/revoke")
    assert mandate(app).ending == "revoked"


@pytest.mark.parametrize("what", ["her customer", "her account"])
def test_what_the_principal_may_not_see_any_more_nobody_sees_by_her(app: Flask, cast: Cast, what: str):
    lending.lend(app, cast, "invoices meters notices")
    liga = Browser(app)
    liga.log_in("liga")
    assert liga.client.get(f"/properties/{cast.flat}").status_code == 200
    change(app, sa.delete(CustomerUser).where(CustomerUser.user_id == 1) if what == "her customer" else sa.update(User).where(User.id == 1).values(disabled_at=utc_now()))
    assert {liga.client.get(path).status_code for path in (f"/properties/{cast.flat}", f"/invoices/{cast.invoice}", f"/meters/{cast.cold}")} == {404}
    assert "Brīvības iela" not in liga.get("/properties").text and "Expired" in main(liga.get("/users"))


def test_who_shares_one_customer_learns_nothing_of_the_others(app: Flask, cast: Cast, anna: Browser):
    """Anna is two customers, Līga one of them: of what Anna has lent at both she sees her own address."""
    public_id = lending.lend(app, cast, who="viktors")
    number = mandate(app).id
    for row in fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.second)):
        change(app, sa.insert(Customer).values(id=900, external_id="C900", code="20900", name="SIA Anna", is_company=True))
        change(app, sa.insert(CustomerUser).values(user_id=1, customer_id=900))
        change(app, sa.update(Tenure).where(Tenure.premises_id == row.id).values(customer_id=900))
        change(app, sa.insert(MandatePremises).values(mandate_id=number, premises_id=row.id, customer_id=900))
    change(app, sa.insert(CustomerUser).from_select(["user_id", "customer_id"], sa.select(sa.literal(4), CustomerUser.customer_id).where(CustomerUser.user_id == 1, CustomerUser.customer_id != 900)))
    liga = Browser(app)
    liga.log_in("liga")
    address = fetch(app, sa.select(Premises.address).where(Premises.public_id == cast.second))[0].address
    assert address in anna.get("/users").text
    said = liga.get("/users").text + liga.get(f"/users/{public_id}/revoke").text
    assert "Brīvības iela 12–34" in said and address not in said


def test_more_than_readings_is_resumed_by_a_strong_login_only(app: Flask, cast: Cast, anna: Browser):
    lending.lend(app, cast, "invoices", suspended_at=utc_now())
    anna.submit(anna.get("/users"), f"/users/{mandate(app).public_id}/state", act="resume")
    assert anna.status == 403 and mandate(app).suspended_at
    by_bank(app)
    anna.submit(anna.get("/users"), f"/users/{mandate(app).public_id}/state", act="resume")
    assert anna.status == 200 and not mandate(app).suspended_at


@pytest.mark.parametrize("lane", ["1 invitation", "anna confirm"])
def test_what_strangers_type_as_a_name_pauses_nothing_of_hers(anna: Browser, app: Flask, cast: Cast, lane: str):
    stranger = Browser(app)
    for _ in range(12):
        stranger.fill(stranger.get("/login"), "/login", {"username": lane, "password": "wrong, all of it"})
    invite(anna, cast)
    assert anna.status == 200 and len(made(app)) == 1
