"""Notices by staff: drafts, preview, publishing, two minutes to take it back, the report, confirmations (E03, E05, E06)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.notice_drafts import NEAR, RECALL
from models.notices import Notice, NoticeAudience, NoticeFile, NoticeReceipt, NoticeText
from models.outbox import Mail
from models.people import User
from models.premises import Entrance, House, Premises
from models.scanner import ScannerAway
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY, ZONE, Cast
from tests.letters import deliver, mailbox
from tests.mailserver import Mailbox
from tests.standing import change, fetch, main
from tests.views.test_words import LANGUAGES, spoken
from tests.writing import PDF, parts
from views import staff_notices

__all__ = ["deliver", "mailbox"]
ALL, NEW = "/staff/notices", "/staff/notices/new"
SAID = {"title_lv": "Ūdens nebūs", "body_lv": "Rīt no 9 līdz 15.\n\nSagatavojiet ūdeni."}


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk; the cast's own notice is long past."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    change(app, sa.update(Notice).values(published_at=utc_now() - timedelta(days=400)))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def ahead(days: int) -> str:
    """A moment so many days from the business day, as the form has it."""
    return f"{TODAY + timedelta(days=days)}T12:00"


def flat_of(app: Flask, cast: Cast) -> str:
    """The address of Anna's flat."""
    return fetch(app, sa.select(Premises.address).where(Premises.public_id == cast.flat))[0].address


def draft(ilze: Browser, **typed: str) -> Page:
    """Fill in a new form and save it; the page of the draft."""
    page = ilze.get(NEW)
    return ilze.submit(page, NEW, **SAID | typed)


def publish(ilze: Browser, page: Page, **typed: str) -> Page:
    action = next(form.action for form in page.forms if form.action.endswith("/publish"))
    return ilze.submit(page, action, **typed)


def newest(app: Flask) -> Any:
    return fetch(app, sa.select(Notice.__table__).order_by(Notice.id.desc()))[0]


def said_to(app: Flask) -> list[tuple[Any, ...]]:
    """Whom the newest notice names: house, entrance, premises, customer."""
    columns = [getattr(NoticeAudience, f"{name}_id") for name in ("house", "entrance", "premises", "customer")]
    return [tuple(row) for row in fetch(app, sa.select(*columns).where(NoticeAudience.notice_id == newest(app).id).order_by(NoticeAudience.id))]


def test_a_draft_is_written_looked_at_and_changed_and_no_resident_sees_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    page = draft(ilze, for_all="1", title_ru="Воды не будет", body_ru="Завтра.", confirm="1", valid_until=ahead(3))
    assert "Sagatavojiet ūdeni." in main(page) and "Воды не будет" in main(page) and "No translation: Latvian is shown." in main(page)
    assert "Everybody" not in main(page) and "All customers" in main(page) and "Draft" in main(ilze.get(ALL))
    number = newest(app).id
    form = ilze.get(f"{ALL}/{number}/edit")
    fields = form.form(f"{ALL}/{number}/edit").fields
    assert f">\n{SAID['body_lv']}</textarea>" in form.html and fields["valid_until"] == ahead(3) and fields["for_all"] == fields["confirm"] == "1"
    page = ilze.post(f"{ALL}/{number}/edit", {name: value for name, value in fields.items() if name not in ("title_ru", "body_ru", "confirm")} | SAID | {"title_lv": "Cits"})
    assert "Cits" in main(page) and "Воды" not in main(page) and not newest(app).confirm
    assert "Cits" not in anna.get("/notices").html and anna.client.get(f"/notices/{newest(app).public_id}").status_code == 404


