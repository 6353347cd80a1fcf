"""Readings by the real door: what Anna types into one meter, what she is told, what is stored."""

import re
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from models.meters import Register
from models.types import MeterKind, Source
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.views.reading_form import (
    HTMX,
    Sender,
    audit,
    change,
    choices,
    field,
    focused,
    path,
    register_ids,
    second_person,
    send,
    set_meter,
    shift_readings,
    stored,
)


@pytest.fixture(params=["page", "htmx"])
def by(request: pytest.FixtureRequest) -> str:
    """Each of these tests without JavaScript and by htmx."""
    return str(request.param)


@pytest.fixture
def sender(anna: Browser, by: str) -> Sender:
    return Sender(anna, by)


# What is a reading, and what is none


def test_a_reading_is_taken_and_the_consumption_told(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "195,5")
    assert sender.status == 200
    assert "Reading received" in page.text and "Consumption: 3.500 m³" in page.text
    assert "You can still change it until 1 Dec 2026." in page.text
    assert [row.value for row in stored(app, cast.cold)] == [195_500]


def test_a_plain_form_comes_back_to_the_card_with_the_message_in_focus(anna: Browser, cast: Cast):
    page = anna.get(path(cast.cold))
    anna.fill(page, path(cast.cold), {f"r-{cast.cold}-1": "195,5"}, follow=False)
    assert anna.status == 303
    target = anna.response.headers["Location"]
    assert target == f"/properties/{cast.flat}/meters?sent={cast.cold}#meter-{cast.cold}"
    page = anna.get(target)
    assert [at.get("role") for at in focused(page)] == ["status"] and "Reading received" in page.text


def test_the_address_of_that_message_tells_nothing_that_did_not_happen(anna: Browser, cast: Cast):
    page = anna.get(f"/properties/{cast.flat}/meters?sent={cast.cold}")
    assert "Reading received" not in page.text and not focused(page)


def test_comma_dot_zeros_and_spaces_mean_the_same(anna: Browser, cast: Cast, app):
    typed = ("193,5", "193.6", "00193,7", "  193,8 ", "194", "195,", "1 95.500", "195,601", "000195.710", "195,8000")
    for text in typed:
        send(anna, cast.cold, text)
    whole = [193_500, 193_600, 193_700, 193_800, 194_000, 195_000, 195_500, 195_601, 195_710, 195_800]
    assert [row.value for row in stored(app, cast.cold)] == whole


DIGITS = "Enter the reading in digits, for example 126.5"
ONE = "Use only one comma or point, for example 126.5"
AFTER = "This meter shows 3 digits after the decimal point"
BEFORE = "This meter shows 5 digits before the decimal point"
NO_READINGS = {
    "": DIGITS, "   ": DIGITS, "about 195": DIGITS, "-195": DIGITS, "1e3": DIGITS, "nan": DIGITS, "١٩٥": DIGITS,
    "１９５": DIGITS, "1_95": DIGITS, ",": DIGITS, "<b>195</b>": DIGITS, "195,5,0": ONE, "1.195,5": ONE,
    "195,5555": AFTER, "123456": BEFORE,
}  # fmt: skip


def test_what_is_no_reading_is_said_at_the_field_and_kept(sender: Sender, cast: Cast, app):
    page = None
    for typed, sentence in NO_READINGS.items():
        page = sender.send(cast.cold, typed, page)
        box = field(page, cast.cold)
        assert sender.status == 422
        assert f"Error: {sentence}" in page.text and box["value"] == typed
        assert box["aria-invalid"] == "true" and f"r-{cast.cold}-1-e" in box["aria-describedby"].split()
        assert focused(page) == [box], "the field has the focus, and nothing else asks for it"
    assert not stored(app, cast.cold) and not audit(app)


def test_the_page_of_an_error_says_so_in_its_title(anna: Browser, cast: Cast):
    assert send(anna, cast.cold, "x").title.startswith("Error: Meters")
    assert send(anna, cast.cold, "215").title.startswith("Error: Meters")
    assert anna.get(path(cast.cold)).title.startswith("Meters")


