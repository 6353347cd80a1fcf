"""E-mails with readings as they come, and the desk where they wait."""

from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import Flask

from jobs.emails import take
from models.reading_mails import ReadingMail
from tests.standing import fetch

MAILS = "/staff/reading-mails"
ANNA = "Labdien, klienta nr. 20417, aukstais ūdens 195,5, karstais 528 . Paldies"


def letter(text: str = ANNA, subject: str = "Rādījumi", sender: str = "anna@example.com", **headers: str) -> EmailMessage:
    """One, as a mail program writes it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Anna Ozoliņa <{sender}>", "skaititaji@example.com", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def brought(app: Flask, text: str = ANNA, **more: Any) -> str:
    """It has come; where it waits."""
    assert take(app.extensions["ekabinets"], letter(text, **more).as_bytes()) == ""
    return f"{MAILS}/{fetch(app, sa.select(sa.func.max(ReadingMail.id)))[0][0]}"
