"""The desk for readings: what looks wrong, who has sent none, what came late (H10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.meters import Meter
from models.outbox import Mail
from models.overrides import Override
from models.people import User
from models.premises import House, Premises
from models.readings import Reading
from models.types import Role, utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.desks import READINGS, flagged
from tests.mailserver import Mailbox, text
from tests.powers import noted
from tests.standing import change, fetch, main
from tests.views.reading_form import send
from tests.views.test_words import LANGUAGES, spoken

deliver, mailbox = letters.deliver, letters.mailbox
MISSING, LATE, HOUSE = f"{READINGS}?state=missing", f"{READINGS}?state=late", f"{READINGS}/houses/1"


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """An agent at her desk."""
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def settle(ilze: Browser, number: int, act: str, **typed: str):
    return ilze.post(READINGS, ilze.get(READINGS).form("/logout").fields | {"number": str(number), "act": act} | typed)


def reading(app: Flask, number: int):
    return fetch(app, sa.select(Reading.__table__).where(Reading.id == number))[0]


def test_what_the_resident_was_asked_about_stands_there_with_the_reason_and_what_was_read_before(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    assert "Nothing waits here." in main(ilze.get(READINGS)) and READINGS in ilze.get("/staff").links
    page = send(anna, cast.cold, "999")
    form = page.form(f"/meters/{cast.cold}/reading")
    anna.post(form.action, form.fields | {name: values[-1] for name, values in form.choices.items()})
    said = main(ilze.get(READINGS))
    assert "Brīvības iela 12–34, Ogre" in said and "Anna Ozoliņa" in said and "999.000 m³" in said
    assert "The consumption is much higher than usual." in said or "too many" in said
    assert said.index("192.000") < said.index("189.000") < said.index("186.000") and "183.000" not in said


@pytest.mark.parametrize(("flag", "words"), [("lower", "lower than the one before"), ("absence", "although everybody was to be away"), ("strange", "strange")])
def test_every_flag_has_its_words(app: Flask, ilze: Browser, flag: str, words: str):
    flagged(app, flag)
    assert words in main(ilze.get(READINGS))


def test_what_is_right_leaves_the_list_and_stays_as_it_is(app: Flask, anna: Browser, ilze: Browser):
    number = flagged(app)
    page = ilze.get(READINGS)
    assert "stays as it is" in main(ilze.submit(page, READINGS, act="accept")) and "Nothing waits here." in main(ilze.get(READINGS))
    row = reading(app, number)
    assert (row.status, row.flag, row.status_reason) == ("received", "high", None) and row.reviewed_at
    assert noted(app, "reading.accepted").actor_user_id == 5 and fetch(app, sa.select(Mail.id)) == []
    said = main(anna.get("/activity?show=data"))
    assert "Reading checked by staff" in said and "Purpose: Check of meter readings" in said and "Ilze" not in said
    assert "A colleague was faster" in main(ilze.submit(page, READINGS, act="accept")), "done twice it is done once"


def test_what_is_rejected_is_told_to_who_sent_it_in_her_language(app: Flask, anna: Browser, ilze: Browser, mailbox: Mailbox, deliver: Callable):
    number = flagged(app)
    change(app, sa.update(User).where(User.id == 1).values(language="ru"))
    assert "was rejected" in main(settle(ilze, number, "reject", reason="Посмотрите ещё раз."))
    row = reading(app, number)
    assert (row.status, row.status_reason) == ("rejected", "Посмотрите ещё раз.") and noted(app, "reading.rejected").detail["value"] == 999_000
    assert deliver() == ["anna@example.com"] and mailbox.letters[0]["Subject"] == "Показание счётчика не принято"
    assert "Посмотрите ещё раз." in text(mailbox.letters[0]) and "999,000" in text(mailbox.letters[0]) and "/meters/" in text(mailbox.letters[0])


def test_what_staff_have_entered_is_told_to_the_customer(app: Flask, ilze: Browser, deliver: Callable):
    settle(ilze, flagged(app, source="staff", actor_user_id=5), "reject", reason="x")
    assert deliver() == ["anna@example.com"]
    change(app, sa.update(User).where(User.id == 1).values(disabled_at=utc_now()))
    settle(ilze, flagged(app), "reject", reason="x")
    assert deliver() == [], "nobody is left to be told"


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, "x\0y"])
def test_nothing_is_rejected_without_a_reason(app: Flask, ilze: Browser, reason: str):
    number = flagged(app)
    page = settle(ilze, number, "reject", reason=reason)
    assert ilze.status == 422 and "Write a reason of at most 200 characters" in main(page) and reading(app, number).reviewed_at is None
    assert reason.replace("\0", "") in page.html


def test_what_was_corrected_meanwhile_or_never_was_is_left_alone(app: Flask, ilze: Browser):
    number, plain = flagged(app), flagged(app, None)
    change(app, sa.update(Reading).where(Reading.id == number).values(superseded_at=utc_now()))
    for one in (number, plain, 999_999):
        assert "A colleague was faster" in main(settle(ilze, one, "accept"))
    fields = ilze.get(READINGS).form("/logout").fields | {"number": str(number), "act": "accept"}
    for wrong in ({"number": "x"}, {"number": "²"}, {"number": "9" * 30}, {"number": ""}, {"act": "?"}):
        assert ilze.client.post(READINGS, data=fields | wrong).status_code == 404
    assert fetch(app, sa.select(AuditRow.id).where(AuditRow.action == "reading.accepted")) == []


def test_a_long_list_is_read_in_parts(app: Flask, ilze: Browser, statements: list[str]):
    numbers = [flagged(app, value=700_001 + number) for number in range(27)]
    page = ilze.get(READINGS)
    assert main(page).count("much higher") == 25 and "700.001" in main(page)
    more = next(link for link in page.links if "key=" in link)
    statements.clear()
    page = ilze.get(more)
    assert main(page).count("much higher") == 2 and page.form(READINGS).fields["key"] == str(numbers[24]) and len(statements) <= 9
    for wrong in ("x", "-1", "9" * 30):
        assert ilze.client.get(f"{READINGS}?key={wrong}").status_code == 200


def test_an_administrator_has_nothing_to_do_here(app: Flask):
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.ADMINISTRATOR))
    browser = Browser(app)
    browser.log_in("ilze")
    assert browser.client.get(READINGS).status_code == 403


def test_who_has_sent_none_is_told_by_house(app: Flask, anna: Browser, ilze: Browser, cast: Cast):
    page = ilze.get(MISSING)
    assert "Brīvības iela 12, Ogre 5 meters without a reading" in main(page) and "Mālkalnes prospekts 3, Ogre ✓ all have come" in main(page)
    said = main(ilze.get(HOUSE))
    assert "Anna Ozoliņa (20417)" in said and "Viktors Petrovs (20418)" in said and "No. 12345678" in said and "192.000" in said
    assert "No. 555" not in said and "11111111" not in said and "99999" not in said, "what is read automatically, was removed, or is the house's"
    send(anna, cast.cold, "195,5")
    assert "4 meters without a reading" in main(ilze.get(MISSING)) and "No. 12345678" not in main(ilze.get(HOUSE))


def test_what_was_rejected_or_estimated_counts_as_none(app: Flask, ilze: Browser):
    numbers = [flagged(app), flagged(app, None, "87654321", source="estimate")]
    assert "4 meters without" in main(ilze.get(MISSING))
    settle(ilze, numbers[0], "reject", reason="x")
    assert "5 meters without" in main(ilze.get(MISSING))


def test_each_house_has_its_own_window(app: Flask, ilze: Browser):
    change(app, sa.update(Reading).values(read_on=TODAY - timedelta(days=3)))
    change(app, sa.insert(Override).values(house_id=1, opens="28", closes="last", valid_from=TODAY - timedelta(days=2), created_at=utc_now()))
    assert "Cold water: 28 Nov 2026 – 30 Nov 2026" in main(ilze.get(HOUSE)) and "5 meters without" in main(ilze.get(MISSING))


def test_who_is_looked_at_reads_so(app: Flask, anna: Browser, ilze: Browser):
    ilze.get(MISSING)
    assert "Data viewed" not in anna.get("/activity?show=data").text, "a number is nobody's data"
    ilze.get(HOUSE)
    assert "Purpose: Check of meter readings" in anna.get("/activity?show=data").text


def test_the_table_for_spreadsheets_reckons_with_nothing(app: Flask, ilze: Browser):
    change(app, sa.update(Premises).where(Premises.id == 1).values(address="=HYPERLINK(1)"))
    answer = ilze.client.get(f"{HOUSE}/missing.csv")
    lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert lines[0] == "Address,Customer,Meter,Number,Last reading,Read on" and len(lines) == 6
    assert "HYPERLINK(1),Anna Ozoliņa (20417),Cold water,12345678,192," in "\n".join(lines) and "=" not in answer.get_data(as_text=True)


def test_houses_are_read_in_parts_by_address(app: Flask, ilze: Browser):
    for number in range(25):
        change(app, sa.insert(House).values(external_id=f"Z{number}", address=f"Zaļā iela {number:02}", town="Ogre", postcode=""))
    page = ilze.get(MISSING)
    assert main(page).index("Brīvības iela 12") < main(page).index("Zaļā iela 00") and "Zaļā iela 24" not in main(page)
    page = ilze.get(next(link for link in page.links if "key=" in link))
    assert "Zaļā iela 24" in main(page) and "Brīvības" not in main(page) and "More houses" not in main(page)
    assert "There are no more houses." in main(ilze.get(f"{MISSING}&key=99999999"))
    for path in (f"{READINGS}/houses/999", f"{READINGS}/houses/x", f"{READINGS}/houses/999/missing.csv"):
        assert ilze.client.get(path).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_meters_without_readings_have_their_plural(app: Flask, language: str):
    ilze = Browser(app, language)
    ilze.log_in("ilze")
    serials = [row.serial for row in fetch(app, sa.select(Meter.serial).where(Meter.serial.in_(["12345678", "87654321", "777", "2222"])))]
    assert spoken(language, "5 skaitītāji bez", "5 meters without", "5 счётчиков без") in main(ilze.get(MISSING)) and len(serials) == 4
    change(app, sa.update(Meter).where(Meter.serial.in_(["777", "87654321"])).values(is_remote=True))
    assert spoken(language, "2 skaitītāji bez", "2 meters without", "2 счётчика без") in main(ilze.get(MISSING))
    change(app, sa.update(Meter).where(Meter.serial == "2222").values(is_remote=True))
    assert spoken(language, "1 skaitītājs bez", "1 meter without", "1 счётчик без") in main(ilze.get(MISSING))


def test_what_came_after_its_window_or_the_date_of_its_meter_is_late(app: Flask, ilze: Browser):
    assert "None of these came late." in main(ilze.get(LATE))
    month = TODAY.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    flagged(app, None, value=700_000, source="staff", period=before, read_on=TODAY)
    flagged(app, None, value=800_000, source="slip", period=month)
    flagged(app, None, "87654321", value=900_000, source="slip", period=month)
    said = main(ilze.get(LATE))
    assert "700.000" in said and "800.000" not in said and "900.000" in said and "the date of the meter passed on" in said
    for number in range(26):
        flagged(app, None, value=600_000 + number, source="staff", period=before)
    page = ilze.get(LATE)
    assert "700.000" in main(ilze.get(next(link for link in page.links if "key=" in link))) and "700.000" not in main(page)