def test_a_very_long_text_is_sent_back_shortened_and_stores_nothing(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "9" * 5000)
    assert sender.status == 422 and field(page, cast.cold)["value"] == "9" * 200 and not stored(app, cast.cold)


def test_a_field_that_is_missing_altogether_is_an_empty_one(sender: Sender, cast: Cast, app):
    page = sender.open(cast.cold)
    fields = {name: value for name, value in page.form(path(cast.cold)).fields.items() if not name.startswith("r-")}
    page = sender.browser.post(path(cast.cold), fields, **sender.more)
    assert sender.status == 422 and DIGITS in page.text


def test_a_site_with_whole_units_for_gas_takes_no_fraction(make_app, cast: Cast):
    app = make_app(site="gaze")
    set_meter(app, cast.cold, kind=MeterKind.GAS)
    anna = Browser(app)
    anna.log_in("anna")
    for typed in ("199,5", "199.001"):
        page = send(anna, cast.cold, typed)
        assert anna.status == 422 and "Enter whole units, without a comma" in page.text
    assert "Consumption: 7 m³" in send(anna, cast.cold, "199,0").text


def test_the_digits_of_a_register_beat_those_of_the_site(anna: Browser, cast: Cast, app):
    of_cold = sa.update(Register).where(col(Register.id).in_(register_ids(app, cast.cold)))
    change(app, of_cold.values(digits=3, decimals=0))
    assert "Whole units only" in anna.get(path(cast.cold)).text
    assert "Enter the reading in digits, for example 126" in send(anna, cast.cold, "x").text
    assert "Enter whole units, without a comma" in send(anna, cast.cold, "195,5").text
    assert "This meter shows 3 digits before the decimal point" in send(anna, cast.cold, "1195").text
    assert send(anna, cast.cold, "195").text.count("Reading received") == 1


# What looks wrong is asked


def test_opening_the_form_puts_the_focus_into_the_field(sender: Sender, cast: Cast):
    page = sender.open(cast.cold)
    assert focused(page) == [field(page, cast.cold)] and field(page, cast.cold)["value"] == ""


def test_cancelling_brings_the_card_back_with_the_focus_on_its_pencil(anna: Browser, cast: Cast, app):
    page = Sender(anna, "htmx").open(cast.cold)
    assert f"/properties/{cast.flat}/meters" in page.links, "without JavaScript it leads to all meters"
    page = anna.get(f"/meters/{cast.cold}", headers=HTMX)
    assert [at.get("id") for at in focused(page)] == [f"edit-{cast.cold}"] and "<html" not in page.html


def test_a_question_takes_the_focus_and_keeps_what_was_typed(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "215")
    assert sender.status == 409
    assert [at.get("role") for at in focused(page)] == ["alert"] and field(page, cast.cold)["value"] == "215"
    assert "aria-invalid" not in field(page, cast.cold)
    assert not stored(app, cast.cold) and not audit(app)


@pytest.mark.parametrize(
    ("typed", "code", "sentence", "used"),
    [("215", "high", "Consumption of 23.000 m³ is much higher than usual (3.0", "23.000"),
     ("192", "zero", "the consumption would be zero", "0.000"),
     ("19550", "times_1000", "Is a comma missing? Did you mean 195.500?", "19,358.000"),
     ("1955,5", "extra_digit", "Is there one digit too many? Did you mean 195.500?", "1,763.500"),
     ("915,5", "transposed", "Are two digits exchanged? Did you mean 195.500?", "723.500"),
     ("527", "swapped", "This looks like the reading of the other water meter. Check the meter number: 12345678.", "335.000")],
)  # fmt: skip
def test_what_looks_wrong_is_asked_and_stored_with_a_flag_when_confirmed(
    sender: Sender, cast: Cast, app, typed: str, code: str, sentence: str, used: str
):
    page = sender.send(cast.cold, typed)
    assert sender.status == 409 and sentence in page.text
    page = sender.send(cast.cold, typed, page, reply=choices(page, cast.cold)[-1])
    assert sender.status == 200 and f"Consumption: {used} m³" in page.text and "We will check it." in page.text
    (row,) = stored(app, cast.cold)
    assert (row.flag, row.rolled_over) == (code, False)


