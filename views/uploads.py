"""The files of a form, and what a person reads when one is not taken: its name and the reason, in her language."""

from typing import Any

from flask import request

from auth.state import state
from models import drafts
from models.intake import LARGEST, MOST, Refused, take_all
from models.scanner import scanner_of
from views.language import text


def received(most: int = MOST, field: str = "files") -> tuple[list[dict[str, Any]], list[str]]:
    """The files of a form's field as `drafts.store` has them, and a sentence for each that is not taken.

    Raises `StorageAway`.
    """
    sent: list[Any] = [(file.filename, file.stream) for file in request.files.getlist(field) if file.filename]
    taken, refused = take_all(sent, scanner_of(state().settings), most)
    return drafts.store(state().storage, taken), [refusal(one) for one in refused]


def refusal(refused: Refused) -> str:
    """The sentence of a refusal."""
    name = refused.name
    return {
        "kind": text(
            "“%(name)s” cannot be taken: send a PDF, JPG, PNG, WEBP, HEIC, DOCX, EDOC or ASICE file.", name=name
        ),
        "empty": text("“%(name)s” is empty.", name=name),
        "large": text("“%(name)s” is larger than %(most)s MB.", name=name, most=LARGEST // 10**6),
        "many": text("“%(name)s” is one too many: send at most %(most)s files at once.", name=name, most=MOST),
        "content": text("“%(name)s” is not what its name says: save it again in the right format.", name=name),
        "pixels": text("“%(name)s” is too large a picture: make it smaller and send it again.", name=name),
        "packed": text("“%(name)s” holds too much inside: send its parts one by one.", name=name),
        "damaged": text("“%(name)s” is damaged: open it on your device, save it again and send that.", name=name),
        "virus": text("A virus was found in “%(name)s”, so it was not taken.", name=name),
    }[refused.reason]
