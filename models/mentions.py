"""Staff who are named in notes for colleagues, until they have opened them (H04)."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.people import User
from models.threads import ThreadNote
from models.types import AnyRow, AnySelect, Role


class Mention(SQLModel, table=True):
    """One of the staff is named in a note that she has not opened."""

    note_id: int = Field(foreign_key="thread_note.id", primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", primary_key=True, index=True)


_STAFF = sa.select(col(User.id), col(User.name)).where(col(User.role) != Role.RESIDENT, col(User.disabled_at).is_(None))
_NAMING: AnySelect = (
    sa.select(ThreadNote.__table__)  # type: ignore[attr-defined]
    .join(Mention, col(Mention.note_id) == col(ThreadNote.id)).where(col(Mention.user_id) == sa.bindparam("me"))
    .order_by(col(ThreadNote.id).desc())
)  # fmt: skip


def staff(connection: Connection) -> dict[int, str]:
    """Who of the staff can be named in a note."""
    return {row.id: row.name for row in connection.execute(_STAFF)}


def of(connection: Connection, me: int, most: int) -> Sequence[AnyRow]:
    """No more than `most` notes that name her and that she has not opened, the latest first."""
    return connection.execute(_NAMING.limit(sa.literal_column(f"{most}")), {"me": me}).fetchall()


def opened(session: Session, number: int, me: int) -> None:
    """She has opened a conversation with notes that name her."""
    notes = sa.select(col(ThreadNote.id)).where(col(ThreadNote.thread_id) == number)
    session.execute(sa.delete(Mention).where(col(Mention.user_id) == me, col(Mention.note_id).in_(notes)))
