"""Conversations between residents and staff: the tables, and who sees which (G01, G04, G08; features.md §5).

Whose a conversation is: who wrote it, for which customer, at which of her premises if at any. Others see it

- where its writer shared it: who has a tenure of her own there that lasts, and had it when the conversation began;
- where a helper wrote it by a mandate: the customer for whom he did;
- where all of a customer's conversations were lent: the helper, as far as the two above or who lent it wrote it.

What a helper wrote is his while he may still write there. No statement here names the notes of staff (`ThreadNote`).
"""

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel, col

from models.customers import shown
from models.mandates import Mandate
from models.people import User
from models.places import Place
from models.premises import Premises
from models.rules.mandates import Lent
from models.rules.threads import ThreadState
from models.tenures import Tenure
from models.types import Addressed, AnyRow, AnySelect, Numbered, choice, utc_now

NEWEST = 2**31 - 1  # "before" it every message is
FileView = namedtuple("FileView", "public_id name size")  # of a message; bytes


class Thread(Addressed, table=True):
    """One conversation; people know it by its number."""

    __table_args__ = (
        sa.Index(  # what she has not read yet is counted with each page (`models.sessions`)
            "ix_thread_unread", "user_id", sqlite_where=sa.text("unread AND mandate_version IS NULL"),
            postgresql_where=sa.text("unread AND mandate_version IS NULL"),
        ),
        sa.Index("ix_thread_state", "state", "due_at", "id"),  # the order of the queue, which stops at its page
        sa.Index("ix_thread_assignee", "state", "assignee_id", "due_at", "snoozed_until"),
        sa.Index("ix_thread_latest", "state", "latest_id"),
        sa.Index("ix_thread_snoozed", "state", "snoozed_until"),
    )  # fmt: skip

    user_id: int | None = Field(foreign_key="user_account.id", index=True)  # who began it
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)  # for whom
    premises_id: int | None = Field(default=None, foreign_key="premises.id", index=True)
    mandate_version: int | None = None  # by which it was written, where it was by one
    topic: str = Field(max_length=32)  # of `models.desk`
    subject: str = Field(default="", max_length=120)  # in her own words
    about: str = Field(default="", max_length=24)  # "iid:" or "mid:" with the id of an invoice or a meter
    about_name: str = Field(default="", max_length=64)  # its number
    language: str = Field(max_length=2)
    # "call" or "visit", where staff have logged it; without `user_id` they alone see it.
    via: str = Field(default="", max_length=8, sa_column_kwargs={"server_default": ""})
    shared: bool = False  # with who else lives there
    state: ThreadState = choice(ThreadState, default=ThreadState.OPEN)
    unread: bool = False  # there is an answer that nobody has opened
    latest_id: int = Field(default=0, index=True)  # its last message: the order of every list
    follows: str = Field(default="", max_length=16)  # the public id of the closed one that it goes on from
    began_on: date  # of the first of those that go on from each other: in whose time it belongs
    changed_at: datetime = Field(default_factory=utc_now)  # its state
    due_at: datetime | None = None  # by when staff answer; None: it waits for nobody
    assignee_id: int | None = Field(default=None, foreign_key="user_account.id")  # of the staff
    snoozed_until: date | None = None  # the day on which staff see it again
    merged_into: int | None = Field(default=None, index=True)  # the one in which it goes on, by its number
    version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # of what staff did to it
    touched_by: str = Field(default="", max_length=100, sa_column_kwargs={"server_default": ""})  # who did that last


class Message(Addressed, table=True):
    """One message. The public id is that of its form: sent once."""

    thread_id: int = Field(default=0, foreign_key="thread.id", index=True)
    from_staff: bool = False
    author: str = Field(default="", max_length=100)  # of the staff
    body: str = Field(max_length=5000)
    sent_at: datetime
    actor_user_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    principal_customer_id: int | None = None
    mandate_version: int | None = None
    session_method: str | None = Field(default=None, max_length=16)