def test_consumption_typed_instead_of_the_reading_fills_the_field_and_sends_nothing(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "3,5")
    assert "The reading must be at least 192.000. Did you enter the consumption" in page.text
    assert "This is my consumption: enter 195.500" in page.text
    page = sender.send(cast.cold, "3,5", page, reply=choices(page, cast.cold)[1])
    assert sender.status == 409 and "We added your consumption" in page.text
    assert field(page, cast.cold)["value"] == "195.500" and not stored(app, cast.cold)
    sender.browser.fill(page, path(cast.cold), {}, **sender.more)
    assert [(row.value, row.flag) for row in stored(app, cast.cold)] == [(195_500, None)]


@pytest.mark.parametrize("language", ["lv", "ru"])
def test_the_field_is_filled_with_the_readers_decimal_comma(app, cast: Cast, language: str):
    anna = Browser(app, language)
    anna.log_in("anna")
    page = send(anna, cast.cold, "3,5", page=send(anna, cast.cold, "3,5"), reply="meant:195500")
    assert field(page, cast.cold)["value"] == "195,500"


@pytest.mark.parametrize("typed", ["3,5", "150"])
def test_a_replaced_meter_is_taken_at_its_word_and_flagged(sender: Sender, cast: Cast, app, typed: str):
    page = sender.send(cast.cold, typed)
    assert sender.status == 409 and "The meter was replaced or has started from zero again" in page.text
    page = sender.send(cast.cold, typed, page, reply=choices(page, cast.cold)[-1])
    assert sender.status == 200 and "Consumption: " not in page.text and "We will check it." in page.text
    (row,) = stored(app, cast.cold)
    assert (row.flag, row.rolled_over) == ("lower", False)


def test_a_dial_that_started_from_zero_again_counts_on(sender: Sender, cast: Cast, app):
    shift_readings(app, cast.cold, 99_804_000)  # 99,996 at last
    page = sender.send(cast.cold, "2,5")
    assert sender.status == 409 and "Has the meter started from zero again?" in page.text
    page = sender.send(cast.cold, "2,5", page, reply=choices(page, cast.cold)[-1])
    assert sender.status == 200 and "Consumption: 6.500 m³" in page.text
    (row,) = stored(app, cast.cold)
    assert (row.value, row.flag, row.rolled_over) == (2_500, "rollover_likely", True)
    page = sender.send(cast.cold, "2,6")
    assert sender.status == 409, "a correction is weighed like the first"
    page = sender.send(cast.cold, "2,6", page, reply=choices(page, cast.cold)[-1])
    assert "Consumption: 6.600 m³" in page.text and stored(app, cast.cold)[1].rolled_over


def test_who_mistyped_corrects_the_number_and_is_done(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "150")
    assert page.form(path(cast.cold)).fields[f"reply-{cast.cold}-1"] == "", "nothing is chosen for her"
    sender.send(cast.cold, "195", page)
    assert [(row.value, row.flag) for row in stored(app, cast.cold)] == [(195_000, None)]


def test_a_confirmation_holds_only_for_the_value_it_was_shown_for(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "500")
    page = sender.send(cast.cold, "5000", page, reply=choices(page, cast.cold)[0])
    assert sender.status == 409 and field(page, cast.cold)["value"] == "5000" and not stored(app, cast.cold)


def test_a_first_post_that_already_agrees_is_asked_all_the_same(sender: Sender, cast: Cast, app):
    for reply in ("correct:", "other:", "correct:" + "0" * 32, "correct", "meant:", "meant:215000", "on", "1", "\x00", "ā" * 99):
        sender.send(cast.cold, "215", reply=reply, confirm="1")
        assert sender.status == 409
    assert not stored(app, cast.cold)


def test_a_confirmation_shown_to_somebody_else_is_asked_again(anna: Browser, cast: Cast, app):
    theirs = choices(send(second_person(app), cast.cold, "215"), cast.cold)[0]
    send(anna, cast.cold, "215", reply=theirs)
    assert anna.status == 409 and not stored(app, cast.cold)


