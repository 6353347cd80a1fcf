"""Every page in every state, in three languages: valid, labelled, open to everybody, and never wider than its window.

The pages come from the application's own routes: a new one is in the sweep by itself, or a test says what it needs.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as Window

from tests.browser import Page
from tests.gallery import Gallery, Sight
from tests.gallery.rooms import galleries, opened
from tests.journeys.conftest import SIZES
from tests.journeys.looking import COLOURS, EVERYTHING, WALK, WORDS
from tests.validity import check
from views import errors
from views.assets import THEMES
from views.language import LANGUAGES, TRANSLATIONS

__all__ = ["galleries"]
# Each form with what its sender can be answered.
FORMS = {
    "login.submit": {303, 422, 429}, "login.log_out": {303},
    "passwords.ask": {303, 422}, "passwords.renew": {303, 400, 410, 422}, "passwords.change": {303, 422, 429}, "passwords.check": {200},
    "second.finish": {303, 422, 429}, "second.begin": {303}, "second.by_passkey": {303, 422}, "second.step_up": {303, 422, 429},
    "factors.add_app": {200, 303, 422, 429}, "factors.begin_passkey": {303, 422, 429}, "factors.add_passkey": {200, 303, 422},
    "factors.remove": {303, 422, 429}, "factors.renew": {200, 422, 429},
    "outside.begin": {303, 422, 429}, "outside.connect": {303, 422, 429}, "linked.remove": {303, 422, 429}, "cards.answer": {303}, "backchannel.ended": {200, 400}, "api.taken": {401},
    "registration.by_identity": {303, 403, 422, 429}, "registration.by_code": {303, 422, 429}, "registration.add": {303, 422, 429},
    "meters.send": {200, 303, 400, 401, 409, 422, 429}, "meters.send_all": {200, 409, 422}, "absences.change": {303, 422},
    "reading_links.find": {303, 409, 422, 429}, "reading_links.send": {303, 409, 410, 422}, "reading_links.disown": {303},
    "handovers.ask": {303, 409, 422}, "handovers.answer": {303, 422},
    "account.visited": {303, 422}, "account.terms": {303}, "account.change_phone": {303, 422, 403}, "account.close": {303, 422, 429},
    "emails.ask": {303, 422, 429}, "emails.wanted": {303, 429}, "emails.confirm": {303, 410},
    "users.invite": {200, 303, 400, 403, 409, 422, 429}, "users.change": {200, 303, 403, 409, 422}, "users.revoke": {303},
    "users.set_state": {303, 422}, "users.code": {200}, "invitations.answer": {303, 403, 422},
    "asking.apply": {303, 400, 422, 429, 503}, "asking.ask": {303, 422, 429}, "asking.refuse": {303},
    "messages.ask": {200, 303, 400, 409, 422, 503}, "messages.reply": {303, 409, 422}, "messages.settle": {303},
    "einvoices.save": {303, 422}, "notifications.save": {303}, "notifications.consent": {303}, "notifications.stop": {200, 410},
    "copies.ask": {303, 422, 429}, "payments.pay": {303, 400, 409, 503}, "payments.told": {200, 400, 503},
    "leaks.mute": {303}, "calendars.make": {200}, "calendars.switch_off": {303}, "profile.end": {303}, "profile.end_others": {303}, "profile.extend": {204},
    "staff_work.assign": {303, 409, 422}, "staff_work.snooze": {303, 422}, "staff_work.merge": {303, 409, 422}, "staff_work.close": {303, 409},
    "staff_work.several": {303, 404, 422}, "staff_work.go_away": {303, 422},
    "composing.reply": {200, 303, 400, 409, 422}, "replies.save": {303, 403, 422}, "composing.undo": {303, 409}, "composing.keep": {204, 401}, "composing.poll": {200, 204, 401},
    "staff_search.keep": {303, 422}, "staff_search.drop": {303},
    "staff.accept": {200, 410, 422}, "staff.decide": {303, 403, 404, 422},
    "customers.help_out": {303, 409, 422, 429}, "told.send_readings": {200, 409, 422}, "told.log": {303, 400, 409, 422}, "preview.refuse": {403},
    "staff_texts.save_article": {200, 303, 400, 409, 422}, "staff_texts.save_text": {200, 303, 400, 409, 422},
    "staff_notices.create": {303, 400, 422}, "staff_notices.change": {303, 409, 422}, "staff_notices.publish": {303, 409, 422},
    "staff_documents.add": {303, 400, 422}, "staff_documents.withdraw": {303, 422}, "staff_notices.withdraw": {303}, "staff_notices.attach": {303, 422}, "notices.confirm": {303},
    "attorneys.decide": {303, 404, 409, 422}, "desks.answered": {303, 404}, "desks.confirm": {303}, "review.decide": {303, 404, 422}, "windows.decide": {200, 303, 404, 409, 422},
    "colleagues.invite": {303, 422}, "colleagues.change": {303, 404, 409}, "staff_imports.upload": {303, 409, 422}, "staff_imports.decide": {303, 409, 422}, "checks.send": {303, 404},
    "reading_mails.decide": {303, 400, 404, 409, 422},
    "staff_payments.decide": {200, 303, 400, 409, 422},
    "profile.set_language": {303, 422}, "profile.set_appearance": {303, 422},
}  # fmt: skip
Look = tuple[str, str, str, dict[str, object]]
# What words can break in every language; what only colours can, which are the same in all, in one language each.
DAY: Look = ("light", "none", "phone", EVERYTHING)
WORDED: Look = ("light", "none", "phone", WORDS)
LOOKS: Sequence[Sequence[Look]] = (
    (DAY,), (WORDED, ("dark", "none", "desktop", EVERYTHING)), (WORDED, ("dark", "none", "phone", COLOURS), ("dark", "active", "phone", COLOURS)),
)  # fmt: skip
SENT_ON = {"login.start", "passwords.well_known", "properties.last", "outside.back"}
# Widths of a window and sizes of its letters in which nothing may stand out.
NARROW = ((320, "100%"), (360, "200%"), (1280, "100%"))
_STANDING_OUT = """async ([pages, sizes]) => {
    const frame = document.createElement('iframe'), found = [];
    document.body.replaceChildren(frame); frame.style.border = 0;
    for (const page of pages) {
        await new Promise(done => { frame.onload = done; frame.src = page; });
        const root = frame.contentDocument.documentElement;
        for (const [width, letters] of sizes) {
            frame.style.width = width + 'px'; root.style.fontSize = letters;
            if (root.scrollWidth > width) found.push([page, root.scrollWidth - width, width, letters]);
        }
    }
    return found; }"""


def everything(galleries: dict[str, Gallery]) -> Iterator[Sight]:
    """All pages and fragments of all languages."""
    for gallery in galleries.values():
        yield from gallery.sights.values()


def verbs(app: Flask, verb: str) -> set[str]:
    """The endpoints that take a verb."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if verb in (rule.methods or ())}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_address_has_been_opened_and_every_form_sent_to_each_of_its_ends(galleries: dict[str, Gallery], language: str):
    gallery = galleries[language]
    shown = {endpoint for verb, endpoint, status in gallery.answers if (verb, status) == ("GET", 200)}
    missing = verbs(gallery.app, "GET") - shown - SENT_ON - {"api.pulled", "calendars.feed"}  # which programs open
    assert not missing, f"nobody in tests/gallery/scenes.py can open {missing}"
    assert verbs(gallery.app, "POST") == FORMS.keys(), "say in FORMS how a form can end, and send it in a scene"
    sent = {form: {status for verb, where, status in gallery.answers if (verb, where) == ("POST", form)} for form in FORMS}
    assert {form: FORMS[form] - ends for form, ends in sent.items()} == {form: set() for form in FORMS}


