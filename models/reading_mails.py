"""E-mails with readings that wait for staff (D26): what came, and what became of it. Nothing is taken by itself."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.meters import Meter
from models.people import User
from models.tenures import Tenure, during
from models.types import AnyRow, Numbered, utc_now


class ReadingMail(Numbered, table=True):
    """One of them, as text; of its `files` only how many there were. Decided with a `reason`, it was dismissed."""

    __tablename__ = "reading_mail"

    message_hash: str = Field(unique=True, max_length=64)
    received_at: datetime
    sender: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    text: str = Field(sa_type=sa.Text)
    files: int
    reason: str = Field(default="", max_length=500)
    decided_by: int | None = Field(default=None, foreign_key="user_account.id")
    decided_at: datetime | None = Field(default=None, index=True)


_TABLE: sa.Table = ReadingMail.__table__  # type: ignore[attr-defined]  # SQLModel does not tell of it
_WAITS = _TABLE.c.decided_at.is_(None)
_ROWS = sa.select(_TABLE, col(User.name)).outerjoin(User, col(User.id) == _TABLE.c.decided_by)
_SENDER: sa.BindParameter[Any] = sa.bindparam("sender")
_SAID: sa.BindParameter[Any] = sa.bindparam("words", expanding=True)
_HERS = sa.select(col(Tenure.customer_id)).join(Meter, col(Meter.premises_id) == col(Tenure.premises_id))
_THEIRS = sa.select(col(CustomerUser.customer_id)).join(User, col(User.id) == col(CustomerUser.user_id))
_WAYS = sa.union_all(  # whose number is in it, then whose meter, then who writes
    sa.select(col(Customer.id).label("whose"), sa.literal(0).label("way")).where(col(Customer.code).in_(_SAID)),
    _HERS.add_columns(sa.literal(1)).where(col(Meter.serial).in_(_SAID), during(sa.bindparam("today"))),
    _THEIRS.add_columns(sa.literal(2)).where(col(User.email) == _SENDER),
).subquery()  # fmt: skip
_WHOSE = (
    sa.select(col(Customer.id), col(Customer.code), col(Customer.name), col(Customer.email))
    .join(_WAYS, _WAYS.c.whose == col(Customer.id)).order_by(_WAYS.c.way, col(Customer.id))
    .limit(sa.literal_column("20"))
)  # fmt: skip


def take(session: Session, key: str, sender: str, subject: str, text: str, files: int) -> bool:
    """Keep one; False where it was taken before. `key`: what makes it this one."""
    hashed = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    if session.execute(_ROWS.where(_TABLE.c.message_hash == hashed)).first():
        return False
    about = {"message_hash": hashed, "received_at": utc_now(), "sender": sender, "subject": subject}
    session.add(ReadingMail.model_validate(about | {"text": text, "files": files}))
    return True


def found(connection: Connection, key: int, most: int, *, is_done: bool) -> Sequence[AnyRow]:
    """No more than `most` of what waits, the oldest first, or of the rest, the latest first, after the number `key`."""
    number = _TABLE.c.id
    waiting = _ROWS.where(_WAITS, number > key).order_by(number)
    rows = _ROWS.where(~_WAITS, number < key).order_by(number.desc()) if is_done else waiting
    return connection.execute(rows.limit(sa.literal_column(f"{most}"))).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """One of them."""
    return connection.execute(_ROWS.where(_TABLE.c.id == number)).first()


def whose(connection: Connection, words: Iterable[str], sender: str, today: date) -> Sequence[AnyRow]:
    """The customers whom it may be about, the likeliest first: by these words of it, or by its sender's address."""
    rows = connection.execute(_WHOSE, {"words": [*words], "sender": sender, "today": today}).fetchall()
    return [*{row.id: row for row in rows}.values()]


def waits(session: Session, number: int) -> bool:
    """Whether nobody has decided about it, nor will until this unit of work ends."""
    its = sa.select(_TABLE.c.id).where(_TABLE.c.id == number, _WAITS)
    return session.execute(its.with_for_update()).first() is not None


def settle(session: Session, actor: Actor, number: int, act: str, reason: str = "", once: str | None = None) -> bool:
    """It is "done", "dismissed" with a reason, or "undone": waits again. False where a colleague was faster."""
    when, by, at = (~_WAITS, None, None) if act == "undone" else (_WAITS, actor.user_id, utc_now())
    its = sa.update(_TABLE).where(_TABLE.c.id == number, when)
    changed: Any = session.execute(its.values(reason=reason, decided_by=by, decided_at=at))
    if changed.rowcount:
        about = {"object_type": "reading_mail", "object_id": number, "detail": {"reason": reason}, "once": once}
        record(session, actor, f"reading_mail.{act}", **about)
    return bool(changed.rowcount)
