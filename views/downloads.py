"""Files sent to a person: named safely, never run in our origin, never kept by caches."""

import mimetypes
import re
from urllib.parse import quote

from flask import Response

from auth.state import reading, state
from models import quarantine


def download(content: bytes, name: str, media_type: str, *, saved: bool = False) -> Response:
    """A file. PDFs open in the browser unless to be `saved`, as everything else is (RFC 6266, ASVS 5.4.1, 5.4.2)."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name.encode("ascii", "ignore").decode()) or "file"
    kind = "inline" if media_type == "application/pdf" and not saved else "attachment"
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = (
        f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response


def stored(file_hash: str, name: str, *, saved: bool = False) -> Response:
    """A file of the storage. Raises `HeldBack`, `FileMissing`, `StorageAway`: `views.errors` answers them.

    In one piece: our server holds a thread as long as it is given pieces, so two slow telephones would stop it.
    """
    quarantine.check(reading(), file_hash)
    content = state().storage.open(file_hash)
    return download(content, name, mimetypes.guess_type(name)[0] or "application/octet-stream", saved=saved)
