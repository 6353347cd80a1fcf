"""What the tests of writing together share: a colleague of Ilze's, and the form in which both write."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models.composing import Composing
from models.people import User
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import PASSWORD
from tests.staff import SECOND, app_code
from tests.standing import change, fetch

INBOX, ONE = "/staff/inbox", "/staff/inbox/1"
HTMX = {"HX-Request": "true"}


def rasa(app: Flask, language: str = "en", role: Role = Role.AGENT) -> Browser:
    """A colleague of Ilze's at her own desk."""
    browser = Browser(app, language)
    if not fetch(app, sa.select(User.id).where(User.username == "rasa")):
        known = fetch(app, sa.select(User.password_hash).where(User.username == "ilze"))[0].password_hash
        about = {"username": "rasa", "email": "rasa@example.com", "name": "Rasa Kalniņa", "role": role, "created_at": utc_now()}
        change(app, sa.insert(User).values(password_hash=known, terms_version=0, password_issued=False, **about))
    browser.submit(browser.get("/staff/login"), "/staff/login", username="rasa", password=PASSWORD)
    browser.submit(browser.get(SECOND), SECOND, code=app_code(app, "rasa"))
    return browser


def fields(browser: Browser, where: str = ONE) -> dict[str, Any]:
    """The composer as it stands in a page that is opened now."""
    return browser.get(where).form(f"{where}/replies").fields


def send(browser: Browser, where: str = ONE, **changed: Any) -> Page:
    """Write in a conversation and press a button."""
    return browser.post(f"{where}/replies", fields(browser, where) | {"body": "We come tomorrow."} | changed)


def pause(browser: Browser, body: str, where: str = ONE, **more: str) -> int:
    """She types and pauses: her browser keeps what is there. The status of the answer."""
    sent = {name: value for name, value in fields(browser, where).items() if name in ("csrf_token", "once", "kind")}
    browser.post(f"{where}/draft?auto=1", sent | {"body": body} | more, headers=HTMX)
    return browser.status


def poll(browser: Browser, query: str = "thread=1", **typed: str) -> Page:
    """What an open tab asks every 20 s."""
    token = browser.get(INBOX).form("/logout").fields["csrf_token"]
    return browser.post(f"/staff/poll?{query}", {"csrf_token": token} | typed, headers=HTMX)


def drafts(app: Flask) -> list[tuple[str, bool]]:
    """What is kept, and whether it is a note."""
    table = Composing.__table__  # type: ignore[attr-defined]
    rows = fetch(app, sa.select(table.c.body, table.c.is_note).where(table.c.body != "").order_by(table.c.user_id))
    return [(row.body, row.is_note) for row in rows]


def away(app: Flask, seconds: int = 91) -> None:
    """So much time goes by for everybody who has a conversation open."""
    gone = utc_now() - timedelta(seconds=seconds)
    change(app, sa.update(Composing).values(seen_at=gone))
