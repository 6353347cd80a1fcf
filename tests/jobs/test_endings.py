"""A power of attorney ends: nobody has lent it, so all who log in as the customer are told (F06; decisions.md 22)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import endings
from models.customers import CustomerUser
from models.mandates import MandatePremises
from models.people import User
from models.premises import Premises
from models.tenures import Tenure
from models.types import utc_now
from tests import letters
from tests.browser import Browser
from tests.cast import TODAY, Cast, month
from tests.lend import LIGA, lend, mandate
from tests.mailserver import Mailbox, text
from tests.powers import DESK, supervisor
from tests.standing import change, fetch, main
from tests.views.reading_form import second_person

deliver, mailbox = letters.deliver, letters.mailbox
ANNA, MARTA = "anna@example.com", "marta@example.lv"


@pytest.fixture
def marta(app: Flask) -> Browser:
    """Another user of Anna's customer, with an e-mail address."""
    browser = second_person(app)
    change(app, sa.update(User).where(User.username == "marta").values(email=MARTA))
    return browser


@pytest.mark.parametrize(("days", "words"), [(30, "beidzas 30.12.2026."), (7, "beidzas 07.12.2026."), (-1, "ir beigusies")])
def test_all_who_are_the_customer_are_reminded_once_as_the_delegate_is(
    app: Flask, cast: Cast, marta: Browser, mailbox: Mailbox, deliver: Callable, days: int, words: str
):
    lend(app, cast, granted_by=None, ends_on=TODAY + timedelta(days=days), name="Līga Ozoliņa")
    for expected in ([ANNA, LIGA, MARTA], []):
        endings.remind(app.extensions["ekabinets"].database, TODAY)
        assert sorted(deliver()) == expected
    assert all(words in text(mailbox.to(to)[0]) and "Līga Ozoliņa" in text(mailbox.to(to)[0]) for to in (ANNA, MARTA))
    assert "Kam Jūs palīdz" in text(mailbox.to(LIGA)[0]) and "Anna Ozoliņa" in text(mailbox.to(LIGA)[0])
    assert all("pagarināt" not in text(letter) or "dokument" in text(letter) for letter in mailbox.letters), "not by the principal"


@pytest.mark.parametrize(("by", "told"), [({"granted_by": None}, [ANNA, MARTA]), ({}, [ANNA])])
def test_what_the_delegate_gives_up_is_told_to_who_has_lent_it_or_to_all_who_are_the_customer(
    app: Flask, cast: Cast, marta: Browser, deliver: Callable, by: dict, told: list[str]
):
    where, liga = f"/users/{lend(app, cast, **by)}/revoke", Browser(app)
    liga.log_in("liga")
    liga.submit(liga.get(where), where)
    assert mandate(app).ending == "resigned" and sorted(deliver()) == told


def test_what_one_of_them_ends_is_told_to_the_others_and_to_the_delegate(app: Flask, cast: Cast, anna: Browser, marta: Browser, deliver: Callable):
    where = f"/users/{lend(app, cast, granted_by=None)}"
    anna.submit(anna.get("/users"), f"{where}/state", act="suspend")
    assert deliver() == [LIGA]
    anna.submit(anna.get(f"{where}/revoke"), f"{where}/revoke")
    assert mandate(app).ending == "revoked" and sorted(deliver()) == [LIGA, MARTA]


def test_a_principal_without_an_account_stands_in_the_list_of_the_staff(app: Flask, cast: Cast, deliver: Callable):
    for days, name in ((30, "Last"), (0, "First"), (31, "Later"), (-1, "Over")):
        lend(app, cast, granted_by=None, ends_on=TODAY + timedelta(days=days), name=name, public_id=name.ljust(16, "-"))
    lend(app, cast, ends_on=TODAY, name="Lent by herself")
    lend(app, cast, granted_by=None, ends_on=TODAY, ended_at=utc_now(), name="Given up", public_id="g" * 16)
    change(app, sa.text(
        "INSERT INTO power_of_attorney (public_id, user_id, code, about, file_hash, file_name, asked_at, decided_at, reason, mandate_id)"
        " SELECT public_id, delegate_id, '20417', '', '', '', invited_at, invited_at, '', id FROM mandate WHERE granted_by IS NULL"
    ))  # fmt: skip
    ilze = supervisor(app)
    said = main(ilze.get(DESK)).partition("They end within thirty days")[2]
    assert said.index("First until 30 Nov 2026") < said.index("Last until 30 Dec 2026") and not {"Later", "Over", "Lent", "Given"} & {*said.split()}
    assert "no account" not in said
    change(app, sa.delete(CustomerUser))
    assert main(ilze.get(DESK)).count("the customer has no account, so no letter tells of it") == 2
    endings.remind(app.extensions["ekabinets"].database, TODAY)
    assert {*deliver()} == {LIGA, ANNA}, "Anna of what she has lent herself"


def test_many_reminders_ask_no_more_than_one(app: Flask, cast: Cast, statements: list[str]):
    counts = []
    for names in (["a"], ["b", "c", "d"]):
        for name in names:
            lend(app, cast, granted_by=None, ends_on=TODAY, public_id=name * 16)
        statements.clear()
        endings.remind(app.extensions["ekabinets"].database, TODAY)
        counts.append(sum(sent.startswith("SELECT") for sent in statements))
    assert counts[0] == counts[1]


def end_tenure(app: Flask, cast: Cast, ends_on: date | None, **more: date) -> None:
    """Anna's at her flat."""
    flat = sa.select(Premises.id).where(Premises.public_id == cast.flat).scalar_subquery()
    change(app, sa.update(Tenure).where(Tenure.premises_id == flat, Tenure.starts_on == month(24)).values(ends_on=ends_on, **more))


@pytest.mark.parametrize(("days", "ended"), [(6, False), (7, False), (8, True)])
def test_a_week_after_the_tenure_what_hung_on_it_has_ended_for_good(app: Flask, cast: Cast, deliver: Callable, days: int, ended: bool):
    lend(app, cast)
    end_tenure(app, cast, TODAY - timedelta(days=days))
    endings.end_due(app.extensions["ekabinets"].database, TODAY, utc_now())
    assert mandate(app).ending == ("moved" if ended else None) and {*deliver()} == ({ANNA, LIGA} if ended else set())
    end_tenure(app, cast, None)
    liga = Browser(app)
    assert ("You act for" in liga.log_in("liga").text) is not ended


def test_what_hangs_on_another_tenure_too_or_on_one_that_has_just_begun_stays(app: Flask, cast: Cast):
    lend(app, cast)
    [second] = fetch(app, sa.select(Tenure.premises_id, Tenure.customer_id).join(Premises).where(Premises.public_id == cast.second))
    change(app, sa.insert(MandatePremises.__table__).values(mandate_id=mandate(app).id, **second._asdict()))
    end_tenure(app, cast, TODAY - timedelta(days=30))
    endings.end_due(app.extensions["ekabinets"].database, TODAY, utc_now())
    assert mandate(app).ended_at is None
    change(app, sa.delete(MandatePremises).where(MandatePremises.premises_id == second.premises_id))
    end_tenure(app, cast, None, starts_on=TODAY)
    endings.end_due(app.extensions["ekabinets"].database, TODAY, utc_now())
    assert mandate(app).ended_at is None
