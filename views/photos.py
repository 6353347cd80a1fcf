"""Photos of meters on the forms for readings: taken, kept while something else is wrong, and given out (D17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, request

from auth.state import state
from models.files import StorageAway
from models.intake import LARGEST
from models.reading_photos import PhotoView
from models.rules.file_names import HEIC, PICTURES, ending
from models.rules.signed import sign, signed
from views.downloads import stored
from views.language import text
from views.limits import file_limit
from views.routes import Routes
from views.uploads import received

if TYPE_CHECKING:
    from views.meter_views import MeterView

photos = Routes("photos", __name__)
TAKES = 3 * LARGEST  # bytes of a form with readings
_PURPOSE, _KEYS = "photo", ("waits", "size", "file_hash", "name")


@dataclass(frozen=True)
class Photo:
    """What a form has of one meter's photo; `asked`: whether we would like one, as the reading looks wrong."""

    file: dict[str, Any] | None = None  # as `drafts.store` has it
    wrong: str = ""
    asked: bool = False

    @property
    def kept(self) -> str:
        """The file as a field of the form, which the browser sends again: nothing names it until it is accepted."""
        words = ":".join(str(self.file[key]) for key in _KEYS) if self.file else ""
        return sign(state().settings.secret_key, _PURPOSE, words) if words else ""


def of_form(views: Sequence["MeterView"]) -> dict[str, Photo]:
    """The photos that came with a form, by meter."""
    found = {view.card.public_id: _one(view.card.public_id) for view in views}
    return {mid: photo for mid, photo in found.items() if photo}


def _one(mid: str) -> Photo | None:
    field = f"photo-{mid}"
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        return _before(request.form.get(f"kept-{mid}", ""))
    if ending(sent.filename) not in PICTURES | dict.fromkeys(HEIC, ""):
        return Photo(wrong=text("Send a photo: JPG, PNG, WEBP or HEIC."))
    try:
        taken, refused = received(1, field)
    except StorageAway:
        told = text("The photo could not be stored just now. Send it again, or send the reading without it.")
        return Photo(wrong=told)
    return Photo(taken[0]) if taken else Photo(wrong=refused[0])


def _before(kept: str) -> Photo | None:
    """One that came with an earlier try and still lies in the storage."""
    words = signed(state().settings.secret_key, _PURPOSE, kept[:500]) if kept else None
    if not words:
        return None
    file: dict[str, Any] = dict(zip(_KEYS, words.split(":", 3), strict=True))
    file |= {"waits": file["waits"] == "True", "size": int(file["size"])}
    return Photo(file) if state().storage.exists(file["file_hash"]) else None


@photos.get("/photos/<phid>", "meters view", file_limit)
def show(phid: PhotoView) -> Response:
    """For those who see the meter."""
    return stored(phid.file_hash, phid.name)


@photos.get("/staff/readings/photos/<sphid>", "staff readings view", file_limit)
def show_staff(sphid: PhotoView) -> Response:
    """For the desk for readings, whose page notes the look."""
    return stored(sphid.file_hash, sphid.name)
