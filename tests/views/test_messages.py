"""Conversations as residents have them: asked, read, gone on with, shared; and nobody else's (G01–G04, G08)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.customers import CustomerUser
from models.files import FolderStorage
from models.mandates import Mandate
from models.people import User
from models.threads import MessageFile, Thread
from models.types import utc_now
from tests.browser import Browser
from tests.cast import Cast
from tests.lend import lend
from tests.models.test_intake import WORD, archive, picture
from tests.standing import change, fetch, main
from tests.views.reading_form import focused
from tests.writing import (
    NEW,
    PDF,
    SIGNED,
    answer_to,
    drafts,
    names,
    nothing_written,
    page_of,
    parts,
    said,
    staff_answer,
    threads,
    write,
)
from views.language import LANGUAGES

__all__ = ["nothing_written"]

WAIT = {
    "lv": {1: "1 atbilde uz Jūsu ziņojumiem gaida Jūs", 2: "2 atbildes uz Jūsu ziņojumiem gaida Jūs", 10: "10 atbilžu uz Jūsu ziņojumiem gaida Jūs"},
    "en": {1: "1 answer to your messages waits for you", 2: "2 answers to your messages wait for you"},
    "ru": {1: "Вас ждёт 1 ответ на ваши сообщения", 2: "Вас ждут 2 ответа на ваши сообщения", 5: "Вас ждёт 5 ответов на ваши сообщения"},
}


def where(app: Flask, number: int = -1) -> str:
    return f"/messages/{threads(app)[number].public_id}"


def someone(app: Flask, who: str) -> Browser:
    browser = Browser(app)
    browser.log_in(who)
    return browser


def acts(app: Flask) -> list[tuple[str, str]]:
    rows = fetch(app, sa.select(AuditRow.action, AuditRow.source).where(AuditRow.action.like("thread.%")).order_by(AuditRow.id))
    return [(row.action, row.source) for row in rows]


def test_who_has_written_nothing_is_told_so_with_the_number_for_emergencies(anna: Browser):
    page = anna.get("/messages")
    assert "There are no messages yet." in page.text and "112" in main(page) and NEW in page.links


def test_each_topic_says_by_when_it_is_answered(anna: Browser):
    page = anna.get(NEW)
    assert "Fault We answer by 30 Nov 2026" in main(page) or "Fault We answer by 1 Dec 2026" in main(page)
    assert "Invoice or payment We answer by" in main(page) and len([path for path in page.links if "topic=" in path]) == 7


def test_a_fault_shows_the_emergency_number_before_everything(anna: Browser):
    words = main(anna.get(f"{NEW}?topic=fault"))
    assert words.index("112") < words.index("Describe what has happened") < words.index("Property")
    assert "112" not in main(anna.get(f"{NEW}?topic=invoice"))


def test_a_question_is_one_conversation_with_its_number_and_its_time(anna: Browser, app: Flask, cast: Cast):
    page = write(anna, cast, subject=" The  tap ", files={"plāns.pdf": PDF})
    [row] = threads(app)
    assert anna.response.request.full_path == f"/messages/{row.public_id}?done=sent"
    assert "We have your message." in page.text and page.headings == ["The tap"]
    assert f"No. {row.id} · Another question · Brīvības iela 12–34, Ogre" in main(page) and "Awaiting reply We answer by" in main(page)
    assert (row.user_id, row.customer_id, row.premises_id, row.mandate_version, row.shared) == (1, 1, 1, None, False)
    assert names(app) == ["plāns.pdf"] and drafts(app) == [] and acts(app) == [("thread.asked", "self")]
    assert "The tap" in main(anna.get("/messages")) and "The tap drips." in main(anna.get("/messages"))


def test_the_same_form_twice_is_one_message_and_other_words_are_asked_about(anna: Browser, app: Flask, cast: Cast):
    sent = page_of(anna) | {"property": cast.flat, "body": "The tap drips."}
    for _ in range(2):
        anna.post(NEW, sent)
        assert anna.response.request.full_path == f"{where(app)}?done=sent"
    page = anna.post(NEW, sent | {"body": "And the other one."})
    assert anna.status == 409 and "This form was sent before, with other words." in page.text and "And the other one." in page.html
    assert page.form(NEW).fields["once"] != sent["once"] and said(app) == ["The tap drips."]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"body": ""}, "Write your message"), ({"body": " \n "}, "Write your message"), ({"body": "x" * 5001}, "Shorten the message to 5000 characters"),
        ({"subject": "x" * 121}, "Shorten the subject to 120 characters"), ({"subject": "a\u202eb"}, "Write the subject in plain words"),
        ({"property": None}, "Choose a property, or that it is about none of them"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(anna: Browser, app: Flask, cast: Cast, changed: dict, words: str):
    page = write(anna, cast, files={"a.pdf": PDF}, **({"body": "The tap drips."} | changed))
    assert anna.status == 422 and f"Error: {words}" in page.text and page.title.startswith("Error: ")
    assert len(focused(page)) == 1 and "Already attached" in page.text and drafts(app) == ["a.pdf"] and threads(app) == []
    fields = page.form(NEW).fields | {"property": cast.flat, "subject": "", "body": "Now it is right."}
    anna.post(NEW, fields)
    assert names(app) == ["a.pdf"] and drafts(app) == [] and said(app) == ["Now it is right."]


def test_a_file_that_is_kept_can_be_taken_out(anna: Browser, app: Flask, cast: Cast):
    page = write(anna, cast, body="", files={"a.pdf": PDF, "b.pdf": PDF + b"2"})
    [number] = re.findall(r'name="remove" value="(\d+)">Remove<span class="vh"> a\.pdf', page.html)
    page = anna.post(NEW, page.form(NEW).fields | {"remove": number, "body": "Typed."})
    assert anna.status == 200 and drafts(app) == ["b.pdf"] and "Typed." in page.html and "Error" not in main(page)


def test_nobody_takes_a_file_out_of_anothers_form(anna: Browser, app: Flask, cast: Cast):
    page = write(anna, cast, body="", files={"a.pdf": PDF})
    viktors, once = someone(app, "viktors"), page.form(NEW).fields["once"]
    form = page_of(viktors) | {"once": once, "body": "x", "property": "none"}
    for number in ("1", "99", "x"):
        seen = viktors.post(NEW, form | {"remove": number})
        assert "a.pdf" not in seen.html
    viktors.post(NEW, form)
    assert drafts(app) == ["a.pdf"] and names(app) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.exe", b"MZ", "“a.exe” cannot be taken"), ("a.svg", b"<svg/>", "“a.svg” cannot be taken"), ("a.html", b"<p>", "“a.html” cannot be taken"),
        ("a.heic", b"x", "“a.heic” is not what its name says"), ("a.pdf", b"", "“a.pdf” is empty."),
        ("a.pdf", PDF + b"x" * 10_000_000, "“a.pdf” is larger than 10 MB."), ("a.pdf", b"GIF89a", "“a.pdf” is not what its name says"),
        ("a.edoc", archive(WORD), "“a.edoc” is not what its name says"), ("a.docx", b"PK\x03\x04 lies", "“a.docx” holds too much inside"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_taken_has_its_sentence_and_the_others_stay(anna: Browser, app: Flask, cast: Cast, name: str, content: bytes, words: str):
    page = write(anna, cast, files={"good.pdf": PDF, name: content})
    assert anna.status == 422 and words in page.text and drafts(app) == ["good.pdf"] and threads(app) == []


def test_the_eleventh_file_is_one_too_many_also_when_some_are_kept(anna: Browser, app: Flask, cast: Cast):
    page = write(anna, cast, body="", files={f"{n}.pdf": PDF + b"%d" % n for n in range(9)})
    page = anna.post(NEW, page.form(NEW).fields | {"property": cast.flat, "body": "x", "files": parts({"x.pdf": PDF, "y.pdf": PDF})})
    assert anna.status == 422 and "“y.pdf” is one too many" in page.text and len(drafts(app)) == 10


def test_a_picture_is_drawn_anew_and_what_was_signed_stays_bit_by_bit(anna: Browser, app: Flask, cast: Cast):
    photo = picture("JPEG", exif=b"Exif\0\0secret place")
    write(anna, cast, files={"a.jpg": photo, "b.edoc": SIGNED})
    rows, storage = fetch(app, sa.select(MessageFile.__table__).order_by(MessageFile.id)), app.extensions["ekabinets"].storage
    assert b"secret place" not in storage.open(rows[0].file_hash) and storage.open(rows[1].file_hash) == SIGNED
    anna.client.get(f"{where(app)}/files/{rows[1].public_id}")
    answer = anna.client.get(f"{where(app)}/files/{rows[1].public_id}")
    assert answer.data == SIGNED and answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox") and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_formal_application_needs_a_signed_file(anna: Browser, app: Flask, cast: Cast):
    page = write(anna, cast, "submission", files={"a.pdf": PDF})
    assert anna.status == 422 and "Attach the application as a file signed with eParaksts" in page.text
    anna.post(NEW, page.form(NEW).fields | {"property": cast.flat, "body": "x", "files": parts({"b.asice": SIGNED})})
    assert names(app) == ["a.pdf", "b.asice"]


@pytest.mark.parametrize(("kind", "topic", "link"), [("iid", "invoice", "Ask about this invoice"), ("mid", "meters", "Write to us about this meter")])
def test_a_message_is_about_an_invoice_or_a_meter_of_hers(anna: Browser, app: Flask, cast: Cast, kind: str, topic: str, link: str):
    number, foreign = (cast.invoice, cast.stranger_invoice) if kind == "iid" else (cast.cold, cast.stranger_meter)
    page = anna.get(f"/{'invoices' if kind == 'iid' else 'meters'}/{number}")
    assert page.links[f"{NEW}?about={kind}:{number}"] == link
    page = anna.get(f"{NEW}?about={kind}:{number}")
    assert "About: " in main(page) and "Choose" not in main(page)
    page = anna.post(NEW, page.form(NEW).fields | {"body": "Why?"})
    [row] = threads(app)
    assert (row.topic, row.about, row.premises_id) == (topic, f"{kind}:{number}", 1) and row.about_name in main(page)
    for wrong in (f"{kind}:{foreign}", f"{kind}:%00", f"pid:{cast.flat}", "x"):
        assert anna.client.get(f"{NEW}?about={wrong}").status_code == 404


def test_nothing_is_written_about_what_is_anothers(anna: Browser, app: Flask, cast: Cast):
    form = page_of(anna) | {"body": "x"}
    for changed in ({"property": cast.neighbour}, {"about": f"iid:{cast.stranger_invoice}"}, {"topic": "none"}):
        anna.post(NEW, form | {"property": cast.flat} | changed)
        assert anna.status == 404
    anna.post(NEW, form | {"property": cast.flat, "once": "x"})
    assert anna.status == 400 and threads(app) == []


def test_an_answer_is_unread_in_list_menu_and_home_until_it_is_opened(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    assert staff_answer(app)
    for path in ("/messages", f"/properties/{cast.flat}"):
        assert "Messages (1 unread )" in anna.get(path).text
    assert "1 answer to your messages waits for you" in anna.get(f"/properties/{cast.flat}").text
    assert "● Unread Answered We come tomorrow." in main(anna.get("/messages"))
    anna.client.get(where(app), headers={"Sec-Purpose": "prefetch"})
    anna.client.head(where(app))
    page = anna.get(where(app))
    assert "Ogres Namsaimnieks" in main(page) and "Ilze" not in main(page) and "Is it solved?" in page.text
    assert "unread" not in anna.get("/messages").text.lower()
    change(app, sa.update(Thread).values(unread=True, mandate_version=1))
    assert "(1 unread" not in anna.get("/messages").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_many_answers_wait_has_its_plural(anna: Browser, app: Flask, cast: Cast, language: str):
    write(anna, cast)
    row, told = threads(app)[0]._asdict(), []
    anna.client.set_cookie("lang", language)
    for number in WAIT[language]:
        change(app, sa.delete(Thread).where(Thread.id >= 100))
        change(app, sa.update(Thread).values(unread=True))
        for other in range(number - 1):
            change(app, sa.insert(Thread.__table__).values(row | {"id": 100 + other, "public_id": f"t{other}", "unread": True}))
        told.append(WAIT[language][number] in anna.get(f"/properties/{cast.flat}").text)
    assert all(told)


def test_she_says_that_it_is_solved_or_not_and_a_reply_opens_it_again(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    for act, state in (("solved", "resolved"), ("unsolved", "open")):
        staff_answer(app)
        page = anna.submit(anna.get(where(app)), f"{where(app)}/close", act=act)
        [row] = threads(app)
        assert row.state == state and (row.due_at is None) == (act == "solved") and anna.status == 200 and page.focus
    staff_answer(app, resolve=True)
    assert "If you write again, the conversation is opened again." in anna.get(where(app)).text
    answer_to(anna, where(app))
    assert threads(app)[0].state == "open" and [act for act, _ in acts(app)][-1] == "thread.replied"
    anna.post(f"{where(app)}/close", page_of(anna) | {"act": "closed"})
    assert anna.status == 404


def test_after_the_end_a_reply_begins_another_conversation_that_is_linked(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast, shared="1")
    change(app, sa.update(Thread).values(state="closed"))
    assert "begins a new one, which is linked to it" in anna.get(where(app)).text
    page = answer_to(anna, where(app), files=parts({"a.pdf": PDF}))
    first, second = threads(app)
    assert (first.state, second.state, second.follows, second.shared) == ("closed", "open", first.public_id, True)
    assert page.links[f"/messages/{first.public_id}"] == f"Goes on from No. {first.id}, which is closed" and names(app) == ["a.pdf"]


def test_a_reply_that_is_wrong_keeps_words_and_files(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    page = answer_to(anna, where(app), body="", files=parts({"a.pdf": PDF}))
    assert anna.status == 422 and "Error: Write your message" in page.text and drafts(app) == ["a.pdf"]
    action = f"{where(app)}/replies"
    sent = page.form(action).fields | {"body": "More."}
    for _ in range(2):
        anna.post(action, sent)
    assert said(app) == ["The tap drips.", "More."] and names(app) == ["a.pdf"]
    anna.post(action, sent | {"body": "Other."})
    assert anna.status == 409


def test_a_stranger_finds_nothing_and_changes_nothing(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast, shared="1", files={"a.pdf": PDF})
    viktors, [file] = someone(app, "viktors"), fetch(app, sa.select(MessageFile.public_id))
    for path in (where(app), f"{where(app)}/files/{file.public_id}"):
        assert viktors.client.get(path).status_code == 404
    token = page_of(viktors)
    for path in (f"{where(app)}/replies", f"{where(app)}/close"):
        viktors.post(path, token | {"body": "x", "act": "solved"})
        assert viktors.status == 404
    assert "The tap drips." not in viktors.get("/messages").html and said(app) == ["The tap drips."]


@pytest.mark.parametrize(("shared", "who", "sees"), [("1", "liga", True), ("", "liga", False), ("1", "peteris", False)])
def test_only_the_household_of_that_time_reads_what_is_shared_and_does_not_write(anna: Browser, app: Flask, cast: Cast, shared: str, who: str, sees: bool):
    change(app, sa.insert(CustomerUser.__table__).from_select(["user_id", "customer_id"], sa.select(User.id, sa.literal(1)).where(User.username == "liga")))
    write(anna, cast, shared=shared)
    other = someone(app, who)
    assert ("The tap drips." in other.get("/messages").html) == sees
    assert other.client.get(where(app)).status_code == (200 if sees else 404)


def test_a_former_owners_shared_words_are_not_the_new_ones(anna: Browser, app: Flask, cast: Cast):
    write(someone(app, "peteris"), cast, shared="1")
    assert anna.client.get(where(app)).status_code == 404 and "The tap drips." not in anna.get("/messages").html


@pytest.mark.parametrize(("rights", "writes", "reads"), [("meters", False, False), ("messages", True, False), ("threads", False, True), ("messages threads", True, True)])
def test_a_helper_writes_and_reads_what_was_lent(anna: Browser, app: Flask, cast: Cast, rights: str, writes: bool, reads: bool):
    write(anna, cast)
    lend(app, cast, rights)
    liga = someone(app, "liga")
    assert liga.client.get(where(app)).status_code == (200 if reads else 404)
    if reads:
        liga.post(f"{where(app)}/replies", page_of(liga) | {"body": "For Anna."})
        assert liga.status == (200 if writes else 404)
    liga.post(NEW, page_of(liga) | {"property": cast.flat, "body": "From Līga."})
    assert liga.status == (200 if writes else 404)
    if writes:
        row = threads(app)[-1]
        assert (row.customer_id, row.mandate_version, acts(app)[-1]) == (1, 1, ("thread.asked", "delegate"))
        assert "Līga Ozoliņa" in main(anna.get(where(app))), "who lent it reads what was written in her name"


def test_what_a_helper_wrote_goes_with_her_mandate(anna: Browser, app: Flask, cast: Cast):
    lend(app, cast, "messages")
    liga = someone(app, "liga")
    write(liga, cast)
    assert liga.client.get(where(app)).status_code == 200
    change(app, sa.update(Mandate).values(ended_at=utc_now()))
    assert liga.client.get(where(app)).status_code == 404 and "The tap drips." not in liga.get("/messages").html
    assert anna.client.get(where(app)).status_code == 200


def test_the_list_goes_on_page_by_page(anna: Browser, app: Flask, cast: Cast):
    write(anna, cast)
    row = fetch(app, sa.select(Thread.__table__))[0]._asdict()
    for number in range(27):
        change(app, sa.insert(Thread.__table__).values(row | {"id": 100 + number, "public_id": f"t{number}"}))
    page = anna.get("/messages")
    seen = len([link for link in page.links if link.startswith("/messages/") and link != NEW])
    assert seen == 25 and page.links["/messages?before=1"] == "Older messages"
    assert "There are no older messages." in anna.get("/messages?before=1").text and anna.get("/messages?before=x").links
    assert anna.get("/messages?before=-5").links["/messages"]


def test_who_cannot_store_a_file_keeps_her_words(anna: Browser, app: Flask, cast: Cast, tmp_path: Path):
    form = page_of(anna)
    (tmp_path / "broken").write_text("")
    held = app.extensions["ekabinets"]
    app.extensions["ekabinets"] = replace(held, storage=FolderStorage(tmp_path / "broken"))
    page = anna.post(NEW, form | {"property": cast.flat, "body": "Stays.", "files": parts({"a.pdf": PDF})})
    assert anna.status == 503 and "We cannot store the files at the moment" in page.text and "Stays." in page.html
