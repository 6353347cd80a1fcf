"""Every format and every plural that a template uses, looked at on a page in the three languages (ux.md §5.3)."""

import re
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from models.invoices import Invoice
from models.overrides import Override
from scripts import messages
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change
from views.filters import Formats

LANGUAGES = ("lv", "en", "ru")
# A filter, a page that uses it, and what it then says; `_` is a no-break space.
ON_PAGES = [
    ("d", "/properties/{flat}/documents", r"01\.08\.2026\.", r"1 Aug 2026", r"01\.08\.2026(?!\.\d)"),
    ("dt", "/profile/sessions", r"\d\d\.\d\d\.\d{4}\. \d\d:\d\d<", r"\d{1,2} [A-Z][a-z]{2,3} \d{4}, \d\d:\d\d<", r"\d\d\.\d\d\.\d{4} \d\d:\d\d<"),
    ("month", "/meters/{cold}", r"2026\. gada oktobris", r"October 2026", r"октябрь 2026_г\."),
    ("eur", "/invoices/{invoice}", r"1_234,56_€", r"€1,234\.56", r"1_234,56_€"),
    ("eur", "/properties/{flat}", r"\(pārmaksa\).*\n?.*>12,30_€", r"\(overpayment\).*\n?.*>€12\.30", r"\(переплата\).*\n?.*>12,30_€"),
    ("price", "/properties/{flat}/documents", r"0,4201_€", r"€0\.4201", r"0,4201_€"),
    ("qty", "/meters/{cold}", r">192,000<", r">192\.000<", r">192,000<"),
    ("qtyu", "/meters/{two_dials}", r"2_170,000_kWh", r"2,170\.000_kWh", r"2_170,000_кВт·ч"),
    ("unit", "/meters/{two_dials}", r"pa mēnešiem, kWh\.", r"by month, kWh\.", r"по месяцам, кВт·ч\."),
    ("size", "/properties/{flat}/documents", r"\(PDF, 1_kB\)", r"\(PDF, 1_kB\)", r"\(PDF, 1_кБ\)"),
    ("phone", "/contact", r">6504_9114<", r">\+371_6504_9114<", r">\+371_6504_9114<"),
    ("tel", "/contact", r"\"tel:\+37165049114\"", r"\"tel:\+37165049114\"", r"\"tel:\+37165049114\""),
    ("t", "/login", r"apturēt[ai] līdz \d\d:\d\d\.", r"paused until \d\d:\d\d\.", r"приостановлены до \d\d:\d\d\."),
]  # fmt: skip
# The plural on the page of the meters, so many days before the window ends.
LEFT = {
    "lv": {1: "Vēl 1 diena.", 2: "Vēl 2 dienas.", 10: "Vēl 10 dienu.", 11: "Vēl 11 dienu.", 21: "Vēl 21 diena."},
    "en": {1: "1 day left.", 2: "2 days left.", 11: "11 days left.", 21: "21 days left."},
    "ru": {1: "Остался 1 день.", 2: "Осталось 2 дня.", 5: "Осталось 5 дней.", 11: "Осталось 11 дней.", 21: "Остался 21 день."},
}  # fmt: skip
# Where each plural of the product is read in three languages.
PLURALS = {
    "%(num)d new message": "test_composing.py::test_how_much_is_new_has_its_plural",
    "%(num)d new message – show": "test_composing.py::test_how_much_is_new_has_its_plural",
    "%(num)d answer to your messages waits for you": "test_messages.py::test_how_many_answers_wait_has_its_plural",
    "%(num)d day overdue": "test_words.py::test_the_days_overdue_have_their_plural",
    "Unpaid, %(num)d day left": "test_words.py::test_the_days_left_to_pay_have_their_plural",
    "At least %(num)d character": "test_passwords.py::test_the_least_length_has_its_plural",
    "%(num)d day left.": "test_formats.py::test_the_days_left_to_read_have_their_plural",
    "%(num)d reading received.": "test_words.py::test_the_readings_received_at_once_have_their_plural",
    "%(num)d reading needs your attention.": "test_words.py::test_the_readings_received_at_once_have_their_plural",
    "This meter shows %(num)d digit after the decimal point": "test_words.py::test_the_digits_of_a_meter_have_their_plural",
    "This meter shows %(num)d digit before the decimal point": "test_words.py::test_the_digits_of_a_meter_have_their_plural",
    "%(num)d more notice": "test_notices.py::test_more_notices_and_attachments_have_their_plural",
    "%(num)d attachment": "test_notices.py::test_more_notices_and_attachments_have_their_plural",
    "%(num)d code is left for when you have nothing else at hand": "test_factors.py::test_the_recovery_codes_that_are_left_have_their_plural",
    "The code has %(num)d digit.": "test_registration.py::test_the_digits_of_the_code_have_their_plural",
    "%(num)d attempt is left before this account is paused for 15 minutes.": "test_words.py::test_the_attempts_left_have_their_plural",
    "%(num)d waits, since %(day)s": "test_staff.py::test_what_waits_has_its_plural",
    "It is deleted after %(num)d day.": "test_copies.py::test_the_days_that_a_copy_is_kept_have_their_plural",
    "Done with %(num)d conversation.": "test_desk_work.py::test_how_many_were_done_has_its_plural",
    "Not done with %(num)d conversation: meanwhile it is closed or answered.": "test_desk_work.py::test_how_many_were_done_has_its_plural",
    "%(num)d article found": "test_help.py::test_the_articles_found_have_their_plural",
    "%(num)d meter without a reading": "test_review.py::test_meters_without_readings_have_their_plural",
    "%(num)d period has passed without a reading.": "test_missed.py::test_the_periods_missed_have_their_plural",
    "and at %(num)s more address": "../jobs/test_mail.py::test_the_addresses_left_out_of_a_reminder_have_their_plural",
    "Of %(num)d meter we have this reading already.": "test_reading_links.py::test_the_meters_read_already_have_their_plural",
    "Publish to %(num)d customer": "test_staff_notices.py::test_whom_it_is_published_to_has_its_plural",
}  # fmt: skip


