"""Files of messages that are not sent yet: kept so that a form with a fault in it loses none (ux.md §2.9)."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from models import quarantine
from models.files import Storage
from models.intake import Taken
from models.threads import MessageDraft, MessageFile
from models.types import AnyRow

MOST = 30  # of one person; of more the oldest go (ASVS 5.2.4)
_TABLE: sa.Table = MessageDraft.__table__  # type: ignore[attr-defined]
_MINE = sa.select(_TABLE).where(_TABLE.c.user_id == sa.bindparam("user_id")).order_by(_TABLE.c.id)
_OF_FORM = _MINE.where(_TABLE.c.once == sa.bindparam("once"))


def of(connection: Connection | Session, user_id: int, once: str) -> Sequence[AnyRow]:
    """The files that this person has put into the form `once`, in their order."""
    return connection.execute(_OF_FORM, {"user_id": user_id, "once": once}).fetchall()


def store(storage: Storage, taken: Sequence[Taken]) -> list[dict[str, Any]]:
    """The columns of files that were taken, after they are stored. Raises `StorageAway`."""
    return [
        {"name": one.name, "file_hash": storage.put(one.file), "size": one.file.seek(0, 2), "waits": one.waits}
        for one in taken
    ]


def keep(session: Session, user_id: int, once: str, stored: Sequence[dict[str, Any]]) -> None:
    """Put them into the form; what no scanner has cleared is held back."""
    for one in stored:
        hold(session, one)
        session.add(MessageDraft(user_id=user_id, once=once, **columns(one)))
    session.flush()
    mine = [row.id for row in session.execute(_MINE, {"user_id": user_id})]
    session.execute(sa.delete(_TABLE).where(_TABLE.c.id.in_(mine[:-MOST])))


def columns(stored: dict[str, Any]) -> dict[str, Any]:
    """What every table of files has of it."""
    return {key: stored[key] for key in ("name", "file_hash", "size")}


def hold(session: Session, stored: dict[str, Any]) -> None:
    """Into quarantine with what was not scanned."""
    if stored["waits"]:
        quarantine.hold(session, stored["file_hash"])


def remove(session: Session, user_id: int, once: str, number: int) -> None:
    """Take one out of the form."""
    mine = (_TABLE.c.user_id == user_id, _TABLE.c.once == once, _TABLE.c.id == number)
    session.execute(sa.delete(_TABLE).where(*mine))


def send(session: Session, user_id: int, once: str, message_id: int) -> None:
    """They are files of a message now, and of no form any more."""
    for row in of(session, user_id, once):
        session.add(MessageFile(message_id=message_id, name=row.name, file_hash=row.file_hash, size=row.size))
    session.execute(sa.delete(MessageDraft).where(col(MessageDraft.user_id) == user_id, col(MessageDraft.once) == once))
