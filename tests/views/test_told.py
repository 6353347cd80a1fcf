"""What somebody tells staff: readings that they enter for her, calls and visits that they log (D14, H08)."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import CustomerUser
from models.outbox import Mail
from models.readings import Reading
from models.rules.threads import ThreadState
from models.tenures import Tenure
from models.threads import Message, Thread
from models.types import Role
from tests.browser import Browser, Page
from tests.cast import TODAY, Cast, month
from tests.standing import change, fetch, main
from tests.views.reading_form import send
from tests.views.test_customers import staff

ONE, CONTACTS = "/staff/customers/1", "/staff/customers/1/contacts?from=call"
Values = dict[str, str]


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent on the telephone."""
    return staff(app, Role.AGENT)


def opened(ilze: Browser, why: str = "call", more: str = "") -> tuple[Page, str]:
    """The form of Anna's meters, and where it goes."""
    page = ilze.get(f"{ONE}/readings?from={why}{more}")
    return page, next((form.action for form in page.forms if form.action.startswith(f"{ONE}/readings")), "")


def enter(ilze: Browser, values: Values, why: str = "call", **more: str) -> Page:
    page, action = opened(ilze, why)
    return ilze.fill(page, action, values | more)


def entered(app: Flask) -> list[Any]:
    """The readings of today, in their order."""
    columns = (Reading.value, Reading.source, Reading.actor_user_id, Reading.principal_customer_id, Reading.superseded_at)
    return [*fetch(app, sa.select(*columns).where(Reading.read_on == TODAY).order_by(Reading.id))]


def noted(app: Flask) -> list[Any]:
    columns = (AuditRow.actor_user_id, AuditRow.principal_customer_id, AuditRow.source, AuditRow.detail)
    return [*fetch(app, sa.select(*columns).where(AuditRow.action == "reading.submitted").order_by(AuditRow.id))]


def test_a_reading_is_hers_and_says_how_it_was_told(ilze: Browser, anna: Browser, app: Flask, cast: Cast):
    page = enter(ilze, {f"r-{cast.cold}-1": "195,5"})
    assert ilze.status == 200 and "1 reading received." in main(page) and "3.500 m³" in main(page)
    assert entered(app) == [(195_500, "call", 5, 1, None)]
    [row] = noted(app)
    assert (row.actor_user_id, row.principal_customer_id, row.source) == (5, 1, "call") and "thread" not in row.detail
    assert "entered by us, told by telephone" in main(anna.get(f"/meters/{cast.cold}")) and "Ilze" not in anna.get(f"/meters/{cast.cold}").text
    assert "Readings submitted" in main(anna.get("/activity?show=data"))
    assert "entered by us, told by telephone" in main(ilze.get(f"{ONE}?from=call"))


@pytest.mark.parametrize(("heard", "words"), [("visit", "told at the counter"), ("letter", "from a letter")])
def test_each_way_is_told_to_her(ilze: Browser, anna: Browser, cast: Cast, heard: str, words: str):
    enter(ilze, {f"r-{cast.cold}-1": "195,5"}, heard=heard)
    assert words in main(anna.get(f"/meters/{cast.cold}"))


def test_a_reading_from_a_message_keeps_its_number(ilze: Browser, app: Flask, cast: Cast):
    page, action = opened(ilze, "thread:9001")
    assert page.form(action).fields["thread"] == "9001" and page.form(action).fields["heard"] == "message"
    ilze.fill(page, action, {f"r-{cast.cold}-1": "195,5"})
    assert [row.source for row in entered(app)] == ["message"] and noted(app)[0].detail["thread"] == 9001


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"heard": ""}, "Choose how the readings were told"), ({"heard": "import"}, "Choose how the readings were told"), ({"heard": "message"}, "Enter the number of a conversation"),
    ({"heard": "message", "thread": "9002"}, "Enter the number of a conversation"), ({"heard": "message", "thread": "9" * 30}, "Enter the number of a conversation"),
    ({"heard": "message", "thread": "9001\0"}, "Enter the number of a conversation"),
])  # fmt: skip
def test_without_how_it_was_told_nothing_is_taken_and_what_was_typed_is_kept(ilze: Browser, app: Flask, cast: Cast, changed: Values, sentence: str):
    page = enter(ilze, {f"r-{cast.cold}-1": "195,5"}, **changed)
    assert ilze.status == 422 and sentence in main(page) and "195,5" in page.html and entered(app) == []


