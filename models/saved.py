"""Searches that a member of staff keeps under a name of her own (H05)."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.audit import Actor, record
from models.rules.search import LONGEST
from models.types import AnyRow, AnySelect, Numbered

MOST = 20  # of one person
NAME = 60  # characters


class SavedSearch(Numbered, table=True):
    """One of them; of two with the same name the later stays."""

    __tablename__ = "saved_search"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)

    user_id: int = Field(foreign_key="user_account.id")
    name: str = Field(max_length=NAME)
    text: str = Field(max_length=LONGEST)


_OF: AnySelect = (
    sa.select(SavedSearch.__table__)  # type: ignore[attr-defined]
    .where(col(SavedSearch.user_id) == sa.bindparam("user_id")).order_by(col(SavedSearch.name))
)  # fmt: skip
_KEEP = sa.text(
    "INSERT INTO saved_search (user_id, name, text) VALUES (:user_id, :name, :text)"
    " ON CONFLICT (user_id, name) DO UPDATE SET text = excluded.text"
)


def of(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """Hers, by name."""
    return connection.execute(_OF, {"user_id": user_id}).fetchall()


def keep(session: Session, actor: Actor, name: str, text: str) -> bool:
    """Keep a search; False where she has `MOST` of other names."""
    names = {row.name for row in of(session.connection(), actor.user_id or 0)}
    if len(names - {name}) >= MOST:
        return False
    session.execute(_KEEP, {"user_id": actor.user_id, "name": name, "text": text})
    record(session, actor, "search.kept")
    return True


def drop(session: Session, actor: Actor, number: int) -> None:
    """Delete one of hers."""
    mine = (col(SavedSearch.user_id) == actor.user_id, col(SavedSearch.id) == number)
    session.execute(sa.delete(SavedSearch).where(*mine))
    record(session, actor, "search.dropped")
