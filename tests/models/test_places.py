"""Places and meters as one user sees them: through her tenures, on one day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from models.cards import card, cards
from models.customers import Customer, CustomerUser
from models.database import Database
from models.meters import Meter, Register
from models.places import FOR_EVER, natural, places_of
from models.premises import Premises
from models.readings import Reading
from models.tenures import Tenure
from models.types import MeterKind, Source, TenureRole
from tests.cast import TODAY, Cast, month

ANNA, VIKTORS, PETERIS, LIGA = 1, 2, 3, 4


@pytest.fixture
def database(staged_url: str):
    database = Database(staged_url)
    yield database
    database.dispose()


def add_tenure(database: Database, pid: str, starts: date, ends: date | None, code: str, role=TenureRole.TENANT) -> int:
    """Another customer of Anna's with a tenure there; the customer's id."""
    with database.write() as session:
        premises = session.scalars(select(Premises).where(col(Premises.public_id) == pid)).one()
        customer = Customer(external_id=code, code=code, name=code)
        session.add(customer)
        session.flush()
        session.add(CustomerUser(user_id=ANNA, customer_id=customer.id))
        session.add(Tenure(external_id=f"TT{code}", customer_id=customer.id, premises_id=premises.id, role=role, starts_on=starts, ends_on=ends))
        return customer.id or 0


def places(database: Database, user: int, today: date = TODAY):
    with database.read() as connection:
        return {place.public_id: place for place in places_of(connection, user, today)}


def found(database: Database, user: int, mid: str, today: date = TODAY):
    with database.read() as connection:
        return card(connection, user, today, mid)


def test_a_person_has_the_places_of_her_tenures_and_no_others(database: Database, cast: Cast) -> None:
    assert set(places(database, ANNA)) == {cast.flat, cast.second}
    assert set(places(database, VIKTORS)) == {cast.neighbour} and not places(database, LIGA)


def test_a_tenure_begins_on_its_first_day_and_stays_readable_after_its_last(database: Database, cast: Cast) -> None:
    assert cast.flat not in places(database, ANNA, month(24) - timedelta(days=1))
    assert cast.flat in places(database, ANNA, month(24))
    his = places(database, PETERIS)[cast.flat]
    assert (his.since, his.until) == (month(48), month(24) - timedelta(days=1))
    assert his.has_ended(TODAY) and not his.has_ended(his.until)


def test_a_tenure_that_lasts_counts_before_a_later_one_that_has_ended(database: Database, cast: Cast) -> None:
    old = add_tenure(database, cast.flat, month(5), month(3), "EX")
    hers = places(database, ANNA)[cast.flat]
    assert (hers.since, hers.until, hers.role) == (month(24), FOR_EVER, TenureRole.OWNER)
    assert hers.customer_code == "20417" and hers.customer_ids[1] == old
    seen = found(database, ANNA, cast.cold)
    assert seen and seen.place == hers and seen.dials[0].last and seen.dials[0].last.value == 192_000


def test_a_tenure_that_lasts_counts_before_an_earlier_one_that_has_ended(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(44), month(40), "EX")
    hers = places(database, ANNA)[cast.flat]
    assert (hers.since, hers.until, hers.customer_code) == (month(24), FOR_EVER, "20417")


def test_what_is_done_is_done_for_the_customer_whose_tenure_counts(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(30), None, "CO", TenureRole.CO_OWNER)
    hers = places(database, ANNA)[cast.flat]
    assert hers.since == month(30) and hers.customer_code == "CO" and hers.role is TenureRole.CO_OWNER
    with database.read() as connection:
        of_code = connection.execute(select(Customer.id).where(col(Customer.code) == "CO")).scalar_one()
    assert hers.customer_ids[0] == of_code and len(hers.customer_ids) == 2


def test_two_tenures_of_one_person_make_one_place_and_one_card_of_each_meter(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(24), None, "SAME")
    assert set(places(database, ANNA)) == {cast.flat, cast.second}
    seen = found(database, ANNA, cast.two_dials)
    assert seen and [dial.name for dial in seen.dials] == ["T1", "T2"]


@pytest.mark.parametrize(("user", "value"), [(ANNA, 192_000), (PETERIS, 120_000), (VIKTORS, None), (LIGA, None)])
def test_a_meter_shows_the_readings_of_the_days_of_who_looks(database: Database, cast: Cast, user: int, value: int | None) -> None:
    seen = found(database, user, cast.cold)
    assert (seen and seen.dials[0].last and seen.dials[0].last.value) == value


def test_who_came_today_sees_no_reading_of_yesterday(database: Database, cast: Cast) -> None:
    seen = found(database, ANNA, cast.cold, month(24))
    assert seen and seen.dials[0].last and seen.dials[0].last.value >= 123_000
    assert found(database, ANNA, cast.cold, month(24) - timedelta(days=1)) is None


def test_a_meter_of_the_house_is_seen_by_all_of_the_house_and_by_nobody_else(database: Database, cast: Cast) -> None:
    assert found(database, ANNA, cast.house_meter) and found(database, VIKTORS, cast.house_meter)
    assert found(database, LIGA, cast.house_meter) is None


def test_a_meter_of_the_house_is_seen_from_the_flat_that_lasts(database: Database, cast: Cast) -> None:
    with database.write() as session:
        house = session.scalars(select(Premises).where(col(Premises.public_id) == cast.flat)).one().house_id
        session.add(Premises(id=900, external_id="P900", house_id=house, flat="90", address="Brīvības iela 12–90, Ogre"))
        mine = session.scalars(select(Tenure).where(col(Tenure.ends_on).is_(None))).first()
        assert mine
        mine.ends_on, kept = month(2), mine.customer_id  # the flat with the lower id is hers no more
        session.add(Tenure(external_id="T900", customer_id=kept, premises_id=900, starts_on=month(12)))
    seen = found(database, ANNA, cast.house_meter)
    assert seen and seen.place.id == 900 and not seen.place.has_ended(TODAY)
    assert seen.dials[0].last and seen.dials[0].last.read_on >= month(1)


def test_cards_are_those_of_the_day_or_of_the_last_day(database: Database, cast: Cast) -> None:
    with database.write() as session:
        flat = session.scalars(select(Premises).where(col(Premises.public_id) == cast.flat)).one()
        for serial, gone in (("then", month(10)), ("soon", TODAY + timedelta(days=1)), ("today", TODAY)):
            session.add(Meter(external_id=serial, premises_id=flat.id, kind=MeterKind.GAS, serial=serial, removed_on=gone))
        session.flush()
        for meter in session.scalars(select(Meter).where(col(Meter.kind) == MeterKind.GAS)).all():
            session.add(Register(meter_id=meter.id))
    with database.read() as connection:
        gas = {
            user: [c.serial for c in cards(connection, places(database, user)[cast.flat], TODAY) if c.kind is MeterKind.GAS]
            for user in (ANNA, PETERIS)
        }
    assert gas == {ANNA: ["soon"], PETERIS: ["soon", "then", "today"]}


def test_own_meters_come_before_those_of_the_house_by_kind_and_place(database: Database, cast: Cast) -> None:
    with database.read() as connection:
        shown = cards(connection, places(database, ANNA)[cast.flat], TODAY)
    assert [found.public_id for found in shown] == [cast.cold, cast.hot, cast.remote, cast.two_dials, cast.house_meter]


def test_a_superseded_reading_is_not_the_last_one(database: Database, cast: Cast) -> None:
    seen = found(database, ANNA, cast.cold)
    assert seen
    with database.write() as session:
        new = Reading(register_id=seen.dials[0].register_id, value=195_000, read_on=TODAY, source=Source.SELF)
        session.add(new)
        session.flush()
        session.add(Reading(register_id=new.register_id, value=999_000, read_on=TODAY, source=Source.SELF, superseded_at=new.received_at, superseded_by_id=new.id))
    again = found(database, ANNA, cast.cold)
    assert again and again.dials[0].last and (again.dials[0].last.value, again.dials[0].used) == (195_000, 3_000)


def test_addresses_are_sorted_as_people_read_them() -> None:
    streets = ["Brīvības iela 2", "Brīvības iela 10", "Čiekuru iela 1", "Dārza iela 1", "Ķiršu iela 1", "Zaļā iela 1", "Žagaru iela 1"]
    assert sorted(reversed(streets), key=natural) == streets


@given(st.text(), st.text())
def test_any_two_texts_can_be_sorted(one: str, other: str) -> None:
    assert (natural(one) < natural(other)) != (natural(one) >= natural(other))
