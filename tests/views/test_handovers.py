"""Hand-over of premises: begun, confirmed, refused, withdrawn, and carried out by the billing system (B08)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col

from models.audit import Actor, AuditRow
from models.customers import Customer, CustomerUser
from models.handovers import Handover, answer, waiting
from models.meters import Meter, Register
from models.outbox import Mail
from models.people import User
from models.readings import Reading
from models.types import Source, utc_now
from tests import letters
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast
from tests.mailserver import Mailbox, text
from tests.moving import hand_over, moves_in, moves_out, typed
from tests.standing import change, fetch, main
from tests.views.reading_form import focused

deliver, mailbox = letters.deliver, letters.mailbox
LIST, ANSWER, LAST = "/properties", "/handover", TODAY - timedelta(days=1)


@pytest.fixture
def liga(app: Flask) -> Browser:
    """Who comes: she has an account and nothing else."""
    browser = Browser(app)
    browser.log_in("liga")
    return browser


def reply(browser: Browser, act: str, **more: str) -> Page:
    return browser.submit(browser.get(LIST), ANSWER, act=act, **more)


def states(app: Flask) -> list[str]:
    return [row.state for row in fetch(app, sa.select(Handover.state).order_by(Handover.id))]


def of_cold(app: Flask, cast: Cast) -> list[tuple[date, int, str]]:
    """The readings that people sent of a meter: day, value, by whom."""
    query = sa.select(Reading.read_on, Reading.value, User.username).join(Register, col(Register.id) == Reading.register_id).join(Meter)
    query = query.join(User, col(User.id) == Reading.actor_user_id).where(Meter.public_id == cast.cold).order_by(Reading.id)
    return [tuple(row) for row in fetch(app, query)]


def to_whom(app: Flask) -> list[tuple[str, str]]:
    rows = fetch(app, sa.select(Mail.address, Mail.detail, Mail.user_id, User.email).outerjoin(User).where(Mail.kind == "handover").order_by(Mail.id))
    known = {row.email for row in fetch(app, sa.select(User.email))}
    assert all(row.email == (row.address if row.address in known else None) for row in rows), "who has an account gets it in her language"
    return [(row.address, row.detail["state"]) for row in rows]


def test_both_confirm_the_same_readings_each_in_her_own_name(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    page = hand_over(anna, cast)
    assert anna.status == 200 and "If the address or the code is right" in page.text and len(focused(page)) == 1
    for browser in (anna, liga):
        said = main(browser.get(LIST))
        assert "First day of the new owner 30 Nov 2026" in said and "Cold water, kitchen 195.500 No. 12345678" in said
        assert "Electricity, hall, T2 2,260.000 No. 777" in said and "Brīvības iela 12–34" in said
    page = reply(liga, "confirmed")
    assert liga.status == 200 and "We have noted it." in page.text and states(app) == ["confirmed"]
    assert of_cold(app, cast) == [(LAST, 195_500, "anna"), (TODAY, 195_500, "liga")]
    acts = fetch(app, sa.select(AuditRow).where(AuditRow.action.like("handover%") | AuditRow.action.like("reading%")).order_by(AuditRow.id))
    assert [(row.action, row.actor_user_id) for row in acts] == [("reading.submitted", 1), ("handover.asked", 1), ("handover.confirmed", 4)]
    assert {row.principal_customer_id for row in acts} == {1} and "Hand-over of a property confirmed" in main(anna.get("/activity"))
    assert {row.premises_id for row in acts} == {1} and len(acts[-1].detail["readings"]) == 4
    assert [(row.object_type, row.object_id) for row in acts[1:]] == [("handover", fetch(app, sa.select(Handover.id))[0].id)] * 2


def test_final_readings_are_weighed_as_all_others(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    page = hand_over(anna, cast, cold="250")
    assert anna.status == 409 and "much higher than usual" in page.text and states(app) == []
    address = f"/properties/{cast.flat}/handover"
    sealed = page.form(address).choices[f"reply-{cast.cold}-1"][0]
    anna.fill(page, address, {f"reply-{cast.cold}-1": sealed})
    assert anna.status == 200 and states(app) == ["asked"]
    assert [row.flag for row in fetch(app, sa.select(Reading.flag).where(Reading.read_on == LAST).order_by(Reading.value)) if row.flag] == ["high"]


@pytest.mark.parametrize(("more", "said"), [
    ({"day": ""}, "Choose today or one of the last 60 days"), ({"day": "2026-12-01"}, "Choose today or one of the last 60 days"),
    ({"day": "2026-09-30"}, "Choose today or one of the last 60 days"), ({"to": ""}, "Enter the e-mail address or the customer code"),
    ({"to": "liga@"}, "Enter the e-mail address or the customer code"), ({"cold": "x"}, "Enter the reading in digits"), ({"cold": ""}, "Enter the reading in digits"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_everything_typed_stays(anna: Browser, app: Flask, cast: Cast, more: dict[str, str], said: str):
    page = hand_over(anna, cast, **more)
    wanted, shown = typed(cast, **more), {at["name"]: at.get("value", "") for at in page.inputs if at.get("name") in typed(cast, **more)}
    assert anna.status == 422 and said in page.text and page.title.startswith("Error: ") and states(app) == []
    assert all(shown[name] == value for name, value in wanted.items() if name in shown) and {"day", "to"} <= {*shown}


def test_every_meter_is_read_whatever_fields_are_sent(anna: Browser, app: Flask, cast: Cast):
    address = f"/properties/{cast.flat}/handover"
    fields = {name: value for name, value in typed(cast).items() if not name.startswith(f"r-{cast.hot}")}
    page = anna.post(address, {"csrf_token": anna.get(address).form(address).fields["csrf_token"], **fields})
    assert anna.status == 422 and states(app) == [] and "Received: 195.500" in page.text
    anna.fill(page, address, {f"r-{cast.hot}-1": "528"})
    assert anna.status == 200 and states(app) == ["asked"]


def test_a_regular_reading_of_the_month_stays_beside_the_final_one(anna: Browser, app: Flask, cast: Cast):
    anna.fill(anna.get(f"/meters/{cast.cold}/reading"), f"/meters/{cast.cold}/reading", {f"r-{cast.cold}-1": "195"})
    hand_over(anna, cast)
    assert anna.status == 200 and of_cold(app, cast) == [(TODAY, 195_000, "anna"), (LAST, 195_500, "anna")]
    anna.fill(anna.get(f"/meters/{cast.cold}/reading"), f"/meters/{cast.cold}/reading", {f"r-{cast.cold}-1": "195,6"})
    left = fetch(app, sa.select(Reading.value).where(Reading.superseded_at.is_(None), Reading.value.in_([195_000, 195_500, 195_600])))
    assert sorted(row.value for row in left) == [195_500, 195_600], "a correction takes the place of the month's own"


def test_the_new_owner_refuses_with_a_reason_and_only_with_one(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    page = reply(liga, "refused", reason="  ")
    assert liga.status == 422 and "Error: Write what is wrong, so that it can be put right" in page.text and states(app) == ["asked"]
    reply(liga, "refused", reason="Karstajam ir 527")
    assert states(app) == ["refused"] and "The new owner has refused: Karstajam ir 527" in anna.get(LIST).text
    assert of_cold(app, cast) == [(LAST, 195_500, "anna")]
    hand_over(anna, cast, **{f"r-{cast.hot}-1": "527"})
    left = fetch(app, sa.select(Reading.value).where(Reading.read_on == LAST, Reading.superseded_at.is_(None), Reading.value.between(500_000, 600_000)))
    assert states(app) == ["refused", "asked"] and [row.value for row in left] == [527_000], "what was wrong is corrected, also downwards"


def test_she_withdraws_what_she_has_begun_and_then_nobody_confirms_it(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    before = liga.get(LIST)
    reply(anna, "withdrawn")
    liga.submit(before, ANSWER, act="confirmed")
    assert states(app) == ["withdrawn"] and "This was withdrawn." in liga.get(LIST).text
    assert [action for action, _ in map(tuple, fetch(app, sa.select(AuditRow.action, AuditRow.id).where(AuditRow.action.like("handover%")).order_by(AuditRow.id)))] == ["handover.asked", "handover.withdrawn"]


def test_one_at_a_time_however_often_the_form_is_sent(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}/handover")
    for _ in range(2):
        hand_over(anna, cast, page)
    assert "A hand-over of this property waits for an answer already." in anna.response.get_data(as_text=True)
    assert states(app) == ["asked"] and len(of_cold(app, cast)) == 1
    form = liga.get(LIST)
    for _ in range(2):
        liga.submit(form, ANSWER, act="confirmed")
    assert states(app) == ["confirmed"] and len(of_cold(app, cast)) == 2


def test_nobody_answers_but_who_was_asked_and_she_confirms_nothing_of_her_own(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    (row,) = fetch(app, sa.select(Handover.public_id))
    assert ANSWER in [form.action for form in anna.get(LIST).forms] and "Confirm the readings" not in anna.get(LIST).text
    for who in ("anna", "viktors", "peteris"):
        browser = Browser(app)
        browser.log_in(who)
        fields = {"csrf_token": browser.get("/profile").forms[0].fields["csrf_token"], "handover": row.public_id}
        for act in ("confirmed", "refused", "done", *(["withdrawn"] if who != "anna" else [])):
            browser.post(ANSWER, fields | {"act": act, "reason": "x"})
            assert browser.status == 404, (who, act)
    assert states(app) == ["asked"]


@pytest.mark.parametrize(("to", "written"), [
    ("liga@example.com", ["anna@example.com", "liga@example.com"]), ("20418", ["anna@example.com", "viktors@example.com"]),
    ("204-18", ["anna@example.com", "viktors@example.com"]), ("nobody@example.lv", ["anna@example.com", "nobody@example.lv"]), ("99999", ["anna@example.com"]),
])  # fmt: skip
def test_whoever_is_named_the_page_says_the_same(anna: Browser, app: Flask, cast: Cast, to: str, written: list[str]):
    """Security rule 7."""
    page = hand_over(anna, cast, to=to)
    assert anna.status == 200
    assert "If the address or the code is right, the new owner gets a letter" in page.text and f"You have asked for confirmation: {to}" in page.text
    assert sorted(to_whom(app)) == [(address, "asked") for address in written]


def test_a_letter_tells_both_at_each_step(anna: Browser, liga: Browser, app: Flask, cast: Cast, deliver: Callable[[], list[str]], mailbox: Mailbox):
    hand_over(anna, cast)
    reply(liga, "confirmed")
    assert sorted(deliver()) == ["anna@example.com"] * 2 + ["liga@example.com"] * 2
    said = [text(message) for message in mailbox.letters]
    assert sum("Ir sākta īpašuma Brīvības iela 12–34, Ogre nodošana." in " ".join(one.split()) for one in said) == 2
    assert sum("Abas puses ir apstiprinājušas" in " ".join(one.split()) for one in said) == 2 and all("/properties" in one for one in said)


def test_when_the_billing_system_has_the_new_tenure_history_splits_on_the_agreed_day(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    liga = Browser(app)
    liga.log_in("liga")
    reply(liga, "confirmed")
    assert liga.client.get(f"/meters/{cast.cold}").status_code == 404, "agreed is not yet registered"
    moves_in(app, cast, "liga", TODAY)
    moves_out(app, "20417", LAST)
    annas, ligas = main(anna.get(f"/meters/{cast.cold}")), main(liga.get(f"/meters/{cast.cold}"))
    assert "29 Nov 2026 you" in annas and "195.500" in annas and "30 Nov 2026" not in annas
    assert "30 Nov 2026 you" in ligas and "195.500" in ligas and "29 Nov 2026" not in ligas and "192" not in ligas
    assert "The contract for this property ended on 29 Nov 2026." in anna.get(f"/properties/{cast.flat}").text


def test_only_where_the_contract_lasts_home_leads_to_it(anna: Browser, app: Flask, cast: Cast):
    address = f"/properties/{cast.flat}/handover"
    assert anna.get(f"/properties/{cast.flat}").links[address] == "Hand over this property"
    peteris = Browser(app)
    peteris.log_in("peteris")
    assert address not in peteris.get(f"/properties/{cast.flat}").links
    hand_over(peteris, cast)
    assert peteris.status == 422 and states(app) == []


def test_premises_without_meters_are_handed_over_all_the_same(anna: Browser, liga: Browser, app: Flask, cast: Cast):
    address = f"/properties/{cast.second}/handover"
    anna.submit(anna.get(address), address, to="liga@example.com")
    assert anna.status == 200 and states(app) == ["asked"]
    reply(liga, "confirmed")
    assert states(app) == ["confirmed"]


def test_who_is_named_by_a_customer_code_answers_too(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast, to="20418")
    viktors = Browser(app)
    viktors.log_in("viktors")
    reply(viktors, "confirmed")
    assert states(app) == ["confirmed"]


def test_of_the_users_of_a_customer_code_one_with_an_address_is_asked(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(User).where(User.username == "viktors").values(email=None))
    of_viktors = sa.select(sa.literal(4), CustomerUser.customer_id).where(CustomerUser.user_id == 2)
    change(app, sa.insert(CustomerUser).from_select(["user_id", "customer_id"], of_viktors))
    hand_over(anna, cast, to="20418")
    liga = Browser(app)
    liga.log_in("liga")
    assert "You are named as the new owner." in liga.get(LIST).text


def test_an_address_that_is_confirmed_later_finds_what_was_asked_before(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast, to="new@example.lv")
    change(app, sa.update(User).where(User.username == "liga").values(email="new@example.lv"))
    liga = Browser(app)
    liga.log_in("liga")
    assert "You are named as the new owner." in liga.get(LIST).text
    change(app, sa.update(User).where(User.username == "liga").values(email=None))
    assert "You are named as the new owner." not in liga.get(LIST).text


def test_a_customer_without_an_account_waits_for_staff(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.delete(CustomerUser).where(CustomerUser.customer_id == sa.select(Customer.id).where(Customer.code == "20418").scalar_subquery()))
    hand_over(anna, cast, to="20418")
    assert fetch(app, sa.select(Handover.to_email))[0].to_email is None and to_whom(app) == [("anna@example.com", "asked")]


def test_staff_see_what_waits_since_a_day_and_nothing_that_was_refused(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    for state, since, listed in (("asked", TODAY, 1), ("asked", TODAY + timedelta(days=1), 0), ("confirmed", TODAY, 1), ("refused", TODAY, 0), ("withdrawn", TODAY, 0)):
        change(app, sa.update(Handover).values(state=state))
        with app.extensions["ekabinets"].database.write() as session:
            assert len(waiting(session.connection(), since, 9)) == listed, (state, since)


def test_who_may_not_sign_in_is_not_asked_by_her_code(anna: Browser, app: Flask, cast: Cast):
    change(app, sa.update(User).where(User.username == "viktors").values(disabled_at=utc_now()))
    hand_over(anna, cast, to="20418")
    assert fetch(app, sa.select(Handover.to_email)) == [(None,)] and to_whom(app) == [("anna@example.com", "asked")]


def test_nobody_answers_what_nobody_has_asked(app: Flask):
    with app.extensions["ekabinets"].database.write() as session:
        assert answer(session, Actor(None, "command"), 77, "confirmed") is False


def test_what_staff_confirm_on_her_word_is_not_her_own_reading(anna: Browser, app: Flask, cast: Cast):
    hand_over(anna, cast)
    number = fetch(app, sa.select(Handover.id))[0].id
    with app.extensions["ekabinets"].database.write() as session:
        assert answer(session, Actor(None, "command"), number, "confirmed", source=Source.STAFF)
    assert {(row.source, row.actor_user_id) for row in fetch(app, sa.select(Reading).where(Reading.read_on == TODAY))} == {("staff", None)}
