"""`flask emails take`: e-mails with readings, from a folder or standard input to the desk of staff (D26).

The folder is a Maildir, or has files whose names end in .eml: whatever receives mail can deliver there. What was taken
is moved aside (`cur`, or the folder `taken`), never deleted. Only text is kept of it.
"""

import logging
import re
import sys
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from html import unescape
from itertools import islice
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from auth.state import State, state
from models import reading_mails
from models.rules.identifiers import fold_login
from models.rules.reading_mail import LONGEST

log = logging.getLogger("ekabinets.emails")
group = AppGroup("emails", help="E-mails with readings.")
LARGEST, _PARTS, _BATCH = 25 * 10**6, 100, 50  # bytes; parts; files of a turn
_HEADER, _MARKUP = 10_000, 200_000  # characters
_BEFORE = "was taken before"
_BREAKS = {**dict.fromkeys(("br", "p", "div", "tr", "li"), "\n"), "td": " ", "blockquote": "\n-- \n"}  # it quotes


def _text(markup: str) -> str:
    """The text of a page, by lines; in one go, as the parser of Python may take minutes for what was made for that."""
    said, hidden = list[str](), ""
    for piece in re.split(r"(<[^<>]*>)", markup[:_MARKUP]):
        tag = re.match(r"<(/?)([a-z0-9]+)", piece[:20].lower())
        if tag and tag[2] in ("script", "style", "title", "xml"):
            hidden = "" if tag[1] and tag[2] == hidden else hidden or tag[2]
        elif not hidden:
            words = "" if piece.startswith("<!") else re.sub(r"\s+", " ", unescape(piece))
            said.append(_BREAKS.get(tag[2], "") if tag else words)
    return "".join(said)


def take(held: State, data: bytes) -> str:
    """Keep an e-mail, once; why it was not taken, if it was not."""
    if len(data) > LARGEST:
        return "is larger than 25 MB"
    try:
        message = message_from_bytes(data, policy=default)
        if max((len(value) for _, value in message.raw_items()), default=0) > _HEADER:
            return "has a header that is too long"
        if f"{message['Auto-Submitted'] or 'no'}".strip().lower() != "no":
            return "was written by a machine"
        sender, subject = parseaddr(f"{message['From'] or ''}")[1], " ".join(f"{message['Subject'] or ''}".split())
        key = f"{message['Message-ID']} {message['Date']} {sender}" if message["Message-ID"] else f"{data!r}"
        text, files = _read(message)
    except Exception as error:  # a parser fed with anything at all raises anything at all
        return f"cannot be read ({type(error).__name__})"
    said = [one.replace("\0", "").encode("utf-8", "replace").decode() for one in (fold_login(sender), subject, text)]
    with suppress(IntegrityError), held.database.write() as session:  # or another worker has taken it, this moment
        if reading_mails.take(session, key, said[0][:254], said[1][:200], said[2], files):
            return ""
    return _BEFORE


def _read(message: EmailMessage) -> tuple[str, int]:
    """The text, of HTML where there is no other, and how many files came with it."""
    texts, files = {"text/plain": "", "text/html": ""}, 0
    for part in islice(message.walk(), _PARTS):
        kind = part.get_content_type()
        if part.get_filename() or part.get_content_maintype() == "image":
            files += 1
        elif kind in texts and isinstance(payload := part.get_payload(decode=True), bytes):
            charset = part.get_content_charset() or "utf-8"
            with suppress(LookupError):  # a charset that nobody knows
                texts[kind] += payload.decode(charset, "replace") + "\n"
    text = (texts["text/plain"].strip() or _text(texts["text/html"]).strip()).replace("\r\n", "\n")
    return re.sub(r"\n\s*\n", "\n\n", text)[:LONGEST], files


def take_due(held: State, folder: str = "") -> int:
    """Take what lies in a folder, else in that of the settings, a batch at a time; how many files were looked at."""
    if not (folder or held.settings.emails_dir):
        return 0
    here, parts = Path(folder or held.settings.emails_dir), {"new": "cur", "": "taken"}
    new = "new" if (here / "new").is_dir() else ""
    try:
        files = [*islice((here / new).glob("*" if new else "*.eml"), _BATCH)]
        for file in files:
            with file.open("rb") as opened:
                if why := take(held, opened.read(LARGEST + 1)):
                    log.warning("the e-mail %s %s", file.name, why)
            (here / parts[new]).mkdir(exist_ok=True)
            file.rename(here / parts[new] / (f"{file.name}:2,S" if new else file.name))
    except OSError as error:
        log.warning("the folder of e-mails cannot be used: %s", error)
        return 0
    return len(files)


@group.command("take")
@click.argument("source", type=click.Path(exists=True, allow_dash=True))
def command(source: str) -> None:
    """Take the e-mails of a folder, or with - one from standard input, to the desk of staff."""
    if source != "-":
        click.echo(f"{sum(iter(lambda: take_due(state(), source), 0))} e-mails")
    elif (why := take(state(), sys.stdin.buffer.read(LARGEST + 1))) not in ("", _BEFORE):
        raise click.ClickException(f"the e-mail {why}")  # so that whoever delivers it knows