def test_only_supervisors_write_and_agents_read(ilze: Browser, app: Flask):
    draft(ilze, for_all="1")
    number = newest(app).id
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    agent = Browser(app)
    agent.log_in("ilze")
    page = agent.get(f"{ALL}/{number}")
    assert "Ūdens nebūs" in main(page) and not any(form.action.startswith(ALL) for form in page.forms) and NEW not in agent.get(ALL).links
    assert [agent.client.get(path).status_code for path in (NEW, f"{ALL}/{number}/edit")] == [403, 403]


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"title_lv": ""}, "Write a title"), ({"title_lv": "a=?utf-8?q?b?="}, "Write a title"), ({"body_lv": "\0"}, "Write a text"),
    ({"title_ru": "Без текста"}, "Write a text"), ({"emergency": "1", "reason": "Pipe"}, "Enter until when it lasts"),
    ({"emergency": "1", "valid_until": ahead(1)}, "Write a reason"), ({"works_at": ahead(2), "valid_until": ahead(1)}, "after the beginning"),
    ({"works_at": ahead(2)}, "Enter until when it lasts"), ({"valid_until": ahead(-2)}, "lies ahead"), ({"valid_until": "0001-01-01T00:00"}, "Enter a day and a time"),
    ({"works_at": "soon"}, "Enter a day and a time"), ({"to": "Nowhere 1"}, "Nowhere 1"), ({"to": "20417", "for_all": "1"}, "nobody where it is for everybody"),
    ({"to": "\n".join(map(str, range(1001)))}, "Name at most"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(ilze: Browser, app: Flask, typed: dict[str, str], sentence: str):
    before = newest(app).id
    page = draft(ilze, title_en="Kept", body_en="Kept text", **typed)
    assert ilze.status == 422 and sentence in main(page) and page.form(NEW).fields["title_en"] == "Kept"
    assert newest(app).id == before


def test_the_same_new_form_sent_twice_is_one_draft(ilze: Browser, app: Flask):
    page = ilze.get(NEW)
    for _ in range(2):
        ilze.submit(page, NEW, **SAID)
        assert ilze.status == 200
    assert len(fetch(app, sa.select(Notice.id).where(Notice.published_at.is_(None)))) == 1
    assert ilze.client.post(NEW, data=page.form(NEW).fields | {"once": "x"}).status_code == 400


def test_two_who_change_a_draft_do_not_overwrite_each_other_unasked(ilze: Browser, app: Flask):
    draft(ilze)
    one = f"{ALL}/{newest(app).id}/edit"
    opened = ilze.get(one)
    ilze.submit(ilze.get(one), one, **SAID | {"title_lv": "Pirmais"})
    page = ilze.submit(opened, one, **SAID | {"title_lv": "Otrais"})
    assert ilze.status == 409 and "Somebody has changed this draft" in main(page) and page.form(one).fields["title_lv"] == "Otrais"
    assert "Otrais" in main(ilze.submit(page, one, body_lv="x"))


def test_houses_entrances_flats_and_customers_are_named_as_they_are_written(ilze: Browser, app: Flask, cast: Cast):
    house = fetch(app, sa.select(House.__table__).order_by(House.id))[0]
    change(app, sa.insert(Entrance).values(id=77, external_id="E77", house_id=house.id, name="2"))
    flat = flat_of(app, cast)
    page = draft(ilze, to=f"{house.address}\n{house.address}, {house.town} / 2\n{flat.replace('–', '-')}\n 20417 \n\n20417")
    number = fetch(app, sa.select(Premises.id).where(Premises.public_id == cast.flat))[0].id
    assert [row[:3] for row in said_to(app)][1:] == [(None, 77, None), (house.id, None, None), (None, None, number)]
    assert said_to(app)[0][3] and f"{house.address}, {house.town} / 2" in main(page)
    change(app, sa.insert(House).values(external_id="H77", address=house.address, town="Elsewhere", postcode=""))
    assert "more than one" in main(draft(ilze, to=house.address)) and ilze.status == 422
    draft(ilze, to=f"{house.address}, Elsewhere")
    assert ilze.status == 200


def test_it_is_published_with_its_number_and_letters_wait_two_minutes(anna: Browser, ilze: Browser, app: Flask, cast: Cast, mailbox: Mailbox, deliver: Callable):
    page = draft(ilze, to=flat_of(app, cast))
    assert "Publish to 1 customer" in main(page) and "Letters 1" in main(page) and "Anna" in main(page)
    page = publish(ilze, page)
    assert "Letters sent 0 of 1" in main(page) and "No letter has been sent yet" in main(page) and "Ūdens nebūs" in main(anna.get(f"/properties/{cast.flat}"))
    assert deliver() == []
    ((due, created),) = fetch(app, sa.select(Mail.due_at, Mail.created_at).where(Mail.kind == "notice"))
    assert RECALL - timedelta(seconds=9) < due - created <= RECALL
    change(app, sa.update(Mail).values(due_at=utc_now()))
    assert deliver() == ["anna@example.com"]
    anna.get(f"/notices/{newest(app).public_id}")
    assert "Letters sent 1 of 1" in (said := main(ilze.get(f"{ALL}/{newest(app).id}"))) and "Opened in the portal 1" in said


def test_taken_back_within_two_minutes_nobody_hears_of_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast, deliver: Callable):
    page = publish(ilze, draft(ilze, to=flat_of(app, cast)))
    one = f"{ALL}/{newest(app).id}"
    for _ in range(2):
        assert "Taken back" in main(ilze.submit(page, f"{one}/withdraw"))
    change(app, sa.update(Mail).values(due_at=utc_now()))
    assert deliver() == [] and "Ūdens nebūs" not in main(anna.get("/notices"))
    acts = [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("notice.%")).order_by(AuditRow.id))]
    assert acts == ["notice.drafted", "notice.published", "notice.withdrawn"]


