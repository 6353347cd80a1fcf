"""Settings of letters, and the consent to offers: chosen, dated, taken back, provable (E04, I04; LU-43, LG-16)."""

import pytest
import sqlalchemy as sa
from flask import Flask

from models import preferences
from models.audit import AuditRow
from models.people import User
from models.preferences import KINDS, Preference
from tests.browser import Browser
from tests.standing import change, dump, fetch, main

LETTERS, OFFERS = "/profile/notifications", "/profile/consents"


def choices(app: Flask) -> dict[str, bool]:
    return {row.kind: row.wanted for row in fetch(app, sa.select(Preference.kind, Preference.wanted))}


def noted(app: Flask) -> list[tuple[str, dict[str, bool]]]:
    rows = fetch(app, sa.select(AuditRow.action, AuditRow.detail).order_by(AuditRow.id))
    return [(row.action, row.detail) for row in rows if row.action.startswith(("notifications.", "consent."))]


def link(app: Flask, kind: str = "notices", user_id: int = 1) -> str:
    return "/unsubscribe/" + preferences.token(app.extensions["ekabinets"].settings.secret_key, user_id, kind)


def test_all_kinds_are_sent_until_she_says_otherwise_and_the_page_names_the_address(anna: Browser):
    page = anna.get("/profile").links and anna.get(LETTERS)
    assert [kind for kind in KINDS if page.form(LETTERS).fields.get(kind) == "1"] == [*KINDS]
    assert "We write to anna@example.com." in page.text and "offers" not in page.form(OFFERS).fields
    assert LETTERS in anna.get("/profile").links


def test_what_is_not_ticked_is_switched_off_and_on_again(anna: Browser, app: Flask):
    page = anna.submit(anna.get(LETTERS), LETTERS, new_invoice=None, notices=None)
    assert "Saved." in page.text and choices(app) == {"new_invoice": False, "notices": False}
    assert {*page.form(LETTERS).fields} == {"csrf_token", *KINDS} - {"new_invoice", "notices"}
    anna.submit(page, LETTERS, notices="1")
    assert choices(app) == {"new_invoice": False, "notices": True}
    assert noted(app) == [("notifications.changed", {"new_invoice": False, "notices": False}), ("notifications.changed", {"notices": True})]


def test_saving_what_stands_already_writes_nothing(anna: Browser, app: Flask):
    page, before = anna.get(LETTERS), dump(app, ["web_session"])
    anna.submit(page, LETTERS)
    anna.submit(page, OFFERS)
    assert dump(app, ["web_session"]) == before


def test_the_consent_is_apart_dated_and_taken_back_and_its_history_stays(anna: Browser, app: Flask):
    page = anna.submit(anna.get(LETTERS), OFFERS, offers="1")
    assert "You agreed on " in page.text and choices(app) == {"offers": True}
    page = anna.submit(page, OFFERS, offers=None)
    assert "You withdrew your consent on " in page.text and choices(app) == {"offers": False}
    assert noted(app) == [("consent.changed", {"offers": True}), ("consent.changed", {"offers": False})]
    anna.submit(page, LETTERS, offers="1")
    assert choices(app) == {"offers": False}, "the other form gives no consent"


def test_a_choice_is_ones_own(anna: Browser, app: Flask):
    anna.submit(anna.get(LETTERS), LETTERS, notices=None)
    viktors = Browser(app)
    viktors.log_in("viktors")
    assert viktors.get(LETTERS).form(LETTERS).fields["notices"] == "1"


def test_who_has_no_address_is_told_that_nothing_comes(anna: Browser, app: Flask):
    change(app, sa.update(User).values(email=None))
    assert "We have no e-mail address of yours" in main(anna.get(LETTERS))


def test_unknown_fields_and_strange_values_choose_nothing_else(anna: Browser, app: Flask):
    anna.fill(anna.get(LETTERS), LETTERS, {"everything": "1", "offers": "1", "notices": "\0" * 9})
    assert choices(app) == {}


def test_the_link_of_a_letter_asks_first_and_then_switches_its_kind_off(app: Flask, browser: Browser):
    page, before = browser.get(link(app)), dump(app)
    assert "Shall we stop writing to you about this: Notices?" in page.text
    browser.client.head(link(app))
    assert dump(app) == before, "scanners open links"
    page = browser.submit(page, link(app))
    assert "We will not write to you about this any more: Notices." in page.text and choices(app) == {"notices": False}
    browser.post(link(app), {})
    assert len(noted(app)) == 1, "twice is once"


@pytest.mark.parametrize("damage", [lambda text: text[:-5] + "AAAAA", lambda text: "A" + text[1:], lambda text: "x", lambda text: "", lambda text: text + "ž", lambda text: "A" * 500, lambda text: text[:8]])
def test_a_link_that_we_have_not_made_switches_nothing_off(app: Flask, browser: Browser, damage):
    good, before = link(app).rpartition("/")[2], dump(app)
    for ask in (browser.get, lambda path: browser.post(path, {})):
        ask(f"/unsubscribe/{damage(good) or '-'}")
        assert browser.status == 410
    assert dump(app) == before


def test_a_link_holds_for_its_person_and_kind_only(app: Flask, browser: Browser):
    assert link(app) != link(app, "offers") != link(app, "offers", 2)
    browser.post(link(app, "offers", 2), {})
    assert choices(app) == {}, "offers were never wanted, so there is nothing to write down"
    assert preferences.read_token("another key " * 4, link(app).rpartition("/")[2]) is None
