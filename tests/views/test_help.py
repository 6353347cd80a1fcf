"""Help and its search, contacts and the operator's own texts; the emergency number on every page (G05..G07; LU-01..04, LG-22, OG-01)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from jobs.articles import SHIPPED, publish
from models.articles import Article, ArticleText, SearchMiss, Topic
from models.sessions import WebSession
from models.site import FOLDER, load_site
from models.types import utc_now
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.conftest import settings_for
from tests.standing import change, fetch
from tests.views.reading_form import HTMX
from tests.walk import ids_of, routes
from views.language import LANGUAGES

SITES = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "common")


def test_every_page_has_the_contacts_with_the_emergency_number_first(anna: Browser, app: Flask, cast: Cast):
    pages = 0
    for browser in (anna, Browser(app)):
        for route in routes(app, ids_of("anna", cast)):
            page = browser.get(route.path) if route.verb == "GET" else Page("")
            if "<html" not in page.html:
                continue
            phones = [link for link in page.links if link.startswith("tel:")]
            assert phones[0] == "tel:112" and "tel:+37165049114" in phones, route
            assert "mailto:info@ogresnamsaimnieks.lv" in page.links and {"/help", "/contact", "/privacy"} <= page.links.keys(), route
            pages += 1
    assert pages > 30


@pytest.mark.parametrize("site", SITES)
def test_each_site_says_how_it_is_reached_in_every_language(site: str, tmp_path: Path):
    app = create_app(settings_for("sqlite://", tmp_path, site=site))
    for language in LANGUAGES:
        page = Browser(app, language).get("/contact")
        for contact in load_site(site).contacts:
            assert not contact.phone or f"tel:{contact.phone}" in page.links
            assert not contact.email or page.text.count(contact.email) == 2, "on the page and below it"
            assert not contact.address or contact.address in page.text
            assert not contact.hours or contact.hours[language] in page.text
        assert page.title.endswith(load_site(site).short_name)


@pytest.fixture
def shipped(app: Flask) -> Flask:
    """The articles that come with the product are published."""
    held = app.extensions["ekabinets"]
    publish(held.database, held.site, SHIPPED)
    return app


def misses(app: Flask) -> list[tuple[str, str, int]]:
    return [(row.text, row.language, row.times) for row in fetch(app, sa.select(SearchMiss.__table__).order_by(SearchMiss.text))]


def test_the_help_page_explains_the_whole_way_to_everybody(shipped: Flask):
    browser = Browser(shipped)
    page = browser.get("/help")
    ways = ("sign-in", "new-account", "submit-reading", "read-invoice", "emergency", "family-help", "contact-details")
    assert browser.status == 200 and {f"/help/{slug}" for slug in ways} <= page.links.keys()
    told = " ".join(browser.get(f"/help/{slug}").text for slug in ways)
    for word in ("Remember me", "Sign out", "Send", "PDF", "15 minutes", "112", "Invite a user"):
        assert word in told, word


def test_an_article_is_read_without_signing_in_and_leads_back(browser: Browser):
    page = browser.get("/help/how-to-read")
    assert page.headings == ["Where the water meter is"] and "/help" in page.links and page.links["/contact"].startswith("Call us")
    assert re.search(r"<p>Usually in the kitchen.</p>\s*<h2>If it is not there</h2>\s*<ul><li>Look in the bathroom.", page.html)
    assert re.search("<ol><li>Open the invoice.\\s*</li><li>", browser.get("/help/how-to-pay").html)


@pytest.mark.parametrize("slug", ["nothing", "How-To-Read", "%00", "%ED%A0%80", "a" * 300, "how-to-read%20", "ā"])
def test_what_is_no_article_is_not_found(browser: Browser, slug: str):
    assert browser.client.get(f"/help/{slug}").status_code == 404


@pytest.mark.parametrize(("language", "note"), [("en", "not available in English"), ("ru", "на русском языке нет")])
def test_what_is_not_translated_is_shown_in_latvian_and_says_so(app: Flask, language: str, note: str):
    change(app, sa.delete(ArticleText).where(ArticleText.language == language))
    browser = Browser(app, language)
    page = browser.get("/help")
    assert re.search('<b lang="lv">Kur ir ūdens skaitītājs</b><small lang="lv">Latviešu</small>', page.html) and page.lang == language
    page = browser.get("/help/how-to-read")
    assert note in page.text and '<h1 lang="lv">' in page.html and page.html.count(' lang="lv"') == 3, "the link to this language is the third"
    assert 'lang="lv">Kur ir' in browser.get("/help?q=udens").html


def test_an_article_in_the_readers_language_is_marked_as_nothing_else(app: Flask):
    for language in LANGUAGES:
        page = Browser(app, language).get("/help/how-to-read")
        assert page.html.count(f' lang="{language}"') == 2, "the page and the link to it"


@pytest.mark.parametrize(("language", "typed"), [
    ("lv", "udens skaititajs"), ("lv", "ŪDENS SKAITĪTĀJS"), ("lv", "ūdens skaitītāju"), ("lv", "skaitatajs"), ("lv", "kur ir tas skaititajs"),
    ("en", "Water Meters"), ("en", "metre kitchen"), ("ru", "счетчик"), ("ru", "СЧЁТЧИКИ воды"), ("ru", "счотчик"),
])  # fmt: skip
def test_a_search_forgives_case_diacritics_endings_and_a_letter(app: Flask, language: str, typed: str):
    page = Browser(app, language).get(f"/help?q={typed}")
    assert "/help/how-to-read" in page.links and "/help/how-to-pay" not in page.links and typed in page.html
    assert misses(app) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_articles_found_have_their_plural(app: Flask, language: str):
    told = {
        "lv": ("Atrasts 1 raksts", "Atrasti 2 raksti", "Atrasts 10 rakstu"), "en": ("1 article found", "2 articles found", "10 articles found"),
        "ru": ("Найдена 1 статья", "Найдены 2 статьи", "Найдено 10 статей"),
    }[language]  # fmt: skip
    with app.extensions["ekabinets"].database.write() as session:
        for count in range(14):
            word = "desmit" if count > 2 else "divi" if count else "viens"
            session.add(article := Article(slug=f"a-{count}", topic=Topic.DATA, position=count, language="lv", published_at=utc_now()))
            session.flush()
            session.add(ArticleText(article_id=article.id, language="lv", title=word, body=word, folded=f" {word}"))
    assert [words for words, typed in zip(told, ("viens", "divi", "desmit"), strict=True) if words not in Browser(app, language).get(f"/help?q={typed}").text] == []


def test_a_search_without_a_hit_is_counted_by_day_and_text_and_says_what_else_to_do(app: Flask, browser: Browser, anna: Browser):
    for typed in ("Balkona  Stiklošana!", "balkona stiklosana", "balkona stiklošana"):
        page = browser.get("/help", query_string={"q": typed})
    assert "Nothing was found" in page.text and {"/contact", "/help/how-to-read"} <= page.links.keys()
    anna.get("/help?q=xyzzy")
    assert misses(app) == [("balkona stiklosana", "en", 3), ("xyzzy", "en", 1)]
    assert not {"user_id", "address", "session_id"} & {*SearchMiss.__table__.c.keys()}


@pytest.mark.parametrize("typed", ["", "  ", "xx", "!!!", "%00", "anna@example.com", "010190-12345 xyz", "xyzzy" * 20, "%E1%BF%B7" * 60, "how-to-read"])
def test_what_is_no_search_or_may_say_who_somebody_is_is_not_kept(app: Flask, browser: Browser, typed: str):
    browser.get(f"/help?q={typed}")
    assert browser.status == 200 and misses(app) in ([], [("how to read", "en", 1)])


@pytest.mark.parametrize("how", [{"method": "HEAD"}, {"headers": {"Sec-Purpose": "prefetch"}}])
def test_what_nobody_has_opened_counts_nothing(app: Flask, how: dict[str, object]):
    assert app.test_client().open("/help?q=xyzzy", **how).status_code == 200 and misses(app) == []


def test_one_address_is_answered_always_and_counted_twenty_times_an_hour(app: Flask, browser: Browser):
    for number in range(25):
        assert "Nothing was found" in browser.get(f"/help?q=xyzzy{number}").text
    assert len(misses(app)) == 20
    browser.get("/help?q=somewhere", environ_overrides={"REMOTE_ADDR": "10.1.1.1"})
    assert len(misses(app)) == 21


def test_a_search_renews_no_session_and_an_article_does(app: Flask, anna: Browser):
    before = utc_now() - timedelta(minutes=9)
    change(app, sa.update(WebSession).values(seen_at=before))
    anna.get("/help?q=udens")
    assert "Sign out" in anna.get("/help?q=xyzzy").text and [row.seen_at for row in fetch(app, sa.select(WebSession.seen_at))] == [before]
    anna.get("/help")
    assert [row.seen_at for row in fetch(app, sa.select(WebSession.seen_at))] != [before]


def test_while_a_subject_is_typed_what_may_answer_it_is_named_and_nothing_is_written(app: Flask, anna: Browser, statements: list[str]):
    before = utc_now() - timedelta(minutes=9)
    change(app, sa.update(WebSession).values(seen_at=before))
    statements.clear()
    shown = anna.get("/help/suggestions?subject=How+do+I+read+a+water+meter", headers=HTMX)
    assert "Perhaps this answers it already:" in shown.text and "/help/how-to-read" in shown.links and "<html" not in shown.html
    assert len(statements) == 2, "the session and the search"
    for subject in ("", "x", "xyzzy", "%00%%_", "x" * 5000):
        assert anna.get(f"/help/suggestions?subject={subject}", headers=HTMX).text.strip() == "" and anna.status == 200, subject
    assert misses(app) == [] and [row.seen_at for row in fetch(app, sa.select(WebSession.seen_at))] == [before]
    assert anna.client.get("/help/suggestions?subject=a+b").headers["Location"] == "/help?q=a+b", "asked for as a page"


def test_a_search_and_a_hit_send_as_few_statements_as_can_be(browser: Browser, statements: list[str]):
    browser.get("/help?q=meter")
    assert len(statements) == 1
    statements.clear()
    browser.get("/help?q=xyzzy")
    assert [sent.split()[0] for sent in statements] == ["SELECT", "INSERT", "SELECT"]


def test_before_anything_is_published_the_page_says_so(app: Flask, browser: Browser):
    change(app, sa.update(Article).values(published_at=None))
    assert "There are no articles yet." in browser.get("/help").text and "/contact" in browser.get("/help").links
    assert browser.client.get("/help/how-to-read").status_code == 404 and "Nothing was found" in browser.get("/help?q=meter").text


def test_who_is_logged_in_keeps_the_whole_menu_on_the_help_page(anna: Browser, cast: Cast):
    for path in ("/help", "/contact", "/terms", "/nowhere"):
        assert f"/properties/{cast.flat}/meters" in anna.get(path).links, path


@pytest.mark.parametrize("key", ["terms", "privacy", "cookies", "accessibility"])
def test_each_legal_text_is_there_in_every_language(app: Flask, key: str):
    seen = set()
    for language in LANGUAGES:
        page = Browser(app, language).get(f"/{key}")
        main = re.search(r"<main.*</main>", page.html, re.S)[0]
        assert len(main) > 400 and "{" not in main
        seen.add(main)
    assert len(seen) == 3


@pytest.mark.parametrize(("language", "words"), [("lv", "nedzēšam nekad, arī pēc konta slēgšanas"), ("en", "are never deleted, not even after an account is closed"), ("ru", "не удаляются никогда, в том числе после закрытия")])
def test_the_privacy_text_says_that_the_records_of_acts_outlive_an_account(app: Flask, language: str, words: str):
    assert words in Browser(app, language).get("/privacy").text


def test_the_cookies_page_names_every_cookie_that_is_set(app: Flask):
    browser = Browser(app)
    browser.log_in("anna", remember="1")
    text = browser.get("/cookies").text
    names = {cookie.key for cookie in browser.client._cookies.values()}
    assert names == {"session", "csrf", "device", "lang"}
    for name in names:
        assert name in text, name


def test_search_engines_are_told_to_stay_away(browser: Browser):
    assert browser.client.get("/robots.txt").get_data(as_text=True) == "User-agent: *\nAllow: /help\nDisallow: /\n"


def test_who_finds_a_weakness_finds_whom_to_write_to(browser: Browser):
    lines = browser.client.get("/.well-known/security.txt").get_data(as_text=True).splitlines()
    assert lines[0] == "Contact: mailto:info@ogresnamsaimnieks.lv"
    assert re.fullmatch(r"Expires: 20\d\d-12-31T23:59:59Z", lines[1])
    assert lines[2] == "Canonical: http://localhost/.well-known/security.txt"


def test_the_sign_of_the_site_has_its_colour(app: Flask):
    svg = app.test_client().get("/favicon.svg").get_data(as_text=True)
    assert "<svg" in svg and "SITE(" not in svg and "<script" not in svg
    assert app.test_client().get("/favicon.ico").get_data(as_text=True) == svg