def test_a_draft_for_nobody_cannot_be_published(ilze: Browser, app: Flask):
    page = draft(ilze)
    assert "It reaches nobody" in main(page) and "Nobody yet" in main(page)
    one, token = f"{ALL}/{newest(app).id}", page.form("/logout").fields["csrf_token"]
    assert "name somebody first" in main(ilze.post(f"{one}/publish", {"csrf_token": token})) and ilze.status == 422
    assert "Taken back" in main(ilze.submit(ilze.get(one), f"{one}/withdraw")) and newest(app).withdrawn_at and newest(app).published_at is None


def test_it_is_scheduled_for_a_moment_that_lies_ahead(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    page = draft(ilze, to=flat_of(app, cast), valid_until=ahead(9))
    for wrong in ("soon", ahead(-1), ahead(10)):
        assert "Enter a" in main(publish(ilze, page, at=wrong)) and ilze.status == 422
    page = publish(ilze, page, at=ahead(2))
    row = newest(app)
    assert "Scheduled" in main(page) and row.published_at.astimezone(ZONE).isoformat()[:16] == ahead(2) and row.published_on == TODAY + timedelta(days=2)
    assert row.announced_at is None and fetch(app, sa.select(Mail.id)) == [] and "Ūdens" not in main(anna.get("/notices"))
    assert f"{ALL}/{row.id}/edit" not in page.links and main(ilze.get(f"{ALL}/{row.id}/edit")) == main(page)


def test_another_one_to_the_same_house_within_a_day_is_asked_about(ilze: Browser, app: Flask):
    (house,) = fetch(app, sa.select(House.address, House.town).order_by(House.id).limit(1))
    named = f"{house.address}, {house.town}"
    publish(ilze, draft(ilze, to=named))
    first = newest(app)
    page = publish(ilze, draft(ilze, to=named, title_lv="Vēlreiz"))
    assert ilze.status == 409 and "within 24 hours" in main(page) and f"{ALL}/{first.id}" in page.links and newest(app).published_at is None
    assert "Vēlreiz" in main(publish(ilze, page, similar="1")) and newest(app).published_at
    change(app, sa.update(Notice).values(published_at=datetime.now(ZONE) - NEAR - timedelta(days=800)))
    publish(ilze, draft(ilze, to=named))
    assert ilze.status == 200, "what is older is another matter"
    publish(ilze, draft(ilze, for_all="1"))
    assert ilze.status == 200, "and so is what is for everybody"
    publish(ilze, draft(ilze, for_all="1"))
    assert ilze.status == 409


def test_an_emergency_writes_to_those_too_who_want_no_letters_and_says_why(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    letters = "/profile/notifications"
    anna.post(letters, {**anna.get(letters).form(letters).fields, "notices": ""} | {"csrf_token": anna.get(letters).form(letters).fields["csrf_token"]})
    flat = flat_of(app, cast)
    page = draft(ilze, to=flat, emergency="1", reason="A pipe has burst", valid_until=ahead(1))
    assert "A pipe has burst" in main(page)
    publish(ilze, page)
    assert [row.detail for row in fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "notice.published"))] == [{"reason": "A pipe has burst"}]
    assert len(fetch(app, sa.select(Mail.id).where(Mail.kind == "notice"))) == 1


