"""Real pages in the three languages: numbers, money, dates and plurals as ux.md §5 writes them, and no word of another."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from tests.browser import Browser, Page
from tests.cast import Cast

NBSP = "\u00a0"
DUE = date(2026, 11, 30)  # of Anna's newest invoice
LANGUAGES = ("lv", "en", "ru")
# What stays as it is in every language: names, data of the cast, formats.
SAME = re.compile(
    r"\b(DEMO|PDF|CSV|Namsaimnieks|ogresnamsaimnieks|iela|prospekts|Ozoliņa|SIA|Apsaimniekošana|Apsaimniekošanas līgums"
    r"|Latviešu|English|Русский)\b|\d, kods \d|^(anna|anna@example\.com|Aukstais ūdens|Remontdarbu uzkrājums)$"
)
WORD = re.compile(r"[a-zā-ž]{3}|[а-яё]{3}")


@pytest.fixture
def dialect() -> str:
    """Words do not depend on the database; SQLite is the quicker one."""
    return "sqlite"


def anna_in(app: Flask, language: str) -> tuple[Browser, Page]:
    """Anna reads this language and stands on her home page."""
    browser = Browser(app, language)
    return browser, browser.log_in("anna")


def spoken(language: str, lv: str, en: str, ru: str) -> str:
    """The one of three that a language says."""
    return {"lv": lv, "en": en, "ru": ru}[language]


def places(cast: Cast) -> list[str]:
    """Every page that a resident reads."""
    flat, mid = cast.flat, cast.cold
    return [
        "/properties", f"/properties/{flat}", f"/properties/{flat}/meters", f"/properties/{flat}/readings",
        f"/meters/{mid}", f"/meters/{cast.two_dials}", f"/meters/{mid}/reading", f"/properties/{flat}/invoices",
        f"/invoices/{cast.invoice}", f"/invoices/{cast.paid}", f"/properties/{flat}/documents", "/profile",
        "/profile/sessions", "/more", "/help", "/contact", "/login", "/signed-out", "/nowhere",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_writes_money_with_the_euro_on_its_side(app: Flask, language: str) -> None:
    assert f">{spoken(language, f'87,43{NBSP}€', '€87.43', f'87,43{NBSP}€')}<" in anna_in(app, language)[1].html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_writes_the_last_day_to_pay(app: Flask, language: str) -> None:
    told = spoken(language, "Apmaksāt līdz 30.11.2026. ", "Pay by 30 Nov 2026 ", "Оплатить до 30.11.2026 ")
    assert told in anna_in(app, language)[1].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_writes_a_reading_and_its_unit_unparted(app: Flask, language: str) -> None:
    html = anna_in(app, language)[1].html
    assert f"{spoken(language, '192,000', '192.000', '192,000')}{NBSP}{spoken(language, 'm³', 'm³', 'м³')}" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_groups_thousands(app: Flask, language: str) -> None:
    told = spoken(language, f"2{NBSP}170,000{NBSP}kWh", f"2,170.000{NBSP}kWh", f"2{NBSP}170,000{NBSP}кВт·ч")
    assert told in anna_in(app, language)[1].html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_window_is_told_with_full_dates(app: Flask, cast: Cast, language: str) -> None:
    page = anna_in(app, language)[0].get(f"/properties/{cast.flat}/meters")
    assert (
        spoken(
            language,
            "Rādījumus pieņem no 29.11.2026. līdz 01.12.2026. Vēl 1 diena.",
            "Readings are accepted from 29 Nov 2026 to 1 Dec 2026. 1 day left.",
            "Показания принимаются с 29.11.2026 по 01.12.2026. Остался 1 день.",
        )
        in page.text
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invoices_are_headed_by_their_month(app: Flask, cast: Cast, language: str) -> None:
    page = anna_in(app, language)[0].get(f"/properties/{cast.flat}/invoices")
    assert spoken(language, "2026. gada oktobris", "October 2026", "октябрь 2026 г.") in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_an_invoice_has_quantity_unit_and_price(app: Flask, cast: Cast, language: str) -> None:
    html = anna_in(app, language)[0].get(f"/invoices/{cast.invoice}").html
    assert (
        spoken(language, f"3,100{NBSP}m³ × 1,05{NBSP}€", f"3.100{NBSP}m³ × €1.05", f"3,100{NBSP}м³ × 1,05{NBSP}€")
        in html
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_tells_its_size(app: Flask, cast: Cast, language: str) -> None:
    html = anna_in(app, language)[0].get(f"/properties/{cast.flat}/documents").html
    assert f"(PDF, 1{NBSP}{spoken(language, 'kB', 'kB', 'кБ')})" in html


LEFT = {
    "lv": {1: "vēl 1 diena", 2: "vēl 2 dienas", 10: "vēl 10 dienu"},
    "en": {1: "1 day left", 2: "2 days left", 10: "10 days left"},
    "ru": {1: "остался 1 день", 2: "осталось 2 дня", 5: "осталось 5 дней", 10: "осталось 10 дней"},
}
OVERDUE = {
    "lv": {
        1: "Kavēts 1 dienu",
        2: "Kavēts 2 dienas",
        10: "Kavēts 10 dienu",
        11: "Kavēts 11 dienu",
        21: "Kavēts 21 dienu",
    },
    "en": {1: "1 day overdue", 2: "2 days overdue", 11: "11 days overdue", 21: "21 days overdue"},
    "ru": {
        1: "Просрочен на 1 день",
        2: "Просрочен на 2 дня",
        5: "Просрочен на 5 дней",
        11: "Просрочен на 11 дней",
        21: "Просрочен на 21 день",
    },
}


def tags(make_app: Callable[..., Flask], cast: Cast, language: str, days: list[int]) -> list[str]:
    """The list of invoices as it reads so many days after the newest one was due."""
    pages = []
    for after in days:
        browser, _home = anna_in(make_app(today=DUE + timedelta(days=after)), language)
        pages.append(browser.get(f"/properties/{cast.flat}/invoices").text)
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_left_to_pay_have_their_plural(make_app: Callable[..., Flask], cast: Cast, language: str) -> None:
    pages = tags(make_app, cast, language, [-days for days in LEFT[language]])
    assert [told for told, page in zip(LEFT[language].values(), pages, strict=True) if told not in page] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_overdue_have_their_plural(make_app: Callable[..., Flask], cast: Cast, language: str) -> None:
    pages = tags(make_app, cast, language, [*OVERDUE[language]])
    assert [told for told, page in zip(OVERDUE[language].values(), pages, strict=True) if told not in page] == []


def sent(app: Flask, language: str, mid: str, value: str) -> Page:
    """The answer to a reading that Anna sends."""
    browser, path = anna_in(app, language)[0], f"/meters/{mid}/reading"
    return browser.fill(browser.get(path), path, {f"r-{mid}-1": value})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reading_received_is_answered_with_moment_and_consumption(app: Flask, cast: Cast, language: str) -> None:
    assert re.search(spoken(
        language,
        r"Rādījums saņemts \d\d\.\d\d\.\d{4}\. \d\d:\d\d\. Patēriņš: 3,500 m³\. Līdz 01\.12\.2026\. to vēl varat labot\.",
        r"Reading received \d+ \w{3,4} \d{4}, \d\d:\d\d\. Consumption: 3\.500 m³\. You can still change it until 1 Dec 2026\.",
        r"Показание принято \d\d\.\d\d\.\d{4} \d\d:\d\d\. Расход: 3,500 м³\. До 01\.12\.2026 его ещё можно исправить\.",
    ), sent(app, language, cast.cold, "195,5").text)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_high_consumption_is_questioned_in_figures(app: Flask, cast: Cast, language: str) -> None:
    assert (
        spoken(
            language,
            "Patēriņš 308,000 m³ ir daudz lielāks nekā parasti (3,0",
            "Consumption of 308.000 m³ is much higher than usual (3.0",
            "Расход 308,000 м³ намного больше обычного (3,0",
        )
        in sent(app, language, cast.cold, "500").text
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digits_of_a_meter_have_their_plural(app: Flask, cast: Cast, language: str) -> None:
    assert [
        sent(app, language, cast.cold, value).text.find(spoken(language, *told)) >= 0
        for value, told in {
            "1,23456": (
                "rāda 3 ciparus aiz komata",
                "3 digits after the decimal point",
                "показывает 3 цифры после запятой",
            ),
            "123456789": (
                "rāda 5 ciparus pirms komata",
                "5 digits before the decimal point",
                "показывает 5 цифр до запятой",
            ),
        }.items()
    ] == [True, True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_readings_received_at_once_have_their_plural(app: Flask, cast: Cast, language: str) -> None:
    browser, path = anna_in(app, language)[0], f"/properties/{cast.flat}/readings"
    page = browser.fill(browser.get(path), path, {f"r-{cast.cold}-1": "195", f"r-{cast.hot}-1": "x"})
    assert (
        spoken(
            language,
            "Saņemts 1 rādījums. Jāpārbauda 1 rādījums.",
            "1 reading received. 1 reading needs your attention.",
            "Принято 1 показание. Нужно проверить 1 показание.",
        )
        in page.text
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_attempts_left_have_their_plural(app: Flask, language: str) -> None:
    browser = Browser(app, language)
    told = [browser.log_in("anna", "not this").text for _attempt in range(9)]
    assert any(
        spoken(language, "Vēl 2 mēģinājumi,", "2 attempts are left", "Осталось 2 попытки,") in text for text in told
    )
    assert any(
        spoken(language, "Vēl 1 mēģinājums,", "1 attempt is left", "Осталась 1 попытка,") in text for text in told
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labels_of_the_bottom_bar_fit_their_cells(app: Flask, language: str) -> None:
    html = anna_in(app, language)[1].html
    menu = html[html.index('<nav class="main"') :]
    labels = re.findall(r"<li(?! class=\"wide).*?<span>([^<]+)</span>", menu[: menu.index("</nav>")])
    assert len(labels) == 5 and max(map(len, labels)) <= 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_ends_in_two_stops(app: Flask, cast: Cast, language: str) -> None:
    browser = anna_in(app, language)[0]
    assert [path for path in places(cast) if re.search(r"[.!?:,;]\.|\. \.", browser.get(path).text)] == []


def chunks(page: Page) -> set[str]:
    """The texts of a page, also those that only a screen reader says, apart from names and data."""
    spoken_only = re.findall(r'(?:aria-label|alt|data-(?:t-|said|label|hide)[\w-]*)="([^"]*)"', page.html)
    texts = {" ".join(text.split()) for text in [*page.words, *spoken_only]}
    return {text for text in texts if WORD.search(text) and not SAME.search(text)}


def test_no_text_of_a_page_is_the_same_in_two_languages(app: Flask, cast: Cast) -> None:
    read = {}
    for language in LANGUAGES:
        browser = anna_in(app, language)[0]
        read[language] = set().union(*(chunks(browser.get(path)) for path in places(cast)))
    assert min(map(len, read.values())) > 100
    assert [read["lv"] & read["en"], read["lv"] & read["ru"], read["en"] & read["ru"]] == [set()] * 3


def test_the_page_tells_the_reader_its_language(app: Flask) -> None:
    assert [anna_in(app, language)[1].lang for language in LANGUAGES] == [*LANGUAGES]
