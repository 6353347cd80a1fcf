"""E-invoices: who gets a customer's invoices by e-mail, as a link or a file, and whether paper ends (C04; UD-08).

Opt-in, per person and customer. An invoice that came is told once: `announced_at` stands with it, so several workers,
or one that was killed, tell nobody twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.audit import Actor, record
from models.customers import CustomerUser
from models.invoices import Invoice
from models.outbox import MANY, Mail
from models.people import User
from models.preferences import choose as prefer
from models.preferences import unwanted
from models.premises import Premises
from models.types import AnyRow

KIND = "new_invoice"
AT_ONCE = 1000  # invoices whose letters are one unit of work
OLD = timedelta(days=14)  # what was issued longer ago than this when it comes is for the archive: no letters
WAIT = timedelta(hours=1)  # before a letter is sent: lines and files come in the same delivery, after the invoices
SHOWN = 6  # letters whose state is told


class EInvoice(SQLModel, table=True):
    """What one person has chosen for the invoices of one customer."""

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", primary_key=True, index=True)
    attached: bool  # the file itself; else a link to it
    paper_off: bool  # the operator need not send paper
    changed_at: datetime


_TABLE: sa.Table = EInvoice.__table__  # type: ignore[attr-defined]
_MINE = (_TABLE.c.user_id == sa.bindparam("user_id"), _TABLE.c.customer_id == sa.bindparam("customer_id"))
_OFF = unwanted(_TABLE.c.user_id, KIND).label("stopped")  # by the link in a letter, or among all kinds of letters
_CHOSEN = sa.select(_TABLE, _OFF).where(*_MINE)
_LETTERS = (
    sa.select(col(Mail.address), col(Mail.detail), col(Mail.sent_at), col(Mail.parked_at))
    .where(col(Mail.user_id) == sa.bindparam("user_id"), col(Mail.kind) == KIND)
    .order_by(col(Mail.id).desc()).limit(sa.literal_column("60"))
)  # fmt: skip


def chosen(connection: Connection, user_id: int, customer_id: int) -> AnyRow | None:
    """What she has chosen, and whether such letters are `stopped`; None: no e-invoices."""
    return connection.execute(_CHOSEN, {"user_id": user_id, "customer_id": customer_id}).first()


def letters(connection: Connection, user_id: int, customer_id: int) -> list[AnyRow]:
    """Her last letters about this customer's invoices: sent, parked as not deliverable, or waiting."""
    found = connection.execute(_LETTERS, {"user_id": user_id})
    return [row for row in found if row.detail.get("customer") == customer_id][:SHOWN]


def choose(
    session: Session, actor: Actor, customer_id: int, now: datetime, *, attached: bool | None, paper_off: bool
) -> None:
    """Begin, change or (`attached` None) end e-invoices. To begin also undoes that such letters were stopped."""
    who = {"user_id": actor.user_id or 0, "customer_id": customer_id}
    before = chosen(session.connection(), **who)
    wish = None if attached is None else (attached, paper_off)
    if wish:
        prefer(session, actor, {KIND: True}, now)
    if wish == (before and (before.attached, before.paper_off)):
        return
    if attached is None:
        session.execute(sa.delete(_TABLE).where(*_MINE), who)
    else:
        session.merge(EInvoice(**who, attached=attached, paper_off=paper_off, changed_at=now))
    how = {"form": "none" if attached is None else "file" if attached else "link", "paper": not (wish and paper_off)}
    record(session, actor, "einvoice.changed", object_type="customer", object_id=customer_id, detail=how)


_FRESH = col(Invoice.announced_at).is_(None)
ANY_DUE = sa.select(1).select_from(Invoice).where(_FRESH).limit(1)
_NEXT = sa.select(col(Invoice.id)).where(_FRESH).limit(AT_ONCE).with_for_update(skip_locked=True)
_NUMBERS: sa.BindParameter[Any] = sa.bindparam("numbers", expanding=True)


def reached() -> tuple[sa.ColumnElement[bool], ...]:
    """Who gets the letters that she has chosen, of rows with `User` and `EInvoice`; to others paper goes on."""
    return col(User.email).is_not(None), col(User.disabled_at).is_(None), ~unwanted(_TABLE.c.user_id, KIND)


_TO_TELL = (
    sa.select(
        col(Invoice.public_id), col(Invoice.number), col(Invoice.period_start), col(Invoice.customer_id),
        col(Premises.address), col(Premises.public_id).label("pid"), _TABLE.c.attached, col(User.id), col(User.email),
        col(User.language),
    )
    .join(Premises, col(Premises.id) == col(Invoice.premises_id))
    .join(_TABLE, _TABLE.c.customer_id == col(Invoice.customer_id))
    .join(CustomerUser, sa.and_(
        col(CustomerUser.customer_id) == _TABLE.c.customer_id, col(CustomerUser.user_id) == _TABLE.c.user_id
    ))
    .join(User, col(User.id) == _TABLE.c.user_id)
    .where(col(Invoice.id).in_(_NUMBERS), col(Invoice.issued_on) >= sa.bindparam("since", type_=sa.Date))
    .where(*reached())
    .order_by(col(Invoice.id), col(User.id))
)  # fmt: skip


def announce(session: Session, today: date, now: datetime, languages: Sequence[str]) -> int:
    """Write the letters of at most `AT_ONCE` invoices that came; how many of these there were."""
    numbers = session.scalars(_NEXT).all()
    if numbers:
        rows = session.execute(_TO_TELL, {"numbers": numbers, "since": today - OLD}).fetchall()
        told = [_letter(row, now, languages) for row in rows]
        if told:
            session.execute(sa.insert(Mail), told)
        done = sa.update(Invoice).where(col(Invoice.id).in_(numbers)).values(announced_at=now)
        session.execute(done.execution_options(synchronize_session=False))
    return len(numbers)


def _letter(row: AnyRow, now: datetime, languages: Sequence[str]) -> dict[str, Any]:
    about = {
        "iid": row.public_id, "number": row.number, "month": f"{row.period_start}", "customer": row.customer_id,
        "pid": row.pid, "where": row.address, "attached": row.attached,
    }  # fmt: skip
    language = row.language if row.language in languages else languages[0]
    return {
        "kind": KIND, "user_id": row.id, "address": row.email, "language": language, "detail": about, "rank": MANY,
        "created_at": now, "due_at": now + WAIT,
    }  # fmt: skip
