"""Replies that staff have prepared: by topic, in three languages, of the team or somebody's own (H03; ux.md §6.2)."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.invoices import Invoice
from models.types import AnyRow, AnySelect, Numbered

MOST = 500  # of the team and of one person


class CannedReply(Numbered, table=True):
    """One of them; a language without a text is offered to nobody who writes in it."""

    __tablename__ = "canned_reply"

    title: str = Field(max_length=80)
    topic: str = Field(default="", max_length=32)  # of `models.desk`; "": for any
    user_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)  # None: of the team
    uses: int = 0
    lv: str = Field(default="", max_length=3000)
    en: str = Field(default="", max_length=3000)
    ru: str = Field(default="", max_length=3000)


TEXTS = ("lv", "en", "ru")
_TABLE: sa.Table = CannedReply.__table__  # type: ignore[attr-defined]
_SEEN: AnySelect = sa.select(_TABLE).where(
    _TABLE.c.user_id.is_(None) | (_TABLE.c.user_id == sa.bindparam("me"))
).order_by(_TABLE.c.uses.desc(), _TABLE.c.title, _TABLE.c.id).limit(sa.literal_column(f"{MOST}"))  # fmt: skip
_ONE = _SEEN.where(_TABLE.c.id == sa.bindparam("number"))
_OWED = sa.select(col(Invoice.payable)).where(col(Invoice.public_id) == sa.bindparam("public_id"))


def everything(connection: Connection, me: int) -> Sequence[AnyRow]:
    """The team's and her own, what is used most first."""
    return connection.execute(_SEEN, {"me": me}).fetchall()


def one(connection: Connection, number: int, me: int) -> AnyRow | None:
    """One of them; None for a colleague's own."""
    return connection.execute(_ONE, {"number": number, "me": me}).first()


def owed(connection: Connection, invoice: str) -> int | None:
    """What is to be paid by an invoice (public id), in cents."""
    return connection.execute(_OWED, {"public_id": invoice}).scalar()


def save(session: Session, number: int | None, values: dict[str, Any]) -> None:
    """Change one, or add a new one."""
    changed = sa.update(_TABLE).where(_TABLE.c.id == number) if number else sa.insert(_TABLE)
    session.execute(changed.values(values if number else values | {"uses": 0}))


def remove(session: Session, number: int) -> None:
    """Take one away."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.id == number))


def used(session: Session, number: int) -> None:
    """Count that it was inserted."""
    session.execute(sa.update(_TABLE).where(_TABLE.c.id == number).values(uses=_TABLE.c.uses + 1))