def test_a_confirmation_shown_for_another_register_is_asked_again(anna: Browser, cast: Cast, app):
    mid = cast.two_dials  # both stand at 2170
    typed = {f"r-{mid}-1": "2900", f"r-{mid}-2": "2900"}
    page = anna.fill(anna.get(path(mid)), path(mid), typed)
    seal = choices(page, mid, 1)[0]
    page = anna.fill(page, path(mid), {f"reply-{mid}-2": seal})
    assert anna.status == 409 and not stored(app, mid)


def test_a_confirmation_is_asked_again_once_the_reading_before_has_changed(anna: Browser, cast: Cast, app):
    page = send(anna, cast.cold, "215")
    shift_readings(app, cast.cold, 1_000)
    page = send(anna, cast.cold, "215", page=page, reply=choices(page, cast.cold)[0])
    assert anna.status == 409 and "Consumption of 22.000 m³" in page.text and not stored(app, cast.cold)


# The same form again


def test_the_same_form_again_gets_the_first_answer_and_one_row(anna: Browser, cast: Cast, app):
    page = anna.get(path(cast.cold), headers=HTMX)
    bodies = []
    for _ in range(3):
        anna.fill(page, path(cast.cold), {f"r-{cast.cold}-1": "195,5"}, headers=HTMX)
        bodies.append((anna.status, anna.response.get_data(as_text=True)))
    assert bodies[0][0] == 200 and len(set(bodies)) == 1
    assert len(stored(app, cast.cold)) == 1 and len(audit(app)) == 1


def test_a_confirmed_form_again_gets_the_first_answer_too(anna: Browser, cast: Cast, app):
    htmx = Sender(anna, "htmx")
    page = htmx.send(cast.cold, "215")
    reply, bodies = choices(page, cast.cold)[0], []
    for _ in range(2):
        htmx.send(cast.cold, "215", page, reply=reply)
        bodies.append(re.sub('name="csrf_token" value="[^"]*"', "", anna.response.get_data(as_text=True)))
    assert bodies[0] == bodies[1] and "We will check it." in bodies[0] and len(stored(app, cast.cold)) == 1


def test_the_same_form_again_tells_the_truth_when_somebody_was_there_in_between(anna: Browser, cast: Cast, app):
    page = anna.get(path(cast.cold))
    send(anna, cast.cold, "195,5", page=page)
    marta = second_person(app)
    send(marta, cast.cold, "196")
    page = Sender(anna, "htmx").send(cast.cold, "195,5", page)
    assert anna.status == 200 and "Latest reading 196.000 m³" in page.text
    assert [row.value for row in stored(app, cast.cold)] == [195_500, 196_000]


def test_the_same_form_with_another_value_asks_before_it_replaces(sender: Sender, cast: Cast, app):
    form = sender.open(cast.cold)
    sender.send(cast.cold, "195,5", form)
    page = sender.send(cast.cold, "196", form)
    assert sender.status == 409 and "You have already sent 195.500 (" in page.text
    assert "Press Send to replace it with 196.000" in page.text and len(stored(app, cast.cold)) == 1
    sender.browser.fill(page, path(cast.cold), {}, **sender.more)
    first, second = stored(app, cast.cold)
    assert sender.status == 200 and first.superseded_by_id == second.id and second.superseded_at is None


def test_a_refused_or_unconfirmed_attempt_does_not_use_up_the_form(sender: Sender, cast: Cast, app):
    form = sender.open(cast.cold)
    once = form.form(path(cast.cold)).fields["once"]
    for typed, status in (("x", 422), ("", 422), ("215", 409), ("195,5", 200)):
        sender.send(cast.cold, typed, form)
        assert sender.status == status
    assert [row.once for row in audit(app)] == [once]