def test_every_error_has_been_seen_as_a_page_and_by_htmx(galleries: dict[str, Gallery]):
    for whole in (True, False):
        seen = {(sight.language, sight.status) for sight in everything(galleries) if sight.is_whole == whole}
        assert {(language, code) for language in LANGUAGES for code in (*errors.CODES, 401, 500)} <= seen


def test_every_text_of_the_templates_has_been_seen(galleries: dict[str, Gallery]):
    """A state of a page has words of its own: so one that nobody has brought about is found."""
    seen = "\n".join({line for sight in galleries["en"].sights.values() for line in words(sight)})
    with (TRANSLATIONS / "lv/LC_MESSAGES/messages.po").open("rb") as file:
        texts = [message for message in read_po(file) if message.id and is_of_pages([place for place, _ in message.locations])]
    unseen = [message.id for message in texts if not re.search(pattern(message.id), seen)]
    assert len(texts) > 200 and not unseen


def is_of_pages(places: list[str]) -> bool:
    """Whether a text stands in a template of a page; a copy of one's data is none (tests/jobs/test_copies.py)."""
    return any(place.startswith("templates/") and not place.endswith(("/pdf.html", ".txt", "/_copy.html", "copies/_words.html")) for place in places)


def words(sight: Sight) -> set[str]:
    """What a page says, also to who cannot see it, in pieces."""
    said = [*re.findall(r'(?:alt|aria-label|data-[\w-]+)="([^"]*)"', sight.html), *re.split(r"<[^>]+>", sight.html)]
    return {" ".join(html.unescape(piece).split()) for piece in said}


