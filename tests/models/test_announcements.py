"""To whom a notice is announced and at which moment, at the bounds of both (E03, E04)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from models import announcements
from models.audit import Actor
from models.customers import Customer, CustomerUser
from models.database import Database
from models.mandates import Mandate, MandatePremises
from models.notices import Notice, NoticeAudience, NoticeText
from models.outbox import Mail
from models.people import User
from models.premises import House, Premises
from models.tenures import Tenure
from models.types import Role, Settlement, TenureRole, utc_now

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 10, tzinfo=UTC)
ONE, INSTANT = timedelta(days=1), timedelta(microseconds=1)
LANGUAGES = ("lv", "en", "ru")


def add(session: Session, row):
    session.add(row)
    session.flush()
    return row


def notice(session: Session, at: datetime = NOON, **more: object) -> Notice:
    row = add(session, Notice(external_id=f"N{utc_now().timestamp()}", published_at=at, published_on=at.date(), **more))
    add(session, NoticeText(notice_id=row.id, language="lv", title="Ziņa", body="Teksts."))
    return row


@pytest.fixture
def flat(database: Database) -> int:
    """Somebody with an address for letters, and a customer code, who has not moved in anywhere yet."""
    with database.write() as session:
        house = add(session, House(external_id="H", address="Iela 1", town="Ogre", postcode=""))
        user = add(session, User(username="anna", email="anna@example.com", name="Anna", role=Role.RESIDENT))
        customer = add(session, Customer(external_id="C", code="1", name="Anna", is_company=False, settlement=Settlement.METERED))
        add(session, CustomerUser(user_id=user.id, customer_id=customer.id))
        return add(session, Premises(external_id="P", house_id=house.id, flat="1", address="Iela 1–1")).id


STAYS = {
    "from that day on": (DAY, None, 1), "until that day": (DAY - ONE, DAY, 1), "for that day": (DAY, DAY, 1),
    "from the next day on": (DAY + ONE, None, 0), "until the day before": (DAY - 9 * ONE, DAY - ONE, 0),
}  # fmt: skip


@pytest.mark.parametrize("to_all", [True, False])
@pytest.mark.parametrize("stay", STAYS)
def test_a_notice_is_for_who_lives_there_on_its_day(database: Database, flat: int, stay: str, to_all: bool):
    begins, ends, expected = STAYS[stay]
    with database.write() as session:
        add(session, Tenure(external_id="T", customer_id=1, premises_id=flat, role=TenureRole.OWNER, starts_on=begins, ends_on=ends))
        row = notice(session, for_all=to_all)
        if not to_all:
            add(session, NoticeAudience(notice_id=row.id, premises_id=flat))
        assert announcements.count(session, row) == (expected, expected)
        announcements.announce(session, row, LANGUAGES, NOON)
        assert session.scalar(sa.select(sa.func.count()).select_from(Mail)) == expected


HELPS = {
    "since that day": ({"starts_on": DAY}, 1), "since the next day": ({"starts_on": DAY + ONE}, 0), "until that day": ({"ends_on": DAY}, 1),
    "until the day before": ({"ends_on": DAY - ONE}, 0), "with other things": ({"rights": "submit meters"}, 0), "suspended": ({"suspended_at": NOON}, 0),
    "ended": ({"ended_at": NOON}, 0), "not yet": ({"accepted_at": None}, 0), "of who has moved out": ({"customer_id": 2}, 0),
}  # fmt: skip


@pytest.mark.parametrize("to_all", [True, False])
@pytest.mark.parametrize("helps", HELPS)
def test_a_notice_is_for_who_helps_there_on_its_day(database: Database, flat: int, helps: str, to_all: bool):
    columns, expected = HELPS[helps]
    with database.write() as session:
        add(session, Customer(external_id="D", code="2", name="Before", is_company=False, settlement=Settlement.METERED))
        for number, begins, ends in ((1, DAY - 9 * ONE, None), (2, DAY - 99 * ONE, DAY - 10 * ONE)):
            add(session, Tenure(external_id=f"T{number}", customer_id=number, premises_id=flat, role=TenureRole.OWNER, starts_on=begins, ends_on=ends))
        session.execute(sa.delete(CustomerUser))
        values = {"rights": "submit meters notices", "starts_on": DAY - 9 * ONE, "accepted_at": NOON} | columns
        customer = values.pop("customer_id", 1)
        mandate = add(session, Mandate(delegate_id=1, address="anna@example.com", name="A", language="lv", **values))
        add(session, MandatePremises(mandate_id=mandate.id, premises_id=flat, customer_id=customer))
        row = notice(session, for_all=to_all)
        if not to_all:
            add(session, NoticeAudience(notice_id=row.id, premises_id=flat))
        assert announcements.count(session, row) == (expected, expected)
        announcements.announce(session, row, LANGUAGES, NOON)
        assert len(session.scalars(sa.select(Mail)).all()) == expected


DUE = (
    (NOON, None, True, 1), (NOON + INSTANT, None, False, 0), (NOON, NOON, True, 0), (NOON, NOON + INSTANT, True, 1),
)  # fmt: skip


@pytest.mark.parametrize(("published", "ends", "is_due", "letters"), DUE)
def test_a_notice_is_announced_at_its_moment_and_not_when_it_is_over(
    database: Database, flat: int, published: datetime, ends: datetime | None, is_due: bool, letters: int
):
    with database.write() as session:
        add(session, Tenure(external_id="T", customer_id=1, premises_id=flat, role=TenureRole.OWNER, starts_on=DAY - ONE))
        row = notice(session, published, for_all=True, valid_until=ends)
        assert (session.execute(announcements.ANY_DUE, {"business": NOON}).first() is not None) == is_due
        for _ in range(2):
            announcements.announce_due(session, LANGUAGES, NOON, NOON)
        assert (row.announced_at is not None) == is_due and session.execute(announcements.ANY_DUE, {"business": NOON}).first() is None
        assert session.scalar(sa.select(sa.func.count()).select_from(Mail)) == letters


def test_withdrawing_leaves_letters_that_were_sent_and_those_of_other_notices(database: Database, flat: int):
    with database.write() as session:
        add(session, Tenure(external_id="T", customer_id=1, premises_id=flat, role=TenureRole.OWNER, starts_on=DAY))
        first, second = (notice(session, for_all=True) for _ in range(2))
        for row in (first, first, second):
            announcements.announce(session, row, LANGUAGES, NOON)
        sent = session.scalars(sa.select(Mail.id).order_by(Mail.id)).first()
        session.execute(sa.update(Mail).where(Mail.id == sent).values(sent_at=utc_now()))
        assert announcements.withdraw(session, first.external_id, Actor(None, "command"), NOON)
        left = session.execute(sa.select(Mail.id, Mail.detail).order_by(Mail.id)).all()
        assert [(row.id == sent, row.detail["notice"]) for row in left] == [(True, first.id), (False, second.id)]