def test_a_form_without_a_proper_submission_id_is_taken_and_repeats_nothing(anna: Browser, cast: Cast, app):
    for count, once in enumerate(("", "x", "ä" * 20, "a" * 44, "a b" * 8), 1):
        for _ in range(2):
            send(anna, cast.cold, f"19{count + 2}", once=once)
            assert anna.status == 200
        assert len(stored(app, cast.cold)) == count


def test_a_value_that_stands_already_is_not_stored_twice_by_another_form(sender: Sender, cast: Cast, app):
    sender.send(cast.cold, "195,5")
    page = sender.send(cast.cold, "195,500")
    assert sender.status == 200 and "Consumption: 3.500 m³" in page.text and len(stored(app, cast.cold)) == 1


# Corrections, and two people


def test_a_correction_inside_the_window_keeps_what_was_sent_before(sender: Sender, cast: Cast, app):
    sender.send(cast.cold, "195,5")
    page = sender.open(cast.cold)
    assert "Latest: 195.500" in page.text and field(page, cast.cold)["value"] == ""
    page = sender.send(cast.cold, "196", page)
    assert sender.status == 200 and "Consumption: 4.000 m³" in page.text and "Consumption 4.000 m³" in page.text
    first, second = stored(app, cast.cold)
    assert first.superseded_at and first.superseded_by_id == second.id and first.value == 195_500
    assert [row.detail["saved"][0]["value"] for row in audit(app)] == [195_500, 196_000]
    history = sender.browser.get(f"/meters/{cast.cold}").text
    assert "corrected later 195.500 –" in history and "196.000 4.000" in history


def test_a_correction_on_the_last_day_replaces_the_reading_of_the_first(make_app, cast: Cast, app):
    for day, value in ((date(2026, 11, 29), "195"), (TODAY, "196"), (date(2026, 12, 1), "197")):
        anna = Browser(make_app(today=day))
        anna.log_in("anna")
        send(anna, cast.cold, value)
    rows = stored(app, cast.cold)
    assert [(row.read_on, row.value) for row in rows if row.superseded_at is None] == [(date(2026, 12, 1), 197_000)]
    assert {row.period for row in rows} == {date(2026, 11, 1)}
    assert [row.superseded_by_id for row in rows] == [rows[1].id, rows[2].id, None]


def test_who_was_overtaken_is_told_and_may_replace(sender: Sender, cast: Cast, app):
    form = sender.open(cast.cold)
    send(second_person(app), cast.cold, "196")
    page = sender.send(cast.cold, "195,5", form)
    assert sender.status == 409 and "A reading was submitted meanwhile: 196.000 (" in page.text
    assert field(page, cast.cold)["value"] == "195,5" and [row.value for row in stored(app, cast.cold)] == [196_000]
    sender.browser.fill(page, path(cast.cold), {}, **sender.more)
    theirs, hers = stored(app, cast.cold)
    assert sender.status == 200 and theirs.superseded_by_id == hers.id and hers.value == 195_500
    assert theirs.actor_user_id != hers.actor_user_id


def test_who_was_overtaken_while_mending_a_typo_is_told_too(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "195,5,")
    send(second_person(app), cast.cold, "196")
    page = sender.send(cast.cold, "195,5;", page)  # the form comes back once more, now beside their reading
    assert sender.status == 422 and "Latest: 196.000" in page.text
    page = sender.send(cast.cold, "195,5", page)
    assert sender.status == 409 and "A reading was submitted meanwhile" in page.text


def test_an_unusual_value_that_was_overtaken_meets_both_questions(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "215")
    send(second_person(app), cast.cold, "196")
    page = sender.send(cast.cold, "215", page, reply=choices(page, cast.cold)[0])
    assert sender.status == 409 and "A reading was submitted meanwhile" in page.text
    page = sender.browser.fill(page, path(cast.cold), {}, **sender.more)
    assert sender.status == 409 and "much higher than usual" in page.text
    sender.send(cast.cold, "215", page, reply=choices(page, cast.cold)[0])
    assert sender.status == 200 and [row.value for row in stored(app, cast.cold)] == [196_000, 215_000]


