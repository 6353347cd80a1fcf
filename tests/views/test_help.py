"""Help, contacts and the operator's own texts; the emergency number on every page (G06, G07; LU-01..04)."""

import re
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from models.site import FOLDER, load_site
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.conftest import settings_for
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


def test_the_help_page_explains_the_whole_way_to_everybody(browser: Browser):
    page = browser.get("/help")
    assert browser.status == 200
    for word in ("Signing in", "Home page", "Submitting readings", "Invoices", "Signing out", "Remember me", "PDF", "15 minutes"):
        assert word in page.text, word


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
