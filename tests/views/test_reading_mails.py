"""The desk for e-mails with readings: proposed from the text, saved only by a person (D26)."""


import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import Actor, AuditRow
from models.people import User
from models.places import Place
from models.reading_mails import ReadingMail, settle
from models.tenures import Tenure
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import Cast, month
from tests.mails import ANNA, MAILS, brought
from tests.standing import change, fetch, main
from tests.views.test_customers import staff
from tests.views.test_told import entered
from views import reading_mails
from views.meter_views import MeterView


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent."""
    return staff(app, Role.AGENT)


def save(ilze: Browser, page: Page, where: str, **typed: str) -> Page:
    """Send the form of the meters as it stands, but for this."""
    action = next(form.action for form in page.forms if "&at=" in form.action and form.method == "post")
    return ilze.fill(page, action, typed)


def close(ilze: Browser, page: Page, act: str, reason: str = "") -> Page:
    """Send the form that dismisses it, or lets it wait again."""
    action = next(form.action for form in page.forms if MAILS in form.action and "&at=" not in form.action and form.method == "post")
    return ilze.submit(page, action, act=act, **({"reason": reason} if reason else {}))


def state(app: Flask) -> str:
    row = fetch(app, sa.select(ReadingMail.decided_at, ReadingMail.reason).order_by(ReadingMail.id.desc()))[0]
    return "new" if row.decided_at is None else "dismissed" if row.reason else "done"


def acts(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).where(AuditRow.action.like("reading_mail.%")).order_by(AuditRow.id))]


def value(page: Page, meter: str) -> str:
    """What stands in the field of a meter."""
    return next(field["value"] for field in page.inputs if field.get("name") == f"r-{meter}-1")


def test_what_the_text_says_stands_in_the_fields_and_nothing_is_saved(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app)
    page = ilze.get(where)
    assert (value(page, cast.cold), value(page, cast.hot)) == ("195,5", "528") and value(page, cast.two_dials) == ""
    assert "Labdien, klienta nr. 20417" in main(page) and "Anna Ozoliņa, 20417" in main(page) and "Latest: 192.000" in main(page)
    assert entered(app) == [] and state(app) == "new"


def test_they_are_hers_when_somebody_saves_them(app: Flask, ilze: Browser, anna: Browser, cast: Cast):
    where = brought(app)
    said = main(save(ilze, ilze.get(where), where, **{f"r-{cast.hot}-1": ""}))
    assert "The readings of the e-mail were saved." in said and "Nothing waits here." in said
    assert entered(app) == [(195_500, "email", 5, 1, None)] and state(app) == "done" and acts(app) == ["reading_mail.done"]
    [row] = fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "reading.submitted"))
    assert row.detail["mail"] == int(where.rpartition("/")[2])
    assert "entered by us from an e-mail" in main(anna.get(f"/meters/{cast.cold}")) and "Your e-mail with readings" in main(anna.get("/activity?show=data"))
    assert "Rādījumi" in main(ilze.get(f"{MAILS}?show=done")) and "saved Ilze" in main(ilze.get(where))


def test_what_looks_wrong_is_asked_in_words_and_the_mail_waits(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app, ANNA.replace("195,5", "1955"))
    page = save(ilze, ilze.get(where), where, **{f"r-{cast.hot}-1": ""})
    assert ilze.status == 409 and "The reading is correct" in main(page) and entered(app) == [] and state(app) == "new"
    reply = f"reply-{cast.cold}-1"
    form = next(form for form in page.forms if reply in form.choices)
    save(ilze, page, where, **{reply: form.choices[reply][-1]})
    assert [row.value for row in entered(app)] == [1_955_000] and state(app) == "done"


def test_what_is_no_reading_is_said_beside_the_field(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app)
    page = save(ilze, ilze.get(where), where, **{f"r-{cast.cold}-1": "12a"})
    assert ilze.status == 422 and "Enter the reading in digits" in main(page) and value(page, cast.cold) == "12a"
    page = save(ilze, ilze.get(where), where, **{f"r-{cast.cold}-1": "", f"r-{cast.hot}-1": ""})
    assert ilze.status == 422 and state(app) == "new"


def test_whether_the_sender_is_known_of_the_customer_is_said(app: Flask, ilze: Browser):
    change(app, sa.update(User).where(User.id == 1).values(email="anna@example.com"))
    assert "The sender’s address is known of this customer." in main(ilze.get(brought(app, sender="Anna@Example.com")))
    assert "is not known of this customer. Answer nothing" in main(ilze.get(brought(app, sender="viktors@example.com")))
    assert "Anna Ozoliņa, 20417" in main(ilze.get(brought(app, "aukstais 195", sender="anna@example.com"))), "by whoever sent it"


def test_a_meter_names_its_customer_and_one_who_is_not_named_is_looked_up(app: Flask, ilze: Browser, cast: Cast):
    assert value(ilze.get(brought(app, "Skaitītājs 12345678 - 195,5", sender="x@example.com")), cast.cold) == "195,5"
    where = brought(app, "aukstais 195,5", sender="x@example.com")
    assert "Nobody was recognised in it." in main(ilze.get(where)) and "Save the readings" not in main(ilze.get(where))
    assert "No customer has the code or meter “xyz”." in main(ilze.get(f"{where}?code=xyz%00"))
    page = ilze.get(f"{where}?code=20417")
    assert value(page, cast.cold) == "195,5"
    save(ilze, page, where)
    assert [row.principal_customer_id for row in entered(app)] == [1]


def test_of_two_customers_in_one_mail_each_is_saved_by_its_own(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app, "20417: aukstais 195,5\n20418: aukstais 97")
    page = ilze.get(where)
    assert value(page, cast.cold) == "195,5" and "Viktors" not in page.html and f"{where}?code=20418" in page.links
    said = main(save(ilze, page, where, more="1"))
    assert "The e-mail waits for the other address." in said and state(app) == "new" and len(entered(app)) == 1
    page = ilze.get(f"{where}?code=20418")
    assert value(page, cast.stranger_meter) == "97"
    save(ilze, page, where)
    assert [(row.value, row.principal_customer_id) for row in entered(app)] == [(195_500, 1), (97_000, 2)] and state(app) == "done"


def test_it_is_dismissed_with_a_reason_and_taken_back(app: Flask, ilze: Browser):
    where = brought(app, "Buy now!")
    for reason in ("", " ", "x" * 501, "a\0"):
        page = close(ilze, ilze.get(where), "dismiss", reason)
        assert ilze.status == 422 and "Write a reason" in page.text and state(app) == "new"
    assert "The e-mail was dismissed." in main(close(ilze, ilze.get(where), "dismiss", "Advertising"))
    assert state(app) == "dismissed" and "Advertising" in main(ilze.get(where)) and "dismissed" in main(ilze.get(f"{MAILS}?show=done"))
    assert "It waits again." in main(close(ilze, ilze.get(where), "undo")) and state(app) == "new"
    assert acts(app) == ["reading_mail.dismissed", "reading_mail.undone"]
    assert fetch(app, sa.select(ReadingMail.reason, ReadingMail.decided_at, ReadingMail.decided_by)) == [("", None, None)]


def test_the_same_form_twice_is_one_act_and_a_colleague_may_be_faster(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app)
    page, early = ilze.get(where), ilze.get(where)
    for _ in range(2):
        assert "The readings of the e-mail were saved." in main(save(ilze, page, where))
    assert len(entered(app)) == 2 and acts(app) == ["reading_mail.done"]
    assert "A colleague was faster." in main(save(ilze, early, where, **{f"r-{cast.cold}-1": "196"}))
    fields = next(form.fields for form in early.forms if "reason" in form.fields)
    for again, said in ((fields, "A colleague was faster."), (fields | {"act": "nonsense"}, "")):
        ilze.post(where, {"act": "dismiss"} | again | {"reason": "No"})
        assert said in ilze.response.get_data(as_text=True) and ilze.status in (200, 400)
    assert state(app) == "done" and len(entered(app)) == 2


@pytest.mark.parametrize("more", ["", "1"])
def test_of_a_mail_that_a_colleague_settles_this_moment_nothing_is_stored(app: Flask, ilze: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch, more: str):
    where = brought(app)
    page, meters_at = ilze.get(where), reading_mails.meters_at

    def late(place: Place) -> list[MeterView]:
        with app.extensions["ekabinets"].database.write() as session:
            settle(session, Actor(1, "web"), int(where.rpartition("/")[2]), "dismissed", "spam")
        return meters_at(place)

    monkeypatch.setattr(reading_mails, "meters_at", late)
    said = main(save(ilze, page, where, **{f"r-{cast.hot}-1": ""} | ({"more": more} if more else {})))
    assert "A colleague was faster. Nothing was changed by you." in said
    assert entered(app) == [] and state(app) == "dismissed" and acts(app) == ["reading_mail.dismissed"]


def test_with_something_left_over_it_waits(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app)
    page = ilze.get(where)
    action = next(form.action for form in page.forms if "&at=" in form.action and form.method == "post")
    ilze.post(action, page.form(action).fields | {f"r-{cast.hot}-1": "", f"r-{cast.cold}-9": "7", "act": "accept"})
    assert ilze.status == 409 and [row.value for row in entered(app)] == [195_500] and state(app) == "new"


def test_a_page_from_which_readings_were_saved_dismisses_it_too(app: Flask, ilze: Browser):
    where = brought(app)
    page = ilze.get(where)
    save(ilze, page, where, more="1")
    assert "The e-mail was dismissed." in main(close(ilze, page, "dismiss", "Nothing else in it")) and state(app) == "dismissed"


def test_each_look_at_somebody_is_written_down_while_it_waits(app: Flask, ilze: Browser):
    def looks() -> list[tuple[int | None, int | None]]:
        rows = fetch(app, sa.select(AuditRow.principal_customer_id, AuditRow.object_id).where(AuditRow.action == "customer.viewed").order_by(AuditRow.id))
        return [(row.principal_customer_id, row.object_id) for row in rows]

    where = brought(app, "aukstais 195,5", sender="x@example.com")
    ilze.get(where)
    assert looks() == []
    ilze.get(f"{where}?code=20417")
    assert looks() == [(1, None)]
    change(app, sa.update(Tenure).where(Tenure.customer_id == 1).values(ends_on=month(1)))
    ilze.get(f"{where}?code=20417")
    assert looks() == [(1, None), (None, 1)]
    close(ilze, ilze.get(where), "dismiss", "No")
    assert "Anna" not in main(ilze.get(f"{where}?code=20417")) and len(looks()) == 2


def test_of_a_dismissal_that_is_sent_twice_both_hear_that_it_was_done(app: Flask, ilze: Browser):
    where = brought(app)
    fields = next(form.fields for form in ilze.get(where).forms if "reason" in form.fields) | {"act": "dismiss", "reason": "No"}
    for _ in range(2):
        ilze.post(where, fields)
        assert "The e-mail was dismissed." in ilze.response.get_data(as_text=True)
    assert acts(app) == ["reading_mail.dismissed"]


def test_a_customer_without_an_address_and_a_closed_window_take_nothing(app: Flask, ilze: Browser, cast: Cast):
    where = brought(app)
    page = ilze.get(where)
    change(app, sa.update(Tenure).where(Tenure.customer_id == 1).values(ends_on=month(1)))
    assert "No meters are registered where this customer lives today." in main(ilze.get(where))
    action = next(form.action for form in page.forms if "&at=" in form.action)
    assert ilze.client.post(action, data=page.form(action).fields).status_code == 404


def test_many_are_on_pages_and_the_desk_counts_them(app: Flask, ilze: Browser):
    for number in range(27):
        brought(app, subject=f"Nr {number:02}", Message_ID=f"<{number}@x>")
    page = ilze.get(MAILS)
    assert main(page).index("Nr 00") < main(page).index("Nr 24") and "Nr 25" not in main(page)
    more = next(link for link in page.links if "key=" in link and "lang" not in link)
    assert "Nr 25" in main(ilze.get(more)) and "Nr 24" not in main(ilze.get(more)) and "More of them" not in main(ilze.get(more))
    assert "E-mails with readings 27 wait" in main(ilze.get("/staff")) and MAILS in ilze.get("/staff").links
    change(app, sa.update(ReadingMail).values(decided_at=utc_now()))
    page = ilze.get(f"{MAILS}?show=done")
    assert "Nr 26" in main(page) and "Nr 01" not in main(page)
    assert "Nr 00" in main(ilze.get(next(link for link in page.links if "key=" in link and "lang" not in link)))


def test_what_is_strange_is_shown_as_text_and_others_get_nothing(app: Flask, ilze: Browser, anna: Browser):
    where = brought(app, "<script>alert(1)</script>", subject="<b>x</b>", sender="a&b@example.com")
    page = ilze.get(where)
    assert "<script>alert" not in page.html and "<b>x</b>" not in page.html and "alert(1)" in main(page)
    assert anna.client.get(where).status_code == 404 == anna.client.get(MAILS).status_code
    assert ilze.client.get(f"{MAILS}/999").status_code == 404 and staff(app, Role.ADMINISTRATOR).client.get(MAILS).status_code in (403, 404)
