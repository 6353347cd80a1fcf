"""What the tests of messages share: writing one by the real form, and answering as staff do."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import answering
from models.threads import Message, MessageDraft, MessageFile, Thread
from tests.browser import Browser, Page
from tests.cast import Cast
from tests.models.test_intake import archive
from tests.standing import change, fetch

NEW, PDF = "/messages/new", b"%PDF-1.7 a page"
SIGNED = archive({"mimetype": b"application/vnd.etsi.asic-e+zip", "META-INF/signatures.xml": b"<x/>"})


@pytest.fixture(autouse=True)
def nothing_written(app: Flask) -> None:
    """What the cast has written is not there."""
    for table in (MessageFile, Message, Thread):
        change(app, sa.delete(table))


def page_of(browser: Browser, topic: str = "other", more: str = "") -> dict[str, Any]:
    """The fields of an empty form."""
    return browser.get(f"{NEW}?topic={topic}{more}").form(NEW).fields


def write(browser: Browser, cast: Cast, topic: str = "other", files: dict[str, bytes] | None = None, **changed: Any) -> Page:
    """Fill in the form of a topic about Anna's flat and send it, with these files."""
    sent = page_of(browser, topic) | {"property": cast.flat, "body": "The tap drips.", "files": parts(files or {})} | changed
    return browser.post(NEW, {name: value for name, value in sent.items() if value is not None})


def parts(files: dict[str, bytes]) -> list[tuple[io.BytesIO, str]]:
    """As a browser sends them."""
    return [(io.BytesIO(content), name) for name, content in files.items()]


def answer_to(browser: Browser, where: str, **changed: Any) -> Page:
    """Write again in a conversation."""
    action = f"{where}/replies"
    return browser.post(action, browser.get(where).form(action).fields | {"body": "It still drips."} | changed)


def staff_answer(app: Flask, number: int = 1, *, resolve: bool = False) -> bool:
    """Ilze answers, where it is not closed."""
    held = app.extensions["ekabinets"]
    message = Message(author="Ilze", body="We come tomorrow.", sent_at=held.clock.now())
    with held.database.write() as session:
        return answering.answer(session, number, message, (), held.clock.today(), resolve=resolve, actor=answering.COMMAND)


def threads(app: Flask) -> list[Any]:
    """All conversations."""
    return [*fetch(app, sa.select(Thread.__table__).order_by(Thread.id))]


def said(app: Flask) -> list[str]:
    """What was written, in its order."""
    return [row.body for row in fetch(app, sa.select(Message.body).order_by(Message.id))]


def names(app: Flask, table: Any = MessageFile) -> list[str]:
    """The names of the files of messages, or of drafts."""
    return [row.name for row in fetch(app, sa.select(table.name).order_by(table.id))]


def drafts(app: Flask) -> list[str]:
    """The names of files that are not sent yet."""
    return names(app, MessageDraft)