def test_files_are_added_to_a_draft_and_taken_out_again(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    page = draft(ilze, to=flat_of(app, cast))
    one = f"{ALL}/{newest(app).id}"
    page = ilze.post(f"{one}/files", page.form(f"{one}/files").fields | {"files": parts({"a.pdf": PDF, "b.exe": b"MZ", "c.pdf": PDF})})
    assert ilze.status == 422 and "b.exe" in main(page) and "a.pdf" in main(page) and "c.pdf" in main(page)
    number = fetch(app, sa.select(NoticeFile.id).where(NoticeFile.name == "c.pdf"))[0].id
    page = ilze.submit(page, f"{one}/files", remove=str(number))
    assert "c.pdf" not in main(page)
    publish(ilze, page)
    assert "a.pdf" in main(anna.get(f"/notices/{newest(app).public_id}"))
    ilze.post(f"{one}/files", page.form(f"{one}/files").fields | {"remove": str(number - 1)})
    assert len(fetch(app, sa.select(NoticeFile.id).where(NoticeFile.notice_id == newest(app).id))) == 1, "published is published"


def test_who_is_named_by_the_preview_can_read_that_staff_saw_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    draft(ilze, to=flat_of(app, cast))
    assert "Purpose: A notice to you" in main(anna.get("/activity?show=data"))


def test_a_reader_confirms_once_and_staff_see_who_has_not(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    publish(ilze, draft(ilze, to=flat_of(app, cast), confirm="1"))
    one, staff = f"/notices/{newest(app).public_id}", f"{ALL}/{newest(app).id}"
    assert "Not confirmed yet Anna" in main(ilze.get(staff))
    page = anna.get(one)
    for _ in range(2):
        assert "You confirmed on" in main(anna.submit(page, f"{one}/confirm"))
    assert len(fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "notice.confirmed"))) == 1
    assert "Confirmed 1" in (said := main(ilze.get(staff))) and "Nobody is left." in said
    assert "Notice confirmed as read" in main(anna.get("/activity?show=own"))


def test_who_was_not_asked_to_confirm_confirms_nothing(anna: Browser, app: Flask, cast: Cast):
    one = f"/notices/{cast.notice}"
    page = anna.get(one)
    assert "I have read this" not in main(page)
    anna.post(f"{one}/confirm", {"csrf_token": page.form("/logout").fields["csrf_token"]})
    assert [row.confirmed_at for row in fetch(app, sa.select(NoticeReceipt.confirmed_at))] == [None]


def test_many_names_and_many_notices_are_read_in_parts(ilze: Browser, app: Flask):
    publish(ilze, draft(ilze, for_all="1", confirm="1"))
    number = newest(app).id
    people = [{"id": n, "username": f"u{n}", "name": f"Person {n}.", "role": Role.RESIDENT, "terms_version": 1, "created_at": utc_now()} for n in range(1001, 1061)]
    change(app, sa.insert(User).values(people))
    change(app, sa.text("INSERT INTO customer_user (user_id, customer_id) SELECT id, 1 FROM user_account WHERE id > 1000"))
    page = ilze.get(f"{ALL}/{number}")
    older = next(link for link in page.links if "after=" in link)
    assert "Person 1001." in main(page) and "Person 1060." not in main(page) and "Person 1060." in main(ilze.get(f"{ALL}/{number}{older}"))
    for n in range(2000, 2060):
        change(app, sa.insert(Notice).values(id=n, public_id=f"n{n}", external_id=f"n{n}", published_at=utc_now(), published_on=TODAY))
        change(app, sa.insert(NoticeText).values(notice_id=n, language="lv", title=f"Title {n}.", body="x"))
    page = ilze.get(ALL)
    assert "Title 2059." in main(page) and "Title 2000." not in main(page)
    assert "Title 2000." in main(ilze.get(next(link for link in page.links if "before=" in link)))
    for wrong in (f"{ALL}?before=x", f"{ALL}?before=-1", f"{ALL}/{number}?after={'9' * 30}", f"{ALL}/{number}?after=x"):
        assert ilze.client.get(wrong).status_code == 200


