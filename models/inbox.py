"""What staff see of conversations: the queue that waits, all of them, and one with its notes and files (H04, H06)."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.customers import Customer
from models.people import User
from models.premises import Premises
from models.rules.threads import ThreadState
from models.threads import NEWEST, Message, MessageFile, Thread, ThreadNote
from models.types import AnyRow, AnySelect, Role


class Mention(SQLModel, table=True):
    """One of the staff is named in a note that she has not opened (H04)."""

    note_id: int = Field(foreign_key="thread_note.id", primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", primary_key=True, index=True)


_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_LATEST = sa.orm.aliased(Message, name="latest")
_ROWS = (
    sa.select(_TABLE, col(User.name).label("writer"), col(Customer.name).label("customer"), col(Customer.code))
    .add_columns(col(Premises.address), col(_LATEST.sent_at), sa.func.substr(col(_LATEST.body), 1, 200).label("line"))
    .join(_LATEST, col(_LATEST.id) == _TABLE.c.latest_id)
    .outerjoin(User, col(User.id) == _TABLE.c.user_id)
    .outerjoin(Customer, col(Customer.id) == _TABLE.c.customer_id)
    .outerjoin(Premises, col(Premises.id) == _TABLE.c.premises_id)
)
_WAITING = _ROWS.where(_TABLE.c.state == ThreadState.OPEN).order_by(_TABLE.c.due_at, _TABLE.c.id)
_ALL = _ROWS.where(_TABLE.c.latest_id < sa.bindparam("before")).order_by(_TABLE.c.latest_id.desc())
_ONE = _ROWS.where(_TABLE.c.id == sa.bindparam("number"))
_NOTES: AnySelect = (
    sa.select(ThreadNote.__table__, col(Mention.user_id).label("names_me"))  # type: ignore[attr-defined]
    .outerjoin(Mention, (col(Mention.note_id) == col(ThreadNote.id)) & (col(Mention.user_id) == sa.bindparam("me")))
    .where(col(ThreadNote.thread_id) == sa.bindparam("number")).order_by(col(ThreadNote.id))
)  # fmt: skip
_FILE: AnySelect = (
    sa.select(MessageFile.__table__, col(Message.thread_id))  # type: ignore[attr-defined]
    .join(Message, col(Message.id) == col(MessageFile.message_id))
    .where(col(MessageFile.public_id) == sa.bindparam("public_id"))
)


_STAFF = sa.select(col(User.id), col(User.name)).where(col(User.role) != Role.RESIDENT, col(User.disabled_at).is_(None))
_NAMING: AnySelect = (
    sa.select(ThreadNote.__table__)  # type: ignore[attr-defined]
    .join(Mention, col(Mention.note_id) == col(ThreadNote.id)).where(col(Mention.user_id) == sa.bindparam("me"))
    .order_by(col(ThreadNote.id).desc())
)  # fmt: skip


def waiting(connection: Connection, most: int) -> Sequence[AnyRow]:
    """No more than `most` that wait for an answer, first what is due first."""
    return connection.execute(_WAITING.limit(sa.literal_column(f"{most}"))).fetchall()


def everything(connection: Connection, most: int, before: int = NEWEST) -> Sequence[AnyRow]:
    """No more than `most` whose last message is below the id `before`, the latest first."""
    return connection.execute(_ALL.limit(sa.literal_column(f"{most}")), {"before": before}).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """A conversation, with who writes, for which customer and where."""
    return connection.execute(_ONE, {"number": number}).first()


def notes(connection: Connection, number: int, me: int) -> Sequence[AnyRow]:
    """What staff have noted for each other, the oldest first; whether it `names_me` and I have not opened it yet."""
    return connection.execute(_NOTES, {"number": number, "me": me}).fetchall()


def file(connection: Connection, public_id: str) -> AnyRow | None:
    """A file of any message, with the number of its conversation."""
    return connection.execute(_FILE, {"public_id": public_id}).first()


def staff(connection: Connection) -> dict[int, str]:
    """Who of the staff can be named in a note."""
    return {row.id: row.name for row in connection.execute(_STAFF)}


def mentions(connection: Connection, me: int, most: int) -> Sequence[AnyRow]:
    """No more than `most` notes that name her and that she has not opened, the latest first."""
    return connection.execute(_NAMING.limit(sa.literal_column(f"{most}")), {"me": me}).fetchall()


def opened(session: Session, number: int, me: int) -> None:
    """She has opened a conversation with notes that name her."""
    notes = sa.select(col(ThreadNote.id)).where(col(ThreadNote.thread_id) == number)
    session.execute(sa.delete(Mention).where(col(Mention.user_id) == me, col(Mention.note_id).in_(notes)))
