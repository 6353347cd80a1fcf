"""Whose a conversation is, until when it waits, many at once, merging, and who is away (H01, H09; decisions.md 26)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.people import User
from models.threads import Message, Thread, ThreadNote
from models.types import new_public_id, utc_now
from tests.at_desk import AWAY, ILZE, INBOX, RASA, do, does, many, rasa, row, view
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.composing import HTMX
from tests.letters import deliver, mailbox
from tests.standing import change, fetch, main
from tests.views.test_inbox import ilze, send, where
from tests.views.test_words import spoken
from tests.writing import answer_to, nothing_written, said, staff_answer, threads, write
from views.language import LANGUAGES

__all__ = ["deliver", "ilze", "mailbox", "nothing_written"]
LATER = f"{TODAY + timedelta(days=7)}"


def noted(app: Flask, action: str) -> list[dict]:
    """What the trail says of an act."""
    return [one.detail for one in fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == action).order_by(AuditRow.id))]


def test_each_view_has_its_own_with_their_number(ilze: Browser, app: Flask):
    rasa(app)
    many(app, 7)
    does(app, "assign", 2, to=ILZE)
    does(app, "assign", 3, to=RASA)
    does(app, "snooze", 4, until=TODAY + timedelta(days=1))
    does(app, "close", 5)
    change(app, sa.update(Thread).where(Thread.id == 6).values(state="answered", due_at=None))
    found = {name: view(ilze, name) for name in ("waiting", "unassigned", "mine", "answered", "snoozed", "closed", "all")}
    assert found == {"waiting": [1, 2, 3, 7], "unassigned": [1, 7], "mine": [2], "answered": [6], "snoozed": [4], "closed": [5], "all": [7, 6, 5, 4, 3, 2, 1]}
    assert "Those that wait 4 Unassigned 2 Mine 1 Waiting for the customer 1 Put off until later 1 Closed ones All" in main(ilze.get(INBOX))
    assert view(ilze, "nonsense") == found["waiting"]


def test_a_row_says_who_writes_about_what_and_who_has_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="Kitchen")
    shown = main(ilze.get(INBOX))
    assert all(word in shown for word in ("Anna Ozoliņa · 20417", "New", "Kitchen", "EN", "answer by"))
    do(ilze, "assign", take="1")
    shown = main(ilze.get(INBOX))
    assert "Ilze Kļaviņa" in shown.partition("With those that are ticked")[0] and "New" not in shown


def test_it_waits_for_the_customer_only_where_she_was_written_to(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    assert 'name="wait"' not in ilze.get(f"{INBOX}/1").html
    do(ilze, "snooze", wait="1")
    assert row(app).state == "open" and view(ilze, "answered") == []
    send(ilze)
    answer_to(anna, where(app))
    assert row(app).state == "open" and 'name="wait"' in ilze.get(f"{INBOX}/1").html
    assert "It waits for the customer now." in main(do(ilze, "snooze", wait="1"))
    assert (row(app).state, row(app).due_at) == ("answered", None) and view(ilze, "answered") == [1] and view(ilze, "waiting") == []
    assert len(noted(app, "thread.waits")) == 1
    answer_to(anna, where(app))
    assert view(ilze, "waiting") == [1], "whatever she writes brings it back"


def test_more_than_999_are_not_counted(ilze: Browser, app: Flask):
    many(app, 1001)
    assert "Those that wait 999+ Unassigned 999+ Mine 0" in main(ilze.get(INBOX))


def test_one_is_taken_given_and_given_back_and_each_step_is_undone(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    rasa(app)
    write(anna, cast)
    page = do(ilze, "assign", take="1")
    assert "It is assigned to Ilze Kļaviņa now." in main(page) and row(app).assignee_id == ILZE and view(ilze, "mine") == [1]
    page = do(ilze, "assign", to=str(RASA))
    assert "It is assigned to Rasa Kalniņa now." in main(page) and row(app).assignee_id == RASA and view(ilze, "mine") == []
    undo = next(form for form in page.forms if form.fields.get("to") == str(ILZE) and "take" not in form.fields)
    ilze.post(undo.action, undo.fields)
    assert row(app).assignee_id == ILZE
    assert "It is assigned to nobody now." in main(do(ilze, "assign", to="")) and row(app).assignee_id is None
    assert [one["to"] for one in noted(app, "thread.assigned")] == [ILZE, RASA, ILZE, None]


@pytest.mark.parametrize("to", ["1", "999999999", "9" * 30, "x", "a\0", "²"])
def test_only_a_colleague_who_gets_in_is_given_anything(anna: Browser, ilze: Browser, app: Flask, cast: Cast, to: str):
    write(anna, cast)
    page = do(ilze, "assign", to=to)
    assert ilze.status == 422 and "Choose one of your colleagues" in main(page) and row(app).assignee_id is None
    rasa(app)
    change(app, sa.update(User).where(User.id == RASA).values(disabled_at=utc_now()))
    do(ilze, "assign", to=str(RASA))
    assert ilze.status == 422 and row(app).assignee_id is None


@pytest.mark.parametrize(("act", "typed"), [("assign", {"to": str(ILZE)}), ("snooze", {"until": LATER}), ("close", {}), ("merge", {"into": "2"})])
def test_who_changed_it_meanwhile_is_said_and_nothing_is_done(anna: Browser, ilze: Browser, app: Flask, cast: Cast, act: str, typed: dict):
    rasa(app)
    for _ in range(2):
        write(anna, cast)
    opened = ilze.get(f"{INBOX}/1")
    does(app, "assign", 1, to=RASA)
    page = do(ilze, act, 1, opened, **typed)
    assert ilze.status == 409 and "Meanwhile Rasa Kalniņa has changed this conversation: it is assigned to Rasa Kalniņa" in main(page)
    assert (row(app).assignee_id, row(app).snoozed_until, row(app).state, row(app).merged_into) == (RASA, None, "open", None)
    assert ilze.submit(page, f"{INBOX}/1/{act}", **typed) and ilze.status == 200, "from what she has seen now it is done"
    does(app, "assign", 2, to=None)
    assert "assigned to nobody" in main(do(ilze, "close", 2, ilze.get(f"{INBOX}/2"), version="x")) and ilze.status == 409


def test_the_first_answer_assigns_and_a_later_one_takes_nothing_away(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    rasa(app)
    write(anna, cast)
    send(ilze)
    assert row(app).assignee_id == ILZE and row(app).touched_by == "Ilze Kļaviņa"
    does(app, "assign", 1, to=RASA)
    answer_to(anna, where(app))
    send(ilze)
    assert row(app).assignee_id == RASA


@pytest.mark.parametrize(("days", "fine"), [(-1, False), (0, False), (1, True), (60, True), (61, False), (30_000, False)])
def test_it_is_put_off_from_tomorrow_to_sixty_days_from_now(anna: Browser, ilze: Browser, app: Flask, cast: Cast, days: int, fine: bool):
    write(anna, cast)
    page = do(ilze, "snooze", until=f"{TODAY + timedelta(days=days)}")
    assert (ilze.status == 200) is fine and (view(ilze, "snoozed") == [1]) is fine and (view(ilze, "waiting") == []) is fine
    assert ("Choose a day from tomorrow" in main(page)) is not fine
    if not fine:
        do(ilze, "snooze", until="a\0b")
        assert ilze.status == 422


def test_what_is_put_off_comes_back_on_its_day_by_a_reply_or_by_hand(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    shown = main(do(ilze, "snooze", until=LATER))
    assert "It is put off." in shown and "Answer by" in shown and "Comes back on 7 Dec 2026" in shown
    assert "answer by" in main(ilze.get(f"{INBOX}?view=snoozed")), "by when it is due stays visible"
    assert "stands in the queue again" in main(do(ilze, "snooze", wake="1")) and view(ilze, "waiting") == [1]
    do(ilze, "snooze", until=LATER)
    change(app, sa.update(Thread).values(snoozed_until=TODAY))
    assert view(ilze, "waiting") == [1] and view(ilze, "snoozed") == []
    do(ilze, "snooze", until=LATER)
    answer_to(anna, where(app))
    assert view(ilze, "waiting") == [1] and row(app).snoozed_until is None
    assert [len(noted(app, f"thread.{act}")) for act in ("snoozed", "woken")] == [3, 1]


def test_what_is_closed_or_answered_is_not_put_off_any_more(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    opened = ilze.get(f"{INBOX}/1")
    change(app, sa.update(Thread).values(state="closed", due_at=None))
    assert "This conversation is closed" in main(do(ilze, "snooze", 1, opened, until=LATER)) and row(app).snoozed_until is None
    assert f"{INBOX}/1/snooze" not in {form.action for form in ilze.get(f"{INBOX}/1").forms}


def ticked(ilze: Browser, numbers: object, **typed: object) -> str:
    """Send the form below the list."""
    fields = ilze.get(INBOX).form(INBOX).fields
    return main(ilze.post(INBOX, fields | {"thread": numbers} | typed))


def test_several_are_done_at_once_and_it_is_counted_what_was_not(ilze: Browser, app: Flask):
    rasa(app)
    many(app, 6)
    assert "Done with 2 conversations." in ticked(ilze, ["1", "2"], act="take") and view(ilze, "mine") == [1, 2]
    assert "Done with 1 conversation." in ticked(ilze, "3", act="give", to=str(RASA)) and row(app, 3).assignee_id == RASA
    assert "Done with 2 conversations." in ticked(ilze, ["2", "3"], act="snooze", until=LATER) and view(ilze, "snoozed") == [2, 3]
    does(app, "close", 4)
    shown = ticked(ilze, ["4", "5", "5", "999", "x", "²"], act="close")
    assert "Done with 1 conversation." in shown and "Not done with 2 conversations" in shown and view(ilze, "closed") == [5, 4]
    assert len(noted(app, "thread.closed")) == 2 and "Done with 1" in ticked(ilze, "6", act="give", to="")


@pytest.mark.parametrize(("numbers", "typed", "sentence"), [
    ([], {"act": "take"}, "Tick at least one"), (["1"], {"act": "give", "to": "1"}, "Choose one of your colleagues"),
    (["1"], {"act": "snooze", "until": "2026-11-30"}, "Choose a day from tomorrow"), (["1"], {"act": "snooze", "until": "\0"}, "Choose a day from tomorrow"),
])  # fmt: skip
def test_what_is_wrong_with_many_is_said_and_the_ticks_are_kept(ilze: Browser, app: Flask, numbers: list, typed: dict, sentence: str):
    many(app, 2)
    assert sentence in ticked(ilze, numbers, **typed) and ilze.status == 422 and row(app).version == 0
    assert (b'value="1" checked' in ilze.response.data) is bool(numbers)
    assert ilze.client.post(INBOX, data=ilze.get(INBOX).form(INBOX).fields | {"thread": "1", "act": "burn"}).status_code == 404


def test_many_cost_as_many_statements_as_two(ilze: Browser, app: Flask, statements: list[str]):
    many(app, 40)
    counts = []
    for numbers in ([1, 2], range(3, 41)):
        fields = ilze.get(INBOX).form(INBOX).fields
        statements.clear()
        ilze.post(INBOX, fields | {"thread": [str(one) for one in numbers], "act": "take"}, follow=False)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_many_were_done_has_its_plural(app: Flask, language: str):
    ilze = Browser(app, language)
    ilze.log_in("ilze")
    for count, *ways in (
        (1, "ar 1 sarunu.", "with 1 conversation.", "с 1 перепиской."), (2, "ar 2 sarunām.", "with 2 conversations.", "с 2 переписками."),
        (11, "ar 11 sarunām.", "with 11 conversations.", "с 11 переписками."), (21, "ar 21 sarunu.", "with 21 conversations.", "с 21 перепиской."),
    ):  # fmt: skip
        shown = main(ilze.get(f"{INBOX}?done={count}&left={count}"))
        assert shown.count(spoken(language, *ways)) == 1 and shown.count(spoken(language, *ways)[:-1] + ":") == 1


def test_one_goes_on_in_another_for_staff_and_for_the_resident(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, subject="First")
    write(anna, cast, subject="Second", body="Another tap.")
    ilze.submit(ilze.get(f"{INBOX}/2"), f"{INBOX}/2/replies", kind="note", body="She is angry.")
    answer_to(anna, where(app), body="It drips more.")
    page = do(ilze, "merge", 2, into="1")
    assert "The two conversations are one now" in main(page) and "She is angry." in main(page)
    shown = main(page).partition("Notes for colleagues")[0]
    assert shown.index("The tap drips.") < shown.index("Another tap.") < shown.index("It drips more.")
    assert "This conversation goes on in No. 1" in main(ilze.get(f"{INBOX}/2")) and view(ilze, "waiting") == [1]
    old = f"/messages/{threads(app)[1].public_id}"
    assert "goes on in No. 1" in main(anna.get(old)) and "angry" not in anna.get(where(app)).html and "Another tap." in main(anna.get(where(app)))
    answer_to(anna, old, body="Hello?")
    assert anna.response.request.path == where(app) and [one.thread_id for one in fetch(app, sa.select(Message.thread_id))] == [1] * 4
    assert noted(app, "thread.merged") == [{"into": 1, "by": "Ilze Kļaviņa"}] and fetch(app, sa.select(ThreadNote.thread_id))[0][0] == 1


def test_an_answer_from_a_page_of_before_goes_where_the_conversation_goes_on(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    for subject in ("First", "Second"):
        write(anna, cast, subject=subject)
    opened = ilze.get(f"{INBOX}/2")
    do(ilze, "merge", 2, into="1")
    page = ilze.submit(opened, f"{INBOX}/2/replies", body="We come tomorrow.")
    assert ilze.status == 409 and "We come tomorrow." in main(page) and "was not sent" in main(page)
    assert "The answer was sent" in main(ilze.submit(page, f"{INBOX}/1/replies", body="We come tomorrow.")) and said(app)[-1] == "We come tomorrow."
    ilze.submit(opened, f"{INBOX}/2/replies", kind="note", body="Late.", once=new_public_id())
    assert fetch(app, sa.select(ThreadNote.thread_id))[0][0] == 1 and view(ilze, "answered") == [1]


def test_what_was_merged_before_follows(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    for subject in ("First", "Second", "Third"):
        write(anna, cast, subject=subject)
    do(ilze, "merge", 3, into="2")
    do(ilze, "merge", 2, into="1")
    assert [(one.merged_into, one.state) for one in threads(app)] == [(None, "open"), (1, "closed"), (1, "closed")]
    assert len({one.latest_id for one in threads(app)}) == 3, "lists go on by the last message"
    answer_to(anna, f"/messages/{threads(app)[2].public_id}")
    assert anna.response.request.path == where(app)


@pytest.mark.parametrize(("into", "changed", "sentence"), [
    ("1", {}, "Enter the number of another"), ("x", {}, "Enter the number of another"), ("77", {}, "Enter the number of another"), ("9" * 20, {}, "Enter the number of another"), ("a\0", {}, "Enter the number of another"),
    ("2", {"user_id": 2}, "of the same person"), ("2", {"customer_id": 2}, "of the same person"), ("2", {"state": "closed"}, "that is not closed"),
    ("2", {"shared": True}, "Other people would read"), ("2", {"premises_id": None}, "Other people would read"), ("2", {"mandate_version": 1}, "Other people would read"),
])  # fmt: skip
def test_what_cannot_be_merged_says_why(anna: Browser, ilze: Browser, app: Flask, cast: Cast, into: str, changed: dict, sentence: str):
    for _ in range(2):
        write(anna, cast)
    if changed:
        change(app, sa.update(Thread).where(Thread.id == 2).values(**changed))
    page = do(ilze, "merge", into=into)
    assert ilze.status == 422 and sentence in main(page) and row(app).merged_into is None
    assert [one.thread_id for one in fetch(app, sa.select(Message.thread_id).order_by(Message.id))] == [1, 2]


def test_while_she_is_away_hers_are_her_substitutes_too(ilze: Browser, app: Flask):
    rasa(app)
    many(app, 3)
    does(app, "assign", 1, 2, to=ILZE)
    does(app, "assign", 3, to=RASA)
    page = ilze.submit(ilze.get(AWAY), AWAY, starts=f"{TODAY}", ends=LATER, substitute=str(RASA))
    assert "stand in the queue of your substitute" in main(page) and "Rasa Kalniņa" in main(page)
    assert view(ilze, "mine") == [1, 2] and "Ilze Kļaviņa (away until 7 Dec 2026, substitute: Rasa Kalniņa)" in main(ilze.get(f"{INBOX}/3"))
    change(app, sa.text(f"UPDATE staff_away SET staff_id = {RASA}, substitute_id = {ILZE}"))
    assert view(ilze, "mine") == [1, 2, 3]
    change(app, sa.text(f"UPDATE staff_away SET ends_on = '{TODAY - timedelta(days=1)}', starts_on = '{TODAY - timedelta(days=2)}'"))
    assert view(ilze, "mine") == [1, 2]


def test_who_is_back_says_so_and_other_days_replace_the_first(ilze: Browser, app: Flask):
    rasa(app)
    for ends in (f"{TODAY}", LATER):
        page = ilze.submit(ilze.get(AWAY), AWAY, starts=f"{TODAY}", ends=ends, substitute=str(RASA))
    assert "30 Nov 2026 – 7 Dec 2026" in main(page)
    for _ in range(2):
        page = ilze.post(AWAY, page.form("/logout").fields | {"back": "1"})
    assert "yours alone again" in main(page) and [len(noted(app, f"staff.{act}")) for act in ("away", "back")] == [2, 1]


@pytest.mark.parametrize("typed", [{"substitute": ""}, {"substitute": str(ILZE)}, {"substitute": "1"}, {"starts": "x"}, {"ends": "2026-11-01"}, {"starts": "\0"}])
def test_an_absence_that_cannot_be_says_why(ilze: Browser, app: Flask, typed: dict):
    rasa(app)
    page = ilze.submit(ilze.get(AWAY), AWAY, **({"starts": f"{TODAY}", "ends": LATER, "substitute": str(RASA)} | typed))
    assert ilze.status == 422 and "Error" in main(page) and noted(app, "staff.away") == []


def test_htmx_gets_a_conversation_and_its_customer_without_the_list(anna: Browser, ilze: Browser, app: Flask, cast: Cast, statements: list[str]):
    write(anna, cast)
    whole = ilze.get(f"{INBOX}/1?view=all")
    statements.clear()
    answer = ilze.client.get(f"{INBOX}/1?view=all", headers=HTMX)
    html, parts = answer.get_data(as_text=True), [f'id="{name}" data-hx-swap-oob="true"' for name in ("langs",)]
    assert len(statements) <= 7 and "HX-Request" in answer.headers["Vary"] and "<html" not in html and 'id="list"' not in html
    assert all(part in html and part not in whole.html for part in (*parts, "<h1 tabindex"))
    assert re.search(r'<aside [^>]*id="customer" data-hx-swap-oob="true"', html) and "data-title=" in html and "data-title=" not in whole.html and "lang=ru" in html
    history = ilze.client.get(f"{INBOX}/1", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert 'id="list"' in history.get_data(as_text=True), "and the whole page where the browser has lost it"


def test_beside_a_conversation_stand_its_list_and_its_customer(anna: Browser, ilze: Browser, app: Flask, cast: Cast, statements: list[str]):
    for subject in ("Before", "Kitchen"):
        write(anna, cast, subject=subject)
    change(app, sa.update(User).where(User.id == 1).values(phone="+37120000001"))
    statements.clear()
    page = ilze.get(f"{INBOX}/2?view=unassigned")
    assert len(statements) <= 8
    aside = page.html.partition("<aside")[2].partition("</aside>")[0]
    assert all(word in aside for word in ("Anna Ozoliņa", "20417", "tel:+37120000001", "Brīvības iela 12", "Owner", "Before", "password", "Invoices", "Readings"))
    for label in ("List of conversations", "Conversation", "Customer", "Views"):
        assert f'aria-label="{label}"' in page.html
    assert page.html.count('aria-current="true"') == 2, "the language, and the row of what is open"
    assert f'href="{INBOX}/2?view=unassigned#last" aria-current="true"' in page.html
    statements.clear()
    ilze.get(f"{INBOX}?view=unassigned")
    assert len(statements) <= 8


def test_staff_have_a_stylesheet_of_their_own_that_stays_small(anna: Browser, ilze: Browser, app: Flask):
    assets = app.extensions["assets"]
    name = assets.url("staff.css")
    assert name in ilze.get(INBOX).html and name not in anna.get("/profile").html and name not in Browser(app).get("/login").html
    css = assets.by_name[name.rpartition("/")[2]].plain.decode()
    assert len(css) <= 3072 and "#" not in css and "rgb" not in css, "its colours are those of app.css"


def test_an_answer_meanwhile_is_seen_as_a_change(anna: Browser, ilze: Browser, app: Flask, cast: Cast, deliver: Callable):
    write(anna, cast)
    opened = ilze.get(f"{INBOX}/1")
    staff_answer(app)
    page = do(ilze, "assign", 1, opened, take="1")
    assert ilze.status == 409 and "Meanwhile Ilze has changed this conversation: it is assigned to nobody" in main(page) and row(app).assignee_id is None