@pytest.fixture
def dialect() -> str:
    """Words do not depend on the database; SQLite is the quicker one."""
    return "sqlite"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_is_right_on_a_page(app: Flask, cast: Cast, language: str) -> None:
    change(app, sa.update(Invoice).where(Invoice.public_id == cast.invoice).values(total=123_456, brought_forward=-1_230))
    stranger, anna = Browser(app, language), Browser(app, language)
    anna.log_in("anna")
    [stranger.log_in("liga", "not this") for _try in range(10)]
    stranger.log_in("liga")
    read, wrong = {"/login": stranger.response.get_data(as_text=True)}, []
    for name, path, *said in ON_PAGES:
        path = path.format(**vars(cast))
        html = read.setdefault(path, "") or read.update({path: anna.get(path).html}) or read[path]
        expected = said[LANGUAGES.index(language)]
        if not re.search(expected.replace("_", "\u00a0"), html):
            wrong.append((name, path, expected))
    assert wrong == []


def test_every_format_of_a_template_is_among_them() -> None:
    sources = "".join(file.read_text("utf-8") for file in (messages.ROOT / "templates").rglob("*.html"))
    used = {name for name in Formats("lv").filters() if re.search(rf"\|\s*{name}\b", sources)}
    assert used == {name for name, *_rest in ON_PAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_left_to_read_have_their_plural(app: Flask, cast: Cast, language: str) -> None:
    change(app, sa.insert(Override.__table__).values(opens="1", closes="28", valid_from=date(2026, 1, 1), created_at=sa.func.now()))
    held, browser, told = app.extensions["ekabinets"], Browser(app, language), []
    browser.log_in("anna")
    for days in LEFT[language]:
        app.extensions["ekabinets"] = replace(held, clock=replace(held.clock, fixed=date(2026, 11, 28 - days)))
        told.append(browser.get(f"/properties/{cast.flat}/meters").text)
    app.extensions["ekabinets"] = held
    assert [said for said, page in zip(LEFT[language].values(), told, strict=True) if said not in page] == []


def test_every_plural_of_the_product_is_read_on_a_page() -> None:
    plurals = {message.id[0] for message in messages.extract() if message.pluralizable}
    assert plurals == {*PLURALS}
    for where in {*PLURALS.values()}:
        file, _, name = where.partition("::")
        source = (messages.ROOT / "tests" / "views" / file).read_text("utf-8")
        assert re.search(rf'parametrize\("language", LANGUAGES\)\ndef {name}\(', source), where
