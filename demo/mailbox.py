"""`/demo/mailbox`: the letters that the demo would have sent, for everybody who tries it. Never in production."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, Response

from auth.guard import public
from auth.state import state
from views.pages import page

mailbox = Blueprint("mailbox", __name__)
SHOWN = 50


@dataclass(frozen=True)
class Letter:
    """One letter as the page shows it."""

    name: str
    recipient: str
    subject: str
    paragraphs: list[list[str]]  # of lines


def folder() -> Path:
    """Where the demo's mail server keeps its letters: beside the files of the application."""
    return state().settings.files_dir.parent / "letters"


@mailbox.get("/demo/mailbox")
@public
def show() -> Response:
    """The newest letters, the last one first."""
    names = sorted(folder().glob("*.eml"), reverse=True)[:SHOWN]
    return page("demo/mailbox.html", letters=[_read(name) for name in names])


def _read(file: Path) -> Letter:
    from email import message_from_bytes  # these are large, and the figures of a start are a demo's
    from email.policy import default

    letter = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(letter, EmailMessage)  # what the policy makes
    body = letter.get_body(("plain",))
    text = "\n".join(str(body.get_content()).splitlines()) if body else ""
    paragraphs = [paragraph.split("\n") for paragraph in text.strip().split("\n\n")]
    return Letter(file.stem, letter["To"] or "", letter["Subject"] or "", paragraphs)
