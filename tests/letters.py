"""Letters of a test: a real mail server, the post that brings them there, and the links in them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from jobs.mail import Post
from tests.mailserver import Mailbox, mail_server, text

__all__ = ["deliver", "link_in", "mailbox"]


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """What the application's letters arrive in."""
    box, held = Mailbox(), app.extensions["ekabinets"]
    with mail_server(box) as port:
        server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "mail_from": "noreply@example.lv"}
        app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update=server))
        yield box


@pytest.fixture
def deliver(app: Flask, mailbox: Mailbox) -> Callable[[], list[str]]:
    """Send what waits; to whom."""

    def deliver() -> list[str]:
        before = len(mailbox.letters)
        with app.app_context():
            Post(app).send_due()
        return [letter["To"] for letter in mailbox.letters[before:]]

    return deliver


def link_in(mailbox: Mailbox, address: str) -> str:
    """The path of the newest link that was sent to an address."""
    return [path for letter in mailbox.to(address) for path in re.findall(r"http://localhost(/\S+/\S{20,})", text(letter))][-1]