class MessageFile(Addressed, table=True):
    """A file of a message."""

    __tablename__ = "message_file"

    message_id: int = Field(foreign_key="message.id", index=True)
    name: str = Field(max_length=120)
    file_hash: str = Field(max_length=64)
    size: int  # bytes


class ThreadNote(Numbered, table=True):
    """What staff note for each other; never shown to residents."""

    __tablename__ = "thread_note"

    thread_id: int = Field(foreign_key="thread.id", index=True)
    author: str = Field(max_length=100)
    body: str = Field(max_length=5000)
    noted_at: datetime = Field(default_factory=utc_now)


class MessageDraft(SQLModel, table=True):
    """A file of a message that is not sent yet: of one person and one form."""

    __tablename__ = "message_draft"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    once: str = Field(max_length=16)  # the id of the form
    name: str = Field(max_length=120)
    file_hash: str = Field(max_length=64)
    size: int
    created_at: datetime = Field(default_factory=utc_now)


@dataclass(frozen=True)
class Sight:
    """What one person can see of conversations today: her own `places`, and those of others where she may write."""

    user_id: int
    today: date
    places: Sequence[Place]  # that this section opens to her
    writable: Sequence[Place]

    def values(self) -> dict[str, object]:
        """For the statements of this module."""
        own, lent = ([one for one in self.places if bool(one.lent) is is_lent] for is_lent in (False, True))
        all_of_them = [one for one in lent if one.lent and Lent.THREADS in one.lent.rights]
        return {
            "user_id": self.user_id, "today": self.today, "own": [one.id for one in own],
            "customers": [number for one in own for number in one.customer_ids],
            "writable": _pairs([one for one in self.writable if one.lent]), "lent": _pairs(all_of_them),
            "mandates": [one.lent.mandate_id for one in all_of_them if one.lent],
        }  # fmt: skip


def _pairs(places: Sequence[Place]) -> list[tuple[int, int]]:
    return [(one.id, customer) for one in places for customer in one.customer_ids]


@dataclass(frozen=True)
class ThreadView:
    """A conversation as one person sees it; `place`: whose right lets her, None where it is her own."""

    row: AnyRow
    place: Place | None
    may_write: bool


def _any(name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name, expanding=True)


