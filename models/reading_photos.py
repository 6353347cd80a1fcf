"""Photos of meters that came with their readings, kept for a time (D17)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import drafts
from models.meters import Meter, Register
from models.places import Place
from models.readings import Reading
from models.types import Addressed, utc_now

if TYPE_CHECKING:  # which asks for the history, and that for this
    from models.weighing import Answer


class ReadingPhoto(Addressed, table=True):
    """The photo of one reading."""

    __tablename__ = "reading_photo"

    reading_id: int = Field(foreign_key="reading.id", unique=True)
    name: str = Field(max_length=120)
    file_hash: str = Field(max_length=64)
    size: int  # bytes
    created_at: datetime = Field(default_factory=utc_now, index=True)


class PhotoView(NamedTuple):
    """One, and where its meter is; for staff nowhere."""

    name: str
    file_hash: str
    place: Place | None


_ONE = (
    sa.select(col(ReadingPhoto.name), col(ReadingPhoto.file_hash), col(Reading.read_on), col(Meter.premises_id))
    .join(Reading, col(Reading.id) == col(ReadingPhoto.reading_id))
    .join(Register, col(Register.id) == col(Reading.register_id))
    .join(Meter, col(Meter.id) == col(Register.meter_id))
    .where(col(ReadingPhoto.public_id) == sa.bindparam("public_id"))
)


def one(connection: Connection, public_id: str, places: Iterable[Place] | None = None) -> PhotoView | None:
    """A photo of a reading at one of these places, in the days that are hers; without places whichever it is."""
    row = connection.execute(_ONE, {"public_id": public_id}).first()
    if row is None or places is None:
        return row and PhotoView(row.name, row.file_hash, None)
    mine = (one for one in places if one.id == row.premises_id and one.since <= row.read_on <= one.until)
    return next((PhotoView(row.name, row.file_hash, place) for place in mine), None)


def keep(session: Session, answers: "Sequence[Answer]", photos: Mapping[int, Mapping[str, Any]]) -> None:
    """Put the photos, by register as `drafts.store` has them, to the readings that stand now; the last one counts."""
    for answer in answers:
        stored = photos.get(answer.register_id)
        if stored and answer.reading_id:
            drafts.hold(session, dict(stored))
            session.execute(sa.delete(ReadingPhoto).where(col(ReadingPhoto.reading_id) == answer.reading_id))
            session.add(ReadingPhoto(reading_id=answer.reading_id, **drafts.columns(dict(stored))))
