"""The form of a message: what was typed, what is wrong with it, and its files, kept while something else is wrong."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, abort, request

from auth.state import reading, somebody, writing
from models import drafts, threads
from models.files import StorageAway
from models.intake import LARGEST, MOST
from models.types import AnyRow, is_public_id, new_public_id
from views.language import text
from views.pages import redirect_to
from views.uploads import received

TAKES = (MOST + 1) * LARGEST  # bytes of such a form: one file too many is told beside its field
_LONGEST = {"subject": 120, "body": 5000}  # characters
_EDITS = {"remove", "keep", "discard", "take", "insert"}  # buttons that change the form and send nothing


@dataclass
class Written:
    """A form as it was sent. `files` are all that it holds now; `refused` a sentence for each that was not taken."""

    once: str
    typed: dict[str, str]
    wrong: dict[str, str]
    files: Sequence[AnyRow] = ()
    refused: Sequence[str] = ()
    status: int = 200  # 503: a file could not be stored, 409: it was sent before with other words

    @property
    def is_sent(self) -> bool:
        """Whether it is to be sent: nothing is wrong, and no other button was pressed."""
        return self.status == 200 and not (self.wrong or self.refused or _EDITS & {*request.form})

    @property
    def answer(self) -> int:
        """The status of the page that shows it again."""
        return 422 if self.status == 200 and (self.wrong or self.refused) else self.status


def fresh(once: str = "", kept: Sequence[AnyRow] = (), **typed: str) -> Written:
    """An empty form, or one with what was kept of it."""
    return Written(once or new_public_id(), {"subject": "", "body": "", "property": "", "shared": ""} | typed, {}, kept)


def sent_before(body: str, once: str) -> Response | None:
    """What the same form led to before, where it said the same (decisions.md 18)."""
    row = threads.sent(reading(), somebody().user_id, once)
    return redirect_to(f"/messages/{row.public_id}?done=sent") if row and row.body == body else None


def written() -> Written:
    """What was sent, with its files. 400 for a form that is none of ours."""
    once, form = request.form.get("once", ""), request.form
    if not is_public_id(once):
        abort(400)
    typed = {name: form.get(name, "").replace("\r\n", "\n").strip()[: most + 1] for name, most in _LONGEST.items()}
    typed |= {"property": form.get("property", "")[:16], "shared": form.get("shared", "")[:1]}
    typed["subject"] = " ".join(typed["subject"].split())
    new = Written(once, typed, {} if _EDITS & {*form} else _wrong(typed))
    if threads.sent(reading(), somebody().user_id, once):
        new.once, new.status = new_public_id(), 409
        return new
    try:
        new.files, new.refused = _attached(once)
    except StorageAway as away:
        logging.getLogger("ekabinets").warning("a file of a message was not stored: %s", away)
        new.files, new.status = drafts.of(reading(), somebody().user_id, once), 503
    return new


def _wrong(typed: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if len(typed["subject"]) > _LONGEST["subject"]:
        wrong["subject"] = text("Shorten the subject to %(most)s characters", most=_LONGEST["subject"])
    elif not typed["subject"].isprintable():
        wrong["subject"] = text("Write the subject in plain words")
    if not typed["body"] or "\0" in typed["body"]:
        wrong["body"] = text("Write your message")
    elif len(typed["body"]) > _LONGEST["body"]:
        wrong["body"] = text("Shorten the message to %(most)s characters", most=_LONGEST["body"])
    return wrong


def _attached(once: str) -> tuple[Sequence[AnyRow], list[str]]:
    """The files that are in the form now, with those that came with it. Raises `StorageAway`; what was kept stays."""
    person, number = somebody().user_id, request.form.get("remove", "")
    kept = drafts.of(reading(), person, once)
    if number and number in {str(row.id) for row in kept}:
        with writing() as session:
            drafts.remove(session, person, once, int(number))
        kept = [row for row in kept if str(row.id) != number]
    stored, refused = received(MOST - len(kept))
    if stored:
        with writing() as session:
            drafts.keep(session, person, once, stored)
        kept = drafts.of(reading(), person, once)
    return kept, refused