def test_works_stand_on_home_and_at_the_door_while_they_last(anna: Browser, ilze: Browser, app: Flask, cast: Cast, browser: Browser):
    now = app.extensions["ekabinets"].clock.now()
    publish(ilze, draft(ilze, for_all="1", works_at=f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}", valid_until=ahead(2)))
    anna.get(f"/notices/{newest(app).public_id}")
    shown = [main(anna.get(f"/properties/{cast.flat}")), main(browser.get("/login"))]  # though she has read it
    assert all("Works or an outage" in one and re.search(r"2026, \S+ – \S+ \w+ \d{4}, 12:00 · All customers", one) for one in shown), shown
    assert "Sagatavojiet ūdeni." in shown[1] and "Ūdens nebūs" in main(ilze.get("/staff"))
    for column, moment in (("works_at", now + timedelta(hours=1)), ("valid_until", now)):
        change(app, sa.update(Notice).where(Notice.id == newest(app).id).values({"works_at": now - timedelta(hours=1), "valid_until": now + timedelta(days=9), column: moment}))
        assert "Ūdens nebūs" not in main(anna.get(f"/properties/{cast.flat}")) + main(ilze.get("/staff")) and "Sagatavojiet" not in main(browser.get("/login"))


def test_an_outage_says_where_it_is_and_only_who_lives_there_sees_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast, browser: Browser):
    begun = f"{app.extensions['ekabinets'].clock.now() - timedelta(minutes=5):%Y-%m-%dT%H:%M}"
    publish(ilze, draft(ilze, to="Mālkalnes prospekts 3", works_at=begun, valid_until=ahead(2)))
    viktors = Browser(app, "ru")
    viktors.log_in("viktors")
    assert "12:00 · Mālkalnes prospekts 3, all flats" in main(anna.get(f"/properties/{cast.flat}"))
    assert "Ūdens nebūs" not in main(viktors.get(f"/properties/{cast.neighbour}")) + main(browser.get("/login"))
    assert "Ūdens nebūs" in main(ilze.get("/staff")), "staff see what stands on home, wherever"


def test_what_no_scanner_has_cleared_is_held_back(anna: Browser, ilze: Browser, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    class Away:
        def scan(self, _file: object) -> str:
            raise ScannerAway

    monkeypatch.setattr("views.uploads.scanner_of", lambda _settings: Away())
    page = draft(ilze, to=flat_of(app, cast))
    one = f"{ALL}/{newest(app).id}"
    publish(ilze, ilze.post(f"{one}/files", page.form(f"{one}/files").fields | {"files": parts({"a.pdf": PDF})}))
    link = next(link for link in anna.get(f"/notices/{newest(app).public_id}").links if "/files/" in link)
    assert anna.client.get(link).status_code != 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_it_is_published_to_has_its_plural(app: Flask, ilze: Browser, language: str, monkeypatch: pytest.MonkeyPatch):
    draft(ilze, for_all="1")
    address = f"{ALL}/{newest(app).id}"
    reader = Browser(app, language)
    reader.log_in("ilze")
    for count, lv, ru in ((1, "klientam", "клиента"), (2, "klientiem", "клиентов"), (10, "klientiem", "клиентов"), (21, "klientam", "клиента")):
        monkeypatch.setattr(staff_notices.announcements, "count", lambda *_, count=count: (count, 0))
        expected = spoken(language, f"Publicēt {count} {lv}", f"Publish to {count} customer{'s' * (count > 1)}", f"Опубликовать для {count} {ru}")
        assert re.search(rf"{expected}\b", main(reader.get(address)))
