"""The process that makes JSON of what is kept of an e-mail on stdin: `python -m models.reading_mail_child`.

It is started by `jobs.emails` with the most characters of a text. A child, because the parser of Python may take
hours and all memory for what was made for that.
"""

import json
import re
import sys
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from html import unescape
from itertools import islice

from models.confined import answer

_PARTS, _HEADER, _MARKUP = 100, 10_000, 200_000  # parts; characters
_BREAKS = {**dict.fromkeys(("br", "p", "div", "tr", "li"), "\n"), "td": " ", "blockquote": "\n-- \n"}  # it quotes
_CHARSETS = re.compile(r"utf-?(8|7|(16|32)([bl]e)?)|(us-)?ascii|iso-?8859-\d+|latin-?\d+|(windows-|cp)\d+|koi8-[ru]")


def _text(markup: str) -> str:
    """The text of a page, by lines."""
    said, hidden = list[str](), ""
    for piece in re.split(r"(<[^<>]*>)", markup[:_MARKUP]):
        tag = re.match(r"<(/?)([a-z0-9]+)", piece[:20].lower())
        if tag and tag[2] in ("script", "style", "title", "xml"):
            hidden = "" if tag[1] and tag[2] == hidden else hidden or tag[2]
        elif not hidden:
            words = "" if piece.startswith("<!") else re.sub(r"\s+", " ", unescape(piece))
            said.append(_BREAKS.get(tag[2], "") if tag else words)
    return "".join(said)


def _read(message: EmailMessage) -> tuple[str, int]:
    """The text, of HTML where there is no other, and how many files came with it."""
    texts, files = {"text/plain": "", "text/html": ""}, 0
    for part in islice(message.walk(), _PARTS):
        kind = part.get_content_type()
        if part.get_filename() or part.get_content_maintype() == "image":
            files += 1
        elif kind in texts and isinstance(payload := part.get_payload(decode=True), bytes):
            charset = part.get_content_charset() or ""
            with suppress(LookupError):  # a number that no charset has
                texts[kind] += payload.decode(charset if _CHARSETS.fullmatch(charset) else "utf-8", "replace") + "\n"
    text = (texts["text/plain"].strip() or _text(texts["text/html"]).strip()).replace("\r\n", "\n")
    return re.sub(r"\n\s*\n", "\n\n", text)[: int(sys.argv[1])], files


def kept(data: bytes) -> bytes:
    """What is kept, or `why` nothing is. Raises whatever the library raises, which is anything at all."""
    message = message_from_bytes(data, policy=default)
    if max((len(value) for _, value in message.raw_items()), default=0) > _HEADER:
        return b'{"why": "has a header that is too long"}'
    if f"{message['Auto-Submitted'] or 'no'}".strip().lower() != "no":
        return b'{"why": "was written by a machine"}'
    sender, subject = parseaddr(f"{message['From'] or ''}")[1], " ".join(f"{message['Subject'] or ''}".split())
    key = f"{message['Message-ID']} {message['Date']} {sender}" if message["Message-ID"] else ""
    text, files = _read(message)
    return json.dumps({"key": key, "sender": sender, "subject": subject, "text": text, "files": files}).encode()


if __name__ == "__main__":
    sys.exit(answer(kept))
