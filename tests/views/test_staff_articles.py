"""Help articles that staff write, look at, publish and withdraw on a page; and what was searched in vain (G05, G07)."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models.articles import Article, ArticleText, SearchMiss
from models.audit import AuditRow
from models.people import User
from models.types import Role
from tests.browser import Browser, Page
from tests.cast import TODAY
from tests.composing import rasa
from tests.powers import noted, supervisor
from tests.standing import change, dump, fetch, main

ALL, NEW = "/staff/help", "/staff/help/new"
SAID = {"topic": "invoices", "position": "1", "title_lv": "Kā maksāt skaidrā naudā", "body_lv": "Kasē.\n\n- Pirmdien\n- [Otrdien](/contact)"}


@pytest.fixture
def ilze(app: Flask) -> Browser:
    """A supervisor at her desk."""
    return supervisor(app)


def typed(page: Page, action: str) -> dict[str, str]:
    """What stands in the form, in its longer fields and its choices as well."""
    areas = {name: html.unescape(text) for name, text in re.findall(r'<textarea id="(\w+)"[^>]*>\n(.*?)</textarea>', page.html, re.DOTALL)}
    chosen = dict(re.findall(r'<select id="(\w+)".*?<option value="(\w+)" selected>', page.html))
    return page.form(action).fields | areas | chosen


def write(browser: Browser, where: str = NEW, act: str = "publish", page: Page | None = None, **words: str) -> Page:
    """Change what stands in the form and send it."""
    page = page or browser.get(where)
    return browser.post(where, typed(page, where) | (SAID if where == NEW else {}) | words | {"act": act})


def newest(app: Flask) -> int:
    return int(fetch(app, sa.select(sa.func.max(Article.id)))[0][0])


def number(app: Flask, slug: str) -> int:
    return int(fetch(app, sa.select(Article.id).where(Article.slug == slug))[0][0])


def acts(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id)) if row.action.startswith("article.")]


def test_a_new_article_is_in_the_help_at_once(app: Flask, ilze: Browser):
    assert ALL in ilze.get("/staff").links and NEW in ilze.get(ALL).links
    assert "The article is published." in main(write(ilze, title_en="How to pay cash", body_en="At the desk."))
    for language, title in (("lv", "Kā maksāt skaidrā naudā"), ("en", "How to pay cash"), ("ru", "Kā maksāt skaidrā naudā")):
        page = Browser(app, language).get("/help/ka-maksat-skaidra-nauda")
        assert page.headings == [title] and ("<li>Pirmdien</li>" in page.html) == (language != "en")
    assert "/help/ka-maksat-skaidra-nauda" in Browser(app, "lv").get("/help?q=skaidra").links
    row = noted(app, "article.published")
    assert (row.object_type, row.object_id, row.actor_user_id) == ("article", newest(app), 5) and len(row.once) == 16


def test_the_list_says_what_is_published_and_in_which_languages(app: Flask, ilze: Browser):
    write(ilze)
    said = main(ilze.get(ALL))
    assert said.index("Meters and readings") < said.index("Where the water meter is") < said.index("Invoices") < said.index("Kā maksāt skaidrā naudā")
    assert re.search(r"Kā maksāt skaidrā naudā Published LV · changed by staff on \d", said) and "Where the water meter is Published LV EN RU How" not in said
    assert 'lang="lv">Kā maksāt' in ilze.get(ALL).html


def test_a_preview_shows_it_as_readers_see_it_and_writes_nothing(app: Flask, ilze: Browser):
    before = dump(app, ["web_session"])
    page = write(ilze, act="preview", body_lv="## Kur\n\nKasē <b>šodien</b>", body_ru="", title_ru="")
    assert ilze.status == 422 and "Line 3 is not as the rules above say" in page.text, "HTML is told, not shown"
    page = write(ilze, act="preview", body_lv="## Kur\n\n[Kasē](/contact) & te", title_ru="Как платить", body_ru="В кассе.")
    assert "Nothing was published yet." in page.text and '<h2>Kur</h2>' in page.html and '<a href="/contact">Kasē</a> &amp; te' in page.html
    assert "Как платить" in main(page) and "In English" in main(page) and main(page).count("In Latvian") == 2 and main(page).count("In English") == 1
    assert typed(page, NEW)["body_lv"] == "## Kur\n\n[Kasē](/contact) & te" and dump(app, ["web_session"]) == before
    assert "The article is published." in main(write(ilze, page=page, topic="house")), "from the page of the preview"


@pytest.mark.parametrize(("words", "sentence"), [
    ({"title_lv": ""}, "Write a title of at most 120 characters"), ({"title_lv": "x" * 121}, "Write a title of at most 120"), ({"body_lv": " \n\0"}, "Write a text of at most 20000"),
    ({"body_lv": "x" * 20_001}, "Write a text of at most 20000"), ({"title_en": "Only a title", "body_en": ""}, "Write a text of at most 20000"), ({"body_ru": "Только текст"}, "Write a title of at most 120"),
    ({"body_lv": "A\n\n[b](javascript:c)"}, "Line 3 is not as the rules above say"), ({"body_lv": "# A"}, "Line 1 is not as"), ({"topic": "money"}, "Choose a topic"), ({"topic": ""}, "Choose a topic"),
    *(({"position": wrong}, "Enter a whole number from 1 to 999") for wrong in ("", "0", "1000", "x", "²", "-1")),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(app: Flask, ilze: Browser, words: dict, sentence: str):
    before = dump(app, ["web_session"])
    for act in ("preview", "publish"):
        page = write(ilze, act=act, **{"title_en": "Kept", "body_en": "Kept, too."} | words)
        assert ilze.status == 422 and f"Error: {sentence}" in page.text and "Nothing was published yet. Check" in page.text
        assert ("Kept, too." in page.html or not words["body_en"]) and dump(app, ["web_session"]) == before


def test_an_article_is_changed_withdrawn_and_published_again(app: Flask, ilze: Browser):
    where = f"{ALL}/{number(app, 'how-to-pay')}"
    write(ilze, where, title_en="How to pay us", title_ru="", body_ru="")
    assert Browser(app).get("/help/how-to-pay").headings == ["How to pay us"] and Browser(app, "ru").get("/help/how-to-pay").headings == ["Kā samaksāt rēķinu"]
    assert "/help/how-to-pay" in Browser(app, "lv").get("/help?q=banka").links and "/help/how-to-pay" in ilze.get(where).links
    page = ilze.get(where)
    assert "is taken back" in main(ilze.post(where, page.form(where).fields | {"act": "withdraw"}))
    assert Browser(app).client.get("/help/how-to-pay").status_code == 404 and "How to pay us Taken back LV EN" in main(ilze.get(ALL))
    assert "Take the article back" not in main(ilze.get(where))
    write(ilze, where)
    assert Browser(app).get("/help/how-to-pay").headings == ["How to pay us"]
    assert acts(app) == ["article.published", "article.withdrawn", "article.published"]


def test_of_two_who_change_it_the_second_sees_both_and_loses_nothing(app: Flask, ilze: Browser):
    where = f"{ALL}/{number(app, 'how-to-pay')}"
    mine = ilze.get(where)
    write(ilze, where, body_en="Hers.")
    page = write(ilze, where, page=mine, body_en="Mine.")
    assert ilze.status == 409 and "The article has changed since" in page.text and "<p>Hers.</p>" in page.html and typed(page, where)["body_en"] == "Mine."
    assert "<p>Hers.</p>" in Browser(app).get("/help/how-to-pay").html
    ilze.post(where, mine.form(where).fields | {"act": "withdraw", "once": "o" * 16})
    assert ilze.status == 409 and acts(app) == ["article.published"]
    write(ilze, where, page=page)
    assert "<p>Mine.</p>" in Browser(app).get("/help/how-to-pay").html


def test_the_same_form_twice_is_one_article_and_another_of_its_title_has_an_address_of_its_own(app: Flask, ilze: Browser):
    page = ilze.get(NEW)
    for _ in range(2):
        assert "The article is published." in main(write(ilze, page=page))
    assert acts(app) == ["article.published"]
    write(ilze), write(ilze, title_lv="Suggestions"), write(ilze, title_lv="Что?")
    slugs = [row.slug for row in fetch(app, sa.select(Article.slug).order_by(Article.id))][-4:]
    assert slugs == ["ka-maksat-skaidra-nauda", "ka-maksat-skaidra-nauda-2", "suggestions-2", "article"]
    where = f"{ALL}/{newest(app)}"
    page = ilze.get(where)
    for _ in range(2):
        assert "The article is published." in main(write(ilze, where, page=page, body_lv="Citādi."))
    assert len(acts(app)) == 5


def test_who_goes_back_and_sends_the_form_with_other_words_loses_none(app: Flask, ilze: Browser):
    page = ilze.get(NEW)
    write(ilze, page=page)
    again = write(ilze, page=page, body_lv="Citādi.")
    where = f"{ALL}/{newest(app)}"
    assert ilze.status == 409 and "Otrdien</a>" in again.html and typed(again, where)["body_lv"] == "Citādi."
    assert "The article is published." in main(write(ilze, where, page=again)) and acts(app) == ["article.published"] * 2
    assert "<p>Citādi.</p>" in Browser(app, "lv").get("/help/ka-maksat-skaidra-nauda").html


def test_what_was_searched_in_vain_leads_to_an_article_with_that_title(app: Flask, ilze: Browser):
    rows = [("balkons", "lv", 2, 0), ("balkons", "lv", 3, 29), ("balkons", "lv", 9, 31), ("lift & stairs", "en", 6, 1), ("дом", "ru", 1, 0)]
    change(app, sa.insert(SearchMiss).values([{"text": text, "language": language, "times": times, "day": TODAY - timedelta(ago)} for text, language, times, ago in rows]))
    page = ilze.get(ALL)
    found = [link for link in page.links if link.startswith(f"{NEW}?")]
    assert found == [f"{NEW}?title_en=lift%20%26%20stairs", f"{NEW}?title_lv=balkons", f"{NEW}?title_ru=%D0%B4%D0%BE%D0%BC"]
    assert "balkons In Latvian · searches: 5, the last on 30 Nov 2026" in main(page)
    assert [ilze.get(link).form(NEW).fields[name] for link, name in zip(found, ("title_en", "title_lv", "title_ru"), strict=True)] == ["lift & stairs", "balkons", "дом"]
    assert ilze.get(f"{NEW}?title_lv=%00{'x' * 99}&once=1&seen=2").form(NEW).fields["title_lv"] == "x" * 60


def test_agents_read_and_only_supervisors_and_administrators_write(app: Flask, ilze: Browser):
    change(app, sa.insert(SearchMiss).values(text="balkons", language="lv", times=1, day=TODAY))
    where, agent = f"{ALL}/{number(app, 'how-to-pay')}", rasa(app)
    assert "balkons" in main(agent.get(ALL)) and not {link for link in agent.get(ALL).links if NEW in link}
    page = agent.get(where)
    assert "Pay it at your bank." in page.text and where not in {form.action for form in page.forms}
    token = page.form("/logout").fields["csrf_token"]
    for path in (where, NEW):
        assert agent.client.post(path, data=SAID | {"csrf_token": token, "once": "o" * 16, "act": "publish"}).status_code == 403
    assert agent.client.get(NEW).status_code == 403 and acts(app) == []
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.ADMINISTRATOR))
    assert "The article is published." in main(write(ilze))


def test_a_form_that_no_page_of_ours_has_made_is_refused(app: Flask, ilze: Browser):
    where = f"{ALL}/{number(app, 'how-to-pay')}"
    for path, wrong in ((NEW, {"once": ""}), (NEW, {"once": "x"}), (NEW, {"act": "withdraw"}), (where, {"act": "delete"}), (where, {"act": ""})):
        ilze.post(path, typed(ilze.get(path), path) | SAID | {"act": "publish"} | wrong)
        assert ilze.status == 400
    assert acts(app) == [] and len(fetch(app, sa.select(ArticleText.title))) == 6
