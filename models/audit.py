"""The audit trail: who did what, when, by which login, for whom. Rows are only ever added.

A trigger in the database refuses UPDATE and DELETE; sealing into a hash chain is a job's work and writes its own
table (`models.seals`), so writers never wait for each other (decisions.md 29).

The audit row of a form is also its receipt: it carries the form's submission id, a hash of what was sent and the
outcome, so that the same form sent again is answered from it (security rule 10, decisions.md 18).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models.types import AnyRow, AnySelect, Numbered, utc_now


class AuditRow(Numbered, table=True):
    """One act. `detail` holds no secret and no full personal code."""

    __tablename__ = "audit"
    __table_args__ = (sa.UniqueConstraint("once", "actor_user_id"),)

    at: datetime = Field(default_factory=utc_now, index=True)
    action: str = Field(max_length=48)  # "reading.submitted"
    actor_user_id: int | None = Field(default=None, index=True)
    principal_customer_id: int | None = Field(default=None, index=True)
    mandate_version: int | None = None
    session_method: str | None = Field(default=None, max_length=16)
    source: str = Field(max_length=16)
    premises_id: int | None = Field(default=None, index=True)
    object_type: str | None = Field(default=None, max_length=32)
    object_id: int | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    once: str | None = Field(default=None, max_length=43)
    content_hash: str | None = Field(default=None, max_length=64)


_ABOUT_USER = sa.text("object_type = 'user'")
sa.Index("ix_audit_about_user", col(AuditRow.object_id), sqlite_where=_ABOUT_USER, postgresql_where=_ABOUT_USER)


@dataclass(frozen=True)
class Actor:
    """Who acts, for whom, and how they logged in: stands on every write and every audit row (F08)."""

    user_id: int | None
    source: str  # a models.types.Source value, or "web" / "command" where no reading is concerned
    principal_customer_id: int | None = None
    mandate_version: int | None = None
    session_method: str | None = None


def record(session: Session, actor: Actor, action: str, **about: Any) -> None:
    """Add one audit row. `about`: premises_id, object_type, object_id, detail, once, content_hash."""
    session.add(
        AuditRow(
            action=action,
            actor_user_id=actor.user_id,
            principal_customer_id=actor.principal_customer_id,
            mandate_version=actor.mandate_version,
            session_method=actor.session_method,
            source=actor.source,
            **about,
        )
    )


_TABLE: sa.Table = AuditRow.__table__  # type: ignore[attr-defined]
_ABOUT = ("object_type", "object_id", "principal_customer_id", "premises_id")


_SENT = sa.select(col(AuditRow.object_id), col(AuditRow.content_hash)).where(
    col(AuditRow.once) == sa.bindparam("once"), col(AuditRow.actor_user_id) == sa.bindparam("user_id")
)


def receipt(connection: Connection, once: str, user_id: int) -> AnyRow | None:
    """Of this person's form with this submission id: what it was about, and the hash of what it said."""
    return connection.execute(_SENT, {"once": once, "user_id": user_id}).first()


def record_each(
    session: Session, actor: Actor, action: str, objects: Sequence[Mapping[str, Any]], there: AnySelect,
    detail: dict[str, Any],
) -> None:  # fmt: skip
    """Add a row about each of these `objects` and for each row that `there` selects, in one statement.

    `objects`: values by column; `there` selects columns. Both of: object_type, object_id, principal_customer_id,
    premises_id.
    """
    found = there.subquery()
    each = [sa.select(*(found.c[name] if name in found.c else _typed(name, None) for name in _ABOUT))]
    each += [sa.select(*(_typed(name, one.get(name)) for name in _ABOUT)) for one in objects]
    same = {
        "at": utc_now(), "action": action, "actor_user_id": actor.user_id, "source": actor.source,
        "session_method": actor.session_method, "detail": detail,
    }  # fmt: skip
    rows = sa.select(sa.union_all(*each).subquery(), *(_typed(name, value) for name, value in same.items()))
    session.execute(sa.insert(_TABLE).from_select([*_ABOUT, *same], rows, include_defaults=False))


def _typed(name: str, value: object) -> sa.ColumnElement[Any]:
    """A value as its column has it: where nothing else says so, PostgreSQL takes a NULL for text."""
    return sa.literal(value, _TABLE.c[name].type).label(name)


def content_hash(content: Mapping[str, str]) -> str:
    """A hash of what a form said, the same for the same content in any order."""
    return hashlib.sha256(json.dumps(dict(content), sort_keys=True).encode()).hexdigest()
