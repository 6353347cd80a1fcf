"""Becoming a customer: the one way in which a user is made the owner of what a customer has (A07, A10, B02)."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session, col

from models import outbox
from models.audit import Actor, record
from models.customers import Customer, CustomerUser
from models.people import User
from models.rules.mail import address_ok

# Of two at once each gets only what the other did not.
_JOIN = sa.text(
    "INSERT INTO customer_user (user_id, customer_id) SELECT :user_id, id FROM customer WHERE id IN :customers"
    " ON CONFLICT DO NOTHING RETURNING customer_id"
).bindparams(sa.bindparam("customers", expanding=True))
_OTHERS = (
    sa.select(User, col(CustomerUser.customer_id))
    .join(CustomerUser, col(CustomerUser.user_id) == col(User.id))
    .where(
        col(CustomerUser.customer_id).in_(sa.bindparam("customers", expanding=True)),
        col(User.id) != sa.bindparam("user_id"), col(User.disabled_at).is_(None),
    )
)  # fmt: skip
_CUSTOMERS = sa.select(Customer).where(col(Customer.id).in_(sa.bindparam("customers", expanding=True)))


def join(session: Session, actor: Actor, user: User, customers: Sequence[int], action: str) -> int:
    """Make the user these customers as well, with an audit row `action` for each; how many of them are new to her.

    Whoever is one of them already is told, and so is the address that the operator has of the customer herself:
    nobody joins behind her back.
    """
    new = list(session.execute(_JOIN, {"user_id": user.id, "customers": [*customers]}).scalars())
    if new:
        for number in sorted(new):  # a row of hers for each customer: all of its users can read it
            record(session, replace(actor, principal_customer_id=number), action, object_type="user", object_id=user.id)
        tell(session, user, new, "customer_joined")
    return len(new)


def tell(session: Session, user: User, new: Sequence[int], kind: str, **detail: str) -> None:
    """Write to whoever is one of these customers already, and to the customers' own addresses, but not to the user."""
    codes = {customer.id: customer for customer in session.scalars(_CUSTOMERS, {"customers": [*new]})}
    own = {user.email, user.email_wanted}
    told = {(number, address) for number in codes for address in own}
    for other, number in session.execute(_OTHERS, {"customers": [*new], "user_id": user.id}).all():
        outbox.write_to(session, other, other.email, kind, code=codes[number].code, **detail)
        told.add((number, other.email))
    for number, customer in codes.items():
        if customer.email and (number, customer.email) not in told and address_ok(customer.email):
            outbox.queue(session, kind, None, customer.email, customer.language or "", code=customer.code, **detail)
