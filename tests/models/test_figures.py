"""What the worker counts for the dashboard, against what the cast has (H11; UD-05)."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models import figures, preferences
from models.einvoices import EInvoice
from models.figures import Figures
from models.outbox import Mail
from models.people import User
from models.readings import Reading
from models.tenures import Tenure
from models.threads import Thread
from models.types import utc_now
from tests.browser import Browser
from tests.cast import TODAY, Cast, month
from tests.standing import change, fetch
from tests.views.reading_form import send


def count(app: Flask) -> dict[str, Any]:
    """Count now; what is kept of it."""
    held = app.extensions["ekabinets"]
    figures.count(held.database, held.site, held.clock)
    return dict(fetch(app, sa.select(Figures.detail))[0].detail)


def e_invoices(app: Flask) -> None:
    """Anna and Viktors have asked for them."""
    for number in (1, 2):
        change(app, sa.insert(EInvoice).values(user_id=number, customer_id=number, attached=True, paper_off=False, changed_at=utc_now()))


def test_customers_are_those_who_stand_somewhere_today_and_registered_is_who_has_been_here(app: Flask):
    assert count(app)["customers"]["e_invoices"] == 0, "nobody has asked"
    e_invoices(app)
    assert count(app)["customers"] == {"all": 2, "registered": 2, "e_invoices": 2}, "Pēteris has moved out"
    change(app, sa.update(User).where(User.username == "viktors").values(terms_version=0))
    assert count(app)["customers"] == {"all": 2, "registered": 1, "e_invoices": 1}
    change(app, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now()))
    assert count(app)["customers"] == {"all": 2, "registered": 0, "e_invoices": 0}
    change(app, sa.update(Tenure).values(ends_on=TODAY - timedelta(days=1)).where(Tenure.ends_on.is_(None)))
    assert count(app)["customers"] == {"all": 0, "registered": 0, "e_invoices": 0}


def test_who_has_no_address_or_wants_no_letters_has_no_e_invoices(app: Flask):
    e_invoices(app)
    change(app, sa.update(User).where(User.username == "viktors").values(email=None))
    change(app, sa.insert(preferences.Preference).values(user_id=1, kind="new_invoice", wanted=False, changed_at=utc_now()))
    assert count(app)["customers"] == {"all": 2, "registered": 2, "e_invoices": 0}
    change(app, sa.update(preferences.Preference).values(wanted=True))
    assert count(app)["customers"]["e_invoices"] == 1


def test_readings_are_counted_by_kind_and_by_day_once_for_each_dial_that_hangs(app: Flask, cast: Cast, anna: Browser):
    found = count(app)
    assert found["kinds"] == {"cold_water": [0, 3], "hot_water": [0, 1], "electricity": [0, 2]}, "neither remote ones nor those taken away"
    assert f"{TODAY}" in found["days"] and not any(found["days"].values())
    send(anna, cast.hot, "528")
    send(anna, cast.hot, "529")
    found = count(app)
    assert found["kinds"]["hot_water"] == [1, 1] and found["days"][f"{TODAY}"] == 1, "a correction is no second reading"
    change(app, sa.update(Reading).where(Reading.period == month(0)).values(source="estimate"))
    assert count(app)["kinds"]["hot_water"] == [0, 1]
    change(app, sa.update(Reading).where(Reading.period == month(0)).values(source="self", period=month(1)))
    assert count(app)["kinds"]["hot_water"] == [0, 1], "for another window"


def test_who_waits_is_told_in_working_hours(app: Flask):
    change(app, sa.update(Thread).values(state="answered"))
    assert count(app)["waiting"] == {"count": 0}
    now = app.extensions["ekabinets"].clock.now()
    for days in range(10):
        change(app, sa.insert(Thread).values(
            public_id=f"w{days}", topic="other", language="lv", state="open", began_on=TODAY, changed_at=now - timedelta(days=days), subject="", about="",
            about_name="", shared=False, unread=False, latest_id=0, follows="",
        ))  # fmt: skip
    waiting = count(app)["waiting"]
    assert waiting["count"] == 10 and 0 < waiting["median"] < waiting["most"] <= 7 * 9 * 60, "nine days and a half, two of them free"


def test_letters_that_were_given_up_are_counted(app: Flask):
    letter = {"kind": "answer", "address": "a@example.lv", "language": "lv", "detail": {}, "rank": 0, "attempts": 9, "error": "no"}
    for parked in (None, utc_now(), utc_now()):
        change(app, sa.insert(Mail).values(**letter, created_at=utc_now(), due_at=utc_now(), parked_at=parked))
    assert count(app)["letters"] == 2


def test_it_is_one_row_however_often_it_is_counted(app: Flask):
    held = app.extensions["ekabinets"]
    regularly = figures.regularly(held.database, held.site, held.clock)
    assert [next(regularly) for _ in range(3)] == [1, 0, 0]
    count(app)
    assert [row.id for row in fetch(app, sa.select(Figures.id))] == [1]
