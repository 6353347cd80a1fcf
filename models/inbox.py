"""What staff see of conversations: the queue that waits, all of them, and one with its notes and files (H04, H06)."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from models.customers import Customer, CustomerUser
from models.people import User
from models.premises import Premises
from models.rules.threads import ThreadState
from models.threads import NEWEST, Message, MessageFile, Thread, ThreadNote
from models.types import AnyRow, AnySelect

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
_THEIRS = sa.select(col(CustomerUser.user_id)).where(col(CustomerUser.customer_id) == sa.bindparam("customer_id"))
_IDS = sa.select(_TABLE.c.id)
_FOR_HER = _IDS.where(_TABLE.c.customer_id == sa.bindparam("customer_id"))
_BY_THEM = _IDS.where(_TABLE.c.user_id.in_(_THEIRS), _TABLE.c.customer_id.is_(None))
_OF_CUSTOMER = _ROWS.where(_TABLE.c.id.in_(sa.union(_FOR_HER, _BY_THEM))).order_by(_TABLE.c.latest_id.desc())
_NOTES: AnySelect = (
    sa.select(ThreadNote.__table__)  # type: ignore[attr-defined]
    .where(col(ThreadNote.thread_id) == sa.bindparam("number")).order_by(col(ThreadNote.id))
)  # fmt: skip
_FILE: AnySelect = (
    sa.select(MessageFile.__table__, col(Message.thread_id))  # type: ignore[attr-defined]
    .join(Message, col(Message.id) == col(MessageFile.message_id))
    .where(col(MessageFile.public_id) == sa.bindparam("public_id"))
)


def waiting(connection: Connection, most: int) -> Sequence[AnyRow]:
    """No more than `most` that wait for an answer, first what is due first."""
    return connection.execute(_WAITING.limit(sa.literal_column(f"{most}"))).fetchall()


def everything(connection: Connection, most: int, before: int = NEWEST) -> Sequence[AnyRow]:
    """No more than `most` whose last message is below the id `before`, the latest first."""
    return connection.execute(_ALL.limit(sa.literal_column(f"{most}")), {"before": before}).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """A conversation, with who writes, for which customer and where."""
    return connection.execute(_ONE, {"number": number}).first()


def notes(connection: Connection, number: int) -> Sequence[AnyRow]:
    """What staff have noted for each other, the oldest first."""
    return connection.execute(_NOTES, {"number": number}).fetchall()


def file(connection: Connection, public_id: str) -> AnyRow | None:
    """A file of any message, with the number of its conversation."""
    return connection.execute(_FILE, {"public_id": public_id}).first()


def of_customer(connection: Connection, customer_id: int, most: int) -> Sequence[AnyRow]:
    """The latest conversations for this customer, and those about no property of who signs in as her."""
    latest_first = _OF_CUSTOMER.limit(sa.literal_column(f"{most}"))
    return connection.execute(latest_first, {"customer_id": customer_id}).fetchall()
