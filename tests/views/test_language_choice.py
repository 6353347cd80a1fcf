"""Which language a page speaks, and how a person changes it (I01, LG-08; ux.md §5.1, decisions.md 6)."""

import re
from itertools import product

from flask import Flask

from tests.browser import Browser
from tests.cast import Cast
from tests.standing import dump

OFFERS = {"en": "The portal is also available in English", "ru": "Портал доступен и на русском языке"}
HELP = {"lv": "Palīdzība", "en": "Help", "ru": "Помощь"}


def said(client, path: str = "/help", **headers: str) -> str:
    """The language of a page, which its attribute, its header and its link agree on."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    html = answer.get_data(as_text=True)
    lang = re.search(r'<html lang="(\w+)"', html)[1]
    assert answer.headers["Content-Language"] == lang
    assert re.search(r'lang="(\w+)" hreflang="\w+" aria-current="true"', html)[1] == lang
    return lang


def test_the_sites_own_language_is_spoken_first_whatever_the_browser_speaks(app: Flask):
    assert said(app.test_client()) == "lv"
    assert said(app.test_client(), Accept_Language="ru-RU,ru;q=0.9") == "lv"


def test_the_browsers_language_is_only_offered_and_only_once(app: Flask):
    for header, offered in (("ru-RU,ru;q=0.9,en;q=0.8", ["ru"]), ("en-GB,en", ["en"]), ("lv,en", []), ("de, fr", []), ("", []), ("xx;q=x,,;", [])):
        client = app.test_client()
        html = client.get("/help?a=1", headers={"Accept-Language": header}).get_data(as_text=True)
        assert [language for language, words in OFFERS.items() if words in html] == offered, header
        for language in offered:
            assert re.search(f'href="/help\\?a=1&amp;lang={language}" lang="{language}"[^>]*>{OFFERS[language]}', html)
        client.set_cookie("csrf", "x")
        assert not any(words in client.get("/help").get_data(as_text=True) for words in OFFERS.values())


def test_a_click_changes_the_cookie_and_nothing_else(app: Flask):
    before = dump(app)
    for language, word in HELP.items():
        client = app.test_client()
        answer = client.get(f"/help?lang={language}")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/help")
        line = answer.headers["Set-Cookie"]
        assert line.startswith(f"lang={language};") and "Max-Age=31536000" in line and "SameSite=Lax" in line
        assert said(client) == language and word in client.get("/help").get_data(as_text=True)
    assert dump(app) == before


ASKED = (
    ("?lang=en&year=2025", "?year=2025"), ("?year=2025&lang=en&x=1", "?year=2025&x=1"), ("?x=a%26b%20c&lang=en&x=2", "?x=a%26b+c&x=2"),
    ("?lang", ""), ("?lang=", ""), ("?%6Cang=en", ""), ("?lang=en&lang=ru", ""), ("?next=//evil.example&lang=en", "?next=%2F%2Fevil.example"),
    ("?lang=en&x=%0d%0aSet-Cookie:a=b", "?x=%0D%0ASet-Cookie%3Aa%3Db"),
)  # fmt: skip


def test_the_rest_of_the_address_is_kept_and_the_language_gone(app: Flask):
    for verb, (asked, kept) in product(("GET", "HEAD"), ASKED):
        answer = app.test_client().open(f"/help{asked}", method=verb)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/help{kept}")


def test_an_unknown_language_is_ignored(app: Flask):
    for unknown in ("de", "", "LV", "lv;", "../lv", "xx", "lv\x00"):
        client = app.test_client()
        answer = client.get("/help", query_string={"lang": unknown})
        assert answer.status_code == 303 and "Set-Cookie" not in answer.headers, unknown
    client.set_cookie("lang", "de")
    assert said(client) == "lv"


def test_a_post_is_never_turned_into_a_change_of_language(browser: Browser):
    assert browser.client.post("/login?lang=ru", data={"username": "a"}).status_code == 400


def test_the_profiles_language_is_spoken_until_this_device_says_otherwise(app: Flask):
    viktors = Browser(app)
    viktors.log_in("viktors")
    viktors.client.delete_cookie("lang")
    assert said(viktors.client, "/properties") == "ru"
    viktors.client.get("/properties?lang=en")
    assert said(viktors.client, "/properties") == "en"


def test_errors_speak_the_readers_language_too(app: Flask, anna: Browser, cast: Cast):
    for language, words in (("lv", "Lapa nav atrasta"), ("en", "Page not found"), ("ru", "Страница не найдена")):
        anna.client.get(f"/help?lang={language}")
        page = anna.get(f"/meters/{cast.stranger_meter}")
        assert page.lang == language and page.headings == [words]


def test_the_links_lead_to_this_very_page(anna: Browser, cast: Cast):
    path = f"/properties/{cast.flat}/invoices?year=2025"
    page = anna.get(path)
    for language in ("lv", "en", "ru"):
        assert f"{path}&lang={language}" in page.links
    anna.get(f"{path}&lang=ru")
    assert anna.response.request.full_path == path