def test_what_the_page_says_is_seen_cannot_be_forged_into_another_reading(anna: Browser, cast: Cast, app):
    send(anna, cast.cold, "195,5")
    for seen in ("", "0", "999999", "x", "1 OR 1=1", "٣"):
        send(anna, cast.cold, "196", **{f"seen-{cast.cold}-1": seen})
        assert anna.status == 409
    assert len(stored(app, cast.cold)) == 1


# Two registers


def test_a_meter_with_two_registers_takes_both_and_names_them(sender: Sender, cast: Cast, app):
    mid = cast.two_dials
    page = sender.open(mid)
    assert focused(page) == [field(page, mid, 1)] and "New reading, T2 (kWh)" in page.text
    page = sender.send(mid, "2260", page, **{f"r-{mid}-2": "2261"})
    assert sender.status == 200
    assert "T1. Reading received" in page.text and "T2. Reading received" in page.text
    assert "Consumption: 90.000 kWh" in page.text and "Consumption: 91.000 kWh" in page.text
    assert [(row.register_id, row.value) for row in stored(app, mid)] == [
        (number, value) for number, value in zip(register_ids(app, mid), (2_260_000, 2_261_000), strict=True)
    ]
    assert len(audit(app)) == 1


def test_one_register_left_empty_stores_neither_and_keeps_the_other(sender: Sender, cast: Cast, app):
    mid = cast.two_dials
    page = sender.send(mid, "2260")
    assert sender.status == 422 and field(page, mid, 1)["value"] == "2260" and not stored(app, mid)
    assert focused(page) == [field(page, mid, 2)] and "aria-invalid" not in field(page, mid, 1)


def test_one_register_left_empty_in_a_correction_does_not_forget_what_was_seen(sender: Sender, cast: Cast, app):
    mid = cast.two_dials
    sender.send(mid, "2260", **{f"r-{mid}-2": "2260"})
    page = sender.send(mid, "2261")
    assert sender.status == 422
    sender.browser.fill(page, path(mid), {f"r-{mid}-2": "2261"}, **sender.more)
    assert sender.status == 200 and len(stored(app, mid)) == 4


def test_a_register_that_was_taken_is_not_asked_for_again(sender: Sender, cast: Cast, app):
    mid = cast.two_dials
    page = sender.send(mid, "2260", **{f"r-{mid}-2": "2900"})
    assert sender.status == 409 and [row.value for row in stored(app, mid)] == [2_260_000]
    assert "T1. Received: 2,260.000 kWh." in page.text and [at.get("role") for at in focused(page)] == ["alert"]
    sender.browser.fill(page, path(mid), {f"reply-{mid}-2": choices(page, mid, 2)[0]}, **sender.more)
    assert sender.status == 200 and [row.flag for row in stored(app, mid)] == [None, "high"]


def test_two_registers_that_are_both_wrong_ask_for_the_focus_once(sender: Sender, cast: Cast):
    mid = cast.two_dials
    page = sender.send(mid, "x", **{f"r-{mid}-2": "y"})
    assert sender.status == 422 and focused(page) == [field(page, mid, 1)]
    page = sender.send(mid, "2900", **{f"r-{mid}-2": "2900"})
    assert sender.status == 409 and len(focused(page)) == 1


# What every row carries


def test_every_stored_reading_says_who_for_whom_how_and_when(sender: Sender, cast: Cast, app):
    sender.send(cast.cold, "195,5")
    (row,) = stored(app, cast.cold)
    (trail,) = audit(app)
    assert row.actor_user_id and row.principal_customer_id and row.session_method == "password"
    assert (row.mandate_version, row.source, row.status) == (None, Source.SELF, "received")
    assert (row.read_on, row.period) == (TODAY, date(2026, 11, 1))
    assert row.received_at.tzinfo and abs((row.received_at - trail.at).total_seconds()) < 60
    for name in ("actor_user_id", "principal_customer_id", "session_method", "mandate_version", "source"):
        assert getattr(trail, name) == getattr(row, name)
    assert trail.premises_id and trail.object_type == "reading" and trail.once and trail.content_hash
    assert trail.detail["saved"][0]["register"] == row.register_id


