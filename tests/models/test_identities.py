"""Identities of banks and eParaksts: one person, several ways in, never two accounts (A15; OG-20; security rule 4)."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from models import identities
from models.audit import Actor, AuditRow
from models.customers import Customer, CustomerUser
from models.database import Database
from models.identities import Another, Identity
from models.people import User
from models.types import utc_now

NOW = utc_now()


def of(issuer: str = "https://bank.example", subject: str = "1", code: str | None = "c" * 64) -> Identity:
    return Identity(user_id=0, family="bank", provider="Banka", issuer=issuer, subject=subject, code_hash=code)


def user(session: Session, name: str, password: str | None = "hash") -> int:
    one = User(username=name, name=name, email=f"{name}@example.lv", password_hash=password)
    session.add(one)
    session.flush()
    return one.id or 0


def acting(number: int) -> Actor:
    return Actor(number, "web", session_method="password")


def actions(session: Session) -> list[str]:
    return list(session.scalars(sa.select(col(AuditRow.action)).where(col(AuditRow.action).like("identity.%")).order_by(col(AuditRow.id))))


@pytest.fixture
def session(database: Database) -> Any:
    with database.write() as unit:
        yield unit
        unit.rollback()


def test_nobody_is_recognised_who_was_never_linked(session: Session) -> None:
    user(session, "anna")
    assert identities.recognise(session, of(), NOW) is None and identities.recognise(session, of(code=None), NOW) is None


def test_one_who_linked_is_recognised_by_issuer_and_subject(session: Session) -> None:
    anna = user(session, "anna")
    identities.link(session, acting(anna), of(code=None), NOW)
    assert identities.recognise(session, of(code=None), NOW) == anna
    for other in (of(subject="2", code=None), of(issuer="https://other.example", code=None)):
        assert identities.recognise(session, other, NOW) is None


def test_another_provider_that_proves_the_same_code_is_linked_by_itself(session: Session) -> None:
    anna = user(session, "anna")
    identities.link(session, acting(anna), of(), NOW)
    assert identities.recognise(session, of("https://eparaksts.example", "PNOLV-1"), NOW) == anna
    assert len(identities.own(session, anna)) == 2
    assert identities.recognise(session, of("https://eparaksts.example", "PNOLV-1", None), NOW) == anna


def test_a_person_may_exchange_her_code(session: Session) -> None:
    anna = user(session, "anna")
    identities.link(session, acting(anna), of(), NOW)
    assert identities.recognise(session, of(code="n" * 64), NOW) == anna
    assert identities.recognise(session, of("https://eparaksts.example", "x", "n" * 64), NOW) == anna


def test_a_code_of_somebody_else_opens_neither_account(session: Session) -> None:
    anna, viktors = user(session, "anna"), user(session, "viktors")
    identities.link(session, acting(anna), of(), NOW)
    identities.link(session, acting(viktors), of(subject="2", code="v" * 64), NOW)
    with pytest.raises(Another):
        identities.recognise(session, of(code="v" * 64), NOW)
    assert actions(session)[-1] == "identity.conflict"


def test_what_is_linked_to_one_is_not_linked_to_another(session: Session) -> None:
    anna, viktors = user(session, "anna"), user(session, "viktors")
    identities.link(session, acting(anna), of(), NOW)
    for mine in (of(), of("https://eparaksts.example", "x")):
        with pytest.raises(Another):
            identities.link(session, acting(viktors), mine, NOW)
    assert identities.own(session, viktors) == [] and identities.recognise(session, of(), NOW) == anna


def test_linked_twice_is_linked_once(session: Session) -> None:
    anna = user(session, "anna")
    for _ in range(2):
        identities.link(session, acting(anna), of(), NOW)
    assert len(identities.own(session, anna)) == 1 and actions(session) == ["identity.linked"]


def test_one_is_taken_away_but_never_the_last_way_in(session: Session) -> None:
    anna, viktors = user(session, "anna"), user(session, "viktors", None)
    identities.link(session, acting(anna), of(), NOW)
    for subject in ("2", "3"):
        identities.link(session, acting(viktors), of(subject=subject, code=None), NOW)
    session.flush()
    (hers,), (first, last) = identities.own(session, anna), identities.own(session, viktors)
    assert not identities.unlink(session, acting(viktors), hers.id)
    assert identities.unlink(session, acting(viktors), first.id) and not identities.unlink(session, acting(viktors), last.id)
    assert identities.unlink(session, acting(anna), hers.id) and identities.recognise(session, of(), NOW) is None


def test_customers_of_the_same_code_are_hers(session: Session) -> None:
    anna = user(session, "anna")
    session.add_all(Customer(external_id=name, code=name, name=name, identifier_hash=hashed) for name, hashed in (("A", "c" * 64), ("B", "c" * 64), ("V", "v" * 64), ("N", None)))
    identities.link(session, acting(anna), of(), NOW)
    identities.link(session, acting(anna), of(subject="2", code=None), NOW)
    assert identities.claim(session, anna, NOW) == 2 and identities.claim(session, anna, NOW) == 0
    mine = sa.select(col(Customer.code)).join(CustomerUser, col(CustomerUser.customer_id) == col(Customer.id)).where(col(CustomerUser.user_id) == anna)
    assert sorted(session.scalars(mine)) == ["A", "B"]
