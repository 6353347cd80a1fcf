"""Files sent to a person: named safely, never run in our origin, never kept by caches."""

import csv
import io
import mimetypes
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from flask import Response, g

from auth.state import reading, state
from models import quarantine


def download(content: bytes, name: str, media_type: str, *, saved: bool = False) -> Response:
    """A file. PDFs open in the browser unless to be `saved`, as everything else is (RFC 6266, ASVS 5.4.1, 5.4.2)."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name.encode("ascii", "ignore").decode()) or "file"
    kind = "inline" if media_type == "application/pdf" and not saved else "attachment"
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return response


def spreadsheet(lines: Iterable[Sequence[str]], name: str) -> Response:
    """A table for a spreadsheet, with the separator that it expects in the reader's language (ux.md §5.3)."""
    out = io.StringIO()
    csv.writer(out, delimiter="," if g.language == "en" else ";").writerows(lines)
    return download(f"\ufeff{out.getvalue()}".encode(), name, "text/csv")


def plain(cell: str) -> str:
    """Words as a cell that a spreadsheet does not reckon with (ASVS 1.2.10)."""
    return cell.lstrip("=+-@\t\r")


def stored(file_hash: str, name: str, *, saved: bool = False) -> Response:
    """A file of the storage. Raises `HeldBack`, `FileMissing`, `StorageAway`: `views.errors` answers them.

    In one piece: our server holds a thread as long as it is given pieces, so two slow telephones would stop it.
    """
    quarantine.check(reading(), file_hash)
    content = state().storage.open(file_hash)
    return download(content, name, mimetypes.guess_type(name)[0] or "application/octet-stream", saved=saved)