def test_staff_are_asked_what_she_is_asked(ilze: Browser, app: Flask, cast: Cast):
    field = f"r-{cast.cold}-1"
    for value, status, words in (("12a", 422, "Enter the reading in digits"), ("150", 409, "Did you enter the consumption"), ("1945", 409, "The reading is correct")):
        page = enter(ilze, {field: value})
        assert ilze.status == status and words in main(page) and entered(app) == []
    _, action = opened(ilze)
    ilze.fill(page, action, {f"reply-{cast.cold}-1": page.form(action).choices[f"reply-{cast.cold}-1"][-1]})
    assert ilze.status == 200 and [row.value for row in entered(app)] == [1_945_000]


def test_what_anna_has_sent_meanwhile_is_shown_first(ilze: Browser, anna: Browser, app: Flask, cast: Cast):
    page, action = opened(ilze)
    send(anna, cast.cold, "195")
    page = ilze.fill(page, action, {f"r-{cast.cold}-1": "196"})
    assert ilze.status == 409 and "A reading was submitted meanwhile: 195.000" in main(page)
    ilze.fill(page, action, {})
    assert [(row.value, row.source, row.superseded_at is None) for row in entered(app)] == [(195_000, "self", False), (196_000, "call", True)]


def test_a_form_that_is_sent_twice_is_one(ilze: Browser, app: Flask, cast: Cast):
    page, action = opened(ilze)
    for _ in range(2):
        ilze.fill(page, action, {f"r-{cast.cold}-1": "195,5"})
        assert ilze.status == 200
    assert len(entered(app)) == len(noted(app)) == 1


def test_without_a_purpose_nothing_is_taken(ilze: Browser, app: Flask, cast: Cast):
    page, action = opened(ilze)
    shown = ilze.post(action.replace("from=call", "from=x"), page.form(action).fields | {f"r-{cast.cold}-1": "195,5"})
    assert "What do you open this customer for?" in main(shown) and entered(app) == []


def test_a_closed_window_is_closed_to_staff_too(ilze: Browser, app: Flask, cast: Cast, make_app, staged_url: str):
    page, action = opened(ilze)
    closed = make_app(today=month(0).replace(day=15))
    later = Browser(closed)
    later.log_in("ilze")
    shown, form = opened(later)
    assert "Readings are not accepted now. Next time" in main(shown) and form == ""
    token = shown.form("/logout").fields
    page = later.post(action, {**page.form(action).fields, **token, f"r-{cast.cold}-1": "195,5"})
    assert later.status == 422 and "The period for submitting readings has ended" in main(page) and entered(app) == []


def test_each_of_her_addresses_has_its_form_and_nobody_elses(ilze: Browser, app: Flask, cast: Cast):
    other, action = opened(ilze, more=f"&at={cast.second}")
    assert action == "" and "No meters are registered" in main(other)
    for wrong in (cast.neighbour, "x", "%00"):
        assert ilze.client.get(f"{ONE}/readings?from=call&at={wrong}").status_code == 404
    page, action = opened(ilze)
    ilze.fill(page, action, {f"r-{cast.stranger_meter}-1": "100"})
    assert ilze.status == 404 and entered(app) == []
    change(app, sa.update(Tenure).where(Tenure.customer_id == 1).values(ends_on=month(1)))
    assert "No meters are registered" in main(opened(ilze)[0])
    ilze.fill(page, action, {f"r-{cast.cold}-1": "195,5"})
    assert ilze.status == 404 and entered(app) == []


def test_who_has_no_account_is_helped_as_well(ilze: Browser, app: Flask, cast: Cast):
    change(app, sa.delete(CustomerUser).where(CustomerUser.customer_id == 1))
    enter(ilze, {f"r-{cast.cold}-1": "195,5"})
    assert entered(app) == [(195_500, "call", 5, 1, None)]


# Calls and visits


def log(ilze: Browser, page: Page | None = None, **changed: str) -> Page:
    fields = {"via": "call", "topic": "other", "body": "The tap drips."} | changed
    return ilze.submit(page or ilze.get(CONTACTS), CONTACTS, **fields)


