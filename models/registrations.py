"""Registration with a customer code, and adding premises by it: what was asked, until it is decided (A07, A10, B02).

What the data prove is decided at once for who is signed in, and by the worker for who is not: the form then does the
same work whether code, secret and address exist or not (security rule 7). Everything else waits for staff. A row is
deleted when it is decided; what was typed as a secret is never stored.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, col

from models import emails, identities, outbox, throttle, tokens
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.database import Database
from models.identities import Identity
from models.invoices import Invoice
from models.joining import join
from models.people import BY_LOGIN, User
from models.rules.identifiers import fold_code
from models.rules.registration import Known, Printed, Registration, proves
from models.tenures import owns
from models.types import AnyRow, Numbered, utc_now

PAUSE = timedelta(hours=1)  # after too many tries: longer than for passwords, because what is guessed is short
_LOOKED_AT: sa.ColumnElement[int] = sa.literal_column("40")  # invoices: the last three of some dozen premises


class Waiting(Numbered, table=True):
    """One person who says that one customer code is hers."""

    __tablename__ = "registration"

    key: str = Field(unique=True, max_length=64)  # of person and code: who asks again does not stand here twice
    user_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)  # who was signed in,
    email: str | None = Field(default=None, max_length=254)  # else the address that she typed
    language: str = Field(max_length=2)
    code: str = Field(max_length=32)  # as she typed it, folded
    # Whom her data prove her to be; None: staff have to decide.
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    asked_at: datetime = Field(default_factory=utc_now)


@dataclass(frozen=True)
class Applicant:
    """Who asks: a user who is signed in, or an e-mail address that nobody has proved."""

    user_id: int | None
    email: str | None
    language: str
    address: str  # of the network

    @property
    def name(self) -> str:
        """One name for each."""
        return str(self.user_id or self.email)


_TABLE: sa.Table = Waiting.__table__  # type: ignore[attr-defined]
_PUT = sa.text(
    "INSERT INTO registration (key, user_id, email, language, code, customer_id, asked_at)"
    " VALUES (:key, :user_id, :email, :language, :code, :customer_id, :asked_at) ON CONFLICT (key) DO UPDATE SET"
    " language = excluded.language, customer_id = coalesce(excluded.customer_id, registration.customer_id)"
    " RETURNING id"
).bindparams(sa.bindparam("asked_at", type_=_TABLE.c.asked_at.type))
_CUSTOMER = (
    sa.select(col(Customer.id), col(Customer.code))
    .where(col(Customer.code).in_([sa.bindparam("typed"), sa.bindparam("code")]))
    .order_by((col(Customer.code) == sa.bindparam("typed")).desc())
)
_OWNS = sa.select(sa.literal(1)).select_from(Customer).where(col(Customer.id) == sa.bindparam("customer_id"))
_INVOICES = (
    sa.select(col(Invoice.premises_id), col(Invoice.number), col(Invoice.total), col(Invoice.payable))
    .where(col(Invoice.customer_id) == sa.bindparam("customer_id"))
    .order_by(col(Invoice.issued_on).desc(), col(Invoice.id).desc())
    .limit(_LOOKED_AT)
)
# An account that was begun with a customer code and that nobody has ever entered.
_BEGUN = sa.select(User).where(
    col(User.email_wanted) == sa.bindparam("address"), col(User.email).is_(None), col(User.password_hash).is_(None),
    col(User.disabled_at).is_(None), ~sa.exists().where(col(Identity.user_id) == col(User.id)),
)  # fmt: skip
_WAITING = (
    sa.select(_TABLE, col(User.name)).outerjoin(User, col(User.id) == _TABLE.c.user_id)
    .where(_TABLE.c.customer_id.is_(None))
)
_NEXT = sa.select(Waiting).where(col(Waiting.customer_id).is_not(None)).order_by(col(Waiting.id)).limit(1)


def ask(
    session: Session, rules: Registration, applicant: Applicant, code: str, secret: str, today: date, now: datetime
) -> Waiting | throttle.Wait:
    """Note who asks for which code, with the customer that the data prove her to be, if they do.

    Tries are counted for the code and for the person, and slow their network; all of it alike for every outcome.
    """
    folded = fold_code(code)
    for lane in (folded, applicant.name):
        left = throttle.take_try(session, f"{lane} registration", applicant.address, now, PAUSE)
        if isinstance(left, throttle.Wait):
            return left
    throttle.slow_address(session, applicant.address, now)
    key = hashlib.sha256(f"{applicant.name} {folded}".encode()).hexdigest()
    values = {
        "key": key, "user_id": applicant.user_id, "email": applicant.email, "language": applicant.language,
        "code": folded, "customer_id": _proved(session, rules, code, secret, today), "asked_at": now,
    }  # fmt: skip
    number = session.execute(_PUT, values).scalar_one()
    record(session, Actor(applicant.user_id, "web"), "registration.asked", object_type="registration", object_id=number)
    return session.get_one(Waiting, number)


def _proved(session: Session, rules: Registration, code: str, secret: str, today: date) -> int | None:
    """The customer whose code and secret these are; the same statements for every code."""
    number, own, invoices = printed(session, code)
    owner = session.execute(_OWNS.where(owns(today)), {"customer_id": number}).first() is not None
    return number if proves(rules, Known(own, owner, invoices), code, secret) else None


def printed(session: Session, code: str) -> tuple[int, str, list[Printed]]:
    """The customer with this code (0: nobody), it as it is, and her last invoices; two statements for every code."""
    found = session.execute(_CUSTOMER, {"typed": code.strip(), "code": fold_code(code)}).first()
    number = found.id if found else 0
    invoices = [Printed(*row) for row in session.execute(_INVOICES, {"customer_id": number})]
    return number, found.code if found else "", invoices


def settle(database: Database, now: datetime) -> int:
    """Let in everybody whose data prove who they are; how many. Several workers at once share them between them."""
    count = 0
    while _is_due(database):
        with database.write() as session:
            row = session.scalars(_NEXT.with_for_update(skip_locked=True)).first()
            if row is None:  # another worker has it
                break
            accept(session, Actor(row.user_id, "web"), row, [row.customer_id or 0], now)
            count += 1
    return count


def _is_due(database: Database) -> bool:
    with database.read() as connection:
        return connection.execute(_NEXT).first() is not None


def accept(session: Session, actor: Actor, row: Waiting, customers: Sequence[int], now: datetime) -> None:
    """These customers are hers: decided, by the data or by staff.

    Who was signed in has them at once. An address that nobody has proved gets a letter: with a link to begin, or
    that there is an account already, to which an anonymous form adds nothing.
    """
    session.delete(row)
    record(session, actor, "registration.accepted", object_type="registration", object_id=row.id)
    if row.user_id:
        user = session.get_one(User, row.user_id)
        if user.disabled_at is None and join(session, actor, user, customers, "customers.joined"):
            session.flush()  # whom it concerns is written to first
            _answer(session, row, "registration_accepted")
        return
    known = session.scalars(BY_LOGIN, {"login": row.email}).first()
    if known is None:
        user = _begun(session, row, customers, now)
        join(session, actor, user, customers, "customers.joined")
        outbox.write_to(session, user, row.email, "activation")
    else:  # prepared by staff or imported, and never entered: her own invitation again
        fresh = known.password_hash is None and known.disabled_at is None
        outbox.write_to(session, known, known.email, "invitation" if fresh else "registration_known")


def _begun(session: Session, row: Waiting, customers: Sequence[int], now: datetime) -> User:
    """An account that only the link to its address opens; one that was begun before and never entered begins anew."""
    user = session.scalars(_BEGUN.with_for_update(), {"address": row.email}).first()
    if user:
        session.execute(sa.delete(CustomerUser).where(col(CustomerUser.user_id) == user.id))
        tokens.void(session, None, user.id or 0, now)
    user = user or User(username=_username(), name="", email_wanted=row.email)
    user.name, user.language = session.get_one(Customer, customers[0]).name, row.language
    session.add(user)
    session.flush()
    return user


def refuse(session: Session, actor: Actor, row: Waiting, reason: str) -> None:
    """Staff say no, and why."""
    session.delete(row)
    about: dict[str, Any] = {"object_type": "registration", "object_id": row.id, "detail": {"reason": reason}}
    record(session, actor, "registration.refused", **about)
    _answer(session, row, "registration_refused", reason=reason)


def _answer(session: Session, row: Waiting, kind: str, **detail: str) -> None:
    user = session.get(User, row.user_id) if row.user_id else None
    if address := user.email if user else row.email:
        outbox.queue(session, kind, row.user_id, address, row.language, code=row.code, **detail)


def waiting(connection: Connection | Session) -> Sequence[AnyRow]:
    """What staff have to decide, oldest first, with the name of who was signed in."""
    return connection.execute(_WAITING.order_by(_TABLE.c.id)).fetchall()


def one(connection: Connection, number: int) -> AnyRow | None:
    """One of these."""
    return connection.execute(_WAITING.where(_TABLE.c.id == number)).first()


def customers(session: Session, codes: Collection[str]) -> dict[str, int]:
    """The customers who have these codes, by code."""
    named = sa.select(col(Customer.code), col(Customer.id)).where(col(Customer.code).in_(codes))
    return {row.code: row.id for row in session.execute(named)}


def by_identity(
    session: Session, terms: int, identity: Identity, name: str, language: str, hashed: str, address: str, now: datetime
) -> int | throttle.Wait | None:
    """An account for somebody whom a provider has identified; None where she has become known meanwhile.

    She accepts this version of the `terms`. The address that she typed is only wanted until she has opened the link
    to it. One person at a time: two windows make one account. Raises `identities.Another`.
    """
    lane = f"{identity.code_hash or identity.issuer + identity.subject} registration"
    left = throttle.take_try(session, lane, None, now)
    if isinstance(left, throttle.Wait):
        return left
    if identities.recognise(session, identity, now) is not None:
        return None
    user = User(username=_username(), name=name, language=language, password_hash=hashed)
    user.terms_version = terms
    session.add(user)
    session.flush()
    actor = Actor(user.id, "web", session_method=identity.family)
    record(session, actor, "account.registered", object_type="user", object_id=user.id)
    identities.link(session, actor, identity, now)
    emails.ask(session, actor, address, now)
    record(session, actor, "terms.accepted", detail={"version": terms})
    return user.id


def _username() -> str:
    """A user name that nobody has; it can be typed, and it is no e-mail address."""
    return f"u-{secrets.token_hex(6)}"
