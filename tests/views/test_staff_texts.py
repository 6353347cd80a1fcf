"""The operator's texts with a page of their own, changed by staff from a day on; and who is told of other terms (I10)."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.overrides import TextOverride
from models.people import User
from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY
from tests.composing import rasa
from tests.powers import noted, supervisor
from tests.standing import change, dump, fetch, main

ALL, TERMS, COOKIES = "/staff/texts", "/staff/texts/terms", "/staff/texts/cookies"
NEW = "The terms of use have changed."


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    return supervisor(app)


def typed(page: Page, where: str) -> dict[str, str]:
    """What stands in the form."""
    areas = re.findall(r'<textarea id="(\w+)"[^>]*>\n(.*?)</textarea>', page.html, re.DOTALL)
    return page.form(where).fields | {name: html.unescape(text) for name, text in areas}


def write(browser: Browser, where: str = COOKIES, act: str = "save", page: Page | None = None, day: int = 0, **words: str) -> Page:
    """Change what stands in the form and send it; `day`: from so many days after today."""
    fields = typed(page or browser.get(where), where)
    return browser.post(where, fields | {"from": f"{TODAY + timedelta(day)}"} | words | {"act": act})


def held(app: Flask) -> list:
    return list(fetch(app, sa.select(TextOverride.__table__).order_by(TextOverride.id)))


def begin(app: Flask, day: int) -> None:
    """The newest change has begun so many days ago."""
    change(app, sa.update(TextOverride).where(TextOverride.id == held(app)[-1].id).values(valid_from=TODAY - timedelta(day)))


def test_a_text_is_changed_at_once_in_the_languages_that_were_changed(app: Flask, ilze: Browser):
    assert ALL in ilze.get("/staff").links and COOKIES in ilze.get(ALL).links
    assert "The change is saved." in main(write(ilze, body_en="None but ours,\nof {name}.\n\nReally."))
    shown = Browser(app).get("/cookies")
    assert "None but ours, of Ogres" in shown.text and "<p>Really.</p>" in shown.html and "session –" in Browser(app, "lv").get("/cookies").text
    [row] = held(app)
    assert (row.key, row.language, row.valid_from, row.valid_until, row.created_by_user_id) == ("cookies", "en", TODAY, None, 5)
    assert noted(app, "text.changed").detail == {"key": "cookies", "languages": ["en"], "from": f"{TODAY}"}


def test_the_list_says_where_each_language_stands(app: Flask, ilze: Browser):
    said = main(ilze.get(ALL))
    assert said.count("LV: the original text EN: the original text RU: the original text") == 6 and "Accessibility" in said and "A reading is missing" in said
    write(ilze, body_en="Other.")
    begin(app, 3)
    write(ilze, day=5, body_en="Another.", body_ru="Другое.")
    write(ilze, day=2, body_ru="Раньше.")
    said = main(ilze.get(ALL)).partition("Cookies")[2]
    assert "EN: changed on 27 Nov 2026 by Ilze Kļaviņa · another text from 5 Dec 2026 on (Ilze Kļaviņa)" in said and "RU: the original text · another text from 2 Dec 2026 on" in said
    change(app, sa.update(TextOverride).values(created_by_user_id=None))
    assert "EN: changed on 27 Nov 2026 · another text from 5 Dec 2026 on RU:" in main(ilze.get(ALL))


def test_the_form_has_what_holds_today_and_a_preview_what_would(app: Flask, ilze: Browser):
    write(ilze, body_en="Today's & {name}.")
    begin(app, 1)
    write(ilze, day=9, body_en="Later.")
    page, before = ilze.get(COOKIES), dump(app, ["web_session"])
    assert typed(page, COOKIES)["body_en"] == "Today's & {name}." and "{remember_days}" in typed(page, COOKIES)["body_lv"] and page.form(COOKIES).fields["from"] == f"{TODAY}"
    page = write(ilze, act="preview", body_en="One\nline.\n\n<b>{contact}</b>")
    assert "Nothing was saved yet." in page.text and "<p>One line.</p><p>&lt;b&gt;+371" in page.html
    assert typed(page, COOKIES)["body_en"] == "One\nline.\n\n<b>{contact}</b>" and dump(app, ["web_session"]) == before


@pytest.mark.parametrize(("words", "sentence"), [
    ({"body_lv": ""}, "Write a text of at most 20000 characters"), ({"body_ru": " \n\0"}, "Write a text of at most"), ({"body_en": "x" * 20_001}, "Write a text of at most"),
    ({"body_en": "Ask {nobody}."}, "Only the names above can stand in braces"), ({"body_en": "{"}, "Only the names above"),
    *(({"from": day}, "Enter a day that is not over") for day in ("2026-11-29", "", "soon", "2026-02-30")),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(app: Flask, ilze: Browser, words: dict, sentence: str):
    before = dump(app, ["web_session"])
    for act in ("preview", "save"):
        page = write(ilze, act=act, **{"body_en": "Kept."} | words)
        assert ilze.status == 422 and f"Error: {sentence}" in page.text and ("Kept." in page.html or "body_en" in words) and dump(app, ["web_session"]) == before


def test_it_goes_back_to_the_sites_file(app: Flask, ilze: Browser):
    shipped = Browser(app).get("/cookies").html.partition("<main")[2]
    write(ilze, body_en="Other.")
    begin(app, 3)
    assert "The change is saved." in main(write(ilze, act="reset", body_en=""))
    assert Browser(app).get("/cookies").html.partition("<main")[2] == shipped and "EN: the original text RU:" in main(ilze.get(ALL)).partition("Cookies")[2]
    assert [(row.language, row.body) for row in held(app)] == [("en", "Other."), ("en", "")]
    write(ilze, act="reset", **{"from": "2026-01-01"})
    assert ilze.status == 422
    write(ilze, act="reset")
    write(ilze)
    assert len(held(app)) == 2, "nothing is another text by that"


def test_what_is_to_come_comes_or_is_taken_back(app: Flask, ilze: Browser):
    write(ilze, body_en="Now.")
    assert "Take back what is to come" not in main(ilze.get(COOKIES))
    write(ilze, act="reset", day=2)
    assert "the original text from 2 Dec 2026 on (Ilze Kļaviņa)" in main(ilze.get(COOKIES)) and "Now." in Browser(app).get("/cookies").text
    page = ilze.get(COOKIES)
    form = [form for form in page.forms if form.action == COOKIES][-1]
    for _ in range(2):
        assert "What was to come is taken back." in main(ilze.post(COOKIES, form.fields | {"act": "withdraw"}))
    assert [row.body for row in held(app)] == ["Now."] and noted(app, "text.withdrawn").detail == {"key": "cookies"}
    write(ilze, day=2, body_en="Then.")
    begin(app, 0)
    assert "Then." in Browser(app).get("/cookies").text


def test_of_two_who_change_it_the_second_sees_both_and_the_same_form_twice_is_one(app: Flask, ilze: Browser):
    mine, hers = ilze.get(COOKIES), ilze.get(COOKIES)
    for _ in range(2):
        assert "The change is saved." in main(write(ilze, page=hers, body_lv="Viņas."))
    page = write(ilze, page=mine, body_en="Mine.")
    assert ilze.status == 409 and "The text has changed since" in page.text and "<p>Viņas.</p>" in page.html and typed(page, COOKIES)["body_en"] == "Mine."
    assert len(held(app)) == 1 and "Mine." not in Browser(app).get("/cookies").text
    write(ilze, page=page, body_lv="Viņas.")
    assert [row.body for row in held(app)] == ["Viņas.", "Mine."]


def test_everybody_is_told_once_of_each_change_of_the_terms_from_its_day_on(app: Flask, ilze: Browser, anna: Browser):
    write(ilze, TERMS, day=2, body_lv="Rīt.")
    assert "everybody who has accepted" in ilze.get(TERMS).text and "everybody who has" not in ilze.get(COOKIES).text
    assert NEW not in anna.get("/profile").text, "it lies ahead"
    begin(app, 0)
    for version in (2, 3):
        page = anna.get("/profile")
        assert NEW in page.text and NEW not in anna.submit(page, "/profile/terms").text
        assert noted(app, "terms.accepted").detail == {"version": version}
        assert fetch(app, sa.select(User.terms_version).where(User.username == "anna"))[0][0] == version
        write(ilze, COOKIES, body_en=f"Other cookies {version}.")
        assert NEW not in anna.get("/profile").text, "these are no terms"
        write(ilze, TERMS, body_en=f"Other terms {version}.")
    anna.submit(anna.get("/profile"), "/profile/terms")
    write(ilze, TERMS, act="reset")
    assert NEW in anna.get("/profile").text


def test_a_change_that_ends_by_itself_is_one_more(app: Flask, anna: Browser):
    about = {"key": "terms", "language": "lv", "body": "x", "valid_from": TODAY - timedelta(9), "created_at": utc_now()}
    change(app, sa.insert(TextOverride).values(about | {"valid_until": TODAY}))
    assert NEW not in anna.submit(anna.get("/profile"), "/profile/terms").text
    change(app, sa.update(TextOverride).values(valid_until=TODAY - timedelta(1)))
    assert NEW in anna.get("/profile").text


def test_agents_read_what_supervisors_write(app: Flask, ilze: Browser):
    agent = rasa(app)
    page = agent.get(COOKIES)
    assert COOKIES in agent.get(ALL).links and "session –" in main(page) and COOKIES not in {form.action for form in page.forms}
    fields = page.form("/logout").fields | {"once": "o" * 16, "act": "save", "from": f"{TODAY}"}
    assert agent.client.post(COOKIES, data=fields | {"body_lv": "x"}).status_code == 403
    for wrong in ("about_login", "poem", "terms%00"):
        assert ilze.client.get(f"{ALL}/{wrong}").status_code == 404
    for wrong in ({"once": "x"}, {"act": "delete"}):
        ilze.post(COOKIES, typed(ilze.get(COOKIES), COOKIES) | {"act": "save", "body_lv": "x"} | wrong)
        assert ilze.status == 400
    assert held(app) == [] and [row for row in fetch(app, sa.select(AuditRow.action)) if row.action.startswith("text.")] == []