def pattern(text: str | tuple[str, ...]) -> str:
    """A text, or one of its plural forms, with whatever is put in."""
    forms = (text,) if isinstance(text, str) else text
    pieces = (re.split(r"%\(\w+\)[sd]", " ".join(form.split())) for form in forms)
    return "|".join(".{0,90}?".join(re.escape(piece.replace("%%", "%")) for piece in form) for form in pieces)


def test_every_page_has_a_title_a_heading_labels_its_language_and_nothing_inline(galleries: dict[str, Gallery]):
    faults = []
    for sight in everything(galleries):
        page, is_first = Page(sight.html), "first visit" in sight.name
        found = page.audit() if sight.is_whole else page.faults
        if sight.is_whole and page.lang != sight.headers["Content-Language"]:
            found.append(f"a page in {page.lang} that says it is in {sight.headers['Content-Language']}")
        if page.lang not in ("", sight.language) and not is_first:
            found.append(f"asked for in {sight.language}, answered in {page.lang}")
        if ("<style" in sight.html) != is_first or "javascript:" in sight.html:
            found.append("a style or a script inside")
        faults += [f"{sight.name}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_every_page_and_the_style_and_pictures_in_it_are_valid(galleries: dict[str, Gallery], tmp_path: Path):
    named = dict(files(galleries["lv"]))
    for gallery in galleries.values():
        for number, sight in enumerate(gallery.picked()):
            named[f"{gallery.language}-{number:03}.html"] = sight.html if sight.is_whole else framed(sight)
    for name, content in named.items():
        (tmp_path / name).write_text(content, "utf-8")
    faults = [f"{place}: {fault}\n{named[Path(place).name][:600]}" for place, fault in check(tmp_path)]
    assert len(named) > 300 and not faults, "\n".join(faults)


def files(gallery: Gallery) -> Iterator[tuple[str, str]]:
    """The stylesheet, the sign of the site and a payment code."""
    for name, file in gallery.app.extensions["assets"].by_name.items():
        if name.endswith((".css", ".svg")):
            yield name, file.plain.decode()
    answer = gallery.visitor("anna").client.get(f"/invoices/{gallery.cast.invoice}/qr.svg")
    yield "qr.svg", answer.get_data(as_text=True)


def framed(sight: Sight) -> str:
    """A fragment in the least page that it can stand in."""
    heading = "" if "<h1" in sight.html else "<h1>-</h1>"
    return f'<!doctype html>\n<html lang="{sight.language}"><head><title>{sight.name}</title></head><body>{heading}{sight.html}</body></html>'


@pytest.fixture(params=LANGUAGES)
def hall(request: pytest.FixtureRequest, galleries: dict[str, Gallery]) -> Gallery:
    """The pages of one language."""
    return galleries[request.param]


@pytest.fixture
def window(chromium: Chromium) -> Iterator[Window]:
    """A window of Chromium."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_every_page_is_open_to_everybody_by_day_by_night_and_in_forced_colours(hall: Gallery, window: Window):
    sights = [sight for sight in hall.picked() if sight.is_whole]
    looks = [(look, number) for number, sight in enumerate(sights) for look in LOOKS[(crc32(sight.name.encode()) + LANGUAGES.index(hall.language)) % len(LOOKS)]]
    with opened(hall.app.extensions["assets"], sights) as address:
        faults = [f"{sights[number].name}: {fault}" for number, fault in looked_at(window, address, looks)]
    assert len(sights) > 90 and not faults, "\n".join(faults)


@pytest.mark.browser
def test_a_fault_among_the_pages_is_found_on_the_page_that_has_it(galleries: dict[str, Gallery], window: Window):
    """A picture without a word, and grey on grey by night, each between pages without a fault."""
    clean = next(sight for sight in galleries["en"].picked() if sight.is_whole)
    silent = replace(clean, html=clean.html.replace("</main>", '<img src="/app.png"></main>'))
    pale = replace(clean, html=clean.html.replace("</main>", '<p style="color: #888; background: #999">Pale</p></main>'))
    looks = [(DAY, 0), (DAY, 1), (DAY, 2), (LOOKS[2][1], 1), (LOOKS[2][1], 3), (LOOKS[2][1], 4)]
    with opened(galleries["en"].app.extensions["assets"], [clean, silent, clean, pale, clean]) as address:
        faults = [(number, fault) for number, fault in looked_at(window, address, looks)]
    assert [(number, fault.split(": ")[1]) for number, fault in faults] == [(1, "image-alt"), (3, "color-contrast")]


@pytest.mark.browser
def test_who_wants_it_always_light_or_always_dark_reads_as_well_on_any_device(galleries: dict[str, Gallery], window: Window):
    """Each page in one of the two, on a device that is set the other way."""
    assets, themes = galleries["en"].app.extensions["assets"], [*zip(THEMES, reversed(THEMES), strict=True)]
    known = [sight for sight in galleries["en"].picked() if assets.url("app.css") in sight.html]
    sights = [replace(sight, html=sight.html.replace(assets.url("app.css"), assets.url(f"{THEMES[n % 2]}.css"))) for n, sight in enumerate(known)]
    looks = [((themes[n % 2][1], ("none", "active")[n // 2 % 2], "phone", COLOURS), n) for n in range(len(sights))]
    with opened(assets, sights) as address:
        faults = [f"{sights[n].name}: {THEMES[n % 2]} although {fault}" for n, fault in looked_at(window, address, looks)]
    assert len(sights) > 80 and not faults, "\n".join(faults)


def looked_at(window: Window, address: str, looks: Sequence[tuple[Look, int]]) -> Iterator[tuple[int, str]]:
    """What axe finds on each of these pages as it looks there; a new window for every fifty, so that none grows old."""
    for look in [look for n, (look, _) in enumerate(looks) if look not in [earlier for earlier, _ in looks[:n]]]:
        scheme, forced, size, rules = look
        window.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        window.emulate_media(color_scheme=scheme, forced_colors=forced)
        numbers = [number for one, number in looks if one == look]
        for start in range(0, len(numbers), 50):
            window.goto(f"{address}/{numbers[start]}")
            window.add_script_tag(url="/axe.js")
            for number, fault in window.evaluate(WALK, [numbers[start : start + 50], rules]):
                yield number, f"{scheme}, {size}, forced colours {forced}: {fault}"


@pytest.mark.browser
def test_no_page_is_wider_than_its_window(hall: Gallery, window: Window):
    """Every page in Russian, whose words are the longest; in the others those with every element in every place."""
    sights = [sight for sight in (hall.sights.values() if hall.language == "ru" else hall.picked()) if sight.is_whole]
    with opened(hall.app.extensions["assets"], sights) as address:
        window.goto(f"{address}/0")
        found = window.evaluate(_STANDING_OUT, [[f"/{number}" for number in range(len(sights))], NARROW])
    assert len(sights) > (300 if hall.language == "ru" else 90)
    assert not found, "\n".join(f"{sights[int(place[1:])].name}: {rest}" for place, *rest in found)