def test_the_valid_until_date_warns_and_never_blocks(sender: Sender, cast: Cast, app):
    page = sender.send(cast.hot, "528")
    assert sender.status == 200 and "The meter’s date has passed" in page.text
    assert [row.value for row in stored(app, cast.hot)] == [528_000]


def test_a_first_reading_by_htmx_sends_eight_statements_at_most(anna: Browser, cast: Cast, app, statements):
    htmx = Sender(anna, "htmx")
    page = htmx.open(cast.cold)
    statements.clear()
    htmx.send(cast.cold, "195,5", page)
    assert anna.status == 200 and len(statements) <= 8, statements


@pytest.mark.parametrize(("typed", "code", "meant"), [
    ("19550", "times_1000", 195_500), ("1955,5", "extra_digit", 195_500), ("915,5", "transposed", 195_500), ("1,5", "looks_like_consumption", 193_500),
])  # fmt: skip
def test_what_was_meant_is_a_choice_that_fills_the_field_and_sends_nothing(sender: Sender, cast: Cast, app, typed: str, code: str, meant: int):
    page = sender.send(cast.cold, typed)
    assert choices(page, cast.cold)[1] == f"meant:{meant}" and page.form(path(cast.cold)).fields[f"reply-{cast.cold}-1"] == "", "nothing is chosen for her"
    page = sender.send(cast.cold, typed, page, reply=choices(page, cast.cold)[1])
    assert sender.status == 409 and field(page, cast.cold)["value"] == f"{meant / 1000:.3f}" and not stored(app, cast.cold)
    sender.browser.fill(page, path(cast.cold), {}, **sender.more)
    assert sender.status == 200 and [row.value for row in stored(app, cast.cold)] == [meant]


def test_a_digit_left_out_is_offered(sender: Sender, cast: Cast, app):
    shift_readings(app, cast.cold, 12_000_000)  # 12,192 at last
    page = sender.send(cast.cold, "1295")
    assert "Is a digit missing? Did you mean 12,195.000?" in page.text and choices(page, cast.cold)[1] == "meant:12195000"


def test_all_drums_of_the_dial_in_a_row_are_asked_about_and_cannot_be_confirmed(sender: Sender, cast: Cast, app):
    page = sender.send(cast.cold, "00195500")
    assert sender.status == 409 and "Is a comma missing? Did you mean 195.500?" in page.text
    assert choices(page, cast.cold) == ["", "meant:195500"], "the dial cannot show 195,500"
    for reply in ("correct:", "other:"):
        sender.send(cast.cold, "00195500", page, reply=reply)
        assert sender.status == 409 and not stored(app, cast.cold)
    page = sender.send(cast.cold, "99999999")
    assert sender.status == 422 and "5 digits before" in page.text


def test_hot_and_cold_in_each_others_fields_are_offered_their_places(anna: Browser, cast: Cast, app):
    form, fields = f"/properties/{cast.flat}/readings", {f"r-{cast.cold}-1": "528,25", f"r-{cast.hot}-1": "195,5"}
    page = anna.submit(anna.get(form), form, **fields)
    assert anna.status == 409 and page.text.count("seem to be exchanged") == 2 and "Did you mean 195.500 here?" in page.text
    replies = {f"reply-{mid}-1": page.form(form).choices[f"reply-{mid}-1"][1] for mid in (cast.cold, cast.hot)}
    page = anna.submit(page, form, **fields, **replies)
    assert anna.status == 409 and not stored(app, cast.cold) + stored(app, cast.hot)
    anna.submit(page, form)
    assert [row.value for mid in (cast.cold, cast.hot) for row in stored(app, mid)] == [195_500, 528_250]


def test_one_of_the_two_alone_is_offered_nothing(anna: Browser, cast: Cast):
    form = f"/properties/{cast.flat}/readings"
    page = anna.submit(anna.get(form), form, **{f"r-{cast.cold}-1": "528,25", f"r-{cast.hot}-1": "528"})
    assert "seem to be exchanged" not in page.text and "looks like the reading of the other water meter" in page.text