_TABLE: sa.Table = Thread.__table__  # type: ignore[attr-defined]
_BY_MANDATE = _TABLE.c.mandate_version.is_not(None)
_AT = sa.tuple_(_TABLE.c.premises_id, _TABLE.c.customer_id)
_IDS = sa.select(_TABLE.c.id)
_WRITABLE = ~_BY_MANDATE | _AT.in_(_any("writable"))
_MINE = _IDS.where(_TABLE.c.user_id == sa.bindparam("user_id"), _WRITABLE, shown(_TABLE.c.customer_id))
_THERE = sa.exists().where(
    col(Tenure.customer_id).in_(_any("customers")), col(Tenure.premises_id) == _TABLE.c.premises_id,
    col(Tenure.starts_on) <= _TABLE.c.began_on,
    sa.or_(
        col(Tenure.ends_on).is_(None),
        sa.and_(col(Tenure.ends_on) >= sa.bindparam("today"), col(Tenure.ends_on) >= _TABLE.c.began_on),
    ),
)  # fmt: skip
_SHARED = _IDS.where(_TABLE.c.premises_id.in_(_any("own")), _TABLE.c.shared, _THERE)
_FOR_HER = _IDS.where(_TABLE.c.customer_id.in_(_any("customers")), _BY_MANDATE)
_GRANTERS = sa.select(col(Mandate.granted_by)).where(col(Mandate.id).in_(_any("mandates")))
_ALL_LENT = _IDS.where(_AT.in_(_any("lent")), _TABLE.c.shared | _BY_MANDATE | _TABLE.c.user_id.in_(_GRANTERS))
_SEEN = _TABLE.c.id.in_(sa.union(_MINE, _SHARED, _FOR_HER, _ALL_LENT))
_LATEST = sa.orm.aliased(Message, name="latest")
_LIST = (
    sa.select(_TABLE, col(Premises.address), col(_LATEST.sent_at), col(User.name).label("writer"))
    .add_columns(sa.func.substr(col(_LATEST.body), 1, 200).label("line"))
    .join(_LATEST, col(_LATEST.id) == _TABLE.c.latest_id)
    .outerjoin(Premises, col(Premises.id) == _TABLE.c.premises_id).outerjoin(User, col(User.id) == _TABLE.c.user_id)
    .where(_SEEN)
)  # fmt: skip
_PAGE = _LIST.where(_TABLE.c.latest_id < sa.bindparam("before")).order_by(_TABLE.c.latest_id.desc())
_TARGET = sa.orm.aliased(Thread, name="target")
_ONE = (
    _LIST.add_columns(col(_TARGET.public_id).label("went_to"))
    .outerjoin(_TARGET, col(_TARGET.id) == _TABLE.c.merged_into).where(_TABLE.c.public_id == sa.bindparam("public_id"))
)  # fmt: skip
_MESSAGES: AnySelect = (
    sa.select(Message.__table__, col(User.name).label("writer"))  # type: ignore[attr-defined]
    .add_columns(*(col(getattr(MessageFile, name)).label(f"file_{name}") for name in ("public_id", "name", "size")))
    .outerjoin(User, col(User.id) == col(Message.actor_user_id))
    .outerjoin(MessageFile, col(MessageFile.message_id) == col(Message.id))
    .where(col(Message.thread_id) == sa.bindparam("thread_id")).order_by(col(Message.id), col(MessageFile.id))
)  # fmt: skip
_FILE = (
    sa.select(MessageFile.__table__, _TABLE.c.public_id.label("tid"))  # type: ignore[attr-defined]
    .join(Message, col(Message.id) == col(MessageFile.message_id)).join(_TABLE, _TABLE.c.id == col(Message.thread_id))
    .where(col(MessageFile.public_id) == sa.bindparam("public_id"), _SEEN)
)  # fmt: skip
_SENT = (
    sa.select(_TABLE.c.public_id, _TABLE.c.language, _TABLE.c.topic, col(Message.body))
    .join(Message, col(Message.thread_id) == _TABLE.c.id)
    .where(col(Message.public_id) == sa.bindparam("once"), col(Message.actor_user_id) == sa.bindparam("user_id"))
)  # fmt: skip


def of(connection: Connection, sight: Sight, most: int, before: int) -> list[ThreadView]:
    """No more than `most` conversations whose last message is below the id `before`, the latest first."""
    page = _PAGE.limit(sa.literal_column(f"{most}"))
    return [_view(row, sight) for row in connection.execute(page, sight.values() | {"before": before})]


def one(connection: Connection, sight: Sight, public_id: str) -> ThreadView | None:
    """One that she sees; None for anybody else's."""
    rows = connection.execute(_ONE, sight.values() | {"public_id": public_id})
    return next((_view(row, sight) for row in rows), None)


def _view(row: AnyRow, sight: Sight) -> ThreadView:
    if row.user_id == sight.user_id and row.mandate_version is None:
        return ThreadView(row, None, may_write=True)
    place = next((one for one in sight.places if one.id == row.premises_id), None)
    may_write = place in sight.writable and place is not None and row.customer_id in place.customer_ids
    return ThreadView(row, place, may_write)


def messages(connection: Connection, thread_id: int) -> list[tuple[AnyRow, list[FileView]]]:
    """The messages of a conversation with their files, the oldest first."""
    rows = connection.execute(_MESSAGES, {"thread_id": thread_id})
    same = ([*group] for _, group in groupby(rows, lambda row: row.id))
    return [(each[0], [FileView(*row[-3:]) for row in each if row.file_public_id]) for each in same]


def file(connection: Connection, sight: Sight, public_id: str) -> AnyRow | None:
    """A file of a conversation that she sees, with the public id of that (`tid`)."""
    return connection.execute(_FILE, sight.values() | {"public_id": public_id}).first()


def sent(connection: Connection, user_id: int, once: str) -> AnyRow | None:
    """What this person has sent by the form `once`: its body; public id, language and topic of its conversation."""
    return connection.execute(_SENT, {"once": once, "user_id": user_id}).first()
