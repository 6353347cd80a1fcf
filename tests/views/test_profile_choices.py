"""Language and appearance, kept with the person (I01, I05)."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from models.audit import AuditRow
from models.people import User
from models.site import load_site
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, fetch
from views.assets import Assets


def user(app: Flask, name: str = "anna") -> tuple[str | None, str | None]:
    return tuple(fetch(app, sa.select(User.language, User.theme).where(User.username == name))[0])


def sheet(browser: Browser, path: str = "/profile") -> str:
    """The stylesheet that a page asks for."""
    return re.search(r'rel="stylesheet" href="/static/(\w+)\.', browser.get(path).html)[1]


def test_the_language_is_kept_and_wins_over_what_was_clicked_here(anna: Browser, app: Flask):
    page = anna.get("/profile/language")
    assert page.form("/profile/language").fields["language"] == "en"
    page = anna.submit(page, "/profile/language", language="ru")
    assert page.lang == "ru" and page.headings == ["Профиль"] and page.focus and user(app) == ("ru", None)
    elsewhere = Browser(app)
    elsewhere.client.delete_cookie("lang")
    elsewhere.client.set_cookie("csrf", "not-a-first-visit")
    elsewhere.log_in("anna")
    assert elsewhere.get("/profile").lang == "ru"


def test_letters_come_in_it(anna: Browser, app: Flask):
    anna.submit(anna.get("/profile/language"), "/profile/language", language="ru")
    somebody = Browser(app, "lv")
    somebody.submit(somebody.get("/password/forgot"), "/password/forgot", username="anna")
    assert fetch(app, sa.text("SELECT language FROM mail"))[0][0] == "ru"


@pytest.mark.parametrize(("chosen", "stored", "variant"), [("dark", "dark", "dark"), ("light", "light", "light"), ("device", None, "app")])
def test_the_appearance_is_kept_and_each_page_asks_for_its_stylesheet(anna: Browser, app: Flask, cast: Cast, chosen: str, stored: str | None, variant: str):
    change(app, sa.update(User).where(User.username == "anna").values(theme="light" if stored is None else None))
    anna.submit(anna.get("/profile/appearance"), "/profile/appearance", theme=chosen)
    assert user(app) == (None, stored) and anna.get("/profile/appearance").form("/profile/appearance").fields["theme"] == chosen
    assert {sheet(anna, path) for path in ("/profile", f"/properties/{cast.flat}", "/help", "/nowhere")} == {variant}
    liga = Browser(app)
    liga.log_in("liga")
    assert sheet(liga) == "app"
    anna.submit(anna.get("/profile"), "/logout")
    assert sheet(anna, "/login") == "app", "who is not known gets what the device wants"


@pytest.mark.parametrize(("page", "name"), [("language", "language"), ("appearance", "theme")])
def test_what_cannot_be_chosen_is_refused_and_changes_nothing(anna: Browser, app: Flask, page: str, name: str):
    for wrong in ("xx", "", "EN", "de", "pink", "dark'; --", "x" * 5000):
        shown = anna.submit(anna.get(f"/profile/{page}"), f"/profile/{page}", **{name: wrong})
        assert anna.status == 422 and "Choose one of these." in shown.text and shown.focus, wrong
    assert user(app) == (None, None)


def test_each_change_is_noted(anna: Browser, app: Flask):
    anna.submit(anna.get("/profile/language"), "/profile/language", language="lv")
    anna.submit(anna.get("/profile/appearance"), "/profile/appearance", theme="dark")
    noted = fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == "profile.changed").order_by(AuditRow.id))
    assert [row.detail for row in noted] == [{"language": "lv"}, {"theme": "dark"}]


def test_a_variant_asks_the_device_only_where_it_forces_colours():
    assets = Assets(load_site("ogre"))
    plain, light, dark = (assets.by_name[assets.url(f"{name}.css").rpartition("/")[2]].plain.decode() for name in ("app", "light", "dark"))
    asking = [re.findall(r"@media ([^{]*prefers-color-scheme[^{]*){", css) for css in (plain, light, dark)]
    by_night = ("screen and (prefers-color-scheme:dark)", "screen and (prefers-contrast:more) and (prefers-color-scheme:dark)")
    assert asking == [
        [*by_night], [f"{one} and (forced-colors:active)" for one in by_night],
        [f"{one},{one.replace('prefers-color-scheme:dark', 'forced-colors:none')}" for one in by_night],
    ]  # fmt: skip
    assert [re.findall(r"color-scheme:([a-z ]+)}", css)[0] for css in (plain, light, dark)] == ["light dark", "light", "dark"]