def logged(app: Flask) -> list[Any]:
    """What was logged, in its order."""
    return [*fetch(app, sa.select(Thread.__table__).where(Thread.via != "").order_by(Thread.id))]


def test_a_call_without_an_answer_waits_for_colleagues_alone(ilze: Browser, anna: Browser, app: Flask, cast: Cast):
    assert "The contact is logged." in main(log(ilze, subject="Kitchen tap"))
    [row] = logged(app)
    assert (row.via, row.user_id, row.customer_id, row.state, row.unread) == ("call", None, 1, ThreadState.OPEN, False) and row.due_at
    assert "Kitchen tap" in main(ilze.get("/staff/inbox")) and "Kitchen tap" in main(ilze.get(f"{ONE}?from=call"))
    assert "Kitchen tap" not in anna.get("/messages").text and anna.client.get(f"/messages/{row.public_id}").status_code == 404
    assert "Message sent" not in main(anna.get("/activity?show=data"))
    said = ilze.get(f"/staff/inbox/{row.id}")
    assert "The customer does not see it" in main(said) and "By telephone" in main(said)
    assert said.form(f"/staff/inbox/{row.id}/replies").fields["kind"] == "note", "colleagues note something, and nobody answers"


def test_what_she_does_not_see_is_not_answered_and_nobody_is_written_to(ilze: Browser, app: Flask, cast: Cast):
    log(ilze)
    [row], form = logged(app), ilze.get("/staff/inbox/9001").form("/staff/inbox/9001/replies").fields
    ilze.post(f"/staff/inbox/{row.id}/replies", form | {"seen": f"{row.latest_id}", "body": "An answer."})
    assert fetch(app, sa.select(Mail.id)) == [] and fetch(app, sa.select(Message.id).where(Message.body == "An answer.")) == []


def test_a_visit_with_an_answer_is_done_and_she_reads_it_where_the_clerk_says_so(ilze: Browser, anna: Browser, app: Flask):
    log(ilze, via="visit", answer="Somebody comes on Monday.", reader="1")
    [row] = logged(app)
    assert (row.via, row.user_id, row.state, row.due_at, row.unread) == ("visit", 1, ThreadState.RESOLVED, None, True)
    assert "1 unread" in anna.get("/messages").text
    said = main(anna.get(f"/messages/{row.public_id}"))
    assert "The tap drips." in said and "Somebody comes on Monday." in said and "you spoke with us. At the counter" in said and "Ilze" not in said
    assert "The customer sees it." in main(ilze.get(f"/staff/inbox/{row.id}"))


def test_a_contact_that_is_sent_twice_is_one(ilze: Browser, app: Flask):
    page = ilze.get(CONTACTS)
    for _ in range(2):
        log(ilze, page)
    assert ilze.status == 200 and len(logged(app)) == 1
    page = log(ilze, page, body="Something else.")
    assert ilze.status == 409 and "sent before, with other words" in main(page) and "Something else." in page.html
    log(ilze, page, body="Something else.")
    assert len(logged(app)) == 2


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"via": ""}, "Choose how it was"), ({"via": "mail"}, "Choose how it was"), ({"topic": ""}, "Choose a topic"), ({"topic": "x" * 99}, "Choose a topic"), ({"body": " "}, "Write what was said"),
    ({"body": "x" * 5001}, "Write what was said"), ({"body": "a\0b"}, "Write what was said"), ({"answer": "x" * 5001}, "Write the answer"), ({"subject": "x" * 121}, "Shorten the subject"),
    ({"subject": "a\x07b"}, "Shorten the subject"), ({"reader": "2"}, "Choose who sees it"), ({"reader": "5\0"}, "Choose who sees it"),
])  # fmt: skip
def test_what_is_wrong_with_a_contact_is_said_and_nothing_is_logged(ilze: Browser, app: Flask, changed: Values, sentence: str):
    page = log(ilze, **({"answer": "So."} | changed))
    assert ilze.status == 422 and sentence in main(page) and logged(app) == []
    assert "body" in changed or "The tap drips." in page.html


def test_a_form_that_is_none_of_ours_logs_nothing(ilze: Browser, app: Flask):
    log(ilze, once="x")
    assert ilze.status == 400 and logged(app) == []
